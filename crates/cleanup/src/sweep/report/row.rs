//! One environment that is to go, as it is told.

use actions_core::reports::{Removal, RemovalKind, Swept, SweptOutcome};

use super::super::again::KeptBack;
use super::super::apply;
use super::wording;
use crate::outcome::{End, Settled, Stop, Why as Left};
use crate::report::wording::noun;
use crate::report::{removal, wording as of_things};

/// An environment that is to go, as it is told.
pub(super) struct Row {
    pub(super) at: usize,
    pub(super) title: String,
    pub(super) swept: Swept,
}

impl Row {
    /// Writes down what became of it; what became of its things.
    pub(super) fn end(&mut self, ended: apply::Ended, cause: &mut Option<anyhow::Error>) -> Vec<Removal> {
        let number = self.swept.pull_request;
        match ended {
            apply::Ended::KeptBack(why) => {
                self.swept.outcome = match why {
                    KeptBack::UsedUp => SweptOutcome::Remaining,
                    _ => SweptOutcome::Kept,
                };
                self.swept.detail = Some(wording::kept_back(&why, number));
                Vec::new()
            }
            apply::Ended::NotTried(stop) => {
                self.swept.outcome = SweptOutcome::Remaining;
                self.swept.detail = Some(wording::stopped(stop));
                Vec::new()
            }
            apply::Ended::Planned(settled) => {
                self.swept.outcome = SweptOutcome::Planned;
                settled.iter().map(removal).collect()
            }
            apply::Ended::Went(settled) => {
                let results: Vec<Removal> = settled.iter().map(removal).collect();
                let stopped = settled.iter().find_map(stopped_by);
                let failed = settled
                    .iter()
                    .position(|settled| is_left(settled) && stopped_by(settled).is_none());
                (self.swept.outcome, self.swept.detail) = match (failed, stopped) {
                    (Some(at), _) => (SweptOutcome::Failed, Some(told(&results[at]))),
                    (None, Some(stop)) => (SweptOutcome::Remaining, Some(wording::stopped(stop))),
                    (None, None) => (SweptOutcome::Deleted, None),
                };
                for settled in settled {
                    if let End::Left(why) = settled.end
                        && cause.is_none()
                    {
                        *cause = of_things::cause(&settled.name, why);
                    }
                }
                results
            }
        }
    }

    /// It stays since GitHub could not be asked.
    pub(super) fn is_unasked(&self) -> bool {
        let detail = self.swept.detail.as_deref().unwrap_or_default();
        self.swept.outcome == SweptOutcome::Kept && detail.starts_with(wording::UNASKED)
    }
}

pub(super) fn is_left(settled: &Settled) -> bool {
    matches!(settled.end, End::Left(_))
}

/// What kept a thing from going that the next run removes.
pub(super) fn stopped_by(settled: &Settled) -> Option<Stop> {
    match settled.end {
        End::Left(Left::NotTried(stop @ (Stop::TimeIsUp(_) | Stop::Cancelled(_))) | Left::UnderWay(stop)) => Some(stop),
        _ => None,
    }
}

pub(super) fn told(removal: &Removal) -> String {
    let detail = removal.detail.as_deref().unwrap_or_default();
    format!("{}: {detail}", named(removal.kind, &removal.name))
}

pub(super) fn named(kind: RemovalKind, name: &str) -> String {
    format!("{} `{name}`", noun(kind))
}
