//! Real wrangler with what Workers use beside KV: R2 buckets, D1 databases, queues and workflows.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World};
use crate::wrangler::{config, with};

/// A Worker that handles messages and has the class of a workflow.
const MODULE: &str = r#"import { WorkflowEntrypoint } from "cloudflare:workers";
export class Ship extends WorkflowEntrypoint { async run() {} }
export default { fetch() { return new Response("ok"); }, async queue(batch) { batch.ackAll(); } };
"#;

fn project(world: &World, name: &str, more: &Value) {
    world.project(&with(config(name), more));
    world.write("src/index.js", MODULE);
}

/// What a first deploy asks, with what it asks in between and at its end.
fn first(name: &str, before: &str, after: &str) -> String {
    format!(
        "404 GET /workers/services/{name}
404 GET /workers/scripts/{name}/secrets
{before}200 PUT /workers/scripts/{name}?excludeScript=true&bindings_inherit=strict
200 GET /workers/workers/{name}
200 POST /workers/scripts/{name}/subdomain{after}"
    )
}

/// The same of a deploy of a Worker that exists.
fn again(name: &str, before: &str, after: &str) -> String {
    format!(
        "200 GET /workers/services/{name}
200 GET /workers/scripts/{name}/secrets
{before}200 POST /workers/scripts/{name}/versions?bindings_inherit=strict
200 POST /workers/scripts/{name}/deployments
200 PATCH /workers/scripts/{name}/script-settings
200 GET /workers/workers/{name}
200 POST /workers/scripts/{name}/subdomain{after}"
    )
}

/// The two questions about the Worker itself that come before its resources.
fn own(name: &str, status: u16) -> String {
    format!("{status} GET /workers/scripts/{name}/deployments\n{status} GET /workers/scripts/{name}/settings\n")
}

fn bindings(world: &World, worker: &str) -> Vec<Value> {
    let all = world.worker(worker)["versions"][0]["content"]["bindings"].clone();
    let all = all.as_array().unwrap().clone();
    all.into_iter().filter(|it| it["type"] != "plain_text").collect()
}

async fn code(world: &World, method: &str, path: &str, body: &Value) -> (u16, u64) {
    let answer = world.api(method, &format!("/accounts/{ACCOUNT}{path}"), body).await;
    (answer.status, answer.code())
}

