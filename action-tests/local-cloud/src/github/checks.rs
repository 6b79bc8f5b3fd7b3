//! Check runs.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::model::{At, CheckRun, Repository};
use super::refusal::Refusal;

const KEYS: [&str; 1] = ["checks"];
const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
const CONCLUSIONS: [&str; 8] = [
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
];
/// Longest summary and text in characters.
const LONGEST: usize = 65_535;
/// Annotations per request.
const MOST_ANNOTATIONS: usize = 50;

#[derive(Default, Deserialize)]
struct Request {
    name: Option<String>,
    head_sha: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    output: Option<Output>,
}

#[derive(Deserialize)]
struct Output {
    title: Option<String>,
    summary: String,
    text: Option<String>,
    #[serde(default)]
    annotations: Vec<Value>,
}

fn json(ctx: &Ctx, repository: &Repository, run: &CheckRun) -> Value {
    let url = format!("{}/check-runs/{}", ctx.repository_url(repository), run.id);
    let html = format!("https://github.com/{}/runs/{}", repository.full_name(), run.id);
    json!({
        "id": run.id,
        "node_id": format!("CR_kwDO{}", run.id),
        "name": run.name,
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": html,
        "details_url": run.details_url.as_ref().unwrap_or(&html),
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": run.annotations.len(),
            "annotations_url": format!("{url}/annotations"),
        },
        // Of all suites of the commit GitHub takes any: here there is one.
        "check_suite": {"id": 5_000_000_001_u64},
        "app": null,
        "pull_requests": [],
    })
}

/// Takes over what the request says, as far as it holds together.
fn apply(ctx: &Ctx, run: &mut CheckRun, request: Request) -> Result<(), Refusal> {
    let invalid = |field: &str, message: &str| Refusal::invalid("CheckRun", field, "custom", Some(message));
    if let Some(status) = request.status {
        if !STATUSES.contains(&status.as_str()) {
            return Err(invalid("status", "is not a known status"));
        }
        run.status = status;
    }
    if let Some(conclusion) = request.conclusion {
        if !CONCLUSIONS.contains(&conclusion.as_str()) {
            return Err(invalid("conclusion", "is not a known conclusion"));
        }
        run.conclusion = Some(conclusion);
        "completed".clone_into(&mut run.status);
    }
    if run.status == "completed" && run.conclusion.is_none() {
        return Err(invalid("conclusion", "is required when the status is completed"));
    }
    if let Some(name) = request.name {
        run.name = name;
    }
    if request.details_url.is_some() {
        run.details_url = request.details_url;
    }
    if let Some(id) = request.external_id {
        run.external_id = id;
    }
    if let Some(at) = request.started_at.as_deref().and_then(At::parse) {
        run.started_at = Some(at);
    }
    if run.status == "completed" {
        let at = request.completed_at.as_deref().and_then(At::parse);
        run.completed_at = at.or(run.completed_at).or(Some(ctx.now));
    }
    if let Some(output) = request.output {
        let longest = [&Some(output.summary.clone()), &output.text]
            .into_iter()
            .flatten()
            .map(|text| text.chars().count())
            .max();
        if longest > Some(LONGEST) {
            return Err(invalid("output", "is too long (maximum is 65535 characters)"));
        }
        if output.annotations.len() > MOST_ANNOTATIONS {
            return Err(invalid("annotations", "has more than 50 items"));
        }
        run.title = output.title.or(run.title.take());
        run.summary = Some(output.summary);
        run.text = output.text.or(run.text.take());
        run.annotations.extend(output.annotations);
    }
    Ok(())
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let request: Request = decode(&body)?;
        let name = request.name.clone().ok_or_else(|| Refusal::not_supplied("name"))?;
        let sha = request
            .head_sha
            .clone()
            .ok_or_else(|| Refusal::not_supplied("head_sha"))?;
        if repository.resolve(&sha).as_ref() != Some(&sha) {
            return Err(Refusal::unprocessable(format!("No commit found for SHA: {sha}")));
        }
        let mut run = CheckRun {
            id: ctx.id(),
            name,
            head_sha: sha,
            status: "queued".to_owned(),
            conclusion: None,
            details_url: None,
            external_id: String::new(),
            started_at: Some(ctx.now),
            completed_at: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
        };
        apply(ctx, &mut run, request)?;
        repository.check_runs.push(run.clone());
        Ok(Reply::created(json(ctx, repository, &run)))
    })
}

pub(super) async fn update(call: Call, body: Bytes) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let mut run = find(repository, id)?.clone();
        apply(ctx, &mut run, decode(&body)?)?;
        for known in repository.check_runs.iter_mut().filter(|known| known.id == id) {
            *known = run.clone();
        }
        Ok(Reply::ok(json(ctx, repository, &run)))
    })
}

fn find(repository: &Repository, id: u64) -> Result<&CheckRun, Refusal> {
    repository
        .check_runs
        .iter()
        .find(|run| run.id == id)
        .ok_or_else(Refusal::not_found)
}

pub(super) async fn get(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Read, |ctx, repository| {
        Ok(Reply::ok(json(ctx, repository, find(repository, id)?)))
    })
}

pub(super) async fn of_commit(call: Call) -> Answer {
    let reference = call.param("sha").to_owned();
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let sha = repository
            .resolve(&reference)
            .ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {reference}")))?;
        let found: Vec<_> = repository
            .check_runs
            .iter()
            .rev()
            .filter(|run| run.head_sha == sha)
            .filter(|run| call.asked("check_name").is_none_or(|name| name == run.name))
            .filter(|run| call.asked("status").is_none_or(|status| status == run.status))
            .collect();
        call.page(repository, found, Some("check_runs"), |run| json(ctx, repository, run))
    })
}
