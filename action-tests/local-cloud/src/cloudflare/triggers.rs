//! What else starts or watches a Worker: cron schedules and tails; and lists that stay empty here
//! but that wrangler asks for.

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get};
use jiff::ToSpan as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, parse};
use super::shared::{Query as Pairs, Shared};
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/scripts/{script}/schedules",
            get(schedules).put(set_schedules),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/tails",
            get(tails).post(open_tail),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/tails/{id}",
            delete(close_tail),
        )
        .route(
            "/accounts/{account}/workers/tails/by-consumer/{script}",
            get(tail_producers),
        )
        .route(
            "/accounts/{account}/workers/durable_objects/namespaces",
            get(durable_objects),
        )
}

async fn schedules(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    Ok(Reply::of(json!({"schedules": worker.schedules})))
}

#[derive(Deserialize)]
struct Cron {
    cron: String,
}

async fn set_schedules(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let wanted: Vec<Cron> = parse(&body, 10021)?;
    let now = cloud.ground.clock.text();
    let mut state = lock(&cloud.state);
    let worker = state.worker_mut(&account, &script)?;
    worker.schedules = wanted
        .into_iter()
        .map(|it| json!({"cron": it.cron, "created_on": now, "modified_on": now}))
        .collect();
    Ok(Reply::of(json!({"schedules": worker.schedules})))
}

async fn tails(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(&state.worker(&account, &script)?.tails))
}

/// Opens a tail that no log line ever comes out of.
async fn open_tail(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let id = cloud.ground.ids.hex(32);
    let now = cloud.ground.clock.now();
    let expires = now.checked_add(6.hours()).unwrap_or(now);
    let api = &cloud.ground.origins().cloudflare;
    let host = api.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let tail = json!({
        "id": id,
        "url": format!("ws://{host}{TAILS}/{id}"),
        "expires_at": format!("{expires:.6}"),
    });
    let mut state = lock(&cloud.state);
    state.worker_mut(&account, &script)?.tails.push(tail.clone());
    Ok(Reply::of(tail))
}

/// Where tails are listened to: a WebSocket on the listener of the APIs, not one of the API's own paths.
pub(crate) const TAILS: &str = "/tails";

pub(crate) fn tail_router(cloud: Shared) -> Router {
    Router::new().route("/{id}", get(listen)).with_state(cloud)
}

/// Holds the connection, and says nothing.
async fn listen(State(cloud): State<Shared>, Path(id): Path<String>, socket: WebSocketUpgrade) -> Response {
    let is_open = lock(&cloud.state)
        .accounts
        .values()
        .flat_map(|account| account.workers.values())
        .any(|worker| worker.tails.iter().any(|it| it["id"] == id.as_str()));
    if !is_open {
        return StatusCode::NOT_FOUND.into_response();
    }
    // wrangler does not mask its first frame.
    let socket = socket.protocols(["trace-v1"]).accept_unmasked_frames(true);
    socket.on_upgrade(|mut socket| async move {
        // Pings are answered while it is read; it ends with the client.
        while let Some(Ok(_)) = socket.recv().await {}
    })
}

async fn close_tail(
    State(cloud): State<Shared>,
    Path((account, script, id)): Path<(String, String, String)>,
) -> Answer {
    let mut state = lock(&cloud.state);
    let tails = &mut state.worker_mut(&account, &script)?.tails;
    let at = tails
        .iter()
        .position(|it| it["id"] == id.as_str())
        .ok_or_else(|| Refusal::new(404, 10057, "tail not found"))?;
    tails.remove(at);
    Ok(Reply::null())
}

/// Workers whose logs go to this one.
async fn tail_producers(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let producers: Vec<Value> = state
        .account(&account)?
        .workers
        .values()
        .filter(|worker| {
            worker
                .settings
                .tail_consumers
                .iter()
                .any(|it| it["service"] == script.as_str())
        })
        .map(|worker| {
            json!({
                "consumer": {"service": script, "environment": "production"},
                "producer": {"service": worker.name, "environment": "production"},
            })
        })
        .collect();
    Ok(Reply::of(producers))
}

async fn durable_objects(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    lock(&cloud.state).account(&account)?;
    Ok(Paging::read(&query, 20, 1000).reply::<Value>(&[]))
}
