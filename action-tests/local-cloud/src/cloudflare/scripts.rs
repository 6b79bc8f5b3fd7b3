//! Workers: `/accounts/{account}/workers/scripts`, and wrangler's own view of them, `services`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get};
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, flag, pick};
use super::model::{Account, ScriptSettings, State as World, Worker, binding_type};
use super::shared::{Query as Pairs, Shared};
use super::upload::{Form, Place};
use super::versions::{STARTUP_MS, Stamp};
use super::{deployments, dns, queues, versions};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/workers/scripts", get(list))
        .route("/accounts/{account}/workers/scripts-search", get(search))
        .route(
            "/accounts/{account}/workers/scripts/{script}",
            get(download).put(upload).delete(remove),
        )
        .route("/accounts/{account}/workers/scripts/{script}/content/v2", get(download))
        .route(
            "/accounts/{account}/workers/services/{script}",
            get(service).delete(remove),
        )
        .route(
            "/accounts/{account}/workers/services/{script}/environments/{environment}",
            delete(remove_environment),
        )
}

fn view(account: &Account, worker: &Worker) -> Value {
    let content = worker.latest().map(|version| &version.content);
    let kinds = content.map(|content| (content.main_module.is_some(), content.assets.is_some()));
    let (modules, assets) = kinds.unwrap_or_default();
    json!({
        "id": worker.name,
        "tag": worker.tag,
        "tags": worker.settings.tags,
        "etag": content.map(|content| &content.etag),
        "created_on": worker.created_on,
        "modified_on": worker.modified_on,
        "usage_model": "standard",
        // Of an upload; a Worker that was only created has none.
        "handlers": if content.is_some() { json!(["fetch"]) } else { json!([]) },
        "named_handlers": [],
        "has_modules": modules,
        "has_assets": assets,
        "last_deployed_from": worker.last_deployed_from,
        "migration_tag": worker.migration_tag,
        "logpush": worker.settings.logpush,
        "observability": worker.settings.observability,
        "tail_consumers": worker.settings.tail_consumers,
        "compatibility_date": content.map(|content| &content.compatibility_date),
        "compatibility_flags": content.map(|content| &content.compatibility_flags),
        "routes": Value::Null,
        "account_id": account.id,
    })
}

/// `tags=team:yes,old:no` asks for Workers with one tag and without the other.
fn tagged(worker: &Worker, filter: &str) -> bool {
    filter.split(',').filter(|it| !it.is_empty()).all(|it| {
        let (tag, wanted) = it.rsplit_once(':').unwrap_or((it, "yes"));
        worker.settings.tags.iter().any(|own| own == tag) == (wanted != "no")
    })
}

async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let filter = pick(&query, "tags").unwrap_or_default();
    let found: Vec<Value> = account
        .workers
        .values()
        .filter(|worker| tagged(worker, filter))
        .map(|worker| view(account, worker))
        .collect();
    Ok(Reply::of(found))
}

async fn search(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let found: Vec<Value> = account
        .workers
        .values()
        .filter(|worker| pick(&query, "name").is_none_or(|part| worker.name.contains(part)))
        .map(|worker| {
            let mut found = view(account, worker);
            found["script_name"] = json!(worker.name);
            found["id"] = json!(worker.tag);
            found
        })
        .collect();
    Ok(Paging::read(&query, 10, 100).reply(&found))
}

