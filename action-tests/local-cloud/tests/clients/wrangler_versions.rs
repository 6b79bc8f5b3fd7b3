//! Real wrangler: versions, gradual deployments and rollbacks.

use serde_json::{Value, json};

use crate::world::World;
use crate::wrangler::{config, with};

/// A Worker on `api.example.com`, deployed once by wrangler.
async fn deployed() -> World {
    let world = World::new().await;
    let served = json!({
        "routes": [{"pattern": "api.example.com", "custom_domain": true}],
        "preview_urls": true,
    });
    world.project(&with(config("api"), &served));
    world.wrangler(&["deploy"]).await.ok();
    world.requests().await;
    world
}

fn version(world: &World, number: usize) -> String {
    world.worker("api")["versions"][number]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn live(world: &World) -> Value {
    world.worker("api")["deployments"][0]["versions"].clone()
}

#[tokio::test]
async fn a_version_is_uploaded_and_takes_ten_percent() {
    let world = deployed().await;
    let uploaded = world
        .wrangler(&[
            "versions",
            "upload",
            "--preview-alias",
            "pr-42",
            "--tag",
            "canary",
            "--message",
            "try",
        ])
        .await
        .ok();
    assert_eq!(
        world.requests().await,
        "200 GET /workers/services/api
200 GET /workers/scripts/api/secrets
200 GET /workers/scripts/api/settings
200 POST /workers/scripts/api/versions?bindings_inherit=strict
200 GET /workers/workers/api"
    );
    let (old, new) = (version(&world, 0), version(&world, 1));
    assert_eq!(uploaded.entries[0]["version_id"], json!(new));
    assert_eq!(live(&world), json!([{"version_id": old, "percentage": 100.0}]));
    assert_eq!(
        world.worker("api")["versions"][1]["annotations"]["workers/alias"],
        "pr-42"
    );

    // Its own addresses lead to it before it is deployed.
    let preview = uploaded.entries[0]["preview_url"]
        .as_str()
        .unwrap()
        .strip_prefix("https://")
        .unwrap();
    for host in [preview, "pr-42-api.acme.workers.dev"] {
        assert_eq!(world.visit(host, "/").await.json()["version"], json!(new), "{host}");
    }

    let split = [format!("{new}@10%"), format!("{old}@90%")];
    let ended = world
        .wrangler(&[
            "versions",
            "deploy",
            &split[0],
            &split[1],
            "-y",
            "--name",
            "api",
            "--message",
            "canary",
        ])
        .await
        .ok();
    assert_eq!(ended.entries[0]["type"], "version-deploy");
    let requests = world.requests().await;
    assert!(
        requests.contains("200 POST /workers/scripts/api/deployments"),
        "{requests}"
    );
    assert!((8..=9).contains(&requests.lines().count()), "{requests}");
    assert_eq!(
        live(&world),
        json!([{"version_id": new, "percentage": 10.0}, {"version_id": old, "percentage": 90.0}])
    );

    // The edge shares the traffic, and a pin reaches the version of ten percent.
    let mut seen = 0;
    for _ in 0..100 {
        let answer = world.visit("api.example.com", "/").await.json();
        seen += usize::from(answer["version"] == json!(new));
    }
    assert_eq!(seen, 10);
    let pin = format!("api=\"{new}\"");
    let pinned = [("cloudflare-workers-version-overrides", pin.as_str())];
    let answer = world.visit_with("api.example.com", "/", &pinned).await.json();
    assert_eq!(answer["version"], json!(new));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_rollback_goes_back_and_a_second_one_forth() {
    let world = deployed().await;
    world.wrangler(&["deploy"]).await.ok();
    world.requests().await;
    world.wrangler(&["rollback", "-y", "--name", "api"]).await.ok();
    let requests = world.requests().await;
    assert!((4..=5).contains(&requests.lines().count()), "{requests}");
    assert!(
        requests.ends_with("200 POST /workers/scripts/api/deployments"),
        "{requests}"
    );
    assert_eq!(live(&world)[0]["version_id"], json!(version(&world, 0)));
    world.wrangler(&["rollback", "-y", "--name", "api"]).await.ok();
    assert_eq!(live(&world)[0]["version_id"], json!(version(&world, 1)));
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_rollback_over_a_changed_secret_is_refused_and_then_forced() {
    let world = deployed().await;
    world.wrangler_reading(&["secret", "put", "API_KEY"], "one").await.ok();
    world.requests().await;
    let first = version(&world, 0);
    world
        .wrangler(&["rollback", &first, "-y", "--name", "api", "-m", "back"])
        .await
        .ok();
    let requests = world.requests().await;
    let posts: Vec<&str> = requests.lines().filter(|it| it.contains("POST")).collect();
    assert_eq!(
        posts,
        [
            "400 POST /workers/scripts/api/deployments",
            "200 POST /workers/scripts/api/deployments?force=true",
        ]
    );
    assert_eq!(live(&world)[0]["version_id"], json!(first));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_secret_is_refused_while_the_latest_version_is_not_live() {
    let world = deployed().await;
    world.wrangler(&["versions", "upload"]).await.ok();
    let refused = world.wrangler_reading(&["secret", "put", "API_KEY"], "one").await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("version"), "{}", refused.stderr);
    world
        .wrangler_reading(&["versions", "secret", "put", "API_KEY"], "one")
        .await
        .ok();
    let worker = world.worker("api");
    assert_eq!(worker["versions"].as_array().unwrap().len(), 3);
    assert_eq!(worker["versions"][2]["content"]["bindings"][1]["text"], "one");
    assert_eq!(live(&world)[0]["version_id"], json!(version(&world, 0)));
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_deploy_that_the_api_cuts_off_is_retried() {
    let world = deployed().await;
    let fault = json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api/versions", "drop": "after"});
    world.cloud.fault(&fault).unwrap();
    world.wrangler(&["versions", "upload"]).await.ok();
    // The lost answer leaves a duplicate that is not deployed.
    assert_eq!(world.worker("api")["versions"].as_array().unwrap().len(), 3);
    let requests = world.requests().await;
    assert!(
        requests.contains("null POST /workers/scripts/api/versions"),
        "{requests}"
    );
    world.cloud.stop().await;
}
