//! What the edge sees: which Worker a host name leads to, and which version of it answers. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::{State, Version, Worker, binding_type};
use super::routes;

/// What a host name and path lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// No DNS record: a client would not even find an address.
    Nowhere,
    /// A proxied record and no Worker: the placeholder behind it never answers.
    Origin,
    /// A Worker; its live deployment decides the version.
    Worker(Place),
    /// One version of a Worker, by its own URL.
    Version(Place, String),
}

/// A Worker in its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) account: String,
    pub(crate) worker: String,
}

/// What answers: a version, by the name under which the runtime knows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) worker: String,
    pub(crate) version: String,
    /// The name in the set that the runtime was given.
    pub(crate) internal: String,
}

/// Where a request goes. A route runs before a custom domain on the same host; one without a Worker lets the request pass
/// to what stands behind, which a custom domain is.
pub(crate) fn find(state: &State, host: &str, path: &str) -> Target {
    if let Some(rest) = host.strip_suffix(".workers.dev") {
        return on_workers_dev(state, rest);
    }
    let Some(zone) = state.zone_of(host) else {
        return Target::Nowhere;
    };
    if !proxied(state, &zone.id, host) {
        return Target::Nowhere;
    }
    let place = |worker: &str| Place {
        account: zone.account_id.clone(),
        worker: worker.to_owned(),
    };
    let exists = |worker: &str| state.worker(&zone.account_id, worker).is_ok();
    if let Some(worker) = routes::best(&zone.routes, host, path).and_then(|route| route.script.as_ref()) {
        return if exists(worker) {
            Target::Worker(place(worker))
        } else {
            Target::Origin
        };
    }
    let domain = state
        .accounts
        .get(&zone.account_id)
        .and_then(|account| account.domains.iter().find(|it| it.hostname == host));
    match domain {
        Some(domain) if exists(&domain.service) => Target::Worker(place(&domain.service)),
        _ => Target::Origin,
    }
}

/// Does a proxied record answer for this name? A wildcard does where the name has no record itself.
fn proxied(state: &State, zone: &str, host: &str) -> bool {
    let Some(zone) = state.zones.get(zone) else {
        return false;
    };
    let mut names = vec![host.to_owned()];
    let mut rest = host;
    while let Some((_, parent)) = rest.split_once('.') {
        names.push(format!("*.{parent}"));
        if parent == zone.name {
            break;
        }
        rest = parent;
    }
    names
        .iter()
        .find_map(|name| {
            let mut records = zone.records.iter().filter(|it| &it.name == name).peekable();
            records.peek()?;
            Some(records.any(|it| it.proxied))
        })
        .unwrap_or(false)
}

/// `<worker>.<subdomain>` and `<version or alias>-<worker>.<subdomain>`.
fn on_workers_dev(state: &State, name: &str) -> Target {
    let Some((label, subdomain)) = name.split_once('.') else {
        return Target::Nowhere;
    };
    let Some(account) = state
        .accounts
        .values()
        .find(|it| it.subdomain.as_deref() == Some(subdomain))
    else {
        return Target::Nowhere;
    };
    let place = |worker: &Worker| Place {
        account: account.id.clone(),
        worker: worker.name.clone(),
    };
    if let Some(worker) = account.workers.get(label).filter(|it| it.workers_dev) {
        return Target::Worker(place(worker));
    }
    let previewed = account
        .workers
        .values()
        .filter(|it| it.previews_enabled)
        .find_map(|worker| {
            let key = label.strip_suffix(&worker.name)?.strip_suffix('-')?;
            let version = worker.versions.iter().rev().find(|version| {
                version.annotations.get("workers/alias").and_then(Value::as_str) == Some(key)
                    || (key.len() == 8 && version.id.starts_with(key))
            })?;
            Some(Target::Version(place(worker), version.id.clone()))
        });
    previewed.unwrap_or(Target::Nowhere)
}

/// Picks the version of a Worker that answers.
///
/// `pinned` is what `Cloudflare-Workers-Version-Overrides` says for this Worker; it counts only for
/// versions of the live deployment, those at 0 % included. `draw` is below 100 and decides otherwise.
pub(crate) fn choose(state: &State, place: &Place, pinned: Option<&str>, draw: f64) -> Option<Choice> {
    let worker = state.worker(&place.account, &place.worker).ok()?;
    let shares = &worker.live()?.versions;
    let mut left = draw;
    let share = shares
        .iter()
        .find(|share| Some(share.version_id.as_str()) == pinned)
        .or_else(|| {
            shares.iter().find(|share| {
                left -= share.percentage;
                left < 0.0
            })
        })
        .or_else(|| shares.iter().find(|share| share.percentage > 0.0))?;
    choice(worker, &share.version_id)
}

/// One version, whether it is deployed or not.
fn choice(worker: &Worker, version: &str) -> Option<Choice> {
    let version = worker.version(version)?;
    Some(Choice {
        worker: worker.name.clone(),
        version: version.id.clone(),
        internal: internal(worker, version),
    })
}

/// The choice for a version's own URL.
pub(crate) fn version(state: &State, place: &Place, version: &str) -> Option<Choice> {
    choice(state.worker(&place.account, &place.worker).ok()?, version)
}

