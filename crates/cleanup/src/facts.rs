//! What is there, in the account, the zone and the database's project, whosever it is: each list read once, independent
//! ones at the same time. A list that cannot be read does not keep the others from being cleaned up.

use std::time::Duration;

use actions_core::cloudflare::{self, Certificate, CustomDomain, DnsRecord, KvNamespace, Route, Worker, Zone};
use actions_core::github;
use actions_core::github::deployments::Deployment;
use actions_core::neon::{self, Branch};
use actions_core::owner::Claim;
use actions_core::retry::Patience;
use actions_core::runner::common::{CloudflareAccess, GithubAccess, NeonAccess};

use crate::unread::Unread;

/// How long one call is asked for again: several must fit into a run, one after another.
const PATIENCE: Duration = Duration::from_secs(40);
/// So many calls that fail to the last must fit into a run, one after another: two lists, and what goes in four turns.
const AFTER_ONE_ANOTHER: u32 = 6;

/// A list, or why it could not be read.
pub(crate) type Found<T> = Result<Vec<T>, Unread>;

/// What there is in the zone.
pub(crate) struct InZone {
    pub(crate) zone: Zone,
    pub(crate) routes: Found<Route>,
    pub(crate) domains: Found<CustomDomain>,
    pub(crate) records: Found<DnsRecord>,
    pub(crate) certificates: Found<Certificate>,
}

/// What there is. `None`: not asked for.
#[derive(Default)]
pub(crate) struct Facts {
    /// `None` also where neither manifest nor input names a zone.
    pub(crate) zone: Option<Result<InZone, Unread>>,
    pub(crate) workers: Option<Found<Worker>>,
    pub(crate) namespaces: Option<Found<KvNamespace>>,
    pub(crate) branches: Option<Found<Branch>>,
    /// GitHub's deployments of the asked environments.
    pub(crate) deployments: Option<Vec<Deployment>>,
    /// Why GitHub's deployments could not be looked at. Most workflows make none, so this alone fails no run.
    pub(crate) undeployed: Option<github::Error>,
}

impl Facts {
    /// What the things say of who made them.
    pub(crate) fn claims(&self) -> impl Iterator<Item = Claim> + '_ {
        let workers = self.workers.iter().flatten().flatten();
        let zone = self.zone.iter().flatten();
        let records = zone.flat_map(|zone| zone.records.iter().flatten());
        let branches = self.branches.iter().flatten().flatten();
        let deployments = self.deployments.iter().flatten();
        workers
            .flat_map(|worker| worker.tags.iter().filter_map(|tag| Claim::of(tag)))
            .chain(records.filter_map(|record| Claim::of(&record.comment)))
            .chain(branches.flat_map(|branch| branch.annotation.values().filter_map(|text| Claim::of(text))))
            .chain(deployments.filter_map(Deployment::claim))
    }
}

pub(crate) struct Readers {
    pub(crate) cloudflare: Option<cloudflare::Reader>,
    pub(crate) neon: Option<neon::Reader>,
    pub(crate) github: Option<github::Reader>,
    zone_id: Option<String>,
}

/// How long one call is asked for again in a run that may last `limit`.
pub(crate) fn patience(limit: Duration) -> Patience {
    Patience {
        total: PATIENCE.min(limit / AFTER_ONE_ANOTHER),
        ..Patience::default()
    }
}

impl Readers {
    /// Readers for a run that may last `limit`, and that `changes` things where it finds any.
    pub(crate) fn new(
        cloudflare: Option<&CloudflareAccess>,
        neon: Option<&NeonAccess>,
        github: Option<&GithubAccess>,
        limit: Duration,
        changes: bool,
    ) -> anyhow::Result<Self> {
        let http = actions_core::http::client()?;
        let patience = patience(limit);
        Ok(Self {
            github: match github {
                Some(access) => Some(access.reader(http.clone())?.with_patience(patience.clone())),
                None => None,
            },
            zone_id: cloudflare.and_then(|access| access.zone_id.clone()),
            cloudflare: cloudflare.map(|access| {
                let reader = access.reader_of(http.clone(), "cleanup", changes);
                reader.with_patience(patience.clone())
            }),
            neon: neon.map(|access| {
                let key = access.api_key.clone();
                neon::Reader::new(http.clone(), &access.api_url, &access.project_id, key).with_patience(patience)
            }),
        })
    }

    /// Reads everything that may be an environment's of a project in this zone; without its name, in the zone that an
    /// input names by its id: a manifest may have dropped its zone since the environment was made. Of GitHub, the
    /// deployments of `environments`.
    pub(crate) async fn read(&self, zone: &str, environments: &[&str]) -> Facts {
        let cloudflare = self.cloudflare.as_ref();
        let (zone, workers, namespaces, branches, deployments) = tokio::join!(
            async {
                let id = self.zone_id.as_deref();
                match cloudflare.filter(|_| !zone.is_empty() || id.is_some()) {
                    Some(reader) => Some(in_zone(reader, zone, id).await),
                    None => None,
                }
            },
            async {
                match cloudflare {
                    Some(reader) => Some(reader.workers().await.map_err(Unread::from)),
                    None => None,
                }
            },
            async {
                match cloudflare {
                    Some(reader) => Some(reader.kv_namespaces().await.map_err(Unread::from)),
                    None => None,
                }
            },
            async {
                match &self.neon {
                    Some(reader) => Some(reader.branches().await.map_err(Unread::from)),
                    None => None,
                }
            },
            async {
                match &self.github {
                    Some(reader) => Some(deployments(reader, environments).await),
                    None => None,
                }
            },
        );
        let (deployments, undeployed) = match deployments {
            Some(Ok(all)) => (Some(all), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        Facts {
            zone,
            workers,
            namespaces,
            branches,
            deployments,
            undeployed,
        }
    }
}

async fn deployments(reader: &github::Reader, environments: &[&str]) -> Result<Vec<Deployment>, github::Error> {
    let mut all = Vec::new();
    for environment in environments {
        all.extend(reader.deployments(environment).await?);
    }
    Ok(all)
}

async fn in_zone(reader: &cloudflare::Reader, name: &str, id: Option<&str>) -> Result<InZone, Unread> {
    let zone = match id {
        Some(id) if name.is_empty() => reader.zone_by_id(id).await?,
        _ => reader.zone(name, id).await?,
    };
    let (routes, domains, records, certificates) = tokio::join!(
        reader.routes(&zone),
        reader.custom_domains(&zone),
        reader.dns_records(&zone),
        reader.certificates(&zone),
    );
    Ok(InZone {
        zone,
        routes: routes.map_err(Unread::from),
        domains: domains.map_err(Unread::from),
        records: records.map_err(Unread::from),
        certificates: certificates.map_err(Unread::from),
    })
}
