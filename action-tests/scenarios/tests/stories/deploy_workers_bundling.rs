//! Stories of `deploy-workers` about the project's own wrangler: what it sees, what it is asked, what it makes.

use std::path::PathBuf;

use scenarios::{World, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::{account, deploy};

const MANIFEST: &str = "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"workers/api\"\nsecrets = [\"DATABASE_URL\"]\n";

/// Stands in for wrangler: writes down its arguments and environment, then leaves a form.
const SPY: &str = r#"
const fs = require("node:fs"), path = require("node:path");
const at = (flag) => process.argv[process.argv.indexOf(flag) + 1];
fs.writeFileSync(path.join(__dirname, "seen.json"), JSON.stringify({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd() }));
if (fs.existsSync("fail")) {
  fs.appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify({ type: "command-failed", message: "Could not resolve \"./missing\"" }) + "\n");
  console.error("\u001b[31m✘ [ERROR]\u001b[0m Could not resolve \"./missing\"");
  process.exit(1);
}
fs.appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify({ type: "deploy", worker_name: process.argv.includes("--env=staging") ? "api-staging" : "api", version_id: null }) + "\n");
const b = "----formdata-undici-1";
fs.writeFileSync(at("--outfile"), [
  `--${b}`, 'Content-Disposition: form-data; name="metadata"', "",
  JSON.stringify({ main_module: "index.js", bindings: [], compatibility_date: "2026-07-01", compatibility_flags: [] }),
  `--${b}`, 'Content-Disposition: form-data; name="index.js"; filename="index.js"', "Content-Type: application/javascript+module", "",
  "export default {}", `--${b}--`, ""].join("\r\n"));
"#;

pub(crate) fn spy(world: &World, version: &str, node: &str) {
    world.file("codex.toml", MANIFEST);
    world.file(
        "workers/api/wrangler.toml",
        "name = \"api\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-07-01\"\n[env.staging]\n",
    );
    world.file(
        "node_modules/wrangler/package.json",
        &json!({"version": version, "bin": {"wrangler": "./bin/wrangler.js"}, "engines": {"node": node}}).to_string(),
    );
    world.file("node_modules/wrangler/bin/wrangler.js", SPY);
}

