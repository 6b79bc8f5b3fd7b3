//! What GitHub Actions keeps: artifacts, and the names of secrets and variables.

use axum::http::header;
use serde_json::{Value, json};

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply};
use super::model::{Artifact, Repository};
use super::refusal::Refusal;

const KEYS: [&str; 1] = ["actions"];
const DAYS_90: i64 = 90 * 86_400;

fn json(ctx: &Ctx, repository: &Repository, artifact: &Artifact) -> Value {
    let url = format!("{}/actions/artifacts/{}", ctx.repository_url(repository), artifact.id);
    json!({
        "id": artifact.id,
        "node_id": format!("MDg6QXJ0aWZhY3Q{}", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.size_in_bytes,
        "url": url,
        "archive_download_url": format!("{url}/zip"),
        "expired": artifact.expired,
        "created_at": artifact.created_at,
        "updated_at": artifact.created_at,
        "expires_at": artifact.created_at.plus_seconds(DAYS_90),
        "workflow_run": {
            "id": artifact.run_id,
            "repository_id": repository.id,
            "head_repository_id": repository.id,
            "head_sha": artifact.head_sha,
        },
    })
}

fn find(repository: &Repository, id: u64) -> Result<&Artifact, Refusal> {
    repository
        .artifacts
        .iter()
        .find(|artifact| artifact.id == id)
        .ok_or_else(Refusal::not_found)
}

/// Of the repository, or of one run.
pub(super) async fn artifacts(call: Call) -> Answer {
    let run: Option<u64> = call.param("run").parse().ok();
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let found: Vec<_> = repository
            .artifacts
            .iter()
            .rev()
            .filter(|artifact| run.is_none_or(|run| run == artifact.run_id))
            .filter(|artifact| call.asked("name").is_none_or(|name| name == artifact.name))
            .collect();
        call.page(repository, found, Some("artifacts"), |artifact| {
            json(ctx, repository, artifact)
        })
    })
}

pub(super) async fn artifact(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Read, |ctx, repository| {
        Ok(Reply::ok(json(ctx, repository, find(repository, id)?)))
    })
}

/// Leads to a blob store, which nobody runs here: whoever follows must not bring the token along.
pub(super) async fn download(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Read, |_, repository| {
        if find(repository, id)?.expired {
            return Err(Refusal::gone("Artifact has expired"));
        }
        let url = format!("https://productionresultssa0.blob.core.windows.net/actions-results/{id}.zip?sig=example");
        Ok(Reply::new(axum::http::StatusCode::FOUND, Value::Null).with(header::LOCATION, url))
    })
}

pub(super) async fn delete_artifact(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Write, |_, repository| {
        find(repository, id)?;
        repository.artifacts.retain(|artifact| artifact.id != id);
        Ok(Reply::no_content())
    })
}

pub(super) async fn secrets(call: Call) -> Answer {
    names(&call, |repository| &repository.secrets)
}

/// Those of the organization that the repository may use.
pub(super) async fn organization_secrets(call: Call) -> Answer {
    names(&call, |repository| &repository.organization_secrets)
}

fn names(call: &Call, of: impl Fn(&Repository) -> &Vec<String>) -> Answer {
    call.on(&["secrets"], Level::Read, |ctx, repository| {
        let names: Vec<_> = of(repository).iter().collect();
        call.page(
            repository,
            names,
            Some("secrets"),
            |name| json!({"name": name, "created_at": ctx.now, "updated_at": ctx.now}),
        )
    })
}

pub(super) async fn variables(call: Call) -> Answer {
    call.on(&["variables"], Level::Read, |ctx, repository| {
        let all: Vec<_> = repository.variables.iter().collect();
        call.page(
            repository,
            all,
            Some("variables"),
            |(name, value)| json!({"name": name, "value": value, "created_at": ctx.now, "updated_at": ctx.now}),
        )
    })
}
