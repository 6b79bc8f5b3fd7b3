//! What the SDK, older wranglers and other tools rely on of Cloudflare's API, and the codes that few of them see.

use serde_json::{Value, json};

use crate::cloudflare_sdk::run;
use crate::http;
use crate::npm;
use crate::world::{ACCOUNT, World, ZONE};
use crate::wrangler::{config, with};

fn script(rest: &str) -> String {
    format!("/accounts/{ACCOUNT}/workers/scripts/{rest}")
}

/// An upload as the SDK writes it: `metadata` taken apart into fields, every file in a part named `files[]`.
const UPLOAD: &str = r#"
import Cloudflare, { toFile } from "cloudflare";
const client = new Cloudflare({ apiToken: process.env.CLOUDFLARE_API_TOKEN, baseURL: process.env.CLOUDFLARE_API_BASE_URL, maxRetries: 0 });
const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const file = (name, text) => toFile(Buffer.from(text), name, { type: "application/javascript+module" });
const files = [await file("index.js", "export default { fetch: () => new Response(words) };"), await file("words.js", "export default 'hi';")];
// The SDK calls the form `application/javascript`, unless it is told not to.
const plain = { headers: { "Content-Type": null } };
const bindings = [{ type: "plain_text", name: "STAGE", text: "preview" }, { type: "secret_text", name: "KEY", text: "s3cret" }];
const made = await client.workers.scripts.update("sdk", { account_id, files, metadata: { main_module: "index.js", compatibility_date: "2026-11-01", bindings } }, plain);
const content = await (await client.workers.scripts.content.get("sdk", { account_id })).text();
const version = await client.workers.scripts.versions.create("sdk", { account_id, files, metadata: { main_module: "index.js", bindings } });
const got = await client.workers.scripts.versions.get(version.id, { account_id, script_name: "sdk" });
console.log(JSON.stringify({ id: made.id, handlers: made.handlers, content, number: got.number, bindings: got.resources.bindings }));
"#;

#[tokio::test]
async fn the_sdk_uploads_a_worker() {
    let world = World::new().await;
    let told = run(&world, UPLOAD).await;
    assert_eq!((&told["id"], &told["handlers"]), (&json!("sdk"), &json!(["fetch"])));
    let content = told["content"].as_str().unwrap();
    for name in ["index.js", "words.js"] {
        assert!(content.contains(&format!("filename=\"{name}\"")), "{content}");
    }
    assert_eq!(told["number"], 2);
    assert_eq!(
        told["bindings"],
        json!([{"type": "plain_text", "name": "STAGE", "text": "preview"}, {"type": "secret_text", "name": "KEY"}])
    );
    let modules = world.worker("sdk")["versions"][0]["content"]["modules"].clone();
    assert_eq!(
        (&modules[0]["name"], &modules[1]["name"]),
        (&json!("index.js"), &json!("words.js"))
    );
    world.requests().await;
    world.cloud.stop().await;
}

/// wrangler up to 4.61 reads all bindings and patches the settings with the type and name of each.
#[tokio::test]
async fn an_older_wrangler_sets_secrets_and_keeps_what_is_bound() {
    let world = World::new().await;
    world
        .seed(json!({
            "kv": [{"title": "cache", "id": "0f2ac74b498b48028cb68387c421e279"}],
            "d1": [{"name": "shop", "uuid": "7bd48ef1-7a3b-4b3f-8b3c-1f1f6a2d6f0a"}],
            "workers": [{
                "name": "api", "vars": {"STAGE": "production"}, "secrets": {"KEPT": "old", "CHANGED": "old"},
                "kv": {"CACHE": "0f2ac74b498b48028cb68387c421e279"}, "d1": {"DB": "7bd48ef1-7a3b-4b3f-8b3c-1f1f6a2d6f0a"},
            }],
        }))
        .await;
    let bound = || {
        let versions = world.worker("api")["versions"].clone();
        let mut bindings = versions.as_array().unwrap().last().unwrap()["content"]["bindings"].clone();
        bindings
            .as_array_mut()
            .unwrap()
            .sort_by_key(|it| it["name"].to_string());
        bindings
    };
    let before = bound();
    world.project(&config("api"));
    for (old, new) in [("wrangler-4-40", "first"), ("wrangler-4-61", "second")] {
        world.write("secrets.json", &json!({"CHANGED": new, "NEW": new}).to_string());
        let main = npm::wranglers().join("node_modules").join(old).join("bin/wrangler.js");
        let none = world.directory.path().join("none");
        world
            .node(&main, &["secret", "bulk", "secrets.json", "--name", "api"], "", &none)
            .await
            .ok();
        assert_eq!(
            world.requests().await,
            "200 GET /workers/scripts/api/settings\n200 PATCH /workers/scripts/api/settings",
            "{old}"
        );
        let mut expected = before.as_array().unwrap().clone();
        for binding in &mut expected {
            if binding["name"] == "CHANGED" {
                binding["text"] = json!(new);
            }
        }
        expected.push(json!({"type": "secret_text", "name": "NEW", "text": new}));
        expected.sort_by_key(|it| it["name"].to_string());
        assert_eq!(bound(), json!(expected), "{old}");
    }
    world.cloud.stop().await;
}

