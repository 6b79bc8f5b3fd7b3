//! What an upload holds, as one tag: equal tags, nothing to deploy. Pure.

use actions_core::cloudflare::{Asset, Module};
use actions_core::owner::hex;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use wrangler::project::{SOURCE_MAP, Size};

/// A source map explains code, it does not change it, and holds paths that differ from run to run.
/// The tag is readable to everyone who may read the Worker: guessing a secret from it is made a thousand times slower.
const ROUNDS: usize = 1000;
const PREFIX: &str = "codex-";

/// The tag of an upload: `codex-`, 16 hexadecimal digits over code, bindings, settings, secrets and assets, and the
/// bytes of its modules, raw and compressed, which nobody could ask for later.
pub(crate) fn tag(
    worker: &str,
    metadata: &Map<String, Value>,
    modules: &[Module],
    assets: Option<(&[Asset], &Map<String, Value>)>,
    size: Size,
) -> String {
    let mut hasher = Sha256::new();
    let mut add = |text: &[u8]| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    add(b"1");
    add(worker.as_bytes());
    add(canonical(&Value::Object(without_secrets(metadata))).as_bytes());
    add(&secrets(metadata));
    let mut modules: Vec<&Module> = modules
        .iter()
        .filter(|module| module.content_type != SOURCE_MAP)
        .collect();
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    for module in modules {
        add(module.name.as_bytes());
        add(module.content_type.as_bytes());
        add(&module.content);
    }
    if let Some((assets, config)) = assets {
        add(canonical(&Value::Object(config.clone())).as_bytes());
        for asset in assets {
            add(asset.path.as_bytes());
            add(asset.hash.as_bytes());
        }
    }
    format!("{PREFIX}{}-{}-{}", hex(&hasher.finalize(), 16), size.raw, size.gzip)
}

/// Whether two tags stand for the same content. Sizes are left out: another version of the compressor counts otherwise.
pub(crate) fn same(one: &str, other: &str) -> bool {
    content(one).is_some() && content(one) == content(other)
}

/// The content that a tag of ours stands for.
pub(crate) fn content(tag: &str) -> Option<&str> {
    tag.strip_prefix(PREFIX)?.split('-').next()
}

/// The size that a tag of ours tells.
pub(crate) fn size(tag: &str) -> Option<Size> {
    let mut parts = tag.strip_prefix(PREFIX)?.split('-').skip(1).map(str::parse);
    Some(Size {
        raw: parts.next()?.ok()?,
        gzip: parts.next()?.ok()?,
    })
}

fn bindings(metadata: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    metadata.get("bindings").and_then(Value::as_array).into_iter().flatten()
}

/// The metadata with its bindings in the order of their names, secrets without their values.
fn without_secrets(metadata: &Map<String, Value>) -> Map<String, Value> {
    let mut all: Vec<Value> = bindings(metadata).cloned().collect();
    for binding in &mut all {
        if binding["type"] == "secret_text"
            && let Some(fields) = binding.as_object_mut()
        {
            fields.remove("text");
        }
    }
    all.sort_by_key(|binding| binding["name"].as_str().unwrap_or_default().to_owned());
    let mut metadata = metadata.clone();
    metadata.insert("bindings".to_owned(), Value::Array(all));
    metadata
}

/// One digest over all secrets together, so that a weak one is protected by the others.
fn secrets(metadata: &Map<String, Value>) -> Vec<u8> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<(String, String)> = bindings(metadata)
        .filter(|binding| binding["type"] == "secret_text")
        .map(|binding| (text(binding, "name"), text(binding, "text")))
        .collect();
    // Nothing to protect, and each round takes its time.
    if all.is_empty() {
        return Vec::new();
    }
    all.sort();
    let mut digest = Sha256::digest(canonical(&serde_json::json!(all)));
    for _ in 0..ROUNDS {
        digest = Sha256::digest(digest);
    }
    digest.to_vec()
}

/// JSON with the keys of each object in order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let fields: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::String(key.clone()), canonical(&fields[key])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SIZE: Size = Size { raw: 10, gzip: 5 };

    fn metadata(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn module(kind: &str, content: &'static str) -> Module {
        Module {
            name: format!("{kind}.x"),
            content_type: kind.to_owned(),
            content: bytes::Bytes::from_static(content.as_bytes()),
        }
    }

    #[test]
    fn order_and_source_maps_do_not_matter() {
        let one = metadata(
            &json!({"main_module": "a", "bindings": [{"name": "A", "type": "ai"}, {"name": "B", "type": "browser"}]}),
        );
        let two = metadata(
            &json!({"bindings": [{"type": "browser", "name": "B"}, {"name": "A", "type": "ai"}], "main_module": "a"}),
        );
        let (code, map, other_map) = (module("js", "x"), module(SOURCE_MAP, "1"), module(SOURCE_MAP, "2"));
        assert_eq!(
            tag("w", &one, &[code.clone(), map], None, SIZE),
            tag("w", &two, &[other_map, code.clone()], None, SIZE)
        );
        assert_ne!(
            tag("w", &one, std::slice::from_ref(&code), None, SIZE),
            tag("v", &one, std::slice::from_ref(&code), None, SIZE)
        );
        assert_ne!(
            tag("w", &one, &[code], None, SIZE),
            tag("w", &one, &[module("js", "y")], None, SIZE)
        );
    }

    #[test]
    fn a_changed_secret_changes_the_tag() {
        let with = |text: &str| {
            tag(
                "w",
                &metadata(&json!({"bindings": [{"name": "S", "type": "secret_text", "text": text}]})),
                &[],
                None,
                SIZE,
            )
        };
        assert_eq!(with("hunter2"), with("hunter2"));
        assert_ne!(with("hunter2"), with("hunter3"));
        assert_eq!(size(&with("x")), Some(SIZE));
        assert_eq!(size("v1.2.3"), None);
        assert!(same("codex-a-1-2", "codex-a-1-3") && !same("codex-a-1-2", "codex-b-1-2") && !same("", ""));
    }
}
