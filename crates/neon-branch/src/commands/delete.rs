//! `delete`: the branch is gone afterwards. Gone already is success.

use actions_core::error::fault;

use super::{all, done, planned, subject_of};
use crate::pending::Pending;
use crate::plan;
use crate::report;
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    // The whole list, since only it shows children; and since "not found" must not rest on half a list.
    let all = all(session).await?;
    let Some(branch) = subject_of(session, &all) else {
        done(session, report::absent(&session.inputs.subject.name()));
        return Ok(());
    };
    let inputs = session.inputs;
    plan::may_delete(
        branch,
        &plan::children(&all, branch),
        &inputs.subject.standing(branch),
        inputs.force_foreign,
    )
    .map_err(|objection| report::refused("delete", &branch.name, &objection))?;
    session.runner.output("branch-id", &branch.id)?;
    session.runner.output("branch-name", &branch.name)?;
    let Some(writer) = session.writer() else {
        planned(session, format!("delete branch `{}`", branch.name));
        return Ok(());
    };
    let deleted = session.write(Pending::delete(branch), writer.delete(&branch.id)).await;
    if deleted.map_err(|cause| fault(format!("could not delete branch `{}`", branch.name)).because(cause))? {
        session.changed();
        session.report.base.deleted.push(branch.name.clone());
        done(session, report::deleted(&branch.name));
    } else {
        done(session, report::absent(&branch.name));
    }
    Ok(())
}
