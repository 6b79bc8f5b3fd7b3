//! Reactions to issues, pull requests and their comments.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Level;
use super::comments::{self, KEYS};
use super::door::{Answer, Call, Reply, decode};
use super::model::{Reaction, Repository, Subject};
use super::reaction_counts::CONTENTS;
use super::refusal::Refusal;

#[derive(Deserialize)]
struct NewReaction {
    content: String,
}

fn json(reaction: &Reaction) -> Value {
    json!({
        "id": reaction.id,
        "node_id": format!("REA_kwDO{}", reaction.id),
        "user": reaction.user.json(),
        "content": reaction.content,
        "created_at": reaction.created_at,
    })
}

/// What the path names, if it is there.
fn subject(call: &Call, repository: &Repository) -> Result<Subject, Refusal> {
    if call.param("id").is_empty() {
        let number = call.number("number")?;
        comments::thread(repository, number)?;
        return Ok(Subject::Thread(number));
    }
    let id = call.number("id")?;
    comments::get_one(repository, id)?;
    Ok(Subject::Comment(id))
}

pub(super) async fn list(call: Call) -> Answer {
    call.on(&KEYS, Level::Read, |_, repository| {
        let subject = subject(&call, repository)?;
        let found: Vec<&Reaction> = repository
            .reactions
            .iter()
            .filter(|it| it.subject == subject)
            .filter(|it| call.asked("content").is_none_or(|content| content == it.content))
            .collect();
        call.page(repository, found, None, json)
    })
}

/// The same reaction by the same account is there once: asked for again, it is a 200.
pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let subject = subject(&call, repository)?;
        let NewReaction { content } = decode(&body)?;
        if !CONTENTS.contains(&content.as_str()) {
            return Err(Refusal::invalid("Reaction", "content", "invalid", None));
        }
        let same = |it: &&Reaction| it.subject == subject && it.content == content && it.user == ctx.me;
        if let Some(known) = repository.reactions.iter().find(same) {
            return Ok(Reply::ok(json(known)));
        }
        let reaction = Reaction {
            id: ctx.id(),
            subject,
            content,
            user: ctx.me.clone(),
            created_at: ctx.now,
        };
        repository.reactions.push(reaction.clone());
        Ok(Reply::new(StatusCode::CREATED, json(&reaction)))
    })
}

pub(super) async fn delete(call: Call) -> Answer {
    let id = call.number("reaction")?;
    call.on(&KEYS, Level::Write, |_, repository| {
        let subject = subject(&call, repository)?;
        let at = repository
            .reactions
            .iter()
            .position(|it| it.id == id && it.subject == subject)
            .ok_or_else(Refusal::not_found)?;
        repository.reactions.remove(at);
        Ok(Reply::no_content())
    })
}
