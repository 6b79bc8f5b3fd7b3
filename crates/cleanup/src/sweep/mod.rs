//! `command: sweep`: everything that this repository left behind goes; `command: explain`: says of each thing whose it
//! is, and why it would go or stay.
//!
//! All lists are read once. An environment is of this repository by the markers on its things, never by names alone
//! where a marker could stand. It goes when its pull request is not open, or by its age, and only after a last look at
//! that pull request. On any doubt it stays.

mod again;
mod alone;
mod apply;
mod census;
mod index;
mod inputs;
mod mode;
mod plan;
mod proven;
mod report;
mod whose;
#[cfg(test)]
mod world_tests;

use std::collections::BTreeSet;
use std::time::Instant;

use actions_core::github::{self, OpenPull};
use actions_core::owner::Owner;
use actions_core::runner::signal::{Interrupt, Interrupts};
use actions_core::runner::{Runner, command};
use jiff::Timestamp;

use self::again::Again;
use self::apply::Comments;
use self::census::Known;
use self::inputs::Inputs;
use self::mode::{Dry, Mode};
use self::plan::Verdict;
use self::report::{Ended, Report};
use crate::alert;
use crate::apply::Writers;
use crate::apply::brake::Brake;
use crate::bound::keep_bound;
use crate::facts::{self, Facts, Readers};
use crate::outcome::Stop;
use crate::plan::{Decision, Going, Thing, restore_points};

/// What the issue of all sweeps was about once.
const FORMER_ALARM: &str = "sweep";

/// What was read, once.
struct Read {
    facts: Facts,
    open: Vec<OpenPull>,
    mode: Mode,
}

pub(crate) async fn sweep(runner: &Runner) -> anyhow::Result<()> {
    Box::pin(run(runner, false)).await
}

pub(crate) async fn explain(runner: &Runner) -> anyhow::Result<()> {
    Box::pin(run(runner, true)).await
}

#[expect(clippy::too_many_lines, reason = "one sweep from its inputs to its end, in order")]
async fn run(runner: &Runner, explains: bool) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = Inputs::read(&runner.env).await?;
    let brake = Brake::new(inputs.timeout);
    let mut interrupts = Interrupts::listen()?;
    let readers = Readers::new(
        Some(&inputs.cloudflare),
        inputs.neon.as_ref(),
        Some(&inputs.github),
        inputs.timeout,
        !explains,
    )?;
    let github = inputs
        .github
        .reader(actions_core::http::client()?)?
        .with_patience(facts::patience(inputs.timeout));
    let environments = inputs.environments();
    let mode = async {
        if explains {
            Mode::Dry(Dry::Explain)
        } else {
            mode::of(&inputs, &github).await
        }
    };
    let reading = async {
        tokio::join!(
            readers.read(&inputs.zone, &environments),
            github.open_pull_requests(),
            mode
        )
    };
    let read = tokio::select! {
        read = reading => read,
        signal = interrupts.next() => return Err(report::cancelled(signal)),
        () = tokio::time::sleep_until(brake.end()) => return Err(report::out_of_time(inputs.timeout)),
    };
    let (facts, open, mode) = read;
    let alarm = Alarm {
        github: readers.github.as_ref().filter(|_| inputs.alert && mode == Mode::Real),
        run: runner.env.run_url(),
        key: inputs.alarm(),
    };
    let open = match open {
        Ok(open) => open,
        Err(error) => return alarm.end(Ended::before(report::pulls_unread(&error)), runner).await,
    };
    let read = Read { facts, open, mode };
    let mut census = census::take(
        &read.facts,
        &Known {
            repository: &inputs.repository,
            manifest: inputs.manifest.as_ref(),
        },
    );
    census
        .environments
        .retain(|found| inputs.is_swept(&found.standing.environment));
    if inputs.manifest.is_none() {
        runner.say(report::wording::BY_MARKERS);
    }
    tokio::select! {
        () = bound(&readers, &read, &mut census, &inputs) => {}
        signal = interrupts.next() => return Err(report::cancelled(signal)),
        () = tokio::time::sleep_until(brake.end()) => return Err(report::out_of_time(inputs.timeout)),
    }
    let standings: Vec<_> = census.environments.iter().map(|found| found.standing.clone()).collect();
    let verdicts = plan::judge(&standings, &read.open, inputs.idle, Timestamp::now());
    let mut report = Report::new(&inputs, &read, &census, &verdicts);
    if explains {
        for line in report.explanation(&census, &verdicts) {
            runner.say(&line);
        }
        let ended = report.end(runner, Vec::new(), &[], started.elapsed())?;
        return ended.failure.map_or(Ok(()), Err);
    }
    for line in report.opening(&census, &verdicts) {
        runner.say(&line);
    }
    let surplus = surplus(&inputs, &read.facts, &census);
    // What GitHub alone still tells of counts on neither side: old deployments would make any share a small one.
    let each = census.environments.iter().zip(&verdicts);
    let at_vendors: Vec<_> = each.filter(|(found, _)| found.is_at_a_vendor()).collect();
    let going = at_vendors
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Goes(_)))
        .count();
    report.braked = plan::brake(going, at_vendors.len(), inputs.most);
    let (fates, points) = if read.mode == Mode::Real && report.braked.is_none() {
        let again = Again::new(github, inputs.run);
        let writers = Writers::new(&readers, &read.facts);
        let comments = Comments::new(inputs.teller.clone());
        let work = apply::Work {
            again: &again,
            writers: &writers,
            brake: &brake,
            open: &read.open,
            comments: &comments,
            unseen: inputs.unseen(),
            zoneless: inputs.zoneless,
        };
        let done = Box::pin(apply::carry_out(&work, census, &verdicts, surplus, &mut interrupts)).await;
        if let Some(error) = comments.refused() {
            command::warning("cleanup", &report::wording::uncommented(&error));
        }
        done
    } else {
        let points = Decision {
            going: surplus,
            staying: Vec::new(),
        };
        (apply::planned(census, &verdicts), crate::apply::planned(points))
    };
    report.cancelled = match brake.stop() {
        Some(Stop::Cancelled(signal)) => Some(signal),
        _ => None::<Interrupt>,
    };
    if report.cancelled.is_some() {
        let ended = report.end(runner, fates, &points, started.elapsed())?;
        return ended.failure.map_or(Ok(()), Err);
    }
    alarm
        .end(report.end(runner, fates, &points, started.elapsed())?, runner)
        .await
}

