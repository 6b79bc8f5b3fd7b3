//! How a service's hostname comes to its Worker, and who is in the way. Pure.

use std::collections::BTreeSet;

use actions_core::cloudflare::{CustomDomain, Route};
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;

/// One change of a hostname.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    CreateRoute(String),
    /// A route of another service of this environment: its service has another hostname now.
    MoveRoute(Route),
    DeleteRoute(Route),
    AttachDomain(String),
    /// The routing of the environment was changed in the manifest.
    DetachDomain(CustomDomain),
}

/// What is to be done about a service's hostname.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Attachments first, so that the hostname is never without one.
    pub(crate) steps: Vec<Step>,
    /// Why it cannot be done, each a sentence.
    pub(crate) conflicts: Vec<String>,
    /// What a reader should know although it works.
    pub(crate) notes: Vec<String>,
}

/// Decides about one service.
pub(crate) fn decide(
    environment: &Environment,
    service: &Service,
    routes: &[Route],
    domains: &[CustomDomain],
) -> Decision {
    let own: BTreeSet<&str> = environment
        .services
        .iter()
        .map(|service| service.worker.as_str())
        .collect();
    let mut decision = Decision::default();
    match environment.routing {
        Routing::Route => by_route(service, &own, routes, domains, &mut decision),
        Routing::CustomDomain => by_domain(service, routes, domains, &mut decision),
        // The environment's explicit records are all that there is.
        Routing::Record => return decision,
    }
    // A Worker of a pull request is this environment's alone, so are its routes.
    if environment.pull_request.is_some() {
        let pattern = pattern(service);
        let stale = |route: &&Route| {
            route.script.as_deref() == Some(&service.worker)
                && route.pattern != pattern
                && !route.covers(&service.hostname)
        };
        decision
            .steps
            .extend(routes.iter().filter(stale).cloned().map(Step::DeleteRoute));
        let stale = |domain: &&CustomDomain| domain.service == service.worker && domain.hostname != service.hostname;
        decision
            .steps
            .extend(domains.iter().filter(stale).cloned().map(Step::DetachDomain));
    }
    decision
}

/// What an environment that exists once detaches: hostnames that we gave to the Worker (`claimed`) and that are none of
/// `wanted` any more. What somebody attached by hand is left alone.
pub(crate) fn dropped(
    worker: &str,
    wanted: &[&str],
    claimed: &[&str],
    routes: &[Route],
    domains: &[CustomDomain],
) -> Vec<Step> {
    let gone = |hostname: &str| claimed.contains(&hostname) && !wanted.contains(&hostname);
    let of_worker = routes.iter().filter(|route| route.script.as_deref() == Some(worker));
    let routes = of_worker.filter(|route| route.pattern == format!("{}/*", route.host()) && gone(route.host()));
    let domains = domains
        .iter()
        .filter(|domain| domain.service == worker && gone(&domain.hostname));
    let routes = routes.cloned().map(Step::DeleteRoute);
    routes.chain(domains.cloned().map(Step::DetachDomain)).collect()
}

/// The one route of a service.
pub(crate) fn pattern(service: &Service) -> String {
    format!("{}/*", service.hostname)
}

fn by_route(
    service: &Service,
    own: &BTreeSet<&str>,
    routes: &[Route],
    domains: &[CustomDomain],
    decision: &mut Decision,
) {
    let pattern = pattern(service);
    match routes.iter().find(|route| route.pattern == pattern) {
        None => decision.steps.push(Step::CreateRoute(pattern.clone())),
        Some(route) => match route.script.as_deref() {
            Some(script) if script == service.worker => {}
            Some(script) if own.contains(script) => decision.steps.push(Step::MoveRoute(route.clone())),
            Some(script) => decision.conflicts.push(format!(
                "`{}` is Worker `{script}`'s by route `{pattern}`; it is never taken over: delete that route, or choose another hostname",
                service.hostname
            )),
            None => decision.conflicts.push(format!(
                "route `{pattern}` sends `{}` past all Workers; delete it, or choose another hostname",
                service.hostname
            )),
        },
    }
    for route in routes
        .iter()
        .filter(|route| route.pattern != pattern && route.covers(&service.hostname))
    {
        let owner = owner(route);
        if route.is_wildcard() {
            if route.script.as_deref() != Some(&service.worker) {
                decision.notes.push(format!(
                    "`{}` is also matched by route `{}` of {owner}; the exact route goes first",
                    service.hostname, route.pattern
                ));
            }
        } else if route.script.as_deref() == Some(&service.worker) {
            decision.notes.push(format!(
                "Worker `{}` also has route `{}`, which is left as it is",
                service.worker, route.pattern
            ));
        } else {
            decision.conflicts.push(format!(
                "part of `{}` is {owner}'s by route `{}`; delete that route, or choose another hostname",
                service.hostname, route.pattern
            ));
        }
    }
    if let Some(domain) = domains.iter().find(|domain| domain.hostname == service.hostname) {
        if domain.service == service.worker {
            decision.steps.push(Step::DetachDomain(domain.clone()));
        } else {
            decision.conflicts.push(format!(
                "`{}` is a custom domain of Worker `{}`, which a route would take over; detach it there, or choose another hostname",
                service.hostname, domain.service
            ));
        }
    }
}

