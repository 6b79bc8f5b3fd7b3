//! Stories of `deploy-workers` that end early: cancelled, or failing before anything was touched. However a run ends, its
//! outputs say what is so.

use std::time::Duration;

use scenarios::{Run, Started, World};
use serde_json::{Value, json};

use crate::deploy_workers::{DATABASE_URL, account, deploy, platform, worker};
use crate::deploy_workers_rollback::{all_live, live, rolled_back, second_version};

/// The run's state of each service, by key.
pub(crate) fn states(run: &Run) -> Value {
    let mut states = json!({});
    for service in run.report["services"].as_array().unwrap() {
        states[service["service"].as_str().unwrap()] = service["state"].clone();
    }
    states
}

/// What is said of one service.
pub(crate) fn detail(run: &Run, key: &str) -> String {
    let services = run.report["services"].as_array().unwrap();
    let service = services.iter().find(|service| service["service"] == key).unwrap();
    service["detail"].as_str().unwrap_or_default().to_owned()
}

fn start(world: &World, more: &[(&str, &str)]) -> Started {
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1");
    more.iter()
        .fold(run, |run, (name, value)| run.input(name, *value))
        .start()
}

/// Cancels after the text, as the runner does.
async fn cancelled_after(mut run: Started, text: &str) -> Run {
    run.printed(text).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.signal("INT").await;
    let run = run.wait().await;
    assert!(run.time < Duration::from_secs(15), "{run}");
    run.assert_no_secret_leaks();
    run
}

const WEB_DEPLOYMENTS: &str = "/accounts/*/workers/scripts/web-preview-42/deployments";

