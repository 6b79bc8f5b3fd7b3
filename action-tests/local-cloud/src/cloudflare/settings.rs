//! Settings of a Worker: of its latest version (`settings`), and of itself (`script-settings`).

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Refusal, Reply, parse};
use super::model::{Worker, shown};
use super::shared::Shared;
use super::upload::{Form, Place};
use super::versions::Stamp;
use super::{bindings, deployments, scripts, secrets};
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/scripts/{script}/settings",
            get(versioned).patch(change),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/script-settings",
            get(script_settings).patch(change_script_settings),
        )
}

fn of_version(worker: &Worker) -> Result<Value, Refusal> {
    let latest = worker
        .latest()
        .ok_or_else(|| Refusal::new(404, 10222, "This Worker has no versions."))?;
    Ok(json!({
        "bindings": latest.content.bindings.iter().map(shown).collect::<Vec<_>>(),
        "compatibility_date": latest.content.compatibility_date,
        "compatibility_flags": latest.content.compatibility_flags,
        "usage_model": "standard",
        "tags": worker.settings.tags,
        "tail_consumers": worker.settings.tail_consumers,
        "logpush": worker.settings.logpush,
        "observability": worker.settings.observability,
        "migration_tag": worker.migration_tag,
        "placement": {},
    }))
}

async fn versioned(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    of_version(state.worker(&account, &script)?).map(Reply::of)
}

/// A form with the part `settings`; its bindings replace all others.
async fn change(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    lock(&cloud.state).worker(&account, &script)?;
    let form = Form::read(&headers, body, "settings").await?;
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    secrets::latest_is_live(worker, 10214)?;
    let previous = worker.latest().map(|version| version.content.bindings.clone());
    let previous = previous.unwrap_or_default();
    let wanted = match form.metadata.get("bindings").and_then(Value::as_array) {
        Some(asked) => bindings::resolve(bindings::kept(asked, &previous), &[], &previous, true)?,
        None => previous,
    };
    let place = Place {
        account: &account,
        script: &script,
        strict: true,
        today: stamp.today(),
    };
    bindings::check(&wanted, &state, &place)?;
    let worker = state.worker_mut(&account, &script)?;
    scripts::configure(worker, &form.metadata);
    let annotations = Map::from_iter([("workers/triggered_by".to_owned(), json!("settings"))]);
    let version = secrets::derive(worker, wanted, annotations.clone(), &cloud, &stamp)?;
    deployments::publish(worker, deployments::all_to(&version), annotations, &cloud, &stamp);
    of_version(worker).map(Reply::of)
}

async fn script_settings(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(&state.worker(&account, &script)?.settings))
}

async fn change_script_settings(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut state = lock(&cloud.state);
    let worker = state.worker_mut(&account, &script)?;
    let wanted: Map<String, Value> = parse(&body, 10021)?;
    scripts::configure(worker, &wanted);
    Ok(Reply::of(&worker.settings))
}