fn by_domain(service: &Service, routes: &[Route], domains: &[CustomDomain], decision: &mut Decision) {
    match domains.iter().find(|domain| domain.hostname == service.hostname) {
        None => decision.steps.push(Step::AttachDomain(service.hostname.clone())),
        Some(domain) if domain.service == service.worker => {}
        Some(domain) => decision.conflicts.push(format!(
            "`{}` is a custom domain of Worker `{}`; it is never taken over: detach it there, or choose another hostname",
            service.hostname, domain.service
        )),
    }
    for route in routes.iter().filter(|route| route.covers(&service.hostname)) {
        if route.script.as_deref() != Some(&service.worker) {
            decision.conflicts.push(format!(
                "route `{}` of {} goes before the custom domain `{}`; delete that route, use `routing = \"route\"`, or choose another hostname",
                route.pattern,
                owner(route),
                service.hostname
            ));
        } else if route.pattern == pattern(service) {
            decision.steps.push(Step::DeleteRoute(route.clone()));
        }
    }
}

fn owner(route: &Route) -> String {
    route.script.as_ref().map_or_else(
        || "no Worker (it bypasses all)".to_owned(),
        |script| format!("Worker `{script}`"),
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use actions_core::manifest::Manifest;

    use super::*;

    fn environment(routing: &str) -> Environment {
        let text = format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\nrouting = \"{routing}\"\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\n"
        );
        let manifest = Manifest::parse(&text, "codex.toml", PathBuf::new()).unwrap();
        Environment::resolve(
            &manifest,
            "preview",
            Some(42),
            &actions_core::owner::Repository {
                id: None,
                name: "acme/app".to_owned(),
            },
        )
        .unwrap()
    }

    fn route(pattern: &str, script: Option<&str>) -> Route {
        Route {
            id: "r".to_owned(),
            pattern: pattern.to_owned(),
            script: script.map(str::to_owned),
        }
    }

    fn domain(hostname: &str, service: &str) -> CustomDomain {
        CustomDomain {
            id: "d".to_owned(),
            hostname: hostname.to_owned(),
            service: service.to_owned(),
            zone_id: String::new(),
            cert_id: None,
        }
    }

    fn api(routing: &str, routes: &[Route], domains: &[CustomDomain]) -> Decision {
        let environment = environment(routing);
        decide(&environment, environment.service("api").unwrap(), routes, domains)
    }

    #[test]
    fn a_route_is_made_once() {
        let pattern = "api-42.example.com/*";
        assert_eq!(api("route", &[], &[]).steps, [Step::CreateRoute(pattern.to_owned())]);
        assert_eq!(
            api("route", &[route(pattern, Some("api-42"))], &[]),
            Decision::default()
        );
        let moved = route(pattern, Some("web-42"));
        assert_eq!(
            api("route", std::slice::from_ref(&moved), &[]).steps,
            [Step::MoveRoute(moved)]
        );
    }

    #[test]
    fn nobody_elses_hostname_is_taken() {
        for (routing, routes, domains) in [
            ("route", vec![route("api-42.example.com/*", Some("tenant"))], vec![]),
            ("route", vec![route("api-42.example.com/*", None)], vec![]),
            (
                "route",
                vec![route("api-42.example.com/admin*", Some("tenant"))],
                vec![],
            ),
            ("route", vec![], vec![domain("api-42.example.com", "tenant")]),
            ("custom-domain", vec![], vec![domain("api-42.example.com", "tenant")]),
            ("custom-domain", vec![route("*.example.com/*", Some("tenant"))], vec![]),
        ] {
            let decision = api(routing, &routes, &domains);
            assert_eq!(
                decision.conflicts.len(),
                1,
                "{routing} {routes:?} {domains:?} {decision:?}"
            );
            assert!(
                !decision
                    .steps
                    .iter()
                    .any(|step| matches!(step, Step::DeleteRoute(_) | Step::DetachDomain(_)))
            );
        }
    }

    #[test]
    fn a_wildcard_behind_an_exact_route_is_told_only() {
        let decision = api("route", &[route("*.example.com/*", Some("tenants"))], &[]);
        assert!(decision.conflicts.is_empty());
        assert_eq!(
            decision.notes,
            [
                "`api-42.example.com` is also matched by route `*.example.com/*` of Worker `tenants`; the exact route goes first"
            ]
        );
    }

    #[test]
    fn only_what_we_attached_is_detached_from_what_exists_once() {
        let (old, hand) = (domain("old.example.com", "api"), domain("hand.example.com", "api"));
        let was = route("was.example.com/*", Some("api"));
        let deeper = route("was.example.com/admin*", Some("api"));
        let steps = dropped(
            "api",
            &["new.example.com"],
            &[
                "old.example.com",
                "was.example.com",
                "new.example.com",
                "gone.example.com",
            ],
            &[was.clone(), deeper],
            &[
                old.clone(),
                hand,
                domain("old.example.com", "other"),
                domain("new.example.com", "api"),
            ],
        );
        assert_eq!(steps, [Step::DeleteRoute(was), Step::DetachDomain(old)]);
    }

    #[test]
    fn what_the_manifest_dropped_is_detached() {
        let old = route("old-42.example.com/*", Some("api-42"));
        let decision = api(
            "route",
            &[old.clone(), route("old-42.example.com/*", Some("other"))],
            &[],
        );
        assert_eq!(decision.steps[1..], [Step::DeleteRoute(old)]);
        let own = domain("api-42.example.com", "api-42");
        assert_eq!(
            api("route", &[], std::slice::from_ref(&own)).steps[1..],
            [Step::DetachDomain(own)]
        );
        let own = route("api-42.example.com/*", Some("api-42"));
        assert_eq!(
            api("custom-domain", std::slice::from_ref(&own), &[]).steps,
            [
                Step::AttachDomain("api-42.example.com".to_owned()),
                Step::DeleteRoute(own)
            ]
        );
    }
}
