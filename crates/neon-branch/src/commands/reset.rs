//! `reset`: the branch as its parent is now.

use actions_core::error::fault;
use jiff::Timestamp;

use super::{all, done, name_of, planned, subject_of};
use crate::pending::Pending;
use crate::plan::{self, Expiry};
use crate::report;
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    let all = all(session).await?;
    let branch = subject_of(session, &all).ok_or_else(|| report::missing(&inputs.subject))?;
    let given = super::parent(session).await?;
    let source = given.map(|parent| parent.id).or_else(|| branch.parent_id.clone());
    let standing = inputs.subject.standing(branch);
    plan::may_reset(branch, source.is_some(), &standing, inputs.force_foreign)
        .map_err(|objection| report::refused("reset", &branch.name, &objection))?;
    let children = plan::children(&all, branch);
    if !children.is_empty() && inputs.preserve.is_none() {
        let objection = plan::Objection::Children(children);
        return Err(report::refused("reset", &branch.name, &objection)
            .hint("`preserve-under-name` keeps the former state under a name, with those branches below it")
            .into());
    }
    let source = source.unwrap_or_default();
    let source_text = report::source(Some(&name_of(&all, &source)), None);
    let Some(writer) = session.writer() else {
        planned(session, format!("reset branch `{}` to {source_text}", branch.name));
        return Ok(());
    };
    let could_not = |cause| fault(format!("could not reset branch `{}`", branch.name)).because(cause);
    let restore = writer.restore(&branch.id, &source, None, inputs.preserve.as_deref());
    let restored = session.write(Pending::change(branch), restore).await;
    let mut restored = restored.map_err(could_not)?;
    session.changed();
    // Neon lets a branch live anew after a reset; `expires` may say otherwise.
    let wanted = plan::expiry(restored.expires_at, inputs.life, Timestamp::now());
    if wanted != Expiry::Keep {
        let at = match wanted {
            Expiry::Set(at) => Some(at),
            Expiry::Keep | Expiry::Clear => None,
        };
        let expire = writer.expire(&branch.id, at);
        session
            .write(Pending::change(&restored), expire)
            .await
            .map_err(could_not)?;
        restored.expires_at = at;
        session.say(report::expiry_moved(&branch.name, at));
    }
    session.report.base.preserved.clone_from(&inputs.preserve);
    session.tell_branch(&restored, Some(name_of(&all, &source)), false)?;
    done(session, report::reset_done(&branch.name, &source_text));
    let connection = session
        .neon
        .connection(&restored, &inputs.login)
        .await
        .map_err(could_not)?;
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}
