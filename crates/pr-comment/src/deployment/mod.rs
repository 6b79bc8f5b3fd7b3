//! GitHub Deployments: what GitHub itself shows of an environment, beside the comment.
//!
//! - [`plan`]: which deployment is this run's, what it is to say, which others are over.
//! - [`apply`]: reading them, and carrying that out.
//! - [`pulls`], [`news`]: which merged pull requests came with it, and telling them.
//! - [`dora`]: figures of delivery.

mod apply;
mod dora;
mod news;
mod plan;
mod pulls;
pub(crate) mod report;
mod status;

use actions_comment::plan::Wanted;
use actions_comment::render::Ending;
use actions_core::github::{Changes, Error, Reader, Writer};
use actions_core::reports::{self, Status};
use actions_core::runner::{Runner, command};
use jiff::Timestamp;

use crate::inputs::Inputs;

use self::apply::Done;
pub(crate) use self::apply::Subject;
pub(crate) use self::plan::Phase;
use self::plan::Plan;
use self::pulls::Brought;

const TITLE: &str = "pr-comment";

/// What is asked for of an environment.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) subject: Subject,
    /// The input `deployment`.
    pub(crate) deployment: bool,
    /// The input `commit-status`, with the context.
    pub(crate) commit_status: Option<String>,
    /// `None`: what was told is taken back (`command: delete`).
    pub(crate) phase: Option<Phase>,
    pub(crate) dry_run: bool,
    /// The token of such a run can only read.
    pub(crate) reads_only: bool,
}

/// What was reached.
#[derive(Debug, Default)]
pub(crate) struct Told {
    done: Done,
    /// The commit has a status that it had not.
    status_set: bool,
    /// What came with it: to be told to its pull requests, once it has ended.
    brought: Brought,
    /// Those that were told.
    pulls: Vec<u64>,
    /// Whether what some of them are told is new.
    pulls_changed: bool,
}

impl Told {
    /// Whether GitHub shows something else than before.
    pub(crate) fn changed(&self) -> bool {
        self.done.changed() || self.status_set || self.pulls_changed
    }

    /// Whether a newer run has spoken for the environment already.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.done.overtaken.is_some()
    }

    /// For the report; `None` where no deployment was asked for, or none was come to.
    pub(crate) fn deployment(self) -> Option<reports::Deployment> {
        (self.done != Done::default() || !self.pulls.is_empty()).then(|| reports::Deployment {
            id: self.done.id,
            state: self.done.state.map(|state| state.name().to_owned()).unwrap_or_default(),
            retired: self.done.retired,
            deleted: self.done.deleted,
            told: self.pulls,
        })
    }
}

impl Asked {
    pub(crate) fn is_wanted(&self) -> bool {
        self.deployment || self.commit_status.is_some()
    }

    fn environment(&self) -> &str {
        &self.subject.owner.environment
    }

    /// How it ended, where somebody is to hear of it.
    pub(crate) fn news(&self) -> Option<Ending> {
        let Some(Phase::End(ending)) = self.phase else {
            return None;
        };
        let told = matches!(ending, Ending::Success | Ending::Failure | Ending::PutBack);
        (told && self.subject.stays() && self.is_wanted() && !self.dry_run).then_some(ending)
    }
}

/// Tells GitHub how the environment stands, after the comment was written or not: one does not keep the other from being
/// told. The first failure is the run's.
pub(crate) async fn beside(
    runner: &Runner,
    inputs: &Inputs,
    wanted: &Wanted,
    result: anyhow::Result<Status>,
    told: &mut Told,
) -> anyhow::Result<Status> {
    let asked = &inputs.asked;
    if !asked.is_wanted() {
        return result;
    }
    let work = async {
        let reader = inputs
            .reader()
            .map_err(|error| report::refused(error, "set the deployment", asked.environment()))?;
        run(runner, &reader, asked, told).await?;
        if let Some(ending) = asked.news() {
            news::tell(runner, &Writer::from(reader), ending, asked.environment(), wanted, told).await;
        }
        Ok(())
    };
    let ended = match crate::until_cancelled(work).await {
        Ok(ended) => ended,
        Err(signal) => Err(report::cancelled(signal, asked.environment())),
    };
    match (result, ended) {
        (Ok(_), Ok(())) if asked.dry_run => Ok(Status::Planned),
        (result, Ok(())) => result,
        (Ok(_), Err(error)) => Err(error),
        (Err(first), Err(second)) => {
            command::warning(TITLE, &actions_core::error::render(&second));
            Err(first)
        }
    }
}

