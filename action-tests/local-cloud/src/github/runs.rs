//! Runs of workflows, read. They are seeded: nothing runs here.

use serde_json::{Value, json};

use super::account::{self, Account, Level};
use super::door::{Answer, Call, Ctx, Reply};
use super::model::{Repository, Run};
use super::refusal::Refusal;
use super::repos;

const KEYS: [&str; 1] = ["actions"];

fn json(ctx: &Ctx, repository: &Repository, run: &Run) -> Value {
    let base = ctx.repository_url(repository);
    let url = format!("{base}/actions/runs/{}", run.id);
    let suite = run.id + 1;
    let mut shown = json!({
        "id": run.id,
        "node_id": format!("WFR_kwLO{}", run.id),
        "name": run.name,
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.name,
        "run_number": run.number,
        "run_attempt": 1,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": workflow_id(&run.path),
        "check_suite_id": suite,
        "check_suite_node_id": format!("CS_kwDO{suite}"),
        // Told by GitHub for branches of the repository itself alone; never for forks.
        "pull_requests": [],
        "referenced_workflows": [],
        "created_at": run.created_at,
        "updated_at": run.created_at,
        "run_started_at": run.created_at,
        "actor": account::maybe(run.actor.as_ref()),
        "triggering_actor": account::maybe(run.actor.as_ref()),
        "url": url,
        "html_url": format!("https://github.com/{}/actions/runs/{}", repository.full_name(), run.id),
        "check_suite_url": format!("{base}/check-suites/{suite}"),
        "workflow_url": format!("{base}/actions/workflows/{}", workflow_id(&run.path)),
        "previous_attempt_url": null,
        "head_commit": {
            "id": run.head_sha,
            "tree_id": run.head_sha,
            "message": run.name,
            "timestamp": run.created_at,
            "author": {"name": "Mona Octocat", "email": "octocat@example.com"},
            "committer": {"name": "GitHub", "email": "noreply@github.com"},
        },
        "repository": repos::json(ctx, repository),
        "head_repository": repos::json(ctx, repository),
    });
    for (name, last) in [
        ("jobs_url", "jobs"),
        ("logs_url", "logs"),
        ("artifacts_url", "artifacts"),
        ("cancel_url", "cancel"),
        ("rerun_url", "rerun"),
    ] {
        shown[name] = json!(format!("{url}/{last}"));
    }
    shown
}

/// The same number for the same file, in every run.
fn workflow_id(path: &str) -> u32 {
    Account::user(path).id()
}

/// Of the repository, or of one workflow by its id or its file's name. Newest first.
pub(super) async fn list(call: Call) -> Answer {
    if call.asked("created").is_some() {
        return Err(Refusal::unmodelled("the filter `created`"));
    }
    let workflow = call.param("workflow").to_owned();
    let matches = |name: &str, value: &str| call.asked(name).is_none_or(|asked| asked == value);
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let found: Vec<&Run> = repository
            .runs
            .iter()
            .rev()
            .filter(|run| workflow.is_empty() || is_of(run, &workflow))
            .filter(|run| {
                let actor = run.actor.as_ref().map_or("", |actor| actor.login.as_str());
                matches("actor", actor)
                    && matches("branch", &run.head_branch)
                    && matches("event", &run.event)
                    && matches("head_sha", &run.head_sha)
                    // A status of the run, or a conclusion.
                    && (matches("status", &run.status) || matches("status", run.conclusion.as_deref().unwrap_or_default()))
            })
            .collect();
        if !workflow.is_empty() && !repository.runs.iter().any(|run| is_of(run, &workflow)) {
            return Err(Refusal::not_found());
        }
        call.page(repository, found, Some("workflow_runs"), |run| json(ctx, repository, run))
    })
}

/// By the workflow's id, or by its file's name.
fn is_of(run: &Run, workflow: &str) -> bool {
    run.path.rsplit('/').next() == Some(workflow) || workflow_id(&run.path).to_string() == workflow
}

pub(super) async fn get(call: Call) -> Answer {
    let id = call.number("run")?;
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let run = repository.runs.iter().find(|run| run.id == id);
        Ok(Reply::ok(json(ctx, repository, run.ok_or_else(Refusal::not_found)?)))
    })
}
