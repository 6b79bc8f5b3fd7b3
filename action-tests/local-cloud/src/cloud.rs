//! The one state that all parts share.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::log::Log;
use crate::runtime::Runtime;
use crate::traffic::Traffic;
use crate::{cloudflare, edge, github, neon};

/// Everything that the three providers, the edge and the admin API know. Shared by `Arc`; each
/// provider's state has its own lock, never held across an `await`.
pub(crate) struct Cloud {
    pub(crate) clock: Clock,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) log: Log,
    /// Where requests and answers are written to, when they are.
    pub(crate) traffic: Option<Traffic>,
    pub(crate) latency_ms: AtomicU64,
    pub(crate) ids: Ids,
    /// Base URLs, known once the listeners are bound.
    pub(crate) origins: OnceLock<Origins>,
    /// workerd and Postgres, when asked for.
    pub(crate) runtime: Option<Runtime>,
    pub(crate) github: Mutex<github::State>,
    pub(crate) cloudflare: Mutex<cloudflare::State>,
    pub(crate) neon: Mutex<neon::State>,
    /// The real databases behind Neon's branches, and where they are reached.
    pub(crate) physical: neon::Physical,
    pub(crate) edge: edge::Edge,
}

/// Where each part answers, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) github: String,
    pub(crate) cloudflare: String,
    pub(crate) neon: String,
    pub(crate) edge: String,
    pub(crate) admin: String,
}

impl Cloud {
    /// `front` is the port of Neon's front, where there is one.
    pub(crate) fn new(runtime: Option<Runtime>, front: Option<u16>) -> anyhow::Result<Self> {
        Ok(Self {
            physical: neon::Physical::new(runtime.as_ref(), front)?,
            clock: Clock::default(),
            faults: Mutex::default(),
            log: Log::default(),
            traffic: Traffic::from_environment()?,
            latency_ms: AtomicU64::new(0),
            ids: Ids::default(),
            origins: OnceLock::new(),
            runtime,
            github: Mutex::default(),
            cloudflare: Mutex::default(),
            neon: Mutex::default(),
            edge: edge::Edge::default(),
        })
    }

    /// The base URLs. Only read while serving, when they are known.
    pub(crate) fn origins(&self) -> &Origins {
        static NONE: Origins = Origins {
            github: String::new(),
            cloudflare: String::new(),
            neon: String::new(),
            edge: String::new(),
            admin: String::new(),
        };
        self.origins.get().unwrap_or(&NONE)
    }

    /// The whole state as `GET /_cloud/state` shows it.
    pub(crate) fn state(&self) -> anyhow::Result<Value> {
        Ok(json!({
            "github": serde_json::to_value(&*lock(&self.github))?,
            "cloudflare": serde_json::to_value(&*lock(&self.cloudflare))?,
            "neon": serde_json::to_value(&*lock(&self.neon))?,
            "edge": self.edge.state(),
        }))
    }

    /// Merges a seed document into the state. Latency, edge faults and each provider's part.
    pub(crate) fn seed(&self, document: &Value) -> anyhow::Result<()> {
        let Some(document) = document.as_object() else {
            anyhow::bail!("a seed is a JSON object");
        };
        for (key, value) in document {
            match key.as_str() {
                "latency_ms" => {
                    let Some(ms) = value.as_u64() else {
                        anyhow::bail!("`latency_ms` is a number of milliseconds");
                    };
                    self.latency_ms.store(ms, Ordering::Relaxed);
                }
                "github" => github::seed(self, value)?,
                "cloudflare" => cloudflare::seed(self, value)?,
                "neon" => neon::seed(self, value)?,
                "edge" => self.edge.seed(value)?,
                other => anyhow::bail!(
                    "unknown key `{other}` in the seed; known are `latency_ms`, `github`, `cloudflare`, `neon` and `edge`"
                ),
            }
        }
        Ok(())
    }

    /// Back to the default world: state, clock, faults, log, latency, ids.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        self.ids.reset();
        self.log.clear();
        self.latency_ms.store(0, Ordering::Relaxed);
        lock(&self.faults).clear();
        *lock(&self.github) = github::State::default();
        lock(&self.cloudflare).reset();
        *lock(&self.neon) = neon::State::default();
        self.edge.reset();
    }
}

/// Locks, and goes on after a panic elsewhere: a test double must keep answering.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Random-looking ids that come out the same in every run, so that a failure can be replayed.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    drawn: AtomicU64,
}

impl Ids {
    fn digest(&self) -> [u8; 32] {
        let n = self.drawn.fetch_add(1, Ordering::Relaxed);
        Sha256::digest(format!("local-cloud {n}").as_bytes()).into()
    }

    /// `length` (at most 64) lower-case hexadecimal digits.
    pub(crate) fn hex(&self, length: usize) -> String {
        let mut text = hex(&self.digest());
        text.truncate(length);
        text
    }

    /// A UUID, version 4 in form.
    pub(crate) fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.digest()[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// `length` (at most 32) lower-case letters and digits, as Neon's ids end.
    pub(crate) fn alphanumeric(&self, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        self.digest()
            .iter()
            .take(length)
            .map(|b| char::from(ALPHABET[usize::from(*b) % ALPHABET.len()]))
            .collect()
    }

    /// A number below `below`, for picking words.
    pub(crate) fn pick(&self, below: usize) -> usize {
        usize::from(self.digest()[0]) % below.max(1)
    }

    fn reset(&self) {
        self.drawn.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_after_a_reset_and_differ_before() {
        let ids = Ids::default();
        let first = (ids.hex(32), ids.uuid(), ids.alphanumeric(8));
        assert_eq!(first.0.len(), 32);
        assert_eq!(first.1.as_bytes()[14], b'4');
        assert_eq!(first.2.len(), 8);
        assert_ne!(ids.hex(32), first.0);
        ids.reset();
        assert_eq!((ids.hex(32), ids.uuid(), ids.alphanumeric(8)), first);
    }
}
