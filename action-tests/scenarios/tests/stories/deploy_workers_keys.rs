//! Stories of `deploy-workers` about keys of wrangler's configuration that are not deployed as they are written, or in a
//! way of their own: routes, workers.dev, Durable Objects by migrations and by `exports`, Workers of assets alone.

use scenarios::{Start, World, npm};
use serde_json::{Value, json};

use crate::deploy_workers::{account, bindings, worker};

fn write(world: &World, service: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\nvars = {{ STAGE = \"preview\" }}\n\
             [environments.production]\n[services.api]\npath = \"api\"\n{service}\n"
        ),
    );
}

fn preview(world: &World) -> Start<'_> {
    world.run("deploy-workers").input("health", "false")
}

fn production(world: &World) -> Start<'_> {
    preview(world).on_push().input("environment", "production")
}

/// The plan, as it is printed.
fn plan(run: &scenarios::Run) -> String {
    let from = run.stdout.find("plan: ").unwrap();
    let lines = run.stdout[from..].lines();
    let lines =
        lines.take_while(|line| !line.starts_with("::") && !line.starts_with("✓") && !line.starts_with("summary"));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_of_a_configuration_is_not_used_is_told() {
    let world = World::start().await;
    write(&world, "");
    worker(
        &world,
        "api",
        &json!({
            "routes": [
                {"pattern": "API.example.com", "custom_domain": true}, "old.example.com/v1/*",
                {"pattern": "other.example.com/*", "zone_name": "example.com"},
            ],
            "workers_dev": true, "send_metrics": false,
        }),
        "export default {}",
    );
    let run = production(&world).go().await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(plan(&run), @"
    plan: 2 to create, 1 to change
    + Worker api                service api
    + route api.example.com/*  to api
    ~ workers.dev api                on, URLs of versions on
    note: api: `old.example.com/v1/*` and `other.example.com/*` of the wrangler configuration's routes are not attached: the hostnames of an environment are those that the manifest (or `hostnames`) gives it
    ");
    let told = run.report["services"][0]["detail"].as_str().unwrap();
    assert!(
        told.contains("`old.example.com/v1/*`") && run.summary.contains("old.example.com"),
        "{told}"
    );
    // What it says of workers.dev is done once, and told; what it does not say stays.
    let at = || {
        let worker = account(&world)["workers"]["api"].clone();
        (worker["workers_dev"].clone(), worker["previews_enabled"].clone())
    };
    assert_eq!(at(), (json!(true), json!(true)));
    let mark = world.mark();
    assert_eq!(production(&world).go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    worker(&world, "api", &json!({"preview_urls": false}), "export default {}");
    let run = production(&world).go().await;
    assert!(
        run.stdout.contains("~ workers.dev api  on, URLs of versions off"),
        "{run}"
    );
    assert_eq!((run.code, at()), (0, (json!(true), json!(false))), "{run}");
    worker(&world, "api", &json!({"workers_dev": true}), "export default {}");
    // A preview has another hostname, and no workers.dev.
    let run = preview(&world).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("note: api: `workers_dev` of the wrangler configuration is not used"),
        "{run}"
    );
    assert_eq!(account(&world)["workers"]["api-42"]["workers_dev"], false);
    world.finish().await;
}

#[tokio::test]
async fn a_reference_that_nobody_fills_in_reaches_no_worker() {
    let world = World::start().await;
    let config = json!({"vars": {"WEB_URL": "{api.url}", "ITEM": "/items/{id}", "OTHER": "{other.url}"}});
    worker(&world, "api", &config, "export default {}");
    write(&world, "");
    let run = preview(&world).go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    one input is wrong; nothing was touched
    - `services.api`: `WEB_URL` in the wrangler configuration holds `{api.url}`, which is filled in only in the manifest's `vars`: say it there
    ");
    // Said in the manifest, it is filled in; other braces are the text itself.
    write(&world, "vars = { WEB_URL = \"{api.url}\" }");
    assert_eq!(preview(&world).go().await.code, 0);
    let bound = bindings(&world, "api-42");
    assert_eq!(
        (&bound["WEB_URL"]["text"], &bound["ITEM"]["text"]),
        (&json!("https://api-42.example.com"), &json!("/items/{id}"))
    );
    // Nowhere else either.
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    world.file(
        "codex.toml",
        &manifest.replace("zone = ", "url = \"https://{hostname}/{pr}\"\nzone = "),
    );
    let run = preview(&world).go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(run.error().contains("`project.url`: `{pr}` is no placeholder"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn migrations_are_planned_and_what_they_delete_is_said() {
    let world = World::start().await;
    write(&world, "");
    let rooms = |migrations: Value| {
        worker(
            &world,
            "api",
            &json!({"migrations": migrations, "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]}}),
            "export class Room {}\nexport default {}",
        );
    };
    let first = json!({"tag": "v1", "new_sqlite_classes": ["Room", "Hall"]});
    rooms(json!([first]));
    let run = production(&world).input("dry-run", "true").go().await;
    assert!(plan(&run).contains("~ migration v1"), "{run}");
    assert_eq!(production(&world).go().await.code, 0);

    let second = json!({"tag": "v2", "deleted_classes": ["Hall"], "new_sqlite_classes": ["Den"]});
    rooms(json!([first, second]));
    let run = production(&world).input("dry-run", "true").go().await;
    insta::assert_snapshot!(plan(&run), @"
    plan: 2 to change, 1 to delete
    ~ Worker api   service api: a new version
    ~ migration v2    of Worker api: new Den; deleted Hall
    - Durable Objects Hall  of Worker api, with all that they hold: migration v2 deletes the class
    ");
    assert!(
        run.summary.contains("of Worker api, with all that they hold"),
        "{}",
        run.summary
    );
    let run = production(&world).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(account(&world)["workers"]["api"]["migration_tag"], "v2");
    let mark = world.mark();
    let again = production(&world).go().await;
    assert_eq!(again.output("changed"), "false");
    assert!(!again.stdout.contains("migration v"), "{again}");
    world.assert_only_reads_since(mark);

    // In a preview nothing of it was ever there.
    let run = preview(&world).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(!run.stdout.contains("with all that they hold"), "{run}");
    world.finish().await;
}

/// A Worker that the real wrangler bundles.
fn bundled(world: &World, more: &Value) {
    let mut config = json!({"name": "api", "main": "src/index.ts", "compatibility_date": "2026-07-01"});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    world.file("api/wrangler.json", &config.to_string());
    world.file(
        "api/src/index.ts",
        "import { DurableObject } from 'cloudflare:workers';\nexport class Room extends DurableObject {}\nexport default { fetch: (): Response => new Response('api') };\n",
    );
    if !world.workspace().join("node_modules").exists() {
        let modules = npm::clients().join("node_modules");
        std::os::unix::fs::symlink(modules, world.workspace().join("node_modules")).unwrap();
    }
}

#[tokio::test]
async fn durable_objects_by_exports_go_by_put_as_wrangler_does_it() {
    let world = World::start().await;
    write(&world, "");
    let path = npm::path_with_node();
    let room = json!({"type": "durable-object", "storage": "sqlite"});
    let deploy = || production(&world).env("PATH", &path);
    bundled(&world, &json!({"exports": {"Room": room}, "vars": {"N": "1"}}));
    assert_eq!(deploy().go().await.code, 0);

    // A version of such a Worker is refused, so that a later one goes by PUT, too, whatever share it is to have.
    bundled(
        &world,
        &json!({"exports": {"Room": room, "Hall": {"type": "durable-object", "state": "deleted"}}, "vars": {"N": "2"}}),
    );
    let mark = world.mark();
    let run = deploy().input("rollout", "10,100").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout.contains("- Durable Objects Hall")
            && run
                .stdout
                .contains("`exports`, unless it was done before, deletes the class"),
        "{run}"
    );
    let writes: Vec<String> = world
        .since(mark)
        .iter()
        .filter(|request| request["write"] == true)
        .map(|request| {
            format!(
                "{} {}",
                request["method"].as_str().unwrap(),
                request["path"].as_str().unwrap()
            )
        })
        .collect();
    assert!(
        writes
            .iter()
            .any(|write| write.starts_with("PUT ") && write.ends_with("/workers/scripts/api")),
        "{writes:?}"
    );
    assert!(!writes.iter().any(|write| write.ends_with("/versions")), "{writes:?}");
    let mark = world.mark();
    assert_eq!(deploy().go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // Objects do not move into a preview, and a workflow of its own is not ours to register.
    let from = json!({"type": "durable-object", "state": "expecting-transfer", "storage": "sqlite", "transfer_from": "elsewhere"});
    let flow = json!({"type": "workflow", "name": "orders"});
    bundled(&world, &json!({"exports": {"Room": from}}));
    let run = preview(&world).env("PATH", &path).go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("`exports` moves the Durable Objects of class `Room` from Worker `elsewhere`"),
        "{run}"
    );
    bundled(&world, &json!({"exports": {"Room": room, "Flow": flow}}));
    let run = preview(&world).env("PATH", &path).go().await;
    assert!(run.error().contains("this action does not register workflows"), "{run}");
    let run = preview(&world)
        .env("PATH", &path)
        .input("uploader", "wrangler")
        .go()
        .await;
    assert!(
        run.error()
            .contains("workflow `orders` is production's, and runs the code of one Worker only"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn assets_alone_have_settings_and_no_secrets() {
    let world = World::start().await;
    world.file("api/public/index.html", "<h1>hi</h1>");
    world.file(
        "api/wrangler.json",
        &json!({"name": "api", "compatibility_date": "2026-07-01", "assets": {"directory": "public"}, "vars": {"IDLE": "1"},
            "logpush": true, "observability": {"enabled": true}})
        .to_string(),
    );
    let modules = npm::clients().join("node_modules");
    std::os::unix::fs::symlink(modules, world.workspace().join("node_modules")).unwrap();
    let path = npm::path_with_node();
    write(
        &world,
        "secrets = [\"API_KEY\"]\nkv = [\"CACHE\"]\nvars = { NAME = \"api\" }",
    );
    let run = production(&world)
        .env("PATH", &path)
        .env("API_KEY", "key of assets")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    3 inputs are wrong; nothing was touched
    - `services.api`: it has assets alone, and no code that could read `API_KEY` of its `secrets`: take it out, or give the wrangler configuration a `main`
    - `services.api`: it has assets alone, and no code that could read `CACHE` of its `kv`: take it out, or give the wrangler configuration a `main`
    - `services.api`: it has assets alone, and no code that could read `NAME` of its `vars`: take it out, or give the wrangler configuration a `main`
    ");
    assert!(world.requests().is_empty());

    // What all services of an environment are given is no mistake of this one.
    write(&world, "");
    for deploy in [production(&world), preview(&world)] {
        let run = deploy.env("PATH", &path).go().await;
        assert_eq!(run.code, 0, "{run}");
        assert!(
            run.stdout
                .contains("note: api: `vars` of the wrangler configuration is not used: the Worker has assets alone"),
            "{run}"
        );
    }
    let settings = account(&world)["workers"]["api"]["settings"].clone();
    assert_eq!(
        (&settings["observability"]["enabled"], &settings["logpush"]),
        (&json!(true), &json!(true)),
        "{settings:#}"
    );
    let mark = world.mark();
    let again = production(&world).env("PATH", &path).go().await;
    assert_eq!(again.output("changed"), "false", "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
