//! What is true at the end, counted from the local cloud itself and never from the actions' own reports.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Every resource of the account, its zones and the Neon project: what it is and which, and its content.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Inventory(BTreeMap<Resource, Value>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Resource {
    kind: &'static str,
    /// The id, or the name where the API goes by names: what a request's path holds.
    id: String,
}

/// What moves by itself on a database that nobody changed: its compute wakes up, is asked, goes to sleep.
const MOVES: [&str; 9] = [
    "connections",
    "current_state",
    "kicks",
    "last_active",
    "pending_state",
    "started_at",
    "state_changed_at",
    "suspended_at",
    "updated_at",
];

impl Inventory {
    pub(crate) fn of(state: &Value) -> Self {
        let mut all = BTreeMap::new();
        let mut add = |kind, id: &Value, content: &Value| {
            let mut content = content.clone();
            if let Some(fields) = content
                .as_object_mut()
                .filter(|_| kind == "branch" || kind == "endpoint")
            {
                fields.retain(|key, _| !MOVES.contains(&key.as_str()));
            }
            // Some ids are numbers.
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            all.insert(Resource { kind, id }, content);
        };
        for account in values(&state["cloudflare"]["accounts"]) {
            for (kind, list, key) in [
                ("worker", "workers", "name"),
                ("custom domain", "domains", "id"),
                ("KV namespace", "kv", "id"),
            ] {
                for item in values(&account[list]) {
                    add(kind, &item[key], item);
                }
            }
        }
        for zone in values(&state["cloudflare"]["zones"]) {
            for (kind, list) in [("DNS record", "records"), ("route", "routes")] {
                for item in values(&zone[list]) {
                    add(kind, &item["id"], item);
                }
            }
        }
        for project in values(&state["neon"]["projects"]) {
            for (kind, list) in [("branch", "branches"), ("endpoint", "endpoints")] {
                for item in values(&project[list]) {
                    add(kind, &item["id"], item);
                }
            }
        }
        for comment in comments(state) {
            add("comment", &comment["id"], comment);
        }
        Self(all)
    }

    /// How many resources of each kind there are.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for resource in self.0.keys() {
            *counts.entry(resource.kind).or_default() += 1;
        }
        counts
    }

    /// What is there now and was not before, but for comments: a closed pull request keeps its own.
    pub(crate) fn left_over(&self, before: &Self) -> Vec<String> {
        let new = self
            .0
            .keys()
            .filter(|resource| resource.kind != "comment" && !before.0.contains_key(resource));
        new.map(Resource::to_string).collect()
    }

    /// What only one of the two holds.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let only = |one: &Self, two: &Self| -> Vec<String> {
            let keys = one.0.keys().filter(|resource| !two.0.contains_key(resource));
            keys.map(Resource::to_string).collect()
        };
        [only(self, other), only(other, self)].concat()
    }

    /// What was there before and is gone or different now, and what a writing request named without effect.
    pub(crate) fn foreign_touched(&self, before: &Self, requests: &[Value]) -> Vec<String> {
        let changed = before
            .0
            .iter()
            .filter(|(resource, content)| self.0.get(resource) != Some(content));
        let mut touched: BTreeSet<String> = changed.map(|(resource, _)| resource.to_string()).collect();
        for request in requests
            .iter()
            .filter(|request| request["write"] == true && request["provider"] != "edge")
        {
            let named = named_by(request);
            for resource in before.0.keys().filter(|resource| named.contains(resource.id.as_str())) {
                touched.insert(resource.to_string());
            }
        }
        touched.into_iter().collect()
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind, self.id)
    }
}

/// The ids and names that a request is about: the segments of its path, and of a batch of DNS changes the ids in
/// its body. Other bodies may well name what is not changed, such as the branch to copy from.
fn named_by(request: &Value) -> BTreeSet<&str> {
    let mut named: BTreeSet<&str> = request["path"].as_str().unwrap_or_default().split('/').collect();
    for list in ["deletes", "patches", "puts"] {
        named.extend(values(&request["body"][list]).filter_map(|change| change["id"].as_str()));
    }
    named
}

/// All comments of all issues.
fn comments(state: &Value) -> impl Iterator<Item = &Value> {
    values(&state["github"]["repositories"]).flat_map(|repository| values(&repository["comments"]))
}

