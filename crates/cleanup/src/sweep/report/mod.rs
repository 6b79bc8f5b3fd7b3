//! Every sentence that a user of a sweep reads, made from what was done.

mod explain;
mod open;
mod row;
mod table;
pub(crate) mod wording;

use std::time::Duration;

use actions_core::error::{Fault, fault, render};
use actions_core::github::issues::Alert;
use actions_core::reports::{Cleanup, Command, Head, Outcome, Removal, Status, Swept, SweptOutcome};
use actions_core::runner::Runner;
use actions_core::runner::signal::Interrupt;
use actions_core::text::{count, elapsed};

use self::open::{alike, unread};
use self::row::{Row, is_left, named, stopped_by, told};
use super::Read;
use super::apply::Fate;
use super::census::{Census, Other, Why};
use super::inputs::Inputs;
use super::mode::{Dry, Mode};
use super::plan::{Brake, Verdict};
use crate::outcome::Settled;
use crate::plan::Reason;
use crate::report::removal;
use crate::unread::Unread;

pub(crate) use self::wording::pulls_unread;

/// So many things are named in a sentence; the table has all.
const NAMED: usize = 5;
const AGAIN: &str = "the next sweep goes on where this one stopped; run it again when the cause is gone";

/// What a sweep came to.
pub(super) struct Ended {
    summary: String,
    /// What is left, or why nothing was done.
    pub(super) failure: Option<anyhow::Error>,
}

impl Ended {
    /// Of a run that could not begin.
    pub(super) fn before(failure: Fault) -> Self {
        Self {
            summary: String::new(),
            failure: Some(failure.into()),
        }
    }

    /// The issue that tells it.
    pub(super) fn alert(&self, key: &str, run: Option<&str>) -> Option<Alert> {
        let failure = self.failure.as_ref()?;
        Some(Alert {
            key: key.to_owned(),
            title: wording::ALERT.to_owned(),
            body: wording::alert(&self.summary, &render(failure), run),
        })
    }
}

pub(crate) struct Report {
    mode: Mode,
    zoneless: bool,
    /// Without its keys, what is there was not looked at.
    unseen: Option<&'static str>,
    pub(crate) braked: Option<Brake>,
    pub(crate) cancelled: Option<Interrupt>,
    open: usize,
    all: usize,
    rows: Vec<Row>,
    /// What looks like ours, and stays.
    alike: Vec<Other>,
    /// Environments of other projects of the repository.
    elsewhere: Vec<String>,
    /// The lists that could not be read.
    unread: Vec<(&'static str, Unread)>,
}

/// Of a run that was cancelled before it knew what is there.
pub(crate) fn cancelled(signal: Interrupt) -> anyhow::Error {
    fault(format!("cancelled ({}); nothing was touched", signal.name()))
        .exit(signal.exit_status())
        .into()
}

/// Of a run whose time went before it knew what is there.
pub(crate) fn out_of_time(limit: Duration) -> anyhow::Error {
    fault(format!(
        "what is there could not be read within the time limit of {}; nothing was touched",
        elapsed(limit)
    ))
    .hint("give it more with `timeout`")
    .into()
}

impl Report {
    pub(super) fn new(inputs: &Inputs, read: &Read, census: &Census, verdicts: &[Verdict]) -> Self {
        let rows = census.environments.iter().zip(verdicts).enumerate();
        let rows = rows.filter_map(|(at, (found, verdict))| match verdict {
            Verdict::Goes(ground) => Some(Row {
                at,
                title: found.subject.title.clone(),
                swept: Swept {
                    environment: found.standing.environment.clone(),
                    pull_request: found.standing.pull_request,
                    outcome: SweptOutcome::Unknown,
                    reason: wording::ground(ground),
                    detail: None,
                    since: found.standing.made.map(|at| at.to_string()),
                },
            }),
            Verdict::Stays(_) => None,
        });
        let with_kv = inputs
            .manifest
            .as_ref()
            .is_some_and(|manifest| manifest.services.values().any(|service| !service.kv.is_empty()));
        Self {
            mode: read.mode.clone(),
            zoneless: inputs.zoneless,
            unseen: inputs.unseen(),
            braked: None,
            cancelled: None,
            open: read.open.len(),
            all: census.environments.len(),
            rows: rows.collect(),
            alike: alike(census),
            elsewhere: census.elsewhere.clone(),
            unread: unread(read, with_kv),
        }
    }

