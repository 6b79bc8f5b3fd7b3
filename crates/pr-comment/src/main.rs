//! One comment per pull request that tells the state of its environment.

mod inputs;
mod report;
mod sources;

use std::pin::pin;
use std::process::ExitCode;
use std::time::Instant;

use actions_core::error::render;
use actions_core::github::{Error, Reader, Writer};
use actions_core::reports::{self, Head, PrComment, Status};
use actions_core::runner::signal::{self, Interrupt};
use actions_core::runner::{self, Runner, command};
use actions_core::secret::redact;

use crate::inputs::{Command, Inputs};
use actions_comment::apply::{self, Done, Outcome};
use actions_comment::plan::{self, Wanted};
use actions_comment::{LONGEST_COMMENT, refusal, render as comment};

fn main() -> ExitCode {
    runner::main("pr-comment", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let inputs = Inputs::read(&runner.env).await?;
    if let Some(unknown) = &inputs.unknown {
        command::notice("pr-comment", unknown);
    }
    let started = Instant::now();
    let text = redact(&comment::render(&inputs.frame, &inputs.reports));
    let wanted = Wanted {
        key: inputs.key.clone(),
        run: inputs.run,
        text: actions_core::markdown::fit(&text, LONGEST_COMMENT, report::CUT),
    };
    if inputs.command == Command::Upsert {
        runner.summary(&text);
    }

    let mut done = Done::default();
    let ended = until_cancelled(carry_out(runner, &inputs, &wanted, &mut done)).await;
    let pull_request = inputs.pull_request;
    let result = match ended {
        Err(signal) => Err(report::cancelled(signal, pull_request, done.unclear)),
        Ok(Err(error)) => match refusal::of(&error, inputs.reads_only) {
            Ok(silence) => {
                command::notice("pr-comment", &report::not_written(silence, pull_request));
                Ok(Status::Done)
            }
            Err(refusal) => Err(report::refused(error, refusal, pull_request)),
        },
        Ok(Ok(_)) if done.outcome == Outcome::Nothing && !inputs.dry_run => Err(report::vanished(pull_request)),
        Ok(Ok(status)) => Ok(status),
    };
    tell(runner, &inputs, &done, result.as_ref(), started)?;
    result.map(|_| ())
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

async fn carry_out(runner: &Runner, inputs: &Inputs, wanted: &Wanted, done: &mut Done) -> Result<Status, Error> {
    let access = &inputs.github;
    let http = actions_core::http::client().map_err(Error::Client)?;
    let reader = Reader::new(&access.api_url, &access.token, &access.repository, http)?;
    let pull_request = inputs.pull_request;
    if inputs.dry_run {
        let facts = apply::look(&reader, pull_request, &wanted.key, None).await?;
        runner.say(&match inputs.command {
            Command::Upsert => {
                let plan = plan::upsert(&facts.comments, &facts.identity, wanted);
                report::planned(&plan.step, plan.duplicates.len(), pull_request)
            }
            Command::Delete => {
                let plan = plan::delete(&facts.comments, &facts.identity, &wanted.key, wanted.run);
                report::planned_deletion(&plan, pull_request)
            }
        });
        return Ok(Status::Planned);
    }
    let writer = Writer::from(reader);
    match inputs.command {
        Command::Upsert => apply::upsert(&writer, pull_request, wanted, done).await?,
        Command::Delete => apply::delete(&writer, pull_request, &wanted.key, wanted.run, done).await?,
    }
    runner.say(&report::sentence(done, pull_request));
    Ok(Status::Done)
}

/// Outputs and report, whatever happened.
fn tell(
    runner: &Runner,
    inputs: &Inputs,
    done: &Done,
    result: Result<&Status, &anyhow::Error>,
    started: Instant,
) -> anyhow::Result<()> {
    let status = *result.unwrap_or(&Status::Failed);
    runner.output("changed", if done.changed() { "true" } else { "false" })?;
    runner.output("comment-id", &done.id.map(|id| id.to_string()).unwrap_or_default())?;
    runner.output("comment-url", done.url.as_deref().unwrap_or_default())?;
    runner.report(PrComment {
        head: Head {
            command: match inputs.command {
                Command::Upsert => reports::Command::Upsert,
                Command::Delete => reports::Command::Delete,
            },
            environment: inputs.frame.environment.clone(),
            pull_request: Some(inputs.pull_request),
            status,
            changed: done.changed(),
            seconds: started.elapsed().as_secs_f64(),
            error: result.err().map(render),
            ..Head::default()
        },
        comment: report::comment(done, status),
    })
}
