//! `run`: a command on an ephemeral copy, which is deleted whatever happens. The dry run of a migration.

use std::time::Duration;

use actions_core::error::{Fault, fault};
use actions_core::naming;
use actions_core::neon::annotation::{self, Kind};
use actions_core::neon::{Branch, Made, NewBranch, Writer};
use actions_core::runner::signal::{GRACE, Interrupt, Interrupts};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::create::{ready, with_room};
use super::diff::tell;
use super::{check_history, check_lasts, done, given, parent, planned};
use crate::plan;
use crate::report::{self, Diff};
use crate::script::{End, Script};
use crate::session::Session;
use crate::variables;

/// After an interrupted create, the copy may still show up. The waits between the looks, short enough for the ten
/// seconds that a runner leaves us.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

/// What is left for the report when a cancelled run has ended its command and removed the copy.
const REPORT: Duration = Duration::from_secs(1);

pub(super) async fn run(session: &mut Session<'_>, interrupts: &mut Interrupts) -> anyhow::Result<()> {
    let (new, source) = tokio::select! {
        prepared = prepare(session) => prepared?,
        signal = interrupts.next() => return Err(report::interrupted(signal).into()),
    };
    let name = new.name.clone();
    let Some(writer) = session.writer() else {
        planned(
            session,
            format!("run the command on `{name}`, a copy of {source}, and delete that"),
        );
        return Ok(());
    };
    // From here on, no `?` before the copy is removed.
    let outcome = on_copy(session, &writer, &new, &source, interrupts).await;
    // A cancelled job is killed ten seconds after its first signal, and operations may lock the project meanwhile.
    let hurried = session.neon.clone().hurried().writer();
    let removal = remove(&hurried, &name);
    let removed = match &outcome {
        Err(Stop::Cancelled(_, at)) => timeout_at(*at + GRACE.saturating_sub(REPORT), removal)
            .await
            .unwrap_or_else(|_| Err(report::out_of_time().into())),
        _ => removal.await,
    };
    // The looks for the copy have settled what became of its making.
    session.take_pending();
    match &removed {
        Ok(true) => session.say(report::copy_deleted(&name)),
        Ok(false) => {}
        Err(why) => {
            session.changed();
            session.warn(report::copy_left(&name, new.expires_at, why));
        }
    }
    match outcome {
        Err(Stop::Cancelled(signal, _)) => Err(report::interrupted(signal).into()),
        Err(Stop::Failed(error)) => Err(error),
        Ok(()) => removed.map(|_| ()),
    }
}

