//! DNS records: one list, one batch.

use std::net::Ipv6Addr;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::zones::normal_domain;
use super::{Call, Error, Needs, Permission, Reader, Writer, Zone};
use crate::naming;
use crate::owner::{self, Owner, Verdict};
use crate::paging::Proof;
use crate::retry::Written;

/// The discard prefix of RFC 6666: Cloudflare's originless placeholder, for names that only a Worker answers.
pub const ORIGINLESS: &str = "100::";

/// Cloudflare allows up to 5,000,000; this keeps one answer at a few megabytes.
const PER_PAGE: u64 = 5000;

/// The record to change or delete is gone.
pub(super) const NO_RECORD: u32 = 81044;

/// The type of a record that a name shares with no address: see [`DnsRecord::is_address`].
const ADDRESSES: [&str; 3] = ["A", "AAAA", "CNAME"];

/// The types that these actions make.
const MADE: [&str; 4] = ["A", "AAAA", "CNAME", "TXT"];

/// A record as Cloudflare tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DnsRecord {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Full name in Punycode, lower case, no trailing dot.
    #[serde(deserialize_with = "domain")]
    pub name: String,
    #[serde(default)]
    pub content: String,
    /// Seconds; 1 is automatic.
    #[serde(default)]
    pub ttl: u32,
    #[serde(default)]
    pub proxied: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub comment: String,
    #[serde(default, deserialize_with = "or_default")]
    pub meta: Meta,
    /// In RFC 3339; empty where it is not told.
    #[serde(default, deserialize_with = "or_default")]
    pub created_on: String,
}

impl DnsRecord {
    /// Whose it is, by its comment.
    pub fn verdict(&self, owner: &Owner) -> Verdict {
        owner.verdict_of([self.comment.as_str()])
    }

    /// Whether the owner may change and delete it: it carries exactly that marker, is of a type that we make, and is not
    /// one that Cloudflare keeps itself.
    pub fn is_made_by(&self, owner: &Owner) -> bool {
        let made = MADE.iter().any(|kind| self.kind.eq_ignore_ascii_case(kind));
        made && !self.meta.read_only && self.verdict(owner).is_ours()
    }
}

/// What Cloudflare says about a record beside its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// Managed by a custom domain, Pages, Email Routing …: the DNS API refuses to touch it.
    #[serde(deserialize_with = "or_default")]
    pub read_only: bool,
    /// The Worker (its script tag) whose custom domain made the record.
    pub origin_worker_id: Option<String>,
}

/// A record to be made, or the fields that an existing one is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewRecord {
    #[serde(rename = "type")]
    pub kind: String,
    /// The full name.
    pub name: String,
    pub content: String,
    /// Seconds; 1 is automatic, and what every proxied record has.
    pub ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxied: Option<bool>,
    pub comment: String,
}

/// Writes that are made together or not at all: Cloudflare runs them as one transaction, deletes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Ids.
    pub deletes: Vec<String>,
    /// Ids with the fields to change.
    pub patches: Vec<(String, NewRecord)>,
    pub posts: Vec<NewRecord>,
}

