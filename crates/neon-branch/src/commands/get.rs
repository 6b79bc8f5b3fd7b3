//! `get`: the connection of a branch that exists. Only reads.

use actions_core::error::fault;

use super::{all, done, subject};
use crate::report;
use crate::session::Session;
use crate::this_run::ThisRun;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let branch = subject(session).await?;
    if let Some(since) = session.inputs.migrated_in {
        let run = ThisRun::of(&session.inputs.event);
        if let Some((attempt, kept)) = run.put_back(&all(session).await?, &branch.name, since) {
            return Err(report::undone(&branch.name, attempt, &kept.name).into());
        }
    }
    let connection = session.neon.connection(&branch, &session.inputs.login).await;
    let connection = connection
        .map_err(|cause| fault(format!("could not read the connection of branch `{}`", branch.name)).because(cause))?;
    session.tell_branch(&branch, branch.parent_id.clone(), false)?;
    done(session, report::exists(&branch));
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}
