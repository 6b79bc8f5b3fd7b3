//! Routes and custom domains. Neither has a marker: whose it is says the Worker that it leads to.

use actions_core::reports::RemovalKind;

use super::records::another_at;
use super::workers::{Standing, Workers};
use super::{Decision, Ground, Reason, Thing};
use crate::facts::Facts;
use crate::subject::Subject;
use crate::unread::Unread;

/// What is to become of something that leads to a Worker.
enum Fate {
    Goes,
    Kept(Reason),
    Left(Reason),
    /// It has nothing to do with this environment.
    Nothing,
}

/// A hostname of the environment is only looked at where its Worker is not the environment's: then it is told.
fn fate(subject: &Subject, facts: &Facts, workers: &Workers<'_>, worker: &str, host: &str) -> Fate {
    let our_host = subject.names_host(host);
    match workers.standing(worker) {
        Standing::Goes(_) => Fate::Goes,
        // The Worker went in a run before, and this did not: both names are what the manifest makes,
        // and the hostname's record is no other environment's.
        Standing::Gone if our_host && subject.names_worker(worker) && another_at(subject, facts, host).is_none() => {
            Fate::Goes
        }
        Standing::Not(whose) if our_host || subject.names_worker(worker) => Fate::Kept(Reason::LeadsTo {
            worker: worker.to_owned(),
            whose,
        }),
        // A hostname of an earlier manifest, perhaps: it is told.
        Standing::Gone if our_host || subject.names_worker(worker) => Fate::Kept(Reason::LeadsNowhere),
        Standing::Unknown(unread) if our_host || subject.names_worker(worker) => Fate::Left(Reason::Unknown(unread)),
        Standing::Not(_) | Standing::Gone | Standing::Unknown(_) => Fate::Nothing,
    }
}

/// Whether what leads to a Worker could still be told without it: see [`fate`] of one that is gone.
fn ground(subject: &Subject, worker: &str, host: &str) -> Ground {
    if subject.names_host(host) && subject.names_worker(worker) {
        Ground::LeadsTo(worker.to_owned())
    } else {
        Ground::KnownBy(worker.to_owned())
    }
}

impl Decision {
    pub(super) fn attached(&mut self, subject: &Subject, facts: &Facts, workers: &Workers<'_>) {
        let zone = match &facts.zone {
            None => return,
            Some(Err(unread)) => return self.unread_zone(subject, unread),
            Some(Ok(zone)) => zone,
        };
        match &zone.routes {
            Err(unread) => self.unread(RemovalKind::Route, subject, unread),
            Ok(routes) => {
                for route in routes {
                    let thing = || Thing::Route(route.clone());
                    match &route.script {
                        Some(worker) => {
                            let ground = ground(subject, worker, route.host());
                            self.one(fate(subject, facts, workers, worker, route.host()), thing, ground);
                        }
                        // Such a route keeps other routes away from a hostname: somebody made it by hand.
                        None if subject.names_host(route.host()) => {
                            self.kept(RemovalKind::Route, &route.pattern, Reason::LeadsNowhere);
                        }
                        None => {}
                    }
                }
            }
        }
        match &zone.domains {
            Err(unread) => self.unread(RemovalKind::CustomDomain, subject, unread),
            Ok(domains) => {
                for domain in domains {
                    let fate = fate(subject, facts, workers, &domain.service, &domain.hostname);
                    let ground = ground(subject, &domain.service, &domain.hostname);
                    self.one(fate, || Thing::Domain(domain.clone()), ground);
                }
            }
        }
    }

    fn one(&mut self, fate: Fate, thing: impl Fn() -> Thing, ground: Ground) {
        let thing = thing();
        let (kind, name) = (thing.kind(), thing.name().to_owned());
        match fate {
            Fate::Goes => self.goes(thing, ground, 0),
            Fate::Kept(reason) => self.kept(kind, &name, reason),
            Fate::Left(reason) => self.left(kind, &name, reason),
            Fate::Nothing => {}
        }
    }

    /// That the zone could not be found is told once, as its routes.
    fn unread_zone(&mut self, subject: &Subject, unread: &Unread) {
        self.unread(RemovalKind::Route, subject, unread);
    }
}
