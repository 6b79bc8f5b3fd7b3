//! A Worker that is built already (`no_bundle`) needs no wrangler and no Node: its form is made here.
//!
//! Only what is known to come out as wrangler makes it. Whatever else stands in the configuration, wrangler is asked.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::{Map, Value, json};

use super::config::{Config, Settings};
use super::form::Form;
use super::source_map;
use actions_core::cloudflare::Module;

/// Settings that go into the metadata as they stand.
const PASSED_ON: &[&str] = &["logpush", "placement", "tail_consumers", "limits", "observability"];
/// Settings that no upload needs, or that are dealt with elsewhere (routes, crons, migrations, assets).
const NOT_UPLOADED: &[&str] = &[
    "$schema",
    "account_id",
    "assets",
    "base_dir",
    "build",
    "compatibility_date",
    "compatibility_flags",
    "dev",
    "env",
    "find_additional_modules",
    "main",
    "migrations",
    "minify",
    "name",
    "no_bundle",
    "preserve_file_names",
    "preview_urls",
    "route",
    "routes",
    "rules",
    "send_metrics",
    "triggers",
    "tsconfig",
    "upload_source_maps",
    "workers_dev",
];
/// Bindings that are translated below.
const BINDINGS: &[&str] = &[
    "ai",
    "analytics_engine_datasets",
    "browser",
    "d1_databases",
    "durable_objects",
    "hyperdrive",
    "kv_namespaces",
    "queues",
    "r2_buckets",
    "services",
    "vars",
    "vectorize",
    "version_metadata",
];
/// wrangler's own rules, after the configuration's.
const DEFAULT_RULES: &[(&str, &[&str])] = &[
    ("Text", &["**/*.txt", "**/*.html", "**/*.sql"]),
    ("Data", &["**/*.bin"]),
    ("CompiledWasm", &["**/*.wasm", "**/*.wasm?module"]),
];
const MOST_FILES: usize = 5_000;

impl Form {
    /// The form of a Worker that is built already; `None` when wrangler has to make it.
    ///
    /// # Errors
    /// In one sentence: what is built cannot be read.
    pub fn prebuilt(config: &Config, settings: &Settings<'_>) -> Result<Option<Self>, String> {
        let Some(main) = settings
            .text("main")
            .filter(|_| settings.is_on("no_bundle") && is_plain(settings))
        else {
            return Ok(None);
        };
        let main = config.folder().join(main);
        let unreadable = |path: &Path, error: &std::io::Error| format!("`{}` cannot be read: {error}", path.display());
        if !main.is_file() {
            return Err(format!(
                "there is no `{}`; the configuration says `no_bundle`, so build it first",
                main.display()
            ));
        }
        let code = std::fs::read(&main).map_err(|error| unreadable(&main, &error))?;
        // The older format has no exports, and another metadata.
        if !code.windows(6).any(|word| word == b"export") {
            return Ok(None);
        }
        let root = settings.text("base_dir").map_or_else(
            || main.parent().unwrap_or(Path::new("")).to_path_buf(),
            |base| config.folder().join(base),
        );
        let Some(name) = name(&root, &main) else {
            return Ok(None);
        };
        let mut modules = vec![Module {
            name: name.clone(),
            content_type: "application/javascript+module".to_owned(),
            content: code.into(),
        }];
        let Some(rules) = rules(settings) else { return Ok(None) };
        for path in files(&root)? {
            let Some(name) = super::prebuilt::name(&root, &path).filter(|other| *other != name) else {
                continue;
            };
            let Some(kind) = rules
                .iter()
                .find(|(_, globs)| globs.is_match(&name))
                .map(|(kind, _)| *kind)
            else {
                continue;
            };
            modules.push(Module {
                name,
                content_type: kind.to_owned(),
                content: std::fs::read(&path).map_err(|error| unreadable(&path, &error))?.into(),
            });
        }
        let wanted = settings.get("upload_source_maps").and_then(Value::as_bool);
        if wanted != Some(false) {
            let maps: Result<Vec<_>, String> = modules
                .iter()
                .map(|module| source_map::of(module, &root.join(&module.name), wanted == Some(true)))
                .collect();
            modules.extend(maps?.into_iter().flatten());
        }
        Ok(Some(Self {
            metadata: metadata(settings, &name),
            modules,
        }))
    }
}

