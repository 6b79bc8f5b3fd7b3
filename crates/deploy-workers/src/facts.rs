//! What is at Cloudflare now. Only reads, as many together as depend on nothing.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::cloudflare::d1::is_id;
use actions_core::cloudflare::{
    CustomDomain, Deployment, DnsRecord, Error, Reader, Route, Version, WorkerSettings, WorkersDev, Zone,
};
use actions_core::environment::Service;
use actions_core::manifest::Routing;
use actions_core::owner::Whose;
use futures_util::{StreamExt as _, TryFutureExt as _, TryStreamExt as _, future, stream};

use crate::apply::look;
use crate::bundled::Bundled;
use crate::inputs::Inputs;
use crate::plan::hostnames::There;
use crate::plan::{self, ownership, switch};
use crate::report;
use wrangler::project::Built;
use wrangler::project::render::Known;

/// So many reads at once: well below what would count as a burst.
pub(crate) const AT_ONCE: usize = 8;

/// What is there.
pub(crate) struct Facts {
    /// Absent when there is no hostname to attach.
    pub(crate) zone: Option<Zone>,
    pub(crate) routes: Vec<Route>,
    pub(crate) domains: Vec<CustomDomain>,
    /// Read only where a hostname changes between custom domain and route; `None` too when the token may not.
    pub(crate) records: Option<Vec<DnsRecord>>,
    /// Ids by the names that the manifest uses.
    pub(crate) known: Known,
    /// Ids of the account's KV namespaces; `None` where none is bound by its id, or the token does not see them.
    pub(crate) kv_ids: Option<BTreeSet<String>>,
    /// R2 buckets that are named and not there.
    pub(crate) missing_buckets: BTreeSet<String>,
    /// The account's name at workers.dev.
    pub(crate) workers_dev: Option<String>,
    /// A Worker of another repository's environment of our very name, and whose it is: its KV namespaces have our titles.
    pub(crate) namesake: Option<(String, Whose)>,
    /// Workers of this environment that are no service's.
    pub(crate) left_behind: Vec<String>,
    /// By service key; services that others need are there too.
    pub(crate) live: BTreeMap<String, Live>,
}

/// A Worker as it stands.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// What serves; `None` when the Worker does not exist or never served.
    pub(crate) deployment: Option<Deployment>,
    /// There is no such Worker: its own route and the account's list agree.
    pub(crate) absent: bool,
    /// The version that has all traffic, in full.
    pub(crate) version: Option<Version>,
    pub(crate) workers_dev: Option<WorkersDev>,
    /// Read only where they are ours to set.
    pub(crate) crons: Vec<String>,
    pub(crate) migration_tag: Option<String>,
    /// What no version holds.
    pub(crate) settings: WorkerSettings,
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
    /// What leads to hostnames of the zone.
    pub(crate) fn there(&self) -> There<'_> {
        There {
            routes: &self.routes,
            domains: &self.domains,
            records: self.records.as_deref(),
        }
    }

    /// Reads what the plan needs; `wanted` are the services to look at.
    pub(crate) async fn read(
        reader: &Reader,
        inputs: &Inputs,
        bundled: &Bundled,
        wanted: &[&Service],
    ) -> anyhow::Result<Self> {
        let (environment, built) = (&inputs.environment, &bundled.built);
        let ours = |service: &Service| {
            let built = built.get(&service.key)?;
            let crons = plan::wanted_crons(environment, built).is_some();
            Some(Ours { crons })
        };
        let live = stream::iter(wanted)
            .map(|service| async {
                let live = Live::read(reader, &service.worker, ours(service)).await?;
                anyhow::Ok((service.key.clone(), live))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<BTreeMap<String, Live>>();
        let all = future::try_join5(
            hostnames(reader, inputs).err_into(),
            named(reader, inputs, bundled).err_into(),
            reader.workers().err_into(),
            reader.workers_dev_name().err_into(),
            live,
        );
        let (in_zone, (known, kv_ids, missing_buckets), workers, workers_dev, mut live) = all.await?;
        let owner = &environment.owner;
        let left_behind = ownership::left_behind(inputs, &workers);
        let namesake = workers.iter().find_map(|worker| {
            let whose = worker.verdict(owner).foreign()?.clone();
            whose.is_namesake_of(owner).then(|| (worker.name.clone(), whose))
        });
        for service in wanted {
            let Some(live) = live.get_mut(&service.key) else {
                continue;
            };
            let Some(worker) = workers.iter().find(|worker| worker.name == service.worker) else {
                continue;
            };
            // Its own route denied it. An upload as if it were new would serve unproven, and could not be put back.
            if live.absent {
                *live = Live::insist(reader, &service.worker, ours(service)).await?;
            }
            live.migration_tag.clone_from(&worker.migration_tag);
        }
        Ok(Self {
            records: in_zone.records,
            zone: in_zone.zone,
            routes: in_zone.routes,
            domains: in_zone.domains,
            known,
            kv_ids,
            missing_buckets,
            workers_dev,
            namesake,
            left_behind,
            live,
        })
    }
}

/// The account's name at workers.dev, where the environment's addresses are there.
///
/// # Errors
/// It has none, or the manifest says another.
pub(crate) async fn workers_dev(reader: &Reader, inputs: &Inputs) -> anyhow::Result<Option<String>> {
    if inputs.environment.routing != Routing::WorkersDev {
        return Ok(None);
    }
    let name = reader.workers_dev_name().await?.ok_or_else(report::no_workers_dev)?;
    let said = inputs
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.project.workers_dev.as_deref());
    match said {
        Some(said) if said != name => Err(report::other_workers_dev(said, &name).into()),
        _ => Ok(Some(name)),
    }
}