/// The modules, as a form: the one answer of the API that is not JSON.
async fn download(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    let boundary = format!("----{}", worker.tag);
    let mut body = Vec::new();
    for module in worker.latest().into_iter().flat_map(|version| &version.content.modules) {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{0}\"; filename=\"{0}\"\r\nContent-Type: {1}\r\n\r\n",
            module.name, module.content_type
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&module.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={boundary}");
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}

/// wrangler's first question of a deploy. Its own code for a missing Worker.
async fn service(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let Some(worker) = account.workers.get(&script) else {
        return Err(Refusal::new(404, 10090, "workers.api.error.service_not_found"));
    };
    let environment = json!({
        "environment": "production",
        "created_on": worker.created_on,
        "modified_on": worker.modified_on,
        "script": view(account, worker),
    });
    Ok(Reply::of(json!({
        "id": worker.name,
        "created_on": worker.created_on,
        "modified_on": worker.modified_on,
        "usage_model": "standard",
        "default_environment": environment,
        "environments": [environment],
    })))
}

/// A name that the API takes for a Worker.
fn check_name(name: &str) -> Result<(), Refusal> {
    let good = name
        .bytes()
        .enumerate()
        .all(|(at, b)| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || (b == b'-' && at > 0));
    if good && !name.is_empty() && name.len() <= 255 {
        Ok(())
    } else {
        Err(Refusal::new(400, 10016, "workers.api.error.invalid_script_name"))
    }
}

/// A Worker without versions.
pub(super) fn blank(name: &str, cloud: &Cloudflare, now: &str) -> Worker {
    Worker {
        name: name.into(),
        tag: cloud.ground.ids.hex(32),
        created_on: now.into(),
        modified_on: now.into(),
        last_deployed_from: "api".into(),
        migration_tag: None,
        workers_dev: false,
        previews_enabled: false,
        settings: ScriptSettings::default(),
        schedules: Vec::new(),
        tails: Vec::new(),
        versions: Vec::new(),
        deployments: Vec::new(),
    }
}

async fn upload(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    Query(query): Pairs,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    check_name(&script)?;
    let form = Form::read(&headers, body, "metadata").await?;
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    let mut annotations = form.annotations()?;
    annotations.insert("workers/triggered_by".into(), "upload".into());
    let metadata = form.metadata.clone();
    let place = Place {
        account: &account,
        script: &script,
        strict: pick(&query, "bindings_inherit") == Some("strict"),
        today: stamp.today(),
    };
    let content = form.content(&state, &place)?;
    let worker = state
        .account_mut(&account)?
        .workers
        .entry(script.clone())
        .or_insert_with(|| blank(&script, &cloud, &stamp.now));
    configure(worker, &metadata);
    let version = versions::add(worker, content, annotations.clone(), &cloud, &stamp);
    deployments::publish(worker, deployments::all_to(&version), annotations, &cloud, &stamp);
    let account = state.account(&account)?;
    let worker = account.worker(&script)?;
    let mut reply = view(account, worker);
    reply["startup_time_ms"] = json!(STARTUP_MS);
    // wrangler makes the version's id out of this by putting the hyphens in.
    reply["deployment_id"] = json!(version.replace('-', ""));
    Ok(Reply::of(reply))
}

/// Takes over what an upload says about the Worker and not about its version.
pub(super) fn configure(worker: &mut Worker, metadata: &Map<String, Value>) {
    let settings = &mut worker.settings;
    if let Some(tags) = metadata.get("tags").and_then(Value::as_array) {
        settings.tags = tags.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    }
    if let Some(logpush) = metadata.get("logpush").and_then(Value::as_bool) {
        settings.logpush = logpush;
    }
    if let Some(consumers) = metadata.get("tail_consumers") {
        settings.tail_consumers = consumers.as_array().cloned().unwrap_or_default();
    }
    if let Some(observability) = metadata.get("observability") {
        settings.observability = observability.clone();
    }
    if let Some(tag) = metadata.get("migrations").and_then(|it| it["new_tag"].as_str()) {
        worker.migration_tag = Some(tag.to_owned());
    }
}

/// Names of the Workers that bind to this one.
pub(super) fn dependents<'a>(account: &'a Account, script: &str) -> Vec<(&'a str, &'a Value)> {
    let mut found = Vec::new();
    for worker in account.workers.values().filter(|worker| worker.name != script) {
        let live = worker
            .live()
            .into_iter()
            .flat_map(|deployment| &deployment.versions)
            .filter_map(|share| worker.version(&share.version_id));
        let binding = live
            .flat_map(|version| &version.content.bindings)
            .find(|it| binding_type(it) == "service" && it["service"] == script);
        if let Some(binding) = binding {
            found.push((worker.name.as_str(), binding));
        }
    }
    found
}

async fn remove(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    Query(query): Pairs,
) -> Answer {
    let mut state = lock(&cloud.state);
    delete_worker(&mut state, &account, &script, flag(&query, "force"))
}

/// Environments of a service are long gone; wrangler still knows the path of the one that is left.
async fn remove_environment(
    State(cloud): State<Shared>,
    Path((account, script, _)): Path<(String, String, String)>,
    Query(query): Pairs,
) -> Answer {
    let mut state = lock(&cloud.state);
    delete_worker(&mut state, &account, &script, flag(&query, "force"))
}

pub(super) fn delete_worker(state: &mut World, account: &str, script: &str, force: bool) -> Answer {
    state.worker(account, script)?;
    let dependents = dependents(state.account(account)?, script);
    if !force && !dependents.is_empty() {
        let names: Vec<&str> = dependents.into_iter().map(|(name, _)| name).collect();
        return Err(Refusal::new(
            400,
            10142,
            format!(
                "Cannot delete this Worker because it is used in service bindings of other Workers: {}. Use `force=true` to delete it anyway.",
                names.join(", ")
            ),
        ));
    }
    if !force && !queues::of_worker(state.account(account)?, script).is_empty() {
        return Err(Refusal::new(
            400,
            10064,
            "Cannot delete this Worker as it is a consumer for a Queue. Remove it from the Queue's consumers first, then retry.",
        ));
    }
    let detaches = state.settings.delete_detaches_domains;
    let account = state.account_mut(account)?;
    account.workers.remove(script);
    queues::detach(account, script);
    if detaches {
        let (gone, kept) = std::mem::take(&mut account.domains)
            .into_iter()
            .partition(|it| it.service == script);
        account.domains = kept;
        let gone: Vec<super::model::Domain> = gone;
        for domain in gone {
            dns::remove_managed(state.zone_mut(&domain.zone_id)?, &domain.hostname);
        }
    }
    Ok(Reply::null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_do_not_start_with_a_hyphen() {
        for good in ["api", "api-preview-42", "_a", "0"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "-api", "Api", "a.b", "a b"] {
            assert_eq!(check_name(bad).unwrap_err().code, 10016, "{bad}");
        }
    }
}
