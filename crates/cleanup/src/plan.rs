//! What goes, and what stays although it looks as if it should go: no client here.
//!
//! A thing is the environment's own when its name is exactly the one that the manifest makes for this environment, or
//! when it carries the environment's marker. A name that only looks alike is never enough.

mod branches;
mod workers;

use std::collections::BTreeSet;

use actions_core::cloudflare::{CustomDomain, DnsRecord, KvNamespace, Route};
use actions_core::plan::{Plan, Verb};
use actions_core::reports::{Outcome, Removal, RemovalKind};

use self::workers::Workers;
use crate::facts::{Facts, Unread};
use crate::inputs::Target;
use crate::report;

/// One deletion, with what carrying it out needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doomed {
    Route(Route),
    Domain(CustomDomain),
    Worker {
        name: String,
        /// The manifest names it: it is found again without what is attached to it.
        named: bool,
    },
    Record(DnsRecord),
    Namespace(KvNamespace),
    Branch {
        id: String,
        name: String,
    },
}

impl Doomed {
    pub(crate) fn kind(&self) -> RemovalKind {
        match self {
            Self::Route(_) => RemovalKind::Route,
            Self::Domain(_) => RemovalKind::CustomDomain,
            Self::Worker { .. } => RemovalKind::Worker,
            Self::Record(_) => RemovalKind::DnsRecord,
            Self::Namespace(_) => RemovalKind::KvNamespace,
            Self::Branch { .. } => RemovalKind::Branch,
        }
    }
}

/// What is to be done, and what is settled already: absent, kept on purpose, or impossible.
pub(crate) struct Decision {
    pub(crate) plan: Plan<Doomed>,
    pub(crate) settled: Vec<Settled>,
}

/// The outcome for one thing, with the error when there is one.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) removal: Removal,
    pub(crate) error: Option<anyhow::Error>,
}

impl Settled {
    pub(crate) fn new(kind: RemovalKind, name: &str, outcome: Outcome, detail: Option<String>) -> Self {
        Self {
            removal: Removal {
                kind,
                name: name.to_owned(),
                outcome,
                detail,
            },
            error: None,
        }
    }

    /// A failure for the reason that `error` gives.
    pub(crate) fn failed(kind: RemovalKind, name: &str, error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        let reason = report::reason(&error);
        tracing::warn!("{}", report::failure(kind, name, &reason));
        Self {
            error: Some(error),
            ..Self::new(kind, name, Outcome::Failed, Some(reason))
        }
    }
}

/// Decides on everything that was read.
pub(crate) fn decide(target: &Target, facts: &Facts) -> Decision {
    let mut decision = Decision {
        plan: Plan::default(),
        settled: Vec::new(),
    };
    if target.with_cloudflare {
        let ours = Workers::of(target, facts);
        decision.attached(target, facts, &ours);
        decision.workers(target, facts, &ours);
        decision.records(target, facts);
        decision.namespaces(target, facts, &ours);
    }
    if target.with_neon {
        decision.branches(target, facts);
    }
    decision
}

/// Cloudflare compares comments without case, and a record that it manages itself cannot be deleted.
fn is_own(target: &Target, record: &DnsRecord) -> bool {
    target.environment.owner.verdict_of([record.comment.as_str()]).is_ours() && !record.meta.read_only
}

impl Decision {
    fn doom(&mut self, kind: &'static str, name: &str, detail: impl Into<String>, doomed: Doomed) {
        self.plan.push(Verb::Delete, kind, name, detail, doomed);
    }

    fn settle(&mut self, kind: RemovalKind, name: &str, outcome: Outcome, detail: Option<String>) {
        self.settled.push(Settled::new(kind, name, outcome, detail));
    }

    /// A list that could not be read: whatever of ours is in it is left.
    fn unread(&mut self, kind: RemovalKind, target: &Target, unread: &Unread) {
        let name = report::all_of(&target.environment);
        self.settled
            .push(Settled::failed(kind, &name, report::unread(unread.clone())));
    }

