//! Real wrangler: deploys, triggers, secrets, KV, assets, deletion. What it asks for is held against
//! the sequences that were measured elsewhere, so that a new wrangler shows itself here.

use serde_json::{Value, json};

use crate::world::{World, ZONE};

/// Configuration of a Worker that is served nowhere.
pub(crate) fn config(name: &str) -> Value {
    json!({
        "name": name,
        "main": "src/index.js",
        "compatibility_date": "2026-11-01",
        "workers_dev": false,
        "vars": {"STAGE": "test"},
    })
}

pub(crate) fn with(mut config: Value, more: &Value) -> Value {
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    config
}

#[tokio::test]
async fn a_first_deploy_puts_the_script_and_the_next_uploads_a_version() {
    let world = World::new().await;
    world.project(&config("api"));
    let first = world.wrangler(&["deploy"]).await.ok();
    assert_eq!(
        world.requests().await,
        "404 GET /workers/services/api
404 GET /workers/scripts/api/secrets
404 GET /workers/scripts/api/deployments
404 GET /workers/scripts/api/settings
200 PUT /workers/scripts/api?excludeScript=true&bindings_inherit=strict
200 GET /workers/workers/api
200 POST /workers/scripts/api/subdomain"
    );
    let worker = world.worker("api");
    let version = &worker["versions"][0];
    assert_eq!(first.entries[0]["version_id"], version["id"]);
    assert_eq!(worker["deployments"][0]["versions"][0]["percentage"], 100.0);
    assert_eq!(
        version["content"]["bindings"],
        json!([{"name": "STAGE", "type": "plain_text", "text": "test"}])
    );
    assert_eq!(version["source"], "wrangler");

    world.project(&with(config("api"), &json!({"vars": {"STAGE": "next"}})));
    let second = world
        .wrangler(&["deploy", "--message", "second", "--tag", "v2"])
        .await
        .ok();
    assert_eq!(
        world.requests().await,
        "200 GET /workers/services/api
200 GET /workers/scripts/api/secrets
200 GET /workers/scripts/api/deployments
200 GET /workers/scripts/api/settings
200 POST /workers/scripts/api/versions?bindings_inherit=strict
200 POST /workers/scripts/api/deployments
200 PATCH /workers/scripts/api/script-settings
200 GET /workers/workers/api
200 POST /workers/scripts/api/subdomain"
    );
    let worker = world.worker("api");
    let version = &worker["versions"][1];
    assert_eq!(second.entries[0]["version_id"], version["id"]);
    assert_eq!(worker["deployments"][0]["versions"][0]["version_id"], version["id"]);
    assert_eq!(version["annotations"]["workers/message"], "second");
    assert_eq!(version["annotations"]["workers/tag"], "v2");
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_deploy_attaches_a_custom_domain_and_routes() {
    let world = World::new().await;
    let routes = json!({"routes": [
        {"pattern": "api.example.com", "custom_domain": true},
        "example.com/api/*",
    ]});
    world.project(&with(config("api"), &routes));
    let ended = world.wrangler(&["deploy"]).await.ok();
    assert_eq!(
        ended.entries[0]["targets"],
        json!(["example.com/api/*", "api.example.com (custom domain)"])
    );
    let requests = world.requests().await;
    let triggers: Vec<&str> = requests.lines().skip(6).collect();
    assert_eq!(
        triggers,
        [
            "200 POST /workers/scripts/api/subdomain",
            "200 GET /zones?name=example.com&account.id=0123456789abcdef0123456789abcdef",
            "200 GET /zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes",
            "200 PUT /workers/scripts/api/routes",
            "200 POST /workers/scripts/api/domains/changeset?replace_state=true",
            "200 PUT /workers/scripts/api/domains/records",
        ]
    );

    let zone = world.zone();
    assert_eq!(zone["routes"][0]["pattern"], "example.com/api/*");
    assert_eq!(zone["routes"][0]["script"], "api");
    let record = &zone["records"][0];
    assert_eq!(
        (&record["type"], &record["content"], &record["proxied"]),
        (&json!("AAAA"), &json!("100::"), &json!(true))
    );
    assert_eq!(record["meta"]["read_only"], true);
    assert_eq!(world.account()["domains"][0]["service"], "api");
    assert_eq!(world.visit("api.example.com", "/").await.json()["worker"], "api");

    // The DNS API may not touch the record of a custom domain.
    let path = format!("/zones/{ZONE}/dns_records/{}", record["id"].as_str().unwrap());
    assert_eq!(world.api("DELETE", &path, &Value::Null).await.code(), 1043);
    world.cloud.stop().await;
}

#[tokio::test]
async fn in_ci_wrangler_overrides_what_is_in_the_way() {
    let world = World::new().await;
    world
        .seed(json!({
            "zones": [{"name": "example.com", "records": [{"type": "A", "name": "api", "content": "192.0.2.9"}]}],
        }))
        .await;
    let routes = json!({"routes": [{"pattern": "api.example.com", "custom_domain": true}]});
    world.project(&with(config("api"), &routes));
    world.wrangler(&["deploy"]).await.ok();
    let records = world.zone()["records"].clone();
    assert_eq!(records.as_array().unwrap().len(), 1);
    assert_eq!(records[0]["meta"]["read_only"], true);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_deploy_for_a_pull_request_carries_its_name_vars_and_secrets() {
    let world = World::new().await;
    world.project(&config("api"));
    world.write("secrets.json", r#"{"API_KEY":"s3cret"}"#);
    let arguments = [
        "deploy",
        "--name",
        "api-pr-42",
        "--var",
        "PR:42",
        "--secrets-file",
        "secrets.json",
    ];
    world.wrangler(&arguments).await.ok();
    let bindings = world.worker("api-pr-42")["versions"][0]["content"]["bindings"].clone();
    assert!(
        bindings
            .as_array()
            .unwrap()
            .contains(&json!({"name": "API_KEY", "type": "secret_text", "text": "s3cret"}))
    );
    assert!(
        bindings
            .as_array()
            .unwrap()
            .contains(&json!({"name": "PR", "type": "plain_text", "text": "42"}))
    );
    assert_eq!(world.worker("api"), Value::Null);

    // A secret that the next deploy does not name stays, since wrangler asks to keep it.
    world.wrangler(&["deploy", "--name", "api-pr-42"]).await.ok();
    let bindings = world.worker("api-pr-42")["versions"][1]["content"]["bindings"].clone();
    let names: Vec<&str> = bindings
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["STAGE", "API_KEY"]);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_secret_makes_a_version_and_deploys_it() {
    let world = World::new().await;
    world.project(&config("api"));
    world.wrangler(&["deploy"]).await.ok();
    world.requests().await;

    world.wrangler_reading(&["secret", "put", "API_KEY"], "one").await.ok();
    assert_eq!(world.requests().await, "200 PUT /workers/scripts/api/secrets");
    world.write("bulk.json", r#"{"API_KEY":"two","OTHER":"three"}"#);
    world.wrangler(&["secret", "bulk", "bulk.json"]).await.ok();
    assert_eq!(world.requests().await, "200 PATCH /workers/scripts/api/secrets-bulk");

    let worker = world.worker("api");
    let latest = &worker["versions"][2];
    assert_eq!(worker["deployments"][0]["versions"][0]["version_id"], latest["id"]);
    let secrets: Vec<&Value> = latest["content"]["bindings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] == "secret_text")
        .map(|it| &it["text"])
        .collect();
    assert_eq!(secrets, ["two", "three"]);

    let listed = world.wrangler(&["secret", "list"]).await.ok();
    assert!(
        listed.stdout.contains("API_KEY") && !listed.stdout.contains("two"),
        "{}",
        listed.stdout
    );

    // A name that is a variable cannot be a secret as well.
    let refused = world.wrangler_reading(&["secret", "put", "STAGE"], "x").await;
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.entries[0]["code"], 10053);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_secret_for_an_unknown_worker_makes_a_draft() {
    let world = World::new().await;
    world.project(&config("api"));
    world
        .wrangler_reading(&["secret", "put", "API_KEY", "--name", "fresh"], "one")
        .await
        .ok();
    assert_eq!(
        world.requests().await,
        "404 PUT /workers/scripts/fresh/secrets
200 PUT /workers/scripts/fresh
200 PUT /workers/scripts/fresh/secrets"
    );
    assert_eq!(
        world.worker("fresh")["versions"][1]["content"]["bindings"][0]["text"],
        "one"
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn deleting_a_worker_leaves_its_domain_and_asks_who_binds_to_it() {
    let world = World::new().await;
    world
        .seed(json!({"workers": [
            {"name": "auth", "domains": ["auth.example.com"]},
            {"name": "web", "services": {"AUTH": "auth"}},
        ]}))
        .await;
    world.project(&config("auth"));
    // In CI the question is answered by yes, and wrangler forces the deletion.
    world.wrangler(&["delete", "--name", "auth"]).await.ok();
    assert_eq!(
        world.requests().await,
        "200 GET /workers/scripts/auth/references
200 GET /workers/tails/by-consumer/auth
200 GET /workers/durable_objects/namespaces?per_page=1000&page=1
200 DELETE /workers/services/auth?force=true
200 GET /storage/kv/namespaces?per_page=100&order=title&direction=asc&page=1"
    );
    assert_eq!(world.worker("auth"), Value::Null);
    assert_eq!(world.account()["domains"][0]["hostname"], "auth.example.com");
    assert_eq!(world.visit("auth.example.com", "/").await.status, 522);

    let missing = world.wrangler(&["delete", "--name", "nobody"]).await;
    assert_eq!(missing.code, Some(1));
    assert_eq!(missing.entries[0]["code"], 10007);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_kv_namespace_is_created_once_and_bound_by_id() {
    let world = World::new().await;
    world.project(&config("api"));
    world.wrangler(&["kv", "namespace", "create", "cache"]).await.ok();
    let namespace = world.account()["kv"][0].clone();
    assert_eq!(namespace["title"], "cache");
    let again = world.wrangler(&["kv", "namespace", "create", "cache"]).await;
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("already exists"), "{}", again.stderr);
    let listed = world.wrangler(&["kv", "namespace", "list"]).await.ok();
    assert!(listed.stdout.contains(namespace["id"].as_str().unwrap()));
    world.requests().await;

    let bound = |id: &Value| {
        with(
            config("api"),
            &json!({"kv_namespaces": [{"binding": "CACHE", "id": id}]}),
        )
    };
    world.project(&bound(&namespace["id"]));
    world.wrangler(&["deploy", "--no-x-provision"]).await.ok();
    let bindings = world.worker("api")["versions"][0]["content"]["bindings"].clone();
    assert!(
        bindings
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["namespace_id"] == namespace["id"])
    );

    world.project(&bound(&json!("ffffffffffffffffffffffffffffffff")));
    let refused = world.wrangler(&["deploy", "--no-x-provision"]).await;
    assert_eq!(refused.entries[0]["code"], 10041);
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_binding_without_an_id_is_provisioned_and_then_inherited() {
    let world = World::new().await;
    world.project(&with(config("api"), &json!({"kv_namespaces": [{"binding": "CACHE"}]})));
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(world.account()["kv"][0]["title"], "api-cache");
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(world.account()["kv"].as_array().unwrap().len(), 1);
    let bindings = world.worker("api")["versions"][1]["content"]["bindings"].clone();
    assert!(
        bindings
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["namespace_id"] == world.account()["kv"][0]["id"])
    );
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn static_assets_are_uploaded_once() {
    let world = World::new().await;
    let assets = json!({"assets": {"directory": "public", "binding": "ASSETS"}});
    world.project(&with(config("web"), &assets));
    for number in 0..12 {
        world.write(&format!("public/page-{number}.html"), &format!("<p>{number}"));
    }
    world.wrangler(&["deploy"]).await.ok();
    let uploads = |requests: &str| {
        requests
            .lines()
            .filter(|it| it.contains("/workers/assets/upload?base64=true"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let requests = world.requests().await;
    let done = uploads(&requests);
    assert_eq!(done.len(), 2, "{requests}");
    assert!(done.iter().any(|it| it.starts_with("201 ")) && done.iter().any(|it| it.starts_with("202 ")));
    let served = world.worker("web")["versions"][0]["content"]["assets"]["files"].clone();
    assert_eq!(served.as_object().unwrap().len(), 12);

    world.write("public/page-3.html", "<p>three");
    world.wrangler(&["deploy"]).await.ok();
    assert_eq!(uploads(&world.requests().await).len(), 1);
    let next = world.worker("web")["versions"][1]["content"]["assets"]["files"].clone();
    assert_ne!(next["/page-3.html"], served["/page-3.html"]);
    assert_eq!(next["/page-4.html"], served["/page-4.html"]);

    world.wrangler(&["deploy"]).await.ok();
    assert!(uploads(&world.requests().await).is_empty());
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_service_binding_needs_its_target_first() {
    let world = World::new().await;
    world.project(&with(
        config("web"),
        &json!({"services": [{"binding": "AUTH", "service": "auth"}]}),
    ));
    let refused = world.wrangler(&["deploy"]).await;
    assert_eq!(refused.entries[0]["code"], 10144);
    assert_eq!(world.worker("web"), Value::Null);
    world.seed(json!({"workers": [{"name": "auth"}]})).await;
    world.wrangler(&["deploy"]).await.ok();
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_token_without_the_permission_is_told_10000() {
    let world = World::new().await;
    world
        .seed(json!({"tokens": {"cf-token-for-tests": {"permissions": ["zone:read", "dns:edit"]}}}))
        .await;
    world.project(&config("api"));
    let refused = world.wrangler(&["deploy"]).await;
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.entries[0]["code"], 10000);
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn workers_dev_serves_a_worker_and_whoami_tells_the_account() {
    let world = World::new().await;
    world.project(&with(config("api"), &json!({"workers_dev": true})));
    let ended = world.wrangler(&["deploy"]).await.ok();
    assert_eq!(ended.entries[0]["targets"], json!(["https://api.acme.workers.dev"]));
    let answer = world.visit("api.acme.workers.dev", "/").await;
    assert_eq!(
        (answer.status, answer.json()["status"].clone()),
        (200, json!("healthy"))
    );
    let told = world.wrangler(&["whoami"]).await.ok();
    assert!(told.stdout.contains("Acme"), "{}", told.stdout);
    world.requests().await;
    world.cloud.stop().await;
}
