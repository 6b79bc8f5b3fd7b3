//! The same configurations, deployed by the real wrangler and by us, leave the same Worker: what proves that nothing is
//! lost between wrangler's bundle and our upload.

use scenarios::{World, ids, npm, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::account;

const D1: &str = "8a1b6f2e-0000-4000-8000-000000000001";
const TYPESCRIPT: &str = "import text from './a.txt';\nexport class Room {}\nexport default { fetch: (): Response => new Response(text) };\n";

/// A configuration, and files beside it.
struct Row {
    name: &'static str,
    config: Value,
    files: Vec<(&'static str, &'static str)>,
    /// How many bindings come out: none is lost on both sides.
    bindings: usize,
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "storage",
            config: json!({
                "main": "src/index.ts", "observability": {"enabled": true}, "placement": {"mode": "smart"},
                "vars": {"STAGE": "live", "NUMBER": 3, "OBJECT": {"a": [1, null]}},
                "kv_namespaces": [{"binding": "CACHE", "id": "cccccccccccccccccccccccccccccccc"}],
                "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
                "d1_databases": [{"binding": "D1", "database_id": D1, "database_name": "d1"}],
                "hyperdrive": [{"binding": "HYPER", "id": "dddddddddddddddddddddddddddddddd"}],
                "vectorize": [{"binding": "VECTORS", "index_name": "words"}],
                "queues": {"producers": [{"binding": "JOBS", "queue": "jobs", "delivery_delay": 3}]},
                "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}, {"name": "HALL", "class_name": "Hall", "script_name": "auth"}]},
                "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
                "analytics_engine_datasets": [{"binding": "EVENTS", "dataset": "events"}],
                "pipelines": [{"binding": "PIPE", "pipeline": "pipe-1"}],
                "secrets_store_secrets": [{"binding": "STORED", "store_id": "s-1", "secret_name": "key"}],
            }),
            files: vec![("src/index.ts", TYPESCRIPT), ("src/a.txt", "hello")],
            bindings: 14,
        },
        Row {
            name: "services",
            config: json!({
                "main": "src/index.ts", "logpush": true, "limits": {"cpu_ms": 50}, "tail_consumers": [{"service": "auth"}],
                "services": [{"binding": "AUTH", "service": "auth"}, {"binding": "RPC", "service": "auth", "entrypoint": "Rpc", "props": {"a": 1}}],
                "workflows": [{"binding": "FLOW", "name": "orders", "class_name": "Flow", "script_name": "auth"}],
                "send_email": [{"name": "MAIL"}, {"name": "TO_ME", "destination_address": "me@example.com"}],
                "mtls_certificates": [{"binding": "MTLS", "certificate_id": "eeee"}],
                "dispatch_namespaces": [{"binding": "DISPATCH", "namespace": "tenants"}],
                "ratelimits": [{"name": "LIMIT", "namespace_id": "1001", "simple": {"limit": 10, "period": 60}}],
                "images": {"binding": "IMAGES"}, "media": {"binding": "MEDIA"}, "worker_loaders": [{"binding": "LOADER"}],
                "vpc_services": [{"binding": "VPC", "service_id": "v-1"}],
                "version_metadata": {"binding": "VERSION"}, "ai": {"binding": "AI"}, "browser": {"binding": "BROWSER"},
                "unsafe": {"bindings": [{"name": "ODD", "type": "odd", "field": 1}]},
            }),
            files: vec![("src/index.ts", TYPESCRIPT), ("src/a.txt", "hello")],
            bindings: 16,
        },
        Row {
            name: "modules",
            config: json!({
                "main": "src/index.mjs", "find_additional_modules": true, "base_dir": "src", "upload_source_maps": true,
                "rules": [{"type": "ESModule", "globs": ["lazy/**/*.mjs"]}, {"type": "CommonJS", "globs": ["**/*.cjs"]}, {"type": "Text", "globs": ["**/*.graphql"], "fallthrough": true}],
            }),
            files: vec![
                (
                    "src/index.mjs",
                    "import query from './q.graphql';\nimport data from './d.bin';\nimport wasm from './w.wasm';\nexport default { fetch: () => new Response(query + data + wasm) };\n",
                ),
                ("src/lazy/later.mjs", "export default 1;\n"),
                ("src/old.cjs", "module.exports = 1;\n"),
                ("src/q.graphql", "{ a }"),
                ("src/d.bin", "\u{1}\u{2}"),
                ("src/w.wasm", "\u{0}asm\u{1}\u{0}\u{0}\u{0}"),
            ],
            bindings: 0,
        },
        Row {
            name: "assets",
            config: json!({
                "main": "src/index.ts", "assets": {"directory": "public", "binding": "ASSETS", "not_found_handling": "404-page", "html_handling": "drop-trailing-slash", "run_worker_first": ["/api/*"]},
            }),
            files: vec![
                ("src/index.ts", TYPESCRIPT),
                ("src/a.txt", "hello"),
                ("public/index.html", "<h1>hi</h1>"),
                ("public/404.html", "no"),
                ("public/_headers", "/*\n  X-Frame-Options: DENY\n"),
            ],
            bindings: 1,
        },
        Row {
            name: "static",
            config: json!({"assets": {"directory": "public"}}),
            files: vec![
                ("public/index.html", "<h1>hi</h1>"),
                ("public/a/b.css", "p {}"),
                ("public/.assetsignore", "*.map\n"),
                ("public/a.js.map", "{}"),
            ],
            bindings: 0,
        },
        Row {
            name: "built",
            config: json!({
                "main": "dist/index.js", "no_bundle": true, "observability": {"enabled": true},
                "vars": {"STAGE": "live"}, "kv_namespaces": [{"binding": "CACHE", "id": "cccccccccccccccccccccccccccccccc"}],
                "services": [{"binding": "AUTH", "service": "auth"}], "version_metadata": {"binding": "VERSION"},
                "rules": [{"type": "ESModule", "globs": ["**/*.js"]}],
            }),
            files: vec![
                (
                    "dist/index.js",
                    "import { a } from './chunk.js';\nexport default { fetch: () => new Response(a) };\n//# sourceMappingURL=index.js.map\n",
                ),
                (
                    "dist/index.js.map",
                    "{\"version\":3,\"sources\":[\"../src/index.ts\"],\"mappings\":\"\"}",
                ),
                ("dist/chunk.js", "export const a = 1;\n"),
                ("dist/page.html", "<p>"),
            ],
            bindings: 4,
        },
    ]
}

