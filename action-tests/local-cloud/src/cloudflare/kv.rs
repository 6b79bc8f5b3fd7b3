//! KV namespaces: `/accounts/{account}/storage/kv/namespaces`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde::Deserialize;

use super::envelope::{Answer, Paging, Refusal, Reply, parse, pick};
use super::model::{Account, Namespace};
use super::shared::{Query as Pairs, Shared};
use crate::lock::lock;

/// "Could not parse body".
const BAD_BODY: u32 = 10012;
/// Default and largest `per_page`; wrangler asks for 1000.
const PER_PAGE: (usize, usize) = (20, 1000);
/// Namespaces of one account.
const QUOTA: usize = 1000;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/storage/kv/namespaces", get(list).post(create))
        .route(
            "/accounts/{account}/storage/kv/namespaces/{id}",
            get(one).put(rename).delete(remove),
        )
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    title: String,
}

fn no_namespace() -> Refusal {
    Refusal::new(404, 10013, "namespace not found")
}

/// Titles are unique within an account.
fn check(account: &Account, title: &str, own: Option<&str>) -> Result<(), Refusal> {
    if title.is_empty() {
        return Err(Refusal::new(400, 10019, "a namespace title is required"));
    }
    if account
        .kv
        .iter()
        .any(|it| it.title == title && Some(it.id.as_str()) != own)
    {
        return Err(Refusal::new(
            400,
            10014,
            "a namespace with this account ID and title already exists",
        ));
    }
    Ok(())
}

async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let mut found: Vec<&Namespace> = state.account(&account)?.kv.iter().collect();
    match pick(&query, "order") {
        Some("title") => found.sort_by(|a, b| a.title.cmp(&b.title)),
        _ => found.sort_by(|a, b| a.id.cmp(&b.id)),
    }
    if pick(&query, "direction") == Some("desc") {
        found.reverse();
    }
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

async fn create(State(cloud): State<Shared>, Path(account): Path<String>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    check(account, &wanted.title, None)?;
    if account.kv.len() >= QUOTA {
        return Err(Refusal::new(403, 10026, "namespace limit reached for this account"));
    }
    let namespace = Namespace {
        id: cloud.ground.ids.hex(32),
        title: wanted.title,
        supports_url_encoding: true,
    };
    account.kv.push(namespace.clone());
    Ok(Reply::of(namespace))
}

async fn one(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let found = state.account(&account)?.kv.iter().find(|it| it.id == id);
    found.map(Reply::of).ok_or_else(no_namespace)
}

async fn rename(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    check(account, &wanted.title, Some(&id))?;
    let namespace = account.kv.iter_mut().find(|it| it.id == id).ok_or_else(no_namespace)?;
    namespace.title = wanted.title;
    Ok(Reply::of(namespace))
}

async fn remove(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let kv = &mut state.account_mut(&account)?.kv;
    let at = kv.iter().position(|it| it.id == id).ok_or_else(no_namespace)?;
    kv.remove(at);
    Ok(Reply::null())
}
