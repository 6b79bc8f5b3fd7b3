//! Routes: which Worker answers for which pattern of a zone.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::{Call, Error, Needs, Permission, Reader, Writer, Zone};
use crate::retry::Written;

/// A route with this pattern exists.
const DUPLICATE: u32 = 10020;
/// No such route.
const NO_ROUTE: u32 = 10009;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Route {
    pub id: String,
    /// `api.example.com/*`, `*.example.com/*` …
    pub pattern: String,
    /// The Worker. Absent: requests that match go to the origin, past any Worker.
    #[serde(default)]
    pub script: Option<String>,
}

impl Route {
    /// The pattern's host, a scheme left out: `*.example.com`.
    pub fn host(&self) -> &str {
        let pattern = self.pattern.split_once("://").map_or(&*self.pattern, |(_, rest)| rest);
        pattern.split('/').next().unwrap_or_default()
    }

    /// Whether requests to `hostname` can match: a leading `*` in the host stands for anything (Cloudflare).
    pub fn covers(&self, hostname: &str) -> bool {
        let host = self.host().to_ascii_lowercase();
        host.strip_prefix('*').map_or(host == hostname, |rest| {
            hostname.len() >= rest.len() && hostname.ends_with(rest)
        })
    }

    /// Whether it takes every path of its host: `api.example.com/*`, not `api.example.com/blog/*`.
    pub fn is_whole(&self) -> bool {
        let pattern = self.pattern.split_once("://").map_or(&*self.pattern, |(_, rest)| rest);
        matches!(pattern.split_once('/'), Some((_, "*")))
    }

    /// Whether it takes all requests to exactly this hostname, by one scheme at least: `https://api.example.com/*`, too.
    pub fn takes_all_of(&self, hostname: &str) -> bool {
        self.is_whole() && self.host().eq_ignore_ascii_case(hostname)
    }

    /// Whether its host is a wildcard, so that a route with the exact host goes first.
    pub fn is_wildcard(&self) -> bool {
        self.host().starts_with('*')
    }
}

/// The route that keeps requests to `hostname` from the Worker that is to answer there: an exact one, with a scheme or
/// without, that leads to none of `workers`.
pub fn taken<'a>(routes: &'a [Route], hostname: &str, workers: &BTreeSet<&str>) -> Option<&'a Route> {
    let is_ours = |route: &Route| route.script.as_deref().is_some_and(|script| workers.contains(script));
    routes
        .iter()
        .find(|route| route.takes_all_of(hostname) && !is_ours(route))
}

/// What became of a hostname that was to be attached to a Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached<T> {
    /// It is the Worker's, by this call or already before.
    Done(T),
    /// Another owner has it: who, in words.
    Taken(String),
}

impl Reader {
    /// Every route of the zone.
    pub async fn routes(&self, zone: &Zone) -> Result<Vec<Route>, Error> {
        let call = Call::get(
            format!("/zones/{}/workers/routes", zone.id),
            format!("list the routes of `{}`", zone.name),
        );
        self.ask(call.needs(Needs::zone(Permission::WorkersRoutesRead, &zone.name)))
            .await
    }

    async fn route(&self, zone: &Zone, pattern: &str) -> Result<Option<Route>, Error> {
        let all = self.routes(zone).await?;
        Ok(all.into_iter().find(|route| route.pattern == pattern))
    }
}

/// The answer's pattern and script are not always told: what was asked for stands.
#[derive(Deserialize)]
struct Made {
    id: String,
}