/// Tells GitHub how the environment stands. `outcome` tells what was reached, also when an error ends it.
///
/// # Errors
/// What GitHub refused, as a failure with its hint; a token that can only read is none.
async fn run(runner: &Runner, reader: &Reader, asked: &Asked, outcome: &mut Told) -> anyhow::Result<()> {
    let environment = asked.environment();
    let Some(phase) = asked.phase else {
        if asked.deployment {
            let removed = take_back(runner, reader, asked, &mut outcome.done).await;
            return allowed(removed, asked, "delete the deployments");
        }
        return Ok(());
    };
    if let (Phase::End(ending), None) = (phase, phase.state()) {
        command::notice(TITLE, &report::nothing(ending, environment));
        if asked.deployment && ending == Ending::Nothing {
            let ended = deploy(runner, reader, asked, phase, outcome, &mut None).await;
            return allowed(ended, asked, "set the deployment");
        }
        return Ok(());
    }
    let mut changes = None;
    if asked.deployment {
        let set = deploy(runner, reader, asked, phase, outcome, &mut changes).await;
        allowed(set, asked, "set the deployment")?;
    }
    if let Some(context) = &asked.commit_status
        && outcome.done.overtaken.is_none()
    {
        let set = status::set(runner, reader, asked, phase, context).await;
        outcome.status_set = *set.as_ref().unwrap_or(&false);
        allowed(set.map(drop), asked, "set the commit's status")?;
    }
    if asked.news().is_some()
        && outcome.done.overtaken.is_none()
        && let Some(head) = &asked.subject.sha
    {
        match pulls::brought(reader, changes.as_ref(), head).await {
            Ok(brought) => outcome.brought = brought,
            Err(error) => command::warning(TITLE, &report::unsought(&error)),
        }
    }
    Ok(())
}

fn allowed(done: Result<(), Error>, asked: &Asked, what: &str) -> anyhow::Result<()> {
    match done {
        Err(error) if error.is_forbidden() && asked.reads_only => {
            command::notice(TITLE, &report::not_allowed(asked.environment()));
            Ok(())
        }
        Err(error) => Err(report::refused(error, what, asked.environment())),
        Ok(()) => Ok(()),
    }
}

async fn take_back(runner: &Runner, reader: &Reader, asked: &Asked, done: &mut Done) -> Result<(), Error> {
    let owner = &asked.subject.owner;
    if asked.dry_run {
        let there = reader.deployments_of(owner).await?;
        runner.say(&report::planned_deletion(there.len(), &owner.environment));
        return Ok(());
    }
    apply::remove(&Writer::from(reader.clone()), owner, done).await?;
    if let Some(sentence) = report::sentence(done, &owner.environment) {
        runner.say(&sentence);
    }
    Ok(())
}

async fn deploy(
    runner: &Runner,
    reader: &Reader,
    asked: &Asked,
    phase: Phase,
    outcome: &mut Told,
    changes: &mut Option<Changes>,
) -> Result<(), Error> {
    let subject = &asked.subject;
    let looked = apply::look(reader, subject, phase).await?;
    if asked.dry_run {
        let plan: Plan = plan::plan(&looked.facts, &subject.owner, subject.run, phase, &subject.url);
        runner.say(&report::planned(&plan, asked.environment()));
        return Ok(());
    }
    if subject.stays() {
        *changes = match apply::changes(reader, subject, &looked.facts).await {
            Ok(changes) => changes,
            // What it is for, the deployment can do without.
            Err(error) => {
                command::notice(TITLE, &report::no_changes(&error));
                None
            }
        };
    }
    let first = changes.as_ref().and_then(|changes| changes.first);
    let writer = Writer::from(reader.clone());
    apply::carry_out(&writer, subject, phase, &looked.facts, first, &mut outcome.done).await?;
    if let Some(sentence) = report::sentence(&outcome.done, asked.environment()) {
        runner.say(&sentence);
    }
    if asked.news().is_some() {
        let now = Timestamp::now();
        let histories = apply::after(looked.facts, subject, first, &outcome.done, now);
        if let Some(figures) = dora::figures(&histories, looked.all, now) {
            runner.summary(&report::figures(&figures, asked.environment()));
        }
    }
    Ok(())
}
