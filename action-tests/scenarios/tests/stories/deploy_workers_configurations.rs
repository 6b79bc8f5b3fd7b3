//! Stories of `deploy-workers` about which configuration a Worker is made from: its own, whatever lies above it, and what
//! a build generated from it.

use std::path::Path;

use scenarios::{Start, World, ids, npm, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::{account, deploy};

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"
[environments.production]
wrangler-env = "production"
routing = "custom-domain"
[services.api]
path = "workers/api"
"#;

const CODE: &str = "export default { fetch: (): Response => new Response('own'), async queue() {} };\n";

/// A Worker with a `wrangler.toml` of its own, below a `wrangler.jsonc` and a pointer that are another Worker's:
/// wrangler itself, started in the Worker's folder, takes either of those.
fn two_configurations(world: &World, wrangler: &Path, manifest: &str) {
    world.file("codex.toml", manifest);
    let other = json!({
        "name": "root", "main": "root.js", "compatibility_date": "2025-09-01", "vars": {"OF": "root", "ROOT": "1"},
        "kv_namespaces": [{"binding": "SESSIONS", "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}],
        "env": {"production": {"vars": {"OF": "root's production"}}},
    });
    world.file("wrangler.jsonc", &other.to_string());
    world.file("root.js", "export default { fetch: () => new Response('root') };\n");
    world.file(".wrangler/deploy/config.json", r#"{"configPath": "../../built.json"}"#);
    world.file("built.json", &other.to_string());
    world.file(
        "workers/api/wrangler.toml",
        "name = \"api\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2025-09-01\"\n[env.production]\nname = \"api-live\"\n[env.production.vars]\nOF = \"api\"\n[[env.production.r2_buckets]]\nbinding = \"FILES\"\nbucket_name = \"files\"\n",
    );
    world.file("workers/api/src/index.ts", CODE);
    std::fs::create_dir(world.workspace().join("node_modules")).unwrap();
    std::os::unix::fs::symlink(wrangler, world.workspace().join("node_modules/wrangler")).unwrap();
}

fn production<'a>(world: &'a World, path: &str) -> Start<'a> {
    world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .env("PATH", path)
}

/// The bindings of a Worker's newest version, by name.
fn bindings(world: &World, worker: &str) -> Value {
    let worker = account(world)["workers"][worker].clone();
    let newest = worker["versions"].as_array().and_then(|all| all.last()).cloned();
    let bindings = newest.unwrap_or_default()["content"]["bindings"].clone();
    let all = bindings.as_array().cloned().unwrap_or_default();
    let by_name = all.into_iter().map(|mut binding| {
        let name = binding["name"].as_str().unwrap().to_owned();
        binding.as_object_mut().unwrap().remove("name");
        (name, binding)
    });
    by_name.collect()
}

#[tokio::test]
async fn a_workers_own_file_goes_before_one_above_it() {
    let older = |name: &str| npm::wranglers().join("node_modules").join(name);
    let newest = npm::clients().join("node_modules/wrangler");
    for (wrangler, uploader) in [
        (older("wrangler-4-40"), "api"),
        (newest.clone(), "api"),
        (older("wrangler-4-74"), "wrangler"),
        (newest.clone(), "wrangler"),
    ] {
        let case = format!("{} {uploader}", wrangler.display());
        let world = World::start().await;
        world.seed(&json!({"cloudflare": {"r2": ["files"]}})).await;
        two_configurations(&world, &wrangler, MANIFEST);
        let path = npm::path_with_node();
        let run = production(&world, &path).input("uploader", uploader).go().await;
        assert_eq!(run.code, 0, "{case}: {run}");
        assert_eq!(
            bindings(&world, "api"),
            json!({"FILES": {"type": "r2_bucket", "bucket_name": "files"}, "OF": {"type": "plain_text", "text": "api"}}),
            "{case}"
        );
        // Nothing of the other Worker was asked for, by anyone.
        let asked: Vec<String> = world.lines_since(0);
        assert!(
            !asked
                .iter()
                .any(|line| line.contains("/scripts/root") || line.contains("/services/root")),
            "{case}: {asked:#?}"
        );
        let workers: Vec<String> = account(&world)["workers"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(workers, ["api"], "{case}");
        if wrangler == newest {
            let mark = world.mark();
            let again = production(&world, &path).input("uploader", uploader).go().await;
            assert_eq!(again.output("changed"), "false", "{case}: {again}");
            world.assert_only_reads_since(mark);
        }
        world.finish().await;
    }
}

/// A wrangler that takes no notice of what it is told.
const STUBBORN: &str = r#"
const fs = require("node:fs"), at = (flag) => process.argv[process.argv.indexOf(flag) + 1];
fs.appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify({ type: "deploy", worker_name: "root" }) + "\n");
fs.writeFileSync(at("--outfile"), "");
"#;

#[tokio::test]
async fn another_workers_bundle_is_not_uploaded() {
    let world = World::start().await;
    world.file(
        "wrangler/package.json",
        r#"{"version": "4.164.0", "bin": {"wrangler": "run.js"}}"#,
    );
    world.file("wrangler/run.js", STUBBORN);
    two_configurations(&world, &world.workspace().join("wrangler"), MANIFEST);
    let run = production(&world, &npm::path_with_node()).go().await;
    assert_eq!(run.code, 1, "{run}");
    let error = run.error().replace(&world.workspace().display().to_string(), "…");
    assert!(
        error.contains(
            "caused by: wrangler was to bundle Worker `api-live` of `…/workers/api/wrangler.toml`, and says that it bundled `root`"
        ),
        "{error}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_told_with_line_and_column() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\n",
    );
    world.file("api/wrangler.toml", "name = \"api\"\nmain = = \"dist/index.js\"\n");
    world.file(
        "web/wrangler.jsonc",
        "{\n  // The comma is missing.\n  \"name\": \"web\"\n  \"main\": \"dist/index.js\"\n}\n",
    );
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 2, "{run}");
    for part in [
        "/api/wrangler.toml:2:8` is not TOML: ",
        "/web/wrangler.jsonc:3:16` is not JSON with comments: ",
    ] {
        assert!(run.error().contains(part), "{part} is not in:\n{}", run.error());
    }
    // A byte order mark, as some editors write it, is no problem of any.
    world.file(
        "api/wrangler.toml",
        "\u{feff}name = \"api\"\nmain = \"dist/index.js\"\nno_bundle = true\ncompatibility_date = \"2026-07-01\"\n",
    );
    world.file(
        "web/wrangler.jsonc",
        "\u{feff}{\"name\": \"web\", \"main\": \"dist/index.js\", \"no_bundle\": true, \"compatibility_date\": \"2026-07-01\"}",
    );
    for name in ["api", "web"] {
        world.file(&format!("{name}/dist/index.js"), "export default {}");
    }
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

/// What wrangler below 4.87 starts, with the token in its environment, for a project that is built by `OpenNext`.
const OPENNEXT: &str =
    "#!/usr/bin/env node\nrequire('node:fs').writeFileSync('met-the-token', process.env.CLOUDFLARE_API_TOKEN ?? '');\n";

#[tokio::test]
async fn an_opennext_projects_own_program_never_meets_the_token() {
    let world = World::start().await;
    two_configurations(&world, &npm::wranglers().join("node_modules/wrangler-4-74"), MANIFEST);
    world.file("workers/api/next.config.mjs", "export default {};\n");
    world.file("workers/api/open-next.config.ts", "export default {};\n");
    let package = "workers/api/node_modules/@opennextjs/cloudflare";
    world.file(
        &format!("{package}/package.json"),
        r#"{"name": "@opennextjs/cloudflare", "version": "1.14.0", "main": "run.js", "bin": {"opennextjs-cloudflare": "run.js"}}"#,
    );
    world.file(&format!("{package}/run.js"), OPENNEXT);
    world.file(
        "workers/api/package.json",
        r#"{"name": "api", "dependencies": {"@opennextjs/cloudflare": "1.14.0"}}"#,
    );
    let bin = world.workspace().join("workers/api/node_modules/.bin");
    std::fs::create_dir(&bin).unwrap();
    let program = world.workspace().join(package).join("run.js");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink(program, bin.join("opennextjs-cloudflare")).unwrap();
    world.seed(&json!({"cloudflare": {"r2": ["files"]}})).await;
    let path = npm::path_with_node();
    let run = production(&world, &path).input("uploader", "wrangler").go().await;
    let met = world.workspace().join("workers/api/met-the-token");
    assert!(!met.exists(), "{run}");
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(bindings(&world, "api")["OF"]["text"], "api");

    // The same wrangler, as a workflow would call it: it does start that program.
    let unguarded = tokio::process::Command::new("node")
        .arg(npm::wranglers().join("node_modules/wrangler-4-74/bin/wrangler.js"))
        .args(["deploy", "--config", "wrangler.toml", "--env", "production"])
        .current_dir(world.workspace().join("workers/api"))
        .env_clear()
        .env("PATH", &path)
        .env("HOME", world.workspace())
        .env("CI", "true")
        .env("CLOUDFLARE_API_BASE_URL", &world.cloud.cloudflare)
        .env("CLOUDFLARE_API_TOKEN", tokens::CLOUDFLARE)
        .env("CLOUDFLARE_ACCOUNT_ID", ids::ACCOUNT)
        .env("WRANGLER_SEND_METRICS", "false")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&unguarded.stdout).into_owned();
    assert_eq!(std::fs::read_to_string(met).unwrap_or(said), tokens::CLOUDFLARE);
    world.finish().await;
}
