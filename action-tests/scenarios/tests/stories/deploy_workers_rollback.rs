//! Stories of `deploy-workers` in which something goes wrong, and is put back.

use std::time::Duration;

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::{DATABASE_URL, account, deploy, platform, worker};

/// The version that has all traffic of a Worker.
pub(crate) fn live(world: &World, worker: &str) -> String {
    let deployments = account(world)["workers"][worker]["deployments"].clone();
    let serves = deployments[0].clone();
    assert_eq!(serves["versions"].as_array().unwrap().len(), 1, "{serves}");
    serves["versions"][0]["version_id"].as_str().unwrap().to_owned()
}

pub(crate) fn all_live(world: &World) -> Vec<String> {
    ["api-preview-42", "auth-preview-42", "web-preview-42"]
        .map(|name| live(world, name))
        .to_vec()
}

/// New code for all three services.
pub(crate) fn second_version(world: &World) {
    for name in ["web", "api", "auth"] {
        world.file(
            &format!("{name}/dist/index.js"),
            &format!("export default {{ fetch: () => new Response('{name} 2') }}"),
        );
    }
}

pub(crate) fn rolled_back(run: &Run) -> Vec<String> {
    serde_json::from_str(run.output("rolled-back")).unwrap()
}

#[tokio::test]
async fn a_later_wave_that_fails_puts_the_earlier_ones_back() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    let versions = "/accounts/*/workers/scripts/web-preview-42/versions";
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": versions, "status": 400,
        "body": {"success": false, "errors": [{"code": 10021, "message": "Uncaught ReferenceError: x is not defined"}], "messages": [], "result": null}}));
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("not-put-back")), (1, "[]"), "{run}");
    let error = run.error();
    assert!(error.starts_with("could not deploy `web` (wave 2 of 2)"), "{error}");
    assert!(error.contains("code 10021"), "{error}");
    assert_eq!(all_live(&world), before);
    let mut back = rolled_back(&run);
    back.sort();
    assert_eq!(back, ["api", "auth"]);
    assert_eq!(run.report["services"][1]["state"], "rolled-back");
    assert_eq!(run.report["services"][1]["version-id"], before[0]);
    assert!(
        run.stdout.contains("hostnames, schedules and data stay as they are"),
        "{run}"
    );

    // By choice it stays as far as it came, and the next run goes on from there.
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": versions, "status": 400, "body": {"success": false, "errors": [], "messages": [], "result": null}}));
    let run = deploy(&world, &[("on-failure", "keep")]).await;
    assert_eq!((run.code, rolled_back(&run).len()), (1, 0), "{run}");
    assert_ne!(live(&world, "api-preview-42"), before[0]);
    let left: Vec<String> = serde_json::from_str(run.output("not-put-back")).unwrap();
    assert_eq!(
        left.iter()
            .filter(|key| ["api", "auth"].contains(&key.as_str()))
            .count(),
        2
    );
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("not-put-back")), (0, "[]"), "{run}");
    assert_eq!(run.report["services"][1]["state"], "unchanged");
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_run_puts_back_what_it_deployed() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/web-preview-42/deployments", "delay_ms": 4_000}));
    let mut run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", "postgresql://o:s3cret-word@ep-a.neon.tech/neondb")
        .env("SESSION_SECRET", "session-secret-1")
        .start();
    run.printed("wave 2 of 2").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.signal("INT").await;
    let run = run.wait().await;
    assert_eq!(run.code, 130, "{run}");
    assert_eq!(run.error(), "cancelled (SIGINT)");
    assert!(run.time < Duration::from_secs(10), "{run}");
    assert_eq!(all_live(&world), before);
    assert_eq!(run.report["status"], "failed");
    world.finish().await;
}

#[tokio::test]
async fn a_run_that_was_killed_is_finished_by_the_next() {
    let world = platform().await;
    world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/web-preview-42", "delay_ms": 4_000}));
    let mut run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", "postgresql://o:s3cret-word@ep-a.neon.tech/neondb")
        .env("SESSION_SECRET", "session-secret-1")
        .start();
    run.printed("wave 2 of 2").await;
    run.signal("KILL").await;
    assert_eq!(run.wait().await.code, -1);
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", "postgresql://o:s3cret-word@ep-a.neon.tech/neondb")
        .env("SESSION_SECRET", "session-secret-1")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let state = |at: usize| run.report["services"][at]["state"].as_str().unwrap().to_owned();
    assert_eq!(
        (state(0).as_str(), state(1).as_str(), state(2).as_str()),
        ("deployed", "unchanged", "unchanged")
    );
    world.finish().await;
}

