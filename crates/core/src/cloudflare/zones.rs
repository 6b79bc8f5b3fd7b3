//! Zones, found by name or id, and checked to be the one that is meant.

use serde::{Deserialize, Deserializer};

use super::{Call, Error, Needs, Permission, Reader};
pub use crate::naming::domain as normal_domain;

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    pub id: String,
    /// Punycode, lower case, no trailing dot.
    #[serde(deserialize_with = "domain")]
    pub name: String,
    /// `active`, `pending`, `initializing`, `moved`; empty when it was not told.
    #[serde(default)]
    pub status: String,
    /// Cloudflare only answers DNS for it: nothing is proxied, so no Worker runs.
    #[serde(default)]
    pub paused: bool,
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

impl Zone {
    /// A zone of which only name and id are known, and not yet whether they belong together: see [`Zone::is_proven_by`].
    pub fn assumed(name: &str, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: normal_domain(name),
            status: String::new(),
            paused: false,
            plan: Plan::default(),
            account: Account::default(),
            name_servers: Vec::new(),
        }
    }

    /// Whether the names of the zone's records prove the zone's name, which saves asking for it.
    ///
    /// All records of a zone end in its name. When the longest ending that they share is exactly the name in question,
    /// the zone has this name or is a parent of it (where the full names that we write mean the same records).
    pub fn is_proven_by<'a>(&self, mut records: impl Iterator<Item = &'a str>) -> bool {
        let Some(first) = records.next() else { return false };
        let mut shared: Vec<&str> = first.rsplit('.').collect();
        for name in records {
            let same = shared
                .iter()
                .zip(name.rsplit('.'))
                .take_while(|(a, b)| **a == *b)
                .count();
            shared.truncate(same);
        }
        shared.iter().copied().eq(self.name.rsplit('.'))
    }
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

    /// The zone with this id, whatever its name.
    pub async fn zone_by_id(&self, id: &str) -> Result<Zone, Error> {
        let call = Call::get(format!("/zones/{id}"), format!("find zone `{id}`"));
        self.ask(call.needs(Needs::zone(Permission::ZoneRead, id))).await
    }

    /// The zone that a hostname is in: the longest of its endings that is a zone, one request for each.
    pub async fn zone_of_host(&self, host: &str) -> Result<Zone, Error> {
        let host = normal_domain(host);
        let mut ending = host.as_str();
        // A zone has at least two labels.
        while ending.contains('.') {
            match self.zones_named(ending).await? {
                Ok(zone) => return Ok(zone),
                Err(NotOne::None) => {}
                Err(NotOne::Several(zones)) => return Err(ambiguous(ending, &zones)),
            }
            ending = ending.split_once('.').map_or("", |(_, rest)| rest);
        }
        Err(Error::unfit(
            format!("find the zone of `{host}`"),
            "no ending of the hostname is a zone that the token sees",
            format!(
                "pass `zone`, and check that the token includes it with {}",
                Permission::ZoneRead.menus()
            ),
        ))
    }

    async fn zone_of_name(&self, name: &str) -> Result<Zone, Error> {
        self.zones_named(name).await?.map_err(|wrong| match wrong {
            NotOne::None => Error::unfit(
                find(name),
                format!("Cloudflare tells of no zone `{name}`"),
                format!(
                    "check the zone's name and account; else the token needs {}",
                    Needs::zone(Permission::ZoneRead, name)
                ),
            ),
            NotOne::Several(zones) => ambiguous(name, &zones),
        })
    }

    async fn zones_named(&self, name: &str) -> Result<Result<Zone, NotOne>, Error> {
        let mut call = Call::get("/zones".to_owned(), find(name))
            .query("name", name)
            .needs(Needs::zone(Permission::ZoneRead, name));
        if !self.account().is_empty() {
            call = call.query("account.id", self.account());
        }
        Ok(only(self.ask(call).await?, name, self.account()))
    }
}

fn find(name: &str) -> String {
    format!("find zone `{name}`")
}

fn ambiguous(name: &str, zones: &[Zone]) -> Error {
    Error::unfit(
        find(name),
        format!("the token sees {} zones of this name: {}", zones.len(), listed(zones)),
        "say which one is meant by `cloudflare-zone-id`, or by `cloudflare-account-id` where they are in two accounts",
    )
}

/// Why a name names no zone, or not one alone.
enum NotOne {
    None,
    Several(Vec<Zone>),
}

/// The one zone of this name. Two accounts may have a zone of one name (one of them `pending` or `moved`): which is meant
/// is never guessed.
fn only(found: Vec<Zone>, name: &str, account: &str) -> Result<Zone, NotOne> {
    let of_account = |zone: &Zone| account.is_empty() || zone.account.id.is_empty() || zone.account.id == account;
    let mut named: Vec<Zone> = found
        .into_iter()
        .filter(|zone| zone.name == name && of_account(zone))
        .collect();
    match named.len() {
        0 => Err(NotOne::None),
        1 => Ok(named.remove(0)),
        _ => Err(NotOne::Several(named)),
    }
}

/// `1f… (active, account Acme)`
fn listed(zones: &[Zone]) -> String {
    let told = zones.iter().map(|zone| {
        let status = if zone.status.is_empty() {
            "status not told"
        } else {
            &zone.status
        };
        let account = [&zone.account.name, &zone.account.id]
            .into_iter()
            .find(|text| !text.is_empty());
        let account = account
            .map(|account| format!(", account {account}"))
            .unwrap_or_default();
        format!("`{}` ({status}{account})", zone.id)
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_prove_the_zones_name_or_do_not() {
        let proven = |zone: &str, records: &[&str]| Zone::assumed(zone, "1").is_proven_by(records.iter().copied());
        assert!(proven("example.com", &["example.com", "www.example.com"]));
        assert!(proven(
            "example.com",
            &["example.com", "example.com", "www.example.com"]
        ));
        assert!(proven("example.com", &["api.example.com", "www.example.com"]));
        // One record, or records of one subtree only, could be those of a child zone.
        assert!(!proven("example.com", &["www.example.com"]));
        assert!(!proven("example.com", &["a.dev.example.com", "b.dev.example.com"]));
        assert!(!proven("example.com", &[]));
        assert!(!proven("example.com", &["example.org", "www.example.org"]));
        assert!(!proven("example.com", &["badexample.com", "www.badexample.com"]));
    }
}
