//! What a sweep takes of what one environment's decision gives away: nobody has asked for it by name.

use actions_core::owner::Claim;

use super::index::read;
use crate::facts::Facts;
use crate::plan::namespaces::namesake;
use crate::plan::{Decision, Going, Reason, Standing as Stands, Staying, Thing};
use crate::subject::Subject;

/// Who asks for one environment means it; a sweep has nobody who asks. So a branch of the right name and without a marker
/// stays. And where another repository has an environment called like this one (`rival`), what carries no marker goes
/// only with a Worker that is there and ours: the titles and hostnames of one that is gone may have been theirs.
/// The titles of namespaces are compared with all that there is (`claims`), since what concerns an environment holds of
/// the others only what leads to it.
pub(super) fn only_proven(
    mut decision: Decision,
    subject: &Subject,
    around: &Facts,
    rival: bool,
    claims: &[Claim],
) -> Decision {
    let branches = read(around.branches.as_ref());
    let workers = read(around.workers.as_ref());
    let is_ours = |worker: &str| {
        let mut named = workers.iter().filter(|found| found.name == worker);
        named.any(|found| found.verdict(&subject.owner).is_ours())
    };
    let is_proven = |going: &Going| match &going.thing {
        Thing::Branch { id, .. } => {
            let branch = branches.iter().find(|branch| branch.id == *id);
            branch.is_some_and(|branch| branch.verdict(&subject.owner).is_ours())
        }
        Thing::Namespace(_) if namesake(&subject.owner, claims.iter().cloned()).is_some() => false,
        Thing::Namespace(namespace) if rival => {
            let mut binding = subject
                .names
                .services
                .iter()
                .filter(|service| service.kv.contains(&namespace.title));
            binding.any(|service| is_ours(&service.worker))
        }
        Thing::Route(route) if rival => route.script.as_deref().is_some_and(is_ours),
        Thing::Domain(domain) if rival => is_ours(&domain.service),
        _ => true,
    };
    let (going, unproven): (Vec<Going>, Vec<Going>) = decision.going.into_iter().partition(is_proven);
    decision.going = going;
    decision.staying.extend(unproven.into_iter().map(|going| Staying {
        kind: going.thing.kind(),
        name: going.thing.name().to_owned(),
        standing: Stands::Kept(Reason::Unmarked),
    }));
    decision
}
