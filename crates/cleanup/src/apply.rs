//! Carries the deletions out in order, one at a time; a failure does not keep the rest from going.

use std::collections::BTreeSet;

use actions_core::cloudflare::{self, DnsChange, DnsRecord, Zone};
use actions_core::neon;
use actions_core::reports::{Outcome, Removal, RemovalKind};

use crate::facts::{Facts, Readers};
use crate::plan::{Decision, Doomed, Settled};
use crate::report;

/// Other Workers bind to it.
const HAS_DEPENDENTS: u32 = 10142;
/// Reading and deleting the records again, when they changed meanwhile or the answer was lost.
const MOST_ROUNDS: usize = 3;

pub(crate) struct Writers {
    cloudflare: Option<cloudflare::Writer>,
    zone: Option<Zone>,
    neon: Option<neon::Writer>,
}

impl Writers {
    pub(crate) fn new(readers: &Readers, facts: &Facts) -> Self {
        let zone = facts.zone.as_ref().and_then(|zone| zone.as_ref().ok());
        Self {
            cloudflare: readers.cloudflare.as_ref().map(cloudflare::Reader::writer),
            zone: zone.map(|zone| zone.zone.clone()),
            neon: readers.neon.as_ref().map(neon::Reader::writer),
        }
    }
}

/// What a dry run reports: every deletion as planned.
pub(crate) fn planned(decision: Decision) -> Vec<Settled> {
    let planned = decision.plan.changes.into_iter().map(|change| {
        let detail = Some(change.detail).filter(|detail| !detail.is_empty());
        Settled::new(change.action.kind(), &change.name, Outcome::Planned, detail)
    });
    let settled = planned.chain(decision.settled).collect();
    sorted(settled)
}

/// Deletes, and tells of each thing what became of it.
pub(crate) async fn apply(writers: &Writers, decision: Decision) -> Vec<Settled> {
    let mut done = Applied {
        writers,
        settled: decision.settled,
    };
    let (mut workers, mut records, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for change in decision.plan.changes {
        match change.action {
            Doomed::Route(_) | Doomed::Domain(_) => done.attached(change.action).await,
            Doomed::Worker { name, named } => workers.push((name, named)),
            Doomed::Record(record) => records.push(record),
            Doomed::Namespace(_) | Doomed::Branch { .. } => rest.push(change.action),
        }
    }
    done.workers(workers).await;
    done.records(records).await;
    for doomed in rest {
        done.last(doomed).await;
    }
    sorted(done.settled)
}

fn sorted(mut settled: Vec<Settled>) -> Vec<Settled> {
    settled.sort_by_key(|settled| settled.removal.kind);
    settled
}

struct Applied<'a> {
    writers: &'a Writers,
    settled: Vec<Settled>,
}

