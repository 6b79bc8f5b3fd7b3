//! Deployments.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::model::{Deployment, Repository};
use super::refusal::Refusal;
use super::{commits, environments};

pub(super) const KEYS: [&str; 1] = ["deployments"];

#[derive(Deserialize)]
struct CreateRequest {
    #[serde(rename = "ref")]
    reference: String,
    task: Option<String>,
    /// On by default: a trap, since it may push a merge commit and create nothing.
    #[serde(default = "yes")]
    auto_merge: bool,
    /// Left out means all contexts.
    required_contexts: Option<Vec<String>>,
    payload: Option<Value>,
    environment: Option<String>,
    description: Option<String>,
    #[serde(default)]
    transient_environment: bool,
    production_environment: Option<bool>,
}

fn yes() -> bool {
    true
}

pub(super) fn url(ctx: &Ctx, repository: &Repository, id: u64) -> String {
    format!("{}/deployments/{id}", ctx.repository_url(repository))
}

fn json(ctx: &Ctx, repository: &Repository, deployment: &Deployment) -> Value {
    let url = url(ctx, repository, deployment.id);
    json!({
        "url": url,
        "id": deployment.id,
        "node_id": format!("DE_kwDO{}", deployment.id),
        "task": deployment.task,
        "original_environment": deployment.original_environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "created_at": deployment.created_at,
        "updated_at": deployment.updated_at,
        "statuses_url": format!("{url}/statuses"),
        "repository_url": ctx.repository_url(repository),
        "creator": deployment.creator.json(),
        "sha": deployment.sha,
        "ref": deployment.reference,
        "payload": deployment.payload,
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
        "performed_via_github_app": null,
    })
}

pub(super) fn find(repository: &Repository, id: u64) -> Result<&Deployment, Refusal> {
    repository
        .deployments
        .iter()
        .find(|deployment| deployment.id == id)
        .ok_or_else(Refusal::not_found)
}

/// Newest first.
pub(super) async fn list(call: Call) -> Answer {
    let matches = |name: &str, value: &str| call.asked(name).is_none_or(|asked| asked == "none" || asked == value);
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let found: Vec<&Deployment> = repository
            .deployments
            .iter()
            .rev()
            .filter(|deployment| {
                matches("sha", &deployment.sha)
                    && matches("ref", &deployment.reference)
                    && matches("task", &deployment.task)
                    && matches("environment", &deployment.environment)
            })
            .collect();
        call.page(repository, found, None, |deployment| json(ctx, repository, deployment))
    })
}

pub(super) async fn get(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Read, |ctx, repository| {
        Ok(Reply::ok(json(ctx, repository, find(repository, id)?)))
    })
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let request: CreateRequest = decode(&body)?;
        let sha = repository
            .resolve(&request.reference)
            .ok_or_else(|| Refusal::unprocessable(format!("No ref found for: {}", request.reference)))?;
        if request.auto_merge
            && let Some(merged) = auto_merge(ctx, repository, &request.reference)?
        {
            return Ok(Reply::new(StatusCode::ACCEPTED, json!({"message": merged})));
        }
        commits::check_contexts(
            repository,
            &request.reference,
            &sha,
            request.required_contexts.as_deref(),
        )?;
        let environment = request.environment.unwrap_or_else(|| "production".to_owned());
        environments::ensure(ctx, repository, &environment);
        let deployment = Deployment {
            id: ctx.id(),
            sha,
            reference: request.reference,
            task: request.task.unwrap_or_else(|| "deploy".to_owned()),
            payload: request.payload.unwrap_or_else(|| json!({})),
            original_environment: environment.clone(),
            description: request.description,
            creator: ctx.me.clone(),
            created_at: ctx.now,
            updated_at: ctx.now,
            transient: request.transient_environment,
            production: request.production_environment.unwrap_or(environment == "production"),
            environment,
            statuses: Vec::new(),
        };
        repository.deployments.push(deployment.clone());
        Ok(Reply::created(json(ctx, repository, &deployment)))
    })
}

/// Merges the default branch into a topic branch that lacks commits of it. Done, there is no deployment,
/// but a merge commit. A SHA is no branch: nothing is merged into it.
fn auto_merge(ctx: &mut Ctx, repository: &mut Repository, reference: &str) -> Result<Option<String>, Refusal> {
    let default = repository.default_branch.clone();
    let name = repository.full_name();
    let behind = repository
        .threads
        .iter_mut()
        .filter_map(|thread| thread.pull.as_mut())
        .find(|pull| pull.behind && pull.head_ref == reference && pull.head_repository.as_ref() == Some(&name));
    let Some(pull) = behind else { return Ok(None) };
    if pull.conflicts {
        return Err(Refusal::conflict(format!(
            "Conflict merging {default} into {reference}."
        )));
    }
    pull.behind = false;
    pull.head_sha = format!("{:040x}", ctx.id());
    repository.refs.insert(reference.to_owned(), pull.head_sha.clone());
    Ok(Some(format!("Auto-merged {default} into {reference} on deployment.")))
}

/// An active deployment (its last status is `success`) can only be deleted when it is the only one.
pub(super) async fn delete(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Write, |_, repository| {
        let deployment = find(repository, id)?;
        let is_active = deployment
            .statuses
            .last()
            .is_some_and(|status| status.state == "success");
        if is_active && repository.deployments.len() > 1 {
            return Err(Refusal::unprocessable(
                "We cannot delete an active deployment unless it is the only deployment in a given repository.",
            ));
        }
        repository.deployments.retain(|deployment| deployment.id != id);
        Ok(Reply::no_content())
    })
}
