//! Whether all environments that there may be fit below Cloudflare's limits. Pure, from the manifest alone.

use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;

use super::kinds;
use crate::finding::Finding;
use crate::world::World;

/// What each environment takes of something that Cloudflare has a limit for.
struct Limited {
    what: &'static str,
    /// The contract sheet of Cloudflare, sections 3 and 7: the limits are the same on every plan.
    most: usize,
    of: &'static str,
    takes: fn(&Environment) -> usize,
}

const LIMITS: [Limited; 3] = [
    Limited {
        what: "custom domains",
        most: 100,
        of: "zone",
        takes: |environment| attached(environment, Routing::CustomDomain),
    },
    Limited {
        what: "routes",
        most: 1000,
        of: "zone",
        takes: |environment| attached(environment, Routing::Route),
    },
    Limited {
        what: "KV namespaces",
        most: 1000,
        of: "account",
        takes: |environment| environment.services.iter().map(|service| service.kv.len()).sum(),
    },
];

fn attached(environment: &Environment, routing: Routing) -> usize {
    let hostnames = environment.services.iter().flat_map(Service::hostnames);
    hostnames
        .filter(|hostname| environment.routing.of(hostname) == routing)
        .count()
}

/// An environment whose `limit` cannot be reached. Only what this manifest takes is counted.
pub(super) fn judge(world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    for environment in &world.environments {
        let Some(limit) = environment.limit.and_then(|limit| usize::try_from(limit).ok()) else {
            continue;
        };
        for limited in &LIMITS {
            let others = world.environments.iter().filter(|other| other.name != environment.name);
            let others: usize = others.map(limited.takes).sum();
            let each = (limited.takes)(environment);
            let all = limit.saturating_mul(each).saturating_add(others);
            if each == 0 || all <= limited.most {
                continue;
            }
            let Limited { what, most, of, .. } = limited;
            let name = &environment.name;
            let room = most.saturating_sub(others) / each;
            let finding = Finding::new(
                &kinds::ROOM_FEW,
                format!("environments.{name}"),
                format!(
                    "at its `limit` of {limit}, environment `{name}` takes {} {what}, and the others take {others}: the {of} has {most} at most",
                    limit.saturating_mul(each)
                ),
                format!("write `limit = {}` or less", room.max(1)),
            );
            findings.push(world.in_manifest(finding, &["environments", name, "limit"]));
        }
    }
    findings
}
