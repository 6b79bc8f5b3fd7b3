//! `get`: the connection of a branch that exists. Only reads.

use actions_core::error::fault;

use super::{done, subject};
use crate::report;
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let branch = subject(session).await?;
    let connection = session.neon.connection(&branch, &session.inputs.login).await;
    let connection = connection
        .map_err(|cause| fault(format!("could not read the connection of branch `{}`", branch.name)).because(cause))?;
    session.tell_branch(&branch, branch.parent_id.clone(), false)?;
    done(session, report::exists(&branch));
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}
