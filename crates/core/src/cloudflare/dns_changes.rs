//! Changes of DNS records, carried out in as few calls as Cloudflare allows.

use super::dns::NO_RECORD;
use super::{Batch, Error, NewRecord, Writer, Zone};

/// Operations in one batch, on the smallest plan (Cloudflare: Free 200, paid 3,500).
const CHUNK: usize = 200;
/// "No route", "no such route", "method not allowed": this zone or API has no batch.
const NO_BATCH: &[u32] = &[7000, 7001, 7003];

/// One change of a zone's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsChange {
    Delete { id: String, name: String },
    Update { id: String, record: NewRecord },
    Create { record: NewRecord },
}

impl DnsChange {
    /// The order in which Cloudflare runs a batch: what is in the way goes first.
    fn rank(&self) -> u8 {
        match self {
            Self::Delete { .. } => 0,
            Self::Update { .. } => 1,
            Self::Create { .. } => 2,
        }
    }
}

/// How far the changes came.
#[derive(Debug)]
pub struct Carried {
    /// The changes that were made, by their place in what was asked for.
    pub done: Vec<usize>,
    /// What ended it early.
    pub outcome: Result<(), Error>,
}

impl Writer {
    /// Makes the changes: up to 200 in one call, which Cloudflare runs as one transaction. Where a zone has no batch,
    /// one call each.
    ///
    /// A change that turns out stale (a record is gone, or exists already) ends it with its error: read the zone again
    /// and plan anew.
    pub async fn change_dns(&self, zone: &Zone, changes: &[DnsChange]) -> Carried {
        let mut order: Vec<usize> = (0..changes.len()).collect();
        order.sort_by_key(|at| changes[*at].rank());
        let mut done = Vec::with_capacity(order.len());
        for chunk in order.chunks(CHUNK) {
            match self.dns_batch(zone, &batch(chunk, changes)).await {
                Ok(()) => done.extend_from_slice(chunk),
                Err(error) if has_no_batch(&error) => {
                    tracing::info!("zone `{}` has no batch of DNS records; one call each", zone.name);
                    let rest = &order[done.len()..];
                    let outcome = self.one_by_one(zone, rest, changes, &mut done).await;
                    return Carried { done, outcome };
                }
                Err(error) => {
                    let outcome = Err(error);
                    return Carried { done, outcome };
                }
            }
        }
        Carried { done, outcome: Ok(()) }
    }

    async fn one_by_one(
        &self,
        zone: &Zone,
        order: &[usize],
        changes: &[DnsChange],
        done: &mut Vec<usize>,
    ) -> Result<(), Error> {
        for at in order {
            match &changes[*at] {
                DnsChange::Delete { id, name } => drop(self.delete_dns_record(zone, id, name).await?),
                DnsChange::Update { id, record } => drop(self.update_dns_record(zone, id, record).await?),
                DnsChange::Create { record } => drop(self.create_dns_record(zone, record).await?),
            }
            done.push(*at);
        }
        Ok(())
    }
}

fn batch(chunk: &[usize], changes: &[DnsChange]) -> Batch {
    let mut batch = Batch::default();
    for at in chunk {
        match changes[*at].clone() {
            DnsChange::Delete { id, .. } => batch.deletes.push(id),
            DnsChange::Update { id, record } => batch.patches.push((id, record)),
            DnsChange::Create { record } => batch.posts.push(record),
        }
    }
    batch
}

fn has_no_batch(error: &Error) -> bool {
    error.has_any(NO_BATCH) || error.status() == Some(405) || error.status() == Some(404) && !error.has(NO_RECORD)
}
