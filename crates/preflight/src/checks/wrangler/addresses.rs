//! Hostnames: custom domains that are none, wildcards that take another environment's, routes that nobody attaches.

use std::collections::BTreeSet;

use actions_core::environment::Environment;
use actions_core::manifest::Routing;
use actions_core::naming::is_wildcard;
use actions_core::text::quoted_list;
use serde_json::Value;
use wrangler::project::routes::INSTEAD;

use super::looked::Looked;
use crate::finding::{Finding, Kind, Severity};
use crate::world::World;

pub(super) const NO_DOMAIN: Kind = Kind {
    name: "custom-domain-pattern",
    severity: Severity::Error,
    what: "A custom domain in a wrangler configuration has a wildcard or a path.",
    why: "Cloudflare has no such custom domains; wrangler ends with an error, and nothing is bundled.",
    mend: "Take it out: hostnames are attached by the manifest. A wildcard is a route, which the manifest makes of `*` in `hostnames`.",
};

pub(super) const BEHIND_WILDCARD: Kind = Kind {
    name: "domain-behind-wildcard",
    severity: Severity::Warning,
    what: "An environment's custom domains are matched by a wildcard route of another environment.",
    why: "Cloudflare runs routes before custom domains: the other environment's Worker would answer. `deploy-workers` refuses to attach such a domain until a route of its own excludes it.",
    mend: "Use `routing = \"route\"` for that environment: a route of its own is more specific than the wildcard, and wins.",
};

pub(super) const TENANTS: Kind = Kind {
    name: "hostnames-under-wildcard",
    severity: Severity::Note,
    what: "Pull requests' hostnames are matched by the wildcard route that serves another environment's tenants.",
    why: "While a preview is there, its own more specific route wins. Before it and after it the address is the tenants' page of that environment, and a tenant of such a name could never be reached while a preview has it.",
    mend: "Reserve such names in the application, or give previews a label of their own, such as `{subdomain}-{pr}.preview` (Universal SSL does not cover that; an Advanced Certificate does).",
};

pub(super) const NOT_ATTACHED: Kind = Kind {
    name: "route-not-in-manifest",
    severity: Severity::Warning,
    what: "A wrangler configuration routes a hostname to a Worker, and the manifest does not attach it.",
    why: "`deploy-workers` attaches the manifest's hostnames alone: in a zone where nothing leads there yet, that address would not answer.",
    mend: "Name it under `hostnames` of the service, or take the route out of the wrangler configuration.",
};

pub(super) fn of_environment(world: &World, environment: &Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    for looked in Looked::all(world, environment) {
        findings.extend(no_domains(&looked));
        findings.extend(not_attached(&looked));
    }
    findings.extend(under_wildcards(world, environment));
    findings
}

/// The list of routes and the number in it, or the one route.
fn routes<'a>(looked: &Looked<'a>) -> Vec<(Vec<String>, &'a Value)> {
    let list = looked.settings.get("routes").and_then(Value::as_array);
    let numbered = list.into_iter().flatten().enumerate();
    let all = numbered.map(|(number, route)| (vec!["routes".to_owned(), number.to_string()], route));
    let one = looked
        .settings
        .get("route")
        .map(|route| (vec!["route".to_owned()], route));
    all.chain(one).collect()
}

fn pattern(route: &Value) -> Option<&str> {
    route.as_str().or_else(|| route["pattern"].as_str())
}

fn no_domains(looked: &Looked<'_>) -> Vec<Finding> {
    let wrong = looked.settings.no_domains().into_iter().map(|wrong| {
        let all = routes(looked);
        let route = all
            .iter()
            .find(|(_, route)| pattern(route) == Some(wrong.pattern.as_str()));
        let path = route.map(|(path, _)| path.clone()).unwrap_or_default();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let said = format!("`{}`: {}", looked.service.key, wrong.why);
        looked.finding(&NO_DOMAIN, &path, said, INSTEAD.to_owned())
    });
    wrong.collect()
}

