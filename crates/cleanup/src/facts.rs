//! What is there: each list read once, independent ones at the same time. A list that cannot be read does not keep
//! the others from being cleaned up.

use actions_core::cloudflare::{self, CustomDomain, DnsRecord, KvNamespace, Route, Worker, Zone};
use actions_core::neon::{self, Branch};

use crate::inputs::{Inputs, Target};
use crate::report;

/// A list, or why it could not be read.
pub(crate) type Found<T> = Result<Vec<T>, Unread>;

/// Why something could not be read: told for each thing that it keeps from being cleaned up.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    /// The error and its causes on one line.
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
}

impl From<cloudflare::Error> for Unread {
    fn from(error: cloudflare::Error) -> Self {
        Self {
            reason: report::chain(&error),
            hint: error.hint(),
        }
    }
}

impl From<neon::Error> for Unread {
    fn from(error: neon::Error) -> Self {
        Self {
            reason: report::chain(&error),
            hint: error.hint(),
        }
    }
}

/// What there is in the zone.
pub(crate) struct InZone {
    pub(crate) zone: Zone,
    pub(crate) routes: Found<Route>,
    pub(crate) domains: Found<CustomDomain>,
    /// Only those that carry the environment's marker.
    pub(crate) records: Found<DnsRecord>,
}

/// What there is. `None`: not asked for.
pub(crate) struct Facts {
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
    pub(crate) fn new(inputs: &Inputs) -> anyhow::Result<Self> {
        let http = actions_core::http::client()?;
        Ok(Self {
            zone_id: inputs.cloudflare.as_ref().and_then(|access| access.zone_id.clone()),
            cloudflare: inputs.cloudflare.as_ref().map(|access| {
                let token = access.token.clone();
                cloudflare::Reader::new(http.clone(), &access.api_url, token, &access.account_id)
            }),
            neon: inputs.neon.as_ref().map(|access| {
                let key = access.api_key.clone();
                neon::Reader::new(http.clone(), &access.api_url, &access.project_id, key)
            }),
        })
    }

    /// Reads everything that may be the environment's.
    pub(crate) async fn read(&self, target: &Target) -> Facts {
        let environment = &target.environment;
        let has_kv = environment.services.iter().any(|service| !service.kv.is_empty());
        let (zone, workers, namespaces, branches) = tokio::join!(
            async {
                match &self.cloudflare {
                    Some(reader) => Some(in_zone(reader, target, self.zone_id.as_deref()).await),
                    None => None,
                }
            },
            async {
                match &self.cloudflare {
                    Some(reader) => Some(reader.workers().await.map_err(Unread::from)),
                    None => None,
                }
            },
            async {
                // A token for a project without KV need not be allowed to see it.
                match self.cloudflare.as_ref().filter(|_| has_kv) {
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

async fn in_zone(reader: &cloudflare::Reader, target: &Target, zone_id: Option<&str>) -> Result<InZone, Unread> {
    let zone = reader.zone(&target.environment.zone, zone_id).await?;
    let (routes, domains, records) = tokio::join!(
        reader.routes(&zone),
        reader.custom_domains(&zone),
        reader.marked_dns_records(&zone),
    );
    Ok(InZone {
        zone,
        routes: routes.map_err(Unread::from),
        domains: domains.map_err(Unread::from),
        records: records.map_err(Unread::from),
    })
}