/// Of what would go, keeps the namespaces that a Worker which stays binds.
async fn bound(readers: &Readers, read: &Read, census: &mut census::Census, inputs: &Inputs) {
    let standings: Vec<_> = census.environments.iter().map(|found| found.standing.clone()).collect();
    let verdicts = plan::judge(&standings, &read.open, inputs.idle, Timestamp::now());
    let each = census.environments.iter_mut().zip(&verdicts);
    let going = each.filter(|(_, verdict)| matches!(verdict, Verdict::Goes(_)));
    let mut going: Vec<_> = going.map(|(found, _)| (&found.subject, &mut found.decision)).collect();
    keep_bound(readers.cloudflare.as_ref(), &read.facts, &mut going).await;
    census.without_names_alone();
}

/// The restore points that are too many, but for those that go with their environment.
fn surplus(inputs: &Inputs, facts: &Facts, census: &census::Census) -> Vec<Going> {
    let Some(keep) = inputs.keep else { return Vec::new() };
    // Whose they are says the repository; the environment is any.
    let owner = Owner {
        repository: inputs.repository.clone(),
        project: String::new(),
        environment: String::new(),
        pull_request: None,
    };
    let of_environments = census.environments.iter().flat_map(|found| &found.decision.going);
    let of_environments: BTreeSet<&str> = of_environments
        .filter_map(|going| match &going.thing {
            Thing::Branch { id, .. } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let surplus = restore_points(&owner, facts, keep).into_iter();
    surplus
        .filter(|going| match &going.thing {
            Thing::RestorePoint { id, .. } => !of_environments.contains(id.as_str()),
            _ => true,
        })
        .collect()
}

/// The issue that tells that sweeps fail, while they do.
struct Alarm<'a> {
    /// Where it is not asked for, there is none.
    github: Option<&'a github::Reader>,
    run: Option<String>,
    /// Which sweep it is: one that succeeds must not close the issue of another that fails.
    key: String,
}

impl Alarm<'_> {
    async fn end(&self, ended: Ended, runner: &Runner) -> anyhow::Result<()> {
        let run = self.run.as_deref();
        if let Some(github) = self.github {
            let over = report::wording::over(run);
            if ended.failure.is_none() {
                // Whichever sweep opened it: this is how the key was before it named the sweep.
                alert::set(github, FORMER_ALARM, None, &over, runner).await;
            }
            alert::set(github, &self.key, ended.alert(&self.key, run), &over, runner).await;
        }
        ended.failure.map_or(Ok(()), Err)
    }
}