#[tokio::test]
async fn a_bucket_is_created_bound_and_inherited() {
    let world = World::new().await;
    project(&world, "api", &json!({}));
    world.wrangler(&["r2", "bucket", "create", "files"]).await.ok();
    assert_eq!(world.requests().await, "200 POST /r2/buckets");
    let twice = world.wrangler(&["r2", "bucket", "create", "files"]).await;
    assert_eq!(twice.entries[0]["code"], 10004);
    let listed = world.wrangler(&["r2", "bucket", "list"]).await.ok();
    assert!(listed.stdout.contains("files"), "{}", listed.stdout);
    world.requests().await;

    let bound = json!({"r2_buckets": [{"binding": "FILES", "bucket_name": "files"}]});
    project(&world, "api", &bound);
    world.wrangler(&["deploy"]).await.ok();
    let before = own("api", 404) + "200 GET /r2/buckets/files\n";
    assert_eq!(world.requests().await, first("api", &before, ""));
    assert_eq!(
        bindings(&world, "api"),
        [json!({"name": "FILES", "type": "r2_bucket", "bucket_name": "files"})]
    );
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(world.requests().await, again("api", &own("api", 200), ""));

    world.wrangler(&["r2", "bucket", "delete", "files"]).await.ok();
    let refused = world.wrangler(&["deploy", "--no-x-provision"]).await;
    assert_eq!(refused.entries[0]["code"], 10085);
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn what_is_missing_is_made_by_a_deploy_that_may() {
    let world = World::new().await;
    let wanted = json!({
        "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
        "d1_databases": [{"binding": "DB", "database_name": "shop"}],
        "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}]},
    });
    project(&world, "api", &wanted);
    world.wrangler(&["deploy"]).await.ok();
    let mut asked: Vec<String> = world.requests().await.lines().map(str::to_owned).collect();
    asked.retain(|it| ["/r2/", "/d1/", "/queues"].iter().any(|part| it.contains(part)));
    // It looks for all at once.
    asked[..3].sort();
    assert_eq!(
        asked,
        [
            "200 GET /queues?name=jobs&page=1",
            "404 GET /d1/database/shop",
            "404 GET /r2/buckets/files",
            "200 GET /d1/database?per_page=1000&page=1",
            "200 POST /d1/database",
            "200 GET /r2/buckets",
            "200 POST /r2/buckets",
            "200 GET /queues?page=1",
            "200 POST /queues",
        ]
    );
    let account = world.account();
    assert_eq!(
        (&account["r2"][0]["name"], &account["d1"][0]["name"]),
        (&json!("files"), &json!("shop"))
    );
    assert_eq!(account["queues"][0]["queue_name"], "jobs");
    assert_eq!(bindings(&world, "api").len(), 3);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_database_is_created_and_bound_by_id() {
    let world = World::new().await;
    project(&world, "api", &json!({}));
    world.wrangler(&["d1", "create", "shop"]).await.ok();
    assert_eq!(world.requests().await, "200 POST /d1/database");
    let twice = world.wrangler(&["d1", "create", "shop"]).await;
    assert!(twice.stderr.contains("already exists"), "{}", twice.stderr);
    world.requests().await;

    let id = world.account()["d1"][0]["uuid"].clone();
    let bound = |id: &Value| json!({"d1_databases": [{"binding": "DB", "database_name": "shop", "database_id": id}]});
    project(&world, "api", &bound(&id));
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(world.requests().await, first("api", &own("api", 404), ""));
    assert_eq!(bindings(&world, "api"), [json!({"name": "DB", "type": "d1", "id": id})]);
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(world.requests().await, again("api", &own("api", 200), ""));

    project(&world, "api", &bound(&json!("8a1b6f2e-0000-4000-8000-000000000001")));
    let refused = world.wrangler(&["deploy"]).await;
    assert_eq!(refused.entries[0]["code"], 10181);
    project(&world, "api", &json!({}));
    world.requests().await;
    world.wrangler(&["d1", "delete", "shop", "-y"]).await.ok();
    assert_eq!(
        world.requests().await,
        format!(
            "200 GET /d1/database/shop?fields=uuid%2Cname\n200 DELETE /d1/database/{}",
            id.as_str().unwrap()
        )
    );
    assert_eq!(world.account()["d1"], json!([]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_queue_is_created_and_sent_to() {
    let world = World::new().await;
    project(&world, "api", &json!({}));
    world.wrangler(&["queues", "create", "jobs"]).await.ok();
    assert_eq!(world.requests().await, "200 POST /queues");
    let twice = world.wrangler(&["queues", "create", "jobs"]).await;
    assert_eq!(twice.entries[0]["code"], 11009);
    world.requests().await;

    let bound = json!({"queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}]}});
    project(&world, "api", &bound);
    let ended = world.wrangler(&["deploy"]).await.ok();
    assert_eq!(ended.entries[0]["targets"], json!(["Producer for jobs"]));
    let before = own("api", 404) + "200 GET /queues?name=jobs&page=1\n";
    assert_eq!(world.requests().await, first("api", &before, ""));
    assert_eq!(
        bindings(&world, "api"),
        [json!({"name": "JOBS", "type": "queue", "queue_name": "jobs"})]
    );
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(world.requests().await, again("api", &own("api", 200), ""));
    let told = world.wrangler(&["queues", "info", "jobs"]).await.ok();
    assert!(told.stdout.contains("Producers: worker:api"), "{}", told.stdout);

    // Without provisioning, wrangler itself says that a queue is missing, before it uploads.
    world.wrangler(&["queues", "delete", "jobs"]).await.ok();
    world.requests().await;
    let refused = world.wrangler(&["deploy", "--no-x-provision"]).await;
    let message = refused.entries[0]["message"].as_str().unwrap();
    assert!(message.starts_with("Queue \"jobs\" does not exist."), "{message}");
    assert!(!world.requests().await.contains("POST"));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_deploy_makes_its_worker_the_consumer_of_a_queue() {
    let world = World::new().await;
    world
        .seed(json!({"queues": [{"name": "jobs"}, {"name": "dead"}]}))
        .await;
    let queue = world.account()["queues"][0]["queue_id"].as_str().unwrap().to_owned();
    let declared = |retries: u32| {
        json!({"queues": {"consumers": [
            {"queue": "jobs", "max_batch_size": 5, "max_batch_timeout": 0, "max_retries": retries, "dead_letter_queue": "dead"},
        ]}})
    };
    project(&world, "jobs-worker", &declared(2));
    let ended = world.wrangler(&["deploy"]).await.ok();
    assert_eq!(ended.entries[0]["targets"], json!(["Consumer for jobs"]));
    let asked = "200 GET /queues?name=jobs&page=1\n";
    let looked = "\n200 GET /queues?page=1&name=jobs\n200 GET /queues?page=1&name=jobs";
    let made = format!("{looked}\n200 POST /queues/{queue}/consumers");
    let before = asked.to_owned() + &own("jobs-worker", 404);
    assert_eq!(world.requests().await, first("jobs-worker", &before, &made));
    let consumer = world.account()["queues"][0]["consumers"][0].clone();
    assert_eq!(
        (&consumer["script"], &consumer["dead_letter_queue"]),
        (&json!("jobs-worker"), &json!("dead"))
    );
    assert_eq!(
        consumer["settings"],
        json!({"batch_size": 5, "max_retries": 2, "max_wait_time_ms": 0, "max_concurrency": null, "retry_delay": 0})
    );

    project(&world, "jobs-worker", &declared(4));
    world.wrangler(&["deploy"]).await.ok();
    let put = format!(
        "{looked}\n200 PUT /queues/{queue}/consumers/{}",
        consumer["consumer_id"].as_str().unwrap()
    );
    let before = asked.to_owned() + &own("jobs-worker", 200);
    assert_eq!(world.requests().await, again("jobs-worker", &before, &put));
    let changed = world.account()["queues"][0]["consumers"].clone();
    assert_eq!(
        (
            changed.as_array().unwrap().len(),
            &changed[0]["settings"]["max_retries"]
        ),
        (1, &json!(4))
    );

    // Another Worker is live before it is refused as the second consumer.
    project(&world, "rival", &declared(2));
    let refused = world.wrangler(&["deploy"]).await;
    let message = refused.entries[0]["message"].as_str().unwrap();
    assert!(
        message.contains("Queue 'jobs' already has a consumer. [code: 11004]"),
        "{message}"
    );
    assert_eq!(world.worker("rival")["deployments"].as_array().unwrap().len(), 1);
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_consumer_holds_its_worker_until_force() {
    let world = World::new().await;
    world.seed(json!({"queues": [{"name": "jobs"}]})).await;
    let consumes = json!({"queues": {"consumers": [{"queue": "jobs"}]}});
    project(&world, "api", &consumes);
    world.wrangler(&["deploy"]).await.ok();

    // A queue that the configuration no longer names still sends to this Worker.
    world.project(&config("api"));
    let refused = world.wrangler(&["deploy"]).await;
    assert_eq!(refused.entries[0]["code"], 11001);

    let held = world.wrangler(&["delete", "--name", "api"]).await;
    assert_eq!((held.code, &held.entries[0]["code"]), (Some(1), &json!(10064)));
    world.wrangler(&["delete", "--name", "api", "--force"]).await.ok();
    assert_eq!(world.worker("api"), Value::Null);
    assert_eq!(world.account()["queues"][0]["consumers"], json!([]));

    project(&world, "other", &consumes);
    world.wrangler(&["deploy"]).await.ok();
    world
        .wrangler(&["queues", "consumer", "remove", "jobs", "other"])
        .await
        .ok();
    world.wrangler(&["delete", "--name", "other"]).await.ok();
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_deploy_makes_a_workflow_and_takes_one_over() {
    let world = World::new().await;
    let runs = json!({"workflows": [{"name": "orders", "binding": "ORDERS", "class_name": "Ship"}]});
    project(&world, "web", &runs);
    let ended = world.wrangler(&["deploy"]).await.ok();
    assert_eq!(ended.entries[0]["targets"], json!(["workflow: orders"]));
    let made = "\n200 GET /workers/subdomain\n200 PUT /workflows/orders";
    let before = "404 GET /workflows/orders\n".to_owned() + &own("web", 404);
    assert_eq!(world.requests().await, first("web", &before, made));
    assert_eq!(
        bindings(&world, "web"),
        [json!({"name": "ORDERS", "type": "workflow", "workflow_name": "orders", "class_name": "Ship"})]
    );
    world.wrangler(&["deploy"]).await.ok();
    let before = "200 GET /workflows/orders\n".to_owned() + &own("web", 200);
    assert_eq!(world.requests().await, again("web", &before, made));
    assert_eq!(world.account()["workflows"][0]["script_name"], "web");

    // In CI the question whether to take it is answered by yes.
    project(&world, "rival", &runs);
    let taken = world.wrangler(&["deploy"]).await.ok();
    assert!(
        taken.stderr.contains("currently belongs to \"web\""),
        "{}",
        taken.stderr
    );
    let workflows = world.account()["workflows"].clone();
    assert_eq!(
        (workflows.as_array().unwrap().len(), &workflows[0]["script_name"]),
        (1, &json!("rival"))
    );
    assert_eq!(workflows[0]["versions"].as_array().unwrap().len(), 3);
    world.wrangler(&["workflows", "describe", "orders"]).await.ok();

    // The workflow outlives its Worker.
    world.wrangler(&["delete", "--name", "rival"]).await.ok();
    let path = format!("/accounts/{ACCOUNT}/workflows/orders");
    let left = world.api("GET", &path, &Value::Null).await.json();
    assert_eq!(left["result"]["script_deleted"], true);
    world.wrangler(&["workflows", "delete", "orders"]).await.ok();
    assert_eq!(
        code(&world, "GET", "/workflows/orders", &Value::Null).await,
        (404, 10200)
    );
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_dry_run_tells_bindings_and_neither_consumers_nor_names_without_ids() {
    let world = World::new().await;
    let all = json!({
        "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
        "d1_databases": [{"binding": "DB", "database_name": "shop"}],
        "queues": {
            "producers": [{"binding": "JOBS", "queue": "jobs", "delivery_delay": 5}],
            "consumers": [{"queue": "jobs", "max_batch_size": 5}],
        },
        "workflows": [{"name": "orders", "binding": "ORDERS", "class_name": "Ship", "limits": {"steps": 9}}],
        "vars": {},
    });
    project(&world, "api", &all);
    world
        .wrangler(&["deploy", "--dry-run", "--outdir", "dist", "--outfile", "dist/form"])
        .await
        .ok();
    assert_eq!(world.requests().await, "");
    let form = std::fs::read(world.directory.path().join("dist/form")).unwrap();
    let form = String::from_utf8_lossy(&form);
    let metadata = form.lines().find(|it| it.starts_with('{')).unwrap();
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    assert_eq!(
        metadata["bindings"],
        json!([
            {"type": "workflow", "name": "ORDERS", "workflow_name": "orders", "class_name": "Ship"},
            {"type": "queue", "name": "JOBS", "queue_name": "jobs", "delivery_delay": 5},
            {"name": "FILES", "type": "r2_bucket", "bucket_name": "files"},
            {"name": "DB", "type": "inherit"},
        ])
    );
    world.cloud.stop().await;
}
