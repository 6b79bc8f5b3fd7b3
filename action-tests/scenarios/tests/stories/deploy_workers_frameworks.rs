//! Stories of `deploy-workers` about projects as their frameworks make them: from the templates on npm, built by the real
//! tools, deployed by the real wrangler and by us. Python is left out: its tools fetch what they need while they build.

use std::fs;
use std::path::Path;
use std::process::Command;

use scenarios::{Run, World, npm};
use serde_json::{Value, json};

use crate::deploy_workers::{account, worker};
use crate::deploy_workers_same::{by_wrangler, left};

/// Runs a program of `action-tests/projects` in the workspace.
fn template(world: &World, script: &str, args: &[&str]) {
    let made = Command::new(npm::node())
        .arg(world.workspace().join("node_modules").join(script))
        .args(args)
        .current_dir(world.workspace())
        .env("CI", "true")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&made.stdout),
        String::from_utf8_lossy(&made.stderr),
    );
    assert!(made.status.success(), "{script} {args:?}:\n{out}{err}");
}

async fn workspace() -> World {
    let world = World::start().await;
    let packages = npm::projects().join("node_modules");
    std::os::unix::fs::symlink(packages, world.workspace().join("node_modules")).unwrap();
    world
}

const VITE: &str = r#"
import { cloudflare } from "@cloudflare/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
export default defineConfig({ plugins: [react(), cloudflare()] });
"#;

/// A Durable Object with `SQLite`, a module of its own that is loaded late, and a text.
const WORKER: &str = r#"
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  next(): number {
    return [...this.ctx.storage.sql.exec("SELECT 1 AS one")].length;
  }
}
export default {
  async fetch(_: Request, env: { STAGE: string }): Promise<Response> {
    const { late } = await import("./late");
    return Response.json({ stage: env.STAGE, late });
  },
};
"#;

/// create-vite's React template with Cloudflare's plugin.
fn vite_react(world: &World, name: &str, config: &Value) {
    template(
        world,
        "create-vite/index.js",
        &[name, "--template", "react-ts", "--no-interactive"],
    );
    world.file(&format!("{name}/vite.config.ts"), VITE);
    world.file(&format!("{name}/worker/index.ts"), WORKER);
    world.file(&format!("{name}/worker/late.ts"), "export const late = \"late\";\n");
    let mut full = json!({
        "name": name, "main": "worker/index.ts", "compatibility_date": "2026-07-01", "compatibility_flags": ["nodejs_compat"],
        "workers_dev": false, "preview_urls": false, "observability": {"enabled": true},
        "assets": {"not_found_handling": "single-page-application", "binding": "ASSETS"},
        "durable_objects": {"bindings": [{"name": "COUNTER", "class_name": "Counter"}]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}],
    });
    for (key, value) in config.as_object().unwrap() {
        full[key] = value.clone();
    }
    world.file(&format!("{name}/wrangler.jsonc"), &full.to_string());
}

/// sv's minimal template with the Cloudflare adapter.
fn sveltekit(world: &World, name: &str) {
    template(
        world,
        "sv/dist/bin.mjs",
        &[
            "create",
            name,
            "--template",
            "minimal",
            "--types",
            "ts",
            "--no-add-ons",
            "--no-install",
        ],
    );
    let file = world.workspace().join(name).join("vite.config.ts");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        config.replace("@sveltejs/adapter-auto", "@sveltejs/adapter-cloudflare"),
    )
    .unwrap();
    let config = json!({
        "name": name, "main": ".svelte-kit/cloudflare/_worker.js", "compatibility_date": "2026-07-01", "compatibility_flags": ["nodejs_compat"],
        "workers_dev": false, "preview_urls": false, "vars": {"STAGE": "live"},
        "assets": {"binding": "ASSETS", "directory": ".svelte-kit/cloudflare"},
    });
    world.file(&format!("{name}/wrangler.jsonc"), &config.to_string());
}

