//! Stories of `deploy-workers` with variables as one text: the input `step-vars`, as a called workflow fills it.

use std::fs;

use scenarios::World;
use serde_json::json;

use crate::deploy_workers::{account, bindings, worker};

/// One service, whose build leaves what it saw of the variables.
fn repository(world: &World) {
    worker(world, "jobs", &json!({}), "export default {}");
    world.file(
        "codex.toml",
        r#"[project]
name = "codex"
zone = "example.com"
[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-{pr}"
step-vars = { PUBLIC_KEY = "STRIPE_TEST_PUBLIC_KEY" }
[services.jobs]
path = "jobs"
step-vars = ["PUBLIC_KEY", "REGION"]
build = "echo \"$REGION, $STRIPE_TEST_PUBLIC_KEY, $OTHER.\" >seen.txt"
"#,
    );
}

/// What `toJSON(vars)` is.
const ALL: &str = r#"{
  "CLOUDFLARE_ACCOUNT_ID": "0123",
  "EMPTY": "",
  "OTHER": "nobody's",
  "REGION": "eu # one\nof two",
  "STRIPE_TEST_PUBLIC_KEY": "pk_test_1"
}"#;

#[tokio::test]
async fn all_variables_of_a_repository_may_stand_there_and_a_service_gets_its_own() {
    let world = World::start().await;
    repository(&world);
    let deploy = async |text: &str| {
        let run = world.run("deploy-workers").input("health", "false");
        run.input("step-vars", text).go().await
    };
    let run = deploy(ALL).await;
    assert_eq!(run.code, 0, "{run}");
    let bound = bindings(&world, "jobs-42");
    assert_eq!(
        bound["PUBLIC_KEY"],
        json!({"name": "PUBLIC_KEY", "type": "plain_text", "text": "pk_test_1"})
    );
    assert_eq!(bound["REGION"]["text"], "eu # one\nof two");
    assert!(!account(&world)["workers"].to_string().contains("nobody's"));
    assert!(!run.masks().iter().any(|mask| mask.contains("pk_test_1")), "{run}");
    let seen = fs::read_to_string(world.workspace().join("jobs/seen.txt")).unwrap();
    assert_eq!(seen, "eu # one\nof two, pk_test_1, .\n");

    let mark = world.mark();
    let run = deploy(ALL).await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    world.assert_only_reads_since(mark);

    // Lines say the same; the input counts before the step's `env`, which may be the runner's.
    let lines = "REGION=us\nSTRIPE_TEST_PUBLIC_KEY='pk_test_1'\n";
    let run = world.run("deploy-workers").input("health", "false").env("REGION", "eu");
    let run = run.input("step-vars", lines).go().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert_eq!(bindings(&world, "jobs-42")["REGION"]["text"], "us");
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_or_missing_is_told_before_a_request() {
    let world = World::start().await;
    repository(&world);
    let told = async |command: &str, text: &str| {
        let run = world.run("deploy-workers").input("command", command);
        let run = run.input("step-vars", text).go().await;
        assert_eq!(run.code, 2, "{run}");
        run.error()
    };
    let wrong = [
        ("deploy", "{\"REGION\": \"\"}"),
        ("deploy", "REGION=eu\nREGION=us\nSTRIPE_TEST_PUBLIC_KEY=x"),
        ("build", "{\"REGION\": 4711}"),
        ("rollback", "REGION"),
    ];
    let mut all = Vec::new();
    for (command, text) in wrong {
        all.push(told(command, text).await);
    }
    let run = world
        .run("deploy-workers")
        .input("path", "jobs")
        .input("worker", "alone");
    let run = run.input("step-vars", "REGION=eu").go().await;
    assert_eq!(run.code, 2, "{run}");
    all.push(run.error());
    insta::assert_snapshot!(all.join("\n\n"));
    // What is public is no secret of the pack.
    let run = world
        .run("deploy-workers")
        .input("worker-secrets", "REGION=eu")
        .go()
        .await;
    let told = "`REGION` is one of `step-vars`, which anybody may read; give it by the input of that name";
    assert!(run.error().contains(told), "{run}");
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_build_in_a_job_of_its_own_sees_them_and_the_deployment_brings_them() {
    let world = World::start().await;
    repository(&world);
    let run = world.run("deploy-workers").input("command", "build");
    let run = run.input("step-vars", ALL).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(world.requests().is_empty());
    let seen = world.workspace().join("jobs/seen.txt");
    assert!(fs::read_to_string(&seen).unwrap().ends_with("pk_test_1, .\n"));
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .input("bundles", "codex-bundles");
    let run = run
        .input("step-vars", "REGION=us\nSTRIPE_TEST_PUBLIC_KEY=pk_test_2")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let bound = bindings(&world, "jobs-42");
    assert_eq!(
        (&bound["REGION"]["text"], &bound["PUBLIC_KEY"]["text"]),
        (&json!("us"), &json!("pk_test_2"))
    );
    world.finish().await;
}