/// Whether all that is set is known here.
fn is_plain(settings: &Settings<'_>) -> bool {
    let built_here = settings
        .get("build")
        .is_some_and(|build| build.get("command").is_some());
    let known = |key: &str| {
        [PASSED_ON, NOT_UPLOADED, BINDINGS]
            .iter()
            .any(|keys| keys.contains(&key))
    };
    !built_here && settings.keys().iter().all(|key| known(key) || !settings.has(key))
}

fn metadata(settings: &Settings<'_>, main: &str) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("main_module".to_owned(), main.into());
    metadata.insert("bindings".to_owned(), Value::Array(bindings(settings)));
    if let Some(date) = settings.get("compatibility_date") {
        metadata.insert("compatibility_date".to_owned(), date.clone());
    }
    let flags = settings
        .get("compatibility_flags")
        .cloned()
        .unwrap_or_else(|| json!([]));
    metadata.insert("compatibility_flags".to_owned(), flags);
    for key in PASSED_ON {
        if let Some(value) = settings.get(key) {
            metadata.insert((*key).to_owned(), value.clone());
        }
    }
    metadata
}

/// The bindings as the API names them, in wrangler's order.
fn bindings(settings: &Settings<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    let list = |key: &str, inner: &str| -> Vec<Value> {
        let value = settings.get(key).and_then(|value| {
            if inner.is_empty() {
                Some(value)
            } else {
                value.get(inner)
            }
        });
        value.and_then(Value::as_array).cloned().unwrap_or_default()
    };
    for (name, value) in settings.get("vars").and_then(Value::as_object).into_iter().flatten() {
        all.push(match value {
            Value::String(text) => json!({"name": name, "type": "plain_text", "text": text}),
            other => json!({"name": name, "type": "json", "json": other}),
        });
    }
    for item in list("kv_namespaces", "") {
        all.push(match item.get("id") {
            Some(id) => json!({"name": item["binding"], "type": "kv_namespace", "namespace_id": id}),
            None => json!({"name": item["binding"], "type": "inherit"}),
        });
    }
    for item in list("durable_objects", "bindings") {
        let fields = [
            ("class_name", "class_name"),
            ("script_name", "script_name"),
            ("environment", "environment"),
        ];
        all.push(binding(&item, "name", "durable_object_namespace", &fields));
    }
    for item in list("queues", "producers") {
        let fields = [("queue", "queue_name"), ("delivery_delay", "delivery_delay")];
        all.push(binding(&item, "binding", "queue", &fields));
    }
    for item in list("r2_buckets", "") {
        let fields = [("bucket_name", "bucket_name"), ("jurisdiction", "jurisdiction")];
        all.push(binding(&item, "binding", "r2_bucket", &fields));
    }
    for item in list("d1_databases", "") {
        all.push(binding(&item, "binding", "d1", &[("database_id", "id")]));
    }
    for item in list("vectorize", "") {
        all.push(binding(&item, "binding", "vectorize", &[("index_name", "index_name")]));
    }
    for item in list("hyperdrive", "") {
        all.push(binding(&item, "binding", "hyperdrive", &[("id", "id")]));
    }
    for item in list("services", "") {
        let fields = [
            ("service", "service"),
            ("environment", "environment"),
            ("entrypoint", "entrypoint"),
            ("props", "props"),
        ];
        all.push(binding(&item, "binding", "service", &fields));
    }
    for item in list("analytics_engine_datasets", "") {
        all.push(binding(&item, "binding", "analytics_engine", &[("dataset", "dataset")]));
    }
    for (key, kind) in [
        ("browser", "browser"),
        ("ai", "ai"),
        ("version_metadata", "version_metadata"),
        ("assets", "assets"),
    ] {
        if let Some(name) = settings.get(key).and_then(|value| value.get("binding")) {
            all.push(json!({"name": name, "type": kind}));
        }
    }
    all
}

