//! Stories of `deploy-workers`: the straight path, checks, and answers that get lost.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

/// Three services, built already: `web` calls `api` and `auth` by service bindings.
pub(crate) const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"

[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"
vars = { ENVIRONMENT = "preview" }

[environments.production]
worker = "{worker}-production"
wrangler-env = "production"
routing = "custom-domain"

[services.web]
path = "web"
vars = { API_URL = "{api.url}" }

[services.api]
path = "api"
secrets = ["DATABASE_URL"]
kv = ["CACHE"]

[services.auth]
path = "auth"
secrets = ["DATABASE_URL", "SESSION_SECRET"]
kv = ["CACHE"]
"#;

pub(crate) const DATABASE_URL: &str = "postgresql://neondb_owner:npg_s3cret@ep-a.neon.tech/neondb?sslmode=require";

/// A Worker's folder with a module that is built already.
pub(crate) fn worker(world: &World, name: &str, config: &Value, code: &str) {
    let mut full =
        json!({"name": name, "main": "dist/index.js", "no_bundle": true, "compatibility_date": "2026-07-01"});
    for (key, value) in config.as_object().unwrap() {
        full[key] = value.clone();
    }
    world.file(&format!("{name}/wrangler.json"), &full.to_string());
    world.file(&format!("{name}/dist/index.js"), code);
}

pub(crate) async fn platform() -> World {
    let world = World::start().await;
    write_platform(&world);
    world
}

pub(crate) fn write_platform(world: &World) {
    world.file("codex.toml", MANIFEST);
    let kv = |id: &str| json!([{"binding": "CACHE", "id": id}]);
    let production = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    worker(
        world,
        "web",
        &json!({
            "services": [{"binding": "API", "service": "api"}, {"binding": "AUTH", "service": "auth-live"}],
            "vars": {"API_URL": "http://localhost:1"},
            "env": {"production": {"services": [{"binding": "API", "service": "api-production"}]}},
        }),
        "export default { fetch: () => new Response('web') }",
    );
    worker(
        world,
        "api",
        &json!({"kv_namespaces": [{"binding": "CACHE"}], "env": {"production": {"kv_namespaces": kv(production)}}}),
        "export default { fetch: () => new Response('api') }",
    );
    worker(
        world,
        "auth",
        &json!({"env": {"production": {"name": "auth-live", "kv_namespaces": kv(production)}}}),
        "export default { fetch: () => new Response('auth') }",
    );
}

pub(crate) async fn deploy(world: &World, more: &[(&str, &str)]) -> Run {
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1");
    let run = more
        .iter()
        .fold(run, |run, (name, value)| run.input(name, *value))
        .go()
        .await;
    run.assert_no_secret_leaks();
    run
}

pub(crate) fn account(world: &World) -> Value {
    world.state()["cloudflare"]["accounts"][ids::ACCOUNT].clone()
}

/// The bindings of a Worker's newest version, by name.
pub(crate) fn bindings(world: &World, worker: &str) -> Value {
    let versions = account(world)["workers"][worker]["versions"]
        .as_array()
        .unwrap()
        .clone();
    let mut by_name = json!({});
    for binding in versions.last().unwrap()["content"]["bindings"].as_array().unwrap() {
        by_name[binding["name"].as_str().unwrap()] = binding.clone();
    }
    by_name
}

fn states(run: &Run) -> Vec<&str> {
    let services = run.report["services"].as_array().unwrap();
    services
        .iter()
        .map(|service| service["state"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_preview_is_deployed_and_the_second_run_only_reads() {
    let world = platform().await;
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("order: api, auth → web"), "{run}");
    assert_eq!(run.output("changed"), "true");
    let urls: Value = serde_json::from_str(run.output("urls")).unwrap();
    assert_eq!(urls["web"], "https://web-preview-42.example.com");
    let versions: Value = serde_json::from_str(run.output("versions")).unwrap();
    let account_now = account(&world);
    assert_eq!(
        versions["web"],
        account_now["workers"]["web-preview-42"]["versions"][0]["id"]
    );

    // Every name is this environment's own.
    let web = bindings(&world, "web-preview-42");
    assert_eq!(web["API"]["service"], "api-preview-42");
    assert_eq!(web["AUTH"]["service"], "auth-preview-42");
    assert_eq!(web["API_URL"]["text"], "https://api-preview-42.example.com");
    assert_eq!(web["ENVIRONMENT"]["text"], "preview");
    let api = bindings(&world, "api-preview-42");
    assert_eq!(api["DATABASE_URL"]["type"], "secret_text");
    let auth = bindings(&world, "auth-preview-42");
    assert_eq!(api["CACHE"]["namespace_id"], auth["CACHE"]["namespace_id"]);
    assert_eq!(account_now["workers"]["api-preview-42"]["workers_dev"], false);

    let mark = world.mark();
    let again = deploy(&world, &[]).await;
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(again.output("changed"), "false");
    assert_eq!(states(&again), ["unchanged", "unchanged", "unchanged"]);
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn only_what_changed_is_uploaded_again_and_the_version_before_is_told() {
    let world = platform().await;
    let first = deploy(&world, &[]).await;
    let before = first.report["services"][1]["version-id"].clone();
    world.file(
        "api/dist/index.js",
        "export default { fetch: () => new Response('api 2') }",
    );
    let mark = world.mark();
    let second = deploy(&world, &[]).await;
    assert_eq!(second.code, 0, "{second}");
    assert_eq!(states(&second), ["unchanged", "deployed", "unchanged"]);
    assert_eq!(second.report["services"][1]["previous-version-id"], before);
    let writes: Vec<String> = world
        .lines_since(mark)
        .into_iter()
        .filter(|line| !line.starts_with("GET"))
        .collect();
    let script = format!("/accounts/{}/workers/scripts/api-preview-42", ids::ACCOUNT);
    assert_eq!(
        writes,
        [
            format!("POST {script}/versions 200"),
            format!("POST {script}/deployments 200")
        ]
    );
    // A secret's new value is a new version too.
    let third = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-2")
        .go()
        .await;
    assert_eq!(states(&third), ["unchanged", "unchanged", "deployed"]);
    world.finish().await;
}

#[tokio::test]
async fn bad_input_is_told_at_once_and_nothing_is_asked() {
    let world = platform().await;
    let run = world
        .run("deploy-workers")
        .env("SESSION_SECRET", "")
        .input("services", "api, auht")
        .input("health", "yes")
        .without("cloudflare-account-id")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    let error = run.error();
    for part in [
        "`cloudflare-account-id`: missing",
        "`services`: `auht` is none of `web`, `api` and `auth`; did you mean `auth`?",
        "`DATABASE_URL`: missing or empty; service `api` would get no secret",
        "`health`: `yes` is neither",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
    assert!(world.requests().is_empty());

    // An empty secret counts as missing, and every service that needs it is named.
    let run = world.run("deploy-workers").env("DATABASE_URL", " ").go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("services `api` and `auth` would get no secret"),
        "{run}"
    );
    assert!(run.error().contains("`SESSION_SECRET`: missing or empty"), "{run}");
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_preview_that_reaches_into_production_is_refused_before_any_request() {
    let world = platform().await;
    let production = json!([{"binding": "FILES", "bucket_name": "files"}]);
    worker(
        &world,
        "web",
        &json!({
            "r2_buckets": production.clone(),
            "services": [{"binding": "API", "service": "api"}, {"binding": "BILLING", "service": "billing"}],
            "vars": {"SESSION_SECRET": "x"},
            "kv_namespaces": [{"binding": "NO_ID"}],
            "env": {"production": {"r2_buckets": production}},
        }),
        "export default {}",
    );
    let manifest = MANIFEST.replace("path = \"web\"", "path = \"web\"\nsecrets = [\"SESSION_SECRET\"]");
    world.file("codex.toml", &manifest);
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 2, "{run}");
    let error = run.error();
    for part in [
        "binding `FILES` is production's R2 bucket `files`",
        "binding `BILLING` reaches Worker `billing`, which is no service of the manifest",
        "`SESSION_SECRET` is a secret in the manifest and a variable in the wrangler configuration",
        "binding `NO_ID` has no id",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
    assert!(world.requests().is_empty());

    // On purpose it may: by the input, or by the manifest's `shared`.
    worker(
        &world,
        "web",
        &json!({"r2_buckets": [{"binding": "FILES", "bucket_name": "files"}], "env": {"production": {"r2_buckets": [{"binding": "FILES", "bucket_name": "files"}]}}}),
        "export default {}",
    );
    world.file("codex.toml", MANIFEST);
    world.seed(&json!({"cloudflare": {"r2": ["files"]}})).await;
    let run = deploy(&world, &[("shared", "web.FILES"), ("dry-run", "true")]).await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_hostname_of_somebody_else_is_never_taken() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "tenant"}], "zones": [{"name": "example.com", "routes": [{"pattern": "api-preview-42.example.com/*", "script": "tenant"}]}]}}))
        .await;
    let mark = world.mark();
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("`api-preview-42.example.com` is Worker `tenant`'s by route"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_worker_of_another_environment_is_not_taken_over_unasked() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "api-preview-42", "tags": ["codex-actions:7000001:acme/other:codex:preview:42"]}]}}))
        .await;
    let mark = world.mark();
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    let told =
        "api: Worker `api-preview-42` belongs to preview 42 of codex in acme/other (7000001); choose another name";
    assert!(run.error().contains(told), "{run}");
    world.assert_only_reads_since(mark);
    let run = deploy(&world, &[("force-foreign", "true")]).await;
    assert_eq!(run.code, 0, "{run}");
    let tags = account(&world)["workers"]["api-preview-42"]["settings"]["tags"].to_string();
    assert_eq!(tags, "[\"codex-actions:1296269:acme/app:codex:preview:42\"]");
    world.finish().await;
}

