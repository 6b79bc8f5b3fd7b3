//! Stories of `deploy-workers` with `uploader: wrangler`: what our own client does not do, by the real wrangler on a
//! short lead.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use scenarios::{Run, Start, World, npm, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::{account, worker};
use crate::deploy_workers_rollback::{live, rolled_back};

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"
[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-{pr}"
[environments.production]
routing = "custom-domain"
[services.jobs]
path = "jobs"
uploader = "wrangler"
secrets = ["API_KEY"]
kv = ["CACHE"]
vars = { WEB_URL = "{web.url}" }
[services.web]
path = "web"
"#;

/// A wrangler that writes down what it is given, then is the real one.
const SPY: &str = r#"
const fs = require("node:fs"), path = require("node:path"), { spawnSync } = require("node:child_process");
const argv = process.argv.slice(2), at = (flag) => argv[argv.indexOf(flag) + 1];
const seen = { argv, env: process.env };
if (argv.includes("--secrets-file")) {
  seen.secrets = JSON.parse(fs.readFileSync(at("--secrets-file"), "utf8"));
  seen.secretsMode = (fs.statSync(at("--secrets-file")).mode & 0o777).toString(8);
}
if (argv.includes("--config")) seen.config = JSON.parse(fs.readFileSync(at("--config"), "utf8"));
fs.appendFileSync(path.join(__dirname, "seen.ndjson"), JSON.stringify(seen) + "\n");
process.exit(spawnSync(process.execPath, ["REAL", ...argv], { stdio: "inherit" }).status ?? 1);
"#;

/// Counts who connects: nobody ever should.
async fn elsewhere() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, met) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = met.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (address, met)
}

fn code(world: &World, says: &str) {
    world.file(
        "jobs/src/index.ts",
        &format!("export default {{ fetch: (): Response => new Response('{says}'), async queue() {{}} }};\n"),
    );
}

fn config(world: &World, more: &Value) {
    let mut full = json!({
        "name": "jobs", "main": "src/index.ts", "compatibility_date": "2026-07-01", "workers_dev": true,
        "build": {"command": "env >> built.txt"},
        "routes": [{"pattern": "jobs.example.org", "custom_domain": true}],
        "triggers": {"crons": ["0 * * * *"]},
        "vars": {"WEB_URL": "http://localhost"},
        "kv_namespaces": [{"binding": "CACHE"}],
        "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}], "consumers": [{"queue": "jobs", "max_batch_size": 5}]},
    });
    for (key, value) in more.as_object().unwrap() {
        full[key] = value.clone();
    }
    world.file("jobs/wrangler.json", &full.to_string());
}

async fn platform() -> World {
    platform_with(&npm::clients().join("node_modules/wrangler")).await
}

/// A project with this wrangler.
async fn platform_with(wrangler: &Path) -> World {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    world.seed(&json!({"cloudflare": {"queues": [{"name": "jobs"}]}})).await;
    let real = std::fs::canonicalize(wrangler.join("bin/wrangler.js")).unwrap();
    let real = real.display().to_string();
    let mut package: Value =
        serde_json::from_str(&std::fs::read_to_string(wrangler.join("package.json")).unwrap()).unwrap();
    package["bin"] = json!({"wrangler": "bin/spy.js"});
    world.file("node_modules/wrangler/package.json", &package.to_string());
    world.file("node_modules/wrangler/bin/spy.js", &SPY.replace("REAL", &real));
    config(&world, &json!({}));
    code(&world, "one");
    worker(
        &world,
        "web",
        &json!({"services": [{"binding": "JOBS", "service": "jobs"}]}),
        "export default {}",
    );
    world
}

fn run(world: &World) -> Start<'_> {
    world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .env("API_KEY", "key $CLOUDFLARE_API_TOKEN of jobs")
        .env("PATH", npm::path_with_node())
}

