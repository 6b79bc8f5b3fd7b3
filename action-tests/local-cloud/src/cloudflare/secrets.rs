//! Secrets of a Worker. Each write makes a version and deploys it to all traffic.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{get, patch};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bindings::name_in_use;
use super::envelope::{Answer, Refusal, Reply, parse};
use super::model::{State as World, Worker, binding_name, binding_type};
use super::shared::Shared;
use super::versions::Stamp;
use super::{deployments, upload, versions};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/scripts/{script}/secrets",
            get(list).put(put),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/secrets/{name}",
            get(one).delete(remove),
        )
        .route("/accounts/{account}/workers/scripts/{script}/secrets-bulk", patch(bulk))
        .route(
            "/accounts/{account}/workers/workers/{script}/versions/latest",
            patch(latest),
        )
}

/// A secret as a request gives it.
#[derive(Debug, Deserialize)]
struct Secret {
    name: String,
    #[serde(default)]
    text: String,
}

fn view(binding: &Value) -> Value {
    json!({"name": binding_name(binding), "type": binding_type(binding)})
}

fn secrets(worker: &Worker) -> Vec<Value> {
    let bindings = worker.latest().map(|version| version.content.bindings.as_slice());
    bindings
        .unwrap_or_default()
        .iter()
        .filter(|it| binding_type(it) == "secret_text")
        .map(view)
        .collect()
}

fn no_secret(name: &str) -> Refusal {
    Refusal::new(404, 10056, format!("Secret '{name}' not found."))
}

async fn list(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(secrets(state.worker(&account, &script)?)))
}

async fn one(State(cloud): State<Shared>, Path((account, script, name)): Path<(String, String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let found = secrets(state.worker(&account, &script)?);
    let found = found.into_iter().find(|it| binding_name(it) == name);
    found.map(Reply::of).ok_or_else(|| no_secret(&name))
}

/// What to do with each name: a value to set, or none to remove it.
type Changes = BTreeMap<String, Option<String>>;

/// The bindings of the latest version with the secrets changed.
fn changed(worker: &Worker, changes: &Changes) -> Result<Vec<Value>, Refusal> {
    let latest = worker.latest().ok_or_else(no_versions)?;
    let mut bindings = latest.content.bindings.clone();
    for (name, text) in changes {
        let at = bindings.iter().position(|it| binding_name(it) == name);
        if at.is_some_and(|at| binding_type(&bindings[at]) != "secret_text") {
            return Err(name_in_use(name));
        }
        match (at, text) {
            (Some(at), Some(text)) => bindings[at]["text"] = json!(text),
            (None, Some(text)) => {
                bindings.push(json!({"name": name, "type": "secret_text", "text": text}));
            }
            (Some(at), None) => {
                bindings.remove(at);
            }
            (None, None) => {}
        }
    }
    Ok(bindings)
}

/// Makes a version that differs from the latest in its bindings, and returns its id.
pub(super) fn derive(
    worker: &mut Worker,
    bindings: Vec<Value>,
    annotations: Map<String, Value>,
    cloud: &Cloudflare,
    stamp: &Stamp,
) -> Result<String, Refusal> {
    let latest = worker.latest().ok_or_else(no_versions)?;
    let mut content = latest.content.clone();
    content.bindings = bindings;
    Ok(versions::add(worker, content, annotations, cloud, stamp))
}

fn no_versions() -> Refusal {
    Refusal::new(404, 10222, "This Worker has no versions.")
}

/// Refuses unless the latest version serves all traffic: deploying a new one would take the
/// latest code live with it.
pub(super) fn latest_is_live(worker: &Worker, code: u32) -> Result<(), Refusal> {
    let latest = worker.latest().ok_or_else(no_versions)?;
    if worker.serves_all(&latest.id) {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        code,
        "The latest version of your Worker isn't currently deployed. Deploy it first, or use versioned secrets.",
    ))
}

fn apply(
    state: &mut World,
    cloud: &Cloudflare,
    stamp: &Stamp,
    (account, script): (&str, &str),
    changes: &Changes,
    not_live: u32,
) -> Result<(), Refusal> {
    latest_is_live(state.worker(account, script)?, not_live)?;
    let worker = state.worker_mut(account, script)?;
    let bindings = changed(worker, changes)?;
    let annotations = Map::from_iter([("workers/triggered_by".to_owned(), json!("secret"))]);
    let version = derive(worker, bindings, annotations.clone(), cloud, stamp)?;
    deployments::publish(worker, deployments::all_to(&version), annotations, cloud, stamp);
    Ok(())
}

async fn put(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    state.worker(&account, &script)?;
    let secret: Secret = parse(&body, 10021)?;
    let shown = json!({"name": secret.name, "type": "secret_text"});
    let changes = Changes::from([(secret.name, Some(secret.text))]);
    apply(&mut state, &cloud, &stamp, (&account, &script), &changes, 10215)?;
    Ok(Reply::of(shown))
}

async fn remove(
    State(cloud): State<Shared>,
    Path((account, script, name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    let known = secrets(state.worker(&account, &script)?);
    if !known.iter().any(|it| binding_name(it) == name) {
        return Err(no_secret(&name));
    }
    let changes = Changes::from([(name, None)]);
    apply(&mut state, &cloud, &stamp, (&account, &script), &changes, 10215)?;
    Ok(Reply::null())
}

/// Body of a merge patch: a secret to set, or null to remove it.
#[derive(Deserialize)]
struct Bulk {
    secrets: BTreeMap<String, Option<Secret>>,
}

async fn bulk(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    state.worker(&account, &script)?;
    let bulk: Bulk = parse(&body, 10021)?;
    let changes: Changes = bulk
        .secrets
        .into_iter()
        .map(|(name, secret)| (name, secret.map(|it| it.text)))
        .collect();
    apply(&mut state, &cloud, &stamp, (&account, &script), &changes, 10214)?;
    Ok(Reply::of(secrets(state.worker(&account, &script)?)))
}

/// Body of a merge patch of the latest version: only its secrets are read.
#[derive(Deserialize)]
struct Latest {
    #[serde(default)]
    env: BTreeMap<String, Option<Value>>,
    annotations: Option<Value>,
}

/// Versioned secrets: a new version that is not deployed.
async fn latest(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    state.worker(&account, &script)?;
    let latest: Latest = parse(&body, 10021)?;
    let mut changes = Changes::new();
    for (name, value) in latest.env {
        let text = match &value {
            Some(binding) if binding_type(binding) == "secret_text" => {
                Some(binding["text"].as_str().unwrap_or_default().to_owned())
            }
            Some(_) => {
                return Err(Refusal::unmodelled(
                    "changes of the latest version but those of secrets",
                ));
            }
            None => None,
        };
        changes.insert(name, text);
    }
    let mut annotations = upload::annotations(latest.annotations.as_ref())?;
    annotations.insert("workers/triggered_by".into(), "secret".into());
    let worker = state.worker_mut(&account, &script)?;
    let bindings = changed(worker, &changes)?;
    let id = derive(worker, bindings, annotations, &cloud, &stamp)?;
    let number = worker.latest().map(|version| version.number);
    Ok(Reply::of(json!({"id": id, "number": number})))
}
