//! Hostnames of one environment that a route of another takes first. Pure.
//!
//! Of two that match, Cloudflare takes a route before a custom domain, and the more specific route before a wildcard
//! (contract sheet of Cloudflare, section 3): a hostname that is a route itself is safe.

use actions_core::cloudflare::Route;
use actions_core::environment::Environment;
use actions_core::manifest::Routing;
use actions_core::naming;
use actions_core::text::quoted_list;
use serde_json::Value;

use super::look::Look;
use crate::finding::{Finding, Kind, Place, Severity};

pub(super) const HIDDEN: Kind = Kind {
    name: "domain-behind-wildcard",
    severity: Severity::Warning,
    what: "A custom domain of one environment is matched by a wildcard route of another, such as the one that serves tenants.",
    why: "Routes go before custom domains: the other environment's Worker answers, and `deploy-workers` refuses to attach such a domain.",
    mend: "Use `routing = \"route\"` there, since the more specific route goes first, or hostnames outside of the pattern.",
};

/// A wildcard route of an environment.
struct Wildcard {
    pattern: String,
    service: String,
    place: Place,
}

/// One finding for each pattern and environment behind it.
pub(super) fn hidden(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for environment in &look.world.environments {
        for other in look.all.iter().filter(|other| other.name != environment.name) {
            for wildcard in wildcards(look, other) {
                findings.extend(behind(environment, other, wildcard));
            }
        }
    }
    findings
}

fn behind(environment: &Environment, other: &Environment, wildcard: Wildcard) -> Option<Finding> {
    let route = route(&wildcard.pattern);
    let hosts = environment.services.iter().flat_map(|service| service.hostnames());
    let hosts: Vec<&str> = hosts
        .filter(|host| environment.routing.of(host) == Routing::CustomDomain && route.covers(host))
        .collect();
    if hosts.is_empty() {
        return None;
    }
    let are = if hosts.len() == 1 { "is" } else { "are" };
    let said = format!(
        "{} of `{}` {are} matched by route `{}` of `{}` in `{}`, and routes go before custom domains",
        quoted_list(&hosts),
        environment.name,
        wildcard.pattern,
        wildcard.service,
        other.name
    );
    let remedy = format!(
        "set `routing = \"route\"` for `environments.{}`: the more specific route goes first",
        environment.name
    );
    let subject = format!("environments.{}", environment.name);
    Some(Finding::new(&HIDDEN, subject, said, remedy).at(wildcard.place))
}

fn route(pattern: &str) -> Route {
    Route {
        id: String::new(),
        pattern: pattern.to_owned(),
        script: None,
    }
}

/// The wildcard routes that an environment has by its hostnames, and those that its configurations attach by wrangler.
fn wildcards(look: &Look<'_>, environment: &Environment) -> Vec<Wildcard> {
    let mut all: Vec<Wildcard> = Vec::new();
    let routed = matches!(environment.routing, Routing::Route | Routing::CustomDomain);
    for service in environment.services.iter().filter(|_| routed) {
        let hosts = service.hostnames().filter(|host| naming::is_wildcard(host));
        all.extend(hosts.map(|host| Wildcard {
            pattern: format!("{host}/*"),
            service: service.key.clone(),
            place: look.in_manifest(&["services", &service.key, "hostnames"]),
        }));
    }
    for service in &environment.services {
        let Some(subject) = look
            .subject(environment, service)
            .filter(|_| environment.pull_request.is_none())
        else {
            continue;
        };
        for pattern in patterns(&subject.settings) {
            let is_wild = route(pattern).is_wildcard() && route(pattern).is_whole();
            if is_wild && !all.iter().any(|known| known.pattern == pattern) {
                all.push(Wildcard {
                    pattern: pattern.to_owned(),
                    service: service.key.clone(),
                    place: subject.place(pattern),
                });
            }
        }
    }
    all
}

/// Patterns of `routes` that are no custom domains.
fn patterns<'a>(settings: &wrangler::Settings<'a>) -> Vec<&'a str> {
    let list = settings.get("routes").and_then(Value::as_array).into_iter().flatten();
    let all = list.chain(settings.get("route"));
    let routes = all.filter(|route| route["custom_domain"] != true);
    routes
        .filter_map(|route| route.as_str().or_else(|| route["pattern"].as_str()))
        .collect()
}