#[tokio::test]
async fn a_write_that_was_on_its_way_is_waited_for_before_anybody_decides() {
    // Before the commit and after it: the answer comes after the signal.
    for fault in ["delay_ms", "delay_after_ms"] {
        let world = platform().await;
        assert_eq!(deploy(&world, &[]).await.code, 0);
        let before = all_live(&world);
        second_version(&world);
        let mut rule = json!({"provider": "cloudflare", "method": "POST", "path": WEB_DEPLOYMENTS});
        rule[fault] = 1_500.into();
        world.fail(&rule);
        let run = cancelled_after(start(&world, &[]), "wave 2 of 2").await;
        assert_eq!((run.code, run.error().as_str()), (130, "cancelled (SIGINT)"), "{run}");
        assert_eq!(all_live(&world), before, "{run}");
        assert_eq!(
            states(&run),
            json!({"web": "rolled-back", "api": "rolled-back", "auth": "rolled-back"}),
            "{run}"
        );
        assert_eq!(run.report["services"][0]["version-id"], before[2]);
        // Nothing arrives behind its back.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(all_live(&world), before, "{run}");
        let after = deploy(&world, &[]).await;
        assert_eq!((after.code, after.output("changed")), (0, "true"), "{after}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_cancelled_run_whose_api_fails_has_told_all_before_it_is_killed() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    second_version(&world);
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": WEB_DEPLOYMENTS, "delay_ms": 30_000}));
    let mut run = start(&world, &[]);
    run.printed("wave 2 of 2").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.fail(&json!({"provider": "cloudflare", "path": "**", "status": 503, "headers": {"retry-after": "300"}, "times": null}));
    let began = std::time::Instant::now();
    run.signal("INT").await;
    let run = run.wait().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{run}");
    assert_eq!((run.code, run.error().as_str()), (130, "cancelled (SIGINT)"), "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "failed", "api": "failed", "auth": "failed"}),
        "{run}"
    );
    for key in ["web", "api", "auth"] {
        assert!(
            detail(&run, key).contains("the time of a cancelled run was over"),
            "{run}"
        );
    }
    assert_eq!((run.output("changed"), rolled_back(&run).len()), ("true", 0), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_run_tells_first_and_puts_back_then() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    second_version(&world);
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": WEB_DEPLOYMENTS, "delay_ms": 30_000}));
    let mut run = start(&world, &[]);
    run.printed("wave 2 of 2").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.signal("INT").await;
    run.printed("cancelled: nothing new is begun").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Killed long before its time.
    run.signal("KILL").await;
    let run = run.wait().await;
    assert_eq!(run.code, -1);
    assert_eq!(
        (run.output("changed"), &run.report["status"]),
        ("true", &json!("failed")),
        "{run}"
    );
    assert_eq!(
        states(&run),
        json!({"web": "failed", "api": "deployed", "auth": "deployed"}),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn after_sigterm_there_is_less_time() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": WEB_DEPLOYMENTS, "delay_ms": 30_000}));
    let mut run = start(&world, &[]);
    run.printed("wave 2 of 2").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = std::time::Instant::now();
    run.signal("TERM").await;
    let run = run.wait().await;
    assert!(began.elapsed() < Duration::from_millis(2_500), "{run}");
    assert_eq!((run.code, run.error().as_str()), (143, "cancelled (SIGTERM)"));
    assert_eq!(all_live(&world), before);
    assert_eq!(rolled_back(&run), ["api", "auth"]);
    // Its deployment may still arrive: nobody says that there is nothing to put back.
    assert!(detail(&run, "web").contains("may still be carried out"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_the_first_write_says_so_in_its_outputs() {
    let world = platform().await;
    world.fail(
        &json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts", "delay_ms": 20_000}),
    );
    let run = cancelled_after(start(&world, &[]), "auth: read").await;
    let told = "cancelled (SIGINT) before anything was touched";
    assert_eq!((run.code, run.error().as_str()), (130, told));
    assert_eq!(
        (
            run.output("changed"),
            run.output("rolled-back"),
            run.output("not-put-back"),
        ),
        ("false", "[]", "[]"),
        "{run}"
    );
    assert_eq!(
        states(&run),
        json!({"web": "skipped", "api": "skipped", "auth": "skipped"}),
        "{run}"
    );
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn whatever_fails_before_the_first_write_leaves_report_and_outputs() {
    let world = platform().await;
    let refused = |run: &Run, code: i32, why: &str| {
        assert_eq!(run.code, code, "{run}");
        assert!(run.error().contains(why), "{run}");
        assert_eq!(run.report["status"], "failed", "{run}");
        assert_eq!(run.report["command"], "deploy", "{run}");
        assert_eq!(run.report["error"].as_str(), Some(run.error().as_str()), "{run}");
        assert_eq!(
            (run.output("changed"), run.output("rolled-back")),
            ("false", "[]"),
            "{run}"
        );
        assert_eq!(
            states(run),
            json!({"web": "skipped", "api": "skipped", "auth": "skipped"}),
            "{run}"
        );
        let urls: Value = serde_json::from_str(run.output("urls")).unwrap();
        assert_eq!(urls["api"], "https://api-preview-42.example.com");
    };
    // A read that fails.
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/zones/*/workers/routes", "status": 403,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
    refused(&deploy(&world, &[]).await, 1, "list the routes");
    // A check of what is there: what serves is told.
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "tenant"}], "zones": [{"name": "example.com", "routes": [{"pattern": "api-preview-42.example.com/*", "script": "tenant"}]}]}}))
        .await;
    refused(&deploy(&world, &[]).await, 1, "is Worker `tenant`'s by route");
    // A check of the repository.
    worker(
        &world,
        "api",
        &json!({"compatibility_date": "2099-01-01"}),
        "export default {}",
    );
    refused(&deploy(&world, &[]).await, 2, "2099-01-01");
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_rollback_tells_what_it_has_put_back() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    let second = start(&world, &[]);
    assert_eq!(second.wait().await.code, 0);
    // Cloudflare blocks a token for five minutes: that is waited out, so that nothing stays half done …
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api-preview-42/deployments", "status": 429, "headers": {"retry-after": "300"}, "times": null}));
    let versions = json!({"api": before[0], "auth": before[1], "web": before[2]}).to_string();
    let mut run = start(&world, &[("command", "rollback"), ("versions", &versions)]);
    run.printed("asking again in").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // … unless the run is cancelled.
    let began = std::time::Instant::now();
    run.signal("INT").await;
    let run = run.wait().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{run}");
    assert_eq!((run.code, run.error().as_str()), (130, "cancelled (SIGINT)"), "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "rolled-back", "auth": "rolled-back", "api": "failed"}),
        "{run}"
    );
    assert!(
        detail(&run, "api").contains("the time of a cancelled run was over"),
        "{run}"
    );
    assert_eq!(
        (run.output("changed"), live(&world, "web-preview-42")),
        ("true", before[2].clone())
    );
    world.finish().await;
}

#[tokio::test]
async fn a_rollback_waits_out_cloudflares_block() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/web-preview-42/versions", "status": 400,
            "body": {"success": false, "errors": [{"code": 10021, "message": "x"}], "messages": [], "result": null}},
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/auth-preview-42/deployments", "skip": 1, "status": 429, "headers": {"retry-after": "300"}, "times": null},
    ]));
    let mut run = start(&world, &[]);
    run.printed("asking again in").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    run.signal("INT").await;
    let run = run.wait().await;
    let error = run.error();
    assert!(error.starts_with("could not deploy `web`"), "{run}");
    assert!(
        detail(&run, "auth").contains("the time of a cancelled run was over"),
        "{run}"
    );
    assert_eq!(
        (live(&world, "api-preview-42"), rolled_back(&run)),
        (before[0].clone(), vec!["api".to_owned()]),
        "{run}"
    );
    assert!(account(&world)["workers"]["auth-preview-42"].is_object());
    world.finish().await;
}
