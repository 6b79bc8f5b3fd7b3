//! Stories of `deploy-workers` about truth: what is said to have changed has, and what is taken for new is.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::{DATABASE_URL, MANIFEST, account, deploy, platform};
use crate::deploy_workers_ends::{detail, states};
use crate::deploy_workers_rollback::{all_live, live, rolled_back, second_version};

/// As Cloudflare says that there is no such Worker.
fn no_worker(path: &str) -> Value {
    json!({"provider": "cloudflare", "method": "GET", "path": path, "status": 404,
        "body": {"success": false, "errors": [{"code": 10007, "message": "This Worker does not exist on your account."}], "messages": [], "result": null}})
}

fn refused(method: &str, path: &str) -> Value {
    json!({"provider": "cloudflare", "method": method, "path": path, "status": 400, "times": null,
        "body": {"success": false, "errors": [{"code": 10021, "message": "refused"}], "messages": [], "result": null}})
}

const API_DEPLOYMENTS: &str = "/accounts/*/workers/scripts/api-preview-42/deployments";

#[tokio::test]
async fn one_404_is_no_reason_to_leave_a_sick_version() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    let web = "/accounts/*/workers/scripts/web-preview-42/versions";
    let mut rule = no_worker(API_DEPLOYMENTS);
    rule["skip"] = 1.into();
    world.fail(&json!([refused("POST", web), rule]));
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, all_live(&world)), (1, before.clone()), "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "failed", "api": "rolled-back", "auth": "rolled-back"}),
        "{run}"
    );
    assert_eq!(run.output("not-put-back"), "[]", "{run}");

    // Denied each time, though the list names it: it is said to have failed.
    let mut rule = no_worker(API_DEPLOYMENTS);
    (rule["skip"], rule["times"]) = (1.into(), Value::Null);
    world.fail(&json!([refused("POST", web), rule]));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "failed", "api": "failed", "auth": "rolled-back"}),
        "{run}"
    );
    assert!(detail(&run, "api").contains("could not be put back"), "{run}");
    assert_eq!(run.output("not-put-back"), r#"["api"]"#, "{run}");
    assert!(!run.stdout.contains("api: nothing to put back"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn on_command_one_404_is_asked_again_too() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    assert_eq!(by_run(&world, "2002", &[]).await.code, 0);
    world.fail(&no_worker(API_DEPLOYMENTS));
    let run = rollback(&world, "2002", &[]).await;
    assert_eq!((run.code, all_live(&world)), (0, before), "{run}");

    // A Worker that cannot be read is no reason to leave the others.
    assert_eq!(by_run(&world, "3003", &[]).await.code, 0);
    let mut rule = no_worker(API_DEPLOYMENTS);
    rule["times"] = Value::Null;
    world.fail(&rule);
    let run = rollback(&world, "3003", &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "rolled-back", "api": "failed", "auth": "rolled-back"}),
        "{run}"
    );
    assert_eq!(run.output("not-put-back"), r#"["api"]"#, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_worker_that_one_answer_denies_is_not_taken_for_new() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    second_version(&world);
    let mark = world.mark();
    world.fail(&no_worker(API_DEPLOYMENTS));
    let run = deploy(&world, &[("new-workers", "remove")]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("service api: a new version"), "{run}");
    let script = format!("PUT /accounts/{}/workers/scripts/api-preview-42 ", ids::ACCOUNT);
    assert!(!world.lines_since(mark).iter().any(|line| line.starts_with(&script)));

    // Whose it is has to be known, too.
    second_version(&world);
    world.file("api/dist/index.js", "export default { three: 3 }");
    let mut rule = no_worker("/accounts/*/workers/scripts/api-preview-42/script-settings");
    rule["times"] = Value::Null;
    world.fail(&rule);
    let mark = world.mark();
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("the settings of Worker `api-preview-42`"), "{run}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn of_two_namespaces_one_is_refused_and_the_other_is_told() {
    let world = platform().await;
    let manifest = MANIFEST.replace(
        "secrets = [\"DATABASE_URL\"]\nkv = [\"CACHE\"]",
        "secrets = [\"DATABASE_URL\"]\nkv = [\"CACHE\", \"LIMITS\"]",
    );
    world.file("codex.toml", &manifest);
    world.file(
        "api/wrangler.json",
        &json!({"name": "api", "main": "dist/index.js", "no_bundle": true, "compatibility_date": "2026-07-01",
            "kv_namespaces": [{"binding": "CACHE"}, {"binding": "LIMITS"}], "env": {"production": {}}})
        .to_string(),
    );
    let mut rule = refused("POST", "/accounts/*/storage/kv/namespaces");
    rule["times"] = 1.into();
    world.fail(&rule);
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    assert_eq!(account(&world)["kv"].as_array().map_or(0, Vec::len), 1, "{run}");
    // Both refused: nothing is other than before.
    let world = platform().await;
    world.fail(&refused("POST", "/accounts/*/storage/kv/namespaces"));
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn refused_uploads_change_nothing_and_attach_nothing() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"kv": [{"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "title": "production-cache"}]}}))
        .await;
    world.fail(&refused("PUT", "/accounts/*/workers/scripts/*"));
    let run = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1")
        .go()
        .await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "skipped", "api": "failed", "auth": "failed"}),
        "{run}"
    );
    for text in [&run.summary, &run.report.to_string()] {
        assert!(
            !text.contains("was attached") && !text.contains("not put back:"),
            "{text}"
        );
    }
    assert!(account(&world)["workers"].as_object().unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn what_was_done_beside_the_code_is_told_of_what_was_put_back_and_nothing_else() {
    let world = platform().await;
    // The route of `api` is made, that of `auth` refused: only one of them is told.
    let mut rule = refused("POST", "/zones/*/workers/routes");
    rule["skip"] = 1.into();
    world.fail(&rule);
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    let told = ["api", "auth"].map(|key| detail(&run, key).contains("was made"));
    assert_ne!(told[0], told[1], "{run}");
    let zone = world.state()["cloudflare"]["zones"][ids::ZONE].clone();
    assert_eq!(zone["routes"].as_array().unwrap().len(), 1, "{zone}");
    world.finish().await;
}

#[tokio::test]
async fn writes_whose_failure_passes_are_repeated_and_none_before_its_time() {
    let world = platform().await;
    let api = "/accounts/*/workers/scripts/api-preview-42";
    let slow_down = json!({"retry-after": "1"});
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/storage/kv/namespaces", "drop": "before"},
        {"provider": "cloudflare", "method": "PUT", "path": api, "status": 503, "headers": slow_down},
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/workers/routes", "status": 500},
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/workers/routes", "drop": "before", "skip": 1},
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/auth-preview-42/subdomain", "status": 404,
            "body": {"success": false, "errors": [{"code": 10007, "message": "This Worker does not exist on your account."}], "messages": [], "result": null}},
    ]));
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    second_version(&world);
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": format!("{api}/versions"), "status": 503, "headers": slow_down},
        {"provider": "cloudflare", "method": "POST", "path": format!("{api}/deployments"), "status": 503, "headers": slow_down},
    ]));
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let requests = world.requests();
    for (method, rest) in [("PUT", ""), ("POST", "/versions"), ("POST", "/deployments")] {
        let path = format!("/accounts/{}/workers/scripts/api-preview-42{rest}", ids::ACCOUNT);
        let tries: Vec<&Value> = requests
            .iter()
            .filter(|request| request["method"] == method && request["path"] == path.as_str())
            .collect();
        assert_eq!(tries.len(), 2, "{method} {path}: {tries:#?}");
        let at = |request: &Value, key: &str| request[key].as_u64().unwrap();
        let between = at(tries[1], "received") - at(tries[0], "answered");
        assert!(between >= 1_000, "{method} {path}: asked again after {between} ms");
    }
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

