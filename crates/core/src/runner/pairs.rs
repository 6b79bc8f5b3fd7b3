//! Names and values in one text: dotenv lines, or a JSON object.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use crate::dotenv;

/// A name and its value, as it may be blank.
pub struct Pair {
    pub name: String,
    pub value: String,
    /// The value as it stands in the text, where escapes make that another one.
    pub written: String,
    /// Where it stands: `line 3`, `entry 2`.
    pub place: String,
}

/// Reads either form, told apart by the first character. `hide` is given what is no text, before it is refused.
///
/// # Errors
/// Everything that is wrong, by its place and without a value.
pub fn read(text: &str, hide: impl Fn(&str)) -> Result<Vec<Pair>, Vec<String>> {
    let blank = ['\u{feff}', ' ', '\t', '\r', '\n'];
    if text.trim_start_matches(blank).starts_with('{') {
        of_json(text, hide)
    } else {
        of_lines(text)
    }
}

fn of_lines(text: &str) -> Result<Vec<Pair>, Vec<String>> {
    let entries = dotenv::parse(text).map_err(|wrong| {
        let told = wrong
            .into_iter()
            .map(|problem| format!("line {} {}", problem.line, problem.wrong));
        told.collect::<Vec<_>>()
    })?;
    let pairs = entries.into_iter().map(|entry| Pair {
        place: format!("line {}", entry.line),
        name: entry.name,
        value: entry.value,
        written: entry.written,
    });
    Ok(pairs.collect())
}

fn of_json(text: &str, hide: impl Fn(&str)) -> Result<Vec<Pair>, Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    // serde's own sentence may quote what it has met.
    let found: Pairs = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        vec![format!(
            "is no JSON object, though it begins as one: it breaks off at {place}"
        )]
    })?;
    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    for (at, (name, value)) in found.0.into_iter().enumerate() {
        let place = format!("entry {}", at + 1);
        if let Value::String(value) = value {
            let quoted = Value::from(value.as_str()).to_string();
            pairs.push(Pair {
                name,
                value,
                written: quoted.trim_matches('"').to_owned(),
                place,
            });
        } else {
            hide(&value.to_string());
            wrong.push(format!("{place} is no text; each name has a text in quotation marks"));
        }
    }
    if wrong.is_empty() { Ok(pairs) } else { Err(wrong) }
}

/// A JSON object in its order, with what stands in it twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
