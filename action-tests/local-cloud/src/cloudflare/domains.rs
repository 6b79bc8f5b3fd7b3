//! Custom domains: `/accounts/{account}/workers/domains`, and wrangler's set form of them. Each
//! brings its own read-only DNS record and orders a certificate.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};

use super::dns;
use super::envelope::{Answer, Refusal, Reply, flag, parse, pick};
use super::model::{CertificatePack, Domain, State as World, Zone};
use super::shared::{Query as Pairs, Shared};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/workers/domains", get(list).put(attach_one))
        .route("/accounts/{account}/workers/domains/{id}", get(one).delete(detach_one))
        .route("/accounts/{account}/workers/domains/records/{id}", get(one))
        .route(
            "/accounts/{account}/workers/scripts/{script}/domains/changeset",
            post(changeset),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/domains/records",
            put(replace_all),
        )
}

/// A domain as a request gives it.
#[derive(Debug, Deserialize)]
struct Origin {
    hostname: String,
    zone_id: Option<String>,
    zone_name: Option<String>,
    enabled: Option<bool>,
    previews_enabled: Option<bool>,
}

/// What may be pushed aside. Absent means: nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Overrides {
    override_existing_origin: bool,
    override_existing_dns_record: bool,
}

/// Is this host name one that can be a custom domain of the account, and in which zone?
fn zone_for<'a>(state: &'a World, account: &str, origin: &Origin) -> Result<&'a Zone, Refusal> {
    let host = &origin.hostname;
    if host.is_empty() || host.contains(['/', '*', ':', ' ']) {
        return Err(Refusal::new(
            400,
            100_115,
            format!("Hostname '{host}' is not valid: a custom domain is an exact host name without path or wildcard"),
        ));
    }
    let zone = state.zone_of(host).filter(|zone| {
        zone.account_id == account
            && origin.zone_id.as_ref().is_none_or(|id| id == &zone.id)
            && origin.zone_name.as_ref().is_none_or(|name| name == &zone.name)
    });
    zone.ok_or_else(|| {
        Refusal::new(
            400,
            100_118,
            format!("Hostname '{host}' does not belong to an active zone of this account"),
        )
    })
}

/// What stands in the way of a domain.
fn check(state: &World, account: &str, service: &str, origin: &Origin, overrides: Overrides) -> Result<(), Refusal> {
    state.worker(account, service)?;
    let zone = zone_for(state, account, origin)?;
    let host = &origin.hostname;
    let owner = state.account(account)?.domains.iter().find(|it| &it.hostname == host);
    if owner.is_some_and(|it| it.service != service) && !overrides.override_existing_origin {
        return Err(Refusal::new(
            409,
            100_116,
            format!(
                "Hostname '{host}' already in use by other custom domain. Either delete it, try a different hostname, or use the option 'override_existing_origin' to override."
            ),
        ));
    }
    if dns::record_exists(zone, host) && !overrides.override_existing_dns_record {
        return Err(Refusal::new(
            409,
            100_117,
            format!(
                "Hostname '{host}' already has externally managed DNS records (A, CNAME, etc). Either delete them, try a different hostname, or use the option 'override_existing_dns_record' to override."
            ),
        ));
    }
    Ok(())
}

/// Attaches a domain that was checked: its record replaces what is there, a certificate is ordered
/// where the host has none.
fn attach(
    state: &mut World,
    cloud: &Cloudflare,
    account: &str,
    service: &str,
    origin: &Origin,
) -> Result<Domain, Refusal> {
    let now = cloud.ground.clock.text();
    let zone_id = zone_for(state, account, origin)?.id.clone();
    let host = origin.hostname.clone();
    let worker = state.worker(account, service)?.tag.clone();
    let zone = state.zone_mut(&zone_id)?;
    let zone_name = zone.name.clone();
    dns::remove_managed(zone, &host);
    zone.records
        .retain(|it| it.name != host || !matches!(it.kind.as_str(), "A" | "AAAA" | "CNAME"));
    dns::add_managed(zone, &cloud.ground.ids, &now, &host, &worker);
    let cert_id = certificate(zone, cloud, &host);
    let domains = &mut state.account_mut(account)?.domains;
    if let Some(domain) = domains.iter_mut().find(|it| it.hostname == host) {
        service.clone_into(&mut domain.service);
        domain.cert_id = cert_id;
        domain.enabled = origin.enabled.unwrap_or(domain.enabled);
        domain.previews_enabled = origin.previews_enabled.unwrap_or(domain.previews_enabled);
        return Ok(domain.clone());
    }
    let domain = Domain {
        id: cloud.ground.ids.hex(32),
        hostname: host,
        service: service.to_owned(),
        zone_id,
        zone_name,
        environment: "production".into(),
        cert_id,
        enabled: origin.enabled.unwrap_or(true),
        previews_enabled: origin.previews_enabled.unwrap_or(false),
    };
    domains.push(domain.clone());
    Ok(domain)
}

