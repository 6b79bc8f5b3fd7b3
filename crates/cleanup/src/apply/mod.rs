//! Carries the deletions out: what depends on nothing side by side, a bounded number at once. A failure does not keep
//! the rest from going, and one limit holds for the whole run, of however many environments.

pub(crate) mod brake;
mod deployments;
mod journal;
mod pace;
mod records;
mod workers;

use std::time::Duration;

use actions_core::cloudflare::dependents::has_dependents;
use actions_core::cloudflare::{self, Zone};
use actions_core::reports::{Removal, RemovalKind};
use actions_core::runner::signal::Interrupts;
use actions_core::{github, neon};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep_until, timeout};

use self::brake::Brake;
use self::journal::Journal;
use self::pace::Pace;
use crate::facts::{Facts, Readers};
use crate::outcome::{End, Settled, Stop, Why};
use crate::plan::{Decision, Going, Staying, Thing};
use crate::report;

/// So many deletions at once, of all environments together: well below what would count as a burst.
const AT_ONCE: usize = 6;
/// What is under way when the time is up may still come to its end.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What deletes, for a whole run.
pub(crate) struct Writers {
    cloudflare: Option<cloudflare::Writer>,
    zone: Option<Zone>,
    neon: Option<neon::Writer>,
    pub(crate) github: Option<github::Writer>,
    at_cloudflare: Semaphore,
    /// Neon locks a project while it deletes a branch: another would only be refused (423).
    at_neon: Semaphore,
    /// GitHub wants writes one after another, and not too many in a minute.
    at_github: Semaphore,
    github_pace: Pace,
}

impl Writers {
    pub(crate) fn new(readers: &Readers, facts: &Facts) -> Self {
        let zone = facts.zone.as_ref().and_then(|zone| zone.as_ref().ok());
        Self {
            cloudflare: readers.cloudflare.as_ref().map(cloudflare::Reader::writer),
            zone: zone.map(|zone| zone.zone.clone()),
            neon: readers.neon.as_ref().map(neon::Reader::writer),
            github: readers.github.clone().map(github::Writer::from),
            at_cloudflare: Semaphore::new(AT_ONCE),
            at_neon: Semaphore::new(1),
            at_github: Semaphore::new(1),
            github_pace: Pace::of_github(),
        }
    }

    /// Waits for a place among the deletions that are under way. Neither semaphore is ever closed.
    async fn place(&self, kind: RemovalKind) -> Option<SemaphorePermit<'_>> {
        match kind {
            RemovalKind::Branch | RemovalKind::RestorePoint => self.at_neon.acquire().await.ok(),
            RemovalKind::Deployment => {
                let place = self.at_github.acquire().await.ok();
                self.github_pace.turn().await;
                place
            }
            _ => self.at_cloudflare.acquire().await.ok(),
        }
    }
}

/// What a dry run reports: every deletion as planned.
pub(crate) fn planned(decision: Decision) -> Vec<Settled> {
    let going = decision.going.into_iter();
    let planned = going.map(|going| Settled::of(&going.thing, End::Planned(going.ground)));
    sorted(planned, decision.staying)
}

/// One environment's deletions, and what became of each so far: it outlives the work, so that a run that has to end
/// tells what it did.
pub(crate) struct Teardown {
    decision: Decision,
    journal: Journal,
}

impl Teardown {
    pub(crate) fn of(decision: Decision) -> Self {
        Self {
            journal: Journal::new(decision.going.len()),
            decision,
        }
    }

    /// Deletes what goes, in order. Several environments' may run at the same time on the same writers and brake; see
    /// [`until_stopped`] for what ends them.
    pub(crate) async fn carry_out(&self, writers: &Writers, brake: &Brake) {
        let work = Work {
            writers,
            going: &self.decision.going,
            journal: &self.journal,
            brake,
        };
        work.all().await;
    }

    /// What became of each thing so far, as it is reported.
    pub(crate) fn so_far(&self) -> Vec<Removal> {
        let going = self.decision.going.iter().enumerate();
        let going = going.filter_map(|(at, going)| {
            let (kind, name) = (going.thing.kind(), going.thing.name());
            self.journal.with(at, |end| report::removal_of(kind, name, end))
        });
        let staying = self.decision.staying.iter().cloned().map(Settled::from);
        let mut all: Vec<Removal> = going.chain(staying.map(|settled| report::removal(&settled))).collect();
        all.sort_by_key(|removal| removal.kind);
        all
    }

    /// What became of each thing.
    pub(crate) fn settled(self, brake: &Brake) -> Vec<Settled> {
        // Without one, everything has ended.
        let stop = brake.stop().unwrap_or(Stop::GivenUp(0));
        sorted(self.journal.settled(&self.decision.going, stop), self.decision.staying)
    }
}

/// Works until all is done, the run is cancelled, or its time is up. What is under way then may come to its end;
/// nothing more is begun.
pub(crate) async fn until_stopped(work: impl Future<Output = ()>, brake: &Brake, interrupts: &mut Interrupts) {
    let mut work = std::pin::pin!(work);
    let rest = tokio::select! {
        () = &mut work => return,
        signal = interrupts.next() => {
            brake.cancel(signal);
            signal.last_answer()
        }
        () = sleep_until(brake.end()) => LAST_WAIT,
    };
    let _ = timeout(rest, work).await;
}

/// What was to go and what stays, by kind.
fn sorted(going: impl IntoIterator<Item = Settled>, staying: Vec<Staying>) -> Vec<Settled> {
    let staying = staying.into_iter().map(Settled::from);
    let mut settled: Vec<Settled> = going.into_iter().chain(staying).collect();
    settled.sort_by_key(|settled| settled.kind);
    settled
}

