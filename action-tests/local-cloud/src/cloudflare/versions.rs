//! Versions of a Worker: `/accounts/{account}/workers/scripts/{script}/versions`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, flag, pick};
use super::model::{Content, Version, Worker, shown};
use super::shared::{Query as Pairs, Shared};
use super::upload::{Form, Place};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// Only so many of the newest versions can be deployed.
pub(super) const DEPLOYABLE: usize = 100;
/// How long a Worker takes to start here.
pub(super) const STARTUP_MS: u32 = 4;
const AUTHOR: &str = "octocat@example.com";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/scripts/{script}/versions",
            get(list).post(upload),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/versions/{version}",
            get(one),
        )
}

/// Who uploads, and when.
pub(super) struct Stamp {
    pub(super) now: String,
    /// `wrangler` or `api`.
    pub(super) source: String,
}

impl Stamp {
    pub(super) fn of(cloud: &Cloudflare, headers: &HeaderMap) -> Self {
        let agent = headers
            .get(axum::http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Self {
            now: cloud.ground.clock.text(),
            source: if agent.starts_with("wrangler/") {
                "wrangler"
            } else {
                "api"
            }
            .into(),
        }
    }

    pub(super) fn today(&self) -> &str {
        self.now.get(..10).unwrap_or_default()
    }
}

/// Adds a version and returns its id. It serves nothing until it is deployed.
pub(super) fn add(
    worker: &mut Worker,
    content: Content,
    annotations: Map<String, Value>,
    cloud: &Cloudflare,
    stamp: &Stamp,
) -> String {
    let id = cloud.ground.ids.uuid();
    // An alias moves to the newest version that asks for it.
    if let Some(alias) = annotations.get("workers/alias").cloned() {
        for version in &mut worker.versions {
            if version.annotations.get("workers/alias") == Some(&alias) {
                version.annotations.remove("workers/alias");
            }
        }
    }
    worker.versions.push(Version {
        id: id.clone(),
        number: worker.versions.last().map_or(0, |version| version.number) + 1,
        created_on: stamp.now.clone(),
        source: stamp.source.clone(),
        annotations,
        content,
    });
    worker.modified_on.clone_from(&stamp.now);
    id
}

/// What is wrong with a version that is asked for: its id is none, or there is no such version (codes of the contract
/// sheet, section 5; of the two that an unknown one has been answered with, the settings choose).
pub(super) fn find<'a>(worker: &'a Worker, id: &str, unknown: u32) -> Result<&'a Version, Refusal> {
    match uuid::Uuid::parse_str(id) {
        Err(_) => Err(Refusal::new(400, 10004, "The requested version ID is malformed.")),
        Ok(id) if id.is_nil() => Err(Refusal::new(
            500,
            10013,
            "An unknown error has occurred. If this issue persists, please contact support.",
        )),
        Ok(_) => worker
            .version(id)
            .ok_or_else(|| Refusal::new(404, unknown, "Version not found")),
    }
}

fn metadata(worker: &Worker, version: &Version) -> Value {
    json!({
        "created_on": version.created_on,
        "modified_on": version.created_on,
        "source": version.source,
        "author_id": "7c5dae5552338874e5053f2534d2767a",
        "author_email": AUTHOR,
        "has_preview": worker.previews_enabled,
        "hasPreview": worker.previews_enabled,
    })
}

/// A version as the list shows it.
fn summary(worker: &Worker, version: &Version) -> Value {
    json!({
        "id": version.id,
        "number": version.number,
        "metadata": metadata(worker, version),
        "annotations": version.annotations,
    })
}

/// A version in full.
fn detail(worker: &Worker, version: &Version) -> Value {
    let mut value = summary(worker, version);
    value["resources"] = json!({
        "script": {
            "etag": version.content.etag,
            "handlers": ["fetch"],
            "named_handlers": [],
            "last_deployed_from": version.source,
        },
        "bindings": version.content.bindings.iter().map(shown).collect::<Vec<_>>(),
        "script_runtime": {
            "compatibility_date": version.content.compatibility_date,
            "compatibility_flags": version.content.compatibility_flags,
            "usage_model": "standard",
        },
    });
    value["startup_time_ms"] = json!(STARTUP_MS);
    value
}

async fn list(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    Query(query): Pairs,
) -> Answer {
    let state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    let newest: Vec<Value> = worker
        .versions
        .iter()
        .rev()
        .map(|version| summary(worker, version))
        .collect();
    if pick(&query, "deployable") == Some("true") {
        let items = &newest[..newest.len().min(DEPLOYABLE)];
        return Ok(Reply::of(json!({"items": items})));
    }
    Ok(Paging::read(&query, 10, 100).reply(&newest).within("items"))
}

async fn one(State(cloud): State<Shared>, Path((account, script, id)): Path<(String, String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let worker = state.worker(&account, &script)?;
    let version = find(worker, &id, state.settings.unknown_version_code)?;
    Ok(Reply::of(detail(worker, version)))
}

async fn upload(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    Query(query): Pairs,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    lock(&cloud.state).worker(&account, &script)?;
    let form = Form::read(&headers, body, "metadata").await?;
    let stamp = Stamp::of(&cloud, &headers);
    let mut state = lock(&cloud.state);
    let mut annotations = form.annotations()?;
    annotations.insert("workers/triggered_by".into(), "version_upload".into());
    let place = Place {
        account: &account,
        script: &script,
        strict: pick(&query, "bindings_inherit") == Some("strict") || flag(&query, "strict"),
        today: stamp.today(),
    };
    let content = form.content(&state, &place)?;
    let unknown = state.settings.unknown_version_code;
    let worker = state.worker_mut(&account, &script)?;
    let id = add(worker, content, annotations, &cloud, &stamp);
    let version = find(worker, &id, unknown)?;
    Ok(Reply::of(detail(worker, version)))
}
