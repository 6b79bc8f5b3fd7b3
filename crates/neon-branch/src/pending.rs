//! A write on its way, and what became of it when its answer did not come: the run was cancelled, or the answer lost.

use std::collections::BTreeMap;
use std::time::Duration;

use actions_core::neon::{Branch, Error, Reader};
use tokio::time::timeout;

use crate::report;
use crate::session::Session;

/// One look, within what a runner leaves a cancelled step.
const LOOK: Duration = Duration::from_secs(1);

/// What was asked for.
pub(crate) enum Pending {
    Create {
        name: String,
        annotation: BTreeMap<String, String>,
    },
    Delete {
        id: String,
        name: String,
    },
    /// A branch that is there, put back or given another expiry.
    Change {
        before: Box<Branch>,
    },
}

/// What a look has shown.
enum Seen {
    Made(Box<Branch>),
    /// Another run's branch of this name.
    Taken,
    Gone,
    Changed,
    /// As before.
    Nothing,
}

impl Pending {
    pub(crate) fn delete(branch: &Branch) -> Self {
        Self::Delete {
            id: branch.id.clone(),
            name: branch.name.clone(),
        }
    }

    pub(crate) fn change(branch: &Branch) -> Self {
        Self::Change {
            before: Box::new(branch.clone()),
        }
    }

    /// Whether an error leaves open what was done. A refusal does not.
    pub(crate) fn is_open_after(error: &Error) -> bool {
        error.status().is_none_or(|status| status >= 500)
    }

    async fn look(&self, neon: &Reader) -> Result<Seen, Error> {
        Ok(match self {
            Self::Create { name, annotation } => match neon.named(name).await? {
                Some(branch) if branch.came_from(annotation) => Seen::Made(Box::new(branch)),
                Some(_) => Seen::Taken,
                None => Seen::Nothing,
            },
            Self::Delete { id, .. } => match neon.branch(id).await? {
                None => Seen::Gone,
                Some(_) => Seen::Nothing,
            },
            Self::Change { before } => match neon.branch(&before.id).await? {
                Some(now) if is_same(before, &now) => Seen::Nothing,
                _ => Seen::Changed,
            },
        })
    }
}

/// Whether nothing has put the branch back or moved its expiry.
fn is_same(before: &Branch, now: &Branch) -> bool {
    let state = |branch: &Branch| {
        (
            branch.parent_id.clone(),
            branch.last_reset_at,
            branch.expires_at,
            branch.current_state == "resetting",
        )
    };
    state(before) == state(now)
}

/// Looks once what became of the write that is still open, if one is, and reports that.
pub(crate) async fn settle(session: &mut Session<'_>) -> anyhow::Result<()> {
    let Some(pending) = session.take_pending() else {
        return Ok(());
    };
    let neon = session.neon.clone().hurried();
    let seen = match timeout(LOOK, pending.look(&neon)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => {
            session.changed();
            session.warn(report::unknown(&pending, &error.to_string()));
            return Ok(());
        }
        Err(_) => {
            session.changed();
            session.warn(report::unknown(&pending, "Neon did not answer in time"));
            return Ok(());
        }
    };
    let text = match (&seen, &pending) {
        (Seen::Made(branch), _) => {
            session.changed();
            session.tell_branch(branch, branch.parent_id.clone(), true)?;
            report::made_all_the_same(&branch.name)
        }
        (Seen::Taken, Pending::Create { name, .. }) => report::raced_unseen(name),
        (Seen::Gone, Pending::Delete { name, .. }) => {
            session.changed();
            session.report.base.deleted.push(name.clone());
            report::deleted(name)
        }
        (Seen::Changed, Pending::Change { before }) => {
            session.changed();
            report::changed_all_the_same(&before.name)
        }
        // It may still be carried out.
        _ => {
            session.changed();
            report::not_done(&pending)
        }
    };
    session.say(&text);
    session.report.outcome = text;
    Ok(())
}
