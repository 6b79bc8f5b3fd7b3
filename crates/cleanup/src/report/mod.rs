//! Every sentence that a user of cleanup reads.

mod failure;
pub(crate) mod wording;

use std::time::Duration;

use actions_core::error::render;
use actions_core::github::issues::Alert;
use actions_core::markdown::{code_cell, text_cell};
use actions_core::plan::{Plan, Verb};
use actions_core::reports::{Cleanup, Head, Outcome, Removal, RemovalKind, Status};
use actions_core::runner::Runner;
use actions_core::text::{count, elapsed};

use self::failure::{failure, list};
use self::wording::noun;
use crate::outcome::{End, Settled, Stop, Why};
use crate::plan::{Decision, Standing, Thing};
use crate::subject::Subject;

/// The last line of an alert.
const CLOSES: &str = "This issue is kept current, and closes when a cleanup of this environment succeeds.";

/// The plan as it is shown.
pub(crate) fn plan(decision: &Decision) -> Plan<()> {
    let mut plan = Plan::default();
    for going in &decision.going {
        let (kind, name) = (noun(going.thing.kind()), going.thing.name());
        let detail = match &going.thing {
            Thing::Record(record) => format!("{} {}", record.kind, record.content),
            Thing::Branch { id, .. } => id.clone(),
            _ => wording::ground(&going.ground),
        };
        plan.push(Verb::Delete, kind, name, detail, ());
    }
    plan
}

/// The first line of the log: what goes, and what stays although it looks as if it should go.
pub(crate) fn opening(subject: &Subject, decision: &Decision) -> String {
    let staying = decision.staying.iter();
    let kept = staying.filter(|staying| matches!(staying.standing, Standing::Kept(_)));
    let kept = match kept.count() {
        0 => String::new(),
        kept => format!(", {kept} to keep"),
    };
    format!("{}: {}{kept}", subject.title, plan(decision).headline())
}

/// What stays, a line each: told before anything is done.
pub(crate) fn staying(decision: &Decision) -> Vec<String> {
    let told = decision.staying.iter().filter_map(|staying| {
        let (noun, name) = (noun(staying.kind), &staying.name);
        match &staying.standing {
            Standing::Absent => None,
            Standing::Kept(reason) => Some(format!(
                "{noun} `{name}` is kept: {}",
                wording::reason(staying.kind, reason)
            )),
            Standing::Left(reason) => Some(format!(
                "{noun} `{name}` is left: {}",
                wording::reason(staying.kind, reason)
            )),
        }
    });
    told.collect()
}

/// Tells in the log what became of a thing.
pub(crate) fn log(kind: RemovalKind, name: &str, end: &End) {
    let (noun, detail) = (noun(kind), wording::detail(kind, end));
    match (end, detail) {
        (End::Left(_), Some(why)) => tracing::warn!("{noun} `{name}` is left: {why}"),
        (End::Deleted, _) => tracing::info!("deleted {noun} `{name}`"),
        _ => {}
    }
}

pub(crate) struct Report {
    title: String,
    head: Head,
    removals: Vec<Removal>,
    /// What is left, and why the first of it is: its hint is the most useful.
    failure: Option<anyhow::Error>,
    unseen: Option<&'static str>,
    /// No zone was looked at, since none is named.
    pub(crate) zoneless: bool,
    /// There is no manifest.
    pub(crate) by_markers: bool,
    /// Nothing was looked at, since the run is given no secrets; why.
    withheld: Option<&'static str>,
    cancelled: bool,
    took: Duration,
}

impl Report {
    pub(crate) fn new(
        subject: &Subject,
        dry_run: bool,
        settled: Vec<Settled>,
        unseen: Option<&'static str>,
        took: Duration,
    ) -> Self {
        let removals: Vec<Removal> = settled.iter().map(removal).collect();
        let changed = settled.iter().any(|settled| settled.end.may_be_gone());
        let cancelled = settled.iter().any(|settled| settled.end.is_cancelled());
        let failure = failure(&subject.title, &removals, settled);
        Self {
            title: subject.title.clone(),
            head: Head {
                environment: subject.owner.environment.clone(),
                pull_request: subject.owner.pull_request,
                status: match (dry_run, failure.is_some()) {
                    (_, true) => Status::Failed,
                    (true, false) => Status::Planned,
                    (false, false) => Status::Done,
                },
                changed,
                seconds: took.as_secs_f64(),
                error: failure.as_ref().map(render),
                ..Head::default()
            },
            removals,
            failure,
            unseen,
            zoneless: false,
            by_markers: false,
            withheld: None,
            cancelled,
            took,
        }
    }

