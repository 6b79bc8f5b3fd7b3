//! `checkpoint`: a restore point before something risky. A branch without a compute: it costs what changes after it.

use actions_core::error::fault;
use actions_core::neon::annotation::{self, Kind};
use actions_core::neon::{Branch, Made, NewBranch, retention};
use jiff::Timestamp;

use super::create::with_room;
use super::{all, check_lasts, done, planned, subject_of};
use crate::pending::Pending;
use crate::plan;
use crate::report;
use crate::session::Session;
use crate::this_run::{ThisRun, outdated};

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    let known = all(session).await?;
    let of = if inputs.subject.names().is_empty() {
        known.iter().find(|branch| branch.default)
    } else {
        subject_of(session, &known)
    };
    let of = of.ok_or_else(|| report::missing(&inputs.subject))?;
    // One per branch and workflow run: when a deploy is run again, the state before its first try is what counts, unless
    // that is not what this attempt has found.
    let run = ThisRun::of(&inputs.event);
    let now = Timestamp::now();
    if let Some((made_in, there)) = run.latest_point(&known, &of.name) {
        let Some(why) = outdated(&run, &known, of, there, made_in) else {
            session.tell_branch(there, Some(of.name.clone()), false)?;
            done(session, report::checkpoint_there(&of.name, there, now));
            return prune(session, of, &known, Some(&there.id)).await;
        };
        session.say(report::outdated(&of.name, there, made_in, &why, now));
    }
    let name = run.point(&of.name);
    check_lasts(Some(of))?;
    let Some(writer) = session.writer() else {
        let expires_at = plan::expiry_of_new(inputs.life, Timestamp::now());
        planned(
            session,
            report::would_create(&name, &report::source(Some(&of.name), None), expires_at),
        );
        return prune(session, of, &known, None).await;
    };
    let source = session.source().await;
    let new = NewBranch {
        parent_id: Some(of.id.clone()),
        expires_at: plan::expiry_of_new(inputs.life, Timestamp::now()),
        annotation: annotation::write(
            &inputs.subject.owner_of_new(&of.name),
            &inputs.origin(&source),
            Kind::Checkpoint,
            Some(&of.id),
        ),
        name: name.clone(),
        ..NewBranch::default()
    };
    let created = match with_room(session, &writer, &new).await? {
        Made::New(created) => {
            session.changed();
            let operations = writer.wait_for_operations(created.operations.clone()).await;
            operations.map_err(|cause| fault(format!("restore point `{name}` is not ready")).because(cause))?;
            (created.branch, true)
        }
        Made::Existing(branch) => (*branch, false),
        Made::LimitReached(cause) => return Err(cause.into()),
    };
    session.tell_branch(&created.0, Some(of.name.clone()), created.1)?;
    done(session, report::checkpointed(&of.name, &name));
    prune(session, of, &all(session).await?, Some(&created.0.id)).await
}

/// Deletes the restore points of `of` beyond the newest `keep`, of which this run's `own` is one.
async fn prune(session: &mut Session<'_>, of: &Branch, known: &[Branch], own: Option<&str>) -> anyhow::Result<()> {
    let keep = session.inputs.keep;
    let (surplus, needed) = retention::surplus(known, &of.id, &session.inputs.subject.owner, keep, own);
    for branch in needed {
        session.warn(report::not_pruned(&branch.name));
    }
    for branch in surplus {
        let Some(writer) = session.writer() else {
            planned(session, format!("delete restore point `{}`", branch.name));
            continue;
        };
        let deleted = session.write(Pending::delete(branch), writer.delete(&branch.id)).await;
        let could_not = |cause| fault(format!("could not delete restore point `{}`", branch.name)).because(cause);
        if deleted.map_err(could_not)? {
            session.changed();
            session.say(report::pruned(&branch.name, keep));
            session.report.base.deleted.push(branch.name.clone());
        }
    }
    Ok(())
}
