//! The list of places in wrangler's schema that `crates/wrangler` classifies (`keys/schema.txt`) is that of the real
//! wranglers: `UPDATE_DOCS=1` writes it after a newer one is installed, and the tests of that crate then tell what is
//! not classified.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use scenarios::npm;
use serde_json::Value;

/// What environments do not inherit is said in the descriptions.
const NOT_INHERITED: &str = "is not automatically inherited";

struct Walk<'a> {
    schema: &'a Value,
    /// Places, and whether environments have to repeat them.
    found: &'a mut BTreeMap<String, bool>,
}

impl<'a> Walk<'a> {
    /// `refs` are the definitions that lead here: some contain themselves.
    fn node(&mut self, node: &'a Value, place: &str, refs: &[&'a str]) {
        if let Some(name) = node["$ref"].as_str() {
            if !refs.contains(&name) {
                let definition = decoded(name.trim_start_matches("#/definitions/"));
                let mut refs = refs.to_vec();
                refs.push(name);
                self.node(&self.schema["definitions"][definition], place, &refs);
            }
            return;
        }
        for union in ["anyOf", "oneOf", "allOf"] {
            for part in node[union].as_array().into_iter().flatten() {
                self.node(part, place, refs);
            }
        }
        // Lists, and maps of any name.
        for inner in [&node["items"], &node["additionalProperties"]] {
            if inner.is_object() {
                self.node(inner, place, refs);
            }
        }
        for (key, inner) in node["properties"].as_object().into_iter().flatten() {
            let below = if place.is_empty() {
                key.clone()
            } else {
                format!("{place}.{key}")
            };
            let said = inner["description"].as_str().unwrap_or_default();
            let own = place.is_empty() && said.contains(NOT_INHERITED);
            *self.found.entry(below.clone()).or_default() |= own;
            match below.as_str() {
                // Its environments have the same keys.
                "env" => self.node(inner, "", refs),
                // What `wrangler preview` reads.
                "previews" => {}
                _ => self.node(inner, &below, refs),
            }
        }
    }
}

/// Without the percent signs of an address.
fn decoded(name: &str) -> String {
    let url = reqwest::Url::parse(&format!("http://schema/?{name}")).unwrap();
    let (name, _) = url.query_pairs().next().unwrap();
    name.into_owned()
}

fn schemas() -> Vec<PathBuf> {
    let newest = npm::clients().join("node_modules/wrangler");
    let older = std::fs::read_dir(npm::wranglers().join("node_modules")).unwrap();
    let older = older.map(|entry| entry.unwrap().path());
    let older = older.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("wrangler-"));
    older
        .chain([newest])
        .map(|path| path.join("config-schema.json"))
        .collect()
}

#[test]
fn the_list_of_places_is_that_of_the_real_wranglers() {
    let mut found = BTreeMap::new();
    let schemas = schemas();
    assert!(schemas.len() > 5, "{schemas:?}");
    for path in &schemas {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut walk = Walk {
            schema: &schema,
            found: &mut found,
        };
        walk.node(&schema["definitions"]["RawConfig"], "", &[]);
    }
    let line = |(place, own): (String, bool)| {
        if own {
            format!("{place} own\n")
        } else {
            format!("{place}\n")
        }
    };
    let current: String = found.into_iter().map(line).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/wrangler/src/keys/schema.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, current, "`UPDATE_DOCS=1` writes it");
}
