//! Stories of `deploy-workers` with one Worker: without a manifest, and with Durable Objects.

use scenarios::World;
use serde_json::{Value, json};

use crate::deploy_workers::account;

#[tokio::test]
async fn one_worker_needs_no_manifest() {
    let world = World::start().await;
    let config = json!({"name": "shop", "main": "index.js", "no_bundle": true, "compatibility_date": "2026-07-01",
        "triggers": {"crons": ["0 * * * *"]}, "env": {"live": {"vars": {"A": "1"}}}});
    world.file("shop/wrangler.json", &config.to_string());
    world.file("shop/index.js", "export default {}");
    let run = || {
        world
            .run("deploy-workers")
            .on_push()
            .input("path", "shop")
            .input("wrangler-env", "live")
            .input("hostnames", "shop.example.com, www.example.com")
            .input("zone", "example.com")
            .input("secrets", "API_KEY")
            .input("vars", "B=2")
    };
    let bad = run().input("zone", "example.org").input("vars", "B").go().await;
    assert_eq!(bad.code, 2, "{bad}");
    for part in [
        "`shop.example.com` is no hostname of zone `example.org`",
        "`B` is not `NAME=value`",
        "`API_KEY`: missing or empty",
    ] {
        assert!(bad.error().contains(part), "{bad}");
    }
    assert!(world.requests().is_empty());

    let first = run().env("API_KEY", "api-key-for-shop").go().await;
    assert_eq!(first.code, 0, "{first}");
    let worker = account(&world)["workers"]["shop-live"].clone();
    let mut names: Vec<String> = worker["versions"][0]["content"]["bindings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|binding| binding["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["A", "API_KEY", "B"]);
    assert_eq!(account(&world)["domains"].as_array().unwrap().len(), 2);
    assert!(worker["schedules"].to_string().contains("0 * * * *"), "{worker:#}");
    assert_eq!(first.output("urls"), r#"{"shop-live":"https://shop.example.com"}"#);

    let mark = world.mark();
    let second = run().env("API_KEY", "api-key-for-shop").go().await;
    assert_eq!((second.code, second.output("changed")), (0, "false"), "{second}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn durable_objects_are_migrated_once_and_secrets_by_hand_stay() {
    let world = World::start().await;
    world.file("codex.toml", "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\n[services.room]\npath = \"room\"\n");
    let config = |migrations: &Value| {
        world.file(
            "room/wrangler.json",
            &json!({"name": "room", "main": "index.js", "no_bundle": true, "compatibility_date": "2026-07-01",
            "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]}, "migrations": migrations})
            .to_string(),
        );
    };
    config(&json!([{"tag": "v1", "new_sqlite_classes": ["Room"]}]));
    world.file("room/index.js", "export class Room {}\nexport default {}");
    let deploy = || {
        world
            .run("deploy-workers")
            .on_push()
            .input("environment", "production")
            .input("health", "false")
    };
    let run = deploy().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(account(&world)["workers"]["room"]["migration_tag"], "v1");
    let mark = world.mark();
    assert_eq!(deploy().go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    let secret = json!({"name": "BY_HAND", "text": "kept", "type": "secret_text"});
    world.by_hand("PUT", "/workers/scripts/room/secrets", &secret).await;
    config(&json!([{"tag": "v1", "new_sqlite_classes": ["Room"]}, {"tag": "v2", "new_sqlite_classes": ["Hall"]}]));
    let run = deploy().go().await;
    assert_eq!(run.code, 0, "{run}");
    let room = account(&world)["workers"]["room"].clone();
    assert_eq!(room["migration_tag"], "v2");
    assert!(
        run.report["services"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("secret `BY_HAND` stays on the Worker, set by hand"),
        "{run}"
    );
    assert!(room["versions"].to_string().contains("BY_HAND"));
    world.finish().await;
}
