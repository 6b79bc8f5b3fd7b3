//! The JSON schema of `codex.toml`, for editors: made from [`super::keys`], kept current by a test.

use serde_json::{Map, Value, json};

use super::keys::{Key, Kind, MANIFEST};

/// Where editors find the schema of this major version: the release tree has it beside the documents.
pub const URL: &str = "https://raw.githubusercontent.com/codex/actions/v1/.github/docs/codex.schema.json";

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
        Kind::ValueMap => json!({"type": "object"}),
        Kind::Table(keys) => table(keys),
        Kind::Tables(keys) => json!({"type": "object", "additionalProperties": table(keys)}),
        Kind::TableList(keys) => json!({"type": "array", "items": table(keys)}),
        Kind::Any => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an editor judges: both keywords of the schema.
    fn fits(text: &str) -> bool {
        let schema = kind(Kind::Duration);
        let pattern = regex_lite::Regex::new(schema["pattern"].as_str().unwrap()).unwrap();
        text.chars().count() as u64 >= schema["minLength"].as_u64().unwrap() && pattern.is_match(text)
    }

    #[test]
    fn a_duration_is_one_for_the_schema_when_it_is_one_for_us() {
        let numbers = ["", "0", "1", "90", "99999999999", "999999999999999", "-1", "1.5"];
        let units = ["", "ms", "s", "m", "min", "h", "d", "w", "y", "M", "S", " s", "x"];
        let parts = || {
            numbers
                .iter()
                .flat_map(|number| units.iter().map(move |unit| format!("{number}{unit}")))
        };
        let mut right = 0;
        for first in parts() {
            for second in parts() {
                let text = format!("{first}{second}");
                assert_eq!(fits(&text), crate::duration::parse(&text).is_some(), "{text:?}");
                right += usize::from(fits(&text));
            }
        }
        assert!(right > 100, "{right}");
    }
}