/// In environments that exist once: there the configuration says what is live.
fn not_attached(looked: &Looked<'_>) -> Vec<Finding> {
    let (environment, service) = (looked.environment, looked.service);
    if environment.pull_request.is_some() || environment.zone.is_empty() || looked.service.wrangler_env.is_none() {
        return Vec::new();
    }
    let attached: BTreeSet<&str> = service.hostnames().collect();
    let mut findings = Vec::new();
    for (path, route) in routes(looked) {
        let Some(host) = pattern(route).map(|pattern| pattern.split('/').next().unwrap_or_default()) else {
            continue;
        };
        let in_zone = host
            .strip_suffix(&environment.zone)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'));
        // A custom domain that is none has been told.
        let is_none = route["custom_domain"] == true && host.contains('*');
        if !in_zone || is_none || attached.contains(host) {
            continue;
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let relative = host
            .strip_suffix(&environment.zone)
            .map_or(host, |before| before.trim_end_matches('.'));
        let relative = if relative.is_empty() { "@" } else { relative };
        let said = format!(
            "`{}` is routed to `{}` by {}, and the manifest's `{}` does not attach it",
            host,
            service.key,
            looked.section(),
            environment.name
        );
        let remedy = format!(
            "add `{relative}` to `hostnames` of `services.{}` (or of `environments.{}.services.{}`), or take the route out",
            service.key, environment.name, service.key
        );
        findings.push(looked.finding(&NOT_ATTACHED, &path, said, remedy));
    }
    findings
}

/// The hostnames of an environment that another one's wildcard matches: one finding for each other environment.
fn under_wildcards(world: &World, environment: &Environment) -> Vec<Finding> {
    let Ok(manifest) = &world.manifest else {
        return Vec::new();
    };
    let others = manifest.environments.keys().filter(|name| **name != environment.name);
    let mut findings = Vec::new();
    for name in others {
        let resolved = Environment::resolve(manifest, name, None, &environment.owner.repository).ok();
        let Some(other) = resolved else { continue };
        let all = other
            .services
            .iter()
            .flat_map(|service| service.hostnames().map(move |host| (service, host)));
        let wildcards: Vec<_> = all.filter(|(_, host)| is_wildcard(host)).collect();
        let hosts = environment.services.iter().flat_map(|service| service.hostnames());
        let covered = |host: &&str| wildcards.iter().any(|(_, wildcard)| covers(wildcard, host));
        let hosts: Vec<&str> = hosts.filter(|host| !is_wildcard(host)).filter(covered).collect();
        let (Some((owner, wildcard)), Some(first)) = (wildcards.first(), hosts.first()) else {
            continue;
        };
        let by_domain = hosts
            .iter()
            .any(|host| environment.routing.of(host) == Routing::CustomDomain);
        let here = &environment.name;
        let finding = if by_domain {
            Finding::new(
                &BEHIND_WILDCARD,
                format!("environments.{here}"),
                format!(
                    "`{wildcard}` of `{}` in `{name}` matches {} of `{here}`, and routes run before custom domains",
                    owner.key,
                    quoted_list(&hosts)
                ),
                format!(
                    "write `routing = \"route\"` for `{here}`, or make a route of its own for each by hand first, such as `{first}/*` to its Worker"
                ),
            )
        } else if environment.pull_request.is_some() {
            Finding::new(
                &TENANTS,
                format!("environments.{here}"),
                format!(
                    "`{wildcard}` of `{}` in `{name}` matches hostnames of `{here}`: without a preview, such an address is answered by `{name}`",
                    owner.key
                ),
                "reserve such names in the application, so that no tenant takes one",
            )
        } else {
            continue;
        };
        findings.push(match &world.document {
            Some(document) => {
                finding.at(document.place(&["environments", here, if by_domain { "routing" } else { "hostname" }]))
            }
            None => finding,
        });
    }
    findings
}

/// A wildcard of one level or more: Cloudflare's `*` matches dots, too.
fn covers(wildcard: &str, host: &str) -> bool {
    wildcard.strip_prefix('*').is_some_and(|under| host.ends_with(under))
}
