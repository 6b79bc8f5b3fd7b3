//! Which database branches go.

use actions_core::neon::Branch;
use actions_core::reports::{Outcome, RemovalKind};

use super::{Decision, Doomed};
use crate::facts::Facts;
use crate::inputs::Target;
use crate::report;

impl Decision {
    /// The branch by its exact name, and whatever else was made for this environment (checkpoints, copies).
    pub(super) fn branches(&mut self, target: &Target, facts: &Facts) {
        let Some(database) = &target.environment.database else {
            return;
        };
        let all = match &facts.branches {
            None => return,
            Some(Err(error)) => return self.unread(RemovalKind::Branch, target, error),
            Some(Ok(all)) => all,
        };
        let owner = &target.environment.owner;
        let mut ours: Vec<&Branch> = all
            .iter()
            .filter(|branch| branch.name == database.branch || branch.verdict(owner).is_ours())
            .collect();
        if !ours.iter().any(|branch| branch.name == database.branch) {
            self.settle(RemovalKind::Branch, &database.branch, Outcome::Absent, None);
        }
        // A branch with children cannot be deleted: the deepest go first.
        ours.sort_by_key(|branch| std::cmp::Reverse(depth(branch, all)));
        for branch in ours {
            let keep = |detail: &str| Some((Outcome::Kept, detail.to_owned()));
            let refuse = |detail: String| Some((Outcome::Failed, detail));
            let strangers_child = all.iter().find(|child| {
                child.parent_id.as_deref() == Some(&branch.id)
                    && child.name != database.branch
                    && !child.verdict(owner).is_ours()
            });
            let obstacle = if branch.verdict(owner).foreign().is_some() {
                keep(report::MARKED_AS_ANOTHERS)
            } else if branch.default || branch.parent_id.is_none() || branch.name == database.parent {
                keep(report::ROOT)
            } else if branch.protected {
                refuse(report::PROTECTED.to_owned())
            } else {
                strangers_child.and_then(|child| refuse(report::has_child(&child.name)))
            };
            if let Some((outcome, detail)) = obstacle {
                self.settle(RemovalKind::Branch, &branch.name, outcome, Some(detail));
            } else {
                let (id, name) = (branch.id.clone(), branch.name.clone());
                self.doom("branch", &branch.name, &branch.id, Doomed::Branch { id, name });
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
