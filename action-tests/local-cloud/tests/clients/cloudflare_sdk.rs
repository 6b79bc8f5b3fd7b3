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
const itself = await client.user.tokens.get(token.id);
const ofAccount = await client.accounts.tokens.get(token.id, { account_id });
const groups = [itself, ofAccount].map((it) => it.policies[0].permission_groups.some((group) => group.name === "DNS Write"));
console.log(JSON.stringify({ zones: zones.map((zone) => zone.name), posts: batch.posts.length, records, owned: owned.length, refused, workers, title: namespace.title, token: token.status, groups }));
"#;

/// Runs a script that imports the SDK, and reads the JSON that it prints.
pub(crate) async fn run(world: &World, script: &str) -> Value {
    world.write("sdk.mjs", script);
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
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn the_sdk_lists_zones_and_changes_records() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api"}, {"name": "web"}]})).await;
    let told = run(&world, SCRIPT).await;
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
            "groups": [true, true],
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

const RESOURCES: &str = r#"
import Cloudflare from "cloudflare";
const client = new Cloudflare({ apiToken: process.env.CLOUDFLARE_API_TOKEN, baseURL: process.env.CLOUDFLARE_API_BASE_URL, maxRetries: 0 });
const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const code = async (promise) => { try { await promise; return 0; } catch (error) { return [error.status, error.errors[0].code]; } };
const all = async (list, name) => { const found = []; for await (const it of list) found.push(name(it)); return found; };

for (const name of ["bravo", "alpha", "charlie"]) await client.r2.buckets.create({ account_id, name });
const first = await client.r2.buckets.list({ account_id, per_page: 2 });
const rest = await client.r2.buckets.list({ account_id, start_after: first.buckets.at(-1).name });
const eu = await client.r2.buckets.create({ account_id, name: "alpha", "cf-r2-jurisdiction": "eu" });
await client.r2.buckets.delete("alpha", { account_id });
const r2 = {
  first: first.buckets.map((it) => it.name), rest: rest.buckets.map((it) => it.name), eu: eu.jurisdiction,
  class: (await client.r2.buckets.get("bravo", { account_id })).storage_class,
  gone: await code(client.r2.buckets.get("alpha", { account_id })),
  twice: await code(client.r2.buckets.create({ account_id, name: "bravo" })),
  bad: await code(client.r2.buckets.create({ account_id, name: "No" })),
};

const shop = await client.d1.database.create({ account_id, name: "shop" });
for (let i = 0; i < 11; i++) await client.d1.database.create({ account_id, name: `old-shop-${i}` });
const d1 = {
  // The filter is a search, and the list is longer than a page.
  found: (await all(client.d1.database.list({ account_id, name: "shop", per_page: 10 }), (it) => it.name)).length,
  one: (await client.d1.database.get(shop.uuid, { account_id })).name, version: shop.version,
  twice: await code(client.d1.database.create({ account_id, name: "shop" })),
};
await client.d1.database.delete(shop.uuid, { account_id });
d1.gone = await code(client.d1.database.get(shop.uuid, { account_id }));

const jobs = await client.queues.create({ account_id, queue_name: "jobs" });
const dead = await client.queues.create({ account_id, queue_name: "dead" });
const wanted = { account_id, type: "worker", script_name: "api", dead_letter_queue: "dead" };
const consumer = await client.queues.consumers.create(jobs.queue_id, wanted);
const queues = {
  consumer: [consumer.script_name, consumer.settings.batch_size],
  nobody: await code(client.queues.consumers.create(dead.queue_id, { ...wanted, script_name: "nobody" })),
  deaf: await code(client.queues.consumers.create(dead.queue_id, { ...wanted, script_name: "deaf" })),
  second: await code(client.queues.consumers.create(jobs.queue_id, { account_id, type: "http_pull" })),
  invalid: await code(client.queues.consumers.create(dead.queue_id, { ...wanted, settings: { batch_size: 1000 } })),
  listed: await all(client.queues.list({ account_id }), (it) => [it.queue_name, it.consumers_total_count]),
  used: await code(client.queues.delete(dead.queue_id, { account_id })),
  paused: (await client.queues.edit(jobs.queue_id, { account_id, settings: { delivery_paused: true } })).settings,
};
const put = await client.queues.consumers.update(consumer.consumer_id, { ...wanted, queue_id: jobs.queue_id, settings: { max_retries: 9 } });
queues.put = [put.settings.max_retries, put.settings.batch_size];
await client.queues.consumers.delete(consumer.consumer_id, { account_id, queue_id: jobs.queue_id });
queues.left = await all(client.queues.consumers.list(jobs.queue_id, { account_id }), (it) => it.consumer_id);
await client.queues.delete(dead.queue_id, { account_id });
queues.gone = await code(client.queues.get(dead.queue_id, { account_id }));

const made = await client.workflows.update("orders", { account_id, script_name: "api", class_name: "Ship" });
const workflows = {
  nobody: await code(client.workflows.update("orders", { account_id, script_name: "nobody", class_name: "Ship" })),
  listed: await all(client.workflows.list({ account_id }), (it) => [it.id === made.id, it.script_name]),
  versions: await all(client.workflows.versions.list("orders", { account_id }), (it) => it.id === made.version_id),
  deleted: (await client.workflows.delete("orders", { account_id })).status,
  gone: await code(client.workflows.get("orders", { account_id })),
};
console.log(JSON.stringify({ r2, d1, queues, workflows }));
"#;

#[tokio::test]
async fn the_sdk_manages_buckets_databases_queues_and_workflows() {
    let world = World::new().await;
    let module = "export default { queue() {} };";
    world
        .seed(json!({"workers": [{"name": "api", "module": module}, {"name": "deaf"}]}))
        .await;
    let told = run(&world, RESOURCES).await;
    assert_eq!(
        told["r2"],
        json!({
            "first": ["alpha", "bravo"], "rest": ["charlie"], "eu": "eu", "class": "Standard",
            "gone": [404, 10006], "twice": [409, 10004], "bad": [400, 10005],
        })
    );
    assert_eq!(
        told["d1"],
        json!({"found": 12, "one": "shop", "version": "production", "twice": [400, 7502], "gone": [404, 7404]})
    );
    assert_eq!(
        told["queues"],
        json!({
            "consumer": ["api", 10], "nobody": [404, 10007], "deaf": [400, 11001], "second": [400, 11004],
            "invalid": [400, 100_127], "listed": [["jobs", 1], ["dead", 0]], "used": [400, 11005],
            "paused": {"delivery_delay": 0, "delivery_paused": true, "message_retention_period": 345_600},
            "put": [9, 10], "left": [], "gone": [404, 11000],
        })
    );
    assert_eq!(
        told["workflows"],
        json!({
            "nobody": [404, 10007], "listed": [[true, "api"]], "versions": [true], "deleted": "ok", "gone": [404, 10200],
        })
    );
    world.requests().await;
    world.cloud.stop().await;
}
