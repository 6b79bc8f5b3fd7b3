//! What a user reads of a write whose answer did not come.

use crate::pending::Pending;

fn asked(pending: &Pending) -> String {
    match pending {
        Pending::Create { name, .. } => format!("the making of branch `{name}`"),
        Pending::Delete { name, .. } => format!("the deletion of branch `{name}`"),
        Pending::Change { before } => format!("the change of branch `{}`", before.name),
    }
}

pub(crate) fn unknown(pending: &Pending, why: &str) -> String {
    format!(
        "{} was not answered, and what became of it is not known ({why}); the next run finds out",
        asked(pending)
    )
}

/// A look did not find it done. It may still be carried out.
pub(crate) fn not_done(pending: &Pending) -> String {
    let seen = match pending {
        Pending::Create { .. } => "the branch was not there",
        Pending::Delete { .. } => "the branch was still there",
        Pending::Change { .. } => "the branch was as before",
    };
    format!("{} was not answered; {seen} when the run ended", asked(pending))
}

pub(crate) fn made_all_the_same(name: &str) -> String {
    format!("branch `{name}` was made, although no answer said so; the next run uses it")
}

pub(crate) fn changed_all_the_same(name: &str) -> String {
    format!("branch `{name}` was changed, although no answer said so")
}

pub(crate) fn raced_unseen(name: &str) -> String {
    format!("branch `{name}` is there, made by another run")
}
