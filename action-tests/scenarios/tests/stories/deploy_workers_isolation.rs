//! Stories of `deploy-workers` about what an environment may not reach: other environments' things, what all pull
//! requests would share, and where production's logs and Durable Objects are.

use scenarios::{Start, World, npm};
use serde_json::{Value, json};

use crate::deploy_workers::{account, bindings, worker};

const DEV: &str = "dddddddddddddddddddddddddddddddd";
const LIVE: &str = "cccccccccccccccccccccccccccccccc";

/// `preview` adds to the environment, `service` to the service.
fn write(world: &World, preview: &str, service: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n{preview}\n\
             [environments.staging]\nhostname = \"{{subdomain}}-staging\"\nworker = \"{{worker}}-staging\"\nwrangler-env = \"staging\"\n\
             [environments.production]\nworker = \"{{worker}}-live\"\nwrangler-env = \"production\"\n\
             [services.api]\npath = \"api\"\n{service}\n[services.logs]\npath = \"logs\"\n"
        ),
    );
}

async fn world(api: &Value) -> World {
    let world = World::start().await;
    world
        .seed(&json!({"cloudflare": {"kv": [{"title": "dev", "id": DEV}, {"title": "live", "id": LIVE}], "r2": ["files"]}}))
        .await;
    write(&world, "", "");
    worker(&world, "api", api, "export default {}");
    worker(
        &world,
        "logs",
        &json!({"env": {"staging": {}, "production": {}}}),
        "export default {}",
    );
    world
}

fn preview(world: &World) -> Start<'_> {
    world.run("deploy-workers").input("health", "false")
}

fn once<'a>(world: &'a World, environment: &str) -> Start<'a> {
    preview(world).on_push().input("environment", environment)
}

#[tokio::test]
async fn what_all_pull_requests_would_share_is_to_be_said() {
    // Production names no KV, so that nothing of it could be compared: the sessions are those of the top level.
    let world = world(&json!({
        "kv_namespaces": [{"binding": "SESSIONS", "id": DEV}],
        "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
        "hyperdrive": [{"binding": "DB", "id": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}],
        "analytics_engine_datasets": [{"binding": "EVENTS"}],
        "ai": {"binding": "AI"}, "version_metadata": {"binding": "VERSION"},
        "env": {"staging": {"kv_namespaces": [{"binding": "SESSIONS", "id": DEV}]}, "production": {}},
    }))
    .await;
    let run = preview(&world).go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(world.requests().is_empty());
    insta::assert_snapshot!(run.error(), @"
    4 inputs are wrong; nothing was touched
    - `services.api`: binding `SESSIONS` is staging's KV namespace `dddddddddddddddddddddddddddddddd`; list it in the service's `kv`, or add `SESSIONS` to the environment's `shared`
    - `services.api`: binding `FILES` is R2 bucket `files` of the top level of the wrangler configuration, which every pull request would share; give this environment its own in the manifest's `r2`, or add `FILES` to the environment's `shared`
    - `services.api`: binding `DB` is Hyperdrive configuration `eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee` of the top level of the wrangler configuration, which every pull request would share; name its own in an environment of the wrangler configuration (`wrangler-env` in the manifest), or add `DB` to the environment's `shared`
    - `services.api`: binding `EVENTS` is Analytics Engine dataset `EVENTS` of the top level of the wrangler configuration, which every pull request would share; name its own in an environment of the wrangler configuration (`wrangler-env` in the manifest), or add `EVENTS` to the environment's `shared`
    ");

    // Each has its way out, and then it is what wrangler would deploy.
    write(
        &world,
        "r2 = { FILES = \"files\" }\nshared = [\"api.DB\", \"EVENTS\"]",
        "kv = [\"SESSIONS\"]",
    );
    let run = preview(&world).go().await;
    assert_eq!(run.code, 0, "{run}");
    let bound = bindings(&world, "api-42");
    let own = bound["SESSIONS"]["namespace_id"].as_str().unwrap();
    assert!(own != DEV && own != LIVE, "{bound}");
    assert_eq!(bound["FILES"]["bucket_name"], "files");
    let mark = world.mark();
    let again = preview(&world).go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);

    // An environment with a section of its own, and production, have what they name.
    for environment in ["staging", "production"] {
        let run = once(&world, environment).go().await;
        assert_eq!(run.code, 0, "{run}");
    }
    assert_eq!(bindings(&world, "api-staging")["SESSIONS"]["namespace_id"], DEV);
    world.finish().await;
}

