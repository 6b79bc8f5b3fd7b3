//! Stories of `deploy-workers` about the tools that a project has: wrangler from 4.40 on; npm, pnpm and both Yarns.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use scenarios::{World, ids, npm, tokens};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::deploy_workers::{account, deploy, worker};

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"

[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-{pr}"
wrangler-env = "staging"
vars = { ENVIRONMENT = "preview" }

[services.api]
path = "api"
secrets = ["DATABASE_URL"]
kv = ["CACHE"]

[services.auth]
path = "auth"
"#;

const CODE: &str = r#"
import { Buffer } from "node:buffer";
import hello from "./hello.txt";
import data from "./data.bin";
import module from "./empty.wasm";
interface Env { STAGE: string; LIMITS: { requests: number } }
export default {
  async fetch(_: Request, env: Env): Promise<Response> {
    await WebAssembly.instantiate(module);
    return new Response(`${hello} ${env.STAGE} ${env.LIMITS.requests} ${Buffer.from(data).toString("hex")}`);
  },
};
"#;

/// TypeScript with a module of each kind, for an environment of the wrangler configuration.
async fn project(wrangler: &Path, kv: &Value) -> World {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    let config = json!({
        "name": "api", "main": "src/index.ts", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"],
        // The newest sends them unless told not to; older ones only when told.
        "upload_source_maps": true,
        "vars": {"STAGE": "live"},
        "env": {"staging": {
            "vars": {"STAGE": "staging", "LIMITS": {"requests": 10}}, "kv_namespaces": [kv],
            "services": [{"binding": "AUTH", "service": "auth"}],
        }},
    });
    world.file(
        "api/wrangler.jsonc",
        &format!("// The comment makes it JSONC.\n{config:#}"),
    );
    world.file("api/src/index.ts", CODE);
    world.file("api/src/hello.txt", "hello");
    world.file("api/src/data.bin", "\u{1}\u{2}\u{3}");
    world.file("api/src/empty.wasm", "\0asm\u{1}\0\0\0");
    worker(&world, "auth", &json!({"env": {"staging": {}}}), "export default {}");
    std::fs::create_dir(world.workspace().join("node_modules")).unwrap();
    symlink(wrangler, world.workspace().join("node_modules/wrangler")).unwrap();
    world
}

/// What a deployment with this wrangler leaves of `api`, but for the JavaScript itself: each has another esbuild.
async fn left_by(wrangler: &Path, kv: &Value, path: &str) -> Value {
    let world = project(wrangler, kv).await;
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("DATABASE_URL", "postgresql://o:npg_s3cret@ep-a.neon.tech/neondb")
        .env("PATH", path)
        .go()
        .await;
    assert_eq!(run.code, 0, "{}\n{run}", wrangler.display());
    let mut worker = account(&world)["workers"]["api-42"].clone();
    let mut content = worker["versions"][0]["content"].take();
    content.as_object_mut().unwrap().remove("etag");
    let modules = content["modules"].as_array_mut().unwrap();
    for module in modules.iter_mut() {
        if ["index.js", "index.js.map"].iter().any(|name| module["name"] == *name) {
            let size = module["size"].take();
            assert!(size.as_u64().unwrap() > 500, "{module} of {size}");
        }
    }
    modules.sort_by_key(|module| module["name"].as_str().unwrap().to_owned());
    let deployed = code_of(&world, "api-42").await;
    assert!(deployed.contains("env.LIMITS.requests"), "{deployed}");
    world.finish().await;
    json!({"content": content, "settings": worker["settings"], "workers_dev": worker["workers_dev"]})
}

/// The modules that a Worker's newest version has, as Cloudflare sends them.
async fn code_of(world: &World, worker: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!(
        "{}/accounts/{}/workers/scripts/{worker}",
        world.cloud.cloudflare,
        ids::ACCOUNT
    );
    let answer = reqwest::Client::new().get(url).bearer_auth(tokens::CLOUDFLARE);
    let modules = answer.send().await.unwrap().bytes().await.unwrap();
    String::from_utf8_lossy(&modules).into_owned()
}

#[tokio::test]
async fn every_wrangler_from_4_40_on_leaves_the_same_worker() {
    let older = |name: &str| npm::wranglers().join("node_modules").join(name);
    let machine = std::env::var("PATH").unwrap();
    let newer_node = npm::path_with_node();
    let (without_id, with_id) = (json!({"binding": "CACHE"}), json!({"binding": "CACHE", "id": "any"}));

    let newest = npm::clients().join("node_modules/wrangler");
    let newest = left_by(&newest, &without_id, &newer_node).await;
    assert_eq!(newest["content"]["bindings"].as_array().unwrap().len(), 6, "{newest:#}");
    assert_eq!(newest["content"]["modules"].as_array().unwrap().len(), 5, "{newest:#}");
    for (name, kv, path) in [
        // Before 4.45 wrangler itself wants an id; the manifest's `kv` puts another in its place.
        ("wrangler-4-40", &with_id, &machine),
        ("wrangler-4-45", &without_id, &machine),
        ("wrangler-4-61", &without_id, &machine),
        ("wrangler-4-74", &without_id, &machine),
        ("wrangler-4-100", &without_id, &newer_node),
    ] {
        let left = left_by(&older(name), kv, path).await;
        assert_eq!(left, newest, "{name} left {left:#}\nand the newest {newest:#}");
    }
}

#[tokio::test]
async fn a_wrangler_that_wants_ids_is_told_to_be_raised() {
    let old = npm::wranglers().join("node_modules/wrangler-4-40");
    let world = project(&old, &json!({"binding": "CACHE"})).await;
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    for part in [
        "bindings should have a string \"id\" field but got {\"binding\":\"CACHE\"}",
        "wrangler 4.40.0 wants an id of every resource; 4.45.0 is the first that does not",
    ] {
        assert!(run.error().contains(part), "{part} is not in:\n{}", run.error());
    }
    assert!(world.requests().is_empty());
    world.finish().await;
}

/// A workspace of two Workers that share a package; only the Workers depend on wrangler. `shared` is how a Worker asks
/// for the package.
async fn workspace(shared: &str) -> World {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"workers/api\"\n[services.web]\npath = \"workers/web\"\n",
    );
    // workerd and sharp are large, and a dry run uses neither (action-tests/wranglers).
    let nothing = "file:./nothing";
    let root = json!({
        "name": "workspace", "private": true, "workspaces": ["workers/*", "packages/*"],
        "dependencies": {"sharp": nothing, "workerd": nothing},
        "overrides": {"sharp": "$sharp", "workerd": "$workerd"},
        "resolutions": {"sharp": nothing, "workerd": nothing},
    });
    world.file("package.json", &root.to_string());
    for file in ["package.json", "index.js"] {
        let text = std::fs::read_to_string(npm::wranglers().join("nothing").join(file)).unwrap();
        world.file(&format!("nothing/{file}"), &text);
    }
    world.file(
        "packages/shared/package.json",
        r#"{"name": "@acme/shared", "version": "1.0.0", "exports": "./src/index.ts"}"#,
    );
    world.file(
        "packages/shared/src/index.ts",
        "export const greet = (who: string): string => `shared code greets ${who}`;\n",
    );
    for name in ["api", "web"] {
        let package = json!({
            "name": name, "version": "1.0.0", "private": true,
            "dependencies": {"@acme/shared": shared}, "devDependencies": {"wrangler": "4.61.1"},
        });
        world.file(&format!("workers/{name}/package.json"), &package.to_string());
        world.file(
            &format!("workers/{name}/wrangler.json"),
            &json!({"name": name, "main": "src/index.ts", "compatibility_date": "2025-09-01"}).to_string(),
        );
        world.file(
            &format!("workers/{name}/src/index.ts"),
            &format!("import {{ greet }} from \"@acme/shared\";\nexport default {{ fetch: (): Response => new Response(greet(\"{name}\")) }};\n"),
        );
    }
    world
}

