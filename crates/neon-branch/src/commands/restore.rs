//! `restore`: the branch as it, or another one, was at some time.

use actions_core::error::fault;
use actions_core::neon::annotation::Kind;
use actions_core::neon::{Branch, retention};

use super::{all, check_history, done, name_of, parent, planned, subject_of};
use crate::pending::Pending;
use crate::plan;
use crate::report;
use crate::session::Session;
use crate::this_run::ThisRun;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    let all = all(session).await?;
    let branch = subject_of(session, &all).ok_or_else(|| report::missing(&inputs.subject))?;
    let source = parent(session).await?.unwrap_or_else(|| branch.clone());
    let source_text = report::source(Some(&source.name), inputs.point.as_ref());
    let run = ThisRun::of(&inputs.event);
    if let Some(since) = inputs.migrated_in {
        if let Some((attempt, kept)) = run.put_back(&all, &branch.name, since) {
            let text = report::put_back_already(&branch.name, attempt, &kept.name);
            return already(session, &all, branch, kept, text);
        }
        // Within one attempt no other run comes between.
        if run.is_after(since)
            && source.is_a(Kind::Checkpoint)
            && let Some(newer) = retention::newer(&all, &branch.id, &source)
        {
            return Err(report::passed(&branch.name, &source.name, &newer.name).into());
        }
    }
    // What is there is always kept, whether Neon asks for a name to keep it under or not.
    let preserve = inputs.preserve.clone().unwrap_or_else(|| {
        if inputs.moment.is_some() {
            run.backup(&branch.name)
        } else {
            run.free_backup(&branch.name, &all)
        }
    });
    if let Some(kept) = all.iter().find(|known| known.name == preserve) {
        let same_run = inputs.preserve.is_none();
        if branch.parent_id.as_ref() == Some(&kept.id) && plan::is_restored(branch, inputs.moment.as_ref(), same_run) {
            return already(
                session,
                &all,
                branch,
                kept,
                report::restored_already(&branch.name, &kept.name),
            );
        }
        return Err(fault(format!(
            "could not restore branch `{}`: a branch `{}` exists, so its state cannot be preserved under that name",
            branch.name, kept.name
        ))
        .hint("give another `preserve-under-name`")
        .into());
    }
    let standing = inputs.subject.standing(branch);
    plan::may_restore(branch, &standing, inputs.force_foreign)
        .map_err(|objection| report::refused("restore", &branch.name, &objection))?;
    check_history(session, &format!("restore branch `{}`", branch.name), Some(&source)).await?;
    let Some(writer) = session.writer() else {
        planned(session, report::would_restore(&branch.name, &source_text, &preserve));
        return Ok(());
    };
    session.report.base.original_parent.clone_from(&branch.parent_id);
    let original = branch.parent_id.as_deref().unwrap_or_default();
    session.runner.output("original-parent", original)?;
    let could_not = |cause| fault(format!("could not restore branch `{}`", branch.name)).because(cause);
    let point = inputs.point.as_ref();
    let restore = writer.restore(&branch.id, &source.id, point, Some(&preserve));
    let restored = session.write(Pending::change(branch), restore).await;
    let restored = restored.map_err(could_not)?;
    session.changed();
    session.report.base.preserved = Some(preserve.clone());
    session.runner.output("preserved", &preserve)?;
    let parent_name = restored.parent_id.as_deref().map(|id| name_of(&all, id));
    session.tell_branch(&restored, parent_name, false)?;
    done(session, report::restored(&branch.name, &source_text, &preserve));
    // The default branch is never reset.
    if !branch.default && restored.parent_id != branch.parent_id {
        session.warn(report::new_parent(&branch.name, &preserve, branch.parent_id.as_deref()));
    }
    let connection = session
        .neon
        .connection(&restored, &inputs.login)
        .await
        .map_err(could_not)?;
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}

/// It was done before: tells which branch keeps what was there, and changes nothing.
fn already(
    session: &mut Session<'_>,
    all: &[Branch],
    branch: &Branch,
    kept: &Branch,
    text: String,
) -> anyhow::Result<()> {
    session.tell_branch(branch, branch.parent_id.as_deref().map(|id| name_of(all, id)), false)?;
    session.report.base.preserved = Some(kept.name.clone());
    session.runner.output("preserved", &kept.name)?;
    done(session, text);
    Ok(())
}
