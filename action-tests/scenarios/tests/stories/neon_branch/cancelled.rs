//! Stories of runs that are cancelled: what was done is reported, and found out where no answer came.

use std::time::Instant;

use super::*;

/// Starts a run, cancels it while a request of this method is on its way, and waits for its end.
async fn cancelled(world: &World, start: Start<'_>, method: &str, signal: &str) -> Run {
    let mark = world.mark();
    let started = start.start();
    while !world.since(mark).iter().any(|request| request["method"] == method) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let began = Instant::now();
    started.signal(signal).await;
    let run = started.wait().await;
    let took = began.elapsed();
    // The runner's next signal, and then its last, are not to be needed.
    assert!(took < Duration::from_millis(7_500), "{took:?}\n{run}");
    run.assert_no_secret_leaks();
    let status = if signal == "INT" { 130 } else { 143 };
    assert_eq!(run.code, status, "{run}");
    assert_eq!(run.report["status"], "failed");
    let error = format!("interrupted by SIG{signal} before the command ended");
    assert_eq!(
        (run.error(), &run.report["error"]),
        (error.clone(), &json!(error)),
        "{run}"
    );
    assert!(run.summary.contains("### neon-branch"), "{}", run.summary);
    run
}

fn late(method: &str, ms: u32) -> Value {
    json!({"provider": "neon", "method": method, "delay_ms": ms, "times": 1})
}

#[tokio::test]
async fn a_write_on_its_way_is_answered_first_and_reported() {
    let world = world().await;
    world.fail(&late("POST", 1_500));
    let made = cancelled(&world, run(&world, "create").input("expires", "never"), "POST", "INT").await;
    assert_eq!(
        (made.output("changed"), made.output("created")),
        ("true", "true"),
        "{made}"
    );
    assert_eq!(made.report["branch"]["name"], "preview-pr-42");
    assert_eq!(made.output("branch-id"), branch(&world, "preview-pr-42")["id"]);
    // The next run finds it.
    assert_eq!(ok(run(&world, "create").go().await).output("created"), "false");

    ok(run(&world, "create").input("expires", "never").go().await);
    // After SIGTERM alone there is a second.
    world.fail(&late("POST", 500));
    let point = cancelled(&world, run(&world, "checkpoint"), "POST", "TERM").await;
    assert_eq!(point.output("changed"), "true", "{point}");
    assert!(names(&world).contains(&"checkpoint/preview-pr-42/1001".to_owned()));

    ok(run(&world, "delete")
        .input("branch", "checkpoint/preview-pr-42/1001")
        .go()
        .await);
    world.fail(&late("POST", 1_500));
    let reset = cancelled(&world, run(&world, "reset"), "POST", "INT").await;
    assert_eq!(reset.output("changed"), "true", "{reset}");
    assert_ne!(branch(&world, "preview-pr-42")["last_reset_at"], Value::Null);

    world.fail(&late("DELETE", 1_500));
    // Deleted, and its operations have ended: nothing was left to do when the signal came.
    let mark = world.mark();
    let started = run(&world, "delete").start();
    while !world.since(mark).iter().any(|request| request["method"] == "DELETE") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.signal("INT").await;
    let deleted = ok(started.wait().await);
    assert_eq!(
        (deleted.output("changed"), deleted.report["deleted"].clone()),
        ("true", json!(["preview-pr-42"]))
    );
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

#[tokio::test]
async fn a_write_that_is_not_answered_is_looked_up_once() {
    let world = world().await;
    world.fail(&late("POST", 20_000));
    let lost = cancelled(&world, run(&world, "create"), "POST", "INT").await;
    let told = "the making of branch `preview-pr-42` was not answered; the branch was not there when the run ended";
    assert!(lost.log().contains(told) && lost.summary.contains(told), "{lost}");
    assert_eq!(
        // It may still be carried out.
        (lost.output("changed"), lost.output("created")),
        ("true", ""),
        "{lost}"
    );

    let mark = world.mark();
    ok(run(&world, "create").go().await);
    assert!(world.since(mark).iter().any(|request| request["method"] == "POST"));
    world.fail(&late("DELETE", 20_000));
    let lost = cancelled(&world, run(&world, "delete"), "DELETE", "TERM").await;
    assert!(
        lost.log()
            .contains("the deletion of branch `preview-pr-42` was not answered; the branch was still there"),
        "{lost}"
    );
    assert_eq!(lost.output("changed"), "true");

    // Carried out, and the answer never came: the look finds it.
    ok(run(&world, "delete").go().await);
    world.fail(&json!({"provider": "neon", "method": "POST", "delay_after_ms": 20_000, "times": 1}));
    let made = cancelled(&world, run(&world, "create"), "POST", "INT").await;
    let told = "branch `preview-pr-42` was made, although no answer said so; the next run uses it";
    assert!(made.log().contains(told) && made.summary.contains(told), "{made}");
    assert_eq!(
        (made.output("changed"), made.output("created")),
        ("true", "true"),
        "{made}"
    );
    assert_eq!(made.output("branch-id"), branch(&world, "preview-pr-42")["id"]);
    world.fail(&json!({"provider": "neon", "method": "POST", "delay_after_ms": 20_000, "times": 1}));
    let reset = cancelled(&world, run(&world, "reset"), "POST", "TERM").await;
    assert!(
        reset
            .log()
            .contains("branch `preview-pr-42` was changed, although no answer said so"),
        "{reset}"
    );
    assert_eq!(reset.output("changed"), "true");

    // Not even the look is answered.
    world.fail(&json!([late("PATCH", 20_000), {"provider": "neon", "method": "GET", "path": "/projects/*/branches/*", "delay_ms": 20_000, "times": 9}]));
    let unknown = cancelled(&world, run(&world, "create").input("expires", "1d"), "PATCH", "INT").await;
    assert!(
        unknown.report["warnings"][0]
            .as_str()
            .unwrap()
            .contains("what became of it is not known (Neon did not answer in time)"),
        "{unknown}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_read_is_left_at_once() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    for (command, signal) in [
        ("get", "INT"),
        ("diff", "TERM"),
        ("run", "INT"),
        ("restore", "TERM"),
        ("delete", "INT"),
    ] {
        world.fail(&late("GET", 5_000));
        let mark = world.mark();
        let start = run(&world, command).input("run", "true").input("parent", "production");
        let read = cancelled(&world, start, "GET", signal).await;
        assert!(read.time < Duration::from_secs(2), "{read}");
        assert_eq!(read.output("changed"), "false");
        world.assert_only_reads_since(mark);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_wait_that_is_cancelled_leaves_the_branch_and_its_outputs() {
    let world = World::start_with_front().await;
    world.file("codex.toml", MANIFEST);
    world
        .seed(&json!({"neon": {"settings": {"front": "never-wakes"}}}))
        .await;
    let start = world
        .run("neon-branch")
        .input("command", "create")
        .env("SSL_CERT_FILE", world.neon_ca());
    let mut started = start.start();
    started.printed("created branch `preview-pr-42`").await;
    // The operations have ended by then, and the login waits.
    tokio::time::sleep(Duration::from_secs(3)).await;
    started.signal("TERM").await;
    let run = started.wait().await;
    assert_eq!(run.code, 143, "{run}");
    assert_eq!(
        (run.output("changed"), run.output("created")),
        ("true", "true"),
        "{run}"
    );
    assert!(run.output("database-url").contains("neon.localhost"), "{run}");
    run.assert_no_secret_leaks();
    world.finish().await;
}
