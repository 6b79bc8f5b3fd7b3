//! What the edge keeps: faults by host, versions asked for by their own URLs, and the set that serves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use super::swap::Swaps;
use crate::lock::lock;

/// The edge's own state.
#[derive(Debug, Default)]
pub(crate) struct Served {
    hosts: Mutex<BTreeMap<String, HostFault>>,
    pub(super) previewed: Mutex<Previewed>,
    draws: AtomicU32,
    pub(super) swaps: Swaps,
}

/// Versions asked for by their own URLs.
#[derive(Debug, Default)]
pub(super) struct Previewed {
    pub(super) versions: BTreeSet<String>,
    /// Moves with each change: the set changes without any change of the API's state.
    pub(super) revision: u64,
}

/// A host that answers by itself for a while, as a new one does until its certificate is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFault {
    status: u16,
    /// Text of the answer; by default `error code: <status>`.
    body: Option<String>,
    /// How often; none: until reset.
    times: Option<u32>,
}

/// The seed's `edge` member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    hosts: BTreeMap<String, HostFault>,
}

impl Served {
    pub(crate) fn seed(&self, value: &Value) -> anyhow::Result<()> {
        let document: Document = serde_json::from_value(value.clone()).context("the seed's `edge` is not right")?;
        lock(&self.hosts).extend(document.hosts);
        Ok(())
    }

    pub(crate) fn reset(&self) {
        lock(&self.hosts).clear();
        let mut previewed = lock(&self.previewed);
        previewed.versions.clear();
        previewed.revision += 1;
        self.draws.store(0, Ordering::Relaxed);
    }

    /// The fault of a host, counted down.
    pub(super) fn fault(&self, host: &str) -> Option<(u16, Option<String>)> {
        let mut hosts = lock(&self.hosts);
        let fault = hosts.get_mut(host)?;
        match &mut fault.times {
            Some(0) => return None,
            Some(times) => *times -= 1,
            None => {}
        }
        Some((fault.status, fault.body.clone()))
    }

    /// From now on the runtime also serves this version, though it is not deployed.
    pub(super) fn keep(&self, version: &str) {
        let mut previewed = lock(&self.previewed);
        if previewed.versions.insert(version.to_owned()) {
            previewed.revision += 1;
        }
    }

    /// The next number below 100, spread evenly: of ten, one is below ten.
    pub(super) fn draw(&self) -> f64 {
        let n = self.draws.fetch_add(1, Ordering::Relaxed);
        f64::from(n % 100 * 37 % 100) + 0.5
    }

    /// What the admin API shows of the edge.
    pub(crate) fn state(&self) -> Value {
        self.swaps.trouble()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_ten_draws_one_is_below_ten() {
        let edge = Served::default();
        let low = (0..10).filter(|_| edge.draw() < 10.0).count();
        assert_eq!(low, 1);
    }

    #[test]
    fn a_host_fails_as_often_as_seeded() {
        let edge = Served::default();
        edge.seed(&json!({"hosts": {"x.example.com": {"status": 522, "times": 2}}}))
            .unwrap();
        assert_eq!(edge.fault("x.example.com"), Some((522, None)));
        assert_eq!(edge.fault("y.example.com"), None);
        assert!(edge.fault("x.example.com").is_some());
        assert!(edge.fault("x.example.com").is_none());
        assert!(edge.seed(&json!({"hosts": {"x": {"statsu": 1}}})).is_err());
    }
}
