//! Schemas of `OpenAPI` 3.0 as JSON Schema 2020-12: `nullable`, one-sided fields, bounds that are flags.

use serde_json::{Map, Value, json};

/// The document with each of its schemas rewritten. `hidden` is what marks the fields that this side need not have:
/// `readOnly` in requests, `writeOnly` in answers.
pub(super) fn converted(document: &Value, hidden: &str) -> Value {
    match document {
        Value::Array(items) => items.iter().map(|item| converted(item, hidden)).collect(),
        Value::Object(fields) => schema(fields, hidden),
        scalar => scalar.clone(),
    }
}

/// A schema for a whole value: fields that none of its parts describes are errors, misspelt ones most likely.
pub(super) fn closed(schema: Value) -> Value {
    let mut schema = schema;
    if let Some(fields) = schema.as_object_mut() {
        fields.entry("unevaluatedProperties").or_insert(json!(false));
    }
    schema
}

/// Any object of the document: what is no schema has none of the keys that are rewritten.
fn schema(fields: &Map<String, Value>, hidden: &str) -> Value {
    let mut new = Map::new();
    for (key, value) in fields {
        let value = match (key.as_str(), value) {
            // Not schemas, however much they look like some.
            ("example" | "examples" | "default" | "enum", _) => value.clone(),
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(name, property)| (name.clone(), used(property, hidden)))
                .collect(),
            ("items", _) => used(value, hidden),
            ("required", Value::Array(names)) => {
                let is_hidden = |name: &Value| fields["properties"][name.as_str().unwrap_or_default()][hidden] == true;
                let has_properties = fields.contains_key("properties");
                let kept = names.iter().filter(|name| !has_properties || !is_hidden(name));
                kept.cloned().collect()
            }
            // A value that fits two choices is a loose description, not a wrong answer.
            ("oneOf", _) => {
                new.insert("anyOf".to_owned(), converted(value, hidden));
                continue;
            }
            ("exclusiveMinimum" | "exclusiveMaximum" | "nullable", Value::Bool(_)) => continue,
            _ => converted(value, hidden),
        };
        new.insert(key.clone(), value);
    }
    // Named as any object, so it stays one where it is referred to.
    if fields.get("type") == Some(&json!("object")) && !names_fields(fields) {
        new.entry("additionalProperties").or_insert(json!(true));
    }
    if fields.get("nullable") == Some(&Value::Bool(true)) {
        return nullable(new);
    }
    Value::Object(new)
}

fn nullable(mut schema: Map<String, Value>) -> Value {
    let Some(kind) = schema.get("type").cloned() else {
        return json!({"anyOf": [{"type": "null"}, schema]});
    };
    schema.insert("type".to_owned(), json!([kind, "null"]));
    if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        choices.push(Value::Null);
    }
    Value::Object(schema)
}

/// A schema where a value is described by it alone. Parts of an `allOf` stay open to each other's fields, and what
/// names no fields at all is open to any.
fn used(property: &Value, hidden: &str) -> Value {
    let new = converted(property, hidden);
    match property.as_object() {
        Some(fields) if names_fields(fields) => closed(new),
        _ => new,
    }
}

fn names_fields(schema: &Map<String, Value>) -> bool {
    ["properties", "allOf", "anyOf", "oneOf", "$ref"]
        .iter()
        .any(|key| schema.contains_key(*key))
}
