//! The newer resource `/accounts/{account}/workers/workers`: one call tells what a Worker is, where
//! it is served and who depends on it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, flag, parse};
use super::model::{Account, Worker, no_worker};
use super::shared::{Query as Pairs, Shared};
use super::{queues, scripts};
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/workers/workers", get(list).post(create))
        .route("/accounts/{account}/workers/workers/{worker}", get(one).delete(remove))
        .route(
            "/accounts/{account}/workers/scripts/{script}/references",
            get(references),
        )
}

fn view(account: &Account, worker: &Worker) -> Value {
    let domains: Vec<Value> = account
        .domains
        .iter()
        .filter(|it| it.service == worker.name)
        .map(|it| {
            json!({
                "id": it.id,
                "hostname": it.hostname,
                "certificate_id": it.cert_id,
                "zone_id": it.zone_id,
                "zone_name": it.zone_name,
            })
        })
        .collect();
    let dependents: Vec<Value> = scripts::dependents(account, &worker.name)
        .into_iter()
        .filter_map(|(name, _)| account.workers.get(name))
        .map(|it| json!({"id": it.tag, "name": it.name}))
        .collect();
    let queues: Vec<Value> = queues::of_worker(account, &worker.name)
        .into_iter()
        .map(|(queue, consumer)| {
            json!({
                "queue_consumer_id": consumer.id,
                "queue_id": queue.id,
                "queue_name": queue.name,
            })
        })
        .collect();
    let suffix = account
        .subdomain
        .as_ref()
        .map(|subdomain| format!("-{}.{subdomain}.workers.dev", worker.name));
    let url = account
        .subdomain
        .as_ref()
        .map(|subdomain| format!("https://{}.{subdomain}.workers.dev", worker.name));
    json!({
        "id": worker.tag,
        "name": worker.name,
        "created_on": worker.created_on,
        "updated_on": worker.modified_on,
        "deployed_on": worker.live().map(|deployment| &deployment.created_on),
        "logpush": worker.settings.logpush,
        "observability": worker.settings.observability,
        "tags": worker.settings.tags,
        "tail_consumers": worker.settings.tail_consumers,
        "subdomain": {
            "enabled": worker.workers_dev,
            "previews_enabled": worker.previews_enabled,
            "url": url,
            "preview_url_suffix": suffix,
        },
        "references": {
            "domains": domains,
            "workers": dependents,
            "durable_objects": [],
            "queues": queues,
            "dispatch_namespace_outbounds": [],
        },
    })
}

/// By id or by name.
fn find<'a>(account: &'a Account, worker: &str) -> Result<&'a Worker, Refusal> {
    account
        .workers
        .values()
        .find(|it| it.name == worker || it.tag == worker)
        .ok_or_else(no_worker)
}

async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let found: Vec<Value> = account.workers.values().map(|worker| view(account, worker)).collect();
    Ok(Paging::read(&query, 10, 100).reply(&found))
}

async fn one(State(cloud): State<Shared>, Path((account, worker)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    Ok(Reply::of(view(account, find(account, &worker)?)))
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    subdomain: Served,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Served {
    enabled: bool,
    previews_enabled: bool,
}

/// A Worker without versions.
async fn create(State(cloud): State<Shared>, Path(account): Path<String>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, 10021)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    if account.workers.contains_key(&wanted.name) {
        return Err(Refusal::new(
            409,
            10021,
            format!("A Worker named `{}` already exists.", wanted.name),
        ));
    }
    let mut worker = scripts::blank(&wanted.name, &cloud, &cloud.ground.clock.text());
    worker.settings.tags = wanted.tags;
    worker.workers_dev = wanted.subdomain.enabled;
    worker.previews_enabled = wanted.subdomain.previews_enabled;
    account.workers.insert(wanted.name.clone(), worker);
    Ok(Reply::of(view(account, find(account, &wanted.name)?)))
}

async fn remove(
    State(cloud): State<Shared>,
    Path((account, worker)): Path<(String, String)>,
    Query(query): Pairs,
) -> Answer {
    let mut state = lock(&cloud.state);
    let name = find(state.account(&account)?, &worker)?.name.clone();
    scripts::delete_worker(&mut state, &account, &name, flag(&query, "force"))
}

/// What wrangler asks before it deletes.
async fn references(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    account.worker(&script)?;
    let incoming: Vec<Value> = scripts::dependents(account, &script)
        .into_iter()
        .map(|(name, binding)| json!({"service": name, "environment": "production", "name": binding["name"]}))
        .collect();
    Ok(Reply::of(json!({
        "services": {"incoming": incoming, "outgoing": [], "pages_function": false},
        "durable_objects": [],
        "dispatch_outbounds": [],
    })))
}
