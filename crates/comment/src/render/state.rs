//! What the reports say as a whole.

use actions_core::reports::{Cleanup, Report, ServiceState, Status};
use actions_core::text::count;

use super::effect::{Effect, put_back};

/// How the job stands when the comment is written (GitHub's `job.status`, or another job's `result`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Job {
    #[default]
    Fine,
    /// A step before this one failed.
    Failed,
    Cancelled,
    /// It never ran, and says nothing against what other jobs report.
    Skipped,
}

/// An environment of which nothing is left.
const GONE: &str = "🧹";

/// What the heading tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub mark: &'static str,
    /// What follows the environment's name: a predicate, or `: ` and a sentence.
    pub words: String,
    pub(super) about: About,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// What the reports tell.
    Reports,
    Removal,
    /// A step that is none of these actions failed: a build, a migration.
    FailedStep,
    CancelledJob,
    SkippedJob,
}

fn state(mark: &'static str, words: impl Into<String>) -> State {
    State {
        mark,
        words: words.into(),
        about: About::Reports,
    }
}

/// Something told what this version does not know.
fn unclear() -> State {
    state("❔", "has ended in an unknown state")
}

impl State {
    /// The worst thing that any report says, or that the job says of its other steps.
    pub fn of(reports: &[Report], job: Job) -> Self {
        let cleanups: Vec<&Cleanup> = reports
            .iter()
            .filter_map(|report| match report {
                Report::Cleanup(cleanup) => Some(cleanup),
                _ => None,
            })
            .collect();
        if !cleanups.is_empty() {
            return Self {
                about: About::Removal,
                ..of_removal(&cleanups, reports, job)
            };
        }
        let told: Vec<(Effect, &Report)> = reports
            .iter()
            .filter_map(|report| Some((Effect::of(report)?, report)))
            .collect();
        // What fails in a cancelled job mostly fails of that; it is listed in either case.
        if job != Job::Cancelled && reports.iter().any(has_failed) {
            return of_failure(&told);
        }
        match job {
            Job::Failed => State {
                about: About::FailedStep,
                ..state("❌", "failed")
            },
            Job::Cancelled => State {
                about: About::CancelledJob,
                ..state("🚫", "was cancelled")
            },
            Job::Skipped if told.is_empty() => State {
                about: About::SkippedJob,
                ..state("⏭️", "was skipped")
            },
            Job::Fine | Job::Skipped => of_success(&told),
        }
    }

    pub fn is_removal(&self) -> bool {
        self.about == About::Removal
    }
}

/// Whether all of the environment was taken down, so that nothing is left to read here.
pub fn is_gone(reports: &[Report], job: Job) -> bool {
    let state = State::of(reports, job);
    state.is_removal() && state.mark == GONE
}

fn of_removal(cleanups: &[&Cleanup], reports: &[Report], job: Job) -> State {
    let left: usize = cleanups.iter().map(|cleanup| cleanup.left).sum();
    let kept: usize = cleanups.iter().map(|cleanup| cleanup.kept).sum();
    let results = cleanups.iter().any(|cleanup| !cleanup.results.is_empty());
    if cleanups.iter().all(|cleanup| cleanup.head.status == Status::Planned) {
        state("📝", "is to be removed")
    } else if job == Job::Cancelled && (left > 0 || reports.iter().any(has_failed)) {
        state("🚫", "removal was cancelled")
    } else if left > 0 || reports.iter().any(has_failed) {
        // Refused before it looked: nothing is known to be left, and nothing is gone.
        let words = if left > 0 || results {
            "is not fully removed"
        } else {
            "could not be removed"
        };
        state("❌", words)
    } else if !reports.iter().all(|report| report.head().status == Status::Done) {
        unclear()
    } else if kept > 0 {
        let things = count(kept, "thing");
        let stay = if kept == 1 {
            "looks like its own and stays"
        } else {
            "look like its own and stay"
        };
        state("⚠️", format!("is removed, but {things} {stay}"))
    } else if let Some(unseen) = unseen(cleanups) {
        state("⚠️", format!("is removed, but for {unseen}, which was not looked at"))
    } else if zoneless(cleanups) {
        state(
            "⚠️",
            "is removed, but for routes and DNS records, since no zone was looked at",
        )
    } else {
        state(GONE, "is removed")
    }
}

