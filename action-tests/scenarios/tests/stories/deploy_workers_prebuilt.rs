//! Workers that are built already (`no_bundle`): the form that we make without wrangler, held against the one that the
//! real wrangler makes of the same folder, shape by shape. What no row of this table covers is left to wrangler.

use std::fs;
use std::path::Path;

use actions_core::runner::Env;
use futures_util::{StreamExt as _, stream};
use scenarios::npm;
use serde_json::{Value, json};
use wrangler::{Bundle, Config, Form, Sandbox, Tool};

const MODULE: &str = "export default {};\n";
const MAP: &str = r#"{"version":3,"sources":["../../src/index.ts","./a.ts",".././b.ts"],"names":[],"mappings":"AAAA"}"#;

struct Row {
    name: &'static str,
    config: Value,
    environment: Option<&'static str>,
    files: Vec<(&'static str, &'static str)>,
    /// How many parts come out beside the metadata: none is lost on both sides.
    modules: usize,
}

/// Modules in many places, for whatever rules.
fn scattered() -> Vec<(&'static str, &'static str)> {
    vec![
        ("dist/index.js", MODULE),
        ("dist/other.js", "export const other = 1;\n"),
        ("dist/a.txt", "a"),
        ("dist/page.html", "<p>"),
        ("dist/q.sql", "select 1"),
        ("dist/d.bin", "\u{1}"),
        ("dist/w.wasm", "\0asm\u{1}\0\0\0"),
        ("dist/v.wasm?module", "\0asm\u{1}\0\0\0"),
        ("dist/top.md", "top"),
        ("dist/sub/b.md", "b"),
        ("dist/sub/deep/c.md", "c"),
        ("dist/sub/x.mjs", "export default 1;\n"),
        ("dist/sub/x.cjs", "module.exports = 1;\n"),
        ("dist/node_modules/dep/LICENSE.txt", "MIT"),
        ("dist/node_modules/dep/index.js", "export default 2;\n"),
        ("dist/.hidden/h.txt", "h"),
        ("dist/.dot.txt", "dot"),
        ("dist/UPPER.TXT", "no"),
        ("dist/{a,b}.md", "braces"),
    ]
}

fn rules(rules: &Value) -> Value {
    json!({"main": "dist/index.js", "upload_source_maps": false, "rules": rules})
}

fn module_rows() -> Vec<Row> {
    let row = |name, globs: &Value, modules| Row {
        name,
        config: rules(globs),
        environment: None,
        files: scattered(),
        modules,
    };
    vec![
        row("wrangler's own rules", &json!([]), 10),
        row(
            "one name is one folder",
            &json!([{"type": "Text", "globs": ["*.md", "sub/*.md"], "fallthrough": true}]),
            13,
        ),
        row(
            "any folder",
            &json!([{"type": "Data", "globs": ["**/*.md"]}, {"type": "ESModule", "globs": ["**/*.js", "**/*.mjs"], "fallthrough": false}]),
            16,
        ),
        row(
            "a whole folder",
            &json!([{"type": "CommonJS", "globs": ["**/*.cjs"]}, {"type": "Data", "globs": ["sub/**"], "fallthrough": true}]),
            14,
        ),
        row(
            "the first rule that matches",
            &json!([{"type": "Text", "globs": ["sub/**/*.md"]}, {"type": "Text", "globs": ["**/*.mjs"]}, {"type": "ESModule", "globs": ["sub/*.*"]}]),
            8,
        ),
        Row {
            name: "a folder with more in it",
            config: json!({"main": "./index.js", "compatibility_flags": null, "rules": [{"type": "Text", "globs": ["**/*.json"], "fallthrough": true}]}),
            environment: None,
            files: vec![
                ("index.js", MODULE),
                ("a.txt", "a"),
                ("more/b.json", "{}"),
                (".wrangler/tmp/c.txt", "c"),
                ("more/.wrangler/d.txt", "d"),
            ],
            modules: 4,
        },
    ]
}

