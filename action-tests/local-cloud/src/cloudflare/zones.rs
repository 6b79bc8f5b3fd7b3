//! Zones: `/zones`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, parse, pick};
use super::model::{self, Plan, Zone};
use super::shared::{Query as Pairs, Shared};
use crate::gate;
use crate::lock::lock;

/// Default and largest `per_page`.
const PER_PAGE: (usize, usize) = (20, 50);

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/zones", get(list).post(create))
        .route("/zones/{zone}", get(one))
        .route("/zones/{zone}/pagerules", get(page_rules))
}

async fn list(State(cloud): State<Shared>, headers: HeaderMap, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let token = state.token(&gate::token(&headers).unwrap_or_default());
    let is = |key: &str, value: &str| pick(&query, key).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let found: Vec<Value> = state
        .zones
        .values()
        .filter(|zone| token.sees(&zone.name))
        .filter(|zone| is("name", &zone.name) && is("status", &zone.status) && is("account.id", &zone.account_id))
        .map(|zone| view(&state, zone))
        .collect();
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

/// Page rules, which only the dashboard and octodns still know: there are none here.
async fn page_rules(State(cloud): State<Shared>, Path(zone): Path<String>) -> Answer {
    lock(&cloud.state).zone(&zone)?;
    Ok(Reply::of(json!([])))
}

async fn one(State(cloud): State<Shared>, Path(zone): Path<String>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(view(&state, state.zone(&zone)?)))
}

/// Body of `POST /zones`.
#[derive(Deserialize)]
struct Wanted {
    name: String,
    account: AccountId,
}

#[derive(Deserialize)]
struct AccountId {
    id: String,
}

async fn create(State(cloud): State<Shared>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, 1002)?;
    let mut state = lock(&cloud.state);
    state.account(&wanted.account.id)?;
    if state.zones.values().any(|zone| zone.name == wanted.name) {
        return Err(Refusal::new(400, 1061, format!("{} already exists", wanted.name)));
    }
    let mut zone = Zone::new(&cloud.ground.ids.hex(32), &wanted.name, &wanted.account.id);
    zone.status = "pending".into();
    zone.created_on = cloud.ground.clock.text();
    let shown = view(&state, &zone);
    state.zones.insert(zone.id.clone(), zone);
    Ok(Reply::of(shown))
}

fn view(state: &model::State, zone: &Zone) -> Value {
    let account = state.accounts.get(&zone.account_id).map(|account| &account.name);
    let (legacy_id, plan) = match zone.plan {
        Plan::Free => ("free", "Free Website"),
        Plan::Pro => ("pro", "Pro Website"),
        Plan::Business => ("business", "Business Website"),
        Plan::Enterprise => ("enterprise", "Enterprise Website"),
    };
    json!({
        "id": zone.id,
        "name": zone.name,
        "status": zone.status,
        "paused": zone.paused,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "original_name_servers": null,
        "original_registrar": null,
        "original_dnshost": null,
        "created_on": zone.created_on,
        "modified_on": zone.created_on,
        "activated_on": zone.created_on,
        "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": false},
        "owner": {"id": null, "type": "user", "email": null},
        "account": {"id": zone.account_id, "name": account},
        "tenant": {"id": null, "name": null},
        "tenant_unit": {"id": null},
        "permissions": ["#zone:read", "#zone:edit", "#dns_records:read", "#dns_records:edit"],
        "plan": {"id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": plan, "legacy_id": legacy_id, "is_subscribed": true},
    })
}
