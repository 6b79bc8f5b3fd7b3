//! The request log that `GET /_cloud/requests` shows.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::lock::lock;

/// Which of the four faces of the cloud was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    Github,
    Cloudflare,
    Neon,
    Edge,
}

/// One request and how it was answered.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one line of a log")]
pub(crate) struct Entry {
    /// 1 for the first request since the start, in order of arrival.
    pub(crate) seq: u64,
    pub(crate) provider: Provider,
    pub(crate) method: String,
    /// Host header without port; edge requests only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// Relative to the provider's base path.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) user_agent: Option<String>,
    /// The bearer token, in clear: this is a test double.
    pub(crate) token: Option<String>,
    /// None while under way, and when the connection was dropped by a fault rule.
    pub(crate) status: Option<u16>,
    /// Not GET, HEAD or OPTIONS.
    pub(crate) write: bool,
    /// No such route here (answered 501).
    pub(crate) unknown: bool,
    /// A fault rule changed the answer.
    pub(crate) fault: bool,
    /// The client hung up before the answer. The request was carried out all the same; `status` is what it missed.
    pub(crate) client_gone: bool,
    /// When it was read whole: milliseconds since 1970, by the machine's clock.
    pub(crate) received: u64,
    /// When its answer was sent, likewise. None while under way, and when nobody was given one.
    pub(crate) answered: Option<u64>,
    /// Duration, delays included, in milliseconds.
    pub(crate) ms: u64,
    /// The body, when it was JSON.
    pub(crate) body: Option<Value>,
}

/// Appended to by the gate, read by tests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Mutex<Vec<Entry>>,
    arrived: AtomicU64,
}

/// How a request ended, told to [`Log::close`].
pub(crate) struct Outcome {
    pub(crate) status: Option<u16>,
    pub(crate) unknown: bool,
    pub(crate) fault: bool,
    pub(crate) client_gone: bool,
    pub(crate) answered: Option<u64>,
    pub(crate) ms: u64,
}

/// Milliseconds since 1970. Not the cloud's own clock, which tests advance.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}

impl Log {
    /// Adds a request on arrival and returns its `seq`.
    pub(crate) fn open(&self, mut entry: Entry) -> u64 {
        let mut entries = lock(&self.entries);
        let seq = self.arrived.fetch_add(1, Ordering::Relaxed) + 1;
        entry.seq = seq;
        entries.push(entry);
        seq
    }

    /// Records how request `seq` ended. When the log was cleared meanwhile, there is nothing to record.
    pub(crate) fn close(&self, seq: u64, outcome: &Outcome) {
        let mut entries = lock(&self.entries);
        if let Some(entry) = entries.iter_mut().find(|entry| entry.seq == seq) {
            entry.status = outcome.status;
            entry.unknown = outcome.unknown;
            entry.fault = outcome.fault;
            entry.client_gone = outcome.client_gone;
            entry.answered = outcome.answered;
            entry.ms = outcome.ms;
        }
    }

    pub(crate) fn all(&self) -> Vec<Entry> {
        lock(&self.entries).clone()
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
    }
}
