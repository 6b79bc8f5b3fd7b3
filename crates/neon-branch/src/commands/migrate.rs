//! `migrate`: the command on the branch itself, with the very variables by which `run` has tried it on a copy.

use std::time::Duration;

use actions_core::error::fault;
use actions_core::neon::{Branch, Connection};
use actions_core::runner::signal::Interrupts;
use tokio::time::Instant;

use super::{done, given, planned, subject};
use crate::plan;
use crate::report;
use crate::script::{End, Script};
use crate::session::Session;
use crate::variables;

pub(super) async fn run(session: &mut Session<'_>, interrupts: &mut Interrupts) -> anyhow::Result<()> {
    let (branch, connection) = tokio::select! {
        prepared = prepare(session) => prepared?,
        signal = interrupts.next() => return Err(report::interrupted(signal).into()),
    };
    session.tell_branch(&branch, None, false)?;
    if session.inputs.dry_run {
        planned(session, format!("run the command on branch `{}` itself", branch.name));
        return Ok(());
    }
    session.say(report::migrating(&session.inputs.script, &branch.name));
    // Nobody but the command knows what it does, and how far it comes.
    session.changed();
    let script = Script {
        text: &session.inputs.script,
        directory: &session.inputs.working_directory,
        env: &given::values(session, &connection),
    };
    let began = Instant::now();
    match script.run(session.runner, interrupts).await? {
        End::Interrupted(signal, _) => Err(report::migration_interrupted(signal, &branch.name).into()),
        End::Exited(status) => ended(session, &branch, status, began.elapsed()),
    }
}

/// The branch and how it is reached. Nothing is run while a variable leads the command to another one.
async fn prepare(session: &Session<'_>) -> anyhow::Result<(Branch, Connection)> {
    let inputs = session.inputs;
    let (branch, doors) = futures_util::join!(subject(session), session.neon.doors());
    let branch = branch?;
    let doors = doors.map_err(|cause| fault("could not list the project's computes").because(cause))?;
    let others = doors.without(&branch.id);
    plan::may_migrate(
        &inputs.subject.standing(&branch),
        inputs.subject.is_the_manifests(),
        inputs.force_foreign,
    )
    .map_err(|objection| report::refused("migrate", &branch.name, &objection))?;
    let ways = variables::ways_past(session.runner.env.iter(), &others, &given::names(session));
    if !ways.is_empty() {
        return Err(report::ways_to_others(&ways, &branch.name).into());
    }
    if others.lead_through(&inputs.script) {
        return Err(report::script_leads_to_another(&branch.name).into());
    }
    let connection = session.neon.connection(&branch, &inputs.login).await;
    let connection = connection
        .map_err(|cause| fault(format!("could not read the connection of branch `{}`", branch.name)).because(cause))?;
    session.wait(&connection).await?;
    Ok((branch, connection))
}

fn ended(session: &mut Session<'_>, branch: &Branch, status: i32, took: Duration) -> anyhow::Result<()> {
    session.report.base.exit_status = Some(status);
    session.runner.output("exit-status", &status.to_string())?;
    if status != 0 {
        return Err(report::migration_failed(status, &branch.name).into());
    }
    done(session, report::migrated(&branch.name, took));
    Ok(())
}
