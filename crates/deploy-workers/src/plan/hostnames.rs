//! How a service's hostnames come to its Worker, and who is in the way. Pure.
//!
//! What leads to a hostname is made before what led to it goes. Of two that match, Cloudflare takes a route before a
//! custom domain, and the more specific route before a wildcard (sheet of Cloudflare, section 3).

use std::collections::BTreeSet;

use actions_core::cloudflare::{CustomDomain, DnsRecord, Route};
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::naming;

use super::switch;

/// One change of a hostname.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the service's Worker, or to a sibling's that a wildcard route would hide.
    CreateRoute {
        pattern: String,
        worker: String,
    },
    /// A route of another service of this environment: its service has another hostname now.
    MoveRoute(Route),
    DeleteRoute(Route),
    AttachDomain(Attachment),
    DetachDomain(CustomDomain),
}

impl Step {
    /// Whether it leads requests to a hostname to a Worker.
    pub(crate) fn leads_to(&self, hostname: &str) -> bool {
        match self {
            Self::CreateRoute { pattern: made, .. } => *made == pattern(hostname),
            Self::MoveRoute(route) => route.pattern == pattern(hostname),
            Self::AttachDomain(attachment) => attachment.hostname == hostname,
            Self::DeleteRoute(_) | Self::DetachDomain(_) => false,
        }
    }

    /// The host that it leads to the Worker no longer.
    pub(crate) fn takes_away(&self) -> Option<&str> {
        match self {
            Self::DeleteRoute(route) => Some(route.host()),
            Self::DetachDomain(domain) => Some(&domain.hostname),
            Self::CreateRoute { .. } | Self::MoveRoute(_) | Self::AttachDomain(_) => None,
        }
    }
}

/// Parts the steps of a service's turn from those that give up a hostname that is none of `kept`. What answers at a former
/// hostname may be the code of before, which is put back when a later wave fails: it is given up when all is healthy.
pub(crate) fn part(steps: Vec<Step>, kept: &[String]) -> (Vec<Step>, Vec<Step>) {
    let stays = |step: &Step| {
        step.takes_away()
            .is_none_or(|gone| kept.iter().any(|kept| kept == gone))
    };
    steps.into_iter().partition(stays)
}

/// A custom domain that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub(crate) hostname: String,
    /// The records of ours that the domain's own replaces.
    pub(crate) instead_of: Vec<DnsRecord>,
    /// Whether the name resolves without them, too.
    pub(crate) has_stand_in: bool,
}

/// What is in the zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct There<'a> {
    pub(crate) routes: &'a [Route],
    pub(crate) domains: &'a [CustomDomain],
    /// Read where a hostname changes from one mechanism to the other; `None`: not read, or not to be seen.
    pub(crate) records: Option<&'a [DnsRecord]>,
}

impl There<'_> {
    fn domain(&self, hostname: &str) -> Option<&CustomDomain> {
        self.domains.iter().find(|domain| domain.hostname == hostname)
    }

    /// The route that takes all of exactly this host.
    fn exact(&self, hostname: &str) -> Option<&Route> {
        let pattern = pattern(hostname);
        self.routes.iter().find(|route| route.pattern == pattern)
    }

    /// Routes that take requests to this hostname, but for its exact one.
    fn others<'b>(&'b self, hostname: &'b str) -> impl Iterator<Item = &'b Route> {
        let exact = pattern(hostname);
        let others = self.routes.iter();
        others.filter(move |route| route.pattern != exact && route.covers(hostname))
    }
}

/// What is to be done about a service's hostnames.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Attachments first, so that a hostname is never without one.
    pub(crate) steps: Vec<Step>,
    /// Why it cannot be done, each a sentence.
    pub(crate) conflicts: Vec<String>,
    /// What a reader should know although it works.
    pub(crate) notes: Vec<String>,
}

impl Decision {
    fn route(&mut self, hostname: &str, worker: &str) {
        self.steps.push(Step::CreateRoute {
            pattern: pattern(hostname),
            worker: worker.to_owned(),
        });
    }
}

/// The hostnames that we lead to a service's Worker.
pub(crate) fn wanted<'a>(environment: &Environment, service: &'a Service) -> Vec<&'a str> {
    match environment.routing {
        Routing::Route | Routing::CustomDomain => service.hostnames().collect(),
        // The environment's explicit records are all that there is, or workers.dev.
        Routing::Record | Routing::WorkersDev => Vec::new(),
    }
}