/// Why the command has not succeeded on the copy.
enum Stop {
    /// By this signal, at this time.
    Cancelled(Interrupt, Instant),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// The copy to be made, and of what. Nothing is made while a variable leads the command past it.
async fn prepare(session: &mut Session<'_>) -> anyhow::Result<(NewBranch, String)> {
    let inputs = session.inputs;
    let (parent, doors, _) = futures_util::join!(parent(session), session.neon.doors(), inputs.inquiry.source());
    let (parent, doors) = (
        parent?,
        doors.map_err(|cause| fault("could not list the project's computes").because(cause))?,
    );
    let ways = variables::ways_past(session.runner.env.iter(), &doors, &given::names(session));
    if !ways.is_empty() {
        return Err(report::ways_past(&ways).into());
    }
    if doors.lead_through(&inputs.script) {
        return Err(report::script_leads_past().into());
    }
    check_lasts(parent.as_ref())?;
    check_history(session, "make a copy", parent.as_ref()).await?;
    let source = report::source(
        parent.as_ref().map(|branch| branch.name.as_str()),
        inputs.point.as_ref(),
    );
    let made_from = session.source().await;
    let new = NewBranch {
        parent_id: parent.as_ref().map(|branch| branch.id.clone()),
        at: inputs.point.clone(),
        expires_at: plan::expiry_of_new(inputs.life, Timestamp::now()),
        with_compute: true,
        compute: inputs.compute,
        suspend_timeout: inputs.suspend_timeout,
        annotation: annotation::write(&inputs.subject.owner, &inputs.origin(&made_from), Kind::Copy, None),
        name: copy_name(session),
        ..NewBranch::default()
    };
    Ok((new, source))
}

/// `run-pr-42-1001-1-3f9a`: whose it is can be read, and no two runs share one.
fn copy_name(session: &Session<'_>) -> String {
    let inputs = session.inputs;
    let what = inputs.subject.owner.pull_request.map_or_else(
        || inputs.event.head_ref.clone().unwrap_or_else(|| "copy".to_owned()),
        |number| format!("pr-{number}"),
    );
    let event = &inputs.event;
    let run = format!(
        "{}-{}",
        event.run_id.as_deref().unwrap_or("local"),
        event.run_attempt.as_deref().unwrap_or("1")
    );
    let unique = actions_core::owner::short_hash(&format!("{:?} {}", Instant::now(), std::process::id()), 6);
    naming::branch(&format!("run-{what}-{run}-{unique}"))
}

/// Makes the copy and runs the command on it. Does not remove it.
async fn on_copy(
    session: &mut Session<'_>,
    writer: &Writer,
    new: &NewBranch,
    source: &str,
    interrupts: &mut Interrupts,
) -> Result<(), Stop> {
    let made = async {
        let created = match with_room(session, writer, new).await? {
            Made::New(created) => *created,
            Made::Existing(branch) => return Err(anyhow::anyhow!("a branch `{}` exists", branch.name)),
            Made::LimitReached(cause) => return Err(cause.into()),
        };
        let (connection, _) = ready(session, created).await?;
        session.wait(&connection).await?;
        // Read again: the point that a copy was taken at is final only now.
        let copy = session.neon.named(&new.name).await?;
        let copy = copy.ok_or_else(|| fault(format!("the copy `{}` is gone", new.name)))?;
        Ok((copy, connection))
    };
    let (copy, connection) = tokio::select! {
        made = made => made?,
        signal = interrupts.next() => return Err(Stop::Cancelled(signal, Instant::now())),
    };
    session.say(report::running(&session.inputs.script, &copy.name, source));
    let script = Script {
        text: &session.inputs.script,
        directory: &session.inputs.working_directory,
        env: &given::values(session, &connection),
    };
    let began = Instant::now();
    let end = script.run(session.runner, interrupts).await?;
    let status = match end {
        End::Interrupted(signal, at) => return Err(Stop::Cancelled(signal, at)),
        End::Exited(status) => status,
    };
    let took = began.elapsed();
    session.report.base.exit_status = Some(status);
    session.runner.output("exit-status", &status.to_string())?;
    let diff = tokio::select! {
        diff = compare(session, &copy, source) => diff?,
        signal = interrupts.next() => return Err(Stop::Cancelled(signal, Instant::now())),
    };
    if status == 0 {
        done(session, report::ran(took, diff.as_ref()));
        Ok(())
    } else {
        Err(Stop::Failed(report::command_failed(status, diff.as_ref()).into()))
    }
}

/// What the command changed: the copy's schema against its source's at the point where it was copied.
async fn compare(session: &mut Session<'_>, copy: &Branch, source: &str) -> anyhow::Result<Option<Diff>> {
    let Some(base) = copy.parent_id.clone() else {
        return Ok(None);
    };
    let database = &session.inputs.login.database;
    let lsn = copy.parent_lsn.as_deref();
    match session.neon.schema_diff(&copy.id, &base, lsn, database).await {
        Ok(text) => {
            let diff = Diff::of(&text);
            tell(
                session,
                &text,
                &diff,
                &format!("What the command changes on {}", source.replace('`', "")),
            )?;
            Ok(Some(diff))
        }
        Err(why) => {
            session.warn(report::no_diff(&why));
            Ok(None)
        }
    }
}

/// Deletes the copy, if it is there. `false`: it never was.
async fn remove(writer: &Writer, name: &str) -> anyhow::Result<bool> {
    let could_not = |cause: actions_core::neon::Error| -> Fault { fault("could not delete it").because(cause) };
    for wait in LOOKS {
        tokio::time::sleep(wait).await;
        if let Some(copy) = writer.named(name).await.map_err(could_not)? {
            writer.delete(&copy.id).await.map_err(could_not)?;
            return Ok(true);
        }
    }
    Ok(false)
}
