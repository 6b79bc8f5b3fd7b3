//! Issues. Their API shows pull requests, too.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Deserialize;

use super::account::Level;
use super::comments::{check_body, thread};
use super::door::{Answer, Call, Reply, decode};
use super::labels::{self, LabelName};
use super::model::{At, Thread};
use super::refusal::Refusal;
use super::{pulls, threads};

const KEYS: [&str; 1] = ["issues"];
/// An issue's or a pull request's.
const EITHER: [&str; 2] = super::comments::KEYS;
/// Longest title in characters.
const LONGEST_TITLE: usize = 256;

#[derive(Deserialize)]
struct CreateRequest {
    title: String,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<LabelName>,
}

#[derive(Deserialize)]
struct UpdateRequest {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    state_reason: Option<String>,
    labels: Option<Vec<LabelName>>,
}

/// Newest first, unless asked otherwise.
pub(super) async fn list(call: Call) -> Answer {
    let state = call.asked("state").unwrap_or("open");
    let since = call.asked("since").and_then(At::parse);
    let wanted: Vec<&str> = call
        .asked("labels")
        .unwrap_or_default()
        .split(',')
        .filter(|label| !label.is_empty())
        .collect();
    // An app's bot is asked for as `app/<name>`.
    let creator = call.asked("creator").map(|login| match login.strip_prefix("app/") {
        Some(app) => format!("{app}[bot]"),
        None => login.to_owned(),
    });
    call.on(&EITHER, Level::Read, |ctx, repository| {
        if !repository.has_issues {
            return Err(Refusal::gone("Issues has been disabled in this repository."));
        }
        let mut found: Vec<&Thread> = repository
            .threads
            .iter()
            .filter(|thread| !thread.deleted)
            .filter(|thread| state == "all" || thread.state == state)
            .filter(|thread| since.is_none_or(|since| thread.updated_at >= since))
            .filter(|thread| wanted.iter().all(|label| thread.labels.iter().any(|has| has == label)))
            .filter(|thread| {
                let author = thread.author.as_ref().map(|author| &author.login);
                creator.is_none() || author == creator.as_ref()
            })
            .collect();
        let by_update = matches!(call.asked("sort"), Some("updated"));
        found.sort_by_key(|thread| {
            let time = if by_update {
                thread.updated_at
            } else {
                thread.created_at
            };
            (time, thread.number)
        });
        if call.asked("direction") != Some("asc") {
            found.reverse();
        }
        call.page(repository, found, None, |thread| {
            threads::issue(ctx, repository, thread)
        })
    })
}

pub(super) async fn get(call: Call) -> Answer {
    let number = call.number("number")?;
    call.on(&EITHER, Level::Read, |ctx, repository| {
        let thread = thread(repository, number)?;
        Ok(Reply::ok(threads::issue(ctx, repository, thread)))
    })
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    call.on(&KEYS, Level::Write, |ctx, repository| {
        if !repository.has_issues {
            return Err(Refusal::gone("Issues has been disabled in this repository."));
        }
        let request: CreateRequest = decode(&body)?;
        check_title(&request.title)?;
        check_body("Issue", request.body.as_deref().unwrap_or_default())?;
        let names = labels::ensure(ctx, repository, request.labels);
        let number = repository.threads.iter().map(|thread| thread.number).max().unwrap_or(0) + 1;
        let thread = Thread {
            id: ctx.id(),
            number,
            title: request.title,
            body: request.body,
            author: Some(ctx.me.clone()),
            state: "open".to_owned(),
            state_reason: None,
            labels: names,
            locked: false,
            deleted: false,
            created_at: ctx.now,
            updated_at: ctx.now,
            closed_at: None,
            pull: None,
        };
        repository.threads.push(thread.clone());
        Ok(Reply::created(threads::issue(ctx, repository, &thread)))
    })
}

fn check_title(title: &str) -> Result<(), Refusal> {
    if title.trim().is_empty() {
        return Err(Refusal::invalid("Issue", "title", "missing_field", None));
    }
    if title.chars().count() > LONGEST_TITLE {
        let message = Some("title is too long (maximum is 256 characters)");
        return Err(Refusal::invalid("Issue", "title", "custom", message));
    }
    Ok(())
}

pub(super) async fn update(call: Call, body: Bytes) -> Answer {
    let number = call.number("number")?;
    call.on(&EITHER, Level::Write, |ctx, repository| {
        let is_pull = thread(repository, number)?.pull.is_some();
        if !is_pull && !call.token.may(&KEYS, Level::Write) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "Resource not accessible by integration",
            ));
        }
        let request: UpdateRequest = decode(&body)?;
        if let Some(title) = &request.title {
            check_title(title)?;
        }
        check_body("Issue", request.body.as_deref().unwrap_or_default())?;
        let names = request.labels.map(|names| labels::ensure(ctx, repository, names));
        if let Some(thread) = repository.thread_mut(number) {
            if let Some(state) = &request.state {
                pulls::turn(thread, state, ctx)?;
                thread.state_reason = match state.as_str() {
                    "closed" => Some(request.state_reason.unwrap_or_else(|| "completed".to_owned())),
                    _ => Some("reopened".to_owned()),
                };
            }
            if let Some(title) = request.title {
                thread.title = title;
            }
            if request.body.is_some() {
                thread.body = request.body;
            }
            if let Some(names) = names {
                thread.labels = names;
            }
            thread.updated_at = ctx.now;
        }
        let thread = thread(repository, number)?;
        Ok(Reply::ok(threads::issue(ctx, repository, thread)))
    })
}