fn binding(item: &Value, name: &str, kind: &str, fields: &[(&str, &str)]) -> Value {
    let mut binding = json!({"name": item[name], "type": kind});
    for (from, to) in fields {
        if let Some(value) = item.get(from) {
            binding[*to] = value.clone();
        }
    }
    binding
}

/// The content types of modules, by rules that are asked in order; `None` for rules that are not understood.
fn rules(settings: &Settings<'_>) -> Option<Vec<(&'static str, GlobSet)>> {
    let mut rules = Vec::new();
    let mut closed: Vec<&str> = Vec::new();
    for rule in settings.get("rules").and_then(Value::as_array).into_iter().flatten() {
        let kind = rule.get("type")?.as_str()?;
        let patterns: Option<Vec<&str>> = rule.get("globs")?.as_array()?.iter().map(Value::as_str).collect();
        if closed.contains(&kind) {
            continue;
        }
        rules.push((content_type(kind)?, globs(&patterns?)?));
        // A rule ends the search for its type unless it says otherwise.
        if rule.get("fallthrough").and_then(Value::as_bool) != Some(true) {
            closed.push(kind);
        }
    }
    for (kind, patterns) in DEFAULT_RULES.iter().filter(|(kind, _)| !closed.contains(kind)) {
        rules.push((content_type(kind)?, globs(patterns)?));
    }
    Some(rules)
}

fn content_type(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "ESModule" => "application/javascript+module",
        "CommonJS" => "application/javascript",
        "Text" => "text/plain",
        "Data" => "application/octet-stream",
        "CompiledWasm" => "application/wasm",
        _ => return None,
    })
}

fn globs(patterns: &[&str]) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // In wrangler's globs a `?` in `.wasm?module` is meant as it stands.
        set.add(Glob::new(&pattern.replace('?', "[?]")).ok()?);
    }
    set.build().ok()
}

