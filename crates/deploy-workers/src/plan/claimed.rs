//! Which hostnames a Worker's tags are to remember. Pure.

use std::collections::BTreeSet;

use actions_core::environment::{Environment, Service};
use actions_core::naming;

use super::hostnames::Step;
use super::{Subject, claims, hostnames, ownership};
use crate::facts::Facts;

/// Hostnames that were given to the Worker, and that this run cannot judge: their zone was not read.
pub(super) fn unseen_claims<'a>(
    environment: &Environment,
    service: &Service,
    facts: &Facts,
    tags: &'a [String],
) -> Vec<&'a str> {
    let wanted = hostnames::wanted(environment, service);
    let seen = |hostname: &str| {
        let zone = facts.zone.as_ref();
        zone.is_some_and(|zone| naming::is_hostname(hostname, &zone.name))
    };
    let claimed = claims::hostnames(tags).into_iter();
    claimed
        .filter(|hostname| !seen(hostname) && !wanted.contains(hostname))
        .collect()
}

/// The hostnames that the Worker's tags are to remember. A pull request's Workers are known by their names: no hostname
/// need be claimed. One that a service which is not chosen is to have stays claimed until that one has it.
pub(super) fn to_claim<'a>(
    subject: &Subject<'_>,
    service: &'a Service,
    facts: &Facts,
    tags: &'a [String],
) -> Vec<&'a str> {
    let environment = subject.environment;
    if environment.pull_request.is_some() {
        return Vec::new();
    }
    let mut claims = hostnames::wanted(environment, service);
    claims.extend(unseen_claims(environment, service, facts, tags));
    let others = environment.services.iter();
    let others = others.filter(|other| !subject.built.contains_key(&other.key));
    let awaited: BTreeSet<&str> = others.flat_map(|other| hostnames::wanted(environment, other)).collect();
    for hostname in claims::hostnames(tags) {
        if awaited.contains(hostname) && !claims.contains(&hostname) {
            claims.push(hostname);
        }
    }
    claims
}

/// The tags of a service's Worker. What is still to be given up (`former`) stays claimed until it is: a run that ends
/// before leaves it to the next one.
pub(super) fn tags(
    subject: &Subject<'_>,
    service: &Service,
    facts: &Facts,
    present: &[String],
    uploaded: Option<&str>,
    former: &[Step],
) -> Vec<String> {
    let marker = ownership::marker(&subject.environment.owner, present);
    let mut hostnames = to_claim(subject, service, facts, present);
    let still = |hostname: &&str| former.iter().any(|step| step.takes_away() == Some(*hostname));
    hostnames.extend(claims::hostnames(present).into_iter().filter(still));
    claims::tags(present, marker.as_deref(), uploaded, &hostnames)
}