fn map_rows() -> Vec<Row> {
    let files = vec![
        (
            "dist/index.js",
            "export default {};\n//# sourceMappingURL=index.js.map\n",
        ),
        ("dist/index.js.map", MAP),
        ("dist/a.js", "1;\r\n//# sourceMappingURL=/maps/a.map \r\n//# other\n\n"),
        (
            "dist/maps/a.map",
            r#"{"file":"x","sourceRoot":"../../src/","sources":["é.ts"],"mappings":"","x_list":[1,2.5,null]}"#,
        ),
        ("dist/b.js", "1;\n//# sourceMappingURL=gone.map\n"),
        (
            "dist/c.js",
            "1;\n//# sourceMappingURL=data:application/json;base64,e30=\n",
        ),
        ("dist/d.js", "//# sourceMappingURL=index.js.map\n1;\n"),
        ("dist/e.js", "1;\n//# sourceMappingURL=e.js.map\n"),
        ("dist/e.js.map", r#"{"sections":[]}"#),
        ("dist/f.txt", "text\n//# sourceMappingURL=index.js.map"),
    ];
    let maps = |name, wanted: Value, files: Vec<(&'static str, &'static str)>, modules| Row {
        name,
        config: json!({"main": "dist/index.js", "upload_source_maps": wanted, "rules": [{"type": "ESModule", "globs": ["**/*.js"]}]}),
        environment: None,
        files,
        modules,
    };
    vec![
        maps("source maps by default", Value::Null, files.clone(), 10),
        maps("no source maps", json!(false), files.clone(), 7),
        maps("source maps that are asked for", json!(true), files[..4].to_vec(), 4),
    ]
}

fn binding_rows() -> Vec<Row> {
    let bindings = json!({
        "vars": {"OBJECT": {"a": [1, null, "b"]}, "TEXT": "text", "EMPTY": "", "NUMBER": 1.5, "YES": true, "NOTHING": null},
        "kv_namespaces": [{"binding": "KV", "id": "0123456789abcdef0123456789abcdef", "preview_id": "fedcba9876543210fedcba9876543210"}, {"binding": "KV_NEW"}],
        "durable_objects": {"bindings": [{"name": "DO", "class_name": "Room"}, {"name": "DO_OTHER", "class_name": "Hall", "script_name": "other"}]},
        "queues": {"producers": [{"binding": "Q", "queue": "jobs"}, {"binding": "Q_LATER", "queue": "later", "delivery_delay": 3}], "consumers": []},
        "r2_buckets": [{"binding": "R2", "bucket_name": "files", "preview_bucket_name": "files-dev"}, {"binding": "R2_EU", "bucket_name": "europe", "jurisdiction": "eu"}, {"binding": "R2_NEW"}],
        "d1_databases": [{"binding": "D1", "database_name": "db", "database_id": "u-1", "migrations_dir": "m", "migrations_table": "t", "preview_database_id": "p"}, {"binding": "D1_NEW", "database_name": "new"}],
        "vectorize": [{"binding": "V", "index_name": "words"}],
        "hyperdrive": [{"binding": "H", "id": "abc", "localConnectionString": "postgresql://u:p@localhost/db"}],
        "services": [{"binding": "S", "service": "auth"}, {"binding": "RPC", "service": "auth", "entrypoint": "Rpc", "props": {"a": 1}}],
        "analytics_engine_datasets": [{"binding": "AE"}, {"binding": "AE_NAMED", "dataset": "events"}],
        "browser": {"binding": "BROWSER"}, "ai": {"binding": "AI"}, "version_metadata": {"binding": "VERSION"},
        "assets": {"directory": "public", "binding": "ASSETS", "html_handling": "none", "not_found_handling": "404-page", "run_worker_first": true},
    });
    let files = vec![
        ("dist/index.js", "const a={};export{a as default};\n"),
        ("public/index.html", "<p>"),
    ];
    let mut all = bindings.clone();
    all["main"] = "dist/index.js".into();
    all["route"] = "a.example.com/*".into();
    let inherited = json!({
        "main": "dist/index.js", "vars": {"LOST": "1"}, "kv_namespaces": [{"binding": "LOST", "id": "a"}], "logpush": true,
        "observability": {"enabled": true, "head_sampling_rate": 0.5, "logs": {"invocation_logs": false}},
        "env": {"live": {"vars": {"STAGE": "live"}, "placement": {"mode": "smart"}, "limits": {"cpu_ms": 50}, "tail_consumers": [{"service": "tail"}]}},
    });
    let plain = json!({
        "$schema": "node_modules/wrangler/config-schema.json", "account_id": "0123456789abcdef0123456789abcdef", "main": "dist/index.mjs", "compatibility_flags": [], "triggers": {"crons": ["0 * * * *"]}, "routes": [{"pattern": "a.example.com", "custom_domain": true}],
        "workers_dev": true, "preview_urls": false, "minify": true, "preserve_file_names": true, "find_additional_modules": true, "tsconfig": "tsconfig.json",
        "dev": {"port": 8787}, "build": {"watch_dir": "dist"}, "send_metrics": false, "observability": {"enabled": false}, "logpush": false,
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}], "vars": {}, "kv_namespaces": [], "queues": {"producers": []},
    });
    vec![
        Row {
            name: "every binding",
            config: all,
            environment: None,
            files: files.clone(),
            modules: 1,
        },
        Row {
            name: "what an environment inherits",
            config: inherited,
            environment: Some("live"),
            files,
            modules: 1,
        },
        Row {
            name: "what is not uploaded",
            config: plain,
            environment: None,
            files: vec![
                ("dist/index.mjs", "export default {};\n"),
                ("tsconfig.json", "{}"),
                ("package.json", r#"{"dependencies":{"hono":"4"}}"#),
            ],
            modules: 1,
        },
    ]
}

