//! `command: environment`: one environment goes.

use std::time::Instant;

use actions_core::cloudflare;
use actions_core::github::{Error, Reader, Writer};
use actions_core::owner::Owner;
use actions_core::runner::signal::Interrupts;
use actions_core::runner::{Runner, command};
use tokio::time::sleep_until;

use crate::alert::{self, AFTERWARDS};
use crate::apply::brake::Brake;
use crate::apply::{self, Teardown, Writers};
use crate::bound::keep_bound;
use crate::comment::{self, Teller};
use crate::facts::{Facts, Readers};
use crate::inputs::{Given, Inputs};
use crate::outcome::Stop;
use crate::plan::{self, Decision};
use crate::report::{self, Report, wording};
use crate::subject::Subject;

pub(crate) async fn run(runner: &Runner) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = match Inputs::read(&runner.env).await? {
        Given::Inputs(inputs) => inputs,
        Given::NoSecrets(subject, because) => return Report::without_secrets(&subject, because).write(runner),
    };
    let mut interrupts = Interrupts::listen()?;
    let readers = Readers::new(
        inputs.cloudflare.as_ref(),
        inputs.neon.as_ref(),
        inputs.github.as_ref(),
        inputs.timeout,
        !inputs.dry_run,
    )?;
    let asked = [inputs.subject.owner.environment.as_str()];
    let environments = if inputs.deployments { &asked[..] } else { &[] };
    // Reading may take long, too, where a vendor asks to wait.
    let brake = Brake::new(inputs.timeout);
    let reading = async { tokio::join!(readers.read(&inputs.zone, environments), inputs.inquiry.source()) };
    let read = tokio::select! {
        read = reading => Ok(read),
        signal = interrupts.next() => Err(Stop::Cancelled(signal)),
        () = sleep_until(brake.end()) => Err(Stop::TimeIsUp(inputs.timeout)),
    };
    let (facts, source) = match read {
        Ok(read) => read,
        Err(stop) => {
            let report = Report::stopped(&inputs.subject, stop, started.elapsed());
            report.write(runner)?;
            return report.verdict();
        }
    };
    if let Some(note) = source.may_remove()?.or(source.unknown) {
        command::warning("cleanup", &note);
    }
    tell_undeployed(runner, facts.undeployed.as_ref());
    let subjects = subjects(&inputs, &facts);
    let decided = decide(
        subjects.as_deref().unwrap_or(std::slice::from_ref(&inputs.subject)),
        &facts,
        inputs.adopt,
        readers.cloudflare.as_ref(),
    );
    let decided = tokio::select! {
        decided = decided => Ok(decided),
        signal = interrupts.next() => Err(Stop::Cancelled(signal)),
        () = sleep_until(brake.end()) => Err(Stop::TimeIsUp(inputs.timeout)),
    };
    let mut decision = match decided {
        Ok(decision) => decision,
        Err(stop) => {
            let report = Report::stopped(&inputs.subject, stop, started.elapsed());
            report.write(runner)?;
            return report.verdict();
        }
    };
    if let Some(keep) = inputs.keep {
        decision.also(plan::restore_points(&inputs.subject.owner, &facts, keep));
    }
    runner.say(&report::opening(&inputs.subject, &decision));
    for line in report::staying(&decision) {
        runner.say(&line);
    }
    let settled = if inputs.dry_run {
        runner.say(&report::plan(&decision).to_string());
        apply::planned(decision)
    } else {
        let writers = Writers::new(&readers, &facts);
        let teardown = Teardown::of(decision);
        apply::until_stopped(teardown.carry_out(&writers, &brake), &brake, &mut interrupts).await;
        teardown.settled(&brake)
    };
    let mut report = Report::new(
        &inputs.subject,
        inputs.dry_run,
        settled,
        inputs.unseen,
        started.elapsed(),
    );
    report.zoneless = inputs.zoneless;
    report.by_markers = inputs.by_markers;
    report.write(runner)?;
    if let Some(github) = readers
        .github
        .as_ref()
        .filter(|_| !inputs.dry_run && !report.is_cancelled())
    {
        let named = subjects.as_deref().and_then(<[Subject]>::first);
        let owner = &named.unwrap_or(&inputs.subject).owner;
        if inputs.deployments && report.has_news() {
            tell_in_comment(github, owner, &report, &inputs.teller, runner).await;
        }
        if inputs.alert {
            alert::keep(github, owner, &report, runner).await;
        }
    }
    report.verdict()
}

/// The environments that markers tell of, where no manifest does.
fn subjects(inputs: &Inputs, facts: &Facts) -> Option<Vec<Subject>> {
    let wanted = &inputs.subject.owner;
    inputs
        .by_markers
        .then(|| Subject::told_by_markers(facts, wanted, inputs.is_named))
}

/// What goes of all of them, one after another.
async fn decide(subjects: &[Subject], facts: &Facts, adopt: bool, cloudflare: Option<&cloudflare::Reader>) -> Decision {
    let mut all = Decision::default();
    for subject in subjects {
        let mut decision = plan::decide(subject, facts, adopt);
        keep_bound(cloudflare, facts, &mut [(subject, &mut decision)]).await;
        all.going.extend(decision.going);
        all.staying.extend(decision.staying);
    }
    all
}

/// Where the token may not write comments, pr-comment or nobody does.
async fn tell_in_comment(github: &Reader, owner: &Owner, report: &Report, teller: &Teller, runner: &Runner) {
    let writer = Writer::from(github.with_patience(AFTERWARDS));
    let told = comment::tell(
        &writer,
        owner,
        teller,
        report.document(),
        wording::comes_back(),
        report.is_whole(),
    );
    if let Err(error) = told.await {
        runner.say(&wording::no_comment(&error));
    }
}

/// A token that may not see deployments is usual, and no reason for a warning.
fn tell_undeployed(runner: &Runner, error: Option<&Error>) {
    let Some(error) = error else { return };
    let note = wording::undeployed(error);
    if error.is_forbidden() || matches!(error.status(), Some(401 | 404)) {
        runner.say(&note);
    } else {
        command::warning("cleanup", &note);
    }
}