async fn by_run(world: &World, run: &str, more: &[(&str, &str)]) -> Run {
    let start = world
        .run("deploy-workers")
        .input("health", "false")
        .env("GITHUB_RUN_ID", run)
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1");
    more.iter()
        .fold(start, |start, (name, value)| start.input(name, *value))
        .go()
        .await
}

async fn rollback(world: &World, run: &str, more: &[(&str, &str)]) -> Run {
    let start = world
        .run("deploy-workers")
        .input("command", "rollback")
        .input("health", "false")
        .env("GITHUB_RUN_ID", run);
    more.iter()
        .fold(start, |start, (name, value)| start.input(name, *value))
        .go()
        .await
}

const TWELVE: &str = "1,2,3,5,8,10,15,20,30,50,80,100";

#[tokio::test]
async fn a_rollout_of_twelve_steps_is_put_back_to_what_served_before_it() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = all_live(&world);
    second_version(&world);
    assert_eq!(by_run(&world, "2002", &[("rollout", TWELVE)]).await.code, 0);
    let after = live(&world, "api-preview-42");
    assert_ne!(after, before[0]);
    let api = account(&world)["workers"]["api-preview-42"].clone();
    assert_eq!(api["deployments"].as_array().unwrap().len(), 13);

    // Cloudflare lists ten of them, all of that run: production is neither removed nor left as it is.
    let remove = [("new-workers", "remove")];
    let run = rollback(&world, "2002", &remove).await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert_eq!(all_live(&world), before, "{run}");
    let mark = world.mark();
    let run = rollback(&world, "2002", &remove).await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    world.assert_only_reads_since(mark);

    // A second attempt of a run that was killed goes back to before the first.
    assert_eq!(by_run(&world, "3003", &[("rollout", TWELVE)]).await.code, 0);
    world.file("api/dist/index.js", "export default { three: 3 }");
    let again = world
        .run("deploy-workers")
        .input("health", "false")
        .input("rollout", TWELVE)
        .env("GITHUB_RUN_ID", "3003")
        .env("GITHUB_RUN_ATTEMPT", "2")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1");
    assert_eq!(again.go().await.code, 0);
    let run = rollback(&world, "3003", &remove).await;
    assert_eq!((run.code, all_live(&world)), (0, before), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn on_command_only_a_worker_that_is_proven_new_is_removed_with_what_leads_to_it() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let order = |world: &World, mark: usize| -> Vec<String> {
        let writes = world.lines_since(mark).into_iter();
        writes.filter(|line| !line.starts_with("GET")).collect()
    };
    // Somebody has given `auth` a secret by hand: it is not the run's alone any more.
    let secret = json!({"name": "BY_HAND", "text": "kept", "type": "secret_text"});
    world
        .by_hand("PUT", "/workers/scripts/auth-preview-42/secrets", &secret)
        .await;
    let mark = world.mark();
    let run = rollback(&world, "1001", &[("new-workers", "remove")]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        states(&run),
        json!({"web": "rolled-back", "api": "rolled-back", "auth": "skipped"}),
        "{run}"
    );
    let left: Vec<String> = account(&world)["workers"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(left, ["auth-preview-42"]);
    let zone = world.state()["cloudflare"]["zones"][ids::ZONE].clone();
    assert_eq!(zone["routes"].as_array().unwrap().len(), 1, "{zone}");
    // `web` calls the others, though the manifest does not say so: it goes first, its route before it.
    let writes = order(&world, mark);
    assert!(writes[0].contains("/workers/routes/"), "{writes:#?}");
    assert!(writes[1].contains("/scripts/web-preview-42 "), "{writes:#?}");
    assert_eq!(rolled_back(&run), ["api", "web"]);
    world.finish().await;
}