/// A form in an order that does not depend on who made it.
fn comparable(form: &Form) -> Value {
    let mut metadata = form.metadata.clone();
    // Every upload of ours says this, whoever made its form.
    metadata.remove("keep_bindings");
    // What the project's package.json names, from newer wranglers: told about the project, and nothing of the Worker.
    metadata.remove("package_dependencies");
    let mut modules: Vec<Value> = form
        .modules
        .iter()
        .map(|module| {
            json!([
                module.name,
                module.content_type,
                String::from_utf8_lossy(&module.content)
            ])
        })
        .collect();
    modules.sort_by_key(ToString::to_string);
    json!({"metadata": metadata, "modules": modules})
}

fn write(folder: &Path, row: &Row) {
    let mut config = json!({"name": "built", "no_bundle": true, "compatibility_date": "2026-07-01", "compatibility_flags": ["nodejs_compat"]});
    for (key, value) in row.config.as_object().unwrap() {
        config[key] = value.clone();
    }
    // What a row sets to nothing is not there at all.
    if let Some(fields) = config.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("wrangler.json"), config.to_string()).unwrap();
    for (path, text) in &row.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[tokio::test]
async fn what_is_built_already_comes_out_as_wrangler_makes_it() {
    let root = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(npm::clients().join("node_modules"), root.path().join("node_modules")).unwrap();
    let path = npm::path_with_node();
    let env: Env = [("PATH", path.as_str())].into_iter().collect();
    let sandbox = Sandbox::new(&env, "http://127.0.0.1:1/client/v4", &[]).unwrap();
    let tool = Tool::find(root.path(), &sandbox).await.unwrap();
    let rows: Vec<Row> = module_rows()
        .into_iter()
        .chain(map_rows())
        .chain(binding_rows())
        .collect();
    let compared = stream::iter(rows.iter().enumerate()).map(|(number, row)| {
        let (tool, sandbox, folder) = (&tool, &sandbox, root.path().join(number.to_string()));
        async move {
            write(&folder, row);
            let config = Config::find(&folder).unwrap();
            let ours = Form::prebuilt(&config, &config.settings(row.environment).unwrap()).unwrap();
            let ours = ours.unwrap_or_else(|| panic!("{}: left to wrangler", row.name));
            let theirs = Bundle::make(tool, sandbox, &folder, &config, row.environment, "api").await;
            let theirs = theirs.unwrap_or_else(|failed| panic!("{}: {failed}\n{}", row.name, failed.log));
            let (ours, theirs) = (comparable(&ours), comparable(&theirs.form));
            let modules = ours["modules"].as_array().unwrap().len();
            let differs = ours != theirs || modules != row.modules;
            differs.then(|| format!("{}: {modules} modules\nours {ours}\nwrangler's {theirs}\n", row.name))
        }
    });
    let wrong: Vec<String> = compared
        .buffer_unordered(2)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.concat());
}
