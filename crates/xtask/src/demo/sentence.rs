//! What a step did, in a few words, read from its report.

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) fn of(report: &Value) -> String {
    match text(report, "action") {
        "neon-branch" => branch(report),
        "preview-dns" => counted(report, "records", "action", "record"),
        "deploy-workers" => counted(report, "services", "state", "Worker"),
        "health-check" => counted(report, "endpoints", "state", "endpoint"),
        "cleanup" => removed(report),
        "pr-comment" => format!("comment {}", text(&report["comment"], "action")),
        other => format!("{other} is {}", text(report, "status")),
    }
}

fn branch(report: &Value) -> String {
    let branch = &report["branch"];
    let how = if branch["created"] == true {
        "created from"
    } else {
        "re-used, a copy of"
    };
    format!("`{}` {how} `{}`", text(branch, "name"), text(branch, "parent"))
}

/// `4 records created, 1 record unchanged`
fn counted(report: &Value, list: &str, key: &str, noun: &str) -> String {
    let counts = count(report[list].as_array().map_or(&[][..], Vec::as_slice), key);
    if counts.is_empty() {
        return format!("no {noun}s");
    }
    let parts = counts
        .into_iter()
        .map(|(state, n)| format!("{} {state}", plural(n, noun)));
    parts.collect::<Vec<_>>().join(", ")
}

/// `deleted: 1 branch, 5 workers`
fn removed(report: &Value) -> String {
    let results = report["results"].as_array().map_or(&[][..], Vec::as_slice);
    let outcomes = count(results, "outcome");
    let parts = outcomes.keys().map(|outcome| {
        let of_it: Vec<Value> = results
            .iter()
            .filter(|result| text(result, "outcome") == *outcome)
            .cloned()
            .collect();
        let kinds = count(&of_it, "kind").into_iter().map(|(kind, n)| plural(n, kind));
        format!("{outcome}: {}", kinds.collect::<Vec<_>>().join(", "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// `1 branch`, `5 DNS records`; of a report's `dns-record` too.
pub(crate) fn plural(n: usize, noun: &str) -> String {
    let ending = match (n, noun) {
        (1, _) => "",
        (_, "branch") => "es",
        _ => "s",
    };
    let noun = match noun {
        "dns-record" => "DNS record",
        "kv-namespace" => "KV namespace",
        "custom-domain" => "custom domain",
        other => other,
    };
    format!("{n} {noun}{ending}")
}

fn count<'a>(items: &'a [Value], key: &str) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(text(item, key)).or_default() += 1;
    }
    counts
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_action_tells_what_it_did() {
        let branch = json!({"action": "neon-branch", "branch": {"name": "preview-pr-42", "parent": "production", "created": false}});
        assert_eq!(of(&branch), "`preview-pr-42` re-used, a copy of `production`");
        let dns = json!({"action": "preview-dns", "records": [{"action": "created"}, {"action": "unchanged"}, {"action": "created"}]});
        assert_eq!(of(&dns), "2 records created, 1 record unchanged");
        let cleanup = json!({"action": "cleanup", "results": [
            {"kind": "worker", "outcome": "deleted"}, {"kind": "worker", "outcome": "deleted"}, {"kind": "branch", "outcome": "failed"}
        ]});
        assert_eq!(of(&cleanup), "deleted: 2 workers; failed: 1 branch");
    }
}