/// Runs a package manager with the machine's own settings for registries and caches, and nothing else of it.
async fn install(world: &World, program: &Path, args: &[&str]) {
    const KEPT: [&str; 8] = [
        "HOME",
        "LANG",
        "NODE_EXTRA_CA_CERTS",
        "NPM_",
        "PATH",
        "PNPM_",
        "TMPDIR",
        "YARN_",
    ];
    let kept = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy().to_uppercase();
        KEPT.iter().any(|kept| name.starts_with(kept)) || name.ends_with("_PROXY")
    });
    let mut command = if program.extension().is_some() {
        let mut node = Command::new("node");
        node.arg(program);
        node
    } else {
        Command::new(program)
    };
    let done = command
        .args(args)
        .current_dir(world.workspace())
        .env_clear()
        .envs(kept)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{} {args:?}:\n{out}{err}", program.display());
}

/// `bin` of one of the package managers.
fn manager(bin: &str) -> PathBuf {
    npm::wranglers().join("node_modules").join(bin)
}

/// Deploys; both Workers must hold the shared code.
async fn both_share(world: World) {
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    for name in ["api", "web"] {
        let code = code_of(&world, &format!("{name}-42")).await;
        assert!(
            code.contains("shared code greets") && code.contains(&format!("greet(\"{name}\")")),
            "{code}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn a_workspace_of_npm() {
    let world = workspace("1.0.0").await;
    install(
        &world,
        Path::new("npm"),
        &["install", "--ignore-scripts", "--no-audit", "--no-fund"],
    )
    .await;
    assert!(world.workspace().join("node_modules/wrangler").is_dir());
    both_share(world).await;
}

#[tokio::test]
async fn a_workspace_of_pnpm() {
    let world = workspace("workspace:*").await;
    world.file("pnpm-workspace.yaml", "packages:\n  - workers/*\n  - packages/*\n");
    install(&world, &manager("pnpm/bin/pnpm.cjs"), &["install", "--ignore-scripts"]).await;
    // Nothing is at the top, and each Worker has a link into the store.
    assert!(!world.workspace().join("node_modules/wrangler").exists());
    let link = std::fs::read_link(world.workspace().join("workers/api/node_modules/wrangler")).unwrap();
    assert!(
        link.to_string_lossy().contains("/.pnpm/wrangler@4.61.1"),
        "{}",
        link.display()
    );
    both_share(world).await;
}

#[tokio::test]
async fn a_workspace_of_classic_yarn() {
    let world = workspace("1.0.0").await;
    let args = ["install", "--ignore-scripts", "--non-interactive", "--no-lockfile"];
    install(&world, &manager("yarn/bin/yarn.js"), &args).await;
    assert!(world.workspace().join("node_modules/wrangler").is_dir());
    both_share(world).await;
}

#[tokio::test]
async fn plug_n_play_is_refused_and_the_remedy_works() {
    let world = workspace("workspace:*").await;
    // Its own lock file says where the project begins.
    world.file("yarn.lock", "");
    let yarn = manager("@yarnpkg/cli-dist/bin/yarn.js");
    let args = ["install", "--mode=skip-build", "--no-immutable"];
    install(&world, &yarn, &args).await;
    assert!(world.workspace().join(".pnp.cjs").is_file());
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    let error = run.error();
    for part in [
        "could not bundle `api` and `web`; nothing was touched",
        "workers/api`: no `node_modules/wrangler` in it or above it",
        "Yarn Plug'n'Play keeps no node_modules: set `nodeLinker: node-modules` in .yarnrc.yml",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
    assert!(world.requests().is_empty());

    world.file(".yarnrc.yml", "nodeLinker: node-modules\n");
    install(&world, &yarn, &args).await;
    assert!(world.workspace().join("node_modules/wrangler").is_dir());
    both_share(world).await;
}