    /// What is known before anything is done.
    pub(super) fn opening(&self, census: &Census, verdicts: &[Verdict]) -> Vec<String> {
        let mut lines = vec![format!(
            "{}; {} of this repository: {} to remove, {} to stay",
            count(self.open, "open pull request"),
            count(self.all, "environment"),
            self.rows.len(),
            self.all - self.rows.len(),
        )];
        lines.extend(self.unread.iter().map(|(what, unread)| {
            format!(
                "{what} could not be read, and nothing that depends on them is touched: {}",
                unread.reason
            )
        }));
        // Not for want of a marker: this is what a Worker's bindings tell, or do not.
        let bound = |other: &&Other| matches!(other.why, Why::Alike(Reason::InUse { .. } | Reason::Unknown(_)));
        lines.extend(self.alike.iter().filter(bound).map(wording::other_line));
        for (found, verdict) in census.environments.iter().zip(verdicts) {
            if let Verdict::Goes(ground) = verdict {
                lines.push(format!(
                    "- {}: {} ({}{})",
                    found.subject.title,
                    wording::ground(ground),
                    count(found.decision.going.len(), "thing"),
                    wording::since(found.standing.made),
                ));
            }
        }
        lines
    }

    /// All that was found, a line each.
    pub(super) fn explanation(&self, census: &Census, verdicts: &[Verdict]) -> Vec<String> {
        explain::lines(census, verdicts, &self.unread)
    }

    /// Writes outputs, report, summary and the last line of the log.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub(super) fn end(
        mut self,
        runner: &Runner,
        fates: Vec<Fate>,
        points: &[Settled],
        took: Duration,
    ) -> anyhow::Result<Ended> {
        let mut results: Vec<Removal> = Vec::new();
        let mut cause = None;
        for fate in fates {
            let Some(row) = self.rows.iter_mut().find(|row| row.at == fate.at) else {
                continue;
            };
            results.extend(row.end(fate.ended, &mut cause));
        }
        // One that the time did not reach is tried again, and told then.
        let stuck = points
            .iter()
            .filter(|point| is_left(point) && stopped_by(point).is_none());
        let stuck: Vec<Removal> = stuck.map(removal).collect();
        results.extend(points.iter().map(removal));
        let failure = self.failure(cause, &stuck);
        let sentence = self.sentence(&results, took);
        let left = results
            .iter()
            .filter(|result| result.outcome == Outcome::Failed)
            .count();
        let kept = results.iter().filter(|result| result.outcome == Outcome::Kept).count() + self.alike.len();
        let changed = results.iter().any(|result| result.outcome == Outcome::Deleted);
        let report = Cleanup {
            head: Head {
                command: if self.mode == Mode::Dry(Dry::Explain) {
                    Command::Explain
                } else {
                    Command::Sweep
                },
                status: match (&failure, &self.mode) {
                    (Some(_), _) => Status::Failed,
                    (None, Mode::Dry(_)) => Status::Planned,
                    (None, Mode::Real) => Status::Done,
                },
                changed,
                seconds: took.as_secs_f64(),
                error: failure.as_ref().map(render),
                ..Head::default()
            },
            left,
            kept,
            unseen: self.unseen.map(str::to_owned),
            zoneless: self.zoneless,
            environments: self.rows.iter().map(|row| row.swept.clone()).collect(),
            alive: Some(self.all - self.rows.len()),
            results,
        };
        runner.output("changed", if changed { "true" } else { "false" })?;
        runner.output("left", &left.to_string())?;
        runner.output("kept", &kept.to_string())?;
        runner.output("removed", &self.number(SweptOutcome::Deleted).to_string())?;
        runner.output("remaining", &self.number(SweptOutcome::Remaining).to_string())?;
        let summary = table::markdown(&sentence, &report, &self.alike);
        runner.summary(&summary);
        runner.report(report)?;
        runner.say(&sentence);
        if self.number(SweptOutcome::Remaining) > 0 && failure.is_none() {
            actions_core::runner::command::warning("cleanup", &sentence);
        }
        Ok(Ended { summary, failure })
    }

    fn number(&self, outcome: SweptOutcome) -> usize {
        self.rows.iter().filter(|row| row.swept.outcome == outcome).count()
    }