struct Work<'a> {
    writers: &'a Writers,
    going: &'a [Going],
    journal: &'a Journal,
    brake: &'a Brake,
}

impl Work<'_> {
    async fn all(&self) {
        use RemovalKind::{Branch, Certificate, CustomDomain, Deployment, KvNamespace, RestorePoint, Route};
        // People are told first that it goes: what follows breaks its addresses.
        self.retire().await;
        // A Worker whose routes were still there could not be told from a stranger's in the next run.
        tokio::join!(self.each(Route), self.each(CustomDomain));
        tokio::join!(self.each(Certificate), self.workers(), self.records());
        tokio::join!(self.each(KvNamespace), self.in_turn(Branch));
        self.in_turn(RestorePoint).await;
        self.each(Deployment).await;
    }

    /// Where the things of a kind stand in the plan, in its order.
    fn those(&self, kind: RemovalKind) -> impl Iterator<Item = usize> {
        let of_kind = move |going: &Going| going.thing.kind() == kind;
        (0..self.going.len()).filter(move |at| of_kind(&self.going[*at]))
    }

    /// All of a kind, some at once, told in the plan's order.
    async fn each(&self, kind: RemovalKind) {
        stream::iter(self.those(kind))
            .map(|at| self.one(at))
            .buffered(AT_ONCE)
            .for_each(async |at| self.tell(at))
            .await;
    }

    /// All of a kind, one after another.
    async fn in_turn(&self, kind: RemovalKind) {
        for at in self.those(kind) {
            self.tell(self.one(at).await);
        }
    }

    async fn one(&self, at: usize) -> usize {
        let thing = &self.going[at].thing;
        let _place = self.writers.place(thing.kind()).await;
        let end = if let Some(stop) = self.brake.on(thing.kind()) {
            End::Left(Why::NotTried(stop))
        } else if let Some(why) = self.waits_for(thing) {
            End::Left(why)
        } else {
            self.journal.begin(at);
            self.delete(thing).await
        };
        self.journal.end(at, end);
        at
    }

    /// The same for a Worker that only such Workers bind to as go with it.
    async fn one_by_force(&self, at: usize) {
        let thing = &self.going[at].thing;
        let _place = self.writers.place(thing.kind()).await;
        let end = match (self.brake.on(thing.kind()), &self.writers.cloudflare) {
            (Some(stop), _) => End::Left(Why::NotTried(stop)),
            (None, None) => return,
            (None, Some(writer)) => {
                self.journal.begin(at);
                match writer.delete_worker(thing.name(), true).await {
                    Ok(_) => End::Deleted,
                    Err(error) => self.failed_at_cloudflare(thing.kind(), error),
                }
            }
        };
        self.journal.end(at, end);
    }

    /// What has to go before a thing does, and has not.
    fn waits_for(&self, thing: &Thing) -> Option<Why> {
        let left = |is: &dyn Fn(&Thing) -> bool| {
            let at = (0..self.going.len()).find(|at| {
                let gone = self.journal.with(*at, |end| matches!(end, End::Deleted));
                is(&self.going[*at].thing) && !gone.unwrap_or(false)
            })?;
            Some(self.going[at].thing.name().to_owned())
        };
        match thing {
            Thing::Certificate { hostname, .. } => {
                let of = |other: &Thing| matches!(other, Thing::Domain(domain) if domain.hostname == *hostname);
                left(&of).map(|_| Why::DomainFirst)
            }
            // A Worker that is still there goes on using them.
            Thing::Namespace(_) | Thing::Branch { .. } => {
                left(&|other| matches!(other, Thing::Worker(_))).map(Why::UsedBy)
            }
            _ => None,
        }
    }

    async fn delete(&self, thing: &Thing) -> End {
        let writers = self.writers;
        let result = match (thing, &writers.cloudflare, &writers.zone, &writers.neon) {
            (Thing::Deployment { id, .. }, ..) => return self.delete_deployment(*id).await,
            (Thing::Branch { id, .. } | Thing::RestorePoint { id, .. }, .., Some(writer)) => {
                return match writer.delete(id).await {
                    Ok(_) => End::Deleted,
                    Err(error) => {
                        self.count(thing.kind(), error.is_unclear());
                        End::Left(Why::Failed(error.into()))
                    }
                };
            }
            (Thing::Route(route), Some(writer), Some(zone), _) => writer.delete_route(zone, route).await,
            (Thing::Domain(domain), Some(writer), Some(_), _) => writer.detach_alone(domain).await,
            (Thing::Certificate { id, hostname }, Some(writer), Some(zone), _) => {
                writer.delete_certificate(zone, id, hostname).await
            }
            (Thing::Namespace(namespace), Some(writer), ..) => writer.delete_kv_namespace(namespace).await,
            (Thing::Worker(name), Some(writer), ..) => writer.delete_worker(name, false).await,
            // Records go in one batch; the rest cannot be without what it was read with.
            _ => return End::Left(Why::NotTried(Stop::GivenUp(0))),
        };
        match result {
            Ok(_) => End::Deleted,
            Err(error) => self.failed_at_cloudflare(thing.kind(), error),
        }
    }

    fn failed_at_cloudflare(&self, kind: RemovalKind, error: cloudflare::Error) -> End {
        self.count(kind, error.is_unclear());
        if has_dependents(&error) {
            return End::Left(Why::Bound(error));
        }
        End::Left(Why::Failed(error.into()))
    }

    fn count(&self, kind: RemovalKind, unclear: bool) {
        if unclear {
            self.brake.failed(kind);
        }
    }

    /// Tells in the log what became of a thing.
    fn tell(&self, at: usize) {
        let thing = &self.going[at].thing;
        self.journal
            .with(at, |end| report::log(thing.kind(), thing.name(), end));
    }
}
