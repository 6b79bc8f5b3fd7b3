//! Nested form fields: `metadata[bindings][][type]`, as Cloudflare's own SDK for TypeScript writes an object.

use serde_json::{Map, Value};

/// One step into a value.
#[derive(Debug, PartialEq)]
enum Step<'a> {
    Key(&'a str),
    /// `[]`: an element of a list.
    Element,
}

/// The steps behind the field's first name; none when it is no such field.
fn steps<'a>(name: &'a str, root: &str) -> Option<Vec<Step<'a>>> {
    let rest = name.strip_prefix(root)?.strip_prefix('[')?.strip_suffix(']')?;
    let step = |part: &'a str| {
        if part.is_empty() {
            Step::Element
        } else {
            Step::Key(part)
        }
    };
    Some(rest.split("][").map(step).collect())
}

/// Puts a field's text where its name says; false when it does not belong to `root`.
pub(super) fn put(object: &mut Map<String, Value>, root: &str, name: &str, text: &str) -> bool {
    let Some(steps) = steps(name, root) else { return false };
    let Some((Step::Key(first), rest)) = steps.split_first() else {
        return false;
    };
    set(object.entry(*first).or_insert(Value::Null), rest, text);
    true
}

fn set(place: &mut Value, steps: &[Step], text: &str) {
    let Some((step, rest)) = steps.split_first() else {
        // The SDK writes every scalar as text.
        *place = match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(text.to_owned()),
        };
        return;
    };
    match step {
        Step::Key(key) => {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            if let Some(object) = place.as_object_mut() {
                set(object.entry(*key).or_insert(Value::Null), rest, text);
            }
        }
        Step::Element => {
            if !place.is_array() {
                *place = Value::Array(Vec::new());
            }
            let Some(elements) = place.as_array_mut() else { return };
            // Members follow each other; one that the last element has already begins the next element.
            let begins = match (elements.last(), rest.first()) {
                (Some(last), Some(Step::Key(key))) => rest.len() == 1 && last.get(*key).is_some(),
                (Some(_), Some(Step::Element)) => false,
                (None, _) | (_, None) => true,
            };
            if begins {
                elements.push(Value::Null);
            }
            if let Some(last) = elements.last_mut() {
                set(last, rest, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_comes_back_as_the_sdk_took_it_apart() {
        let mut object = Map::new();
        for (name, text) in [
            ("metadata[main_module]", "index.js"),
            ("metadata[compatibility_flags][]", "nodejs_compat"),
            ("metadata[compatibility_flags][]", "global_navigator"),
            ("metadata[bindings][][type]", "plain_text"),
            ("metadata[bindings][][name]", "STAGE"),
            ("metadata[bindings][][text]", "preview"),
            ("metadata[bindings][][type]", "json"),
            ("metadata[bindings][][name]", "MORE"),
            ("metadata[bindings][][json][deep]", "1"),
            ("metadata[bindings][][json][deeper]", "2"),
            ("metadata[observability][enabled]", "true"),
        ] {
            assert!(put(&mut object, "metadata", name, text), "{name}");
        }
        assert!(!put(&mut object, "metadata", "files[]", ""));
        assert!(!put(&mut object, "metadata", "metadata[]", ""));
        assert_eq!(
            Value::Object(object),
            json!({
                "main_module": "index.js",
                "compatibility_flags": ["nodejs_compat", "global_navigator"],
                "bindings": [
                    {"type": "plain_text", "name": "STAGE", "text": "preview"},
                    {"type": "json", "name": "MORE", "json": {"deep": "1", "deeper": "2"}},
                ],
                "observability": {"enabled": true},
            })
        );
    }
}
