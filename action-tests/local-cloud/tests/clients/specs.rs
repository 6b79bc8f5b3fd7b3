//! Holds answers against the vendors' own `OpenAPI` documents, which are not part of this repository:
//! `CODEX_SPECS_DIR` names the folder with `neon.json` and `github.json`. Unset, nothing is checked, and
//! the tests say so.

use std::collections::HashMap;
use std::fs;
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

/// What is wrong with an answer, each with the place in the body; empty when it is as described.
///
/// Undescribed routes and statuses are not judged: the documents are cut down to what we use, and GitHub's
/// leaves most refusals out.
pub(crate) fn violations(provider: &str, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    document(provider).map_or_else(Vec::new, |document| judge(document, method, path, status, body))
}

fn judge(document: &Value, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let responses =
        &document["paths"][template(document, path).unwrap_or_default()][method.to_lowercase()]["responses"];
    let response = match &responses[status.to_string()] {
        Value::Null if status >= 400 => &responses["default"],
        described => described,
    };
    let response = resolved(document, response);
    let schema = &response["content"]["application/json"]["schema"];
    let mut found = Vec::new();
    if !schema.is_null() {
        check(document, schema, body, "$", &mut found);
        // Refusals carry more than is described.
        if status < 400 {
            unknown_keys(document, schema, body, "$", &mut found);
        }
    }
    found
}

#[expect(clippy::print_stderr, reason = "a check that does not run must be seen not to")]
fn document(provider: &str) -> Option<&'static Value> {
    static DOCUMENTS: OnceLock<Mutex<HashMap<String, &'static Value>>> = OnceLock::new();
    let Some(folder) = std::env::var_os("CODEX_SPECS_DIR") else {
        static TOLD: OnceLock<()> = OnceLock::new();
        TOLD.get_or_init(|| {
            eprintln!("CODEX_SPECS_DIR is not set: answers are NOT held against the vendors' documents");
        });
        return None;
    };
    let mut documents = DOCUMENTS.get_or_init(Mutex::default).lock().unwrap();
    let known = documents.entry(provider.to_owned()).or_insert_with(|| {
        let file = std::path::Path::new(&folder).join(format!("{provider}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Box::leak(Box::new(serde_json::from_str(&text).unwrap()))
    });
    Some(known)
}

/// The path template that matches; one with fewer parameters comes first.
fn template<'a>(document: &'a Value, path: &str) -> Option<&'a str> {
    let asked: Vec<&str> = path.trim_matches('/').split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.trim_matches('/').split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    document["paths"]
        .as_object()?
        .keys()
        .filter(|template| fits(template))
        .min_by_key(|template| template.matches('{').count())
        .map(String::as_str)
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(document, document.pointer(&reference[1..]).unwrap()),
        None => schema,
    }
}

fn list<'a>(schema: &'a Value, key: &str) -> &'a [Value] {
    schema[key].as_array().map_or(&[], Vec::as_slice)
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    if value.is_null() {
        let is_typed = schema["type"].is_string() || !list(schema, "allOf").is_empty();
        if is_typed && schema["nullable"] != true {
            found.push(format!("{at}: is null"));
        }
        return;
    }
    for part in list(schema, "allOf") {
        check(document, part, value, at, found);
    }
    for choice in ["oneOf", "anyOf"] {
        let options = list(schema, choice);
        let fits = |option: &Value| {
            let mut wrong = Vec::new();
            check(document, option, value, at, &mut wrong);
            wrong.is_empty()
        };
        if !options.is_empty() && !options.iter().any(fits) {
            found.push(format!("{at}: fits none of {choice}"));
        }
    }
    let is_of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !is_of_type {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    if !list(schema, "enum").is_empty() && !list(schema, "enum").contains(value) {
        found.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if let (Some("^[a-z0-9-]{1,60}$"), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=60).contains(&text.len()) || !text.bytes().all(is_plain) {
            found.push(format!("{at}: `{text}` is no id"));
        }
    }
    for name in list(schema, "required").iter().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{at}: `{name}` is missing"));
        }
    }
    if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, field) in fields {
            if let Some(schema) = properties.get(name) {
                check(document, schema, field, &format!("{at}.{name}"), found);
            }
        }
    }
    for (position, item) in value.as_array().into_iter().flatten().enumerate() {
        check(document, &schema["items"], item, &format!("{at}[{position}]"), found);
    }
}

/// Fields that the description does not have: misspelt ones, most likely.
fn unknown_keys(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    if let Some(items) = value.as_array() {
        for (position, item) in items.iter().enumerate() {
            unknown_keys(document, &schema["items"], item, &format!("{at}[{position}]"), found);
        }
    }
    let Some(fields) = value.as_object() else { return };
    let mut known = HashMap::new();
    if !gather(document, schema, &mut known) || known.is_empty() {
        return;
    }
    for (name, field) in fields {
        match known.get(name.as_str()) {
            Some(schema) => unknown_keys(document, schema, field, &format!("{at}.{name}"), found),
            None => found.push(format!("{at}: `{name}` is not described")),
        }
    }
}

/// All properties that a schema describes; false when it leaves others open.
fn gather<'a>(document: &'a Value, schema: &'a Value, known: &mut HashMap<&'a str, &'a Value>) -> bool {
    let schema = resolved(document, schema);
    let is_open = !schema["additionalProperties"].is_null() && schema["additionalProperties"] != false;
    let is_choice = !list(schema, "oneOf").is_empty() || !list(schema, "anyOf").is_empty();
    if let Some(properties) = schema["properties"].as_object() {
        known.extend(properties.iter().map(|(name, schema)| (name.as_str(), schema)));
    }
    !is_open && !is_choice && list(schema, "allOf").iter().all(|part| gather(document, part, known))
}

#[test]
fn deviations_are_found() {
    let document = serde_json::json!({
        "paths": {"/things/{id}": {"get": {"responses": {"200": {"$ref": "#/components/Thing"}}}}},
        "components": {"Thing": {"content": {"application/json": {"schema": {
            "allOf": [
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^[a-z0-9-]{1,60}$"}}},
                {"type": "object", "properties": {"state": {"type": "string", "enum": ["new"]}, "sizes": {"type": "array", "items": {"type": "integer"}}}},
            ],
        }}}}},
    });
    let judged = |body: Value| judge(&document, "GET", "/things/1?x=y", 200, &body);
    assert!(judged(serde_json::json!({"id": "a", "state": "new", "sizes": [1]})).is_empty());
    assert_eq!(
        judged(serde_json::json!({"state": "old", "sizes": ["1"], "sise": 2})),
        [
            "$: `id` is missing",
            "$.state: \"old\" is none of [\"new\"]",
            "$.sizes[0]: \"1\" is no \"integer\"",
            "$: `sise` is not described",
        ]
    );
    assert_eq!(judged(serde_json::json!({"id": null})), ["$.id: is null"]);
    assert_eq!(judged(serde_json::json!({"id": "A_1"})), ["$.id: `A_1` is no id"]);
}
