//! Stories of `deploy-workers` about whose a Worker is: what it makes says so, what nobody marked is taken over in the
//! open, and a rename of the repository changes nothing.

use scenarios::World;
use serde_json::{Value, json};

use crate::deploy_workers::{account, deploy, platform};
use crate::deploy_workers_ends::detail;
use crate::health_check::proxy::Proxy;
use crate::health_check::servers::{Certificate, Tls, answer};

const MARKER: &str = "codex-actions:1296269:acme/app:codex:preview:42";

fn tags(world: &World, worker: &str) -> Value {
    account(world)["workers"][worker]["settings"]["tags"].clone()
}

#[tokio::test]
async fn a_worker_that_nobody_marked_is_taken_over_in_the_open() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "api-preview-42", "tags": ["team:platform"]}]}}))
        .await;
    let told = "Worker `api-preview-42` carries no marker: it is taken over, and tagged as preview 42 of acme/app";
    let dry = deploy(&world, &[("dry-run", "true")]).await;
    assert!(dry.stdout.contains(&format!("note: api: {told}")), "{dry}");
    assert_eq!(tags(&world, "api-preview-42"), json!(["team:platform"]));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains(&format!("note: api: {told}")), "{run}");
    assert!(detail(&run, "api").contains(told), "{run}");
    assert_eq!(tags(&world, "api-preview-42"), json!([MARKER, "team:platform"]));
    // New ones are marked by the upload itself.
    assert_eq!(tags(&world, "web-preview-42"), json!([MARKER]));
    assert!(!detail(&run, "web").contains("marker"), "{run}");
    let mark = world.mark();
    let again = deploy(&world, &[]).await;
    assert_eq!(again.output("changed"), "false", "{again}");
    assert!(!again.stdout.contains("carries no marker"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn after_a_rename_of_the_repository_a_worker_is_still_ours_and_its_marker_follows_once() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let renamed = || {
        world
            .run("deploy-workers")
            .input("health", "false")
            .env("GITHUB_REPOSITORY", "acme/renamed")
            .env("DATABASE_URL", crate::deploy_workers::DATABASE_URL)
            .env("SESSION_SECRET", "session-secret-1")
    };
    let run = renamed().go().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    let told = "the marker of Worker `api-preview-42` names this repository as it was called before";
    assert!(run.stdout.contains(told), "{run}");
    assert_eq!(
        tags(&world, "api-preview-42"),
        json!(["codex-actions:1296269:acme/renamed:codex:preview:42"])
    );
    let mark = world.mark();
    assert_eq!(renamed().go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    // Somebody else took the old name: to them it is a stranger's.
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("GITHUB_REPOSITORY_ID", "7000001")
        .env("DATABASE_URL", crate::deploy_workers::DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("belongs to preview 42 of codex in acme/renamed (1296269)"),
        "{run}"
    );
    world.finish().await;
}

/// One Worker without a manifest.
fn lone(world: &World, edit: &str) {
    let config = json!({"name": "shop", "main": "index.js", "no_bundle": true, "compatibility_date": "2026-07-01"});
    world.file("shop/wrangler.json", &config.to_string());
    world.file("shop/index.js", &format!("export default {{ edit: '{edit}' }}"));
}

#[tokio::test]
async fn of_one_worker_nothing_is_expected_that_nobody_stated() {
    let world = World::start().await;
    let says = r#"{"status":"healthy","service":"storefront","environment":"production","checks":{}}"#;
    let server = Tls::with(Certificate::For("shop.example.com"), 0, answer(200, says)).await;
    world.file("ca.pem", &server.ca);
    // Takes the hostname for that server, as the internet's DNS would.
    let proxy = Proxy::to(server.address).await;
    let run = || {
        world
            .run("deploy-workers")
            .on_push()
            .env("HTTPS_PROXY", format!("http://{}", proxy.address))
            .env("SSL_CERT_FILE", world.workspace().join("ca.pem").display().to_string())
            .input("path", "shop")
            .input("hostnames", "shop.example.com")
            .input("zone", "example.com")
            .input("health-path", "/health")
            .input("health-timeout", "5s")
    };
    for edit in ["one", "two"] {
        lone(&world, edit);
        let run = run().go().await;
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(run.report["services"][0]["state"], "deployed", "{run}");
    }
    assert!(proxy.asked().len() >= 2);
    // What was stated is expected.
    lone(&world, "three");
    let stated = run().input("environment", "staging").go().await;
    assert_eq!(stated.code, 1, "{stated}");
    assert!(stated.error().contains("staging"), "{stated}");
    assert_eq!(stated.report["services"][0]["state"], "rolled-back", "{stated}");
    // The owner depends on neither event nor environment.
    assert_eq!(tags(&world, "shop")[0], "codex-actions:1296269:acme/app:shop:-");
    let in_pull_request = world
        .run("deploy-workers")
        .input("path", "shop")
        .input("hostnames", "shop.example.com")
        .input("zone", "example.com")
        .go()
        .await;
    assert_eq!(in_pull_request.code, 0, "{in_pull_request}");
    world.finish().await;
}

#[tokio::test]
async fn a_namesakes_namespace_is_not_shared_in_silence() {
    let world = platform().await;
    // Another repository's environment of our very name has made a namespace of our very title.
    world
        .seed(&json!({"cloudflare": {
            "kv": [{"title": "codex-preview-42-CACHE"}],
            "workers": [{"name": "shop-preview-42", "tags": ["codex-actions:8:eve/other:codex:preview:42"]}]}}))
        .await;
    let mark = world.mark();
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    let told = "KV namespace `codex-preview-42-CACHE` may be that of Worker `shop-preview-42`, which belongs to preview 42 of codex in eve/other (8)";
    assert!(run.error().contains(told), "{}", run.error());
    world.assert_only_reads_since(mark);
    let forced = deploy(&world, &[("force-foreign", "true")]).await;
    assert_eq!(forced.code, 0, "{forced}");
    world.finish().await;
}

#[tokio::test]
async fn a_namespace_whose_fate_is_unknown_is_told() {
    let world = platform().await;
    // It is made, its answer is lost, and the look is refused.
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/storage/kv/namespaces", "drop": "after", "times": 1},
        {"provider": "cloudflare", "method": "GET", "path": "/accounts/*/storage/kv/namespaces", "status": 403, "skip": 1, "times": 9,
            "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}},
    ]));
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    assert!(
        run.summary
            .contains("KV namespaces that may have been made: `codex-preview-42-CACHE`."),
        "{}",
        run.summary
    );
    world.finish().await;
}