impl Applied<'_> {
    /// What was there when we looked and is gone now counts as deleted: a retry after a lost answer finds it so.
    fn deleted(&mut self, kind: RemovalKind, name: &str, detail: Option<String>) {
        let settled = Settled::new(kind, name, Outcome::Deleted, detail);
        tracing::info!("{}", report::line(&settled.removal));
        self.settled.push(settled);
    }

    fn tell<E: Into<anyhow::Error>>(&mut self, kind: RemovalKind, name: &str, result: Result<bool, E>) {
        match result {
            Ok(_) => self.deleted(kind, name, None),
            Err(error) => self.settled.push(Settled::failed(kind, name, error)),
        }
    }

    async fn attached(&mut self, doomed: Doomed) {
        let (Some(writer), Some(zone)) = (&self.writers.cloudflare, &self.writers.zone) else {
            return;
        };
        match doomed {
            Doomed::Route(route) => {
                let result = writer.delete_route(zone, &route).await;
                self.tell(RemovalKind::Route, &route.pattern, result);
            }
            Doomed::Domain(domain) => match writer.detach_domain(&domain).await {
                Ok(_) => {
                    // The certificate is of no use any more, and Cloudflare would keep and renew it.
                    let certificate = writer.delete_certificate(zone, &domain).await;
                    let detail = certificate.err().map(|error| report::certificate_stays(&error));
                    self.deleted(RemovalKind::CustomDomain, &domain.hostname, detail);
                }
                Err(error) => {
                    let settled = Settled::failed(RemovalKind::CustomDomain, &domain.hostname, error);
                    self.settled.push(settled);
                }
            },
            _ => {}
        }
    }

    /// In order; a Worker that others still bind to is tried again after them.
    async fn workers(&mut self, mut workers: Vec<(String, bool)>) {
        let Some(writer) = &self.writers.cloudflare else { return };
        let attached_left = self.settled.iter().any(|settled| {
            settled.removal.outcome == Outcome::Failed
                && matches!(settled.removal.kind, RemovalKind::Route | RemovalKind::CustomDomain)
        });
        if attached_left {
            // Without its Worker, nothing would tell that the route of a forgotten one is ours.
            workers.retain(|(name, named)| {
                if !named {
                    let detail = Some(report::ROUTES_FIRST.to_owned());
                    let settled = Settled::new(RemovalKind::Worker, name, Outcome::Failed, detail);
                    self.settled.push(settled);
                }
                *named
            });
        }
        loop {
            let before = workers.len();
            let mut waiting = Vec::new();
            for (name, named) in workers {
                match writer.delete_worker(&name, false).await {
                    Err(error) if error.has(HAS_DEPENDENTS) => waiting.push((name, named, error)),
                    result => self.tell(RemovalKind::Worker, &name, result),
                }
            }
            if waiting.is_empty() || waiting.len() == before {
                for (name, _, error) in waiting {
                    let error = report::has_dependents(&name, error);
                    self.settled.push(Settled::failed(RemovalKind::Worker, &name, error));
                }
                return;
            }
            workers = waiting.into_iter().map(|(name, named, _)| (name, named)).collect();
        }
    }

    /// All records in one batch: it is done as a whole or not at all.
    async fn records(&mut self, mut records: Vec<DnsRecord>) {
        let (Some(writer), Some(zone)) = (&self.writers.cloudflare, &self.writers.zone) else {
            return;
        };
        for round in 1..=MOST_ROUNDS {
            if records.is_empty() {
                return;
            }
            let delete = |record: &DnsRecord| DnsChange::Delete {
                id: record.id.clone(),
                name: record.name.clone(),
            };
            let changes: Vec<DnsChange> = records.iter().map(delete).collect();
            let carried = writer.change_dns(zone, &changes).await;
            let done: BTreeSet<usize> = carried.done.into_iter().collect();
            let mut left = Vec::new();
            for (at, record) in records.into_iter().enumerate() {
                if done.contains(&at) {
                    self.deleted(RemovalKind::DnsRecord, &record.name, None);
                } else {
                    left.push(record);
                }
            }
            let Err(error) = carried.outcome else { return };
            // Somebody deleted one meanwhile, or it was done and only the answer was lost: look again.
            let there = writer.reader().marked_dns_records(zone).await;
            let Ok(there) = there else {
                return self.none_deleted(left, error);
            };
            let (still, gone): (Vec<DnsRecord>, Vec<DnsRecord>) = left
                .into_iter()
                .partition(|record| there.iter().any(|found| found.id == record.id));
            let progress = !gone.is_empty();
            for record in gone {
                self.deleted(RemovalKind::DnsRecord, &record.name, None);
            }
            if round == MOST_ROUNDS || !progress && !error.is_unclear() {
                return self.none_deleted(still, error);
            }
            records = still;
        }
    }

    fn none_deleted(&mut self, records: Vec<DnsRecord>, error: cloudflare::Error) {
        let reason = report::chain(&error);
        let mut error = Some(error);
        for record in records {
            let mut settled = Settled::new(
                RemovalKind::DnsRecord,
                &record.name,
                Outcome::Failed,
                Some(reason.clone()),
            );
            settled.error = error.take().map(anyhow::Error::from);
            self.settled.push(settled);
        }
    }

    async fn last(&mut self, doomed: Doomed) {
        match doomed {
            Doomed::Namespace(namespace) => {
                let Some(writer) = &self.writers.cloudflare else { return };
                let result = writer.delete_kv_namespace(&namespace).await;
                self.tell(RemovalKind::KvNamespace, &namespace.title, result);
            }
            Doomed::Branch { id, name } => {
                let Some(writer) = &self.writers.neon else { return };
                let result = writer.delete(&id).await;
                self.tell(RemovalKind::Branch, &name, result);
            }
            _ => {}
        }
    }
}

/// Whether anything is other than before.
pub(crate) fn changed(removals: &[Removal]) -> bool {
    removals.iter().any(|removal| removal.outcome == Outcome::Deleted)
}
