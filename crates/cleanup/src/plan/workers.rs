//! Which Workers are the environment's.

use std::collections::BTreeMap;

use actions_core::cloudflare::Worker;
use actions_core::owner::{Verdict, Whose};
use actions_core::reports::RemovalKind;

use super::records::another_at;
use super::{Decision, Ground, Reason, Thing};
use crate::facts::Facts;
use crate::subject::Subject;
use crate::unread::Unread;

/// How a Worker stands to the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It goes.
    Goes(Ground),
    /// It is another's, or nobody's that we know.
    Not(Option<Whose>),
    /// There is no Worker of this name.
    Gone,
    /// The Workers could not be read.
    Unknown(Unread),
}

/// The account's Workers as this environment sees them.
pub(super) struct Workers<'a> {
    known: Result<BTreeMap<&'a str, Standing>, Unread>,
}

impl<'a> Workers<'a> {
    pub(super) fn of(subject: &Subject, facts: &'a Facts, adopt: bool) -> Self {
        let known = match &facts.workers {
            Some(Err(unread)) => Err(unread.clone()),
            Some(Ok(workers)) => {
                let standing = |worker: &'a Worker| (worker.name.as_str(), judge(subject, facts, worker, adopt));
                Ok(workers.iter().map(standing).collect())
            }
            None => Ok(BTreeMap::new()),
        };
        Self { known }
    }

    /// How the Worker of this name stands.
    pub(super) fn standing(&self, name: &str) -> Standing {
        match &self.known {
            Err(unread) => Standing::Unknown(unread.clone()),
            Ok(known) => known.get(name).cloned().unwrap_or(Standing::Gone),
        }
    }
}

impl Workers<'_> {
    /// A Worker of another repository's environment of our very name, whatever it is called itself.
    pub(super) fn namesake(&self, subject: &Subject) -> Option<(String, Whose)> {
        let known = self.known.iter().flatten();
        known
            .filter_map(|(name, standing)| match standing {
                Standing::Not(Some(whose)) => Some(((*name).to_owned(), whose.clone())),
                _ => None,
            })
            .find(|(_, whose)| whose.is_namesake_of(&subject.owner))
    }
}

fn judge(subject: &Subject, facts: &Facts, worker: &Worker, adopt: bool) -> Standing {
    let named = subject.names_worker(&worker.name);
    match worker.verdict(&subject.owner) {
        Verdict::Ours if named => Standing::Goes(Ground::Own),
        Verdict::Ours => Standing::Goes(Ground::Forgotten),
        Verdict::Foreign(whose) => Standing::Not(Some(whose)),
        Verdict::Unmarked if adopt && let Some(whose) = serves_another(subject, facts, worker) => {
            Standing::Not(Some(whose))
        }
        Verdict::Unmarked if adopt && (named || serves(subject, facts, worker)) => Standing::Goes(Ground::Adopted),
        Verdict::Unmarked => Standing::Not(None),
    }
}

/// Whose hostname a Worker answers at, or would by the manifest, where that hostname's DNS record is another's.
fn serves_another(subject: &Subject, facts: &Facts, worker: &Worker) -> Option<Whose> {
    let services = subject
        .names
        .services
        .iter()
        .filter(|service| service.worker == worker.name);
    let named = services.flat_map(|service| service.hostnames.iter().map(String::as_str));
    let zone = facts.zone.iter().flatten();
    let routes = zone.flat_map(|zone| zone.routes.iter().flatten());
    let leading = routes.filter(|route| route.script.as_deref() == Some(&worker.name));
    named
        .chain(leading.map(actions_core::cloudflare::Route::host))
        .find_map(|host| another_at(subject, facts, host))
}

/// Whether a Worker that is named like this environment's answers at a hostname whose DNS record is ours. That alone is
/// no proof: anybody can route a hostname that resolves.
fn serves(subject: &Subject, facts: &Facts, worker: &Worker) -> bool {
    let Some(Ok(zone)) = &facts.zone else { return false };
    let (Ok(routes), Ok(records)) = (&zone.routes, &zone.records) else {
        return false;
    };
    let ours = |host: &str| {
        let mut there = records.iter().filter(|record| record.name.eq_ignore_ascii_case(host));
        there.any(|record| record.is_made_by(&subject.owner))
    };
    subject.could_name_worker(&worker.name)
        && routes
            .iter()
            .any(|route| route.script.as_deref() == Some(&worker.name) && ours(route.host()))
}

/// Whether a Worker that is not ours, and that the manifest does not name, is worth telling: a name that fits the template
/// is a chance hit, unless it serves one of our hostnames or says that it is of our namesake.
fn looks_alike(subject: &Subject, facts: &Facts, worker: &Worker, whose: Option<&Whose>) -> bool {
    let namesake = whose.is_some_and(|whose| whose.is_namesake_of(&subject.owner));
    namesake || whose.is_none() && serves(subject, facts, worker)
}

/// Why what leads to Workers could not be read, where it could not.
fn leading_unread(facts: &Facts) -> Option<&Unread> {
    match facts.zone.as_ref()? {
        Err(unread) => Some(unread),
        Ok(zone) => zone.routes.as_ref().err().or(zone.domains.as_ref().err()),
    }
}

impl Decision {
    pub(super) fn workers(&mut self, subject: &Subject, facts: &Facts, workers: &Workers<'_>) {
        let there = match &facts.workers {
            None => return,
            Some(Err(unread)) => return self.unread(RemovalKind::Worker, subject, unread),
            Some(Ok(there)) => there,
        };
        // What the manifest has forgotten is bound by nobody that it names, or it could not have been taken out.
        for worker in there.iter().filter(|worker| !subject.names_worker(&worker.name)) {
            match workers.standing(&worker.name) {
                // Without it, nothing would tell whose the routes are that could not be read.
                Standing::Goes(_) if let Some(unread) = leading_unread(facts) => {
                    self.left(RemovalKind::Worker, &worker.name, Reason::Unknown(unread.clone()));
                }
                Standing::Goes(ground) => self.goes(Thing::Worker(worker.name.clone()), ground, 0),
                Standing::Not(whose) if looks_alike(subject, facts, worker, whose.as_ref()) => {
                    let reason = whose.map_or(Reason::LooksAlike, Reason::Foreign);
                    self.kept(RemovalKind::Worker, &worker.name, reason);
                }
                Standing::Not(_) | Standing::Gone | Standing::Unknown(_) => {}
            }
        }
        for (level, names) in subject.names.levels.iter().enumerate() {
            for name in names {
                match workers.standing(name) {
                    Standing::Goes(ground) => self.goes(Thing::Worker(name.clone()), ground, level + 1),
                    Standing::Gone => self.absent(RemovalKind::Worker, name),
                    Standing::Not(whose) => {
                        let reason = whose.map_or(Reason::Unmarked, Reason::Foreign);
                        self.kept(RemovalKind::Worker, name, reason);
                    }
                    Standing::Unknown(unread) => self.left(RemovalKind::Worker, name, Reason::Unread(unread)),
                }
            }
        }
    }
}
