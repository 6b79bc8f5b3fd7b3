//! Environments go, some side by side, each after a last look; those that were left behind the longest ago first.

use std::cell::RefCell;

use actions_core::github::{Error, OpenPull};
use actions_core::owner::Owner;
use actions_core::reports::{Cleanup, Command, Head, Outcome, Status};
use actions_core::runner::signal::Interrupts;
use futures_util::{StreamExt as _, stream};
use tokio::sync::Mutex;

use super::again::{Again, KeptBack};
use super::census::{Census, Found};
use super::plan::{Ground, Verdict};
use super::report::wording;
use crate::apply::brake::Brake;
use crate::apply::{self, Teardown, Writers};
use crate::comment::{self, Teller};
use crate::outcome::{Settled, Stop};
use crate::plan::{Decision, Going, Thing};

/// So many environments at once. How many deletions are under way at once is the writers' own limit.
const AT_ONCE: usize = 6;

/// What carrying a sweep out needs.
pub(super) struct Work<'a> {
    pub(super) again: &'a Again,
    pub(super) writers: &'a Writers,
    pub(super) brake: &'a Brake,
    pub(super) open: &'a [OpenPull],
    pub(super) comments: &'a Comments,
    /// What was not looked at.
    pub(super) unseen: Option<&'static str>,
    pub(super) zoneless: bool,
}

/// The comments of the environments that went, written one after another.
pub(super) struct Comments {
    teller: Teller,
    /// Holds until one is written; why none is written any more, once that is so.
    refused: Mutex<Option<Error>>,
}

impl Comments {
    pub(super) fn new(teller: Teller) -> Self {
        Self {
            teller,
            refused: Mutex::default(),
        }
    }

    /// Why not all of them were written.
    pub(super) fn refused(self) -> Option<Error> {
        self.refused.into_inner()
    }
}

/// What became of an environment that was to go.
pub(crate) struct Fate {
    /// Its place among the environments.
    pub(crate) at: usize,
    pub(crate) ended: Ended,
}

pub(crate) enum Ended {
    /// It went, as far as each thing tells.
    Went(Vec<Settled>),
    KeptBack(KeptBack),
    /// It was not begun.
    NotTried(Stop),
    /// It would go.
    Planned(Vec<Settled>),
}

/// What is under way of one environment.
enum State {
    Waiting,
    Looking,
    KeptBack(KeptBack),
    Goes,
}

struct One {
    at: usize,
    ground: Ground,
    owner: Owner,
    number: u64,
    /// The newest of its GitHub deployments.
    newest: Option<u64>,
    teardown: Teardown,
    state: RefCell<State>,
}

/// Those that go, the oldest first.
fn going(census: Census, verdicts: &[Verdict]) -> Vec<(usize, Ground, Found)> {
    let found = census.environments.into_iter().enumerate();
    let mut going: Vec<(usize, Ground, Found)> = found
        .filter_map(|(at, found)| match verdicts.get(at) {
            Some(Verdict::Goes(ground)) => Some((at, *ground, found)),
            _ => None,
        })
        .collect();
    going.sort_by_key(|(at, _, found)| (found.standing.made, *at));
    going
}

fn deployment(going: &Going) -> Option<u64> {
    match going.thing {
        Thing::Deployment { id, .. } => Some(id),
        _ => None,
    }
}

/// What would go.
pub(super) fn planned(census: Census, verdicts: &[Verdict]) -> Vec<Fate> {
    let planned = going(census, verdicts).into_iter().map(|(at, _, found)| Fate {
        at,
        ended: Ended::Planned(apply::planned(found.decision)),
    });
    planned.collect()
}

/// Carries the sweep out; `surplus`, which is no environment's, comes last.
pub(super) async fn carry_out(
    work: &Work<'_>,
    census: Census,
    verdicts: &[Verdict],
    surplus: Vec<Going>,
    interrupts: &mut Interrupts,
) -> (Vec<Fate>, Vec<Settled>) {
    let points = Teardown::of(Decision {
        going: surplus,
        staying: Vec::new(),
    });
    let all: Vec<One> = going(census, verdicts)
        .into_iter()
        .map(|(at, ground, found)| One {
            at,
            ground,
            owner: found.subject.owner,
            number: found.standing.pull_request,
            newest: found.decision.going.iter().filter_map(deployment).max(),
            teardown: Teardown::of(found.decision),
            state: RefCell::new(State::Waiting),
        })
        .collect();
    let each = stream::iter(&all).for_each_concurrent(AT_ONCE, |one| work.one(one));
    let everything = async {
        each.await;
        points.carry_out(work.writers, work.brake).await;
    };
    apply::until_stopped(everything, work.brake, interrupts).await;
    // Without one, everything has come to its end.
    let stop = work.brake.stop().unwrap_or(Stop::GivenUp(0));
    let ended = all.into_iter().map(|one| Fate {
        at: one.at,
        ended: match one.state.into_inner() {
            State::Waiting | State::Looking => Ended::NotTried(stop),
            State::KeptBack(why) => Ended::KeptBack(why),
            State::Goes => Ended::Went(one.teardown.settled(work.brake)),
        },
    });
    (ended.collect(), points.settled(work.brake))
}

impl Work<'_> {
    async fn one(&self, one: &One) {
        if self.brake.stop().is_some() {
            return;
        }
        one.state.replace(State::Looking);
        let listed = self.open.iter().find(|pull| pull.number == one.number);
        if let Err(why) = self.again.look(&one.ground, one.number, listed, one.newest).await {
            one.state.replace(State::KeptBack(why));
            return;
        }
        if self.brake.stop().is_some() {
            return;
        }
        one.state.replace(State::Goes);
        one.teardown.carry_out(self.writers, self.brake).await;
        // What was not reached is told by the run that reaches it.
        if self.brake.stop().is_none() {
            self.tell(one).await;
        }
    }

    async fn tell(&self, one: &One) {
        let mut refused = self.comments.refused.lock().await;
        let Some(writer) = self.writers.github.as_ref().filter(|_| refused.is_none()) else {
            return;
        };
        let results = one.teardown.so_far();
        let with = |outcome| results.iter().filter(|result| result.outcome == outcome).count();
        let left = with(Outcome::Failed);
        let report = Cleanup {
            head: Head {
                command: Command::Sweep,
                environment: one.owner.environment.clone(),
                pull_request: one.owner.pull_request,
                status: if left == 0 { Status::Done } else { Status::Failed },
                changed: with(Outcome::Deleted) > 0,
                ..Head::default()
            },
            left,
            kept: with(Outcome::Kept),
            results,
            unseen: self.unseen.map(str::to_owned),
            zoneless: self.zoneless,
            ..Cleanup::default()
        };
        let folds = one.ground == Ground::Closed && left == 0;
        let why = wording::gone(&one.ground, left == 0);
        let told = comment::tell(writer, &one.owner, &self.comments.teller, report, why, folds);
        *refused = told.await.err();
    }
}