    /// Of a run that GitHub gives no secrets.
    pub(crate) fn without_secrets(subject: &Subject, because: &'static str) -> Self {
        Self {
            unseen: Some("Cloudflare and Neon"),
            withheld: Some(because),
            ..Self::new(subject, false, Vec::new(), None, Duration::ZERO)
        }
    }

    /// Of a run that had to end before it knew what is there.
    pub(crate) fn stopped(subject: &Subject, stop: Stop, took: Duration) -> Self {
        let anything = Settled {
            kind: RemovalKind::Unknown,
            name: subject.any(),
            end: End::Left(Why::NotTried(stop)),
        };
        Self::new(subject, false, vec![anything], None, took)
    }

    fn those(&self, outcome: Outcome) -> impl Iterator<Item = &Removal> {
        self.removals.iter().filter(move |removal| removal.outcome == outcome)
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.those(outcome).count()
    }

    /// How many things of the environment are still there.
    fn left(&self) -> usize {
        self.count(Outcome::Failed)
    }

    /// The last line of the log.
    fn sentence(&self) -> String {
        let (title, took) = (&self.title, elapsed(self.took));
        if let Some(because) = self.withheld {
            return format!(
                "nothing was looked at: {because}; what there is of {title} goes by a sweep (`command: sweep`), or when somebody starts the cleanup by hand"
            );
        }
        let points = |outcome| {
            let points = self.those(outcome);
            points
                .filter(|removal| removal.kind == RemovalKind::RestorePoint)
                .count()
        };
        let of_it = |outcome| self.count(outcome) - points(outcome);
        let (deleted, planned) = (of_it(Outcome::Deleted), of_it(Outcome::Planned));
        let kept = self.kept();
        let things = |n: usize| count(n, "thing");
        let (place, unseen) = match self.unseen {
            None if self.zoneless => (" outside of zones".to_owned(), String::new()),
            None => (String::new(), String::new()),
            Some(unseen) => {
                let seen = if unseen == "Neon" { "Cloudflare" } else { "Neon" };
                (format!(" at {seen}"), format!("; {unseen} was not looked at"))
            }
        };
        let said = match (self.left(), deleted, planned, kept.is_empty()) {
            (0, 0, 0, true) => format!("nothing of {title} is left{place}; there was nothing to delete"),
            (0, 0, 0, false) => format!("there was nothing of {title} to delete{kept}"),
            (0, 0, planned, _) => format!("would delete {} of {title}{kept}", things(planned)),
            (0, deleted, _, true) => format!(
                "nothing of {title} is left{place}; deleted {} in {took}",
                things(deleted)
            ),
            (0, deleted, _, false) => format!("deleted {} of {title} in {took}{kept}", things(deleted)),
            (left, 0, planned, _) if planned > 0 => {
                format!(
                    "would delete {} of {title}, {} left{kept}",
                    things(planned),
                    things(left)
                )
            }
            (left, deleted, ..) => format!("deleted {} of {title}, {} left{kept}", things(deleted), things(left)),
        };
        // The manifest may have named a zone when the environment was made.
        let zone = if self.zoneless {
            let why = if self.by_markers {
                "there is no manifest: if it named one"
            } else {
                "the manifest names none: if it did before"
            };
            format!(
                "; no zone was looked at, as {why}, routes and DNS records of {title} are still there, and `cloudflare-zone-id` has them looked for"
            )
        } else {
            String::new()
        };
        let points = match (points(Outcome::Deleted), points(Outcome::Planned)) {
            (0, 0) => String::new(),
            (0, planned) => format!("; {} would go, beyond `keep`", count(planned, "old restore point")),
            (deleted, _) => format!("; deleted {} beyond `keep`", count(deleted, "old restore point")),
        };
        format!("{said}{unseen}{points}{zone}")
    }

