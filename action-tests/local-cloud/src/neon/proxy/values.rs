//! Values on their way between JSON and Postgres' text form, as SQL over HTTP has them. Pure.

use serde_json::{Map, Value, json};

use super::query::{Field, Outcome};

const BOOL: u32 = 16;
const INT2: u32 = 21;
const INT4: u32 = 23;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const JSON: u32 = 114;
const JSONB: u32 = 3802;

/// The element type of an array type, for the types that JSON can tell apart; 0 for other arrays.
fn element(type_id: u32) -> Option<u32> {
    match type_id {
        1000 => Some(BOOL),
        1005 => Some(INT2),
        1007 => Some(INT4),
        1021 => Some(FLOAT4),
        1022 => Some(FLOAT8),
        199 => Some(JSON),
        3807 => Some(JSONB),
        // text, varchar, bpchar, int8, numeric, uuid, date, timestamp, timestamptz
        1009 | 1015 | 1014 | 1016 | 1231 | 2951 | 1182 | 1115 | 1185 => Some(0),
        _ => None,
    }
}

/// A parameter as text; none is NULL.
pub(super) fn parameter(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(array(items)),
        other => Some(other.to_string()),
    }
}

/// `{1,"two",NULL,{3}}`
fn array(items: &[Value]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Value::Null => "NULL".to_owned(),
            Value::Array(items) => array(items),
            // Its quotes and escapes are those of an array's element, too.
            Value::Object(_) => Value::String(item.to_string()).to_string(),
            other => other.to_string(),
        })
        .collect();
    format!("{{{}}}", items.join(","))
}

/// The answer to one query. `raw` leaves all values as Postgres writes them.
pub(super) fn answer(outcome: &Outcome, raw: bool, as_arrays: bool) -> Value {
    let value = |field: &Field, value: &Option<String>| match value {
        None => Value::Null,
        Some(text) if raw => json!(text),
        Some(text) => typed(text, field.type_id),
    };
    let rows: Vec<Value> = outcome
        .rows
        .iter()
        .map(|row| {
            let values = outcome.fields.iter().zip(row);
            if as_arrays {
                values.map(|(field, text)| value(field, text)).collect()
            } else {
                let named = values.map(|(field, text)| (field.name.clone(), value(field, text)));
                Value::Object(named.collect::<Map<_, _>>())
            }
        })
        .collect();
    let mut tag = outcome.tag.split(' ');
    let command = tag.next().unwrap_or_default();
    // `INSERT 0 1` has a number of its own before the count.
    let count = if command == "INSERT" { tag.nth(1) } else { tag.next() };
    let count = count.and_then(|count| count.parse::<i64>().ok());
    let fields: Vec<&Value> = outcome.fields.iter().map(|field| &field.description).collect();
    json!({"fields": fields, "command": command, "rowCount": count, "rows": rows, "rowAsArray": as_arrays})
}

fn typed(text: &str, type_id: u32) -> Value {
    if let Some(element) = element(type_id) {
        // A lower bound other than 1 (`[0:1]={1,2}`) has no place in JSON.
        let items = text.find('{').and_then(|at| items(&text[at..], element));
        return items.map_or_else(|| json!(text), |(items, _)| items);
    }
    match type_id {
        BOOL => json!(text == "t"),
        INT2 | INT4 => text.parse::<i32>().map_or_else(|_| json!(text), |n| json!(n)),
        // NaN and the infinities stay text.
        FLOAT4 | FLOAT8 => text
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| json!(text), Value::Number),
        JSON | JSONB => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

/// Reads an array from its opening brace; what follows its closing one is left.
fn items(text: &str, element: u32) -> Option<(Value, &str)> {
    let mut rest = text.strip_prefix('{')?;
    let mut found = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((Value::Array(found), after));
        }
        rest = rest.strip_prefix(',').unwrap_or(rest);
        if rest.starts_with('{') {
            let (inner, after) = items(rest, element)?;
            found.push(inner);
            rest = after;
        } else if let Some(mut after) = rest.strip_prefix('"') {
            let mut item = String::new();
            loop {
                let mut letters = after.chars();
                match letters.next()? {
                    '"' => break,
                    '\\' => item.push(letters.next()?),
                    letter => item.push(letter),
                }
                after = letters.as_str();
            }
            rest = &after[1..];
            found.push(typed(&item, element));
        } else {
            let end = rest.find([',', '}'])?;
            let item = &rest[..end];
            found.push(if item == "NULL" {
                Value::Null
            } else {
                typed(item, element)
            });
            rest = &rest[end..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_text() {
        for (given, text) in [
            (json!(null), None),
            (json!("a\"b"), Some("a\"b")),
            (json!(4.5), Some("4.5")),
            (json!(true), Some("true")),
            (json!({"a": 1}), Some(r#"{"a":1}"#)),
            (json!([1, null, "a\"b", [true]]), Some(r#"{1,NULL,"a\"b",{true}}"#)),
            (json!([{"a": 1}]), Some(r#"{"{\"a\":1}"}"#)),
        ] {
            assert_eq!(parameter(&given).as_deref(), text, "{given}");
        }
    }

    #[test]
    fn values_get_their_types() {
        for (text, type_id, value) in [
            ("t", BOOL, json!(true)),
            ("42", INT4, json!(42)),
            ("42", 20, json!("42")),
            ("1.5", FLOAT8, json!(1.5)),
            ("NaN", FLOAT8, json!("NaN")),
            (r#"{"a": [1]}"#, JSONB, json!({"a": [1]})),
            ("{1,NULL,3}", 1007, json!([1, null, 3])),
            ("{{1,2},{3,4}}", 1007, json!([[1, 2], [3, 4]])),
            (
                r#"{a,"b \"c\",d",NULL,"NULL",""}"#,
                1009,
                json!(["a", "b \"c\",d", null, "NULL", ""]),
            ),
            ("{}", 1009, json!([])),
            ("[0:1]={5,6}", 1007, json!([5, 6])),
            ("{broken", 1007, json!("{broken")),
        ] {
            assert_eq!(typed(text, type_id), value, "{text}");
        }
    }
}