/// The certificate of a host, ordered where there is none.
fn certificate(zone: &mut Zone, cloud: &Cloudflare, host: &String) -> String {
    if let Some(pack) = zone.certificate_packs.iter().find(|pack| pack.hosts.contains(host)) {
        return pack.id.clone();
    }
    let id = cloud.ground.ids.uuid();
    zone.certificate_packs.push(CertificatePack {
        id: id.clone(),
        kind: "advanced".into(),
        hosts: vec![host.clone()],
        status: "active".into(),
    });
    id
}

/// For seeds: attaches without asking what is in the way.
pub(super) fn seed(
    state: &mut World,
    cloud: &Cloudflare,
    account: &str,
    service: &str,
    hostname: &str,
) -> Result<(), Refusal> {
    let origin = Origin {
        hostname: hostname.to_owned(),
        zone_id: None,
        zone_name: None,
        enabled: None,
        previews_enabled: None,
    };
    attach(state, cloud, account, service, &origin).map(drop)
}

/// Removes a domain and its record. Its certificate stays.
fn detach(state: &mut World, account: &str, id: &str) -> Result<(), Refusal> {
    let domains = &mut state.account_mut(account)?.domains;
    let at = domains.iter().position(|it| it.id == id).ok_or_else(no_domain)?;
    let domain = domains.remove(at);
    if let Ok(zone) = state.zone_mut(&domain.zone_id) {
        dns::remove_managed(zone, &domain.hostname);
    }
    Ok(())
}

fn no_domain() -> Refusal {
    Refusal::new(404, 100_114, "Custom domain not found")
}

async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let is = |key: &str, value: &str| pick(&query, key).is_none_or(|wanted| wanted == value);
    let found: Vec<&Domain> = state
        .account(&account)?
        .domains
        .iter()
        .filter(|it| is("hostname", &it.hostname) && is("service", &it.service))
        .filter(|it| is("zone_id", &it.zone_id) && is("zone_name", &it.zone_name))
        .filter(|it| is("environment", &it.environment))
        .collect();
    Ok(Reply::of(found))
}

async fn one(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let found = state.account(&account)?.domains.iter().find(|it| it.id == id);
    found.map(Reply::of).ok_or_else(no_domain)
}

/// Body of the public PUT.
#[derive(Deserialize)]
struct Attachment {
    service: String,
    #[serde(flatten)]
    origin: Origin,
    #[serde(flatten)]
    overrides: Overrides,
}

async fn attach_one(State(cloud): State<Shared>, Path(account): Path<String>, body: Bytes) -> Answer {
    let wanted: Attachment = parse(&body, 10021)?;
    let mut state = lock(&cloud.state);
    check(&state, &account, &wanted.service, &wanted.origin, wanted.overrides)?;
    attach(&mut state, &cloud, &account, &wanted.service, &wanted.origin).map(Reply::of)
}

async fn detach_one(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    detach(&mut state, &account, &id)?;
    Ok(Reply::null())
}

/// What a set of domains would change. Changes nothing.
async fn changeset(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    Query(query): Pairs,
    body: Bytes,
) -> Answer {
    let wanted: Vec<Origin> = parse(&body, 10021)?;
    let state = lock(&cloud.state);
    state.worker(&account, &script)?;
    let domains = &state.account(&account)?.domains;
    let (mut added, mut updated, mut conflicting) = (Vec::new(), Vec::new(), Vec::new());
    for origin in &wanted {
        let zone = zone_for(&state, &account, origin)?;
        let shown = json!({"hostname": origin.hostname, "zone_id": zone.id, "zone_name": zone.name, "service": script, "environment": "production"});
        match domains.iter().find(|it| it.hostname == origin.hostname) {
            Some(domain) => {
                let mut value = serde_json::to_value(domain).unwrap_or_default();
                value["modified"] = json!(domain.service != script);
                updated.push(value);
            }
            None if dns::record_exists(zone, &origin.hostname) => conflicting.push(shown),
            None => added.push(shown),
        }
    }
    let removed: Vec<&Domain> = domains
        .iter()
        .filter(|it| flag(&query, "replace_state") && it.service == script)
        .filter(|it| !wanted.iter().any(|origin| origin.hostname == it.hostname))
        .collect();
    Ok(Reply::of(json!({
        "added": added,
        "removed": removed,
        "updated": updated,
        "conflicting": conflicting,
    })))
}

/// Body of wrangler's PUT.
#[derive(Deserialize)]
struct Replacement {
    origins: Vec<Origin>,
    #[serde(flatten)]
    overrides: Overrides,
}

/// Makes these the only domains of a Worker, all or none.
async fn replace_all(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let wanted: Replacement = parse(&body, 10021)?;
    let mut state = lock(&cloud.state);
    for origin in &wanted.origins {
        check(&state, &account, &script, origin, wanted.overrides)?;
    }
    let gone: Vec<String> = state
        .account(&account)?
        .domains
        .iter()
        .filter(|it| it.service == script)
        .filter(|it| !wanted.origins.iter().any(|origin| origin.hostname == it.hostname))
        .map(|it| it.id.clone())
        .collect();
    for id in gone {
        detach(&mut state, &account, &id)?;
    }
    let done: Result<Vec<Value>, Refusal> = wanted
        .origins
        .iter()
        .map(|origin| attach(&mut state, &cloud, &account, &script, origin).map(|it| json!(it)))
        .collect();
    Ok(Reply::of(done?))
}
