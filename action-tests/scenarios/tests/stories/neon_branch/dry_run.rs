//! Stories of `dry-run`, of every command.

use super::*;

#[tokio::test]
async fn a_dry_run_only_reads() {
    let world = world().await;
    ok(run(&world, "create").input("branch", "there").go().await);
    world.advance(3600).await;
    // `1s` is of this machine's clock: a branch that is younger has no history there.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mark = world.mark();
    let mut plans = Vec::new();
    for (command, more) in [
        ("create", vec![]),
        ("create", vec![("branch", "there"), ("expires", "1d")]),
        ("delete", vec![("branch", "there")]),
        ("reset", vec![("branch", "there")]),
        ("restore", vec![("branch", "there"), ("parent-timestamp", "1s")]),
        ("checkpoint", vec![("branch", "production")]),
        ("run", vec![("run", "exit 1")]),
        ("migrate", vec![("branch", "there"), ("run", "exit 1")]),
    ] {
        let start = run(&world, command).input("dry-run", "true");
        let dry = ok(more
            .into_iter()
            .fold(start, |start, (name, value)| start.input(name, value))
            .go()
            .await);
        assert_eq!(
            (dry.output("changed"), &dry.report["status"]),
            ("false", &json!("planned")),
            "{dry}"
        );
        let plan = dry.report["plan"].as_array().unwrap().iter();
        plans.extend(plan.map(|line| line.as_str().unwrap().to_owned()));
    }
    world.assert_only_reads_since(mark);
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(plans.join("\n"), @"
        create branch `preview-pr-42` from `production`, expires [time]
        let branch `there` live until [time]
        delete branch `there`
        reset branch `there` to `production`
        restore branch `there` from `there` as of [time], and keep its present state as branch `there-before-restore-1001-1`
        create branch `checkpoint/production/1001` from `production`
        run the command on `run-pr-42-1001-1-[unique]`, a copy of `production`, and delete that
        run the command on branch `there` itself
        ");
    });
    world.finish().await;
}
