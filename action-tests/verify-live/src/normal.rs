//! Answers without what differs from account to account and from call to call, and what then still differs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::scenario::Look;

/// Fields whose values are nobody's promise.
const VARYING: [&str; 10] = [
    "etag",
    "parent_lsn",
    "request_id",
    "startup_time_ms",
    "logical_size",
    "written_data_bytes",
    "total_duration_ms",
    "author_email",
    "author_id",
    "last_deployed_from",
];

/// `known` are the values behind the placeholders, by name.
pub(crate) fn normal(value: &Value, look: Look, known: &BTreeMap<String, String>) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let is_numbered = value.is_number() && (key == "id" || key.ends_with("_id"));
                let is_varying = is_numbered || VARYING.contains(&key.as_str());
                (
                    key.clone(),
                    if is_varying {
                        json!("{varies}")
                    } else {
                        normal(value, look, known)
                    },
                )
            })
            .collect(),
        // Of a list that was there before, the first stands for all.
        Value::Array(items) if look == Look::Shape => items.iter().take(1).map(|it| normal(it, look, known)).collect(),
        Value::Array(items) => items.iter().map(|item| normal(item, look, known)).collect(),
        Value::String(_) if look == Look::Shape => json!("{text}"),
        Value::String(text) => Value::String(named(text, known)),
        Value::Number(_) if look == Look::Shape => json!("{number}"),
        Value::Bool(_) if look == Look::Shape => json!("{flag}"),
        scalar => scalar.clone(),
    }
}

fn named(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut by_length: Vec<_> = known.iter().filter(|(_, value)| value.len() > 3).collect();
    by_length.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let mut text = text.to_owned();
    for (name, value) in by_length {
        text = text.replace(value.as_str(), &format!("{{{name}}}"));
    }
    let bytes = text.as_bytes();
    let is_hex = bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let is_time =
        bytes.len() >= 20 && bytes[4] == b'-' && bytes[10] == b'T' && bytes[..4].iter().all(u8::is_ascii_digit);
    match () {
        () if is_time => "{time}".to_owned(),
        () if is_hex && bytes.len() >= 16 => "{id}".to_owned(),
        () => text,
    }
}

/// What differs, each with its place.
pub(crate) fn differences(at: &str, vendor: &Value, double: &Value, found: &mut Vec<String>) {
    match (vendor, double) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs {
                match ours.get(key) {
                    Some(our) => differences(&format!("{at}.{key}"), value, our, found),
                    None => found.push(format!("{at}: the vendor has `{key}`, the double has not")),
                }
            }
            let extra = ours.keys().filter(|key| !theirs.contains_key(*key));
            found.extend(extra.map(|key| format!("{at}: the double has `{key}`, the vendor has not")));
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (position, (their, our)) in theirs.iter().zip(ours).enumerate() {
                differences(&format!("{at}[{position}]"), their, our, found);
            }
        }
        _ if vendor == double => {}
        _ => found.push(format!("{at}: the vendor has {vendor}, the double has {double}")),
    }
}