/// What worker-build leaves of a Worker in Rust: a shim and WebAssembly. Its own command is wrangler's to run.
fn rust(world: &World, name: &str) {
    world.file(
        &format!("{name}/wrangler.toml"),
        &format!("name = \"{name}\"\nmain = \"build/worker/shim.mjs\"\ncompatibility_date = \"2026-07-01\"\nworkers_dev = false\npreview_urls = false\n[build]\ncommand = \"mkdir -p build/worker && cp prebuilt/* build/worker\"\n"),
    );
    world.file(
        &format!("{name}/prebuilt/shim.mjs"),
        "import wasm from \"./index_bg.wasm\";\nimport { greet } from \"./index_bg.js\";\nexport default { fetch: () => new Response(greet(new WebAssembly.Instance(wasm))) };\n",
    );
    world.file(
        &format!("{name}/prebuilt/index_bg.js"),
        "export const greet = (instance) => `rust ${Object.keys(instance.exports).length}`;\n",
    );
    world.file(&format!("{name}/prebuilt/index_bg.wasm"), "\0asm\u{1}\0\0\0");
}

const BUILD: &str = "node ../node_modules/vite/bin/vite.js build";

#[tokio::test]
async fn the_real_wrangler_and_we_leave_the_same_of_frameworks_projects() {
    let world = workspace().await;
    vite_react(&world, "react", &json!({"vars": {"STAGE": "live"}}));
    sveltekit(&world, "svelte");
    rust(&world, "rust");
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nworker = \"ours-{{worker}}\"\nrouting = \"record\"\n[services.react]\npath = \"react\"\nbuild = \"{BUILD}\"\n[services.svelte]\npath = \"svelte\"\nbuild = \"{BUILD}\"\n[services.rust]\npath = \"rust\"\n"
        ),
    );
    let path = npm::path_with_node();
    let run = world.run("deploy-workers").on_push().input("environment", "production");
    let run = run.input("health", "false").env("PATH", &path).go().await;
    assert_eq!(run.code, 0, "{run}");
    // The module, the one that is loaded late, and their source maps; code alone; the shim and its WebAssembly.
    for (name, modules, assets, migration) in [
        ("react", 4, 8, json!("v1")),
        ("svelte", 1, 10, Value::Null),
        ("rust", 2, 0, Value::Null),
    ] {
        by_wrangler(&world, name, &path).await;
        let (ours, theirs) = (
            left(&world, &format!("ours-{name}")),
            left(&world, &format!("theirs-{name}")),
        );
        assert_eq!(ours, theirs, "{name}: ours {ours:#}\ntheirs {theirs:#}");
        let content = &ours["content"];
        let served = content["assets"]["files"].as_object().map_or(0, serde_json::Map::len);
        assert!(
            content["modules"].as_array().unwrap().len() >= modules,
            "{name}: {ours:#}"
        );
        assert!(served >= assets, "{name}: {ours:#}");
        assert_eq!(ours["migration"], migration, "{name}: {ours:#}");
    }
    world.finish().await;
}

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"
[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-{pr}"
wrangler-env = "preview"
[environments.production]
worker = "{worker}-production"
wrangler-env = "production"
routing = "custom-domain"
[services.web]
path = "web"
build = "BUILD"
[services.api]
path = "api"
"#;

/// A Vite app beside a classic Worker.
async fn mixed() -> World {
    let world = workspace().await;
    let counter = json!({"bindings": [{"name": "COUNTER", "class_name": "Counter"}]});
    let of = |stage: &str, bucket: &str, api: &str| {
        json!({
            "vars": {"STAGE": stage}, "durable_objects": counter.clone(),
            "r2_buckets": [{"binding": "FILES", "bucket_name": bucket}], "services": [{"binding": "API", "service": api}],
        })
    };
    let mut config = of("dev", "files-dev", "api");
    config["env"] =
        json!({"production": of("live", "files", "api-production"), "preview": of("try", "files-try", "api-preview")});
    vite_react(&world, "web", &config);
    // React itself is built once, in the story above.
    world.file("web/src/main.tsx", "document.title = \"web\";\n");
    worker(
        &world,
        "api",
        &json!({"vars": {"STAGE": "dev"}, "env": {"production": {"vars": {"STAGE": "live"}}, "preview": {"vars": {"STAGE": "try"}}}}),
        "export default { fetch: () => new Response('api') }",
    );
    world.file("codex.toml", &MANIFEST.replace("BUILD", BUILD));
    world.seed(&json!({"cloudflare": {"r2": ["files", "files-try"]}})).await;
    world
}

async fn preview(world: &World) -> Run {
    let run = world.run("deploy-workers").input("health", "false");
    run.env("PATH", npm::path_with_node()).go().await
}

async fn production(world: &World) -> Run {
    let run = world.run("deploy-workers").on_push().input("environment", "production");
    run.input("health", "false")
        .env("PATH", npm::path_with_node())
        .go()
        .await
}

/// What a Worker's newest version has of what differs between environments.
fn has(world: &World, worker: &str) -> [Value; 3] {
    let worker = account(world)["workers"][worker].clone();
    let newest = worker["versions"]
        .as_array()
        .and_then(|all| all.last())
        .cloned()
        .unwrap_or_default();
    let all = newest["content"]["bindings"].as_array().cloned().unwrap_or_default();
    let field = |name: &str, field: &str| {
        let found = all.iter().find(|binding| binding["name"] == name);
        found.map_or(Value::Null, |binding| binding[field].clone())
    };
    [
        field("STAGE", "text"),
        field("FILES", "bucket_name"),
        field("API", "service"),
    ]
}

#[tokio::test]
async fn a_vite_app_is_built_for_each_environment_and_production_is_not_its_own() {
    let world = mixed().await;
    // A `.env` file of the project's names another environment, as Vite's plugin reads it: the manifest goes before.
    world.file("web/.env", "CLOUDFLARE_ENV=production\n");
    let first = preview(&world).await;
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(
        has(&world, "web-42"),
        [json!("try"), json!("files-try"), json!("api-42")]
    );
    assert_eq!(account(&world)["workers"]["web-42"]["migration_tag"], "v1");
    let mark = world.mark();
    let again = preview(&world).await;
    assert_eq!(again.output("changed"), "false", "{again}");
    world.assert_only_reads_since(mark);

    let live = production(&world).await;
    assert_eq!(live.code, 0, "{live}");
    assert_eq!(
        has(&world, "web-production"),
        [json!("live"), json!("files"), json!("api-production")]
    );

    // What production's own section says is what isolation goes by.
    let config = fs::read_to_string(world.workspace().join("web/wrangler.jsonc")).unwrap();
    world.file("web/wrangler.jsonc", &config.replace("\"files-try\"", "\"files\""));
    let mark = world.mark();
    let shared = preview(&world).await;
    assert_eq!(shared.code, 2, "{shared}");
    let sentence = "`services.web`: binding `FILES` is production's R2 bucket `files`";
    assert!(shared.error().contains(sentence), "{shared}");
    assert!(world.since(mark).is_empty());
    world.finish().await;
}

/// Where the workspace is, is no part of a sentence.
fn told(run: &Run, world: &World) -> String {
    run.error().replace(&world.workspace().display().to_string(), "…")
}

#[tokio::test]
async fn what_an_earlier_build_left_is_not_deployed_in_its_place() {
    let world = mixed().await;
    assert_eq!(production(&world).await.code, 0);
    // A step before this one built for production, and nothing is built here.
    world.file("codex.toml", &MANIFEST.replace("build = \"BUILD\"\n", ""));
    let other = preview(&world).await;
    assert_eq!(other.code, 2, "{other}");
    assert!(
        told(&other, &world).contains("`services.web`: `…/web/dist/web/wrangler.json` was built for environment `production` of the wrangler configuration, and environment `preview` is to be deployed; build it again with `CLOUDFLARE_ENV=preview`"),
        "{other}"
    );

    // What is not deployed need not be built for this environment.
    let alone = world
        .run("deploy-workers")
        .input("health", "false")
        .input("services", "api");
    let alone = alone.env("PATH", npm::path_with_node()).go().await;
    assert_eq!(alone.code, 0, "{alone}");

    // A build cache leaves what is in place as it was.
    world.file("codex.toml", &MANIFEST.replace("BUILD", "true"));
    let kept = production(&world).await;
    assert_eq!((kept.code, kept.output("changed")), (0, "false"), "{kept}");
    assert!(
        kept.stdout.contains(
            "web: `true` left `.wrangler/deploy/config.json` as it was, as a build cache does when all is in place"
        ),
        "{kept}"
    );

    // Built for this environment, but of another configuration than today's: refused after a build that did not renew
    // it, told where nothing is built.
    let config = fs::read_to_string(world.workspace().join("web/wrangler.jsonc")).unwrap();
    world.file("web/wrangler.jsonc", &config.replace("\"live\"", "\"LIVE\""));
    let mark = world.mark();
    let stale = production(&world).await;
    assert_eq!(stale.code, 1, "{stale}");
    assert!(
        told(&stale, &world).contains("caused by: `true` ended well and did not write `.wrangler/deploy/config.json`, which is there from an earlier build"),
        "{stale}"
    );
    assert!(world.since(mark).is_empty());
    world.file("codex.toml", &MANIFEST.replace("build = \"BUILD\"\n", ""));
    // As an older plugin writes it, which the newest wrangler refuses in a configuration that it is given by name.
    let built = fs::read_to_string(world.workspace().join("web/dist/web/wrangler.json")).unwrap();
    let older = built.replacen('{', "{\"legacy_env\":true,", 1);
    world.file("web/dist/web/wrangler.json", &older);
    let differs = production(&world).await;
    assert_eq!((differs.code, differs.output("changed")), (0, "false"), "{differs}");
    assert!(
        differs
            .stdout
            .contains("is what a build wrote, and differs in `vars` from"),
        "{differs}"
    );
    world.finish().await;
}

#[tokio::test]
async fn an_auxiliary_worker_is_deployed_from_where_the_build_put_it() {
    let world = mixed().await;
    let plugin = "cloudflare({ auxiliaryWorkers: [{ configPath: \"../api/wrangler.json\" }] })";
    world.file("web/vite.config.ts", &VITE.replace("cloudflare()", plugin));
    // Vite builds it now, from its source.
    let api = json!({"name": "api", "main": "index.ts", "compatibility_date": "2026-07-01", "vars": {"STAGE": "dev"}, "env": {"production": {"vars": {"STAGE": "live"}}, "preview": {"vars": {"STAGE": "try"}}}});
    world.file("api/wrangler.json", &api.to_string());
    world.file(
        "api/index.ts",
        "export default { fetch: (): Response => new Response('api by Vite') };\n",
    );
    let manifest = MANIFEST.replace("path = \"api\"", "path = \"web/dist/api\"");
    // wrangler may upload what was generated, too.
    let build = format!("{BUILD}\"\nuploader = \"wrangler");
    world.file("codex.toml", &manifest.replace("BUILD", &build));
    let live = production(&world).await;
    assert_eq!(live.code, 0, "{live}");
    assert_eq!(has(&world, "api-production")[0], "live");
    assert_eq!(has(&world, "web-production")[..2], [json!("live"), json!("files")]);
    assert!(Path::new(&world.workspace().join("web/dist/api/wrangler.json")).is_file());
    assert_eq!(has(&world, "web-production")[2], "api-production");
    world.finish().await;
}