impl Batch {
    /// How many records it touches.
    pub fn len(&self) -> usize {
        self.deletes.len() + self.patches.len() + self.posts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn domain<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    String::deserialize(from).map(|name| normal_domain(&name))
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

impl DnsRecord {
    /// Whether the record answers for the name's address, so that two of them compete.
    pub fn is_address(&self) -> bool {
        ADDRESSES.contains(&self.kind.as_str())
    }

    /// Whether no address of our own can stand at its name beside it: it would answer for the name, too, or leads it to
    /// other name servers. The zone's own name servers share the name of `zone` with everything.
    pub fn competes_with_addresses(&self, zone: &str) -> bool {
        self.kind == "NS" && self.name != zone || self.is_address()
    }

    /// Whether a route is reached by this record, whoever made it, so that none of our own is needed: it is proxied, and
    /// has no origin that another would miss, or its name is one at which sites of others are usual ([`is_weighty`]).
    pub fn serves_routes(&self, zone: &str) -> bool {
        let has_no_origin = self.kind == "AAAA" && self.content.parse::<Ipv6Addr>() == ORIGINLESS.parse();
        let serves = self.proxied && self.is_address() && !self.meta.read_only;
        serves && (has_no_origin || is_weighty(&self.name, zone))
    }
}

/// Whether a record at this name weighs more than others: the zone itself, which often has a site of its own, and
/// wildcards, which answer for every other name.
pub fn is_weighty(name: &str, zone: &str) -> bool {
    name == zone || naming::is_wildcard(name)
}

impl Reader {
    /// Every record of the zone.
    pub async fn dns_records(&self, zone: &Zone) -> Result<Vec<DnsRecord>, Error> {
        self.pages(list(zone), PER_PAGE, Proof::Told, |record: &DnsRecord| {
            record.id.clone()
        })
        .await
    }

    /// The records that these actions made, for whichever environment: whose each is says [`DnsRecord::verdict`].
    pub async fn marked_dns_records(&self, zone: &Zone) -> Result<Vec<DnsRecord>, Error> {
        let call = list(zone).query("comment.startswith", owner::BEGINNING);
        self.pages(call, PER_PAGE, Proof::Told, |record: &DnsRecord| record.id.clone())
            .await
    }
}

fn list(zone: &Zone) -> Call {
    Call::get(
        format!("/zones/{}/dns_records", zone.id),
        format!("list the DNS records of `{}`", zone.name),
    )
    .needs(Needs::zone(Permission::DnsRead, &zone.name))
}

impl NewRecord {
    /// Whether `record` is what this was to become.
    pub(super) fn is(&self, record: &DnsRecord) -> bool {
        record.kind == self.kind
            && record.name == normal_domain(&self.name)
            && record.content == self.content
            && record.comment == self.comment
            && self.proxied.is_none_or(|proxied| proxied == record.proxied)
    }
}

impl Batch {
    /// Whether the zone's records show that it was carried out: as a whole, as Cloudflare does.
    fn is_in(&self, records: &[DnsRecord]) -> bool {
        let find = |id: &str| records.iter().find(|record| record.id == id);
        self.deletes.iter().all(|id| find(id).is_none())
            && self
                .patches
                .iter()
                .all(|(id, wanted)| find(id).is_some_and(|record| wanted.is(record)))
            && self
                .posts
                .iter()
                .all(|wanted| records.iter().any(|record| wanted.is(record)))
    }
}

impl Writer {
    /// Makes all changes in one transaction. After an unclear answer the zone is read before they are asked for again.
    pub async fn dns_batch(&self, zone: &Zone, batch: &Batch) -> Result<(), Error> {
        let ids: Vec<Value> = batch.deletes.iter().map(|id| json!({ "id": id })).collect();
        let mut patches = Vec::with_capacity(batch.patches.len());
        for (id, record) in &batch.patches {
            let mut patch = json!(record);
            patch["id"] = json!(id);
            patches.push(patch);
        }
        let call = Call::post(
            format!("/zones/{}/dns_records/batch", zone.id),
            format!("change the DNS records of `{}`", zone.name),
        )
        .needs(Needs::zone(Permission::DnsEdit, &zone.name))
        .json(json!({ "deletes": ids, "patches": patches, "puts": [], "posts": batch.posts }));
        let look = async || Ok(batch.is_in(&self.reader().dns_records(zone).await?).then_some(()));
        self.create(&call, |_: IgnoredAny| (), |error| error.doubt(&[]), look)
            .await?;
        Ok(())
    }

    /// Makes one record.
    pub async fn create_dns_record(&self, zone: &Zone, record: &NewRecord) -> Result<Written<DnsRecord>, Error> {
        let call = Call::post(
            format!("/zones/{}/dns_records", zone.id),
            format!("create DNS record `{} {}`", record.kind, record.name),
        )
        .needs(Needs::zone(Permission::DnsEdit, &zone.name))
        .json(json!(record));
        let look = async || {
            let all = self.reader().dns_records(zone).await?;
            Ok(all.into_iter().find(|found| record.is(found)))
        };
        self.create(&call, |made| made, |error| error.doubt(&[]), look).await
    }

    /// Gives one record these fields.
    pub async fn update_dns_record(&self, zone: &Zone, id: &str, record: &NewRecord) -> Result<DnsRecord, Error> {
        let call = Call::patch(
            format!("/zones/{}/dns_records/{id}", zone.id),
            format!("change DNS record `{} {}`", record.kind, record.name),
        );
        self.ask(
            call.needs(Needs::zone(Permission::DnsEdit, &zone.name))
                .json(json!(record)),
        )
        .await
    }

    /// Deletes one record; `false` when it was gone already.
    pub async fn delete_dns_record(&self, zone: &Zone, id: &str, name: &str) -> Result<bool, Error> {
        let call = Call::delete(
            format!("/zones/{}/dns_records/{id}", zone.id),
            format!("delete DNS record `{name}`"),
        )
        .needs(Needs::zone(Permission::DnsEdit, &zone.name));
        self.remove(call, |error| error.is_absent(&[NO_RECORD])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, name: &str, content: &str) -> DnsRecord {
        let value =
            json!({"id": id, "type": "AAAA", "name": name, "content": content, "proxied": true, "comment": "ours"});
        serde_json::from_value(value).unwrap()
    }

    fn wanted(name: &str, content: &str) -> NewRecord {
        NewRecord {
            kind: "AAAA".to_owned(),
            name: name.to_owned(),
            content: content.to_owned(),
            ttl: 1,
            proxied: Some(true),
            comment: "ours".to_owned(),
        }
    }

    #[test]
    fn a_batch_is_in_the_zone_as_a_whole_or_not_at_all() {
        let batch = Batch {
            deletes: vec!["1".to_owned()],
            patches: vec![("2".to_owned(), wanted("b.example.com", "100::"))],
            posts: vec![wanted("C.example.com.", "100::")],
        };
        let (old, patched, posted) = (
            record("1", "a.example.com", "100::"),
            record("2", "b.example.com", "100::"),
            record("3", "c.example.com", "100::"),
        );
        assert!(batch.is_in(&[patched.clone(), posted.clone()]));
        assert!(!batch.is_in(&[old, patched.clone(), posted.clone()]));
        assert!(!batch.is_in(&[record("2", "b.example.com", "::1"), posted.clone()]));
        assert!(!batch.is_in(std::slice::from_ref(&posted)));
        assert!(!batch.is_in(std::slice::from_ref(&patched)));
        let foreign = DnsRecord {
            comment: String::new(),
            ..posted
        };
        assert!(!batch.is_in(&[patched, foreign]));
    }
}
