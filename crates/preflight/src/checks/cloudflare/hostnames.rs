//! What stands at the environments' hostnames already: routes, custom domains, records, certificates. Pure.

use std::collections::BTreeSet;

use actions_core::cloudflare::dns::is_weighty;
use actions_core::cloudflare::{DnsRecord, Zone, certificates, routes};
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::owner::Verdict;
use actions_core::text::shorten;

use super::facts::Facts;
use super::kinds;
use crate::finding::{Finding, Kind};
use crate::world::World;

/// A hostname of a service of an environment.
struct At<'a> {
    environment: &'a Environment,
    service: &'a Service,
    hostname: &'a str,
    routing: Routing,
    zone: &'a Zone,
}

pub(super) fn judge(facts: &Facts, world: &World, real: bool) -> Vec<Finding> {
    let Some(Ok(zone)) = &facts.zone else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for environment in &world.environments {
        let attaches = matches!(environment.routing, Routing::Route | Routing::CustomDomain);
        if !attaches || environment.zone != zone.name {
            continue;
        }
        findings.extend(uncovered(facts, environment, world));
        // The stand-in's names are nobody's.
        if environment.pull_request.is_some() && !real {
            continue;
        }
        for service in &environment.services {
            for hostname in service.hostnames() {
                let at = At {
                    environment,
                    service,
                    hostname,
                    routing: environment.routing.of(hostname),
                    zone,
                };
                findings.extend(
                    at.taken(facts)
                        .or_else(|| at.record(facts))
                        .map(|it| world.in_manifest(it, &of(environment))),
                );
            }
        }
    }
    findings
}

/// One row for an environment: its hostnames are of one pattern.
fn uncovered(facts: &Facts, environment: &Environment, world: &World) -> Option<Finding> {
    let Some(Ok(all)) = &facts.certificates else {
        return None;
    };
    let hosts: Vec<String> = all.iter().flat_map(|certificate| certificate.hosts.clone()).collect();
    let deep = super::needs::deep(environment).filter(|hostname| !certificates::covers(&hosts, hostname))?;
    let (name, zone) = (&environment.name, &environment.zone);
    let finding = Finding::new(
        &kinds::HOSTNAME_UNCOVERED,
        format!("environments.{name}"),
        format!("no certificate of zone `{zone}` covers `{deep}` of environment `{name}`"),
        "make the hostnames one label below the zone, or order an advanced certificate for them",
    );
    Some(world.in_manifest(finding, &of(environment)))
}

impl At<'_> {
    fn finding(&self, kind: &'static Kind, said: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::new(kind, format!("services.{}", self.service.key), said, remedy)
    }

    /// Whose route or custom domain it is, where that is none of the environment's Workers.
    fn taken(&self, facts: &Facts) -> Option<Finding> {
        let hostname = self.hostname;
        let workers: BTreeSet<&str> = self.environment.services.iter().map(|it| it.worker.as_str()).collect();
        let title = self.environment.title();
        if let Some(Ok(all)) = &facts.routes
            && let Some(route) = routes::taken(all, hostname, &workers)
        {
            let to = route.script.as_deref().map_or_else(
                || "leads past all Workers".to_owned(),
                |script| format!("leads to Worker `{script}`"),
            );
            return Some(self.finding(
                &kinds::HOSTNAME_TAKEN,
                format!(
                    "route `{}` {to}, and `{hostname}` is to be `{}` of `{title}`",
                    route.pattern, self.service.worker
                ),
                "delete the route under Workers Routes of the zone, or change the environment's `hostname`",
            ));
        }
        let Some(Ok(domains)) = &facts.domains else {
            return None;
        };
        let domain = domains
            .iter()
            .find(|domain| domain.hostname.eq_ignore_ascii_case(hostname));
        match domain {
            Some(domain) if !workers.contains(domain.service.as_str()) => Some(self.finding(
                &kinds::HOSTNAME_TAKEN,
                format!(
                    "`{hostname}` is a custom domain of Worker `{}`, and is to be `{}` of `{title}`",
                    domain.service, self.service.worker
                ),
                format!(
                    "detach it under Settings → Domains & Routes of Worker `{}`, or change the environment's `hostname`",
                    domain.service
                ),
            )),
            Some(_) => None,
            None => self.records(facts).find(|record| record.meta.origin_worker_id.is_some()).map(|_| {
                self.finding(
                    &kinds::HOSTNAME_TAKEN,
                    format!("`{hostname}` is a custom domain of a Worker in another account"),
                    "detach it there, or change the environment's `hostname`",
                )
            }),
        }
    }

    /// Records at the hostname that would answer for it, or keep others from being made.
    fn records<'f>(&self, facts: &'f Facts) -> impl Iterator<Item = &'f DnsRecord> + use<'f> {
        let all = match &facts.records {
            Some(Ok(all)) => all.as_slice(),
            _ => &[],
        };
        let (hostname, zone) = (self.hostname.to_owned(), self.zone.name.clone());
        all.iter()
            .filter(move |record| record.name == hostname && record.competes_with_addresses(&zone))
    }

    /// A record in the way: the same rules as those of `preview-dns`, which says more when it comes to it.
    fn record(&self, facts: &Facts) -> Option<Finding> {
        let owner = &self.environment.owner;
        // Nobody says which repository this is: then every marker would be another's.
        if !owner.repository.is_known() || self.routing == Routing::Route && self.environment.wildcard {
            return None;
        }
        let is_other = |record: &&DnsRecord| !record.is_made_by(owner) && record.meta.origin_worker_id.is_none();
        let mut others = self.records(facts).filter(is_other);
        let weighty = is_weighty(self.hostname, &self.zone.name);
        let serves = |record: &DnsRecord| self.routing == Routing::Route && record.serves_routes(&self.zone.name);
        let record = others.find(|record| !serves(record))?;
        let foreign = match record.verdict(owner) {
            Verdict::Foreign(whose) => Some(whose),
            Verdict::Ours | Verdict::Unmarked => None,
        };
        let (hostname, kind) = (self.hostname, &record.kind);
        let whose = foreign
            .as_ref()
            .map(|whose| format!(", which belongs to {whose}"))
            .unwrap_or_default();
        let what = format!(
            "`{hostname}` has a record {kind} {}{whose}",
            shorten(&record.content, 60)
        );
        let adoptable = foreign.is_none() && record.is_address() && !record.meta.read_only;
        Some(if self.routing == Routing::CustomDomain {
            self.finding(
                &kinds::RECORD_IN_THE_WAY,
                format!("{what}, beside which Cloudflare attaches no custom domain"),
                "delete it under DNS of the zone (the name is down until the domain is attached), or change the environment's `hostname`",
            )
        } else if adoptable && !weighty {
            self.finding(
                &kinds::RECORD_UNMARKED,
                format!("{what}, which carries no marker"),
                "delete it under DNS of the zone, or run `preview-dns` once with `adopt: true`",
            )
        } else {
            self.finding(
                &kinds::RECORD_IN_THE_WAY,
                what,
                if weighty {
                    "let Cloudflare proxy it (the orange cloud), so that the route serves it"
                } else {
                    "delete it where it was made, or change the environment's `hostname`"
                },
            )
        })
    }
}

/// Where the manifest names the hostnames of an environment.
fn of(environment: &Environment) -> [&str; 3] {
    ["environments", &environment.name, "hostname"]
}
