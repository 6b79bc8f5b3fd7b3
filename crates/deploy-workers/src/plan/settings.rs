//! Settings of a Worker that its versions do not hold: what of them differs. Pure.

use serde_json::{Map, Value, json};

/// The settings to change, as wrangler decides it: a configuration without `observability` means that it is off; of the
/// others it says nothing, so they stay. `unchanged`: the configuration is the one that was deployed last, so what the
/// API does not tell of it is taken for a default.
pub(crate) fn differing(
    metadata: &Map<String, Value>,
    live: &Map<String, Value>,
    unchanged: bool,
) -> Option<Map<String, Value>> {
    let off = json!({"enabled": false});
    let wanted = [
        ("observability", metadata.get("observability").or(Some(&off))),
        ("logpush", metadata.get("logpush")),
        ("tail_consumers", metadata.get("tail_consumers")),
    ];
    let differing: Map<String, Value> = wanted
        .into_iter()
        .filter_map(|(key, wanted)| Some((key, wanted?)))
        .filter(|(key, wanted)| !holds(live.get(*key).unwrap_or(&Value::Null), wanted, unchanged))
        .map(|(key, wanted)| (key.to_owned(), wanted.clone()))
        .collect();
    (!differing.is_empty()).then_some(differing)
}

/// Whether what is there holds what is wanted: the API may tell more, and leave out what is off.
fn holds(live: &Value, wanted: &Value, unchanged: bool) -> bool {
    match (wanted, live) {
        (Value::Object(fields), Value::Object(there)) => fields.iter().all(|(key, wanted)| {
            let found = there.get(key).unwrap_or(&Value::Null);
            unchanged && found.is_null() && key != "enabled" || holds(found, wanted, unchanged)
        }),
        // Nothing is there: as good as all of it off.
        (Value::Object(fields), Value::Null) => fields.values().all(|wanted| holds(live, wanted, unchanged)),
        (Value::Array(items), Value::Array(there)) => {
            let mut pairs = items.iter().zip(there);
            there.len() == items.len() && pairs.all(|(wanted, live)| holds(live, wanted, unchanged))
        }
        (Value::Array(items), Value::Null) => items.is_empty(),
        (Value::Bool(false), Value::Null) => true,
        (wanted, live) => live == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(metadata: &Value, live: &Value) -> Option<Value> {
        let map = |value: &Value| value.as_object().unwrap().clone();
        differing(&map(metadata), &map(live), false).map(Value::Object)
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
        // What the API does not tell is a default, as long as the configuration is the one that was deployed.
        let more = json!({"observability": {"enabled": true, "logs": {"invocation_logs": true}}});
        assert_eq!(differs(&more, &live), Some(more.clone()));
        let map = |value: &Value| value.as_object().unwrap().clone();
        assert_eq!(differing(&map(&more), &map(&live), true), None);
        assert!(differing(&map(&more), &Map::new(), true).is_some());
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