const UNKNOWN: &str = "3f7f4c8e-0000-4000-8000-000000000001";

#[tokio::test]
async fn unknown_and_malformed_versions_have_their_codes() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api", "versions": 2}]})).await;
    let version = async |id: &str| {
        let answer = world
            .api("GET", &script(&format!("api/versions/{id}")), &Value::Null)
            .await;
        (answer.status, answer.code())
    };
    assert_eq!(version(UNKNOWN).await, (404, 100_146));
    assert_eq!(version("latest").await, (400, 10004));
    assert_eq!(version("00000000-0000-0000-0000-000000000000").await, (500, 10013));
    world.seed(json!({"settings": {"unknown_version_code": 10071}})).await;
    assert_eq!(version(UNKNOWN).await, (404, 10071));

    let known = world.worker("api")["versions"][1]["id"].clone();
    let deploy = async |versions: Value| {
        let body = json!({"strategy": "percentage", "versions": versions});
        let answer = world.api("POST", &script("api/deployments"), &body).await;
        (answer.status, answer.code())
    };
    for bad in [
        json!([{"version_id": UNKNOWN, "percentage": 100}]),
        json!([{"version_id": "latest", "percentage": 100}]),
        json!([{"version_id": known, "percentage": 99}]),
        json!([]),
    ] {
        assert_eq!(deploy(bad.clone()).await, (400, 10210), "{bad}");
    }
    // Only ten deployments are listed, whatever page is asked for.
    for _ in 0..12 {
        assert_eq!(deploy(json!([{"version_id": known, "percentage": 100}])).await.0, 200);
    }
    for query in ["", "?page=2", "?per_page=50"] {
        let listed = world
            .api("GET", &script(&format!("api/deployments{query}")), &Value::Null)
            .await;
        assert_eq!(
            listed.json()["result"]["deployments"].as_array().unwrap().len(),
            10,
            "{query}"
        );
    }
    world.cloud.stop().await;
}

fn form(metadata: &Value, module: &str) -> String {
    format!(
        "--X\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{metadata}\r\n--X\r\nContent-Disposition: form-data; name=\"index.js\"; filename=\"index.js\"\r\nContent-Type: application/javascript+module\r\n\r\n{module}\r\n--X--\r\n"
    )
}

async fn upload(world: &World, method: &str, path: &str, metadata: &Value) -> http::Answer {
    let headers = [
        ("authorization", "Bearer any"),
        ("content-type", "multipart/form-data; boundary=X"),
    ];
    let url = format!("{}{path}", world.cloud.cloudflare);
    http::send(method, &url, &headers, form(metadata, "export default {}"))
        .await
        .unwrap()
}

/// A setting of the Worker: neither an upload of a version nor its deployment changes it (telemetry sheet, section 1).
#[tokio::test]
async fn no_version_carries_observability() {
    let world = World::new().await;
    let on = json!({"main_module": "index.js", "observability": {"enabled": true}});
    assert_eq!(
        upload(&world, "PUT", &script("off"), &json!({"main_module": "index.js"}))
            .await
            .status,
        200
    );
    let version = upload(&world, "POST", &script("off/versions"), &on).await.json();
    let id = &version["result"]["id"];
    let body = json!({"strategy": "percentage", "versions": [{"version_id": id, "percentage": 100}]});
    assert_eq!(world.api("POST", &script("off/deployments"), &body).await.status, 200);
    assert_eq!(world.worker("off")["settings"]["observability"], Value::Null);
    let detail = world
        .api(
            "GET",
            &script(&format!("off/versions/{}", id.as_str().unwrap())),
            &Value::Null,
        )
        .await;
    assert!(!detail.text().contains("observability"), "{}", detail.text());
    // A full upload carries it, and so does the call that is made for it.
    assert_eq!(upload(&world, "PUT", &script("off"), &on).await.status, 200);
    assert_eq!(world.worker("off")["settings"]["observability"]["enabled"], true);
    let off = json!({"observability": {"enabled": false}});
    assert_eq!(
        world.api("PATCH", &script("off/script-settings"), &off).await.status,
        200
    );
    assert_eq!(world.worker("off")["settings"]["observability"]["enabled"], false);
    world.cloud.stop().await;
}

