//! One comment per pull request that tells the state of its environment.

mod alert;
mod deployment;
mod inputs;
mod report;
mod sources;
mod template;

use std::pin::pin;
use std::process::ExitCode;
use std::time::Instant;

use actions_comment::apply::{self, Done, Outcome};
use actions_comment::document::MAIN;
use actions_comment::plan::{self, Change, LONGEST, Step, Wanted};
use actions_comment::refusal;
use actions_comment::render::{self, UNTIL_THEN};
use actions_core::error;
use actions_core::github::{Error, Writer};
use actions_core::reports::{self, Head, PrComment, Status};
use actions_core::runner::signal::{self, Interrupt};
use actions_core::runner::{self, Runner, command};
use actions_core::secret::redact;
use jiff::Timestamp;

use crate::deployment::Told;
use crate::inputs::{Command, Inputs};

fn main() -> ExitCode {
    runner::main("pr-comment", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let inputs = Inputs::read(&runner.env).await?;
    if let Some(unknown) = &inputs.unknown {
        command::notice("pr-comment", unknown);
    }
    let started = Instant::now();
    let wanted = wanted(&inputs)?;
    if inputs.command == Command::Upsert {
        runner.summary(&wanted.text);
    }

    let mut done = Done::default();
    let result = match inputs.pull_request {
        Some(pull_request) => comment_on(runner, &inputs, pull_request, &wanted, &mut done).await,
        // Only the environment itself is told of.
        None => Ok(Status::Done),
    };
    let mut told = Told::default();
    let result = deployment::beside(runner, &inputs, &wanted, result, &mut told).await;
    if inputs.alert_issue && !told.is_overtaken() {
        alert::keep(runner, &inputs, &wanted.text).await;
    }
    tell(runner, &inputs, &done, told, result.as_ref(), started)?;
    result.map(|_| ())
}

/// Brings the comment to what it is to say, and tells what became of that.
async fn comment_on(
    runner: &Runner,
    inputs: &Inputs,
    pull_request: u64,
    wanted: &Wanted,
    done: &mut Done,
) -> anyhow::Result<Status> {
    match until_cancelled(carry_out(runner, inputs, pull_request, wanted, done)).await {
        Err(signal) => Err(report::cancelled(signal, pull_request, done.unclear)),
        Ok(Err(error)) => match refusal::of(&error, inputs.reads_only) {
            Ok(silence) => {
                // What is soon over is told there only when it stands nowhere else.
                if inputs.command == Command::Start {
                    runner.summary(&wanted.text);
                }
                command::notice("pr-comment", &report::not_written(silence, pull_request));
                Ok(Status::Done)
            }
            Err(refusal) => Err(report::refused(error, refusal, pull_request)),
        },
        Ok(Ok(_)) if done.outcome == Outcome::Unknown => Err(report::later_version(pull_request)),
        Ok(Ok(_)) if done.outcome == Outcome::Overwritten => Err(report::overwritten(pull_request)),
        Ok(Ok(_)) if done.outcome == Outcome::Nothing && !inputs.dry_run => Err(report::vanished(pull_request)),
        Ok(Ok(status)) => Ok(status),
    }
}

/// What the comment is to say.
fn wanted(inputs: &Inputs) -> anyhow::Result<Wanted> {
    let (frame, reports) = (&inputs.frame, &inputs.reports);
    let (change, text) = match inputs.command {
        Command::Upsert => {
            let text = match &inputs.template {
                Some(source) => template::render(source, frame, reports).map_err(report::bad_template)?,
                None => render::render(frame, reports),
            };
            // An empty file, a template whose names are wrong: no reason to take away what the comment says.
            if inputs.pull_request.is_some() && text.trim().is_empty() {
                return Err(report::says_nothing());
            }
            (Change::Write, text)
        }
        Command::Start => (Change::Begin, render::start(frame, Timestamp::now())),
        Command::Delete => (Change::Remove, String::new()),
    };
    Ok(Wanted {
        key: inputs.key.clone(),
        run: inputs.run,
        section: inputs.section.clone(),
        change,
        mode: inputs.mode,
        text: redact(&text),
        until_then: UNTIL_THEN.to_owned(),
        hide: inputs.section == MAIN && render::is_gone(reports, frame.job),
        cut: render::cut(frame.run_url.as_deref()),
        stuck: false,
    })
}

/// The end of `work`. After a signal it has a while left for the request that is under way, so that the report can
/// tell what became of it.
async fn until_cancelled<T>(work: impl Future<Output = T>) -> Result<T, Interrupt> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        ended = &mut work => Ok(ended),
        signal = signal::cancelled() => tokio::time::timeout(signal.last_answer(), work).await.map_err(|_| signal),
    }
}

async fn carry_out(
    runner: &Runner,
    inputs: &Inputs,
    pull_request: u64,
    wanted: &Wanted,
    done: &mut Done,
) -> Result<Status, Error> {
    let reader = inputs.reader()?;
    // All that this run wrote is one comment; a section is a part of it.
    let whole = inputs.command == Command::Delete && inputs.section == MAIN;
    if inputs.dry_run {
        let facts = apply::look(&reader, pull_request, &wanted.key, None).await?;
        runner.say(&if whole {
            let plan = plan::delete(&facts.comments, &facts.identity, &wanted.key, wanted.run);
            report::planned_deletion(
                &plan,
                facts.noted(plan.as_deref().unwrap_or_default(), &wanted.key),
                pull_request,
            )
        } else {
            let plan = plan::upsert(&facts.comments, &facts.identity, wanted, LONGEST);
            match &plan.step {
                Step::Delete(ids) => report::deletion(ids.len(), facts.noted(ids, &wanted.key), pull_request),
                step => report::planned(step, plan.leftovers.len(), pull_request),
            }
        });
        return Ok(Status::Planned);
    }
    let writer = Writer::from(reader);
    if whole {
        apply::delete(&writer, pull_request, &wanted.key, wanted.run, done).await?;
    } else {
        apply::upsert(&writer, pull_request, wanted, done).await?;
    }
    for warning in &done.warnings {
        command::warning("pr-comment", &report::beside(warning));
    }
    runner.say(&report::sentence(done, pull_request));
    Ok(Status::Done)
}

/// Outputs and report, whatever happened.
fn tell(
    runner: &Runner,
    inputs: &Inputs,
    done: &Done,
    told: Told,
    result: Result<&Status, &anyhow::Error>,
    started: Instant,
) -> anyhow::Result<()> {
    let status = *result.unwrap_or(&Status::Failed);
    let changed = done.changed() || told.changed();
    runner.output("changed", if changed { "true" } else { "false" })?;
    let deployment = told.deployment();
    let id = deployment.as_ref().and_then(|deployment| deployment.id);
    runner.output("deployment-id", &id.map(|id| id.to_string()).unwrap_or_default())?;
    runner.output("posted", if done.posted() { "true" } else { "false" })?;
    runner.output("comment-id", &done.id.map(|id| id.to_string()).unwrap_or_default())?;
    runner.output("comment-url", done.url.as_deref().unwrap_or_default())?;
    runner.report(PrComment {
        head: Head {
            command: match inputs.command {
                Command::Upsert => reports::Command::Upsert,
                Command::Start => reports::Command::Start,
                Command::Delete => reports::Command::Delete,
            },
            environment: inputs.frame.environment.clone(),
            pull_request: inputs.pull_request,
            status,
            changed,
            seconds: started.elapsed().as_secs_f64(),
            error: result.err().map(error::render),
            ..Head::default()
        },
        comment: report::comment(done, status),
        deployment: deployment.map(Box::new),
    })
}
