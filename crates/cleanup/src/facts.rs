//! What is there, in the account, the zone and the database's project, whosever it is: each list read once, independent
//! ones at the same time. A list that cannot be read does not keep the others from being cleaned up.

use std::time::Duration;

use actions_core::cloudflare::{self, CustomDomain, DnsRecord, KvNamespace, Route, Worker, Zone};
use actions_core::neon::{self, Branch};
use actions_core::retry::Patience;
use actions_core::runner::common::{CloudflareAccess, NeonAccess};

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
}

/// What there is. `None`: not asked for.
pub(crate) struct Facts {
    /// `None` also where neither manifest nor input names a zone.
    pub(crate) zone: Option<Result<InZone, Unread>>,
    pub(crate) workers: Option<Found<Worker>>,
    pub(crate) namespaces: Option<Found<KvNamespace>>,
    pub(crate) branches: Option<Found<Branch>>,
}

pub(crate) struct Readers {
    pub(crate) cloudflare: Option<cloudflare::Reader>,
    pub(crate) neon: Option<neon::Reader>,
    zone_id: Option<String>,
}

impl Readers {
    /// Readers for a run that may last `limit`.
    pub(crate) fn new(
        cloudflare: Option<&CloudflareAccess>,
        neon: Option<&NeonAccess>,
        limit: Duration,
    ) -> anyhow::Result<Self> {
        let http = actions_core::http::client()?;
        let patience = Patience {
            total: PATIENCE.min(limit / AFTER_ONE_ANOTHER),
            ..Patience::default()
        };
        Ok(Self {
            zone_id: cloudflare.and_then(|access| access.zone_id.clone()),
            cloudflare: cloudflare.map(|access| access.reader(http.clone()).with_patience(patience.clone())),
            neon: neon.map(|access| {
                let key = access.api_key.clone();
                neon::Reader::new(http.clone(), &access.api_url, &access.project_id, key).with_patience(patience)
            }),
        })
    }

    /// Reads everything that may be an environment's of a project in this zone; without its name, in the zone that an
    /// input names by its id: a manifest may have dropped its zone since the environment was made.
    pub(crate) async fn read(&self, zone: &str) -> Facts {
        let cloudflare = self.cloudflare.as_ref();
        let (zone, workers, namespaces, branches) = tokio::join!(
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
        );
        Facts {
            zone,
            workers,
            namespaces,
            branches,
        }
    }
}

async fn in_zone(reader: &cloudflare::Reader, name: &str, id: Option<&str>) -> Result<InZone, Unread> {
    let zone = match id {
        Some(id) if name.is_empty() => reader.zone_by_id(id).await?,
        _ => reader.zone(name, id).await?,
    };
    let (routes, domains, records) = tokio::join!(
        reader.routes(&zone),
        reader.custom_domains(&zone),
        reader.dns_records(&zone),
    );
    Ok(InZone {
        zone,
        routes: routes.map_err(Unread::from),
        domains: domains.map_err(Unread::from),
        records: records.map_err(Unread::from),
    })
}
