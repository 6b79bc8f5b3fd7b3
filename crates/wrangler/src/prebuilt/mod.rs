//! A Worker that is built already (`no_bundle`) needs no wrangler and no Node: its form is made here.
//!
//! Only shapes that a story holds against the real wrangler's form, byte by byte (`deploy_workers_prebuilt`). For all
//! others wrangler is asked.

mod bindings;
mod modules;
mod source_map;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::config::{Config, Settings};
use super::form::Form;
use actions_core::cloudflare::Module;

/// Settings that go into the metadata as they stand.
const PASSED_ON: &[&str] = &["logpush", "placement", "tail_consumers", "limits", "observability"];
/// Settings that no upload needs, or that are dealt with elsewhere (routes, crons, migrations, assets).
const NOT_UPLOADED: &[&str] = &[
    "$schema",
    "account_id",
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

/// What the older format listens to.
const EVENTS: [&str; 5] = ["fetch", "scheduled", "queue", "email", "tail"];

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
        if !main.is_file() {
            return Err(format!(
                "there is no `{}`; the configuration says `no_bundle`, so build it first",
                main.display()
            ));
        }
        let code = std::fs::read(&main).map_err(|error| format!("`{}` cannot be read: {error}", main.display()))?;
        let is_script = main
            .extension()
            .is_some_and(|extension| extension == "js" || extension == "mjs");
        if !is_script || !is_module(&code) {
            return Ok(None);
        }
        let root = main.parent().unwrap_or(Path::new(""));
        let Some(name) = modules::name(root, &main) else {
            return Ok(None);
        };
        let (Some(metadata), Some(others)) = (metadata(settings, &name), modules::find(config, settings, root, &name)?)
        else {
            return Ok(None);
        };
        let mut modules = vec![Module {
            name,
            content_type: "application/javascript+module".to_owned(),
            content: code.into(),
        }];
        modules.extend(others);
        let wanted = settings.get("upload_source_maps").and_then(Value::as_bool);
        if wanted != Some(false) {
            let maps: Vec<_> = modules
                .iter()
                .map(|module| source_map::of(module, &root.join(&module.name)))
                .collect();
            // wrangler's default leaves out what cannot be read, and says why where maps are asked for.
            if wanted == Some(true) && maps.iter().any(Result::is_err) {
                return Ok(None);
            }
            modules.extend(maps.into_iter().filter_map(Result::ok).flatten());
        }
        Ok(Some(Self { metadata, modules }))
    }
}

/// Whether all that is set is known here.
fn is_plain(settings: &Settings<'_>) -> bool {
    let built_here = settings
        .get("build")
        .is_some_and(|build| build.get("command").is_some());
    let all_modules = settings.get("find_additional_modules").and_then(Value::as_bool) != Some(false);
    let known = |key: &str| PASSED_ON.contains(&key) || NOT_UPLOADED.contains(&key) || bindings::knows(key);
    // wrangler translates other placements.
    let placed = settings
        .get("placement")
        .is_none_or(|placement| *placement == json!({"mode": "smart"}));
    !built_here && all_modules && placed && settings.keys().iter().all(|key| known(key) || !settings.has(key))
}

/// Whether code is a module for certain. The older format has no exports, and another metadata; wrangler tells them
/// apart by the default export, which is looked for here in the ways in which bundlers write one.
fn is_module(code: &[u8]) -> bool {
    let text = String::from_utf8_lossy(code);
    let has = |part: &str| text.contains(part);
    let exports = has("export default") || has(" as default") && (has("export {") || has("export{"));
    let listens = |event: &str| {
        ["\"", "'", "`"]
            .iter()
            .any(|quote| has(&format!("addEventListener({quote}{event}")))
    };
    exports && !EVENTS.iter().any(|event| listens(event))
}

/// `None` where something in it is not known here.
fn metadata(settings: &Settings<'_>, main: &str) -> Option<Map<String, Value>> {
    let mut metadata = Map::new();
    metadata.insert("main_module".to_owned(), main.into());
    metadata.insert("bindings".to_owned(), Value::Array(bindings::all(settings)?));
    if let Some(date) = settings.get("compatibility_date") {
        metadata.insert("compatibility_date".to_owned(), date.as_str()?.into());
    }
    let flags = settings
        .get("compatibility_flags")
        .cloned()
        .unwrap_or_else(|| json!([]));
    if !flags.as_array()?.iter().all(Value::is_string) {
        return None;
    }
    metadata.insert("compatibility_flags".to_owned(), flags);
    for key in PASSED_ON {
        match settings.get(key) {
            None | Some(Value::Null) => {}
            Some(value) if settings.has(key) => {
                metadata.insert((*key).to_owned(), value.clone());
            }
            // wrangler may send an empty one, or refuse it.
            Some(_) => return None,
        }
    }
    Some(metadata)
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
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"rules":[{"type":"Text","globs":["**/*.{md,txt}"]}]}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"find_additional_modules":false}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"placement":{"mode":"off"}}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"kv_namespaces":[{"binding":"A","id":"a","next_year":1}]}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"services":[{"binding":"A","service":"a","environment":"b"}]}"#,
            r#"{"name":"a","main":"dist/index.js","no_bundle":true,"ai":{"binding":"AI","staging":true}}"#,
        ] {
            assert!(form(config, &[CODE]).unwrap().is_none(), "{config}");
        }
        let config = r#"{"name":"a","main":"dist/index.js","no_bundle":true}"#;
        for code in [
            "addEventListener('fetch', f)",
            "export const a = 1",
            "addEventListener('fetch', f) // export default",
            "addEventListener(\"queue\", f) // export { f as default }",
            "throw 'used as default'",
        ] {
            assert!(form(config, &[("dist/index.js", code)]).unwrap().is_none(), "{code}");
        }
        let mapped = config.replace("true", "true,\"upload_source_maps\":true");
        let code = "export default {}\n//# sourceMappingURL=gone.map";
        assert!(form(&mapped, &[("dist/index.js", code)]).unwrap().is_none());
        assert!(form(config, &[]).unwrap_err().contains("build it first"));
    }
}
