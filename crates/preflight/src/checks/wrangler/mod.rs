//! The services' wrangler configurations, in each environment: what a deployment would refuse, and what would hurt.
//! Nothing is bundled, and no wrangler is started.

mod addresses;
mod looked;
mod refused;
mod settings;
mod vars;

use std::collections::BTreeSet;

use jiff::civil::Date;

use self::looked::Looked;
use crate::finding::{Finding, Kind};
use crate::world::World;

pub(super) const KINDS: &[&Kind] = &[
    &refused::UNREADABLE,
    &refused::NO_ENVIRONMENT,
    &refused::REFUSED,
    &refused::REACHES_OUT,
    &refused::NOT_INHERITED,
    &refused::COMPATIBILITY_DATE,
    &addresses::NO_DOMAIN,
    &addresses::BEHIND_WILDCARD,
    &addresses::TENANTS,
    &addresses::NOT_ATTACHED,
    &vars::MISSING,
    &vars::ELSEWHERE,
    &vars::LOCALHOST,
    &vars::SECRET,
    &vars::SIBLING_BY_URL,
    &settings::OBSERVABILITY,
    &settings::OTHER_NAME,
    &settings::UNKNOWN_KEY,
    &settings::OLD_DATE,
    &settings::ONE_PORT,
];

pub(super) fn findings(world: &World) -> Vec<Finding> {
    judged(world, wrangler::project::check::today())
}

/// All that is found; `today` is what dates are compared with.
fn judged(world: &World, today: Date) -> Vec<Finding> {
    let mut findings = refused::unreadable(world);
    for environment in &world.environments {
        findings.extend(refused::of_environment(world, environment));
        findings.extend(addresses::of_environment(world, environment));
        for looked in Looked::all(world, environment) {
            findings.extend(refused::of_service(&looked, today));
            findings.extend(vars::of_service(world, &looked));
            findings.extend(settings::of_service(&looked, today));
        }
    }
    findings.extend(settings::ports(world));
    // What stands at the top level is seen from each environment that inherits it.
    let mut seen = BTreeSet::new();
    findings.retain(|finding| {
        let place = finding.place.clone();
        seen.insert((finding.kind.name, finding.subject.clone(), place, finding.said.clone()))
    });
    findings
}

#[cfg(test)]
mod tests;