    /// The last line of the log.
    fn sentence(&self, results: &[Removal], took: Duration) -> String {
        let environments = |n: usize| count(n, "environment");
        let alive = self.all - self.rows.len();
        let mut parts = Vec::new();
        match &self.mode {
            _ if self.rows.is_empty() && alive == 0 => parts.push("nothing to sweep".to_owned()),
            _ if self.rows.is_empty() && (self.unseen.is_some() || self.zoneless) => parts.push(format!(
                "nothing to sweep: {} of this repository, alive as far as was looked",
                environments(alive)
            )),
            _ if self.rows.is_empty() => parts.push(format!(
                "nothing to sweep: {} of this repository, all alive",
                environments(alive)
            )),
            Mode::Dry(dry) => {
                parts.push(format!(
                    "would remove {} of {}",
                    self.rows.len(),
                    environments(self.all)
                ));
                parts.push(wording::dry(dry));
                parts.extend(self.braked.as_ref().map(wording::would_brake));
            }
            Mode::Real if self.braked.is_some() => {
                parts.push(format!("removed none of {}", environments(self.all)));
            }
            Mode::Real => {
                let deleted = results
                    .iter()
                    .filter(|result| result.outcome == Outcome::Deleted)
                    .count();
                parts.push(format!(
                    "removed {} ({}) in {}",
                    environments(self.number(SweptOutcome::Deleted)),
                    count(deleted, "thing"),
                    elapsed(took)
                ));
                for (outcome, what) in [
                    (SweptOutcome::Failed, "left in part"),
                    (SweptOutcome::Kept, "kept after a last look"),
                    (SweptOutcome::Remaining, "left to the next run"),
                ] {
                    let number = self.number(outcome);
                    if number > 0 {
                        parts.push(format!("{number} {what}"));
                    }
                }
                parts.push(format!("{alive} alive"));
            }
        }
        parts.extend(self.unseen.map(wording::unseen));
        if self.zoneless {
            parts.push(wording::ZONELESS.to_owned());
        }
        if !self.alike.is_empty() {
            let named: Vec<String> = self
                .alike
                .iter()
                .take(NAMED)
                .map(|other| named(other.kind, &other.name))
                .collect();
            parts.push(format!(
                "{} like ours and {}, since nothing tells whose: {}{}",
                if self.alike.len() == 1 {
                    "1 thing looks".to_owned()
                } else {
                    format!("{} things look", self.alike.len())
                },
                if self.alike.len() == 1 { "stays" } else { "stay" },
                named.join(", "),
                more(self.alike.len())
            ));
        }
        if !self.elsewhere.is_empty() {
            parts.push(wording::elsewhere(&self.elsewhere));
        }
        parts.join("; ")
    }

    /// What is wrong in the end.
    fn failure(&self, cause: Option<anyhow::Error>, stuck: &[Removal]) -> Option<anyhow::Error> {
        if let Some(signal) = self.cancelled {
            let removed = count(self.number(SweptOutcome::Deleted), "environment");
            let text = format!(
                "cancelled ({}): removed {removed} of {}",
                signal.name(),
                self.rows.len()
            );
            return Some(fault(text).hint(AGAIN).exit(signal.exit_status()).into());
        }
        if let (Some(brake), Mode::Real) = (&self.braked, &self.mode) {
            return Some(wording::braked(brake).into());
        }
        let failed: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| row.swept.outcome == SweptOutcome::Failed)
            .collect();
        if !failed.is_empty() {
            let names: Vec<String> = failed.iter().take(NAMED).map(|row| row.title.clone()).collect();
            let why = failed.first().and_then(|row| row.swept.detail.as_deref());
            let text = format!(
                "{} left in part: {}{}{}",
                count(failed.len(), "environment"),
                names.join(", "),
                more(failed.len()),
                why.map_or_else(String::new, |why| format!("; of the first, {why}")),
            );
            return Some(with_cause(fault(text), cause));
        }
        let asked: Vec<&Row> = self.rows.iter().filter(|row| row.is_unasked()).collect();
        if let Some(row) = asked.first() {
            let text = format!(
                "{} kept, since {}",
                count(asked.len(), "environment"),
                row.swept.detail.as_deref().unwrap_or_default()
            );
            return Some(fault(text).hint(wording::NEEDS).into());
        }
        if let Some(first) = stuck.first() {
            let text = format!("{} left: {}", count(stuck.len(), "restore point"), told(first));
            return Some(fault(text).hint(AGAIN).into());
        }
        let (what, unread) = self.unread.first()?;
        let failure = fault(format!(
            "{what} could not be read: what depends on them was not looked at"
        ));
        let cause = fault(unread.reason.clone());
        let cause = match &unread.hint {
            Some(hint) => cause.hint(hint.clone()),
            None => cause,
        };
        Some(failure.because(cause).into())
    }
}

fn more(all: usize) -> String {
    match all.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn with_cause(failure: Fault, cause: Option<anyhow::Error>) -> anyhow::Error {
    match cause {
        Some(cause) if render(&cause).contains("\nhint: ") => failure.because(cause).into(),
        Some(cause) => failure.because(cause).hint(AGAIN).into(),
        None => failure.hint(AGAIN).into(),
    }
}
