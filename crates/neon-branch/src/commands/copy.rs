//! `run`: a command on an ephemeral copy, which is deleted whatever happens. The dry run of a migration.

use std::time::{Duration, Instant};

use actions_core::error::{Fault, fault};
use actions_core::naming;
use actions_core::neon::annotation::{self, Kind};
use actions_core::neon::{Branch, Made, NewBranch, Writer};
use actions_core::secret::ExposeSecret as _;
use jiff::Timestamp;

use super::create::{ready, with_room};
use super::diff::tell;
use super::{check_history, check_lasts, done, parent, planned};
use crate::plan;
use crate::report::{self, Diff};
use crate::script::{End, Script};
use crate::session::Session;
use actions_core::runner::signal::Interrupts;

/// After an interrupted create, the copy may still show up. The waits between the looks, short enough for the ten
/// seconds that a runner leaves us.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    let parent = parent(session).await?;
    check_lasts(parent.as_ref())?;
    check_history(session, "make a copy", parent.as_ref()).await?;
    let source = report::source(
        parent.as_ref().map(|branch| branch.name.as_str()),
        inputs.point.as_ref(),
    );
    let name = copy_name(session);
    let Some(writer) = session.writer() else {
        planned(
            session,
            format!("run the command on `{name}`, a copy of {source}, and delete that"),
        );
        return Ok(());
    };
    let made_from = session.source().await;
    let mut interrupts = Interrupts::listen()?;
    let new = NewBranch {
        parent_id: parent.as_ref().map(|branch| branch.id.clone()),
        at: inputs.point.clone(),
        expires_at: plan::expiry_of_new(inputs.life, Timestamp::now()),
        with_compute: true,
        compute: inputs.compute,
        suspend_timeout: inputs.suspend_timeout,
        annotation: annotation::write(&inputs.owner, &inputs.origin(&made_from), Kind::Copy, None),
        name: name.clone(),
        ..NewBranch::default()
    };
    // From here on, no `?` before the copy is removed.
    let outcome = on_copy(session, &writer, &new, &source, &mut interrupts).await;
    // A cancelled job is killed ten seconds after its first signal, and operations may lock the project meanwhile.
    let hurried = session.neon.clone().hurried().writer();
    let removed = remove(&hurried, &name).await;
    match &removed {
        Ok(true) => session.say(report::copy_deleted(&name)),
        Ok(false) => {}
        Err(why) => {
            session.changed();
            session.warn(report::copy_left(&name, new.expires_at, why));
        }
    }
    outcome?;
    removed.map(|_| ())
}

/// `run-pr-42-1001-1-3f9a`: whose it is can be read, and no two runs share one.
fn copy_name(session: &Session<'_>) -> String {
    let inputs = session.inputs;
    let what = inputs.owner.pull_request.map_or_else(
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
) -> anyhow::Result<()> {
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
        signal = interrupts.next() => return Err(report::interrupted(signal.name(), signal.exit_status()).into()),
    };
    session.say(report::running(&session.inputs.script, &copy.name, source));
    let script = Script {
        text: &session.inputs.script,
        directory: &session.inputs.working_directory,
        env: [
            ("DATABASE_URL", connection.direct.expose_secret()),
            ("DATABASE_URL_POOLED", connection.pooled.expose_secret()),
        ],
    };
    let began = Instant::now();
    let end = script.run(session.runner, interrupts).await?;
    let status = match end {
        End::Interrupted(signal) => return Err(report::interrupted(signal.name(), signal.exit_status()).into()),
        End::Exited(status) => status,
    };
    let took = began.elapsed();
    session.report.base.exit_status = Some(status);
    session.runner.output("exit-status", &status.to_string())?;
    let diff = tokio::select! {
        diff = compare(session, &copy, source) => diff?,
        signal = interrupts.next() => return Err(report::interrupted(signal.name(), signal.exit_status()).into()),
    };
    if status == 0 {
        done(session, report::ran(took, diff.as_ref()));
        Ok(())
    } else {
        Err(report::command_failed(status, diff.as_ref()).into())
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