/// The zone, and which Workers answer for which of its hostnames.
#[derive(Default)]
struct InZone {
    zone: Option<Zone>,
    routes: Vec<Route>,
    domains: Vec<CustomDomain>,
    records: Option<Vec<DnsRecord>>,
}

async fn hostnames(reader: &Reader, inputs: &Inputs) -> Result<InZone, Error> {
    let zone_id = inputs.cloudflare.as_ref().and_then(|access| access.zone_id.as_deref());
    let attaches = matches!(inputs.environment.routing, Routing::Route | Routing::CustomDomain);
    if inputs.environment.zone.is_empty() || !attaches {
        return Ok(InZone::default());
    }
    let zone = reader.zone(&inputs.environment.zone, zone_id).await?;
    let (routes, domains) = future::try_join(reader.routes(&zone), reader.custom_domains(&zone)).await?;
    let there = There {
        routes: &routes,
        domains: &domains,
        records: None,
    };
    let records = if switch::is_planned(&inputs.environment, &inputs.chosen, there) {
        match reader.dns_records(&zone).await {
            // What is planned then says what the token lacks.
            Err(error) if error.is_forbidden() => None,
            records => Some(records?),
        }
    } else {
        None
    };
    Ok(InZone {
        zone: Some(zone),
        routes,
        domains,
        records,
    })
}