/// The provider that none of the runs looked at.
fn unseen<'a>(cleanups: &[&'a Cleanup]) -> Option<&'a str> {
    let first = cleanups.first()?.unseen.as_deref()?;
    let same = |cleanup: &&Cleanup| cleanup.unseen.as_deref() == Some(first);
    cleanups.iter().all(same).then_some(first)
}

/// Whether none of the runs was told a zone.
fn zoneless(cleanups: &[&Cleanup]) -> bool {
    cleanups.iter().all(|cleanup| cleanup.zoneless)
}

/// Of what failed, when it was all that was done; else that something did.
fn of_failure(told: &[(Effect, &Report)]) -> State {
    let rolled_back = told
        .last()
        .is_some_and(|(effect, report)| *effect == Effect::Rollback && !has_failed(report) && put_back(report));
    match told {
        [(effect, report)] if has_failed(report) => {
            // A report that only lists a failure has another status.
            let words = if report.head().status == Status::Failed {
                effect.words(report)
            } else {
                "failed".to_owned()
            };
            state("❌", words)
        }
        _ if rolled_back => state("❌", "failed and is rolled back"),
        _ => state("❌", "failed"),
    }
}

fn of_success(told: &[(Effect, &Report)]) -> State {
    let status = |report: &Report| report.head().status;
    if told.is_empty()
        || told
            .iter()
            .any(|(effect, report)| status(report) == Status::Unknown || !effect.is_known())
    {
        return unclear();
    }
    // What only looked says nothing beside what was done, or is to be.
    let acting = || told.iter().filter(|(effect, _)| !effect.only_looks());
    let checked = told.iter().any(|(effect, _)| *effect == Effect::Check);
    let planned = |all: &mut dyn Iterator<Item = &(Effect, &Report)>| {
        let statuses: Vec<Status> = all.map(|(_, report)| status(report)).collect();
        (statuses.contains(&Status::Planned), statuses.contains(&Status::Done))
    };
    match planned(&mut acting()) {
        (true, true) => return state("📝", "is planned in part"),
        (true, false) => return alone(acting()).unwrap_or_else(|| state("📝", "is planned")),
        (false, _) => {}
    }
    let mut serving = acting().filter(|(effect, _)| matches!(effect, Effect::Deploy | Effect::Rollback));
    match serving.next_back() {
        Some((Effect::Deploy, _)) if checked => return state("✅", "is ready"),
        Some((effect @ Effect::Rollback, report)) if checked && put_back(report) => {
            return state(effect.mark(Status::Done), "is rolled back and healthy");
        }
        Some((effect, report)) => return state(effect.mark(Status::Done), effect.words(report)),
        None => {}
    }
    let made = acting().any(|(effect, _)| !effect.deletes());
    let deleted = acting().any(|(effect, _)| effect.deletes());
    if acting().next().is_none() {
        return alone(told.iter()).unwrap_or_else(|| state("✅", ": checks passed"));
    }
    if checked && made {
        return state("✅", "is ready");
    }
    alone(acting()).unwrap_or_else(|| match (made, deleted) {
        (false, _) => state("🧹", ": database branch and DNS records are deleted"),
        (true, false) => state("🧱", "is prepared"),
        (true, true) => state("🧱", "is changed"),
    })
}

/// The sentence of all these reports, when they have one and the same.
fn alone<'a>(mut told: impl Iterator<Item = &'a (Effect, &'a Report)>) -> Option<State> {
    let (effect, report) = told.next()?;
    let words = effect.words(report);
    told.all(|(other, report)| other.words(report) == words)
        .then(|| state(effect.mark(report.head().status), words))
}

/// Whether a report tells of a failure, in its status or in what it lists.
pub(super) fn has_failed(report: &Report) -> bool {
    report.head().status == Status::Failed
        || match report {
            Report::DeployWorkers(deploy) => deploy
                .services
                .iter()
                .any(|service| service.state == ServiceState::Failed),
            Report::HealthCheck(check) => !check.healthy && check.head.status != Status::Planned,
            Report::Cleanup(cleanup) => cleanup.left > 0 && cleanup.head.status != Status::Planned,
            _ => false,
        }
}