#[tokio::test]
async fn durable_objects_that_change_hands_are_not_modelled() {
    let world = World::new().await;
    let transfer = json!([{"from": "Old", "from_script": "other", "to": "New"}]);
    for migrations in [
        json!({"new_tag": "v2", "transferred_classes": transfer}),
        json!({"new_tag": "v2", "steps": [{"new_classes": ["A"]}, {"transferred_classes": transfer}]}),
    ] {
        let metadata = json!({"main_module": "index.js", "migrations": migrations});
        let answer = upload(&world, "PUT", &script("api"), &metadata).await;
        assert_eq!(answer.status, 501, "{}", answer.text());
    }
    assert_eq!(world.worker("api"), Value::Null);
    let log = world.cloud.requests().unwrap();
    assert!(log.as_array().unwrap().iter().all(|it| it["unknown"] == true));
    let metadata = json!({"main_module": "index.js", "migrations": {"new_tag": "v1", "new_classes": ["A"], "transferred_classes": []}});
    assert_eq!(upload(&world, "PUT", &script("api"), &metadata).await.status, 200);
    assert_eq!(world.worker("api")["migration_tag"], "v1");
    world.cloud.stop().await;
}

#[tokio::test]
async fn small_questions_of_other_tools_are_answered() {
    let world = World::new().await;
    let module = "export default { queue() {} };";
    world
        .seed(json!({
            "workers": [{"name": "api", "module": module}],
            "queues": [{"name": "jobs", "consumers": [{"script": "api"}]}, {"name": "other"}],
        }))
        .await;
    // alchemy asks for the queues of a Worker.
    let consumers = world
        .api("GET", &script("api/queue-consumers?perPage=100"), &Value::Null)
        .await
        .json();
    let queue = world.account()["queues"][0]["queue_id"].clone();
    assert_eq!(consumers["result_info"]["total_count"], 1);
    let consumer = &consumers["result"][0];
    assert_eq!(
        (&consumer["queue_name"], &consumer["queue_id"], &consumer["script"]),
        (&json!("jobs"), &queue, &json!("api")),
        "{consumer:#}"
    );
    let nobody = world.api("GET", &script("nobody/queue-consumers"), &Value::Null).await;
    assert_eq!((nobody.status, nobody.code()), (404, 10007));
    // octodns asks for page rules.
    let rules = world
        .api("GET", &format!("/zones/{ZONE}/pagerules?status=active"), &Value::Null)
        .await;
    assert_eq!((rules.status, &rules.json()["result"]), (200, &json!([])));
    let rule = world.api("POST", &format!("/zones/{ZONE}/pagerules"), &json!({})).await;
    assert_eq!(rule.status, 501);
    // A Worker that was created and never uploaded handles nothing.
    let path = format!("/accounts/{ACCOUNT}/workers/workers");
    assert_eq!(world.api("POST", &path, &json!({"name": "draft"})).await.status, 200);
    let all = world
        .api("GET", &format!("/accounts/{ACCOUNT}/workers/scripts"), &Value::Null)
        .await
        .json();
    let handlers = |name: &str| {
        let found = all["result"].as_array().unwrap().iter().find(|it| it["id"] == name);
        found.unwrap()["handlers"].clone()
    };
    assert_eq!((handlers("draft"), handlers("api")), (json!([]), json!(["fetch"])));
    world.cloud.stop().await;
}

/// A tail never leads to the live service.
#[tokio::test]
async fn wrangler_tails_at_a_host_of_the_double() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api"}]})).await;
    world.project(&with(config("api"), &json!({})));
    let tail = async { world.wrangler(&["tail", "api", "--format", "json"]).await };
    let opened = async {
        for _ in 0..600 {
            let log = world.cloud.requests().unwrap();
            let is_open = log
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it["method"] == "POST" && it["status"] == 200);
            if is_open {
                // Time enough for wrangler to find that its socket is refused, were it so.
                tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("wrangler opened no tail");
    };
    tokio::select! {
        ended = tail => panic!("the tail ended by itself: {ended:?}"),
        () = opened => {}
    }
    let tails = world.worker("api")["tails"].clone();
    let url = tails[0]["url"].as_str().unwrap();
    let host = world
        .cloud
        .cloudflare
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap();
    assert!(url.starts_with(&format!("ws://{host}/tails/")), "{url}");
    world.cloud.stop().await;
}