#[tokio::test]
async fn what_another_tool_has_bound_does_not_go_without_a_word() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "api-preview-42", "vars": {"BY_HAND": "1"}, "secrets": {"OLD_KEY": "x"}}]}}))
        .await;
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let told = "note: api: binding `BY_HAND` goes: what serves has them by another way";
    assert!(run.stdout.find(told) < run.stdout.find("✓ api"), "{run}");
    assert!(
        run.stdout.contains(told) && run.stdout.contains("secret `OLD_KEY` stays, set by hand"),
        "{run}"
    );
    assert!(bindings(&world, "api-preview-42")["OLD_KEY"].is_object());
    world.finish().await;
}

#[tokio::test]
async fn settings_that_no_version_holds_follow_the_configuration() {
    let world = platform().await;
    let api = |more: Value| {
        let mut config = json!({"kv_namespaces": [{"binding": "CACHE"}], "env": {"production": {}}});
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        worker(
            &world,
            "api",
            &config,
            "export default { fetch: () => new Response('api') }",
        );
    };
    let enabled = || account(&world)["workers"]["api-preview-42"]["settings"]["observability"]["enabled"].clone();
    api(json!({"observability": {"enabled": true}}));
    assert_eq!(deploy(&world, &[]).await.code, 0);
    assert_eq!(enabled(), true);
    api(json!({}));
    let run = deploy(&world, &[]).await;
    assert!(run.stdout.contains("settings api-preview-42"), "{run}");
    assert_eq!(enabled(), false);
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn lost_answers_make_nothing_twice() {
    let world = platform().await;
    let api = "/accounts/*/workers/scripts/api-preview-42";
    world.fail(&json!([
        {"provider": "cloudflare", "method": "PUT", "path": api, "drop": "after", "times": 1},
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/storage/kv/namespaces", "drop": "after", "times": 1},
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/workers/routes", "status": 502, "after": true, "times": 1},
        {"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/web-preview-42", "drop": "before", "times": 1},
    ]));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let versions = |name: &str| account(&world)["workers"][name]["versions"].as_array().unwrap().len();
    assert_eq!((versions("api-preview-42"), versions("web-preview-42")), (1, 1));

    world.file(
        "api/dist/index.js",
        "export default { fetch: () => new Response('api 2') }",
    );
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": format!("{api}/versions"), "drop": "after", "times": 1},
        {"provider": "cloudflare", "method": "POST", "path": format!("{api}/deployments"), "status": 500, "after": true, "times": 1},
    ]));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let api = &account(&world)["workers"]["api-preview-42"];
    assert_eq!(api["versions"].as_array().unwrap().len(), 2);
    assert_eq!(api["deployments"].as_array().unwrap().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn passing_faults_of_the_vendor_are_waited_out() {
    let world = platform().await;
    let page = "<html><body>502 Bad Gateway</body></html>";
    let limited = json!({"retry-after": "1"});
    world.fail(&json!([
        {"provider": "cloudflare", "method": "GET", "path": "/zones", "status": 502, "body": page, "times": 1},
        {"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts/*/deployments", "status": 429, "headers": limited, "times": 2},
        {"provider": "cloudflare", "method": "GET", "path": "/accounts/*/storage/kv/namespaces", "status": 503, "times": 1},
        {"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/api-preview-42", "status": 502, "body": page, "times": 1},
        {"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/auth-preview-42", "status": 429, "headers": limited, "times": 1},
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/workers/routes", "status": 429, "headers": limited, "times": 1},
        {"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/web-preview-42/subdomain", "drop": "after", "times": 1},
    ]));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    for name in ["api", "auth", "web"] {
        let worker = &account(&world)["workers"][format!("{name}-preview-42")];
        assert_eq!(worker["versions"].as_array().unwrap().len(), 1, "{name}");
    }

    write_platform(&world);
    world.file("api/dist/index.js", "export default { two: 2 }");
    let api = "/accounts/*/workers/scripts/api-preview-42";
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": format!("{api}/versions"), "status": 429, "headers": limited, "times": 1},
        {"provider": "cloudflare", "method": "POST", "path": format!("{api}/deployments"), "status": 429, "headers": limited, "times": 1},
    ]));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let api = &account(&world)["workers"]["api-preview-42"];
    assert_eq!(
        (
            api["versions"].as_array().unwrap().len(),
            api["deployments"].as_array().unwrap().len()
        ),
        (2, 2)
    );

    // One that does not pass is told with its ray, not as JSON that cannot be read.
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/zones", "status": 403, "body": page, "times": null}));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("Cloudflare answered 403"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn production_keeps_its_own_ids_and_custom_domains() {
    let world = platform().await;
    world
        .seed(&json!({"cloudflare": {"kv": [{"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "title": "production-cache"}]}}))
        .await;
    let run = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        bindings(&world, "api-production")["CACHE"]["namespace_id"],
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    );
    let domains = account(&world)["domains"].clone();
    let hostnames: Vec<&str> = domains
        .as_array()
        .unwrap()
        .iter()
        .map(|domain| domain["hostname"].as_str().unwrap())
        .collect();
    assert_eq!(hostnames.len(), 3, "{domains:#}");
    assert!(hostnames.contains(&"web.example.com"));
    world.finish().await;
}
