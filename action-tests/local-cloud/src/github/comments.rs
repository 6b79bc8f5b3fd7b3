//! Comments on issues and pull requests.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::{self, Account, Level};
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::model::{At, Comment, Repository, Subject, Thread};
use super::reaction_counts;
use super::refusal::Refusal;

/// Either permission will do for a pull request's comments.
pub(super) const KEYS: [&str; 2] = ["issues", "pull-requests"];
/// Longest body in characters.
pub(super) const LONGEST: usize = 65_536;

#[derive(Deserialize)]
struct CommentRequest {
    body: String,
}

pub(super) fn json(ctx: &Ctx, repository: &Repository, comment: &Comment) -> Value {
    let base = ctx.repository_url(repository);
    let mut shown = json!({
        "url": format!("{base}/issues/comments/{}", comment.id),
        "html_url": html_url(repository, comment),
        "issue_url": format!("{base}/issues/{}", comment.thread),
        "id": comment.id,
        "node_id": node_id(comment.id),
        "user": account::maybe(comment.author.as_ref()),
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "author_association": association(repository, comment),
        "body": comment.body,
        "performed_via_github_app": null,
    });
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    shown["reactions"] = reaction_counts::counts(repository, Subject::Comment(comment.id), &url);
    if let Some(reason) = &comment.minimized {
        shown["minimized"] = json!({"reason": reason});
    }
    shown
}

pub(super) fn html_url(repository: &Repository, comment: &Comment) -> String {
    let is_pull = repository
        .thread(comment.thread)
        .is_some_and(|thread| thread.pull.is_some());
    let kind = if is_pull { "pull" } else { "issues" };
    let (name, number) = (repository.full_name(), comment.thread);
    format!("https://github.com/{name}/{kind}/{number}#issuecomment-{}", comment.id)
}

pub(super) fn new(id: u64, thread: u64, body: String, author: Account, now: At) -> Comment {
    Comment {
        id,
        thread,
        body,
        author: Some(author),
        created_at: now,
        updated_at: now,
        minimized: None,
    }
}

/// GraphQL's name of a comment.
pub(super) fn node_id(id: u64) -> String {
    format!("IC_kwDO{id}")
}

fn association(repository: &Repository, comment: &Comment) -> &'static str {
    match &comment.author {
        Some(author) if author.login == repository.owner => "OWNER",
        Some(author) if author.kind == "Bot" => "NONE",
        Some(_) => "CONTRIBUTOR",
        None => "NONE",
    }
}

/// The issue or pull request of the path.
pub(super) fn thread(repository: &Repository, number: u64) -> Result<&Thread, Refusal> {
    let thread = repository.thread(number).ok_or_else(Refusal::not_found)?;
    if thread.deleted {
        return Err(Refusal::gone("This issue was deleted"));
    }
    if thread.pull.is_none() && !repository.has_issues {
        return Err(Refusal::gone("Issues has been disabled in this repository."));
    }
    Ok(thread)
}

/// Whether it takes comments.
pub(super) fn check_open(repository: &Repository, number: u64) -> Result<(), Refusal> {
    if thread(repository, number)?.locked {
        return Err(Refusal::new(
            axum::http::StatusCode::FORBIDDEN,
            "Unable to create comment because issue is locked.",
        ));
    }
    Ok(())
}

pub(super) fn check_body(resource: &str, body: &str) -> Result<(), Refusal> {
    if body.chars().count() > LONGEST {
        return Err(Refusal::invalid(
            resource,
            "data",
            "unprocessable",
            Some("Body is too long (maximum is 65536 characters)"),
        ));
    }
    Ok(())
}

pub(super) fn check(body: &str) -> Result<(), Refusal> {
    if body.trim().is_empty() {
        let message = Some("Body cannot be blank");
        return Err(Refusal::invalid("IssueComment", "data", "unprocessable", message));
    }
    check_body("IssueComment", body)
}

/// Oldest first.
pub(super) async fn list(call: Call) -> Answer {
    let number = call.number("number")?;
    let since = call.asked("since").and_then(At::parse);
    call.on(&KEYS, Level::Read, |ctx, repository| {
        thread(repository, number)?;
        let found: Vec<&Comment> = repository
            .comments
            .iter()
            .filter(|comment| comment.thread == number)
            .filter(|comment| since.is_none_or(|since| comment.updated_at >= since))
            .collect();
        call.page(repository, found, None, |comment| json(ctx, repository, comment))
    })
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    let number = call.number("number")?;
    call.on(&KEYS, Level::Write, |ctx, repository| {
        check_open(repository, number)?;
        let CommentRequest { body } = decode(&body)?;
        check(&body)?;
        let comment = new(ctx.id(), number, body, ctx.me.clone(), ctx.now);
        repository.comments.push(comment.clone());
        Ok(Reply::created(json(ctx, repository, &comment)))
    })
}

fn find(repository: &mut Repository, id: u64) -> Result<&mut Comment, Refusal> {
    repository
        .comments
        .iter_mut()
        .find(|comment| comment.id == id)
        .ok_or_else(Refusal::not_found)
}

pub(super) fn get_one(repository: &Repository, id: u64) -> Result<&Comment, Refusal> {
    let mut comments = repository.comments.iter();
    comments.find(|comment| comment.id == id).ok_or_else(Refusal::not_found)
}

pub(super) async fn get(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Read, |ctx, repository| {
        Ok(Reply::ok(json(ctx, repository, get_one(repository, id)?)))
    })
}

pub(super) async fn update(call: Call, body: Bytes) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let comment = find(repository, id)?;
        let CommentRequest { body } = decode(&body)?;
        check(&body)?;
        comment.body = body;
        comment.updated_at = ctx.now;
        let comment = comment.clone();
        Ok(Reply::ok(json(ctx, repository, &comment)))
    })
}

pub(super) async fn delete(call: Call) -> Answer {
    let id = call.number("id")?;
    call.on(&KEYS, Level::Write, |_, repository| {
        find(repository, id)?;
        repository.comments.retain(|comment| comment.id != id);
        Ok(Reply::no_content())
    })
}
