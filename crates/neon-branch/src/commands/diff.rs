//! `diff`: how the branch's schema differs from its parent's. Only reads.

use actions_core::error::fault;
use actions_core::neon::Branch;

use super::{done, parent, subject};
use crate::report::{self, Diff};
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let branch = subject(session).await?;
    let base = match parent(session).await? {
        Some(base) => base,
        None => own_parent(session, &branch).await?,
    };
    let database = &session.inputs.login.database;
    let text = session.neon.schema_diff(&branch.id, &base.id, None, database).await;
    let text = text.map_err(|cause| {
        fault(format!(
            "could not compare the schema of branch `{}` with `{}`",
            branch.name, base.name
        ))
        .because(cause)
    })?;
    let diff = Diff::of(&text);
    session.tell_branch(&branch, Some(base.name.clone()), false)?;
    tell(session, &text, &diff, &report::diff_title(&branch.name, &base.name))?;
    done(session, report::compared(&branch.name, &base.name, &diff));
    Ok(())
}

async fn own_parent(session: &Session<'_>, branch: &Branch) -> anyhow::Result<Branch> {
    let id = branch.parent_id.as_deref().ok_or_else(|| {
        fault(format!("branch `{}` has no parent to compare it with", branch.name)).hint("name a branch as `parent`")
    })?;
    let parent = session.neon.branch(id).await;
    let parent = parent.map_err(|cause| fault(format!("could not read branch `{id}`")).because(cause))?;
    Ok(parent.ok_or_else(|| report::no_parent(&branch.name, id))?)
}

/// Sets the outputs of a diff, and reports it.
pub(super) fn tell(session: &mut Session<'_>, text: &str, diff: &Diff, title: &str) -> anyhow::Result<()> {
    session.runner.output("diff", &diff.output(text))?;
    if let Some(cut) = diff.cut() {
        session.warn(cut);
    }
    session.runner.output("diff-markdown", &diff.markdown(title))?;
    session.report.base.schema_diff = Some(diff.told.clone());
    session.report.diff = Some(diff.clone());
    Ok(())
}