/// Decides about one service. `claimed` are the hostnames that we gave to its Worker.
pub(crate) fn decide(environment: &Environment, service: &Service, there: There<'_>, claimed: &[&str]) -> Decision {
    let mut decision = Decision::default();
    let wanted = wanted(environment, service);
    let subject = Subject {
        environment,
        service,
        own: environment
            .services
            .iter()
            .map(|service| service.worker.as_str())
            .collect(),
        there,
    };
    for hostname in &wanted {
        match environment.routing.of(hostname) {
            Routing::CustomDomain => subject.by_domain(hostname, &mut decision),
            _ => subject.by_route(hostname, &mut decision),
        }
    }
    // What another service is to have is not stale, chosen or not: that one moves it, and until then it answers.
    let led: Vec<&str> = environment
        .services
        .iter()
        .flat_map(|service| self::wanted(environment, service))
        .collect();
    let stale = if environment.pull_request.is_none() {
        dropped(&service.worker, &led, claimed, there)
    } else if wanted.is_empty() {
        Vec::new()
    } else {
        // A Worker of a pull request is this environment's alone, so are its routes.
        let is_stale = |route: &&Route| {
            route.script.as_deref() == Some(&service.worker)
                && !wanted.iter().any(|hostname| route.covers(hostname))
                && !led.iter().any(|hostname| route.pattern == pattern(hostname))
        };
        let routes = there.routes.iter().filter(is_stale).cloned().map(Step::DeleteRoute);
        let is_stale =
            |domain: &&CustomDomain| domain.service == service.worker && !led.contains(&domain.hostname.as_str());
        let domains = there.domains.iter().filter(is_stale).cloned().map(Step::DetachDomain);
        routes.chain(domains).collect()
    };
    decision.steps.extend(stale);
    decision
}

/// What an environment that exists once detaches: hostnames that we gave to the Worker (`claimed`) and that are none of
/// `wanted`, by any service, any more. What somebody attached by hand is left alone.
fn dropped(worker: &str, wanted: &[&str], claimed: &[&str], there: There<'_>) -> Vec<Step> {
    let gone = |hostname: &str| claimed.contains(&hostname) && !wanted.contains(&hostname);
    let of_worker = there
        .routes
        .iter()
        .filter(|route| route.script.as_deref() == Some(worker));
    let routes = of_worker.filter(|route| route.pattern == pattern(route.host()) && gone(route.host()));
    let domains = there.domains.iter();
    let domains = domains.filter(|domain| domain.service == worker && gone(&domain.hostname));
    let routes = routes.cloned().map(Step::DeleteRoute);
    routes.chain(domains.cloned().map(Step::DetachDomain)).collect()
}

/// The route that takes all of a host.
pub(crate) fn pattern(hostname: &str) -> String {
    format!("{hostname}/*")
}

/// One service, and what is around it.
struct Subject<'a> {
    environment: &'a Environment,
    service: &'a Service,
    /// The Workers of this environment.
    own: BTreeSet<&'a str>,
    there: There<'a>,
}

