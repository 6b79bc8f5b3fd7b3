//! Routes of a zone: `/zones/{zone}/workers/routes`, and wrangler's bulk form of them.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal, Reply, parse};
use super::model::{Route, State as World, Zone, within};
use super::shared::Shared;
use crate::ids::Ids;
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/zones/{zone}/workers/routes", get(list).post(create))
        .route(
            "/zones/{zone}/workers/routes/{id}",
            get(one).put(replace).delete(remove),
        )
        .route("/accounts/{account}/workers/scripts/{script}/routes", put(bulk))
}

/// A route as a request gives it.
#[derive(Debug, Deserialize)]
struct Wanted {
    pattern: String,
    script: Option<String>,
}

/// A pattern, taken apart: `*.example.com/api/*`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern<'a> {
    /// Without the leading `*` or `*.`.
    host: &'a str,
    stars: Stars,
    /// Without the trailing `*`.
    path: &'a str,
    open: bool,
}

/// What may stand before the host of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stars {
    /// `*example.com`: any host that ends so, other domains included.
    Anything,
    /// `*.example.com`: any subdomain.
    Labels,
    None,
}

impl<'a> Pattern<'a> {
    /// Reads a pattern; none when the API would refuse it.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let text = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .unwrap_or(text);
        let (host, path) = match text.find('/') {
            Some(at) => text.split_at(at),
            None => (text, "/"),
        };
        let (stars, host) = match host.strip_prefix("*.") {
            Some(rest) => (Stars::Labels, rest),
            None => match host.strip_prefix('*') {
                Some(rest) => (Stars::Anything, rest),
                None => (Stars::None, host),
            },
        };
        let (open, path) = match path.strip_suffix('*') {
            Some(rest) => (true, rest),
            None => (false, path),
        };
        let good = !host.is_empty() && !host.contains(['*', ':', ' ', '?']) && !path.contains(['*', '?', ' ']);
        good.then_some(Self {
            host,
            stars,
            path,
            open,
        })
    }

    fn matches(&self, host: &str, path: &str) -> bool {
        let by_host = match self.stars {
            Stars::None => host == self.host,
            Stars::Labels => host.strip_suffix(self.host).is_some_and(|head| head.ends_with('.')),
            Stars::Anything => host.ends_with(self.host),
        };
        by_host
            && if self.open {
                path.starts_with(self.path)
            } else {
                path == self.path
            }
    }

    /// The larger, the more specific: the host first, then the path.
    fn weight(&self) -> (bool, usize, Stars, usize, bool) {
        (
            self.stars == Stars::None,
            self.host.len(),
            self.stars,
            self.path.len(),
            !self.open,
        )
    }
}

/// The most specific route of a zone for a request.
pub(super) fn best<'a>(routes: &'a [Route], host: &str, path: &str) -> Option<&'a Route> {
    routes
        .iter()
        .filter_map(|route| Some((Pattern::read(&route.pattern)?, route)))
        .filter(|(pattern, _)| pattern.matches(host, path))
        .max_by_key(|(pattern, _)| pattern.weight())
        .map(|(_, route)| route)
}

fn no_route() -> Refusal {
    Refusal::new(404, 10009, "workers.api.error.not_found")
}

fn check(state: &World, zone: &Zone, wanted: &Wanted, own: Option<&str>) -> Result<(), Refusal> {
    let fits = Pattern::read(&wanted.pattern).is_some_and(|it| within(it.host, &zone.name) && !it.host.contains('/'));
    if !fits {
        return Err(Refusal::new(400, 10022, "workers.api.error.invalid_route_pattern"));
    }
    if let Some(script) = &wanted.script
        && state.worker(&zone.account_id, script).is_err()
    {
        return Err(Refusal::new(404, 10019, "workers.api.error.route_script_not_found"));
    }
    if zone
        .routes
        .iter()
        .any(|it| it.pattern == wanted.pattern && Some(it.id.as_str()) != own)
    {
        return Err(duplicate(&wanted.pattern));
    }
    Ok(())
}

fn duplicate(pattern: &str) -> Refusal {
    Refusal::new(
        409,
        10020,
        format!("A route with the same pattern already exists: {pattern}. (workers.api.error.duplicate_route)"),
    )
}

async fn list(State(cloud): State<Shared>, Path(zone): Path<String>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(&state.zone(&zone)?.routes))
}

async fn one(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let found = state.zone(&zone)?.routes.iter().find(|it| it.id == id);
    found.map(Reply::of).ok_or_else(no_route)
}

async fn create(State(cloud): State<Shared>, Path(zone): Path<String>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, 10022)?;
    let mut state = lock(&cloud.state);
    check(&state, state.zone(&zone)?, &wanted, None)?;
    let route = add(state.zone_mut(&zone)?, &cloud.ground.ids, wanted.pattern, wanted.script);
    Ok(Reply::of(route))
}

