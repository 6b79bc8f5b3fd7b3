//! Brings the runtime's set of Workers in line with what is deployed: in a task of its own, which no client that gives
//! up can cancel, and only for requests that would be answered otherwise by the set that serves.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use serde_json::{Value, json};

use super::Edge;
use crate::cloudflare::{self, Desired, Set};
use crate::lock::lock;

/// What serves, what is wanted, and the swap between the two.
#[derive(Debug, Default)]
pub(crate) struct Swaps {
    line: Mutex<Line>,
    /// Workers of the last set that did not start, and warnings.
    trouble: Mutex<Value>,
    /// Files that the set that serves was made of.
    files: Mutex<BTreeSet<PathBuf>>,
}

#[derive(Debug, Default)]
struct Line {
    /// As of a revision of the API's state.
    wanted: Option<(u64, Arc<Set>)>,
    served: Arc<Set>,
    swap: Option<Swap>,
}

/// One on its way, for all who wait for it.
#[derive(Clone, Debug)]
struct Swap {
    /// It brings at least this one.
    revision: u64,
    outcome: Shared<BoxFuture<'static, Result<(), String>>>,
}

impl Swaps {
    pub(super) fn trouble(&self) -> Value {
        lock(&self.trouble).clone()
    }
}

impl Edge {
    /// Returns once a request to the Worker `name` is answered as the API's present state says.
    pub(super) async fn ready(self: &Arc<Self>, name: &str) -> Result<(), String> {
        let mut asked = None;
        loop {
            let (revision, wanted) = self.wanted();
            let asked = *asked.get_or_insert(revision);
            let swap = {
                let mut line = lock(&self.served.swaps.line);
                if line.served.agrees(&wanted, name) {
                    return Ok(());
                }
                line.swap.get_or_insert_with(|| Swap::start(self, revision)).clone()
            };
            let outcome = swap.outcome.await;
            // One that began before we asked may not bring what we want.
            if swap.revision >= asked {
                return outcome;
            }
        }
    }

    fn wanted(&self) -> (u64, Arc<Set>) {
        let state = lock(&self.cloudflare.state);
        let previewed = lock(&self.served.previewed);
        // Each of the two only grows.
        let revision = cloudflare::revision(&state) + previewed.revision;
        let mut line = lock(&self.served.swaps.line);
        match &line.wanted {
            Some((known, set)) if *known == revision => (revision, set.clone()),
            _ => {
                let set = Arc::new(cloudflare::wanted(&state, &previewed.versions));
                line.wanted = Some((revision, set.clone()));
                (revision, set)
            }
        }
    }

    async fn swap(&self) -> anyhow::Result<Arc<Set>> {
        let Some(runtime) = &self.cloudflare.ground.runtime else {
            return Ok(Arc::default());
        };
        let folder = runtime.directory.join("uploads");
        let (set, desired) = {
            let state = lock(&self.cloudflare.state);
            let versions = &lock(&self.served.previewed).versions;
            let set = cloudflare::wanted(&state, versions);
            (set, cloudflare::desired(&state, versions, &folder))
        };
        tokio::fs::create_dir_all(&folder).await?;
        let Desired { description, files } = desired;
        let before = std::mem::take(&mut *lock(&self.served.swaps.files));
        for (path, content) in &files {
            if !before.contains(path) {
                tokio::fs::write(path, content).await?;
            }
        }
        let done = runtime.workers(description).await?;
        *lock(&self.served.swaps.trouble) = json!({"failed": done["failed"], "warnings": done["warnings"]});
        for path in before.iter().filter(|path| !files.contains_key(*path)) {
            tokio::fs::remove_file(path).await?;
        }
        *lock(&self.served.swaps.files) = files.into_keys().collect();
        Ok(Arc::new(set))
    }
}

impl Swap {
    fn start(edge: &Arc<Edge>, revision: u64) -> Self {
        let edge = edge.clone();
        let task = tokio::spawn(async move {
            let work = tokio::spawn({
                let edge = edge.clone();
                async move { edge.swap().await }
            });
            // Noted whether or not anybody still waits.
            let outcome = work.await.map_err(anyhow::Error::from).flatten();
            let mut line = lock(&edge.served.swaps.line);
            line.swap = None;
            outcome
                .map(|set| line.served = set)
                .map_err(|error| format!("{error:#}"))
        });
        let outcome = task.map(|ended| ended.map_err(|error| error.to_string()).flatten());
        Self {
            revision,
            outcome: outcome.boxed().shared(),
        }
    }
}
