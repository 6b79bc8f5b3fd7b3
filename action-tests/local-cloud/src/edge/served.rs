//! What the edge keeps: faults by host, versions asked for by their own URLs, and what the runtime
//! was given last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as AsyncMutex;

use crate::cloudflare::{self, Cloudflare};
use crate::lock::lock;
use crate::runtime::Runtime;

/// The edge's own state.
#[derive(Debug, Default)]
pub(crate) struct Served {
    hosts: Mutex<BTreeMap<String, HostFault>>,
    previewed: Mutex<BTreeSet<String>>,
    draws: AtomicU32,
    /// Held while a set is on its way to the runtime, so that no request overtakes it.
    pushed: AsyncMutex<Option<Pushed>>,
    /// Workers of the last set that did not start, and warnings.
    trouble: Mutex<Value>,
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

/// What the runtime was given last.
#[derive(Debug)]
struct Pushed {
    revision: u64,
    digest: [u8; 32],
}

impl Served {
    pub(crate) fn seed(&self, value: &Value) -> anyhow::Result<()> {
        let document: Document = serde_json::from_value(value.clone()).context("the seed's `edge` is not right")?;
        lock(&self.hosts).extend(document.hosts);
        Ok(())
    }

    pub(crate) fn reset(&self) {
        lock(&self.hosts).clear();
        lock(&self.previewed).clear();
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
        lock(&self.previewed).insert(version.to_owned());
    }

    /// The next number below 100, spread evenly: of ten, one is below ten.
    pub(super) fn draw(&self) -> f64 {
        let n = self.draws.fetch_add(1, Ordering::Relaxed);
        f64::from(n % 100 * 37 % 100) + 0.5
    }

    /// What the admin API shows of the edge.
    pub(crate) fn state(&self) -> Value {
        lock(&self.trouble).clone()
    }

    /// Gives the runtime the wanted set when it has changed. Returns once that set serves.
    pub(super) async fn push(&self, cloud: &Cloudflare, runtime: &Runtime) -> anyhow::Result<()> {
        let mut pushed = self.pushed.lock().await;
        let (revision, wanted) = {
            let state = lock(&cloud.state);
            let previewed = lock(&self.previewed);
            // A version's own URL changes the set without any change of the API's state.
            let revision = cloudflare::revision(&state) + ((previewed.len() as u64) << 48);
            if pushed.as_ref().is_some_and(|it| it.revision == revision) {
                return Ok(());
            }
            (revision, cloudflare::desired(&state, &previewed))
        };
        let digest: [u8; 32] = Sha256::digest(wanted.to_string().as_bytes()).into();
        if pushed.as_ref().is_none_or(|it| it.digest != digest) {
            let done = runtime.workers(wanted).await?;
            *lock(&self.trouble) = json!({"failed": done["failed"], "warnings": done["warnings"]});
        }
        *pushed = Some(Pushed { revision, digest });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
