//! What became of each service. Kept while it is carried out, so that a run that ends early knows how far it came;
//! all that is reported of a run is read from here.

use std::collections::BTreeSet;
use std::time::Duration;

use actions_core::cloudflare::WorkersDev;
use indexmap::IndexMap;

use crate::apply::rollback::{PutBack, Undone};
use crate::plan::hostnames::Step;

/// How far the code of a service came.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// It is as it was.
    #[default]
    Kept,
    /// It was sent, and nobody knows yet whether it serves.
    Unclear,
    /// A version was made, or may have been, that serves nobody.
    Uploaded,
    /// Something else serves than before.
    Serves,
}

/// One change of what no version holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Did {
    Step(Step),
    WorkersDevOff,
    /// Our DNS record of this name gave way to a custom domain's.
    Record(String),
    /// What the configuration says of workers.dev and of the versions' URLs.
    Addresses(WorkersDev),
    Schedules,
    Settings,
    Tags,
    Migrations,
}

/// What became of one service.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) code: Code,
    /// The version that came before, where the service is one of a circle.
    pub(crate) first: Option<String>,
    /// The version that this run made, the last one of two.
    pub(crate) new: Option<String>,
    /// The version that has all of the traffic, when this run knows it.
    pub(crate) version: Option<String>,
    pub(crate) did: Vec<Did>,
    /// Why it failed, as a person reads it.
    pub(crate) failed: Option<String>,
    /// The run was cancelled before it was done with.
    pub(crate) cut: bool,
    /// Code was sent, and its answer has not come.
    pub(crate) on_its_way: bool,
    /// What was left undone, though nothing failed.
    pub(crate) warnings: Vec<String>,
    /// What the rollback made of it.
    pub(crate) put_back: Option<PutBack>,
    /// What the rollback took away of what led to it.
    pub(crate) undone: Vec<Undone>,
    pub(crate) took: Duration,
    /// Where a new Worker's versions have URLs of their own; of others the plan knows.
    pub(crate) version_urls: Option<String>,
}

impl Outcome {
    /// Whether anything of it is other than before, or may be.
    pub(crate) fn changed(&self) -> bool {
        self.code != Code::Kept || !self.did.is_empty()
    }

    /// Whether its code may serve.
    pub(crate) fn may_serve(&self) -> bool {
        matches!(self.code, Code::Unclear | Code::Serves)
    }
}

/// What was done.
#[derive(Default, Clone)]
pub(crate) struct Journal {
    /// Services that were come to, by key.
    pub(crate) services: IndexMap<String, Outcome>,
    /// KV namespaces that were made.
    pub(crate) kv: Vec<String>,
    /// Those that may have been made: nobody knows.
    pub(crate) kv_open: BTreeSet<String>,
}

impl Journal {
    pub(crate) fn changed(&self) -> bool {
        !self.kv.is_empty() || !self.kv_open.is_empty() || self.services.values().any(Outcome::changed)
    }

    /// The services that a run which failed has left with its own code, or may have.
    pub(crate) fn not_put_back(&self) -> Vec<&str> {
        let is_as_before = |outcome: &Outcome| {
            matches!(
                outcome.put_back,
                Some(PutBack::Back(_) | PutBack::Removed | PutBack::Nothing)
            )
        };
        let left = self
            .services
            .iter()
            .filter(|(_, outcome)| (outcome.may_serve() || outcome.on_its_way) && !is_as_before(outcome));
        left.map(|(key, _)| key.as_str()).collect()
    }

    /// The services that were put back.
    pub(crate) fn put_back(&self) -> Vec<&str> {
        let back = |outcome: &Outcome| matches!(outcome.put_back, Some(PutBack::Back(_) | PutBack::Removed));
        let back = self.services.iter().filter(|(_, outcome)| back(outcome));
        back.map(|(key, _)| key.as_str()).collect()
    }
}