/// What wrangler was given, call by call.
fn seen(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.workspace().join("node_modules/wrangler/bin/seen.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn uploads(world: &World) -> Vec<Value> {
    let dry = |seen: &Value| seen["argv"].as_array().unwrap().iter().any(|arg| arg == "--dry-run");
    seen(world).into_iter().filter(|seen| !dry(seen)).collect()
}

/// Files that a run has left in the service's folder.
fn left(world: &World) -> Vec<PathBuf> {
    let all = std::fs::read_dir(world.workspace().join("jobs"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let left = all.filter(|path| path.display().to_string().contains("codex-"));
    left.collect()
}

fn assert_deployed(run: &Run) {
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
}

#[tokio::test]
async fn wrangler_uploads_what_we_cannot_and_decides_nothing() {
    let world = platform().await;
    let (address, met) = elsewhere().await;
    // A hostile repository: other hosts, other credentials, and no checks of certificates.
    world.file(
        "jobs/.env",
        &format!(
            "CLOUDFLARE_API_BASE_URL=http://{address}/client/v4\nHTTPS_PROXY=http://{address}\nHTTP_PROXY=http://{address}\nNODE_TLS_REJECT_UNAUTHORIZED=0\nCLOUDFLARE_ACCOUNT_ID=ffffffffffffffffffffffffffffffff\n"
        ),
    );
    let first = run(&world).go().await;
    assert_deployed(&first);
    assert_eq!(met.load(Ordering::Relaxed), 0, "somebody asked elsewhere");

    // What it was given.
    let uploads_now = uploads(&world);
    assert_eq!(uploads_now.len(), 1);
    let given = &uploads_now[0];
    assert_eq!(
        given["secrets"],
        json!({"API_KEY": "key $CLOUDFLARE_API_TOKEN of jobs"})
    );
    assert_eq!(given["secretsMode"], "600");
    assert_eq!(given["env"]["CLOUDFLARE_API_TOKEN"], tokens::CLOUDFLARE);
    let argv = given["argv"].to_string();
    for secret in [tokens::CLOUDFLARE, "of jobs"] {
        assert!(!argv.contains(secret), "{argv}");
    }
    for key in ["routes", "triggers", "build", "env"] {
        assert!(given["config"].get(key).is_none(), "{:#}", given["config"]);
    }
    // Its workers.dev was asked for by the configuration, so it stays.
    assert_eq!(
        (&given["config"]["name"], &given["config"]["workers_dev"]),
        (&json!("jobs"), &json!(true))
    );
    assert!(left(&world).is_empty(), "{:?}", left(&world));
    assert!(!PathBuf::from(given["argv"][2].as_str().unwrap()).exists());
    // The project's own build ran once, while there was no token.
    let built = std::fs::read_to_string(world.workspace().join("jobs/built.txt")).unwrap();
    assert!(
        !built.contains(tokens::CLOUDFLARE) && built.matches("CI=true").count() == 1,
        "{built}"
    );

    // What is there: the code and its secrets by wrangler, hostname, schedules and namespaces by us.
    let now = account(&world);
    let jobs = &now["workers"]["jobs"];
    let bindings = jobs["versions"][0]["content"]["bindings"].to_string();
    assert!(bindings.contains("key $CLOUDFLARE_API_TOKEN of jobs"), "{bindings}");
    assert!(bindings.contains("https://web.example.com"), "{bindings}");
    assert_eq!(now["queues"][0]["consumers"][0]["script"], "jobs", "{}", now["queues"]);
    let tags = jobs["settings"]["tags"].to_string();
    assert!(tags.contains("codex-hostname:jobs.example.com"), "{tags}");
    let hostnames: Vec<&str> = now["domains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["hostname"].as_str().unwrap())
        .collect();
    assert_eq!(hostnames.len(), 2, "{hostnames:?}");
    assert!(hostnames.contains(&"jobs.example.com"), "{hostnames:?}");
    for request in world.requests() {
        let (agent, path) = (
            request["user_agent"].as_str().unwrap_or_default(),
            request["path"].as_str().unwrap(),
        );
        let ours = ["/domains", "/routes", "/schedules", "/kv/"]
            .iter()
            .any(|part| path.contains(part));
        assert!(!(agent.starts_with("wrangler") && ours), "wrangler asked {path}");
    }

    // The second run asks nothing of wrangler but to bundle, and changes nothing.
    let mark = world.mark();
    let second = run(&world).go().await;
    assert_eq!((second.code, second.output("changed")), (0, "false"), "{second}");
    world.assert_only_reads_since(mark);
    assert_eq!(uploads(&world).len(), 1);

    // What only the configuration says counts as well.
    config(
        &world,
        &json!({"queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}], "consumers": [{"queue": "jobs", "max_batch_size": 7}]}}),
    );
    let third = run(&world).go().await;
    assert_deployed(&third);
    assert_eq!(
        account(&world)["queues"][0]["consumers"][0]["settings"]["batch_size"],
        7
    );
    let tags = account(&world)["workers"]["jobs"]["settings"]["tags"].to_string();
    assert!(tags.contains("codex-hostname:jobs.example.com"), "{tags}");
    world.finish().await;
}

#[tokio::test]
async fn older_wranglers_upload_as_well() {
    for name in ["wrangler-4-74", "wrangler-4-100"] {
        let world = platform_with(&npm::wranglers().join("node_modules").join(name)).await;
        assert_deployed(&run(&world).go().await);
        code(&world, "two");
        assert_deployed(&run(&world).go().await);
        let now = account(&world);
        let jobs = &now["workers"]["jobs"];
        assert_eq!(jobs["versions"].as_array().unwrap().len(), 2, "{name}: {jobs:#}");
        let newest = jobs["versions"][1]["content"]["bindings"].to_string();
        assert!(newest.contains("key $CLOUDFLARE_API_TOKEN of jobs"), "{name}: {newest}");
        assert_eq!(now["queues"][0]["consumers"][0]["script"], "jobs", "{name}");
        assert_eq!(now["domains"].as_array().unwrap().len(), 2, "{name}");
        let mark = world.mark();
        assert_eq!(run(&world).go().await.output("changed"), "false", "{name}");
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_wrangler_deployed_is_put_back_too() {
    let world = platform().await;
    assert_deployed(&run(&world).go().await);
    let before = live(&world, "jobs");
    code(&world, "two");
    world.file("web/dist/index.js", "export default { two: 2 }");
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/web/versions", "status": 400,
        "body": {"success": false, "errors": [{"code": 10021, "message": "Uncaught ReferenceError"}], "messages": [], "result": null}}));
    let failed = run(&world).go().await;
    assert_eq!(failed.code, 1, "{failed}");
    assert_eq!(rolled_back(&failed), ["jobs"]);
    assert_eq!(live(&world, "jobs"), before);

    // wrangler fails after it has deployed: the queue has another consumer. That is put back as well.
    world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/queues/*/consumers/*", "status": 400,
        "body": {"success": false, "errors": [{"code": 11004, "message": "queue already has a consumer"}], "messages": [], "result": null}}));
    let failed = run(&world).go().await;
    assert_eq!(failed.code, 1, "{failed}");
    assert!(
        failed
            .error()
            .starts_with("could not deploy `jobs` (wave 1 of 2)\ncaused by: wrangler could not deploy Worker `jobs`"),
        "{failed}"
    );
    assert!(
        failed
            .stdout
            .contains("::group::what wrangler printed when it uploaded jobs"),
        "{failed}"
    );
    assert_eq!(rolled_back(&failed), ["jobs"]);
    assert_eq!(live(&world, "jobs"), before);
    failed.assert_no_secret_leaks();

    // Left as it is on purpose, it serves; but the next run knows that wrangler did not come to its end.
    world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/queues/*/consumers/*", "status": 400,
        "body": {"success": false, "errors": [{"code": 11004, "message": "queue already has a consumer"}], "messages": [], "result": null}}));
    let kept = run(&world).input("on-failure", "keep").go().await;
    assert_eq!(kept.code, 1, "{kept}");
    assert_ne!(live(&world, "jobs"), before);
    assert_eq!(kept.report["services"][0]["version-id"], live(&world, "jobs").as_str());
    let mended = run(&world).go().await;
    assert_eq!(mended.report["services"][0]["state"], "deployed", "{mended}");
    assert_deployed(&mended);
    assert_ne!(live(&world, "jobs"), before);
    world.finish().await;
}

#[tokio::test]
async fn a_first_upload_by_wrangler_that_fails_behind_it_leaves_a_worker_that_says_whose_it_is() {
    let world = platform().await;
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/queues/*/consumers", "status": 400,
        "body": {"success": false, "errors": [{"code": 11004, "message": "queue already has a consumer"}], "messages": [], "result": null}}));
    let failed = run(&world).go().await;
    assert_eq!((failed.code, failed.output("changed")), (1, "true"), "{failed}");
    let tags = || account(&world)["workers"]["jobs"]["settings"]["tags"].to_string();
    assert!(tags().contains("codex-actions:1296269:acme/app:"), "{}", tags());
    assert!(!tags().contains("codex-uploaded:"), "{}", tags());
    let mended = run(&world).go().await;
    assert_deployed(&mended);
    assert!(!mended.stdout.contains("carries no marker"), "{mended}");
    assert!(tags().contains("codex-uploaded:"), "{}", tags());
    world.finish().await;
}

#[tokio::test]
async fn a_permission_that_wrangler_lacks_is_named() {
    let world = platform().await;
    let permissions = ["zone:read", "workers:edit", "routes:edit", "kv:edit"];
    world
        .seed(&json!({"cloudflare": {"tokens": {"narrow": {"permissions": permissions, "zones": ["example.com"]}}}}))
        .await;
    let run = run(&world).input("cloudflare-api-token", "narrow").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("hint: the token lacks a permission that wrangler needs"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn what_is_refused_names_the_way_out_and_what_would_be_taken_is_refused() {
    let world = platform().await;
    let flow = json!({"workflows": [{"binding": "FLOW", "name": "orders", "class_name": "Flow"}], "containers": [{"class_name": "C"}]});
    config(&world, &flow);
    let refused = run(&world).input("uploader", "api").go().await;
    assert_eq!(refused.code, 2, "{refused}");
    for part in [
        "does not attach queue consumers",
        "does not register workflows",
        "does not deploy containers",
    ] {
        let sentence = format!("{part}; `uploader: wrangler` lets the project's wrangler do it");
        assert!(
            refused.error().contains(&sentence),
            "{sentence} is not in:\n{}",
            refused.error()
        );
    }

    // A preview would take the queue and the workflow away from production.
    config(&world, &json!({"workflows": flow["workflows"], "triggers": {}}));
    let preview = world
        .run("deploy-workers")
        .env("API_KEY", "key of jobs")
        .env("PATH", std::env::var("PATH").unwrap());
    let preview = preview.go().await;
    assert_eq!(preview.code, 2, "{preview}");
    for part in [
        "queue `jobs` is production's, and is consumed by one Worker only",
        "workflow `orders` is production's, and runs the code of one Worker only",
    ] {
        assert!(preview.error().contains(part), "{part} is not in:\n{}", preview.error());
    }

    // wrangler gives all traffic at once, and an old one cannot carry secrets.
    let rollout = run(&world).input("rollout", "10,100").go().await;
    assert_eq!(rollout.code, 2, "{rollout}");
    assert!(
        rollout
            .error()
            .contains("`rollout`: wrangler gives `jobs` all traffic at once"),
        "{rollout}"
    );
    let package = json!({"version": "4.61.1", "bin": {"wrangler": "bin/spy.js"}, "engines": {"node": ">=18"}});
    world.file("node_modules/wrangler/package.json", &package.to_string());
    let old = run(&world).go().await;
    assert_eq!(old.code, 1, "{old}");
    assert!(
        old.error().contains("`uploader: wrangler` needs 4.74.0 or newer"),
        "{old}"
    );
    assert!(!world.requests().iter().any(|request| request["write"] == true));
    world.finish().await;
}
