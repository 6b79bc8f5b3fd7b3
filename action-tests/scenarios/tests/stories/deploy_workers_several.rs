//! Stories of services with several hostnames: the zone itself, a wildcard for tenants, APIs beside it.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::{account, worker};

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"
[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"
[environments.production]
worker = "{worker}-production"
routing = "custom-domain"
wrangler-env = "production"
[environments.production.services.web]
wrangler-env = "live"
[services.content-api]
path = "content-api"
worker = "content_api"
[services.web]
path = "web"
subdomain = "codex"
hostnames = ["@", "www", "creators", "*"]
needs = ["content-api"]
vars = { SITE = "{web.url}" }
"#;

async fn platform() -> World {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    let with = |name: &str, value: &str| json!({"env": {name: {"vars": {"FROM": value}}}});
    worker(&world, "content-api", &with("production", "api"), "export default {}");
    worker(&world, "web", &with("live", "web"), "export default {}");
    world
}

async fn run(world: &World, action: &'static str, more: &[(&str, &str)]) -> Run {
    let run = world.run(action).on_push().input("environment", "production");
    let run = if action == "deploy-workers" {
        run.input("health", "false")
    } else {
        run
    };
    let run = more.iter().fold(run, |run, (name, value)| run.input(name, *value));
    run.go().await
}

/// `api.example.com/* → api`, `example.com → web (domain)`.
fn leads(world: &World) -> Vec<String> {
    let (state, account) = (world.state(), account(world));
    let routes = state["cloudflare"]["zones"][ids::ZONE]["routes"]
        .as_array()
        .unwrap()
        .clone();
    let text = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
    let mut all: Vec<String> = routes
        .iter()
        .map(|route| format!("{} → {}", text(&route["pattern"]), text(&route["script"])))
        .collect();
    let domains = account["domains"].as_array().unwrap().iter();
    all.extend(domains.map(|domain| format!("{} → {} (domain)", text(&domain["hostname"]), text(&domain["service"]))));
    all.sort();
    all
}

/// Which Worker the edge finds.
async fn answers(world: &World, host: &str) -> String {
    let asked = scenarios::client().get(&world.cloud.edge).header("host", host);
    let answer = asked.send().await.unwrap();
    if answer.status() != 200 {
        return format!("{}", answer.status());
    }
    answer.json::<Value>().await.unwrap()["worker"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_service_answers_at_all_its_hostnames_and_each_api_at_its_own() {
    let world = platform().await;
    let dns = run(&world, "preview-dns", &[]).await;
    assert_eq!((dns.code, dns.output("changed")), (0, "true"), "{dns}");
    let made: Vec<&str> = dns.report["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["action"] == "created")
        .map(|record| record["name"].as_str().unwrap())
        .collect();
    assert_eq!(made, ["*.example.com"], "{dns}");

    let planned = run(&world, "deploy-workers", &[("dry-run", "true")]).await;
    assert_eq!(planned.code, 0, "{planned}");
    let plan: Vec<&str> = planned
        .stdout
        .lines()
        .filter(|line| line.contains(" route ") && line.starts_with(['+', 'n']) || line.starts_with("+ custom domain"))
        .collect();
    insta::assert_snapshot!(plan.join("\n"), @"
    + route content-api.example.com/*  to content_api-production
    + custom domain content-api.example.com    to content_api-production
    + custom domain example.com                to web-production
    + custom domain www.example.com            to web-production
    + custom domain creators.example.com       to web-production
    + route *.example.com/*            to web-production
    note: content-api: a wildcard route matches `content-api.example.com`, and routes go before custom domains: it has route `content-api.example.com/*` as well, so that its own Worker answers
    note: web: a wildcard cannot be a custom domain: `*.example.com` is route `*.example.com/*`, and needs a proxied DNS record `*.example.com`, which `preview-dns` makes
    ");

    let first = run(&world, "deploy-workers", &[]).await;
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(
        leads(&world),
        [
            "*.example.com/* → web-production",
            "content-api.example.com → content_api-production (domain)",
            "content-api.example.com/* → content_api-production",
            "creators.example.com → web-production (domain)",
            "example.com → web-production (domain)",
            "www.example.com → web-production (domain)",
        ]
    );
    let web = &first.report["services"][1];
    assert_eq!(web["url"], "https://example.com");
    assert_eq!(
        web["hostnames"],
        json!([
            "example.com",
            "www.example.com",
            "creators.example.com",
            "*.example.com"
        ])
    );
    for (host, worker) in [
        ("content-api.example.com", "content_api-production"),
        ("example.com", "web-production"),
        ("www.example.com", "web-production"),
        ("tenant-1.example.com", "web-production"),
    ] {
        assert_eq!(answers(&world, host).await, worker, "{host}");
    }
    // Each by the environment of its own configuration.
    let vars = |worker: &str| account(&world)["workers"][worker]["versions"][0]["content"]["bindings"].to_string();
    assert!(
        vars("content_api-production").contains("\"api\""),
        "{}",
        vars("content_api-production")
    );
    assert!(
        vars("web-production").contains("\"web\"") && vars("web-production").contains("\"https://example.com\""),
        "{}",
        vars("web-production")
    );
    let tags = account(&world)["workers"]["web-production"]["settings"]["tags"].to_string();
    for hostname in [
        "example.com",
        "www.example.com",
        "creators.example.com",
        "*.example.com",
    ] {
        assert!(tags.contains(&format!("codex-hostname:{hostname}\"")), "{tags}");
    }

    let mark = world.mark();
    assert_eq!(run(&world, "deploy-workers", &[]).await.output("changed"), "false");
    assert_eq!(run(&world, "preview-dns", &[]).await.output("changed"), "false");
    assert_eq!(run(&world, "preview-dns", &[("command", "verify")]).await.code, 0);
    world.assert_only_reads_since(mark);

    // Previews go by their template.
    let preview = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(preview.code, 0, "{preview}");
    let urls =
        r#"{"content-api":"https://content-api-preview-42.example.com","web":"https://codex-preview-42.example.com"}"#;
    assert_eq!(preview.output("urls"), urls);

    // What is dropped goes, and nothing else.
    world.file("codex.toml", &MANIFEST.replace("\"creators\", ", ""));
    let dropped = run(&world, "deploy-workers", &[]).await;
    assert_eq!(dropped.code, 0, "{dropped}");
    assert!(
        !leads(&world)
            .iter()
            .any(|line| line.starts_with("creators.example.com"))
    );
    assert_eq!(answers(&world, "example.com").await, "web-production");
    world.finish().await;
}

#[tokio::test]
async fn a_wildcard_that_comes_takes_no_hostname_from_others() {
    let world = platform().await;
    // The APIs are there, as custom domains, and so is another team's.
    world.file("codex.toml", &MANIFEST.replace(", \"*\"", ""));
    let first = run(&world, "deploy-workers", &[]).await;
    assert_eq!(first.code, 0, "{first}");
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "docs", "domains": ["docs.example.com"]}]}}))
        .await;
    world.file("codex.toml", MANIFEST);
    let dns = run(&world, "preview-dns", &[]).await;
    assert_eq!(dns.code, 0, "{dns}");
    let mark = world.mark();
    let refused = run(&world, "deploy-workers", &[("services", "web")]).await;
    assert_eq!(refused.code, 1, "{refused}");
    assert!(
        refused.error().contains(
            "route `*.example.com/*` would go before `docs.example.com`, the custom domain of Worker `docs`; exclude that host first"
        ),
        "{refused}"
    );
    world.assert_only_reads_since(mark);
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "example.com", "routes": [{"pattern": "docs.example.com/*", "script": "docs"}]}]}}))
        .await;
    // The web Worker alone is deployed, and the APIs go on answering.
    let web = run(&world, "deploy-workers", &[("services", "web")]).await;
    assert_eq!(web.code, 0, "{web}");
    assert_eq!(
        answers(&world, "content-api.example.com").await,
        "content_api-production"
    );
    assert_eq!(answers(&world, "docs.example.com").await, "docs");
    assert_eq!(answers(&world, "tenant-1.example.com").await, "web-production");
    let mark = world.mark();
    assert_eq!(run(&world, "deploy-workers", &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn another_workers_path_is_told_and_left() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "blog"}], "zones": [{"name": "example.com", "routes": [
            {"pattern": "www.example.com/blog/*", "script": "blog"}, {"pattern": "codex-preview-42.example.com/blog/*", "script": "blog"}]}]}}))
        .await;
    for deployed in [
        run(&world, "deploy-workers", &[]).await,
        world.run("deploy-workers").input("health", "false").go().await,
    ] {
        assert_eq!(deployed.code, 0, "{deployed}");
        assert!(
            deployed
                .stdout
                .contains("example.com/blog/*` is answered by Worker `blog`, the rest of `"),
            "{deployed}"
        );
    }
    assert!(leads(&world).contains(&"www.example.com/blog/* → blog".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn claims_are_kept_by_a_run_that_does_not_look_at_them() {
    let world = platform().await;
    let first = run(&world, "deploy-workers", &[]).await;
    assert_eq!(first.code, 0, "{first}");
    let tags = |worker: &str| account(&world)["workers"][worker]["settings"]["tags"].to_string();
    let web = tags("web-production");
    // Other services' Workers are not looked at.
    worker(
        &world,
        "content-api",
        &json!({"env": {"production": {"vars": {"FROM": "two"}}}}),
        "export default {}",
    );
    let api = run(&world, "deploy-workers", &[("services", "content-api")]).await;
    assert_eq!(api.code, 0, "{api}");
    assert_eq!(tags("web-production"), web);
    // With records alone, the zone's routes and domains are not.
    let by_records = MANIFEST.replace("routing = \"custom-domain\"", "routing = \"record\"");
    world.file("codex.toml", &by_records);
    let blind = run(&world, "deploy-workers", &[]).await;
    assert_eq!(blind.code, 0, "{blind}");
    assert!(
        blind
            .stdout
            .contains("this run did not look at `www.example.com`, which Worker `web-production` was given before"),
        "{blind}"
    );
    assert!(
        tags("web-production").contains("codex-hostname:www.example.com"),
        "{}",
        tags("web-production")
    );
    // So the next one that looks detaches what was dropped meanwhile, its certificate with it.
    let packs = |world: &World| world.state()["cloudflare"]["zones"][ids::ZONE]["certificate_packs"].to_string();
    assert!(packs(&world).contains("www.example.com"), "{}", packs(&world));
    world.file("codex.toml", &MANIFEST.replace("\"www\", ", ""));
    let looking = run(&world, "deploy-workers", &[]).await;
    assert_eq!(looking.code, 0, "{looking}");
    assert!(!leads(&world).iter().any(|line| line.starts_with("www.")), "{looking}");
    assert!(!packs(&world).contains("www.example.com"), "{}", packs(&world));
    world.finish().await;
}
