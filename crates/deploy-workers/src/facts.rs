//! What is at Cloudflare now. Only reads.

use std::collections::BTreeMap;

use actions_core::cloudflare::{CustomDomain, Deployment, Error, Reader, Route, Version, WorkersDev, Zone};
use actions_core::environment::Service;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use indexmap::IndexMap;

use crate::inputs::Inputs;
use crate::project::Built;

/// So many reads at once: well below what would count as a burst.
const AT_ONCE: usize = 8;

/// What is there.
pub(crate) struct Facts {
    /// Absent when there is no hostname to attach.
    pub(crate) zone: Option<Zone>,
    pub(crate) routes: Vec<Route>,
    pub(crate) domains: Vec<CustomDomain>,
    /// Ids of KV namespaces by title.
    pub(crate) kv: BTreeMap<String, String>,
    /// By service key; services that others need are there too.
    pub(crate) live: BTreeMap<String, Live>,
}

/// A Worker as it stands.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// What serves; `None` when the Worker does not exist or never served.
    pub(crate) deployment: Option<Deployment>,
    /// The version that has all traffic, in full.
    pub(crate) version: Option<Version>,
    pub(crate) workers_dev: Option<WorkersDev>,
    /// Read only where the configuration has some.
    pub(crate) crons: Vec<String>,
    pub(crate) migration_tag: Option<String>,
}

impl Live {
    pub(crate) fn tag(&self) -> &str {
        self.version.as_ref().map_or("", Version::tag)
    }

    /// The version that has all traffic.
    pub(crate) fn version_id(&self) -> Option<&str> {
        self.deployment.as_ref()?.only_version()
    }
}

impl Facts {
    /// Reads what the plan needs; `wanted` are the services to look at.
    pub(crate) async fn read(
        reader: &Reader,
        inputs: &Inputs,
        built: &IndexMap<String, Built>,
        wanted: &[&Service],
    ) -> Result<Self, Error> {
        let zone_id = inputs.cloudflare.as_ref().and_then(|access| access.zone_id.as_deref());
        let zone = match inputs.environment.zone.as_str() {
            "" => None,
            name => Some(reader.zone(name, zone_id).await?),
        };
        let routes = async {
            match &zone {
                Some(zone) => reader.routes(zone).await,
                None => Ok(Vec::new()),
            }
        };
        let domains = async {
            match &zone {
                Some(zone) => reader.custom_domains(zone).await,
                None => Ok(Vec::new()),
            }
        };
        let needs_kv = inputs.environment.services.iter().any(|service| !service.kv.is_empty());
        let kv = async {
            if needs_kv {
                reader.kv_namespaces().await
            } else {
                Ok(Vec::new())
            }
        };
        let migrates = built.values().any(|built| !built.migrations.is_empty());
        let workers = async {
            if migrates {
                reader.workers().await
            } else {
                Ok(Vec::new())
            }
        };
        let live = stream::iter(wanted)
            .map(|service| async {
                let built = built.get(&service.key);
                let live = Live::read(
                    reader,
                    &service.worker,
                    built,
                    inputs.environment.pull_request.is_some(),
                )
                .await?;
                Ok((service.key.clone(), live))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<BTreeMap<String, Live>>();
        let (routes, domains, kv, workers, mut live) = future::try_join5(routes, domains, kv, workers, live).await?;
        for service in wanted {
            let found = workers.iter().find(|worker| worker.name == service.worker);
            if let (Some(live), Some(worker)) = (live.get_mut(&service.key), found) {
                live.migration_tag.clone_from(&worker.migration_tag);
            }
        }
        Ok(Self {
            zone,
            routes,
            domains,
            kv: kv
                .into_iter()
                .map(|namespace| (namespace.title, namespace.id))
                .collect(),
            live,
        })
    }
}

impl Live {
    async fn read(reader: &Reader, worker: &str, built: Option<&Built>, preview: bool) -> Result<Self, Error> {
        let deployments = reader.deployments(worker).await?.unwrap_or_default();
        let Some(deployment) = deployments.into_iter().next() else {
            return Ok(Self::default());
        };
        let mut live = Self::default();
        if built.is_some() {
            if let Some(id) = deployment.only_version() {
                live.version = reader.version(worker, id).await?;
            }
            if preview {
                live.workers_dev = reader.workers_dev(worker).await?;
            }
            if built.is_some_and(|built| built.crons.is_some()) {
                live.crons = reader.schedules(worker).await?;
            }
        }
        live.deployment = Some(deployment);
        Ok(live)
    }
}