    /// What looks like the environment's and stays; empty when there is nothing.
    fn kept(&self) -> String {
        let kept: Vec<&Removal> = self.those(Outcome::Kept).collect();
        match kept.len() {
            0 => String::new(),
            1 => format!("; 1 thing that looks like it stays: {}", list(&kept)),
            many => format!("; {many} things that look like it stay: {}", list(&kept)),
        }
    }

    /// The step summary.
    fn markdown(&self) -> String {
        let mark = match self.head.status {
            _ if self.withheld.is_some() => "⏭️",
            Status::Failed => "❌",
            Status::Planned => "📝",
            _ => "🧹",
        };
        let heading = format!("### {mark} {}", capital(&self.sentence()));
        if self.removals.is_empty() {
            return heading;
        }
        let rows = self.removals.iter().map(|removal| {
            let outcome = match removal.outcome {
                Outcome::Deleted => "deleted",
                Outcome::Absent => "already gone",
                Outcome::Failed => "**left**",
                Outcome::Kept => "kept",
                Outcome::Planned => "to delete",
                Outcome::Unknown => "unknown",
            };
            let detail = removal.detail.as_deref().unwrap_or_default();
            format!(
                "| {} | {} | {outcome} | {} |\n",
                noun(removal.kind),
                code_cell(&removal.name),
                text_cell(detail)
            )
        });
        format!(
            "{heading}\n\n| what | name | outcome | |\n|---|---|---|---|\n{}",
            rows.collect::<String>()
        )
    }

    /// The report for other actions.
    pub(crate) fn document(&self) -> Cleanup {
        Cleanup {
            head: self.head.clone(),
            results: self.removals.clone(),
            left: self.left(),
            kept: self.count(Outcome::Kept),
            unseen: self.unseen.map(str::to_owned),
            zoneless: self.zoneless,
            ..Cleanup::default()
        }
    }

    /// Whether the comment can say something that it did not say before.
    pub(crate) fn has_news(&self) -> bool {
        self.head.changed || self.failure.is_some()
    }

    /// Whether nothing of the environment is left, as far as anybody looked, and nothing looks like it.
    pub(crate) fn is_whole(&self) -> bool {
        self.failure.is_none() && self.count(Outcome::Kept) == 0 && self.unseen.is_none()
    }

    /// Writes outputs, report and summary, and the last line of the log.
    pub(crate) fn write(&self, runner: &Runner) -> anyhow::Result<()> {
        let report = self.document();
        runner.output("changed", if report.head.changed { "true" } else { "false" })?;
        runner.output("left", &report.left.to_string())?;
        runner.output("kept", &report.kept.to_string())?;
        runner.report(report)?;
        runner.summary(&self.markdown());
        runner.say(&self.sentence());
        Ok(())
    }

    /// What an issue is to tell. `None`: nothing is left.
    pub(crate) fn alert(&self, key: String, run: Option<&str>) -> Option<Alert> {
        let failure = self.failure.as_ref()?;
        let run = run
            .map(|url| format!("[The run that found it.]({url})\n\n"))
            .unwrap_or_default();
        let title = format!("Cleanup left {} of {}", count(self.left(), "thing"), self.title);
        let error = actions_core::text::fenced("text", &render(failure));
        Some(Alert {
            key,
            title,
            body: format!("{}\n\n{run}{error}\n\n{CLOSES}", self.markdown()),
        })
    }

    /// The text of the issue when nothing is left any more.
    pub(crate) fn over(&self, run: Option<&str>) -> String {
        wording::over(&self.title, run)
    }

    /// Whether the run was told to end: then it says nothing to others.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// `Ok` when nothing is left, else what is.
    pub(crate) fn verdict(self) -> anyhow::Result<()> {
        self.failure.map_or(Ok(()), Err)
    }
}

pub(crate) fn removal(settled: &Settled) -> Removal {
    removal_of(settled.kind, &settled.name, &settled.end)
}

pub(crate) fn removal_of(kind: RemovalKind, name: &str, end: &End) -> Removal {
    Removal {
        kind,
        name: name.to_owned(),
        outcome: match end {
            End::Deleted => Outcome::Deleted,
            End::Absent => Outcome::Absent,
            End::Kept(_) => Outcome::Kept,
            End::Left(_) => Outcome::Failed,
            End::Planned(_) => Outcome::Planned,
        },
        detail: wording::detail(kind, end),
    }
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;
