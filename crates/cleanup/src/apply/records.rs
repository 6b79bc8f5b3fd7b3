//! DNS records, all in one batch: it is done as a whole or not at all.

use std::collections::BTreeSet;

use actions_core::cloudflare::{self, DnsChange, DnsRecord};
use actions_core::reports::RemovalKind;

use super::Work;
use crate::outcome::{End, Why};
use crate::plan::Thing;
use crate::unread::one_line;

/// Reading and deleting the records again, when they changed meanwhile or the answer was lost.
const MOST_ROUNDS: usize = 3;

impl Work<'_> {
    pub(super) async fn records(&self) {
        let (Some(writer), Some(zone)) = (&self.writers.cloudflare, &self.writers.zone) else {
            return;
        };
        let mut left: Vec<usize> = self.those(RemovalKind::DnsRecord).collect();
        for round in 1..=MOST_ROUNDS {
            if left.is_empty() {
                return;
            }
            let _place = self.writers.place(RemovalKind::DnsRecord).await;
            if let Some(stop) = self.brake.on(RemovalKind::DnsRecord) {
                return self.ended(&left, |_| End::Left(Why::NotTried(stop)));
            }
            for at in &left {
                self.journal.begin(*at);
            }
            let changes: Vec<DnsChange> = left.iter().filter_map(|at| self.deletion(*at)).collect();
            let carried = writer.change_dns(zone, &changes).await;
            let done: BTreeSet<usize> = carried.done.into_iter().collect();
            let (gone, rest): (Vec<_>, Vec<_>) = left.iter().enumerate().partition(|(at, _)| done.contains(at));
            let plain = |part: Vec<(usize, &usize)>| -> Vec<usize> { part.into_iter().map(|(_, at)| *at).collect() };
            self.ended(&plain(gone), |_| End::Deleted);
            left = plain(rest);
            let Err(error) = carried.outcome else { return };
            // Somebody deleted one meanwhile, or it was done and only the answer was lost: look again.
            let there = match writer.reader().marked_dns_records(zone).await {
                Ok(there) if round < MOST_ROUNDS => there,
                _ => return self.none_deleted(&left, error),
            };
            let is_there = |at: &usize| {
                there
                    .iter()
                    .any(|found| self.record(*at).is_some_and(|record| record.id == found.id))
            };
            let (still, gone): (Vec<usize>, Vec<usize>) = left.into_iter().partition(is_there);
            self.ended(&gone, |_| End::Deleted);
            if gone.is_empty() {
                return self.none_deleted(&still, error);
            }
            left = still;
        }
    }

    fn record(&self, at: usize) -> Option<&DnsRecord> {
        match &self.going[at].thing {
            Thing::Record(record) => Some(record),
            _ => None,
        }
    }

    fn deletion(&self, at: usize) -> Option<DnsChange> {
        self.record(at).map(|record| DnsChange::Delete {
            id: record.id.clone(),
            name: record.name.clone(),
        })
    }

    fn ended(&self, those: &[usize], mut end: impl FnMut(usize) -> End) {
        for at in those {
            self.journal.end(*at, end(*at));
            self.tell(*at);
        }
    }

    fn none_deleted(&self, those: &[usize], error: cloudflare::Error) {
        let reason = one_line(&error);
        let mut error = Some(error);
        self.ended(those, |_| match error.take() {
            Some(error) => End::Left(Why::Failed(error.into())),
            None => End::Left(Why::Together(reason.clone())),
        });
    }
}