/// The version that others reach through a service binding: the one with most of the traffic.
fn primary(worker: &Worker) -> Option<&Version> {
    let shares = &worker.live()?.versions;
    let most = shares
        .iter()
        .reduce(|a, b| if b.percentage > a.percentage { b } else { a })?;
    worker.version(&most.version_id)
}

/// The plain name for the version that service bindings reach, a longer one for any other.
pub(super) fn internal(worker: &Worker, version: &Version) -> String {
    if primary(worker).is_some_and(|it| it.id == version.id) {
        worker.name.clone()
    } else {
        format!("{}--{:.8}", worker.name, version.id)
    }
}

/// The bindings and code of one version as plain JSON, for the answer of an edge without a runtime.
pub(crate) fn vars(state: &State, place: &Place, version: &str) -> BTreeMap<String, String> {
    let content = state
        .worker(&place.account, &place.worker)
        .ok()
        .and_then(|worker| worker.version(version))
        .map(|version| &version.content);
    let bindings = content.map(|content| content.bindings.as_slice());
    bindings
        .unwrap_or_default()
        .iter()
        .filter(|it| binding_type(it) == "plain_text")
        .filter_map(|it| Some((it["name"].as_str()?.to_owned(), it["text"].as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloudflare::shared::Cloudflare;
    use crate::lock::lock;

    fn cloud(document: &Value) -> Cloudflare {
        let cloud = Cloudflare::default();
        cloud.seed(document).unwrap();
        cloud
    }

    fn place(worker: &str) -> Place {
        Place {
            account: super::super::model::ACCOUNT.into(),
            worker: worker.into(),
        }
    }

    #[test]
    fn a_route_needs_a_proxied_record_and_runs_before_a_custom_domain() {
        let cloud = cloud(&json!({
            "workers": [{"name": "api"}, {"name": "old", "domains": ["both.example.com", "past.example.com"]}],
            "zones": [{
                "name": "example.com",
                "records": [
                    {"type": "AAAA", "name": "api", "content": "100::", "proxied": true},
                    {"type": "A", "name": "grey", "content": "192.0.2.1"},
                    {"type": "AAAA", "name": "*.preview", "content": "100::", "proxied": true},
                ],
                "routes": [
                    {"pattern": "api.example.com/*", "script": "api"},
                    {"pattern": "both.example.com/*", "script": "api"},
                    {"pattern": "grey.example.com/*", "script": "api"},
                    {"pattern": "nothing.example.com/*", "script": "api"},
                    {"pattern": "past.example.com/*"},
                    {"pattern": "x.preview.example.com/*", "script": "api"},
                ],
            }],
        }));
        let state = lock(&cloud.state);
        let api = || Target::Worker(place("api"));
        assert_eq!(find(&state, "api.example.com", "/"), api());
        assert_eq!(find(&state, "both.example.com", "/"), api());
        assert_eq!(find(&state, "past.example.com", "/"), Target::Worker(place("old")));
        assert_eq!(find(&state, "x.preview.example.com", "/"), api());
        assert_eq!(find(&state, "y.preview.example.com", "/"), Target::Origin);
        assert_eq!(find(&state, "grey.example.com", "/"), Target::Nowhere);
        assert_eq!(find(&state, "nothing.example.com", "/"), Target::Nowhere);
        assert_eq!(find(&state, "elsewhere.org", "/"), Target::Nowhere);
    }

    #[test]
    fn workers_dev_serves_workers_versions_and_aliases() {
        let cloud = cloud(&json!({"workers": [
            {"name": "api", "workers_dev": true, "previews_enabled": true, "alias": "pr-42"},
            {"name": "off"},
        ]}));
        let state = lock(&cloud.state);
        let version = state.worker(super::super::model::ACCOUNT, "api").unwrap().versions[0]
            .id
            .clone();
        let found = |name: &str| find(&state, &format!("{name}.acme.workers.dev"), "/");
        assert_eq!(found("api"), Target::Worker(place("api")));
        assert_eq!(found("off"), Target::Nowhere);
        assert_eq!(found("pr-42-api"), Target::Version(place("api"), version.clone()));
        assert_eq!(
            found(&format!("{version:.8}-api")),
            Target::Version(place("api"), version.clone())
        );
        assert_eq!(found("other-api"), Target::Nowhere);
    }

    #[test]
    fn traffic_is_shared_and_a_pin_needs_the_live_deployment() {
        let cloud = cloud(&json!({"workers": [{"name": "api", "versions": 3, "traffic": [10, 90]}]}));
        let state = lock(&cloud.state);
        let worker = state.worker(super::super::model::ACCOUNT, "api").unwrap();
        let ids: Vec<&str> = worker.versions.iter().map(|it| it.id.as_str()).collect();
        let version = |pin: Option<&str>, draw| choose(&state, &place("api"), pin, draw).unwrap().version;
        assert_eq!(version(None, 5.0), ids[2]);
        assert_eq!(version(None, 50.0), ids[1]);
        assert_eq!(version(Some(ids[2]), 50.0), ids[2]);
        assert_eq!(version(Some(ids[0]), 50.0), ids[1]);
    }
}