/// The comments on one pull request that the workflow's own token wrote.
pub(crate) fn own_comments(state: &Value, pull_request: u64) -> Vec<&Value> {
    comments(state)
        .filter(|comment| comment["thread"] == pull_request)
        .filter(|comment| comment["author"]["login"] == "github-actions[bot]")
        .collect()
}

/// The elements of a list, or the values of an object.
pub(crate) fn values(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Names of the secrets that `text` holds.
pub(crate) fn secrets_in(text: &str, secrets: &[(String, String)]) -> Vec<String> {
    secrets
        .iter()
        .filter(|(_, value)| text.contains(value.as_str()))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Requests that the local cloud does not know: a client of ours asks for something that it should not, or a
/// part of the cloud is missing.
pub(crate) fn unknown(requests: &[Value]) -> Vec<String> {
    let unknown = requests.iter().filter(|request| request["unknown"] == true);
    unknown
        .map(|request| json!([request["provider"], request["method"], request["path"]]).to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(records: &Value, workers: &Value) -> Value {
        json!({
            "cloudflare": {"accounts": {"a": {"workers": workers}}, "zones": {"z": {"records": records}}},
            "neon": {"projects": [{"branches": [{"id": "br-1", "name": "production", "updated_at": "later"}]}]},
            "github": {"repositories": [{"comments": [{"id": 7, "thread": 42, "author": {"login": "octocat"}, "body": "mine"}]}]}
        })
    }

    fn before() -> Inventory {
        Inventory::of(&state(
            &json!([{"id": "r1", "content": "a"}]),
            &json!({"tenant-pr-42": {"name": "tenant-pr-42"}}),
        ))
    }

    #[test]
    fn what_was_added_is_left_over_and_what_was_there_is_not() {
        let after = Inventory::of(&state(
            &json!([{"id": "r1", "content": "a"}, {"id": "r2"}]),
            &json!({"tenant-pr-42": {"name": "tenant-pr-42"}}),
        ));
        assert_eq!(after.left_over(&before()), ["DNS record `r2`"]);
        assert_eq!(after.foreign_touched(&before(), &[]), Vec::<String>::new());
    }

    #[test]
    fn what_was_made_anew_differs_though_its_name_may_be_the_same() {
        let other = Inventory::of(&state(
            &json!([{"id": "r2", "content": "a"}]),
            &json!({"tenant-pr-42": {"name": "tenant-pr-42", "versions": [1, 2]}}),
        ));
        assert_eq!(before().differences(&other), ["DNS record `r1`", "DNS record `r2`"]);
        assert_eq!(before().differences(&before()), Vec::<String>::new());
    }

    #[test]
    fn a_change_of_what_was_there_is_seen_in_the_state() {
        let after = Inventory::of(&state(&json!([{"id": "r1", "content": "b"}]), &json!({})));
        assert_eq!(
            after.foreign_touched(&before(), &[]),
            ["DNS record `r1`", "worker `tenant-pr-42`"]
        );
    }

    #[test]
    fn a_write_that_names_what_was_there_is_seen_in_the_log() {
        let request = |method: &str, path: &str, body: Value| json!({"provider": "cloudflare", "method": method, "write": method != "GET", "path": path, "body": body});
        let touched = |request: Value| before().foreign_touched(&before(), &[request]);
        assert_eq!(
            touched(request(
                "DELETE",
                "/accounts/a/workers/scripts/tenant-pr-42",
                Value::Null
            )),
            ["worker `tenant-pr-42`"]
        );
        assert_eq!(
            touched(request(
                "POST",
                "/zones/z/dns_records/batch",
                json!({"deletes": [{"id": "r1"}]})
            )),
            ["DNS record `r1`"]
        );
        assert_eq!(
            touched(request("PATCH", "/repos/acme/app/issues/comments/7", json!({}))),
            ["comment `7`"]
        );
        assert_eq!(
            touched(request("GET", "/zones/z/dns_records/r1", Value::Null)),
            Vec::<String>::new()
        );
        let create = request("POST", "/projects/p/branches", json!({"branch": {"parent_id": "br-1"}}));
        assert_eq!(touched(create), Vec::<String>::new());
    }

    #[test]
    fn a_person_may_quote_our_marker() {
        assert_eq!(own_comments(&state(&json!([]), &json!({})), 42), Vec::<&Value>::new());
    }
}
