//! Hostnames of one environment that a route of another takes first. Pure.
//!
//! Of two that match, Cloudflare takes a route before a custom domain, and the more specific route before a wildcard
//! (contract sheet of Cloudflare, section 3): a hostname that is a route itself is safe.

use actions_core::cloudflare::Route;
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::naming;
use actions_core::text::quoted_list;
use serde_json::Value;
use wrangler::Settings;
use wrangler::routes::pattern;

use super::look::{Look, Subject};
use super::told::Told;
use crate::finding::{Finding, Kind, Severity};

pub(super) const HIDDEN: Kind = Kind {
    name: "domain-behind-wildcard",
    severity: Severity::Warning,
    what: "A custom domain of one environment is matched by a wildcard route of another, such as the one that serves tenants.",
    why: "Routes go before custom domains: the other environment's Worker answers, and `deploy-workers` refuses to attach such a domain.",
    mend: "Use `routing = \"route\"` there, since the more specific route goes first, or hostnames outside of the pattern.",
};

pub(super) const TENANTS: Kind = Kind {
    name: "hostnames-under-wildcard",
    severity: Severity::Note,
    what: "Pull requests' hostnames are matched by a wildcard route of another environment, such as the one that serves tenants.",
    why: "While a preview is there, its own more specific route wins. Before and after, the other environment's Worker answers at its address; and a tenant of such a name is not reached while a preview has it.",
    mend: "Reserve such names in the application.",
};

pub(super) const UNATTACHED: Kind = Kind {
    name: "route-not-in-manifest",
    severity: Severity::Warning,
    what: "A wrangler configuration leads a hostname to a Worker, and the manifest does not attach it.",
    why: "`deploy-workers` attaches the manifest's hostnames alone: where nothing leads there yet, that address does not answer.",
    mend: "Name it under `hostnames` of the service, or take the route out of the wrangler configuration.",
};

/// A wildcard route of an environment.
struct Wildcard {
    pattern: String,
    service: String,
}

/// One finding for each pattern and environment under it.
pub(super) fn under_wildcards(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for environment in &look.world.environments {
        for other in look.all.iter().filter(|other| other.name != environment.name) {
            let all = wildcards(look, other).into_iter();
            findings.extend(all.filter_map(|wildcard| under(look, environment, other, &wildcard)));
        }
    }
    findings
}

fn under(look: &Look<'_>, environment: &Environment, other: &Environment, wildcard: &Wildcard) -> Option<Finding> {
    let route = route(&wildcard.pattern);
    let (here, there) = (&environment.name, &other.name);
    let hosts = environment.services.iter().flat_map(Service::hostnames);
    let covered: Vec<&str> = hosts
        .filter(|host| !naming::is_wildcard(host) && route.covers(host))
        .collect();
    let hidden: Vec<&str> = covered
        .iter()
        .copied()
        .filter(|host| environment.routing.of(host) == Routing::CustomDomain)
        .collect();
    let subject = format!("environments.{here}");
    let matched = |hosts: &[&str]| {
        format!(
            "route `{}` of `{}` in `{there}` matches {} of `{here}`",
            wildcard.pattern,
            wildcard.service,
            quoted_list(hosts)
        )
    };
    if !hidden.is_empty() {
        let said = format!("{}, and routes go before custom domains", matched(&hidden));
        let remedy = format!("set `routing = \"route\"` for `environments.{here}`: the more specific route goes first");
        let place = look.in_manifest(&["environments", here, "routing"]);
        return Some(Finding::new(&HIDDEN, subject, said, remedy).at(place));
    }
    let is_tenants = environment.pull_request.is_some() && environment.routing == Routing::Route && !covered.is_empty();
    is_tenants.then(|| {
        let said = format!(
            "route `{}` of `{}` in `{there}` matches the hostnames of `{here}`: `{there}` answers there while no preview does",
            wildcard.pattern, wildcard.service
        );
        let remedy = "reserve such names in the application, so that no tenant takes one";
        let place = look.in_manifest(&["environments", here, "hostname"]);
        Finding::new(&TENANTS, subject, said, remedy).at(place)
    })
}

/// Hostnames that a configuration has and the manifest has not, in environments that exist once: there the configuration
/// says what is live.
pub(super) fn unattached(look: &Look<'_>, subject: &Subject<'_>) -> Vec<Told> {
    let (environment, service) = (subject.environment, subject.service);
    if environment.pull_request.is_some() || environment.zone.is_empty() {
        return Vec::new();
    }
    // Environments inherit `routes`: another one's hostname is none of this one's.
    let services = look.all.iter().flat_map(|environment| &environment.services);
    let attached: Vec<&str> = services.flat_map(Service::hostnames).collect();
    let mut told: Vec<Told> = Vec::new();
    for pattern in all_patterns(&subject.settings) {
        let host = route(pattern).host().to_ascii_lowercase();
        let before = host.strip_suffix(&environment.zone);
        let Some(before) = before.filter(|before| before.is_empty() || before.ends_with('.')) else {
            continue;
        };
        if attached.iter().any(|known| *known == host) || told.iter().any(|told| told.about == host) {
            continue;
        }
        let relative = if before.is_empty() {
            "@"
        } else {
            before.trim_end_matches('.')
        };
        let key = &service.key;
        let table = format!(
            "`hostnames` in `[environments.{}.services.{key}]` or in `[services.{key}]`",
            environment.name
        );
        // The manifest's one wildcard is `*`: of another one each name that is meant is to be said.
        let is_other = relative.contains('*') && relative != "*";
        let (said, remedy) = if is_other {
            let own: Vec<&str> = service.hostnames().collect();
            (
                format!("the configuration leads every hostname like `{host}` to it, whosever it is"),
                format!(
                    "take the route out: the manifest attaches {}, and more that are meant are named under {table}",
                    quoted_list(&own)
                ),
            )
        } else {
            (
                format!("the configuration leads `{host}` to it, and the manifest does not"),
                format!("add `{relative}` to {table}, or take the route out"),
            )
        };
        told.push(subject.told(&UNATTACHED, &host, said, remedy, subject.place(pattern)));
    }
    told
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
                });
            }
        }
    }
    all
}

/// Patterns of routes that are no custom domains.
fn patterns<'a>(settings: &Settings<'a>) -> Vec<&'a str> {
    let routes = settings.routes().into_iter();
    let routes = routes.filter(|route| route["custom_domain"] != true);
    routes.filter_map(pattern).collect()
}

/// The patterns of all, but for custom domains that are none, which are told as such.
fn all_patterns<'a>(settings: &Settings<'a>) -> Vec<&'a str> {
    let is_none =
        |route: &Value| route["custom_domain"] == true && pattern(route).is_some_and(|it| it.contains(['*', '/']));
    let routes = settings.routes().into_iter();
    routes.filter(|route| !is_none(route)).filter_map(pattern).collect()
}
