//! What every part stands on: time, ids, addresses, fault rules, the log and the runtime. It knows no provider.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::ids::Ids;
use crate::lock::lock;
use crate::log::Log;
use crate::runtime::Runtime;
use crate::traffic::Traffic;

/// Shared by `Arc` between the gate, the providers, the edge and the admin API.
#[derive(Default)]
pub(crate) struct Ground {
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
}

/// Where each part answers, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) github: String,
    pub(crate) cloudflare: String,
    pub(crate) neon: String,
    pub(crate) edge: String,
    pub(crate) admin: String,
    /// PEM of the authority that signs all certificates.
    pub(crate) ca: String,
}

impl Ground {
    pub(crate) fn new(runtime: Option<Runtime>, traffic: Option<Traffic>) -> Self {
        Self {
            traffic,
            runtime,
            ..Self::default()
        }
    }

    /// The base URLs. Only read while serving, when they are known.
    pub(crate) fn origins(&self) -> &Origins {
        static NONE: Origins = Origins {
            github: String::new(),
            cloudflare: String::new(),
            neon: String::new(),
            edge: String::new(),
            admin: String::new(),
            ca: String::new(),
        };
        self.origins.get().unwrap_or(&NONE)
    }

    /// Clock, ids, log, latency and fault rules as at the start.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        self.ids.reset();
        self.log.clear();
        self.latency_ms.store(0, Ordering::Relaxed);
        lock(&self.faults).clear();
    }
}
