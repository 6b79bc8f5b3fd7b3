//! Stories of `deploy-workers` about `drop-secrets` and `shared` that name what is not there: nobody is to believe that a
//! secret is gone.

use scenarios::{Run, World};
use serde_json::json;

use crate::deploy_workers::{bindings, worker};

async fn world(seed: serde_json::Value) -> World {
    let world = World::start().await;
    world.seed(&json!({"cloudflare": {"workers": [seed]}})).await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"custom-domain\"\n[services.api]\npath = \"api\"\n",
    );
    worker(&world, "api", &json!({}), "export default {}");
    world
}

async fn drop(world: &World, names: &str) -> Run {
    let run = world.run("deploy-workers").input("health", "false").on_push();
    let run = run.input("environment", "production").input("replace-canary", "true");
    run.input("drop-secrets", names).go().await
}

#[tokio::test]
async fn a_name_that_can_be_no_secret_is_refused_before_anything() {
    let world = world(json!({"name": "api", "secrets": {"TOK": "leaked-value", "PUB": "other-value"}})).await;
    for (names, said) in [
        (
            "TOK PUB",
            "`TOK PUB` is no name of a secret; write `NAME` or `service.NAME`, with commas or lines between them",
        ),
        (
            "apj.TOK",
            "`apj.TOK` names service `apj`, which is none of `api`; did you mean `api`?",
        ),
        ("api.", "`api.` is no name of a secret"),
    ] {
        let run = drop(&world, names).await;
        assert_eq!(run.code, 2, "{run}");
        assert!(
            run.error().contains("`drop-secrets`") && run.error().contains(said),
            "{run}"
        );
    }
    let run = world.run("deploy-workers").input("health", "false").on_push();
    let run = run
        .input("environment", "production")
        .input("shared", "web.C, ops@example.com");
    let run = run.go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("`web.C` names service `web`, which is none of `api`"),
        "{run}"
    );
    assert!(!run.error().contains("ops@"), "{run}");
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_secret_that_no_worker_has_is_told() {
    let world = world(json!({"name": "api", "secrets": {"TOK": "leaked-value", "PUB": "other-value"}})).await;
    let run = drop(&world, "TOK, api.PUB, NOSUCH").await;
    assert_eq!(run.code, 0, "{run}");
    let told = "`drop-secrets` names `NOSUCH`, and no Worker of this run has such a secret";
    assert!(run.stdout.contains(told) && run.summary.contains(told), "{run}");
    assert!(
        run.stdout
            .contains("secrets `PUB` and `TOK` go: `drop-secrets` names them"),
        "{run}"
    );
    assert!(bindings(&world, "api").get("TOK").is_none());
    // A second run is green, and says that there is nothing left.
    let mark = world.mark();
    let run = drop(&world, "TOK").await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    let told = "`drop-secrets` names `TOK`, and no Worker of this run has such a secret";
    assert!(run.stdout.contains(told) && run.summary.contains(told), "{run}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_two_versions_have_is_not_known() {
    let world =
        world(json!({"name": "api", "secrets": {"OLD": "leaked-value"}, "versions": 2, "traffic": [50, 50]})).await;
    let mark = world.mark();
    let run = drop(&world, "OLD").await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error().contains("no single version serves as Worker `api`"),
        "{run}"
    );
    assert!(run.error().contains("leave `drop-secrets` out"), "{run}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