impl Writer {
    /// Routes `pattern` to the Worker. A route that another Worker has is left alone.
    pub async fn create_route(
        &self,
        zone: &Zone,
        pattern: &str,
        worker: &str,
    ) -> Result<Attached<Written<Route>>, Error> {
        let call = Call::post(
            format!("/zones/{}/workers/routes", zone.id),
            format!("route `{pattern}` to Worker `{worker}`"),
        );
        let call = call
            .needs(Needs::zone(Permission::WorkersRoutesEdit, &zone.name))
            .young()
            .json(json!({"pattern": pattern, "script": worker}));
        let made = |made: Made| Route {
            id: made.id,
            pattern: pattern.to_owned(),
            script: Some(worker.to_owned()),
        };
        let look = async || self.reader().route(zone, pattern).await;
        let doubt = |error: &Error| error.doubt(&[DUPLICATE]);
        let route = self.create(&call, made, doubt, look).await?;
        Ok(match route.get().script.as_deref() {
            Some(script) if script == worker => Attached::Done(route),
            Some(script) => Attached::Taken(format!("a route of Worker `{script}`")),
            None => Attached::Taken("a route that bypasses all Workers".to_owned()),
        })
    }

    /// Gives a route of ours to another Worker of ours.
    pub async fn move_route(&self, zone: &Zone, route: &Route, worker: &str) -> Result<(), Error> {
        let call = Call::put(
            format!("/zones/{}/workers/routes/{}", zone.id, route.id),
            format!("give route `{}` to Worker `{worker}`", route.pattern),
        );
        let call = call
            .needs(Needs::zone(Permission::WorkersRoutesEdit, &zone.name))
            .json(json!({"pattern": route.pattern, "script": worker}));
        let _: IgnoredAny = self.ask(call).await?;
        Ok(())
    }

    /// Deletes a route; `false` when it was gone already.
    pub async fn delete_route(&self, zone: &Zone, route: &Route) -> Result<bool, Error> {
        let call = Call::delete(
            format!("/zones/{}/workers/routes/{}", zone.id, route.id),
            format!("delete route `{}`", route.pattern),
        )
        .needs(Needs::zone(Permission::WorkersRoutesEdit, &zone.name));
        self.remove(call, |error| error.is_absent(&[NO_ROUTE])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, hostname: &str) -> bool {
        let route = Route {
            id: String::new(),
            pattern: pattern.to_owned(),
            script: None,
        };
        route.covers(hostname)
    }

    #[test]
    fn a_path_route_is_a_part_of_its_host() {
        let whole = |pattern: &str| {
            let route = Route {
                id: String::new(),
                pattern: pattern.to_owned(),
                script: None,
            };
            route.is_whole()
        };
        assert!(whole("api.example.com/*") && whole("https://api.example.com/*") && whole("*.example.com/*"));
        assert!(!whole("api.example.com/blog/*") && !whole("api.example.com") && !whole("api.example.com/"));
    }

    #[test]
    fn a_route_with_a_scheme_takes_a_hostname_too() {
        let route = |pattern: &str, script: Option<&str>| Route {
            id: String::new(),
            pattern: pattern.to_owned(),
            script: script.map(str::to_owned),
        };
        let found = |pattern: &str, script: Option<&str>| {
            // Ours is there as well: it does not answer what the other one takes.
            let all = [route("api.example.com/*", Some("api-42")), route(pattern, script)];
            taken(&all, "api.example.com", &BTreeSet::from(["api-42"])).is_some()
        };
        for pattern in [
            "https://api.example.com/*",
            "http://api.example.com/*",
            "API.example.com/*",
        ] {
            assert!(found(pattern, Some("tenant")) && found(pattern, None), "{pattern}");
            assert!(!found(pattern, Some("api-42")), "{pattern}");
        }
        for pattern in [
            "https://api.example.com/blog/*",
            "https://*.example.com/*",
            "https://web.example.com/*",
        ] {
            assert!(!found(pattern, Some("tenant")), "{pattern}");
        }
    }

    #[test]
    fn a_leading_star_stands_for_anything() {
        assert!(covers("api.example.com/*", "api.example.com"));
        assert!(covers("https://api.example.com/x", "api.example.com"));
        assert!(covers("*.example.com/*", "api.example.com"));
        assert!(covers("*example.com/*", "myexample.com"));
        assert!(covers("*-preview.example.com/*", "pr-1-preview.example.com"));
        assert!(!covers("*.example.com/*", "example.com"));
        assert!(!covers("api.example.com/*", "api2.example.com"));
    }
}