#[tokio::test]
async fn a_run_that_was_killed_between_upload_and_deployment_is_finished_by_the_next() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    // Settings that no version holds change along with the code.
    worker(
        &world,
        "api",
        &json!({"observability": {"enabled": true}, "kv_namespaces": [{"binding": "CACHE"}], "env": {"production": {}}}),
        "export default { fetch: () => new Response('api 2') }",
    );
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api-preview-42/deployments", "delay_ms": 4_000}));
    let mut run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1")
        .start();
    run.printed("✓ auth").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.signal("KILL").await;
    assert_eq!(run.wait().await.code, -1);
    assert_eq!(live(&world, "api-preview-42"), before[0]);

    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.report["services"][1]["state"], "deployed", "{run}");
    assert_ne!(live(&world, "api-preview-42"), before[0]);
    assert_eq!(
        account(&world)["workers"]["api-preview-42"]["settings"]["observability"]["enabled"],
        true
    );
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_run_is_put_back_on_command_and_only_once() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    let first_versions: Value =
        serde_json::from_str(&json!({"api": before[0], "auth": before[1], "web": before[2]}).to_string()).unwrap();
    second_version(&world);
    let second = world
        .run("deploy-workers")
        .input("health", "false")
        .env("GITHUB_RUN_ID", "2002")
        .env("DATABASE_URL", "postgresql://o:another-s3cret@ep-a.neon.tech/neondb")
        .env("SESSION_SECRET", "session-secret-1")
        .go()
        .await;
    assert_eq!(second.code, 0, "{second}");
    let after = all_live(&world);

    let rollback = |run: &'static str| {
        world
            .run("deploy-workers")
            .input("command", "rollback")
            .input("health", "false")
            .env("GITHUB_RUN_ID", run)
    };
    // A run that has deployed nothing is not the one that is meant, unless it names itself: a workflow's own last step.
    let mark = world.mark();
    let run = rollback("3003").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    insta::assert_snapshot!(run.error(), @"
    this run has deployed nothing of `web`, `api` and `auth`
    hint: name the run that is to be undone by `run`
    ");
    let run = rollback("3003")
        .input("run", "20020")
        .input("dry-run", "true")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @"
    Cloudflare lists nothing of `web`, `api` and `auth` that run 20020 has deployed
    hint: `run` is the number in the address of the run that is to be undone, `…/actions/runs/<id>`
    ");
    let run = rollback("3003").input("run", "3003").go().await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    assert_eq!(run.output("not-put-back"), "[]", "{run}");
    world.assert_only_reads_since(mark);
    let run = rollback("2002").input("dry-run", "true").go().await;
    assert_eq!((run.code, all_live(&world) == after), (0, true), "{run}");
    let run = rollback("2002").go().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert_eq!(all_live(&world), before);
    // As they come up: `web` calls the others, by what is live, so it went back first.
    assert_eq!(rolled_back(&run), ["api", "auth", "web"]);
    let mark = world.mark();
    let run = rollback("2002").go().await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    world.assert_only_reads_since(mark);

    // By name, forwards and backwards.
    let named = |versions: &str| {
        world
            .run("deploy-workers")
            .input("command", "rollback")
            .input("health", "false")
            .input("versions", versions)
    };
    let run = named(second.output("versions")).go().await;
    let api_after = after[0].clone();
    assert_eq!((run.code, all_live(&world)), (0, after), "{run}");
    let run = named(&first_versions.to_string()).go().await;
    assert_eq!((run.code, all_live(&world)), (0, before.clone()), "{run}");

    // By a deployment, here one that shared the traffic of one service.
    let shares = json!({"strategy": "percentage", "versions": [{"version_id": before[0], "percentage": 90}, {"version_id": api_after, "percentage": 10}]});
    let deployments = "/workers/scripts/api-preview-42/deployments";
    world.by_hand("POST", deployments, &shares).await;
    let canary = account(&world)["workers"]["api-preview-42"]["deployments"][0]["id"].clone();
    assert_eq!(named(&first_versions.to_string()).go().await.code, 0);
    assert_eq!(all_live(&world), before);
    let back = || named(&json!({"api": canary}).to_string());
    let run = back().go().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert_eq!(
        account(&world)["workers"]["api-preview-42"]["deployments"][0]["versions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let run = back().go().await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_canary_is_not_flattened() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let old = live(&world, "api-preview-42");
    second_version(&world);
    assert_eq!(deploy(&world, &[("services", "api")]).await.code, 0);
    let new = live(&world, "api-preview-42");
    let shares = json!({"strategy": "percentage", "versions": [{"version_id": old, "percentage": 90}, {"version_id": new, "percentage": 10}]});
    world
        .by_hand("POST", "/workers/scripts/api-preview-42/deployments", &shares)
        .await;
    let mark = world.mark();
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("two versions share the traffic of Worker `api-preview-42`"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    let run = deploy(&world, &[("replace-canary", "true")]).await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn new_workers_of_a_failed_run_go_again_by_choice() {
    let world = platform().await;
    world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/web-preview-42", "status": 400, "body": {"success": false, "errors": [], "messages": [], "result": null}}));
    let run = deploy(&world, &[("new-workers", "remove")]).await;
    assert_eq!(run.code, 1, "{run}");
    let left = account(&world)["workers"].as_object().unwrap().len();
    assert_eq!(left, 0, "{run}");
    let zone = world.state()["cloudflare"]["zones"][ids::ZONE].clone();
    assert_eq!(zone["routes"].as_array().map_or(0, Vec::len), 0, "{zone}");
    world.finish().await;
}

#[tokio::test]
async fn twenty_services_in_a_deep_graph_come_up_in_order() {
    let world = World::start().await;
    let mut manifest = "[project]\nname = \"deep\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n".to_owned();
    for n in 0..20 {
        let key = format!("s{n}");
        manifest.extend(["[services.", &key, "]\npath = \"", &key, "\"\n"]);
        // Each but the first two calls the two before it.
        let services: Vec<Value> = (0..n)
            .rev()
            .take(2)
            .map(|m| json!({"binding": format!("S{m}"), "service": format!("s{m}")}))
            .collect();
        worker(
            &world,
            &format!("s{n}"),
            &json!({"services": services}),
            "export default {}",
        );
    }
    world.file("codex.toml", &manifest);
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("wave 20 of 20: s19"), "{run}");
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // A circle of bindings has an order, too, since all of them are there.
    worker(
        &world,
        "s0",
        &json!({"services": [{"binding": "S2", "service": "s2"}]}),
        "export default {}",
    );
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert!(!run.stdout.contains("a first version"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn on_command_who_binds_a_durable_object_goes_back_before_its_owner() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.b]\npath = \"b\"\n[services.a]\npath = \"a\"\n",
    );
    let room = json!({"name": "R", "class_name": "Room"});
    let caller = json!({"name": "R", "class_name": "Room", "script_name": "a"});
    let both = |word: &str| {
        let code = format!("export class Room {{}} export default {{ word: '{word}' }}");
        let owns = json!({"migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}], "durable_objects": {"bindings": [room]}});
        worker(&world, "a", &owns, &code);
        worker(&world, "b", &json!({"durable_objects": {"bindings": [caller]}}), &code);
    };
    for (word, number) in [("one", "1001"), ("two", "2002")] {
        both(word);
        let run = world.run("deploy-workers").env("GITHUB_RUN_ID", number);
        let run = run.input("health", "false").go().await;
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stdout.contains("order: a → b"), "{run}");
    }
    let mark = world.mark();
    let back = async || {
        let run = world.run("deploy-workers").input("command", "rollback");
        run.input("run", "2002").input("health", "false").go().await
    };
    let run = back().await;
    assert_eq!(run.code, 0, "{run}");
    let writes: Vec<String> = world
        .lines_since(mark)
        .into_iter()
        .filter(|line| !line.starts_with("GET"))
        .collect();
    assert!(writes[0].contains("/scripts/b-42/deployments"), "{writes:#?}");
    assert!(writes[1].contains("/scripts/a-42/deployments"), "{writes:#?}");
    let mark = world.mark();
    assert_eq!(back().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
