//! The JSON schema of `codex.toml`, for editors: made from [`super::keys`], kept current by a test.

use serde_json::{Map, Value, json};

use super::keys::{Key, Kind, MANIFEST};

/// The schema as JSON.
pub fn schema() -> Value {
    let mut root = table(MANIFEST);
    if let Some(object) = root.as_object_mut() {
        object.shift_insert(
            0,
            "$schema".to_owned(),
            "http://json-schema.org/draft-07/schema#".into(),
        );
        object.shift_insert(1, "title".to_owned(), "codex.toml".into());
    }
    root
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut value = kind(key.kind);
            if let Some(object) = value.as_object_mut() {
                object.insert("description".to_owned(), key.doc.into());
            }
            (key.name.to_owned(), value)
        })
        .collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Number => json!({"type": "integer", "minimum": 0}),
        Kind::Duration => json!({"type": "string", "minLength": 1, "pattern": crate::duration::PATTERN}),
        Kind::OneOf(names) => json!({"enum": names}),
        Kind::TextList => json!({"type": "array", "items": {"type": "string"}}),
        Kind::TextMap => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Kind::Table(keys) => table(keys),
        Kind::Tables(keys) => json!({"type": "object", "additionalProperties": table(keys)}),
        Kind::TableList(keys) => json!({"type": "array", "items": table(keys)}),
        Kind::Any => json!({}),
    }
}
