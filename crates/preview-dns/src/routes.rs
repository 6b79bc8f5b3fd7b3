//! Routes: a placeholder at a hostname that leads to somebody else's Worker would bring that Worker's site up. Pure.

use std::collections::BTreeSet;

use actions_core::cloudflare::{Route, routes};

use actions_core::manifest::Routing;

use crate::domains::Host;
use crate::plan::{Decision, Fate, Line, Remedy};
use crate::report;

/// Adds to a decision about records what is to be said of hostnames that a route leads elsewhere.
pub(crate) fn decide(hosts: &[Host], existing: &[Route], mut decision: Decision) -> Decision {
    let workers: BTreeSet<&str> = hosts.iter().filter_map(|host| host.worker.as_deref()).collect();
    let by_route = |host: &&Host| host.worker.is_some() && host.routing == Routing::Route;
    for host in hosts.iter().filter(by_route) {
        if let Some(route) = routes::taken(existing, &host.name, &workers) {
            decision.lines.push(Line {
                name: host.name.clone(),
                kind: "route".to_owned(),
                content: route.pattern.clone(),
                proxied: true,
                fate: Fate::Conflict(Remedy::Route),
                detail: Some(report::leads_elsewhere(&route.pattern, route.script.as_deref())),
            });
        }
    }
    decision
}
