//! DNS records: one list, one batch.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::zones::normal_domain;
use super::{Call, Error, Needs, Permission, Reader, Writer, Zone};
use crate::owner::{self, Owner, Verdict};
use crate::retry::Repeat;

/// Cloudflare allows up to 5,000,000; this keeps one answer at a few megabytes.
const PER_PAGE: u64 = 5000;

/// The type of a record that a name shares with no address: see [`DnsRecord::is_address`].
const ADDRESSES: [&str; 3] = ["A", "AAAA", "CNAME"];

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
}

impl DnsRecord {
    /// Whose it is, by its comment.
    pub fn verdict(&self, owner: &Owner) -> Verdict {
        owner.verdict_of([self.comment.as_str()])
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
}

impl Reader {
    /// Every record of the zone.
    pub async fn dns_records(&self, zone: &Zone) -> Result<Vec<DnsRecord>, Error> {
        self.pages(list(zone), PER_PAGE).await
    }

    /// The records that these actions made, for whichever environment: whose each is says [`DnsRecord::verdict`].
    pub async fn marked_dns_records(&self, zone: &Zone) -> Result<Vec<DnsRecord>, Error> {
        self.pages(list(zone).query("comment.startswith", owner::BEGINNING), PER_PAGE)
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

impl Writer {
    /// Makes all changes in one transaction. After [`Error::is_unclear`] read the zone again: it may be done.
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
        let _: Value = self.ask(call).await?;
        Ok(())
    }

    /// Makes one record.
    pub async fn create_dns_record(&self, zone: &Zone, record: &NewRecord) -> Result<DnsRecord, Error> {
        let call = Call::post(
            format!("/zones/{}/dns_records", zone.id),
            format!("create DNS record `{} {}`", record.kind, record.name),
        );
        self.ask(
            call.needs(Needs::zone(Permission::DnsEdit, &zone.name))
                .json(json!(record)),
        )
        .await
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
        .needs(Needs::zone(Permission::DnsEdit, &zone.name))
        .repeat(Repeat::Safe);
        match self.ask::<Value>(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.has(81044) || error.status() == Some(404) && !error.has_any(&[7000, 7003]) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
