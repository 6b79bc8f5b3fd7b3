//! Commit statuses, and whether a commit is good enough to be deployed.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::model::{CommitStatus, Repository};
use super::refusal::Refusal;
use super::repos;

const KEYS: [&str; 1] = ["statuses"];
/// Statuses that one commit takes per context.
const MOST: usize = 1000;

#[derive(Deserialize)]
struct StatusRequest {
    state: String,
    context: Option<String>,
    description: Option<String>,
    target_url: Option<String>,
}

fn json(ctx: &Ctx, repository: &Repository, status: &CommitStatus, with_creator: bool) -> Value {
    let mut shown = json!({
        "url": format!("{}/statuses/{}", ctx.repository_url(repository), status.sha),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", status.creator.id()),
        "id": status.id,
        "node_id": format!("SC_kwDO{}", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": status.created_at,
        "updated_at": status.created_at,
    });
    if with_creator {
        shown["creator"] = status.creator.json();
    }
    shown
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    let sha = call.param("sha").to_owned();
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let request: StatusRequest = decode(&body)?;
        if repository.resolve(&sha).as_ref() != Some(&sha) {
            return Err(Refusal::unprocessable(format!("No commit found for SHA: {sha}")));
        }
        if !["error", "failure", "pending", "success"].contains(&request.state.as_str()) {
            return Err(Refusal::invalid("Status", "state", "inclusion", None));
        }
        let context = request.context.unwrap_or_else(|| "default".to_owned());
        let same = repository
            .statuses
            .iter()
            .filter(|s| s.sha == sha && s.context == context);
        if same.count() >= MOST {
            let message = Some("This SHA and context has reached the maximum number of statuses.");
            return Err(Refusal::invalid("Status", "context", "custom", message));
        }
        let status = CommitStatus {
            id: ctx.id(),
            sha,
            state: request.state,
            context,
            description: request.description,
            target_url: request.target_url,
            creator: ctx.me.clone(),
            created_at: ctx.now,
        };
        repository.statuses.push(status.clone());
        Ok(Reply::created(json(ctx, repository, &status, true)))
    })
}

/// The latest status of each context.
fn latest<'a>(repository: &'a Repository, sha: &str) -> BTreeMap<&'a str, &'a CommitStatus> {
    let of_commit = repository.statuses.iter().filter(|status| status.sha == sha);
    of_commit.map(|status| (status.context.as_str(), status)).collect()
}

pub(super) async fn combined(call: Call) -> Answer {
    let reference = call.param("sha").to_owned();
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let sha = repository.resolve(&reference).ok_or_else(Refusal::not_found)?;
        let latest = latest(repository, &sha);
        let any = |states: &[&str]| latest.values().any(|status| states.contains(&status.state.as_str()));
        let state = if any(&["error", "failure"]) {
            "failure"
        } else if latest.is_empty() || any(&["pending"]) {
            "pending"
        } else {
            "success"
        };
        let url = format!("{}/commits/{sha}", ctx.repository_url(repository));
        let shown: Value = latest
            .values()
            .map(|status| json(ctx, repository, status, false))
            .collect();
        Ok(Reply::ok(json!({
            "state": state,
            "statuses": shown,
            "sha": sha,
            "total_count": latest.len(),
            "repository": repos::json(ctx, repository),
            "commit_url": url,
            "url": format!("{url}/status"),
        })))
    })
}

/// Refuses a deployment of a commit whose contexts have not succeeded. Without a list, every status and
/// check run counts, that of the running workflow included: which is why one sends an empty list.
pub(super) fn check_contexts(
    repository: &Repository,
    reference: &str,
    sha: &str,
    required: Option<&[String]>,
) -> Result<(), Refusal> {
    let mut contexts: BTreeMap<&str, bool> = latest(repository, sha)
        .into_iter()
        .map(|(context, status)| (context, status.state == "success"))
        .collect();
    for run in repository.check_runs.iter().filter(|run| run.head_sha == sha) {
        let good = matches!(run.conclusion.as_deref(), Some("success" | "neutral" | "skipped"));
        contexts.insert(&run.name, good);
    }
    let succeeded = match required {
        None => contexts.values().all(|good| *good),
        Some(names) => names.iter().all(|name| contexts.get(name.as_str()) == Some(&true)),
    };
    if succeeded {
        Ok(())
    } else {
        Err(Refusal::conflict(format!(
            "Conflict: Commit status checks failed for {reference}."
        )))
    }
}
