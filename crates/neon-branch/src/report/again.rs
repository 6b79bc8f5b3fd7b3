//! Sentences about what a former attempt of the same run, or another run, has done to the branch.

use std::time::Duration;

use actions_core::error::{Fault, fault};
use actions_core::neon::Branch;
use jiff::Timestamp;

use super::sentences::hours;
use crate::this_run::Outdated;

pub(crate) fn checkpoint_there(of: &str, point: &Branch, now: Timestamp) -> String {
    let age = age(point, now).map_or_else(String::new, |age| format!(", {age} old"));
    format!("restore point `{}` of branch `{of}` exists{age}", point.name)
}

pub(crate) fn outdated(of: &str, point: &Branch, made_in: u64, why: &Outdated, now: Timestamp) -> String {
    let age = age(point, now).map_or_else(String::new, |age| format!(" ({age} old)"));
    let why = match why {
        Outdated::PutBack => format!("branch `{of}` was put back since"),
        Outdated::Newer(name) => format!("restore point `{name}` was made since"),
    };
    format!(
        "restore point `{}` of attempt {made_in}{age} is not the state before this attempt: {why}",
        point.name
    )
}

fn age(point: &Branch, now: Timestamp) -> Option<String> {
    let age = Duration::try_from(now.duration_since(point.created_at?)).ok()?;
    Some(hours(age))
}

/// The migration that a deployment builds upon is not there any more.
pub(crate) fn undone(name: &str, attempt: u64, kept: &str) -> Fault {
    fault(format!(
        "the migration of branch `{name}` is undone: attempt {attempt} of this run has put the branch back, and what was there is branch `{kept}`"
    ))
    .hint("use *Re-run all jobs*, which migrates again, instead of *Re-run failed jobs*")
}

pub(crate) fn put_back_already(name: &str, attempt: u64, kept: &str) -> String {
    format!(
        "attempt {attempt} of this run has put branch `{name}` back since the migration; what was there then is branch `{kept}`"
    )
}

/// A restore point of a former attempt, older than another run's.
pub(crate) fn passed(name: &str, point: &str, newer: &str) -> Fault {
    fault(format!(
        "could not restore branch `{name}` to `{point}`: restore point `{newer}` was made since, and what another run has migrated after it would be undone, too"
    ))
    .hint("choose the point yourself, and restore without `migrated-in-attempt`")
}
