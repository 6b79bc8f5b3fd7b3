//! The zone that is meant: found by name, by id or by a hostname, and never taken on trust.

use actions_core::cloudflare::{DnsRecord, Error, Reader, Zone};

/// What is known about the zone before anything was asked.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// The manifest's zone, or the input `zone`.
    pub name: Option<String>,
    /// The input `cloudflare-zone-id`.
    pub id: Option<String>,
    /// A hostname in it, for when nothing else is known.
    pub host: Option<String>,
}

/// A zone, and whether its name is known to belong to its id.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub zone: Zone,
    proven: bool,
}

impl Found {
    /// Finds the zone with as few requests as can be: none when both name and id are given; they are held against
    /// each other by [`Found::prove`].
    pub(crate) async fn find(reader: &Reader, known: &Known) -> Result<Self, Error> {
        let zone = match (&known.name, &known.id) {
            (Some(name), Some(id)) => {
                return Ok(Self {
                    zone: Zone::assumed(name, id),
                    proven: false,
                });
            }
            (Some(name), None) => reader.zone(name, None).await?,
            (None, Some(id)) => reader.zone_by_id(id).await?,
            (None, None) => reader.zone_of_host(known.host.as_deref().unwrap_or_default()).await?,
        };
        Ok(Self { zone, proven: true })
    }

    /// Makes sure that id and name belong together: by the zone's records where they can prove it, else by asking.
    pub(crate) async fn prove(&mut self, reader: &Reader, records: &[DnsRecord]) -> Result<(), Error> {
        if self.proven
            || self
                .zone
                .is_proven_by(records.iter().map(|record| record.name.as_str()))
        {
            self.proven = true;
            return Ok(());
        }
        self.complete(reader).await
    }

    /// Asks for the zone's facts (status, name servers), unless they are known.
    pub(crate) async fn complete(&mut self, reader: &Reader) -> Result<(), Error> {
        if self.zone.status.is_empty() {
            self.zone = reader.zone(&self.zone.name, Some(&self.zone.id)).await?;
        }
        self.proven = true;
        Ok(())
    }
}
