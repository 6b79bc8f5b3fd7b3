//! Statuses of a deployment, and the older deployments that they make inactive.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Level;
use super::deployments::{KEYS, find, url};
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::environments;
use super::model::{Deployment, DeploymentStatus, Repository};
use super::refusal::Refusal;

const STATES: [&str; 7] = [
    "error",
    "failure",
    "inactive",
    "in_progress",
    "queued",
    "pending",
    "success",
];
/// Longest description in characters.
const LONGEST: usize = 140;

#[derive(Deserialize)]
struct StatusRequest {
    state: String,
    target_url: Option<String>,
    log_url: Option<String>,
    description: Option<String>,
    environment: Option<String>,
    environment_url: Option<String>,
    #[serde(default = "yes")]
    auto_inactive: bool,
}

fn yes() -> bool {
    true
}

fn json(ctx: &Ctx, repository: &Repository, deployment: &Deployment, status: &DeploymentStatus) -> Value {
    let url = url(ctx, repository, deployment.id);
    json!({
        "url": format!("{url}/statuses/{}", status.id),
        "id": status.id,
        "node_id": format!("DES_kwDO{}", status.id),
        "state": status.state,
        "creator": status.creator.json(),
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "created_at": status.created_at,
        "updated_at": status.created_at,
        "deployment_url": url,
        "repository_url": ctx.repository_url(repository),
        "environment_url": status.environment_url,
        "log_url": status.log_url,
        "performed_via_github_app": null,
    })
}

/// Newest first.
pub(super) async fn list(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let deployment = find(repository, id)?;
        let newest_first: Vec<_> = deployment.statuses.iter().rev().collect();
        call.page(repository, newest_first, None, |status| {
            json(ctx, repository, deployment, status)
        })
    })
}

pub(super) async fn get(call: Call) -> Answer {
    let (id, status_id) = (call.number("id")?, call.number("status")?);
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let deployment = find(repository, id)?;
        let status = deployment.statuses.iter().find(|status| status.id == status_id);
        let status = status.ok_or_else(Refusal::not_found)?;
        Ok(Reply::ok(json(ctx, repository, deployment, status)))
    })
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let environment = find(repository, id)?.environment.clone();
        let request: StatusRequest = decode(&body)?;
        if !STATES.contains(&request.state.as_str()) {
            return Err(Refusal::invalid("DeploymentStatus", "state", "inclusion", None));
        }
        let description = request.description.unwrap_or_default();
        if description.chars().count() > LONGEST {
            let message = Some("description is too long (maximum is 140 characters)");
            return Err(Refusal::invalid("DeploymentStatus", "description", "custom", message));
        }
        let environment = request.environment.unwrap_or(environment);
        environments::ensure(ctx, repository, &environment);
        let status = DeploymentStatus {
            id: ctx.id(),
            state: request.state,
            description,
            environment: environment.clone(),
            environment_url: request.environment_url.unwrap_or_default(),
            // `target_url` is the older name of the same link.
            log_url: request.log_url.or(request.target_url).unwrap_or_default(),
            creator: ctx.me.clone(),
            created_at: ctx.now,
        };
        if status.state == "success" && request.auto_inactive {
            retire_older(ctx, repository, id, &environment);
        }
        for deployment in repository.deployments.iter_mut().filter(|known| known.id == id) {
            deployment.environment.clone_from(&environment);
            deployment.updated_at = ctx.now;
            deployment.statuses.push(status.clone());
        }
        let deployment = find(repository, id)?;
        Ok(Reply::created(json(ctx, repository, deployment, &status)))
    })
}

/// GitHub makes older deployments of the environment inactive, but only those that are in `success`, not
/// transient and not production.
fn retire_older(ctx: &mut Ctx, repository: &mut Repository, id: u64, environment: &str) {
    for older in &mut repository.deployments {
        let succeeded = older.statuses.last().is_some_and(|status| status.state == "success");
        if older.id == id || older.environment != environment || older.transient || older.production || !succeeded {
            continue;
        }
        older.statuses.push(DeploymentStatus {
            id: ctx.id(),
            state: "inactive".to_owned(),
            description: String::new(),
            environment: environment.to_owned(),
            environment_url: String::new(),
            log_url: String::new(),
            creator: ctx.me.clone(),
            created_at: ctx.now,
        });
    }
}