#[tokio::test]
async fn a_build_meets_no_token_and_no_other_host() {
    let world = World::start().await;
    spy(&world, "4.164.0", ">=18");
    // A hostile repository: wrangler would read this file and send the token where it says.
    world.file(
        "workers/api/.env",
        "CLOUDFLARE_API_BASE_URL=https://evil.example/client/v4\n",
    );
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .input("build-env", "PUBLIC_URL")
        .env("DATABASE_URL", "postgresql://o:npg-s3cret@ep-a.neon.tech/neondb")
        .env("PUBLIC_URL", "https://public.example")
        .env("ACTIONS_RUNTIME_TOKEN", "runtime-token-1")
        .env("NODE_AUTH_TOKEN", "npm-token-1")
        .env("CLOUDFLARE_API_TOKEN", "cf-token-for-tests")
        .env("GITHUB_TOKEN", "gh-token-for-tests")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    let seen = std::fs::read_to_string(world.workspace().join("node_modules/wrangler/bin/seen.json")).unwrap();
    for secret in [
        tokens::CLOUDFLARE,
        tokens::NEON,
        tokens::GITHUB,
        "npg-s3cret",
        "runtime-token-1",
        "npm-token-1",
        "INPUT_",
        "evil",
    ] {
        assert!(!seen.contains(secret), "the build saw `{secret}`: {seen}");
    }
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen["env"]["CLOUDFLARE_API_BASE_URL"], world.cloud.cloudflare.as_str());
    assert_eq!(seen["env"]["WRANGLER_SEND_METRICS"], "false");
    assert_eq!(seen["env"]["PUBLIC_URL"], "https://public.example");
    assert!(seen["cwd"].as_str().unwrap().ends_with("workers/api"));
    let argv: Vec<&str> = seen["argv"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap())
        .collect();
    assert_eq!(
        (argv[0], argv[1], argv.last().copied()),
        ("deploy", "--dry-run", Some("--env="))
    );
    // Its home is gone again.
    assert!(!PathBuf::from(seen["env"]["HOME"].as_str().unwrap()).exists());
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_tools_is_one_sentence() {
    let world = World::start().await;
    spy(&world, "4.164.0", ">=99.1.0");
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("wrangler 4.164.0 needs Node 99.1.0 or newer, and `"),
        "{run}"
    );
    assert!(
        run.error()
            .contains("hint: add `actions/setup-node` with a newer `node-version`"),
        "{run}"
    );

    spy(&world, "3.114.0", ">=18");
    let run = deploy(&world, &[]).await;
    assert!(run.error().contains("is too old; 4.40.0 or newer is needed"), "{run}");

    spy(&world, "4.164.0", ">=18");
    world.file("workers/api/fail", "");
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("could not bundle `api`; nothing was touched\ncaused by: Could not resolve \"./missing\""),
        "{run}"
    );
    assert!(
        run.stdout
            .contains("::group::what was printed while api was built\n✘ [ERROR] Could not resolve"),
        "{run}"
    );

    world.file(
        "codex.toml",
        &MANIFEST.replace(
            "worker = \"{worker}-{pr}\"",
            "worker = \"{worker}-{pr}\"\nwrangler-env = \"stagin\"",
        ),
    );
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("has no environment `stagin`; it has `staging`"),
        "{run}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn the_service_worker_format_is_refused_with_the_way_out() {
    let world = World::start().await;
    spy(&world, "4.164.0", ">=18");
    let form = SPY.replace("main_module", "body_part");
    world.file("node_modules/wrangler/bin/wrangler.js", &form);
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("it is written in the service worker format, which has no versions"),
        "{run}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn validation_bundles_and_checks_without_a_request_or_a_token() {
    let world = World::start().await;
    spy(&world, "4.164.0", ">=18");
    let validate = || {
        world
            .run("deploy-workers")
            .input("command", "validate")
            .without("cloudflare-api-token")
            .without("cloudflare-account-id")
    };
    let run = validate().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("1 service valid; no request was made\na deployment needs these variables in the step's `env`: `DATABASE_URL`"), "{run}");
    assert_eq!(
        (
            run.report["command"].as_str(),
            run.report["services"][0]["state"].as_str()
        ),
        (Some("validate"), Some("planned"))
    );

    world.file(
        "workers/api/wrangler.toml",
        "name = \"api\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2099-01-01\"\n[[queues.consumers]]\nqueue = \"q\"\n[[containers]]\nclass_name = \"C\"\n",
    );
    let run = validate().go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(run.error().contains("this action does not deploy containers"), "{run}");
    assert!(
        run.error().contains("this action does not attach queue consumers"),
        "{run}"
    );

    // Bindings at the top level only: wrangler warns, and production has none (a Worker without KV, once).
    world.file(
        "workers/api/wrangler.toml",
        "name = \"api\"\nmain = \"src/index.ts\"\n[[kv_namespaces]]\nbinding = \"CACHE\"\nid = \"a\"\n[env.staging]\n",
    );
    world.file(
        "codex.toml",
        &MANIFEST.replace(
            "worker = \"{worker}-{pr}\"",
            "worker = \"{worker}-{pr}\"\nwrangler-env = \"staging\"",
        ),
    );
    let run = validate().input("budget", "1").go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("`kv_namespaces` stands at the top level of the wrangler configuration only"),
        "{run}"
    );
    assert!(run.error().contains("more than the 1 B of `budget`"), "{run}");
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn assets_that_are_there_already_are_not_sent_again() {
    let world = World::start().await;
    world.file("codex.toml", &MANIFEST.replace("secrets = [\"DATABASE_URL\"]\n", ""));
    world.file("workers/api/wrangler.json", &json!({"name": "api", "main": "index.js", "no_bundle": true, "compatibility_date": "2026-07-01", "assets": {"directory": "public", "binding": "ASSETS"}}).to_string());
    world.file(
        "workers/api/index.js",
        "export default { fetch: (r, e) => e.ASSETS.fetch(r) }",
    );
    for n in 0..25 {
        world.file(&format!("workers/api/public/page-{n}.html"), &format!("<p>{n}</p>"));
    }
    world.file("workers/api/public/_headers", "/*\n  X-Frame-Options: DENY\n");
    let uploads = |from: usize| {
        world
            .lines_since(from)
            .iter()
            .filter(|line| line.contains("/assets/upload"))
            .count()
    };
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(uploads(0), 3, "25 files in buckets of ten");
    let assets = account(&world)["workers"]["api-42"]["versions"][0]["content"]["assets"].clone();
    assert_eq!(assets["files"].as_object().unwrap().len(), 25);
    assert_eq!(assets["config"]["_headers"], "/*\n  X-Frame-Options: DENY\n");

    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.file("workers/api/public/page-7.html", "<p>seven</p>");
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "true");
    assert_eq!(uploads(mark), 1);
    world.finish().await;
}
