//! `restore`: the branch as it, or another one, was at some time.

use actions_core::error::fault;
use actions_core::naming;
use actions_core::neon::Branch;

use super::{all, check_history, done, name_of, parent, planned, subject_of};
use crate::pending::Pending;
use crate::plan;
use crate::report;
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    let all = all(session).await?;
    let branch = subject_of(session, &all).ok_or_else(|| report::missing(&inputs.subject.name()))?;
    let source = parent(session).await?.unwrap_or_else(|| branch.clone());
    let from_itself = source.id == branch.id;
    let source_text = report::source(Some(&source.name), inputs.point.as_ref());
    // Neon asks for a name to preserve under in both cases; so that it need not be thought of, there is one.
    let needed = from_itself || !plan::children(&all, branch).is_empty();
    let preserve = inputs
        .preserve
        .clone()
        .or_else(|| needed.then(|| backup_name(session, branch)));
    if let Some(name) = &preserve
        && let Some(kept) = all.iter().find(|known| known.name == *name)
    {
        return already(session, &all, branch, kept);
    }
    let standing = inputs.subject.standing(branch);
    plan::may_restore(branch, &standing, inputs.force_foreign)
        .map_err(|objection| report::refused("restore", &branch.name, &objection))?;
    check_history(session, &format!("restore branch `{}`", branch.name), Some(&source)).await?;
    let Some(writer) = session.writer() else {
        planned(
            session,
            report::would_restore(&branch.name, &source_text, preserve.as_deref()),
        );
        return Ok(());
    };
    session.report.base.original_parent.clone_from(&branch.parent_id);
    let original = branch.parent_id.as_deref().unwrap_or_default();
    session.runner.output("original-parent", original)?;
    let could_not = |cause| fault(format!("could not restore branch `{}`", branch.name)).because(cause);
    let point = inputs.point.as_ref();
    let restore = writer.restore(&branch.id, &source.id, point, preserve.as_deref());
    let restored = session.write(Pending::change(branch), restore).await;
    let restored = restored.map_err(could_not)?;
    session.changed();
    session.report.base.preserved.clone_from(&preserve);
    session
        .runner
        .output("preserved", preserve.as_deref().unwrap_or_default())?;
    let parent_name = restored.parent_id.as_deref().map(|id| name_of(&all, id));
    session.tell_branch(&restored, parent_name, false)?;
    done(
        session,
        report::restored(&branch.name, &source_text, preserve.as_deref()),
    );
    if let Some(preserve) = preserve
        .as_deref()
        .filter(|_| from_itself && restored.parent_id != branch.parent_id)
    {
        session.warn(report::new_parent(&branch.name, preserve, branch.parent_id.as_deref()));
    }
    let connection = session
        .neon
        .connection(&restored, &inputs.login)
        .await
        .map_err(could_not)?;
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}

/// One name per branch and workflow run, so that a run that is started again finds what it has done.
fn backup_name(session: &Session<'_>, branch: &Branch) -> String {
    let run = session.inputs.event.run_id.clone();
    let run = run.unwrap_or_else(|| jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string());
    naming::branch(&format!("{}-before-restore-{run}", branch.name))
}

/// The name to preserve under is taken: by this very restore, or by something else.
fn already(session: &mut Session<'_>, all: &[Branch], branch: &Branch, kept: &Branch) -> anyhow::Result<()> {
    let same_run = session.inputs.preserve.is_none();
    let wanted = session.inputs.moment.as_ref();
    if branch.parent_id.as_ref() == Some(&kept.id) && plan::is_restored(branch, wanted, same_run) {
        session.tell_branch(branch, branch.parent_id.as_deref().map(|id| name_of(all, id)), false)?;
        session.report.base.preserved = Some(kept.name.clone());
        session.runner.output("preserved", &kept.name)?;
        done(session, report::restored_already(&branch.name, &kept.name));
        return Ok(());
    }
    Err(fault(format!(
        "could not restore branch `{}`: a branch `{}` exists, so its state cannot be preserved under that name",
        branch.name, kept.name
    ))
    .hint("give another `preserve-under-name`")
    .into())
}
