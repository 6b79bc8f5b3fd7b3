//! Settings of a Worker that its versions do not hold: what of them differs. Pure.

use serde_json::{Map, Value, json};

/// The settings to change, as wrangler decides it: a configuration without `observability` means that it is off; of the
/// others it says nothing, so they stay.
pub(crate) fn differing(metadata: &Map<String, Value>, live: &Map<String, Value>) -> Option<Map<String, Value>> {
    let off = json!({"enabled": false});
    let wanted = [
        ("observability", metadata.get("observability").or(Some(&off))),
        ("logpush", metadata.get("logpush")),
        ("tail_consumers", metadata.get("tail_consumers")),
    ];
    let differing: Map<String, Value> = wanted
        .into_iter()
        .filter_map(|(key, wanted)| Some((key, wanted?)))
        .filter(|(key, wanted)| !holds(live.get(*key).unwrap_or(&Value::Null), wanted))
        .map(|(key, wanted)| (key.to_owned(), wanted.clone()))
        .collect();
    (!differing.is_empty()).then_some(differing)
}

/// Whether what is there holds what is wanted: the API may tell more, and leave out what is off.
fn holds(live: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Object(fields) => fields
            .iter()
            .all(|(key, wanted)| holds(live.get(key).unwrap_or(&Value::Null), wanted)),
        Value::Array(items) => {
            let live = live.as_array().map(Vec::as_slice).unwrap_or_default();
            live.len() == items.len() && items.iter().zip(live).all(|(wanted, live)| holds(live, wanted))
        }
        Value::Bool(false) => matches!(live, Value::Null | Value::Bool(false)),
        other => live == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(metadata: &Value, live: &Value) -> Option<Value> {
        let map = |value: &Value| value.as_object().unwrap().clone();
        differing(&map(metadata), &map(live)).map(Value::Object)
    }

    #[test]
    fn only_what_differs_is_changed() {
        let on = json!({"observability": {"enabled": true}});
        let live = json!({"observability": {"enabled": true, "head_sampling_rate": 1, "logs": null}, "logpush": false});
        assert_eq!(differs(&on, &live), None);
        assert_eq!(differs(&on, &json!({"observability": null})), Some(on.clone()));
        // Taken out of the configuration, it is switched off; what is off already stays as it is.
        assert_eq!(
            differs(&json!({}), &live),
            Some(json!({"observability": {"enabled": false}}))
        );
        assert_eq!(differs(&json!({}), &json!({})), None);
        let tail = json!({"logpush": true, "tail_consumers": [{"service": "tail"}]});
        assert_eq!(
            differs(&tail, &live),
            Some(
                json!({"observability": {"enabled": false}, "logpush": true, "tail_consumers": [{"service": "tail"}]})
            )
        );
        assert_eq!(
            differs(
                &json!({"logpush": false}),
                &json!({"tail_consumers": [{"service": "x"}]})
            ),
            None
        );
    }
}