/// Adds a route that was checked.
pub(super) fn add(zone: &mut Zone, ids: &Ids, pattern: String, script: Option<String>) -> Route {
    let route = Route {
        id: ids.hex(32),
        pattern,
        script,
    };
    zone.routes.push(route.clone());
    route
}

async fn replace(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, 10022)?;
    let mut state = lock(&cloud.state);
    if !state.zone(&zone)?.routes.iter().any(|it| it.id == id) {
        return Err(no_route());
    }
    check(&state, state.zone(&zone)?, &wanted, Some(&id))?;
    let routes = &mut state.zone_mut(&zone)?.routes;
    let route = routes.iter_mut().find(|it| it.id == id).ok_or_else(no_route)?;
    route.pattern = wanted.pattern;
    route.script = wanted.script;
    Ok(Reply::of(&*route))
}

async fn remove(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let routes = &mut state.zone_mut(&zone)?.routes;
    let at = routes.iter().position(|it| it.id == id).ok_or_else(no_route)?;
    routes.remove(at);
    Ok(Reply::of(json!({"id": id})))
}

/// One route of the bulk form.
#[derive(Deserialize)]
struct BulkRoute {
    pattern: String,
    zone_id: Option<String>,
    zone_name: Option<String>,
}

/// Replaces all routes of a Worker, in all zones of the account.
async fn bulk(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>, body: Bytes) -> Answer {
    let mut state = lock(&cloud.state);
    state.worker(&account, &script)?;
    let wanted: Vec<BulkRoute> = parse(&body, 10022)?;
    let mut placed: Vec<(String, String)> = Vec::new();
    for route in &wanted {
        let pattern = Pattern::read(&route.pattern);
        let zone = state
            .zones
            .values()
            .filter(|zone| zone.account_id == account)
            .filter(|zone| match (&route.zone_id, &route.zone_name) {
                (Some(id), _) => &zone.id == id,
                (None, Some(name)) => &zone.name == name,
                (None, None) => true,
            })
            .filter(|zone| pattern.as_ref().is_some_and(|it| within(it.host, &zone.name)))
            .max_by_key(|zone| zone.name.len())
            .ok_or_else(|| Refusal::new(400, 10022, "workers.api.error.invalid_route_pattern"))?;
        let foreign = |it: &Route| it.pattern == route.pattern && it.script.as_ref() != Some(&script);
        if zone.routes.iter().any(foreign) {
            return Err(duplicate(&route.pattern));
        }
        placed.push((zone.id.clone(), route.pattern.clone()));
    }
    state.revision += 1;
    let mut done: Vec<Value> = Vec::new();
    for zone in state.zones.values_mut().filter(|zone| zone.account_id == account) {
        let mine: Vec<&String> = placed
            .iter()
            .filter(|(id, _)| id == &zone.id)
            .map(|(_, pattern)| pattern)
            .collect();
        zone.routes
            .retain(|it| it.script.as_ref() != Some(&script) || mine.contains(&&it.pattern));
        for pattern in mine {
            if !zone.routes.iter().any(|it| &it.pattern == pattern) {
                add(zone, &cloud.ground.ids, pattern.clone(), Some(script.clone()));
            }
            done.push(json!({"pattern": pattern, "zone_id": zone.id, "zone_name": zone.name, "script": script}));
        }
    }
    Ok(Reply::of(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(patterns: &[&str]) -> Vec<Route> {
        patterns
            .iter()
            .map(|pattern| Route {
                id: (*pattern).into(),
                pattern: (*pattern).into(),
                script: None,
            })
            .collect()
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes(&[
            "*.example.com/*",
            "api.example.com/*",
            "api.example.com/v1/*",
            "api.example.com/health",
            "*example.com/*",
        ]);
        let found = |host, path| best(&routes, host, path).map(|it| it.id.as_str());
        assert_eq!(found("api.example.com", "/"), Some("api.example.com/*"));
        assert_eq!(found("api.example.com", "/v1/x"), Some("api.example.com/v1/*"));
        assert_eq!(found("api.example.com", "/health"), Some("api.example.com/health"));
        assert_eq!(found("web.example.com", "/"), Some("*.example.com/*"));
        assert_eq!(found("example.com", "/"), Some("*example.com/*"));
        assert_eq!(found("myexample.com", "/"), Some("*example.com/*"));
        assert_eq!(found("other.org", "/"), None);
    }

    #[test]
    fn patterns_have_stars_only_at_their_ends() {
        for good in [
            "example.com",
            "*.example.com/*",
            "https://a.example.com/x*",
            "a.example.com/*",
        ] {
            assert!(Pattern::read(good).is_some(), "{good}");
        }
        for bad in [
            "a*b.example.com/*",
            "a.example.com/*/b",
            "a.example.com/?q",
            "/*",
            "*/x",
            "a.example.com:80/*",
        ] {
            assert!(Pattern::read(bad).is_none(), "{bad}");
        }
    }
}
