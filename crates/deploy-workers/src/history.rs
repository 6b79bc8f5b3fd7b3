//! What served of a Worker until now.

use actions_core::cloudflare::{Deployment, Reader, Version};
use wrangler::project::render::bound_workers;

use crate::apply::look::{self, Found};

/// A Worker's history, as far as Cloudflare lists it.
pub(crate) struct History {
    pub(crate) found: Found,
    pub(crate) versions: Vec<Version>,
    /// Names of the Workers that the live version calls.
    pub(crate) calls: Vec<String>,
}

impl History {
    pub(crate) async fn read(reader: &Reader, worker: &str) -> anyhow::Result<Self> {
        let found = look::found(reader, worker).await?;
        let mut history = Self {
            found,
            versions: Vec::new(),
            calls: Vec::new(),
        };
        if history.found == Found::Absent {
            return Ok(history);
        }
        let live = history.live().and_then(Deployment::only_version).map(str::to_owned);
        let version = async {
            match &live {
                Some(id) => reader.version(worker, id).await,
                None => Ok(None),
            }
        };
        let (versions, version) = futures_util::future::try_join(reader.versions(worker), version).await?;
        history.versions = versions;
        let bindings = version.map(|version| version.resources.bindings).unwrap_or_default();
        history.calls = bindings.iter().flat_map(bound_workers).collect();
        Ok(history)
    }

    pub(crate) fn deployments(&self) -> &[Deployment] {
        match &self.found {
            Found::There(deployments) => deployments,
            Found::Absent => &[],
        }
    }

    pub(crate) fn live(&self) -> Option<&Deployment> {
        self.deployments().first()
    }
}
