//! workers.dev: the account's subdomain, and whether a Worker is served on it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal, Reply, parse};
use super::model::Worker;
use super::shared::Shared;
use crate::lock::lock;

/// From this API date on, what is not said of version URLs follows workers.dev.
const API_DATE: &str = "cloudflare-workers-script-api-date";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/subdomain",
            get(account_subdomain).put(register).delete(unregister),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/subdomain",
            get(one).post(set).delete(clear),
        )
}

async fn account_subdomain(State(cloud): State<Shared>, Path(account): Path<String>) -> Answer {
    let state = lock(&cloud.state);
    match &state.account(&account)?.subdomain {
        Some(subdomain) => Ok(Reply::of(json!({"subdomain": subdomain}))),
        None => Err(Refusal::new(
            404,
            10007,
            "There is no workers.dev subdomain for this account yet.",
        )),
    }
}

#[derive(Deserialize)]
struct Subdomain {
    subdomain: String,
}

async fn register(State(cloud): State<Shared>, Path(account): Path<String>, body: Bytes) -> Answer {
    let wanted: Subdomain = parse(&body, 10021)?;
    let mut state = lock(&cloud.state);
    if state
        .accounts
        .values()
        .any(|it| it.id != account && it.subdomain.as_ref() == Some(&wanted.subdomain))
    {
        return Err(Refusal::new(409, 10031, "That subdomain is already taken."));
    }
    let account = state.account_mut(&account)?;
    if account.subdomain.is_some() {
        return Err(Refusal::new(
            409,
            10036,
            "This account already has a workers.dev subdomain.",
        ));
    }
    account.subdomain = Some(wanted.subdomain.clone());
    Ok(Reply::of(json!({"subdomain": wanted.subdomain})))
}

async fn unregister(State(cloud): State<Shared>, Path(account): Path<String>) -> Answer {
    let mut state = lock(&cloud.state);
    state.account_mut(&account)?.subdomain = None;
    Ok(Reply::null())
}

fn view(worker: &Worker) -> Value {
    json!({"enabled": worker.workers_dev, "previews_enabled": worker.previews_enabled})
}

async fn one(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(view(state.worker(&account, &script)?)))
}

#[derive(Deserialize)]
struct Wanted {
    enabled: bool,
    previews_enabled: Option<bool>,
}

async fn set(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut state = lock(&cloud.state);
    let registered = state.account(&account)?.subdomain.is_some();
    let worker = state.worker_mut(&account, &script)?;
    let wanted: Wanted = parse(&body, 10021)?;
    if wanted.enabled && !registered {
        return Err(Refusal::new(
            400,
            10063,
            "You need a workers.dev subdomain in order to proceed.",
        ));
    }
    worker.workers_dev = wanted.enabled;
    worker.previews_enabled = match wanted.previews_enabled {
        Some(enabled) => enabled,
        None if headers.contains_key(API_DATE) => wanted.enabled,
        None => worker.previews_enabled,
    };
    Ok(Reply::of(view(worker)))
}

async fn clear(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let worker = state.worker_mut(&account, &script)?;
    worker.workers_dev = false;
    worker.previews_enabled = false;
    Ok(Reply::of(view(worker)))
}