impl Subject<'_> {
    fn is_mine(&self, route: &Route) -> bool {
        route.script.as_deref() == Some(&self.service.worker)
    }

    fn by_route(&self, hostname: &str, decision: &mut Decision) {
        let pattern = pattern(hostname);
        if self.environment.routing == Routing::CustomDomain {
            decision.notes.push(format!(
                "a wildcard cannot be a custom domain: `{hostname}` is route `{pattern}`, and needs a proxied DNS record `{hostname}`, which `preview-dns` makes"
            ));
        }
        let exact = self.there.exact(hostname);
        if exact.is_none_or(|route| !self.is_mine(route)) {
            self.before_wildcard(hostname, decision);
        }
        match exact {
            None => decision.route(hostname, &self.service.worker),
            Some(route) => match route.script.as_deref() {
                Some(script) if script == self.service.worker => {}
                Some(script) if self.own.contains(script) => decision.steps.push(Step::MoveRoute(route.clone())),
                Some(script) => decision.conflicts.push(format!(
                    "`{hostname}` is Worker `{script}`'s by route `{pattern}`; it is never taken over: delete that route, or choose another hostname"
                )),
                None => decision.conflicts.push(format!(
                    "route `{pattern}` sends `{hostname}` past all Workers; delete it, or choose another hostname"
                )),
            },
        }
        for route in self.there.others(hostname) {
            if route.is_wildcard() && route.is_whole() {
                if !self.is_mine(route) && !naming::is_wildcard(hostname) {
                    decision.notes.push(format!(
                        "`{hostname}` is also matched by route `{}` of {}; the exact route goes first",
                        route.pattern,
                        owner(route)
                    ));
                }
            } else {
                self.part(hostname, route, decision);
            }
        }
        if let Some(domain) = self.there.domain(hostname) {
            if domain.service == self.service.worker {
                switch::to_route(self.environment, domain, self.there.records, decision);
            } else {
                decision.conflicts.push(format!(
                    "`{hostname}` is a custom domain of Worker `{}`, which a route would take over; detach it there, or choose another hostname",
                    domain.service
                ));
            }
        }
    }

    /// A wildcard route goes before the custom domains that it matches: each needs a route of its own first.
    fn before_wildcard(&self, hostname: &str, decision: &mut Decision) {
        let Some(under) = hostname.strip_prefix('*') else {
            return;
        };
        let hidden = self.there.domains.iter().filter(|domain| {
            domain.hostname.ends_with(under)
                && domain.service != self.service.worker
                && self.there.exact(&domain.hostname).is_none()
        });
        for domain in hidden {
            if self.own.contains(domain.service.as_str()) {
                decision.route(&domain.hostname, &domain.service);
            } else {
                decision.conflicts.push(format!(
                    "route `{}` would go before `{}`, the custom domain of Worker `{}`; exclude that host first with a route of its own, `{}` to that Worker",
                    pattern(hostname),
                    domain.hostname,
                    domain.service,
                    pattern(&domain.hostname)
                ));
            }
        }
    }

    /// A route of somebody's for a part of the hostname, such as `app.example.com/blog/*`: a normal layout.
    fn part(&self, hostname: &str, route: &Route, decision: &mut Decision) {
        if self.is_mine(route) {
            decision.notes.push(format!(
                "Worker `{}` also has route `{}`, which is left as it is",
                self.service.worker, route.pattern
            ));
        } else if route.is_whole() {
            decision.conflicts.push(format!(
                "`{hostname}` is {}'s by route `{}`; delete that route, or choose another hostname",
                owner(route),
                route.pattern
            ));
        } else {
            decision.notes.push(format!(
                "what matches route `{}` is answered by {}, the rest of `{hostname}` by this Worker",
                route.pattern,
                owner(route)
            ));
        }
    }

    fn by_domain(&self, hostname: &str, decision: &mut Decision) {
        let (exact, domain) = (self.there.exact(hostname), self.there.domain(hostname));
        let mine = exact.filter(|route| self.is_mine(route));
        let hiding: Vec<&Route> = self
            .there
            .others(hostname)
            .filter(|route| route.is_wildcard() && route.is_whole() && !self.is_mine(route))
            .collect();
        // Also those that a service of this environment is still to get.
        let sibling = self.environment.services.iter().find(|sibling| {
            let covers = |wildcard: &str| {
                wildcard
                    .strip_prefix('*')
                    .is_some_and(|under| hostname.ends_with(under))
            };
            let led = wanted(self.environment, sibling);
            sibling.worker != self.service.worker && led.into_iter().any(covers)
        });
        let sibling = sibling.map(|sibling| sibling.worker.as_str());
        let foreign = hiding.iter().find(|route| {
            let script = route.script.as_deref();
            script.is_none_or(|script| !self.own.contains(script))
        });
        let hidden = sibling.is_some() || !hiding.is_empty();
        match exact {
            Some(_) if mine.is_some() => {
                if hidden {
                    decision.notes.push(behind_wildcard(hostname));
                }
            }
            Some(route) if route.script.is_none() && hidden => decision.notes.push(format!(
                "route `{}` without a Worker excludes `{hostname}` from the wildcard route: its custom domain answers",
                route.pattern
            )),
            Some(route) => decision.conflicts.push(format!(
                "route `{}` of {} goes before the custom domain `{hostname}`; delete that route, use `routing = \"route\"`, or choose another hostname",
                route.pattern,
                owner(route)
            )),
            None if sibling.is_some() || hidden && foreign.is_none() => {
                decision.notes.push(behind_wildcard(hostname));
                decision.route(hostname, &self.service.worker);
            }
            None => decision.conflicts.extend(foreign.map(|route| {
                format!(
                    "route `{}` of {} goes before the custom domain `{hostname}`; exclude this host with a route of its own, `{}` to Worker `{}`, delete that route, use `routing = \"route\"`, or choose another hostname",
                    route.pattern,
                    owner(route),
                    pattern(hostname),
                    self.service.worker
                )
            })),
        }
        for route in self.there.others(hostname).filter(|route| !hiding.contains(route)) {
            if !(route.is_wildcard() && route.is_whole()) {
                self.part(hostname, route, decision);
            }
        }
        match domain {
            Some(domain) if domain.service != self.service.worker => decision.conflicts.push(format!(
                "`{hostname}` is a custom domain of Worker `{}`; it is never taken over: detach it there, or choose another hostname",
                domain.service
            )),
            Some(_) => {}
            None => {
                // Behind a wildcard the route is no sign that it served before; what is at the name decides, once it is read.
                let serves = mine.is_some() && !hidden || self.there.records.is_some();
                switch::to_domain(self.environment, hostname, serves, self.there.records, decision);
            }
        }
        if let Some(route) = mine.filter(|_| !hidden) {
            decision.steps.push(Step::DeleteRoute(route.clone()));
        }
    }
}

fn behind_wildcard(hostname: &str) -> String {
    format!(
        "a wildcard route matches `{hostname}`, and routes go before custom domains: it has route `{}` as well, so that its own Worker answers",
        pattern(hostname)
    )
}

fn owner(route: &Route) -> String {
    route.script.as_ref().map_or_else(
        || "no Worker (it bypasses all)".to_owned(),
        |script| format!("Worker `{script}`"),
    )
}

#[cfg(test)]
#[path = "hostnames_tests.rs"]
mod tests;
