//! What wrangler deployed, run by workerd and found at its hostname.

use serde_json::json;

use crate::world::World;
use crate::wrangler::{config, with};

const WORKER: &str = r#"
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/throw") throw new Error("on purpose");
    if (url.pathname === "/other") return env.OTHER.fetch("https://other/seen-by-other");
    if (url.pathname === "/count") {
      const count = Number(await env.CACHE.get("count")) + 1;
      await env.CACHE.put("count", String(count));
      return Response.json({ count });
    }
    return Response.json({ url: request.url, stage: env.STAGE, secret: env.API_KEY ?? null, version: env.VERSION?.id ?? null, body: await request.text() });
  },
};
"#;

#[tokio::test]
async fn deployed_workers_run_with_their_bindings_and_each_change_is_seen_at_once() {
    let world = World::with_runtime().await;
    world
        .seed(json!({"kv": [{"title": "cache", "id": "0123456789abcdef0123456789abcd00"}]}))
        .await;
    world.project(&with(
        config("other"),
        &json!({"vars": {"STAGE": "other"}, "workers_dev": true}),
    ));
    world.write("src/index.js", WORKER);
    world.wrangler(&["deploy"]).await.ok();

    let served = json!({
        "routes": [{"pattern": "api.example.com", "custom_domain": true}],
        "services": [{"binding": "OTHER", "service": "other"}],
        "kv_namespaces": [{"binding": "CACHE", "id": "0123456789abcdef0123456789abcd00"}],
        "version_metadata": {"binding": "VERSION"},
    });
    world.project(&with(config("api"), &served));
    world.write("src/index.js", WORKER);
    world.wrangler(&["deploy"]).await.ok();

    let first = world.visit("api.example.com", "/x?y=1").await;
    assert_eq!(first.status, 200, "{}", first.text());
    let version = world.worker("api")["versions"][0]["id"].clone();
    assert_eq!(
        first.json(),
        json!({"url": "http://api.example.com/x?y=1", "stage": "test", "secret": null, "version": version, "body": ""})
    );
    assert_eq!(first.header("server"), "cloudflare");
    assert_eq!(world.visit("api.example.com", "/other").await.json()["stage"], "other");
    assert_eq!(
        world.visit("other.acme.workers.dev", "/").await.json()["stage"],
        "other"
    );
    let thrown = world.visit("api.example.com", "/throw").await;
    assert_eq!((thrown.status, thrown.text()), (500, "error code: 1101".to_owned()));
    assert_eq!(world.visit("api.example.com", "/count").await.json()["count"], 1);

    // A secret is a new version: the next request sees it, and KV keeps its data.
    world
        .wrangler_reading(&["secret", "put", "API_KEY"], "s3cret")
        .await
        .ok();
    let next = world.visit("api.example.com", "/").await.json();
    assert_eq!(next["secret"], "s3cret");
    assert_ne!(next["version"], version);
    assert_eq!(world.visit("api.example.com", "/count").await.json()["count"], 2);

    // A version of 0 % is reached by its pin alone.
    world.project(&with(
        config("api"),
        &with(served, &json!({"vars": {"STAGE": "canary"}})),
    ));
    world.write("src/index.js", WORKER);
    world.wrangler(&["versions", "upload"]).await.ok();
    let versions = world.worker("api")["versions"].clone();
    let (live, canary) = (versions[1]["id"].as_str().unwrap(), versions[2]["id"].as_str().unwrap());
    let shares = [format!("{canary}@0%"), format!("{live}@100%")];
    world
        .wrangler(&["versions", "deploy", &shares[0], &shares[1], "-y", "--name", "api"])
        .await
        .ok();
    assert_eq!(world.visit("api.example.com", "/").await.json()["version"], live);
    let pin = format!("api=\"{canary}\"");
    let pinned = [("cloudflare-workers-version-overrides", pin.as_str())];
    let answer = world.visit_with("api.example.com", "/", &pinned).await.json();
    assert_eq!(
        (&answer["version"], &answer["stage"]),
        (&json!(canary), &json!("canary"))
    );

    world.wrangler(&["delete", "--name", "api", "--force"]).await.ok();
    assert_eq!(world.visit("api.example.com", "/").await.status, 522);
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn static_assets_are_served_beside_the_worker() {
    let world = World::with_runtime().await;
    let assets = json!({"assets": {"directory": "public", "binding": "ASSETS"}, "workers_dev": true});
    world.project(&with(config("web"), &assets));
    world
        .write("public/index.html", "<h1>hello</h1>")
        .write("public/style.css", "h1 { color: red }");
    world.wrangler(&["deploy"]).await.ok();
    let page = world.visit("web.acme.workers.dev", "/").await;
    assert_eq!((page.status, page.text()), (200, "<h1>hello</h1>".to_owned()));
    let style = world.visit("web.acme.workers.dev", "/style.css").await;
    assert!(
        style.header("content-type").starts_with("text/css"),
        "{}",
        style.header("content-type")
    );
    assert_eq!(
        world.visit("web.acme.workers.dev", "/api").await.json()["stage"],
        "test"
    );
    world.requests().await;
    world.cloud.stop().await;
}
