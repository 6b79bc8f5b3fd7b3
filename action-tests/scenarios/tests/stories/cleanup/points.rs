//! Restore points of branches that stay.

use super::*;

fn point(name: &str, of: &str, marker: &str) -> Value {
    json!({"name": name, "annotation": {"codex-actions": marker, "codex-actions-kind": "checkpoint", "codex-actions-of": of}})
}

#[tokio::test]
async fn old_restore_points_go_when_it_is_said_how_many_stay() {
    const PRODUCTION: &str = "codex-actions:1296269:acme/app:codex:production";
    let world = world().await;
    // One after the other, so that the clock tells which is newer.
    for name in [
        "checkpoint/production/1",
        "checkpoint/production/2",
        "checkpoint/production/3",
    ] {
        world
            .seed(&json!({"neon": {"branches": [point(name, ids::NEON_DEFAULT_BRANCH, PRODUCTION)]}}))
            .await;
        world.advance(60).await;
    }
    let theirs = point(
        "checkpoint/theirs/1",
        ids::NEON_DEFAULT_BRANCH,
        "codex-actions:8:eve/other:codex:production",
    );
    world
        .seed(&json!({"neon": {"branches": [theirs, point("checkpoint/staging/1", "br-other-one-1", PRODUCTION)]}}))
        .await;
    let points = |world: &World| -> Vec<String> {
        let mut points = branches(&world.state());
        points.retain(|name| name.starts_with("checkpoint/"));
        points.sort();
        points
    };
    // Closing a pull request touches no restore point of production.
    assert_eq!(clean(&world).await.code, 0);
    assert_eq!(points(&world).len(), 5, "{:?}", points(&world));
    let run = world.run("cleanup").input("keep", "2").go().await;
    assert_eq!(
        (run.code, run.output("changed"), run.output("left")),
        (0, "true", "0"),
        "{run}"
    );
    insta::assert_snapshot!(steady(run.log().lines().last().unwrap()), @"nothing of preview 42 is left; there was nothing to delete; deleted 1 old restore point beyond `keep`");
    assert_eq!(
        points(&world),
        [
            "checkpoint/production/2",
            "checkpoint/production/3",
            "checkpoint/staging/1",
            "checkpoint/theirs/1"
        ]
    );
    let mark = world.mark();
    assert_eq!(
        world.run("cleanup").input("keep", "2").go().await.output("changed"),
        "false"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}
