//! Deployments: which versions of a Worker serve how much of its traffic.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Refusal, Reply, flag, parse};
use super::model::{Account, Deployment, Share, Version, Worker, binding_name, binding_type};
use super::shared::{Query as Pairs, Shared};
use super::versions::{DEPLOYABLE, Stamp};
use super::{bindings, upload};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// So many of the newest are listed, whatever page is asked for (contract sheet, section 5).
const LISTED: usize = 10;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/scripts/{script}/deployments",
            get(list).post(create),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/deployments/{id}",
            get(one).delete(remove),
        )
}

/// Makes these versions the live ones.
pub(super) fn publish(
    worker: &mut Worker,
    versions: Vec<Share>,
    annotations: Map<String, Value>,
    cloud: &Cloudflare,
    stamp: &Stamp,
) -> Deployment {
    let deployment = Deployment {
        id: cloud.ground.ids.uuid(),
        created_on: stamp.now.clone(),
        source: stamp.source.clone(),
        strategy: "percentage".into(),
        author_email: "octocat@example.com".into(),
        annotations,
        versions,
    };
    worker.deployments.insert(0, deployment.clone());
    worker.last_deployed_from.clone_from(&stamp.source);
    worker.modified_on.clone_from(&stamp.now);
    deployment
}

/// All traffic to one version.
pub(super) fn all_to(version: &str) -> Vec<Share> {
    vec![Share {
        version_id: version.into(),
        percentage: 100.0,
    }]
}

async fn list(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    let listed = &worker.deployments[..worker.deployments.len().min(LISTED)];
    Ok(Reply::of(json!({"deployments": listed})))
}

fn no_deployment() -> Refusal {
    Refusal::new(404, 10336, "Deployment not found")
}

async fn one(State(cloud): State<Shared>, Path((account, script, id)): Path<(String, String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    let found = worker.deployments.iter().find(|it| it.id == id);
    found.map(Reply::of).ok_or_else(no_deployment)
}

async fn remove(State(cloud): State<Shared>, Path((account, script, id)): Path<(String, String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let worker = state.worker_mut(&account, &script)?;
    let at = worker
        .deployments
        .iter()
        .position(|it| it.id == id)
        .ok_or_else(no_deployment)?;
    if at == 0 {
        return Err(upload::invalid("The active deployment cannot be deleted."));
    }
    worker.deployments.remove(at);
    Ok(Reply::null())
}

/// Body of a new deployment; what is not read here (`code_update_strategy`) has no effect here.
#[derive(Deserialize)]
struct Wanted {
    strategy: String,
    versions: Vec<Share>,
    annotations: Option<Value>,
}

async fn create(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    Query(query): Pairs,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    let wanted: Wanted = parse(&body, 10021)?;
    check(&wanted, worker, state.account(&account)?, flag(&query, "force"))?;
    let mut annotations = upload::annotations(wanted.annotations.as_ref())?;
    annotations
        .entry("workers/triggered_by")
        .or_insert_with(|| "deployment".into());
    let worker = state.worker_mut(&account, &script)?;
    Ok(Reply::of(publish(worker, wanted.versions, annotations, &cloud, &stamp)))
}

/// 10210: the versions of a deployment, or their shares.
fn bad_split(message: &str) -> Refusal {
    Refusal::new(400, 10210, message)
}

fn check(wanted: &Wanted, worker: &Worker, account: &Account, force: bool) -> Result<(), Refusal> {
    if wanted.strategy != "percentage" {
        return Err(upload::invalid("`strategy` must be `percentage`"));
    }
    if !(1..=2).contains(&wanted.versions.len()) {
        return Err(bad_split("a deployment has one or two versions"));
    }
    let total: f64 = wanted.versions.iter().map(|share| share.percentage).sum();
    if (total - 100.0).abs() > 0.001 || wanted.versions.iter().any(|share| share.percentage < 0.0) {
        return Err(bad_split("the percentages of a deployment add up to 100"));
    }
    let oldest = worker.versions.len().saturating_sub(DEPLOYABLE);
    for share in &wanted.versions {
        let at = worker
            .versions
            .iter()
            .position(|version| version.id == share.version_id)
            .ok_or_else(|| bad_split("a version of the deployment does not exist"))?;
        if at < oldest {
            return Err(bad_split(&format!(
                "only the {DEPLOYABLE} newest versions of a Worker can be deployed"
            )));
        }
        resources(&worker.versions[at], account)?;
        if !force {
            secrets(&worker.versions[at], worker)?;
        }
    }
    Ok(())
}

/// A version cannot come back once what it is bound to is gone.
fn resources(version: &Version, account: &Account) -> Result<(), Refusal> {
    version
        .content
        .bindings
        .iter()
        .try_for_each(|binding| bindings::resource(binding, account))
}

/// An older version that is not live brings its own secrets back: refused unless forced.
fn secrets(version: &Version, worker: &Worker) -> Result<(), Refusal> {
    let live: Vec<&Version> = worker
        .live()
        .into_iter()
        .flat_map(|deployment| &deployment.versions)
        .filter_map(|share| worker.version(&share.version_id))
        .collect();
    let newest = live.iter().max_by_key(|it| it.number);
    let Some(live) = newest.filter(|it| it.number > version.number && !live.iter().any(|it| it.id == version.id))
    else {
        return Ok(());
    };
    let changed = changed(version, live);
    if changed.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        10220,
        format!(
            "A deployment of version {} would change the Worker's secrets. The following secrets have changed: {}",
            version.id,
            changed.join(", ")
        ),
    ))
}

/// Names of secrets that differ between two versions.
fn changed<'a>(one: &'a Version, other: &'a Version) -> Vec<&'a str> {
    let secrets = |version: &'a Version| {
        version
            .content
            .bindings
            .iter()
            .filter(|it| binding_type(it) == "secret_text")
    };
    let mut names: Vec<&str> = secrets(one)
        .filter(|it| !other.content.bindings.contains(it))
        .chain(secrets(other).filter(|it| !one.content.bindings.contains(it)))
        .map(binding_name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
