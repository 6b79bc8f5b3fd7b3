//! One module per command.

mod checkpoint;
mod copy;
mod create;
mod delete;
mod diff;
mod get;
mod given;
mod migrate;
mod reset;
mod restore;

use std::time::Duration;

use actions_core::error::fault;
use actions_core::neon::Branch;
use actions_core::runner::signal::Interrupts;
use jiff::Timestamp;

use crate::inputs::Command;
use crate::plan;
use crate::report;
use crate::session::Session;

/// Carries out the command, until it has ended or the run is cancelled.
pub(crate) async fn run(session: &mut Session<'_>, interrupts: &mut Interrupts) -> anyhow::Result<()> {
    if session.inputs.command == Command::Run {
        return copy::run(session, interrupts).await;
    }
    if session.inputs.command == Command::Migrate {
        return migrate::run(session, interrupts).await;
    }
    let mut pending = session.watch_pending();
    let command = carry_out(session);
    tokio::pin!(command);
    let signal = tokio::select! {
        done = &mut command => return done,
        signal = interrupts.next() => signal,
    };
    // A write that was sent may be carried out whether we wait for its answer or not: better to know.
    tokio::select! {
        biased;
        done = &mut command => return done,
        _ = pending.wait_for(Option::is_none) => {}
        () = tokio::time::sleep(signal.last_answer()) => {}
    }
    Err(report::interrupted(signal).into())
}

async fn carry_out(session: &mut Session<'_>) -> anyhow::Result<()> {
    match session.inputs.command {
        Command::Create => create::run(session).await,
        Command::Get => get::run(session).await,
        Command::Delete => delete::run(session).await,
        Command::Reset => reset::run(session).await,
        Command::Restore => restore::run(session).await,
        Command::Checkpoint => checkpoint::run(session).await,
        Command::Diff => diff::run(session).await,
        // They end their command by themselves, whatever happens.
        Command::Run | Command::Migrate => Ok(()),
    }
}

/// The branch that the inputs mean, by name or id.
async fn subject(session: &Session<'_>) -> anyhow::Result<Branch> {
    for wanted in session.inputs.subject.names() {
        let found = session.neon.named(&wanted).await;
        let found = found.map_err(|cause| fault(format!("could not look for branch `{wanted}`")).because(cause))?;
        if let Some(branch) = found {
            return Ok(branch);
        }
    }
    Err(report::missing(&session.inputs.subject).into())
}

/// The branch that the inputs mean, out of all.
fn subject_of<'a>(session: &Session<'_>, all: &'a [Branch]) -> Option<&'a Branch> {
    let names = session.inputs.subject.names();
    names
        .iter()
        .find_map(|name| all.iter().find(|branch| branch.name == *name || branch.id == *name))
}

/// Every branch of the project.
async fn all(session: &Session<'_>) -> anyhow::Result<Vec<Branch>> {
    let all = session.neon.branches().await;
    Ok(all.map_err(|cause| fault("could not list the project's branches").because(cause))?)
}

/// The name of the branch with this id, or the id itself.
fn name_of(all: &[Branch], id: &str) -> String {
    all.iter()
        .find(|branch| branch.id == id)
        .map_or_else(|| id.to_owned(), |branch| branch.name.clone())
}

/// The branch that `parent` names. Absent is an error: a typing mistake must not copy something else.
async fn parent(session: &Session<'_>) -> anyhow::Result<Option<Branch>> {
    let Some(wanted) = &session.inputs.parent else {
        return Ok(None);
    };
    let found = session.neon.named(wanted).await;
    let found = found.map_err(|cause| fault(format!("could not look for branch `{wanted}`")).because(cause))?;
    match found {
        Some(branch) => Ok(Some(branch)),
        None => Err(fault(format!("there is no branch `{wanted}` to copy from"))
            .hint("`parent` is a branch's name or id, compared exactly; without it, the project's default branch is copied")
            .into()),
    }
}

/// Neon makes no branches from a branch that expires.
fn check_lasts(of: Option<&Branch>) -> anyhow::Result<()> {
    match of.filter(|branch| branch.expires_at.is_some()) {
        Some(branch) => Err(report::expiring_parent(&branch.name).into()),
        None => Ok(()),
    }
}

/// Whether the point of the inputs lies in the history of `of` (the project's default branch when absent). Says how
/// far the history goes back.
async fn check_history(session: &Session<'_>, what: &str, of: Option<&Branch>) -> anyhow::Result<()> {
    let Some(point) = &session.inputs.point else {
        return Ok(());
    };
    let project = session.neon.project().await;
    let project = project.map_err(|cause| fault("could not read the project's history window").because(cause))?;
    let window = Duration::from_secs(project.history_retention_seconds);
    let now = Timestamp::now();
    session.say(report::window(window, now));
    plan::may_go_back(point, of, window, now).map_err(|why| report::out_of_history(what, point, &why))?;
    Ok(())
}

/// What a dry run would do, told once in the log and kept for summary and report.
fn planned(session: &mut Session<'_>, line: String) {
    session.say(format!("would {line}"));
    session.report.base.plan.push(line);
}

/// What was done, told in the log and kept for the summary.
fn done(session: &mut Session<'_>, line: String) {
    session.say(&line);
    session.report.outcome = line;
}
