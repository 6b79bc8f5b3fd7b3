//! Custom domains: hostnames whose DNS record and certificate Cloudflare keeps for a Worker.

use serde::Deserialize;
use serde_json::json;

use super::routes::Attached;
use super::{Call, Error, Needs, Permission, Reader, Writer, Zone};

/// The hostname is another Worker's custom domain.
const OTHER_DOMAIN: u32 = 100_116;
/// The hostname has DNS records that somebody else made.
const DNS_IN_THE_WAY: u32 = 100_117;
/// No such custom domain.
const NO_DOMAIN: u32 = 100_114;

/// A custom domain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CustomDomain {
    pub id: String,
    pub hostname: String,
    /// The Worker.
    pub service: String,
    #[serde(default)]
    pub zone_id: String,
    /// The certificate, which outlives the domain unless it is deleted too.
    #[serde(default)]
    pub cert_id: Option<String>,
}

impl CustomDomain {
    /// The id of its certificate, where it has one.
    pub fn certificate(&self) -> Option<&str> {
        self.cert_id.as_deref().filter(|id| !id.is_empty())
    }
}

/// What a custom domain finds at its hostname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing that the caller knows of.
    Nothing,
    /// A record of ours, which the domain's own is to replace.
    OurRecord,
}

/// How a hostname is called that has records of somebody's own.
pub const HAS_RECORDS: &str = "a name with DNS records of its own, which a custom domain cannot share";

/// What became of a custom domain that was to be detached.
#[derive(Debug)]
pub struct Detached {
    /// `false`: it was gone already.
    pub was_there: bool,
    /// Why its certificate is still there, when it is.
    pub certificate_stays: Option<Error>,
}

impl Reader {
    /// The custom domains of a zone.
    pub async fn custom_domains(&self, zone: &Zone) -> Result<Vec<CustomDomain>, Error> {
        let call = Call::get(
            self.account_path("/workers/domains"),
            format!("list the custom domains of `{}`", zone.name),
        )
        .query("zone_id", &zone.id)
        .needs(self.workers_read());
        self.ask(call).await
    }
}

impl Writer {
    /// Attaches `hostname` to the Worker, or finds it attached. It never takes over what another Worker has, nor
    /// records that somebody else made: with `Beside::OurRecord` the caller has seen that all of the name's addresses are
    /// records of ours. Even then it may be refused (100117): nobody can rely on the flag (sheet of Cloudflare, 3.1).
    pub async fn attach_domain(
        &self,
        zone: &Zone,
        hostname: &str,
        worker: &str,
        beside: Beside,
    ) -> Result<Attached<CustomDomain>, Error> {
        let reader = self.reader();
        let call = Call::put(
            reader.account_path("/workers/domains"),
            format!("attach custom domain `{hostname}` to Worker `{worker}`"),
        )
        .needs(Needs::zone(Permission::WorkersRoutesEdit, &zone.name))
        .young();
        let mut body = json!({
            "hostname": hostname,
            "service": worker,
            "zone_id": zone.id,
            "environment": "production",
        });
        if beside == Beside::OurRecord {
            body["override_existing_dns_record"] = true.into();
        }
        match self.ask(call.json(body)).await {
            Ok(domain) => Ok(Attached::Done(domain)),
            Err(error) if error.has(OTHER_DOMAIN) => {
                Ok(Attached::Taken("the custom domain of another Worker".to_owned()))
            }
            Err(error) if error.has(DNS_IN_THE_WAY) => Ok(Attached::Taken(HAS_RECORDS.to_owned())),
            Err(error) => Err(error),
        }
    }

    /// Detaches a custom domain, its DNS record with it, and then deletes its certificate: it is of no use any more, and
    /// Cloudflare would keep and renew it.
    pub async fn detach_domain(&self, zone: &Zone, domain: &CustomDomain) -> Result<Detached, Error> {
        let was_there = self.detach_alone(domain).await?;
        let certificate_stays = match domain.certificate() {
            Some(id) => self.delete_certificate(zone, id, &domain.hostname).await.err(),
            None => None,
        };
        Ok(Detached {
            was_there,
            certificate_stays,
        })
    }

    /// Detaches a custom domain, its DNS record with it; its certificate stays. `false` when it was gone already.
    pub async fn detach_alone(&self, domain: &CustomDomain) -> Result<bool, Error> {
        let reader = self.reader();
        let call = Call::delete(
            reader.account_path(&format!("/workers/domains/{}", domain.id)),
            format!("detach custom domain `{}`", domain.hostname),
        )
        .needs(reader.workers_edit());
        self.remove(call, |error| error.is_absent(&[NO_DOMAIN])).await
    }
}
