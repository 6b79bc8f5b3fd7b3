//! How many restore points of a branch stay: the one rule, for whoever makes one and for whoever cleans up.

use super::Branch;
use super::annotation::Kind;
use crate::owner::Owner;

/// The restore points of the branch with id `of` beyond the newest `keep`, newest first: those to delete, and those that
/// cannot be, since they are protected or other branches were made from them. Only those of the owner's repository.
///
/// `own`, the id of the one that a run has just made or found, counts as the newest: a run does not delete its own way
/// back, be it older than others or of the same second.
pub fn surplus<'a>(
    all: &'a [Branch],
    of: &str,
    owner: &Owner,
    keep: usize,
    own: Option<&str>,
) -> (Vec<&'a Branch>, Vec<&'a Branch>) {
    let mut points: Vec<&Branch> = all
        .iter()
        .filter(|branch| is_point(branch, owner) && branch.subject() == Some(of))
        .collect();
    points.sort_by_key(|branch| std::cmp::Reverse((Some(branch.id.as_str()) == own, branch.created_at)));
    let is_parent = |of: &Branch| all.iter().any(|branch| branch.parent_id.as_ref() == Some(&of.id));
    points
        .into_iter()
        .skip(keep)
        .partition(|branch| !branch.default && !branch.protected && !is_parent(branch))
}

/// The same of every branch that has restore points of the owner's repository: those to delete.
pub fn surplus_of_all<'a>(all: &'a [Branch], owner: &Owner, keep: usize) -> Vec<&'a Branch> {
    let points = all.iter().filter(|branch| is_point(branch, owner));
    let mut subjects: Vec<&str> = points.filter_map(Branch::subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
        .into_iter()
        .flat_map(|of| surplus(all, of, owner, keep, None).0)
        .collect()
}

/// The newest restore point of the branch with id `of` that was made after `than`, by whichever repository: its database
/// was about to be changed then.
pub fn newer<'a>(all: &'a [Branch], of: &str, than: &Branch) -> Option<&'a Branch> {
    all.iter()
        .filter(|branch| branch.is_a(Kind::Checkpoint) && branch.subject() == Some(of))
        .filter(|branch| branch.created_at > than.created_at)
        .max_by_key(|branch| branch.created_at)
}

fn is_point(branch: &Branch, owner: &Owner) -> bool {
    branch.is_of_repository(owner) && branch.is_a(Kind::Checkpoint)
}