/// What a Worker is made of, in an order that does not depend on who sent it.
pub(crate) fn left(world: &World, name: &str) -> Value {
    let account = account(world);
    let worker = account["workers"][name].clone();
    let mut content = worker["versions"][0]["content"].clone();
    for list in ["bindings", "modules"] {
        if let Some(items) = content[list].as_array_mut() {
            items.sort_by_key(|item| item["name"].as_str().unwrap().to_owned());
        }
    }
    content.as_object_mut().unwrap().remove("etag");
    // Who hashes an asset chooses how: Cloudflare leaves it to the client.
    if let Some(files) = content["assets"]["files"].as_object_mut() {
        for file in files.values_mut() {
            let stored = &account["assets"][file.as_str().unwrap()];
            assert!(stored["size"].is_u64(), "{file} is not stored");
            *file = json!([stored["size"], stored["content_type"]]);
        }
    }
    let settings = &worker["settings"];
    json!({
        "content": content, "migration": worker["migration_tag"], "workers_dev": worker["workers_dev"],
        "settings": [settings["observability"], settings["logpush"], settings["tail_consumers"]],
    })
}

/// Deploys the folder `name` of the workspace as `theirs-…`.
pub(crate) async fn by_wrangler(world: &World, name: &str, path: &str) {
    let wrangler = tokio::process::Command::new(npm::node())
        .arg(npm::clients().join("node_modules/wrangler/bin/wrangler.js"))
        .args(["deploy", "--name", &format!("theirs-{name}"), "--no-x-provision"])
        .current_dir(world.workspace().join(name))
        .env_clear()
        .env("PATH", path)
        .env("HOME", world.workspace())
        .env("CI", "true")
        .env("CLOUDFLARE_API_BASE_URL", &world.cloud.cloudflare)
        .env("CLOUDFLARE_API_TOKEN", tokens::CLOUDFLARE)
        .env("CLOUDFLARE_ACCOUNT_ID", ids::ACCOUNT)
        .env("WRANGLER_SEND_METRICS", "false")
        .output()
        .await
        .unwrap();
    assert!(
        wrangler.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&wrangler.stderr)
    );
}

#[tokio::test]
async fn the_real_wrangler_and_we_leave_the_same_workers() {
    let world = World::start().await;
    world
        .seed(&json!({"cloudflare": {
            "kv": [{"title": "cache", "id": "cccccccccccccccccccccccccccccccc"}],
            "r2": ["files"],
            "d1": [{"name": "d1", "uuid": D1}],
            "queues": [{"name": "jobs"}],
            "workers": [{"name": "auth"}],
            "workflows": [{"name": "orders", "class_name": "Flow", "script_name": "auth"}],
        }}))
        .await;
    let mut manifest =
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nworker = \"ours-{worker}\"\nrouting = \"record\"\n".to_owned();
    for row in rows() {
        manifest.extend(["[services.", row.name, "]\npath = \"", row.name, "\"\n"]);
        let mut config = json!({"name": row.name, "compatibility_date": "2026-07-01", "compatibility_flags": ["nodejs_compat"], "workers_dev": false, "preview_urls": false});
        for (key, value) in row.config.as_object().unwrap() {
            config[key] = value.clone();
        }
        world.file(&format!("{}/wrangler.json", row.name), &config.to_string());
        for (file, text) in row.files {
            world.file(&format!("{}/{file}", row.name), text);
        }
    }
    // One asset of each type, and of some without one.
    let names = wrangler::asset_extensions().map(|extension| format!("x.{extension}"));
    for name in names.chain(["LICENSE", ".html", "x.unknown", "X.PNG", "x.tar.gz"].map(str::to_owned)) {
        world.file(&format!("static/public/types/{name}"), &name);
    }
    world.file("codex.toml", &manifest);
    std::os::unix::fs::symlink(
        npm::clients().join("node_modules"),
        world.workspace().join("node_modules"),
    )
    .unwrap();
    let path = npm::path_with_node();
    let deploy = || {
        world
            .run("deploy-workers")
            .on_push()
            .input("environment", "production")
            .input("health", "false")
            .env("PATH", &path)
    };
    let run = deploy().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("built: read, as it is built already,"), "{run}");
    let mark = world.mark();
    assert_eq!(deploy().go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    for row in rows() {
        by_wrangler(&world, row.name, &path).await;
        let (ours, theirs) = (
            left(&world, &format!("ours-{}", row.name)),
            left(&world, &format!("theirs-{}", row.name)),
        );
        let bindings = ours["content"]["bindings"].as_array().map_or(0, Vec::len);
        assert_eq!(ours, theirs, "{}: ours {ours:#}\ntheirs {theirs:#}", row.name);
        assert_eq!(bindings, row.bindings, "{}: {ours:#}", row.name);
    }
    world.finish().await;
}
