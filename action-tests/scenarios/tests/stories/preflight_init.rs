//! Stories of `preflight init`: a repository without a manifest gets one that `deploy-workers validate` accepts in every
//! environment, and that nobody's hands are overwritten by.

use scenarios::{Run, World};
use serde_json::json;

/// A Worker that is built already.
fn worker(world: &World, folder: &str, config: &serde_json::Value, code: &str) {
    let mut full = json!({"main": "src/index.js", "no_bundle": true, "compatibility_date": "2026-07-01"});
    for (key, value) in config.as_object().unwrap() {
        full[key] = value.clone();
    }
    world.file(&format!("{folder}/wrangler.jsonc"), &format!("// Ours.\n{full}"));
    world.file(&format!("{folder}/src/index.js"), code);
}

/// Three Workers of one zone, each with a section for staging and for production.
fn shop(world: &World) {
    world.file("package.json", r#"{"name": "@acme/shop", "scripts": {"db:migrate": "node migrate.js"}, "dependencies": {"@neondatabase/serverless": "1"}}"#);
    let section = |name: &str, host: &str, vars: serde_json::Value| {
        json!({"name": name, "routes": [{"pattern": host, "custom_domain": true}], "vars": vars,
            "kv_namespaces": [{"binding": "CACHE", "id": format!("{:0>32}", host.len())}]})
    };
    for (key, name, host) in [("api", "shop-api", "api"), ("auth", "shop-auth", "login")] {
        let config = json!({
            "name": name, "vars": {"WEB_URL": "http://localhost:8780", "ENVIRONMENT": "development"}, "kv_namespaces": [{"binding": "CACHE"}],
            "r2_buckets": [{"binding": "FILES", "bucket_name": "shop-files-dev"}],
            "env": {
                "staging": section(&format!("{name}-staging"), &format!("{host}-staging.example.com"), json!({"WEB_URL": "https://www-staging.example.com", "ENVIRONMENT": "staging"})),
                "production": section(&format!("{name}-live"), &format!("{host}.example.com"), json!({"WEB_URL": "https://www.example.com", "ENVIRONMENT": "production"})),
            },
        });
        let mut config = config;
        for name in ["staging", "production"] {
            config["env"][name]["r2_buckets"] =
                json!([{"binding": "FILES", "bucket_name": format!("shop-files-{name}")}]);
        }
        worker(
            world,
            &format!("workers/{key}"),
            &config,
            "export default { fetch: (request, env) => new Response(new URL(request.url).pathname === '/health' ? 'ok' : env.DATABASE_URL) };\n",
        );
    }
    let services = |suffix: &str| json!([{"binding": "API", "service": format!("shop-api{suffix}")}]);
    worker(
        world,
        "apps/web",
        &json!({
            "name": "shop-web", "services": services(""), "dev": {"port": 8780},
            "env": {
                "staging": {"name": "shop-web-staging", "services": services("-staging"), "routes": [{"pattern": "www-staging.example.com", "custom_domain": true}]},
                "production": {"name": "shop-web-live", "services": services("-live"), "routes": [
                    {"pattern": "example.com", "custom_domain": true}, {"pattern": "www.example.com", "custom_domain": true}]},
            },
        }),
        "export default { fetch: () => new Response('<h1>Shop</h1>') };\n",
    );
}

async fn init(world: &World, more: &[(&str, &str)]) -> Run {
    let run = world.run("preflight").input("command", "init");
    more.iter()
        .fold(run, |run, (name, value)| run.input(name, *value))
        .go()
        .await
}

async fn validate(world: &World, environment: &str) -> Run {
    let run = world
        .run("deploy-workers")
        .input("command", "validate")
        .input("environment", environment);
    run.input("health", "false")
        .env("DATABASE_URL", "postgresql://u:p@ep-a.neon.tech/db")
        .go()
        .await
}

#[tokio::test]
async fn a_proposal_is_accepted_in_every_environment_and_stays() {
    let world = World::start().await;
    shop(&world);
    let mark = world.mark();
    let run = init(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    world.assert_only_reads_since(mark);
    let written = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    insta::assert_snapshot!("init_manifest", written);
    insta::assert_snapshot!("init_log", run.log());
    assert!(run.summary.contains(written.trim_end()), "{}", run.summary);
    assert_eq!(run.output("changed"), "codex.toml");
    for environment in ["preview", "staging", "production"] {
        let validated = validate(&world, environment).await;
        assert_eq!(validated.code, 0, "{environment}: {validated}");
    }
    // It is there now: a second run says so, changes nothing, and prints the same where it is asked to.
    world.file("codex.toml", &format!("{written}# ours\n"));
    let again = init(&world, &[]).await;
    assert_eq!(again.code, 2, "{again}");
    insta::assert_snapshot!(again.error(), @"
    one input is wrong; nothing was touched
    - `manifest`: `codex.toml` is there, and is not written over; `preflight init --stdout` prints what would be proposed, to compare it
    ");
    let printed = init(&world, &[("stdout", "true")]).await;
    assert_eq!(printed.code, 0, "{printed}");
    assert!(printed.stdout.contains(&written), "{printed}");
    let kept = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    assert_eq!(kept, format!("{written}# ours\n"));
    world.finish().await;
}

#[tokio::test]
async fn one_worker_at_workers_dev_and_none_at_all() {
    let world = World::start().await;
    let none = init(&world, &[]).await;
    assert_eq!(none.code, 1, "{none}");
    insta::assert_snapshot!(none.error(), @"nothing was written: there is no Worker here: no `wrangler.jsonc`, `wrangler.json` or `wrangler.toml` in this folder or below it (what `.gitignore` names is not looked at); `npm create cloudflare@latest` makes one");
    assert!(!world.workspace().join("codex.toml").exists());
    worker(
        &world,
        "deploy",
        &json!({"name": "hello", "kv_namespaces": [{"binding": "NOTES", "id": "0f2ac74b498b48028cb68387c421e279"}]}),
        "export default { fetch: () => new Response('hello') };\n",
    );
    // A manifest in a folder of its own is about what lies below it.
    let run = init(&world, &[("manifest", "deploy/codex.toml")]).await;
    assert_eq!(run.code, 0, "{run}");
    for environment in ["preview", "production"] {
        let run = world
            .run("deploy-workers")
            .input("command", "validate")
            .input("environment", environment);
        let validated = run
            .input("manifest", "deploy/codex.toml")
            .input("health", "false")
            .go()
            .await;
        assert_eq!(validated.code, 0, "{environment}: {validated}");
    }
    world.finish().await;
}