fn name(root: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

/// The files that may be modules: below the root, but for packages and build leftovers, as in wrangler.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| format!("`{}` cannot be read: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            let skipped = entry.file_name() == "node_modules" || entry.file_name() == ".wrangler";
            match kind {
                Ok(kind) if kind.is_dir() && !skipped => folders.push(path),
                Ok(kind) if kind.is_file() => found.push(path),
                _ => {}
            }
        }
        if found.len() > MOST_FILES {
            return Err(format!(
                "`{}` holds more than {MOST_FILES} files; set `base_dir` to where the modules are",
                root.display()
            ));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(config: &str, files: &[(&str, &str)]) -> Result<Option<Form>, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("wrangler.json"), config).unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let config = Config::find(dir.path()).unwrap();
        Form::prebuilt(&config, &config.settings(None).unwrap())
    }

    const CODE: (&str, &str) = ("dist/index.js", "export default {}");

    #[test]
    fn bindings_come_out_as_wrangler_makes_them() {
        // The expectation is what wrangler 4.164.0 wrote for this configuration.
        let config = r#"{"name":"api","main":"dist/index.js","no_bundle":true,"compatibility_date":"2026-07-01","compatibility_flags":["nodejs_compat"],
            "vars":{"STAGE":"dev","N":1,"J":{"a":1}},
            "kv_namespaces":[{"binding":"CACHE"},{"binding":"K2","id":"0123456789abcdef0123456789abcdef"}],
            "services":[{"binding":"AUTH","service":"auth"}],"version_metadata":{"binding":"CF_VERSION"},
            "durable_objects":{"bindings":[{"name":"DO","class_name":"D"},{"name":"DX","class_name":"E","script_name":"other"}]},
            "r2_buckets":[{"binding":"B","bucket_name":"bkk"}],"d1_databases":[{"binding":"DB","database_id":"u-1","database_name":"x"}],
            "queues":{"producers":[{"binding":"Q","queue":"qq"}]},"hyperdrive":[{"binding":"H","id":"abc"}],"ai":{"binding":"AI"},
            "analytics_engine_datasets":[{"binding":"AE","dataset":"d"}],"browser":{"binding":"BR"},"vectorize":[{"binding":"V","index_name":"i"}],
            "logpush":true,"placement":{"mode":"smart"},"observability":{"enabled":true}}"#;
        let form = form(config, &[CODE]).unwrap().unwrap();
        let expected = json!({"main_module":"index.js","bindings":[
            {"name":"STAGE","type":"plain_text","text":"dev"},{"name":"N","type":"json","json":1},{"name":"J","type":"json","json":{"a":1}},
            {"name":"CACHE","type":"inherit"},{"name":"K2","type":"kv_namespace","namespace_id":"0123456789abcdef0123456789abcdef"},
            {"name":"DO","type":"durable_object_namespace","class_name":"D"},{"name":"DX","type":"durable_object_namespace","class_name":"E","script_name":"other"},
            {"name":"Q","type":"queue","queue_name":"qq"},{"name":"B","type":"r2_bucket","bucket_name":"bkk"},{"name":"DB","type":"d1","id":"u-1"},
            {"name":"V","type":"vectorize","index_name":"i"},{"name":"H","type":"hyperdrive","id":"abc"},{"name":"AUTH","type":"service","service":"auth"},
            {"name":"AE","type":"analytics_engine","dataset":"d"},{"name":"BR","type":"browser"},{"name":"AI","type":"ai"},{"name":"CF_VERSION","type":"version_metadata"}],
            "compatibility_date":"2026-07-01","compatibility_flags":["nodejs_compat"],"logpush":true,"placement":{"mode":"smart"},"observability":{"enabled":true}});
        assert_eq!(Value::Object(form.metadata), expected);
    }

    #[test]
    fn modules_are_found_by_rules() {
        let files = [
            (
                "dist/index.js",
                "export default {}\n//# sourceMappingURL=index.js.map\n",
            ),
            ("dist/index.js.map", r#"{"sources":["../src/index.ts"]}"#),
            ("dist/other.js", "1"),
            ("dist/a.txt", "hi"),
            ("dist/sub/b.mjs", "2"),
            ("dist/README.md", "x"),
            ("dist/c.wasm", "w"),
        ];
        let names = |config: &str| -> Vec<String> {
            let form = form(config, &files).unwrap().unwrap();
            form.modules
                .iter()
                .map(|module| format!("{} {}", module.name, module.content_type))
                .collect()
        };
        let base = r#""name":"nb","main":"dist/index.js","no_bundle":true"#;
        assert_eq!(
            names(&format!("{{{base}}}")),
            [
                "index.js application/javascript+module",
                "a.txt text/plain",
                "c.wasm application/wasm",
                "index.js.map application/source-map"
            ]
        );
        assert_eq!(
            names(&format!(
                r#"{{{base},"upload_source_maps":false,"rules":[{{"type":"ESModule","globs":["**/*.js","**/*.mjs"]}}]}}"#
            )),
            [
                "index.js application/javascript+module",
                "a.txt text/plain",
                "c.wasm application/wasm",
                "other.js application/javascript+module",
                "sub/b.mjs application/javascript+module"
            ]
        );
    }

    #[test]
    fn what_is_not_known_is_left_to_wrangler() {
        for config in [
            r#"{"name":"a","main":"dist/index.js"}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"build":{"command":"make"}}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"workflows":[{"binding":"W"}]}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"key_of_next_year":1}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"rules":[{"type":"PythonModule","globs":["**/*.py"]}]}"#,
        ] {
            assert!(form(config, &[CODE]).unwrap().is_none(), "{config}");
        }
        let config = r#"{"name":"a","main":"dist/index.js","no_bundle":true}"#;
        assert!(
            form(config, &[("dist/index.js", "addEventListener('fetch', f)")])
                .unwrap()
                .is_none()
        );
        assert!(form(config, &[]).unwrap_err().contains("build it first"));
    }
}