/// Ids of what the manifest names: KV namespaces by title, D1 databases by name; the ids of all KV namespaces, where the
/// configuration names some; and the buckets that are missing.
async fn named(
    reader: &Reader,
    inputs: &Inputs,
    bundled: &Bundled,
) -> Result<(Known, Option<BTreeSet<String>>, BTreeSet<String>), Error> {
    let built = &bundled.built;
    let services = &inputs.environment.services;
    let by_title = services.iter().any(|service| !service.kv.is_empty());
    let by_id = built.values().any(Built::names_kv);
    let kv = async {
        if !by_title && !by_id {
            return Ok(None);
        }
        match reader.kv_namespaces().await {
            // The upload itself tells whether they are there (10041).
            Err(error) if !by_title && is_withheld(&error) => Ok(None),
            namespaces => namespaces.map(Some),
        }
    };
    let (mut databases, mut buckets) = (BTreeSet::new(), BTreeSet::new());
    for service in services {
        let Some(built) = built.get(&service.key) else { continue };
        let names = built.bound(&service.d1).map(|(_, name)| name);
        databases.extend(names.filter(|name| !is_id(name)));
        buckets.extend(built.buckets(&service.r2).into_iter().map(|(_, name)| name));
    }
    // Other environments' have names where ours may have the id.
    let given = |service: &Service| {
        let built = built.get(&service.key);
        built.is_some_and(|built| built.has_d1() || built.bound(&service.d1).next().is_some())
    };
    if services.iter().any(given) {
        databases.extend(bundled.other_databases().filter(|name| !is_id(name)));
    }
    let d1 = stream::iter(databases)
        .map(|name| async move { Ok((name, reader.d1_database(name).await?)) })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>();
    let r2 = stream::iter(buckets)
        .map(|name| async move { Ok((name, has_bucket(reader, name).await?)) })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>();
    let (kv, d1, r2) = future::try_join3(kv, d1, r2).await?;
    let ids = kv.as_ref().filter(|_| by_id);
    let ids = ids.map(|kv| kv.iter().map(|namespace| namespace.id.clone()).collect());
    let known = Known {
        kv: kv
            .into_iter()
            .flatten()
            .map(|namespace| (namespace.title, namespace.id))
            .collect(),
        d1: d1
            .into_iter()
            .filter_map(|(name, database)| Some((name.clone(), database?.id)))
            .collect(),
    };
    let missing = r2
        .into_iter()
        .filter(|(_, there)| !there)
        .map(|(name, _)| name.to_owned());
    Ok((known, ids, missing.collect()))
}

/// The token does not see such things.
fn is_withheld(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 403))
}

/// A token for Workers need not see R2: then the upload itself tells whether the bucket is there (10085).
async fn has_bucket(reader: &Reader, name: &str) -> Result<bool, Error> {
    match reader.has_r2_bucket(name).await {
        Err(error) if is_withheld(&error) => Ok(true),
        other => other,
    }
}

/// A Worker that this run may change.
#[derive(Clone, Copy)]
struct Ours {
    /// Its schedules, too.
    crons: bool,
}

impl Live {
    async fn read(reader: &Reader, worker: &str, ours: Option<Ours>) -> anyhow::Result<Self> {
        match reader.deployments(worker).await? {
            Some(deployments) => Self::of(reader, worker, ours, deployments).await,
            None => Ok(Self {
                absent: true,
                ..Self::default()
            }),
        }
    }

    /// Of a Worker that is known to be there.
    async fn insist(reader: &Reader, worker: &str, ours: Option<Ours>) -> anyhow::Result<Self> {
        let what = format!("what serves as Worker `{worker}`");
        let deployments = look::insist(&what, async || reader.deployments(worker).await).await?;
        Self::of(reader, worker, ours, deployments).await
    }

    async fn of(
        reader: &Reader,
        worker: &str,
        ours: Option<Ours>,
        deployments: Vec<Deployment>,
    ) -> anyhow::Result<Self> {
        let deployment = deployments.into_iter().next();
        let mut live = Self::default();
        if let Some(ours) = ours {
            let version = async {
                match deployment.as_ref().and_then(Deployment::only_version) {
                    Some(id) => reader.version(worker, id).await,
                    None => Ok(None),
                }
            };
            let crons = async {
                if ours.crons {
                    reader.schedules(worker).await
                } else {
                    Ok(Vec::new())
                }
            };
            // Its tags say whose it is: without them nothing is touched.
            let what = format!("the settings of Worker `{worker}`");
            let settings = look::insist(&what, async || reader.settings(worker).await);
            let workers_dev = reader.workers_dev(worker);
            let all = future::try_join4(version.err_into(), workers_dev.err_into(), crons.err_into(), settings);
            (live.version, live.workers_dev, live.crons, live.settings) = all.await?;
        }
        live.deployment = deployment;
        Ok(live)
    }
}
