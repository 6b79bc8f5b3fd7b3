//! Zones, found by name or id, and checked to be the one that is meant.

use serde::{Deserialize, Deserializer};

use super::{Call, Error, Needs, Permission, Reader};

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    pub id: String,
    /// Lower case, no trailing dot.
    #[serde(deserialize_with = "domain")]
    pub name: String,
    /// `active`, `pending`, `initializing`, `moved`; empty when it was not told.
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub plan: Plan,
    #[serde(default)]
    pub account: Account,
    /// The authoritative name servers.
    #[serde(default, deserialize_with = "nullable")]
    pub name_servers: Vec<String>,
}

/// A zone's plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// `free`, `pro`, `business`, `enterprise`; empty when it was not told.
    pub legacy_id: String,
}

/// The account that a zone is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    pub id: String,
    pub name: String,
}

fn domain<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    String::deserialize(from).map(|name| normal_domain(&name))
}

fn nullable<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Option::<Vec<String>>::deserialize(from).map(Option::unwrap_or_default)
}

/// A domain name as names are compared: lower case, no trailing dot.
pub fn normal_domain(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}

impl Reader {
    /// The zone that `name` names, or the one with `id`, which is then to have that name.
    ///
    /// # Errors
    /// Beside refusals: no zone has the name (or the token does not see it), or the id is another zone's.
    pub async fn zone(&self, name: &str, id: Option<&str>) -> Result<Zone, Error> {
        let name = normal_domain(name);
        match id {
            Some(id) => self.zone_of_id(id, &name).await,
            None => self.zone_of_name(&name).await,
        }
    }

    async fn zone_of_id(&self, id: &str, name: &str) -> Result<Zone, Error> {
        let doing = format!("find zone `{name}` by its id `{id}`");
        let zone: Zone = self
            .ask(Call::get(format!("/zones/{id}"), &doing).needs(Needs::zone(Permission::ZoneRead, name)))
            .await?;
        if zone.name == name {
            return Ok(zone);
        }
        Err(Error::unfit(
            doing,
            format!("zone `{id}` is `{}`, not `{name}`", zone.name),
            "correct `cloudflare-zone-id`, or leave it out: the zone is then found by its name",
        ))
    }

    async fn zone_of_name(&self, name: &str) -> Result<Zone, Error> {
        let doing = format!("find zone `{name}`");
        let mut call = Call::get("/zones".to_owned(), &doing)
            .query("name", name)
            .needs(Needs::zone(Permission::ZoneRead, name));
        if !self.account().is_empty() {
            call = call.query("account.id", self.account());
        }
        let found: Vec<Zone> = self.ask(call).await?;
        found.into_iter().find(|zone| zone.name == name).ok_or_else(|| {
            Error::unfit(
                doing,
                format!("Cloudflare tells of no zone `{name}`"),
                format!(
                    "check the zone's name and account; else the token needs {}",
                    Needs::zone(Permission::ZoneRead, name)
                ),
            )
        })
    }
}
