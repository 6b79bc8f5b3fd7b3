//! How many restore points of a branch stay: the one rule, for whoever makes one and for whoever cleans up.

use super::Branch;
use super::annotation::Kind;
use crate::owner::Owner;

/// The restore points of the branch with id `of` beyond the newest `keep`, newest first: those to delete, and those that
/// cannot be, since they are protected or other branches were made from them. Only those of the owner's repository.
pub fn surplus<'a>(all: &'a [Branch], of: &str, owner: &Owner, keep: usize) -> (Vec<&'a Branch>, Vec<&'a Branch>) {
    let mut points: Vec<&Branch> = all
        .iter()
        .filter(|branch| is_point(branch, owner) && branch.subject() == Some(of))
        .collect();
    points.sort_by_key(|branch| std::cmp::Reverse(branch.created_at));
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
        .flat_map(|of| surplus(all, of, owner, keep).0)
        .collect()
}

fn is_point(branch: &Branch, owner: &Owner) -> bool {
    branch.is_of_repository(owner) && branch.is_a(Kind::Checkpoint)
}