    /// Routes and custom domains: those that lead to one of our Workers, and domains of our hostnames.
    fn attached(&mut self, target: &Target, facts: &Facts, ours: &Workers) {
        let zone = match &facts.zone {
            None => return,
            Some(Err(error)) => return self.unread(RemovalKind::Route, target, error),
            Some(Ok(zone)) => zone,
        };
        match &zone.routes {
            Err(error) => self.unread(RemovalKind::Route, target, error),
            Ok(routes) => {
                for route in routes {
                    if let Some(worker) = route.script.as_deref().filter(|script| ours.has(script)) {
                        let detail = report::leads_to(worker);
                        self.doom("route", &route.pattern, detail, Doomed::Route(route.clone()));
                    }
                }
            }
        }
        match &zone.domains {
            Err(error) => self.unread(RemovalKind::CustomDomain, target, error),
            Ok(domains) => {
                for domain in domains {
                    let hostnames = &target.environment.services;
                    if ours.has(&domain.service) {
                        let detail = report::leads_to(&domain.service);
                        self.doom(
                            "custom domain",
                            &domain.hostname,
                            detail,
                            Doomed::Domain(domain.clone()),
                        );
                    } else if hostnames.iter().any(|service| service.hostname == domain.hostname) {
                        let detail = Some(report::of_another_worker(&domain.service));
                        self.settle(RemovalKind::CustomDomain, &domain.hostname, Outcome::Kept, detail);
                    }
                }
            }
        }
    }

    fn workers(&mut self, target: &Target, facts: &Facts, ours: &Workers) {
        let there: BTreeSet<&str> = match &facts.workers {
            None => return,
            Some(Err(error)) => return self.unread(RemovalKind::Worker, target, error),
            Some(Ok(workers)) => workers.iter().map(|worker| worker.name.as_str()).collect(),
        };
        for name in &ours.forgotten {
            let (name, named) = (name.clone(), false);
            self.doom(
                "Worker",
                &name.clone(),
                report::FORGOTTEN,
                Doomed::Worker { name, named },
            );
        }
        for name in &ours.named {
            if there.contains(name.as_str()) {
                let (name, named) = (name.clone(), true);
                self.doom("Worker", &name.clone(), "", Doomed::Worker { name, named });
            } else {
                self.settle(RemovalKind::Worker, name, Outcome::Absent, None);
            }
        }
        for name in &ours.foreign {
            let detail = Some(report::MARKED_AS_ANOTHERS.to_owned());
            self.settle(RemovalKind::Worker, name, Outcome::Kept, detail);
        }
    }

    fn records(&mut self, target: &Target, facts: &Facts) {
        // That the zone could not be found is told once, as its routes.
        let Some(Ok(zone)) = &facts.zone else { return };
        match &zone.records {
            Err(error) => self.unread(RemovalKind::DnsRecord, target, error),
            Ok(records) => {
                for record in records.iter().filter(|record| is_own(target, record)) {
                    let detail = format!("{} {}", record.kind, record.content);
                    self.doom("DNS record", &record.name, detail, Doomed::Record(record.clone()));
                }
            }
        }
    }

    /// Nothing but its title tells whose a namespace is: where the Worker that binds it is another's, it may be too.
    fn namespaces(&mut self, target: &Target, facts: &Facts, ours: &Workers) {
        let all = match &facts.namespaces {
            None => return,
            Some(Err(error)) => return self.unread(RemovalKind::KvNamespace, target, error),
            Some(Ok(all)) => all,
        };
        let services = || target.environment.services.iter();
        // Services share a namespace by naming the same binding.
        let titles: BTreeSet<&str> = services()
            .flat_map(|service| &service.kv)
            .map(|kv| kv.title.as_str())
            .collect();
        for title in titles {
            let in_doubt = services()
                .any(|service| ours.foreign.contains(&service.worker) && service.kv.iter().any(|kv| kv.title == title));
            match all.iter().find(|namespace| namespace.title == title) {
                Some(_) if in_doubt => {
                    let detail = Some(report::BOUND_BY_ANOTHERS.to_owned());
                    self.settle(RemovalKind::KvNamespace, title, Outcome::Kept, detail);
                }
                Some(found) => self.doom("KV namespace", title, "", Doomed::Namespace(found.clone())),
                None => self.settle(RemovalKind::KvNamespace, title, Outcome::Absent, None),
            }
        }
    }
}

#[cfg(test)]
mod tests;
