//! Stories of `deploy-workers` about hostnames and services that the manifest drops: what serves is not cut off early,
//! and what is gone, or is left, is told.

use scenarios::{Run, World};
use serde_json::{Value, json};

use crate::deploy_workers::{account, worker};
use crate::deploy_workers_ends::detail;

/// `web` needs `api`, so it comes in the second wave.
fn write(world: &World, api: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"custom-domain\"\n[services.api]\npath = \"api\"\nsubdomain = \"{api}\"\n[services.web]\npath = \"web\"\nneeds = [\"api\"]\n"
        ),
    );
}

async fn production(world: &World, run: &str, more: &[(&str, &str)]) -> Run {
    let start = world.run("deploy-workers").on_push().env("GITHUB_RUN_ID", run);
    let start = start.input("environment", "production").input("health", "false");
    let start = more
        .iter()
        .fold(start, |start, (name, value)| start.input(name, *value));
    start.go().await
}

fn hostnames(world: &World) -> Vec<String> {
    let domains = account(world)["domains"].clone();
    let domains = domains.as_array().into_iter().flatten();
    let mut all: Vec<String> = domains
        .map(|domain| domain["hostname"].as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

fn tags(world: &World) -> String {
    account(world)["workers"]["api"]["settings"]["tags"].to_string()
}

async fn deployed() -> World {
    let world = World::start().await;
    for name in ["api", "web"] {
        worker(&world, name, &json!({}), "export default {}");
    }
    write(&world, "api");
    let run = production(&world, "1001", &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(hostnames(&world), ["api.example.com", "web.example.com"]);
    write(&world, "core");
    world
}

#[tokio::test]
async fn a_former_hostname_goes_when_the_last_wave_is_healthy_and_is_told() {
    let world = deployed().await;
    world.file("web/dist/index.js", "export default {v: 2}");
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/web/versions", "status": 400, "times": 1, "body": {"success": false, "errors": [{"code": 10021, "message": "Uncaught SyntaxError"}], "result": null}}));
    let run = production(&world, "1002", &[]).await;
    assert_eq!(run.code, 1, "{run}");
    // `web` of before still calls `api` by the hostname of before.
    let all = ["api.example.com", "core.example.com", "web.example.com"];
    assert_eq!(hostnames(&world), all, "{run}");
    assert!(detail(&run, "api").contains("`core.example.com` was attached"), "{run}");
    assert!(tags(&world).contains("codex-hostname:api.example.com"), "{run}");

    let run = production(&world, "1003", &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(hostnames(&world), ["core.example.com", "web.example.com"], "{run}");
    let told = "`api.example.com` leads no longer to it";
    assert!(detail(&run, "api").starts_with(told), "{run}");
    assert!(run.stdout.contains(&format!("  api: {told}")), "{run}");
    assert!(run.summary.contains(told), "{run}");
    assert!(!tags(&world).contains("codex-hostname:api.example.com"), "{run}");

    let mark = world.mark();
    assert_eq!(production(&world, "1004", &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // A rollback does not bring it back, and says so; of a run that gave nothing up there is nothing to say.
    for (run, says) in [("1003", true), ("1004", false)] {
        let back = production(&world, run, &[("command", "rollback")]).await;
        assert_eq!(back.code == 0, says, "{back}");
        let text = detail(&back, "api");
        assert_eq!(text.contains(&format!("{told} since that run")), says, "{back}");
        assert_eq!(back.stdout.contains("since that run"), says, "{back}");
    }

    // Nor where the run changed nothing else.
    write(&world, "next");
    let run = production(&world, "1005", &[("services", "api")]).await;
    assert_eq!(
        (run.code, detail(&run, "api").starts_with("`core.example.com`")),
        (0, true),
        "{run}"
    );
    let back = production(&world, "1005", &[("command", "rollback"), ("services", "api")]).await;
    assert_eq!((back.code, back.output("changed")), (0, "false"), "{back}");
    assert!(
        detail(&back, "api").starts_with("`core.example.com` leads no longer to it since that run"),
        "{back}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_former_hostname_that_cannot_be_given_up_is_left_to_the_next_run() {
    let world = deployed().await;
    world.fail(&json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/domains/*", "status": 403, "times": 1, "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "result": null}}));
    let run = production(&world, "1002", &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let all = ["api.example.com", "core.example.com", "web.example.com"];
    assert_eq!(hostnames(&world), all, "{run}");
    let text = detail(&run, "api");
    assert!(
        text.contains("`api.example.com`, which it had before, could not be given up"),
        "{run}"
    );
    assert!(!text.contains("leads no longer"), "{run}");
    assert!(run.stdout.contains("::warning"), "{run}");

    let run = production(&world, "1003", &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(hostnames(&world), ["core.example.com", "web.example.com"], "{run}");
    let mark = world.mark();
    assert_eq!(production(&world, "1004", &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_service_that_the_manifest_drops_serves_on_and_is_told() {
    let world = deployed().await;
    let manifest = "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"custom-domain\"\n[services.web]\npath = \"web\"\n";
    world.file("codex.toml", manifest);
    let told = "Worker `api` is of this environment, and of no service in the manifest: it serves on";
    for _ in 0..2 {
        let run = production(&world, "1002", &[]).await;
        assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
        assert!(detail(&run, "web").contains(told), "{run}");
        assert!(run.summary.contains(told) && run.stdout.contains("::warning"), "{run}");
    }
    // Of a part of the services, the others are not left behind.
    write(&world, "api");
    let run = production(&world, "1003", &[("services", "web")]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(!run.stdout.contains("no service in the manifest"), "{run}");
    let report: &Value = &run.report;
    assert_eq!(report["services"].as_array().unwrap().len(), 1, "{run}");
    world.finish().await;
}
