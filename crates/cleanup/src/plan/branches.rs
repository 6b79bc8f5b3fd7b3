//! Which database branches go.

use actions_core::neon::Branch;
use actions_core::owner::Verdict;
use actions_core::reports::RemovalKind;

use super::{Decision, Ground, Reason, Standing, Thing};
use crate::facts::Facts;
use crate::subject::Subject;

impl Decision {
    /// The branch by its exact name, and whatever else was made for this environment (restore points, copies).
    pub(super) fn branches(&mut self, subject: &Subject, facts: &Facts) {
        let all = match &facts.branches {
            None => return,
            Some(Err(unread)) => return self.unread(RemovalKind::Branch, subject, unread),
            Some(Ok(all)) => all,
        };
        let own = subject.names.branch.as_ref();
        let is_named = |branch: &Branch| own.is_some_and(|own| own.name == branch.name);
        let is_ours = |branch: &Branch| is_named(branch) || branch.verdict(&subject.owner).is_ours();
        if let Some(own) = own.filter(|own| !all.iter().any(|branch| branch.name == own.name)) {
            self.absent(RemovalKind::Branch, &own.name);
        }
        let ours = all.iter().filter(|branch| is_ours(branch));
        let mut ours: Vec<(usize, &Branch)> = ours.map(|branch| (depth(branch, all), branch)).collect();
        // A branch with children cannot be deleted: the deepest go first.
        ours.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
        let deepest = ours.first().map_or(0, |(depth, _)| *depth);
        for (depth, branch) in ours {
            let strangers_child = all
                .iter()
                .find(|child| child.parent_id.as_deref() == Some(&branch.id) && !is_ours(child));
            let is_parent = own.is_some_and(|own| own.parent == branch.name);
            let obstacle = if let Verdict::Foreign(whose) = branch.verdict(&subject.owner) {
                Some(Standing::Kept(Reason::Foreign(whose)))
            } else if branch.default || branch.parent_id.is_none() || is_parent {
                Some(Standing::Kept(Reason::Root))
            } else if branch.protected {
                Some(Standing::Left(Reason::Protected))
            } else {
                strangers_child.map(|child| Standing::Left(Reason::HasChild(child.name.clone())))
            };
            if let Some(standing) = obstacle {
                self.stays(RemovalKind::Branch, &branch.name, standing);
            } else {
                let (id, name) = (branch.id.clone(), branch.name.clone());
                let ground = if is_named(branch) { Ground::Own } else { Ground::Marked };
                self.goes(Thing::Branch { id, name }, ground, deepest - depth);
            }
        }
    }
}

/// How many branches are above this one.
fn depth(branch: &Branch, all: &[Branch]) -> usize {
    let mut depth = 0;
    let mut parent = branch.parent_id.as_deref();
    while let Some(id) = parent {
        depth += 1;
        // A circle cannot be, but must not hang us.
        if depth > all.len() {
            break;
        }
        parent = all
            .iter()
            .find(|branch| branch.id == id)
            .and_then(|branch| branch.parent_id.as_deref());
    }
    depth
}
