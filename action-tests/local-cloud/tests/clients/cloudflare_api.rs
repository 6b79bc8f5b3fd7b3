//! Cloudflare's API as an HTTP client sees it: what wrangler and the SDK do not ask for.

use serde_json::{Value, json};

use crate::http;
use crate::world::{ACCOUNT, World, ZONE};

fn records(query: &str) -> String {
    format!("/zones/{ZONE}/dns_records{query}")
}

#[tokio::test]
async fn ids_tokens_and_headers_are_checked_before_anything_else() {
    let world = World::new().await;
    let cases = [
        ("/zones/nonsense/dns_records", 404, 7003),
        ("/zones/ffffffffffffffffffffffffffffffff/dns_records", 403, 9109),
        ("/accounts/nonsense/workers/scripts", 404, 7003),
        ("/accounts/ffffffffffffffffffffffffffffffff/workers/scripts", 403, 10000),
    ];
    for (path, status, code) in cases {
        let answer = world.api("GET", path, &Value::Null).await;
        let outer = answer.json()["errors"][0]["code"].as_u64().unwrap();
        assert_eq!((answer.status, outer), (status, code), "{path}");
    }
    let url = format!("{}/zones", world.cloud.cloudflare);
    let anonymous = http::send("GET", &url, &[], "").await.unwrap();
    assert_eq!((anonymous.status, anonymous.code()), (400, 9106));
    let malformed = http::send("GET", &url, &[("authorization", "nonsense")], "")
        .await
        .unwrap();
    assert_eq!(
        (malformed.status, malformed.json()["errors"][0]["code"].clone()),
        (400, json!(6003))
    );
    assert!(malformed.header("cf-ray").ends_with("-LHR"));
    assert!(malformed.header("ratelimit").starts_with("\"default\";r="));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_limited_token_is_refused_where_it_holds_nothing() {
    let world = World::new().await;
    world
        .seed(json!({"tokens": {
            "reader": {"permissions": ["zone:read", "dns:read"], "zones": ["example.com"]},
            "expired": {"status": "expired"},
        }}))
        .await;
    let as_reader = async |method: &str, path: &str| {
        let answer = world.api_as("reader", method, path, &Value::Null).await;
        (answer.status, answer.code())
    };
    assert_eq!(as_reader("GET", &records("")).await, (200, 0));
    assert_eq!(as_reader("POST", &records("")).await, (403, 10000));
    assert_eq!(
        as_reader("GET", &format!("/zones/{ZONE}/workers/routes")).await,
        (403, 10000)
    );
    assert_eq!(
        as_reader("GET", &format!("/accounts/{ACCOUNT}/workers/scripts")).await,
        (403, 10000)
    );
    assert_eq!(
        as_reader("GET", "/zones/9a7806061c88ada191ed06f989cc3dac").await,
        (403, 9109)
    );
    let zones = world.api_as("reader", "GET", "/zones", &Value::Null).await.json();
    assert_eq!(zones["result_info"]["total_count"], 1);
    let expired = world.api_as("expired", "GET", &records(""), &Value::Null).await;
    assert_eq!((expired.status, expired.code()), (403, 9109));
    let told = world
        .api_as("expired", "GET", "/user/tokens/verify", &Value::Null)
        .await;
    assert_eq!(
        (told.status, told.json()["result"]["status"].clone()),
        (200, json!("expired"))
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn the_rate_limit_counts_and_ends_with_its_window() {
    let world = World::new().await;
    world.seed(json!({"settings": {"rate_limit": 2}})).await;
    for left in ["1", "0"] {
        let answer = world.api("GET", "/zones", &Value::Null).await;
        assert!(
            answer.header("ratelimit").contains(&format!("r={left};")),
            "{}",
            answer.header("ratelimit")
        );
    }
    let refused = world.api("GET", "/zones", &Value::Null).await;
    assert_eq!(refused.status, 429);
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    world.cloud.advance(wait).await.unwrap();
    assert_eq!(world.api("GET", "/zones", &Value::Null).await.status, 200);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_record_is_patched_in_part_and_put_as_a_whole() {
    let world = World::new().await;
    let body =
        json!({"type": "A", "name": "www", "content": "192.0.2.1", "ttl": 3600, "proxied": true, "comment": "mine"});
    let made = world.api("POST", &records(""), &body).await.json()["result"].clone();
    assert_eq!((&made["name"], &made["ttl"]), (&json!("www.example.com"), &json!(1)));
    let path = records(&format!("/{}", made["id"].as_str().unwrap()));
    let patched = world
        .api("PATCH", &path, &json!({"proxied": false, "ttl": 120}))
        .await
        .json()["result"]
        .clone();
    assert_eq!((&patched["ttl"], &patched["comment"]), (&json!(120), &json!("mine")));
    let put = world
        .api(
            "PUT",
            &path,
            &json!({"type": "A", "name": "www", "content": "192.0.2.2"}),
        )
        .await
        .json()["result"]
        .clone();
    assert_eq!(
        (&put["ttl"], &put["comment"], &put["proxied"]),
        (&json!(1), &Value::Null, &json!(false))
    );
    let twin = world
        .api(
            "POST",
            &records(""),
            &json!({"type": "A", "name": "www", "content": "192.0.2.2"}),
        )
        .await;
    assert_eq!((twin.status, twin.code()), (400, 81058));
    let gone = world.api("DELETE", &path, &Value::Null).await;
    assert_eq!(gone.json()["result"]["id"], made["id"]);
    let again = world.api("DELETE", &path, &Value::Null).await;
    assert_eq!((again.status, again.code()), (404, 81044));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_record_in_the_way_of_a_custom_domain_is_a_conflict() {
    let world = World::new().await;
    world
        .seed(json!({"workers": [{"name": "api"}, {"name": "web", "domains": ["web.example.com"]}]}))
        .await;
    world
        .api(
            "POST",
            &records(""),
            &json!({"type": "A", "name": "api", "content": "192.0.2.1"}),
        )
        .await;
    let domains = format!("/accounts/{ACCOUNT}/workers/domains");
    let put = async |body: Value| {
        let answer = world.api("PUT", &domains, &body).await;
        (answer.status, answer.code())
    };
    assert_eq!(
        put(json!({"hostname": "api.example.com", "service": "api"})).await,
        (409, 100_117)
    );
    assert_eq!(
        put(json!({"hostname": "web.example.com", "service": "api"})).await,
        (409, 100_116)
    );
    assert_eq!(
        put(json!({"hostname": "x.example.com", "service": "nobody"})).await,
        (404, 10007)
    );
    assert_eq!(
        put(json!({"hostname": "x.example.com/*", "service": "api"})).await.0,
        400
    );
    assert_eq!(put(json!({"hostname": "x.example.org", "service": "api"})).await.0, 400);
    assert_eq!(
        put(json!({"hostname": "web.example.com", "service": "web"})).await,
        (200, 0)
    );

    let attached = world
        .api("GET", &format!("{domains}?service=web"), &Value::Null)
        .await
        .json()["result"][0]
        .clone();
    let path = format!("{domains}/{}", attached["id"].as_str().unwrap());
    assert_eq!(world.api("DELETE", &path, &Value::Null).await.status, 200);
    let again = world.api("DELETE", &path, &Value::Null).await;
    assert_eq!((again.status, again.code()), (404, 100_114));
    // The record goes, the certificate stays until somebody removes it.
    let zone = world.zone();
    assert_eq!(zone["records"].as_array().unwrap().len(), 1);
    assert_eq!(zone["certificate_packs"][0]["id"], attached["cert_id"]);
    let pack = format!(
        "/zones/{ZONE}/ssl/certificate_packs/{}",
        attached["cert_id"].as_str().unwrap()
    );
    assert_eq!(world.api("DELETE", &pack, &Value::Null).await.status, 200);
    assert_eq!(world.zone()["certificate_packs"], json!([]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn routes_are_unique_and_need_their_worker() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api"}]})).await;
    let routes = format!("/zones/{ZONE}/workers/routes");
    let post = async |pattern: &str, script: &str| {
        let answer = world
            .api("POST", &routes, &json!({"pattern": pattern, "script": script}))
            .await;
        (answer.status, answer.code())
    };
    assert_eq!(post("api.example.com/*", "api").await, (200, 0));
    assert_eq!(post("api.example.com/*", "api").await, (409, 10020));
    assert_eq!(post("b.example.com/*", "nobody").await, (404, 10019));
    assert_eq!(post("b.example.org/*", "api").await, (400, 10022));
    assert_eq!(post("b.*.example.com/*", "api").await, (400, 10022));
    let missing = world.api("DELETE", &format!("{routes}/nothing"), &Value::Null).await;
    assert_eq!((missing.status, missing.code()), (404, 10009));
    // A route without a record leads nowhere.
    let answer = world.visit("api.example.com", "/").await;
    assert_eq!((answer.status, answer.text()), (530, "error code: 1016".to_owned()));
    world
        .api(
            "POST",
            &records(""),
            &json!({"type": "AAAA", "name": "api", "content": "100::", "proxied": true}),
        )
        .await;
    assert_eq!(world.visit("api.example.com", "/health").await.json()["service"], "api");
    world.cloud.stop().await;
}

#[tokio::test]
async fn only_a_hundred_versions_can_be_deployed_and_shares_add_up() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api", "versions": 102}]})).await;
    let worker = world.worker("api");
    let id = |number: usize| worker["versions"][number]["id"].clone();
    let path = format!("/accounts/{ACCOUNT}/workers/scripts/api/deployments");
    let deploy = async |versions: Value| {
        let body = json!({"strategy": "percentage", "versions": versions});
        world.api("POST", &path, &body).await.status
    };
    let share = |number: usize, percentage: u32| json!({"version_id": id(number), "percentage": percentage});
    assert_eq!(deploy(json!([share(1, 100)])).await, 400);
    assert_eq!(deploy(json!([share(2, 100)])).await, 200);
    assert_eq!(deploy(json!([share(101, 0), share(100, 100)])).await, 200);
    assert_eq!(deploy(json!([share(101, 50), share(100, 49)])).await, 400);
    assert_eq!(
        deploy(json!([share(101, 20), share(100, 20), share(99, 60)])).await,
        400
    );
    assert_eq!(deploy(json!([{"version_id": "no", "percentage": 100}])).await, 400);
    let list = format!("/accounts/{ACCOUNT}/workers/scripts/api/versions?deployable=true");
    let items = world.api("GET", &list, &Value::Null).await.json()["result"]["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["id"]), (100, &id(101)));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_worker_that_others_bind_to_is_deleted_by_force_alone() {
    let world = World::new().await;
    world
        .seed(json!({"workers": [{"name": "auth"}, {"name": "web", "services": {"AUTH": "auth"}}]}))
        .await;
    let path = format!("/accounts/{ACCOUNT}/workers/scripts/auth");
    let refused = world.api("DELETE", &path, &Value::Null).await;
    assert_eq!((refused.status, refused.code()), (400, 10142));
    let view = world
        .api(
            "GET",
            &format!("/accounts/{ACCOUNT}/workers/workers/auth"),
            &Value::Null,
        )
        .await
        .json();
    assert_eq!(view["result"]["references"]["workers"][0]["name"], "web");
    assert_eq!(
        world
            .api("DELETE", &format!("{path}?force=true"), &Value::Null)
            .await
            .status,
        200
    );
    let gone = world.api("DELETE", &path, &Value::Null).await;
    assert_eq!((gone.status, gone.code()), (404, 10007));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_version_cannot_come_back_without_what_it_is_bound_to() {
    let world = World::new().await;
    let id = "8a1b6f2e-0000-4000-8000-000000000001";
    world
        .seed(json!({
            "r2": ["files", {"name": "files", "jurisdiction": "eu"}],
            "d1": [{"name": "shop", "uuid": id}],
            "queues": [{"name": "jobs", "id": "cccccccccccccccccccccccccccccccc"}],
            "workers": [
                {"name": "r2", "r2": {"FILES": "files"}},
                {"name": "d1", "d1": {"DB": id}},
                {"name": "queue", "queues": {"JOBS": "jobs"}},
            ],
        }))
        .await;
    let account = format!("/accounts/{ACCOUNT}");
    let queue = format!("{account}/queues/cccccccccccccccccccccccccccccccc");
    let seen = world.api("GET", &queue, &Value::Null).await.json();
    assert_eq!(
        seen["result"]["producers"],
        json!([{"type": "worker", "script": "queue"}])
    );
    let database = format!("{account}/d1/database/{id}");
    for (worker, resource, code) in [
        ("r2", format!("{account}/r2/buckets/files"), 10085),
        ("d1", database, 10181),
        ("queue", queue, 11000),
    ] {
        let version = world.worker(worker)["versions"][0]["id"].clone();
        let body = json!({"strategy": "percentage", "versions": [{"version_id": version, "percentage": 100}]});
        let path = format!("{account}/workers/scripts/{worker}/deployments");
        assert_eq!(world.api("POST", &path, &body).await.status, 200);
        assert_eq!(world.api("DELETE", &resource, &Value::Null).await.status, 200);
        let refused = world.api("POST", &path, &body).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{worker}");
    }
    // The bucket of the other jurisdiction is another one.
    assert_eq!(world.account()["r2"][0]["jurisdiction"], "eu");
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_consumer_is_seen_on_its_worker_and_holds_it() {
    let world = World::new().await;
    world
        .seed(json!({
            "queues": [{"name": "jobs", "consumers": [{"script": "api", "settings": {"batch_size": 5}}]}],
            "workflows": [{"name": "orders", "class_name": "Ship", "script_name": "api"}],
            "workers": [{"name": "api"}],
        }))
        .await;
    let view = format!("/accounts/{ACCOUNT}/workers/workers/api");
    let seen = world.api("GET", &view, &Value::Null).await.json();
    assert_eq!(seen["result"]["references"]["queues"][0]["queue_name"], "jobs");
    let path = format!("/accounts/{ACCOUNT}/workers/scripts/api");
    let refused = world.api("DELETE", &path, &Value::Null).await;
    assert_eq!((refused.status, refused.code()), (400, 10064));
    let forced = world.api("DELETE", &format!("{path}?force=true"), &Value::Null).await;
    assert_eq!(forced.status, 200);
    assert_eq!(world.account()["queues"][0]["consumers"], json!([]));
    let taken = json!({"cloudflare": {"queues": [{"name": "jobs"}]}});
    let refused = world.admin("POST", "/seed", &taken).await;
    assert!(refused.text().contains("11009"), "{}", refused.text());
    world.cloud.stop().await;
}

#[tokio::test]
async fn each_kind_of_resource_has_a_permission_of_its_own() {
    let world = World::new().await;
    let allowed = ["r2:edit", "d1:read", "workers:edit"];
    world
        .seed(json!({"tokens": {"some": {"permissions": allowed}}, "workers": [{"name": "api"}]}))
        .await;
    let cases = [
        ("POST", "/r2/buckets", json!({"name": "files"}), 200),
        ("GET", "/d1/database", Value::Null, 200),
        ("POST", "/d1/database", json!({"name": "shop"}), 403),
        ("GET", "/queues", Value::Null, 403),
        (
            "PUT",
            "/workflows/orders",
            json!({"script_name": "api", "class_name": "Ship"}),
            200,
        ),
    ];
    for (method, path, body, status) in cases {
        let path = format!("/accounts/{ACCOUNT}{path}");
        let answer = world.api_as("some", method, &path, &body).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(status == 200 || answer.code() == 10000);
    }
    world.cloud.stop().await;
}

#[tokio::test]
async fn buckets_are_paged_by_cursor_in_either_direction() {
    let world = World::new().await;
    world.seed(json!({"r2": ["bravo", "alpha", "charlie"]})).await;
    for (direction, names) in [
        ("asc", ["alpha", "bravo", "charlie"]),
        ("desc", ["charlie", "bravo", "alpha"]),
    ] {
        let list = format!("/accounts/{ACCOUNT}/r2/buckets?per_page=2&direction={direction}");
        let first = world.api("GET", &list, &Value::Null).await.json();
        let cursor = first["result_info"]["cursor"].as_str().unwrap();
        let second = world
            .api("GET", &format!("{list}&cursor={cursor}"), &Value::Null)
            .await
            .json();
        let shown = [&first, &second].map(|it| it["result"]["buckets"].as_array().unwrap().clone());
        let shown: Vec<Value> = shown.concat().iter().map(|it| it["name"].clone()).collect();
        assert_eq!(shown, names);
        assert_eq!(second["result_info"], json!({"per_page": 2}));
    }
    world.cloud.stop().await;
}
