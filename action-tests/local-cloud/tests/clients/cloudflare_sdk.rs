//! Cloudflare's own SDK for TypeScript.

use serde_json::{Value, json};

use crate::npm;
use crate::world::{World, ZONE};

const SCRIPT: &str = r#"
import Cloudflare from "cloudflare";
const client = new Cloudflare({ apiToken: process.env.CLOUDFLARE_API_TOKEN, baseURL: process.env.CLOUDFLARE_API_BASE_URL });
const zones = [];
for await (const zone of client.zones.list({ name: "example.com" })) zones.push(zone);
const zone_id = zones[0].id;
const made = await client.dns.records.create({ zone_id, type: "AAAA", name: "pr-42.example.com", content: "100::", proxied: true, ttl: 1, comment: "owner pr-42" });
const batch = await client.dns.records.batch({ zone_id, posts: [
  { type: "TXT", name: "a", content: "1", ttl: 60 }, { type: "TXT", name: "b", content: "2", ttl: 60 },
] });
const records = [];
for await (const record of client.dns.records.list({ zone_id, per_page: 2 })) records.push(record.name);
const owned = [];
for await (const record of client.dns.records.list({ zone_id, comment: { startswith: "owner" } })) owned.push(record.id);
await client.dns.records.delete(made.id, { zone_id });
let refused;
try { await client.dns.records.delete(made.id, { zone_id }); } catch (error) { refused = [error.status, error.errors[0].code]; }
const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const workers = [];
for await (const worker of client.workers.scripts.list({ account_id })) workers.push(worker.id);
const namespace = await client.kv.namespaces.create({ account_id, title: "cache" });
const token = await client.user.tokens.verify();
console.log(JSON.stringify({ zones: zones.map((zone) => zone.name), posts: batch.posts.length, records, owned: owned.length, refused, workers, title: namespace.title, token: token.status }));
"#;

#[tokio::test]
async fn the_sdk_lists_zones_and_changes_records() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api"}, {"name": "web"}]})).await;
    world.write("sdk.mjs", SCRIPT);
    // Node finds packages beside the script.
    std::os::unix::fs::symlink(
        npm::clients().join("node_modules"),
        world.directory.path().join("node_modules"),
    )
    .unwrap();
    let script = world.directory.path().join("sdk.mjs");
    let ended = world
        .node(&script, &[], "", &world.directory.path().join("none"))
        .await
        .ok();
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        told,
        json!({
            "zones": ["example.com"],
            "posts": 2,
            "records": ["pr-42.example.com", "a.example.com", "b.example.com"],
            "owned": 1,
            "refused": [404, 81044],
            "workers": ["api", "web"],
            "title": "cache",
            "token": "active",
        })
    );
    let requests = world.requests().await;
    assert!(
        requests.contains(&format!("200 GET /zones/{ZONE}/dns_records?page=2&per_page=2"))
            || requests.contains("page=2"),
        "{requests}"
    );
    world.cloud.stop().await;
}