#[tokio::test]
async fn a_workflow_is_named_in_the_account_whichever_worker_runs_it() {
    let world = world(&json!({
        "workflows": [{"binding": "FLOW", "name": "orders", "class_name": "Flow", "script_name": "logs"}],
        "env": {"staging": {}, "production": {}},
    }))
    .await;
    let flow = json!({"workflows": [{"binding": "FLOW", "name": "orders", "class_name": "Flow"}]});
    worker(
        &world,
        "logs",
        &json!({"env": {"staging": {}, "production": flow}}),
        "export default {}",
    );
    let modules = npm::clients().join("node_modules");
    std::os::unix::fs::symlink(modules, world.workspace().join("node_modules")).unwrap();
    let run = preview(&world).env("PATH", npm::path_with_node()).go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("binding `FLOW` is production's workflow `orders`"),
        "{run}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn another_environments_namespace_is_found_by_its_title() {
    // Production's sessions are the manifest's, so that no configuration knows their id: staging's names it.
    let world = world(&json!({"env": {
        "production": {"kv_namespaces": [{"binding": "SESSIONS"}]},
        "staging": {"kv_namespaces": [{"binding": "SESSIONS"}]},
    }}))
    .await;
    write(&world, "", "kv = [\"SESSIONS\"]");
    let run = once(&world, "production").go().await;
    assert_eq!(run.code, 0, "{run}");
    let id = bindings(&world, "api-live")["SESSIONS"]["namespace_id"].clone();
    worker(
        &world,
        "api",
        &json!({"env": {"production": {}, "staging": {"kv_namespaces": [{"binding": "SESSIONS", "id": id}]}}}),
        "export default {}",
    );
    let mark = world.mark();
    let run = once(&world, "staging").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error().contains(&format!(
            "api: binding `SESSIONS` is production's KV namespace `{}`; take its `id` out of that section",
            id.as_str().unwrap()
        )),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_the_configuration_names_is_looked_for_before_the_first_upload() {
    let missing = "ffffffffffffffffffffffffffffffff";
    let world = world(&json!({"env": {"staging": {}, "production": {
        "kv_namespaces": [{"binding": "SESSIONS", "id": missing}, {"binding": "CACHE", "id": LIVE}],
        "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}, {"binding": "MORE", "bucket_name": "gone"}, {"binding": "EU", "bucket_name": "eu", "jurisdiction": "eu"}],
    }}}))
    .await;
    let mark = world.mark();
    let run = once(&world, "production").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @"
    2 checks failed before the first upload; nothing was touched
    - api: there is no R2 bucket `gone` for binding `MORE`; make it (`npx wrangler r2 bucket create gone`), or name another one in the environment's `r2`
    - api: there is no KV namespace `ffffffffffffffffffffffffffffffff` in the account for binding `SESSIONS`; make one (`npx wrangler kv namespace create SESSIONS`) and put its id into the wrangler configuration, or list `SESSIONS` in the service's `kv`
    ");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

fn rooms(world: &World, from: &str, of_staging: &Value) {
    let moved = |from: &str| json!([{"tag": "v1", "transferred_classes": [{"from": "Room", "from_script": from, "to": "Room"}]}]);
    let mut staging = json!({});
    if !of_staging.is_null() {
        staging["migrations"] = of_staging.clone();
    }
    worker(
        world,
        "api",
        &json!({
            "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]}, "migrations": moved(from),
            "env": {"production": {"durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]}}, "staging": staging},
        }),
        "export class Room {}\nexport default {}",
    );
}

#[tokio::test]
async fn durable_objects_stay_in_their_environment() {
    let world = world(&json!({})).await;
    rooms(&world, "rooms-live", &Value::Null);
    // The first deployment of a preview would run all migrations.
    let run = preview(&world).go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    one input is wrong; nothing was touched
    - `services.api`: migration `v1` moves the Durable Objects of class `Room` from Worker `rooms-live`, which is no service of the manifest and so not this environment's own: Cloudflare would take them away from there; give this environment `migrations` of its own in the wrangler configuration that make the class instead, or add the Worker to `services`
    ");
    assert!(world.requests().is_empty());
    // `shared` is for what two may use; objects are in one place.
    let run = preview(&world).input("shared", "ROOM, Room, rooms-live").go().await;
    assert_eq!(run.code, 2, "{run}");

    // Of an environment that exists once it is asked how far it is.
    let mark = world.mark();
    let run = once(&world, "staging").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("api: migration `v1` moves the Durable Objects of class `Room` from Worker `rooms-live`"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    // Its own migrations, as the sentence says; then the inherited one is done with.
    rooms(
        &world,
        "rooms-live",
        &json!([{"tag": "v1", "new_sqlite_classes": ["Room"]}]),
    );
    assert_eq!(once(&world, "staging").go().await.code, 0);
    rooms(&world, "rooms-live", &Value::Null);
    let run = once(&world, "staging").go().await;
    assert_eq!(run.code, 0, "{run}");

    // Within an environment they move, from the Worker of this very environment. (The local cloud plays no such move.)
    rooms(&world, "logs", &Value::Null);
    let run = preview(&world).input("dry-run", "true").go().await;
    assert_eq!(run.code, 0, "{run}");
    let plan = "~ migration v1";
    assert!(
        run.stdout.contains(plan) && run.stdout.contains("moved Room of logs-42 to Room"),
        "{run}"
    );
    // Production does what its configuration says.
    rooms(&world, "rooms-live", &Value::Null);
    let run = once(&world, "production").input("dry-run", "true").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("moved Room of rooms-live to Room"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn logs_of_a_preview_do_not_go_where_productions_go() {
    let tails = json!({"tail_consumers": [{"service": "logs"}], "logpush": true});
    let world = world(&json!({
        "tail_consumers": [{"service": "logs"}, {"service": "collector"}],
        "logpush": true,
        "observability": {"enabled": true, "logs": {"enabled": true, "destinations": ["honeycomb"]}},
        "env": {"production": tails, "staging": tails},
    }))
    .await;
    let run = preview(&world).go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("tail consumer `collector` reaches Worker `collector`, which is no service of the manifest"),
        "{run}"
    );
    assert!(world.requests().is_empty());

    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "collector"}]}}))
        .await;
    write(&world, "shared = [\"collector\"]", "");
    let run = preview(&world).go().await;
    assert_eq!(run.code, 0, "{run}");
    let settings = |worker: &str| account(&world)["workers"][worker]["settings"].clone();
    let own = settings("api-42");
    assert_eq!(
        own["tail_consumers"],
        json!([{"service": "logs-42"}, {"service": "collector"}])
    );
    assert_eq!(own["logpush"], false);
    assert_eq!(
        own["observability"]["logs"],
        json!({"enabled": true, "destinations": []})
    );
    let notes: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("note: api"))
        .collect();
    insta::assert_snapshot!(notes.join("\n"), @"
    note: api: `logpush` is left off: production's logs go there; add `logpush` to the environment's `shared` to send them there, too
    note: api: destination `honeycomb` of `observability.logs` is left out: production's logs go there; add `honeycomb` to the environment's `shared` to send them there, too
    ");
    // The summary and the report say so as well.
    let detail = run.report["services"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("`logpush` is left off") && run.summary.contains("`logpush` is left off"),
        "{detail}"
    );
    let mark = world.mark();
    assert_eq!(preview(&world).go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // What is meant is done.
    write(&world, "shared = [\"collector\", \"logpush\", \"api.honeycomb\"]", "");
    assert_eq!(preview(&world).go().await.code, 0);
    let own = settings("api-42");
    assert_eq!(
        (&own["logpush"], &own["observability"]["logs"]["destinations"]),
        (&json!(true), &json!(["honeycomb"]))
    );
    // `validate` tells it, too.
    let validate = preview(&world)
        .input("command", "validate")
        .input("environment", "staging")
        .on_push()
        .go()
        .await;
    assert_eq!(validate.code, 0, "{validate}");
    assert!(
        validate
            .stdout
            .contains("note: api: `logpush` is left off: production's logs go there"),
        "{validate}"
    );
    // Production's go where its configuration says.
    assert_eq!(once(&world, "production").go().await.code, 0);
    let live = settings("api-live");
    assert_eq!(
        (&live["logpush"], &live["tail_consumers"]),
        (&json!(true), &json!([{"service": "logs-live"}]))
    );
    world.finish().await;
}
