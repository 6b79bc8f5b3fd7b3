//! Stories of `checkpoint`.

use super::*;

#[tokio::test]
async fn restore_points_are_made_once_a_run_and_the_newest_kept() {
    let world = world().await;
    let point = |id: &str| {
        run(&world, "checkpoint")
            .input("branch", "production")
            .input("keep", "2")
            .env("GITHUB_RUN_ID", id)
            .on_push()
    };
    let first = ok(point("1").go().await);
    assert_eq!(first.output("branch-name"), "checkpoint/production/1");
    assert_eq!(first.output("created"), "true");
    let mark = world.mark();
    let again = ok(point("1").env("GITHUB_RUN_ATTEMPT", "2").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!((again.output("created"), again.output("changed")), ("false", "false"));
    for id in ["2", "3"] {
        world.advance(60).await;
        ok(point(id).go().await);
    }
    assert_eq!(
        names(&world),
        ["production", "checkpoint/production/2", "checkpoint/production/3"]
    );
    // A restore point has no compute: it costs what changes after it.
    let state = world.state();
    let computes = state["neon"]["projects"][0]["endpoints"].as_array().unwrap().len();
    assert_eq!(computes, 1);
    let back = run(&world, "restore")
        .input("branch", "production")
        .input("parent", "checkpoint/production/3");
    let error = failed(&back.on_push().go().await);
    assert!(
        error.contains("`force-foreign: true` restores it nevertheless"),
        "{error}"
    );
    let back = run(&world, "restore")
        .input("branch", "production")
        .input("parent", "checkpoint/production/3");
    let back = ok(back.input("force-foreign", "true").on_push().go().await);
    // What is there is kept, under a name of this attempt.
    assert_eq!(back.output("preserved"), "production-before-restore-1001-1");
    world.finish().await;
}
