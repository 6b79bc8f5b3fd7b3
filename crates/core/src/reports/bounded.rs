//! A report short enough to travel as a step output.
//!
//! An output reaches the next job's step as an environment variable, and Linux starts no program with one of more than
//! 128 KiB (`MAX_ARG_STRLEN` in `execve(2)`). What does not fit is counted, not dropped in silence.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of one report as an output. A workflow passes some five of them on in one variable; seven of these, or six
/// that `toJSON` has quoted again, still fit.
pub const LONGEST_OUTPUT: usize = 16 * 1024;
/// Characters of an error, a diff or another text at the report's top, once the report is too long.
const LONGEST_TEXT: usize = 2_000;
/// Characters of a text in a list.
const LONGEST_DETAIL: usize = 300;
/// Room for `truncated` itself, which is written last.
const ROOM: usize = 1_024;
/// What an entry of a list calls what became of it.
const STATES: [&str; 3] = ["state", "outcome", "action"];
/// Entries that a reader misses least.
const GOOD: [&str; 8] = [
    "healthy",
    "unchanged",
    "deployed",
    "created",
    "updated",
    "verified",
    "deleted",
    "absent",
];

/// Entries of a list, or characters of a text, that are not in this report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct LeftOut {
    /// The list's or text's name: `endpoints`, `error` …
    pub of: String,
    /// What became of these entries, where the list tells it: `healthy`, `deleted` …
    pub state: String,
    pub count: usize,
}

/// The report in at most `most` bytes: texts are cut, then lists lose entries from their ends, those first that went
/// well. `truncated` says what is missing.
pub fn bounded(mut report: Value, most: usize) -> Value {
    if size(&report) <= most {
        return report;
    }
    let Value::Object(fields) = &mut report else {
        return report;
    };
    let mut left_out: Vec<LeftOut> = Vec::new();
    for (name, value) in fields.iter_mut() {
        let cut = shorten(value, LONGEST_TEXT);
        if cut > 0 {
            add(&mut left_out, name, "", cut);
        }
    }
    // First what went well, then the rest, until all fits: an unknown list of huge entries, too.
    for good in [true, false] {
        let mut over = size(fields).saturating_add(ROOM).saturating_sub(most);
        for (name, value) in fields.iter_mut() {
            let Value::Array(entries) = value else { continue };
            let mut at = entries.len();
            while over > 0 && at > 0 {
                at -= 1;
                let state = state(&entries[at]);
                if good && !GOOD.contains(&state.as_str()) {
                    continue;
                }
                over = over.saturating_sub(size(&entries[at]) + 1);
                add(&mut left_out, name, &state, 1);
                entries.remove(at);
            }
        }
    }
    let told = serde_json::to_value(left_out).unwrap_or(Value::Null);
    fields.insert("truncated".to_owned(), told);
    if size(fields) > most {
        // No report of ours: what is in it beside short texts is not worth an outcome that is never read.
        fields.retain(|_, value| size(value) <= LONGEST_DETAIL);
    }
    report
}

fn add(left_out: &mut Vec<LeftOut>, of: &str, state: &str, count: usize) {
    match left_out.iter_mut().find(|known| known.of == of && known.state == state) {
        Some(known) => known.count += count,
        None => left_out.push(LeftOut {
            of: of.to_owned(),
            state: state.to_owned(),
            count,
        }),
    }
}

fn state(entry: &Value) -> String {
    let told = STATES.iter().find_map(|key| entry.get(key)?.as_str());
    told.unwrap_or_default().to_owned()
}

/// Cuts the texts in `value`, and tells how many characters are gone.
fn shorten(value: &mut Value, most: usize) -> usize {
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            if length <= most {
                return 0;
            }
            *text = crate::text::shorten(text, most);
            length - most + 1
        }
        Value::Array(entries) => entries.iter_mut().map(|entry| shorten(entry, LONGEST_DETAIL)).sum(),
        Value::Object(fields) => fields.values_mut().map(|field| shorten(field, most)).sum(),
        _ => 0,
    }
}

fn size(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn endpoints(n: usize, sick: usize) -> Value {
        let endpoints = (0..n).map(|at| {
            let state = if at == sick { "unhealthy" } else { "healthy" };
            json!({"name": format!("endpoint-{at}"), "url": "https://api.example.com/health", "state": state,
                "detail": "x".repeat(200)})
        });
        json!({"action": "health-check", "status": "failed", "endpoints": endpoints.collect::<Vec<_>>()})
    }

    #[test]
    fn what_fits_is_left_alone() {
        let report = endpoints(3, 1);
        assert_eq!(bounded(report.clone(), LONGEST_OUTPUT), report);
    }

    #[test]
    fn the_sick_one_of_many_is_kept_and_the_rest_is_counted() {
        let report = bounded(endpoints(1_000, 990), LONGEST_OUTPUT);
        assert!(size(&report) <= LONGEST_OUTPUT, "{}", size(&report));
        let kept = report["endpoints"].as_array().unwrap();
        assert!(kept.len() > 30, "{}", kept.len());
        assert_eq!(kept.last().unwrap()["name"], "endpoint-990");
        assert_eq!(
            report["truncated"],
            json!([{"of": "endpoints", "state": "healthy", "count": 1_000 - kept.len()}])
        );
    }

    #[test]
    fn nothing_is_too_large_to_be_bounded() {
        for report in [
            json!({"action": "neon-branch", "error": "ä".repeat(100_000), "schema-diff": {"text": "+".repeat(90_000)}}),
            json!({"action": "deploy-workers", "services": vec![json!({"state": "failed", "detail": "\u{1}".repeat(9_000)}); 500]}),
            json!({"action": "cleanup", "results": vec![json!({"outcome": "failed", "name": "x".repeat(5_000)}); 500],
                "warnings": vec!["w".repeat(700); 500], "plan": vec!["\"".repeat(700); 500]}),
            json!({"action": "preflight", "a": "\u{1}".repeat(9_000), "b": "\u{1}".repeat(9_000), "c": {"d": vec!["x"; 9_000]}}),
        ] {
            let bounded = bounded(report, LONGEST_OUTPUT);
            assert!(size(&bounded) <= LONGEST_OUTPUT, "{}", size(&bounded));
            assert!(!bounded["action"].as_str().unwrap().is_empty());
        }
    }
}
