//! Mutations of comments.

use serde_json::{Map, Value};

use super::super::account::Level;
use super::super::comments;
use super::super::model::{Comment, Repository};
use super::super::refusal::Refusal;
use super::objects::{Object, World, no_node};
use super::problem::Failure;

/// What a mutation answers with.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) kind: &'static str,
    /// The client's own id, given back.
    pub(super) client: Value,
    pub(super) subject: Option<Box<Object>>,
}

/// Runs a mutation. Its input was checked.
pub(super) fn run(world: &mut World, name: &str, arguments: &Map<String, Value>) -> Result<Payload, Failure> {
    let input = arguments.get("input").cloned().unwrap_or_default();
    let text = |key: &str| input[key].as_str().unwrap_or_default().to_owned();
    if !world.token.may(&comments::KEYS, Level::Write) {
        return Err(refused(&Refusal::forbidden()));
    }
    let (kind, subject) = match name {
        "addComment" => ("AddCommentPayload", Some(add(world, &text("subjectId"), text("body"))?)),
        "updateIssueComment" => {
            let now = world.now;
            let subject = change(world, &text("id"), |comment| {
                comments::check(&text("body")).map_err(|refusal| refused(&refusal))?;
                comment.body = text("body");
                comment.updated_at = now;
                Ok(())
            })?;
            ("UpdateIssueCommentPayload", Some(subject))
        }
        "deleteIssueComment" => {
            let id = text("id");
            let (repository, at) = find(world, &id)?;
            repository.comments.remove(at);
            ("DeleteIssueCommentPayload", None)
        }
        "minimizeComment" => {
            let reason = text("classifier").to_lowercase().replace('_', "-");
            (
                "MinimizeCommentPayload",
                Some(hide(world, &text("subjectId"), Some(reason))?),
            )
        }
        _ => ("UnminimizeCommentPayload", Some(hide(world, &text("subjectId"), None)?)),
    };
    Ok(Payload {
        kind,
        client: input["clientMutationId"].clone(),
        subject: subject.map(Box::new),
    })
}

fn refused(refusal: &Refusal) -> Failure {
    let kind = if refusal.status == axum::http::StatusCode::FORBIDDEN {
        "FORBIDDEN"
    } else {
        "UNPROCESSABLE"
    };
    Failure::new(kind, refusal.detail())
}

/// The repository of a comment, and its place there.
fn find<'s>(world: &'s mut World, id: &str) -> Result<(&'s mut Repository, usize), Failure> {
    let Some(Object::Comment(name, number)) = world.node(id) else {
        return Err(no_node(id));
    };
    let token = world.token;
    let repository = world
        .state
        .repositories
        .iter_mut()
        .find(|repository| repository.full_name() == name && token.sees(&name))
        .ok_or_else(|| no_node(id))?;
    let at = repository.comments.iter().position(|comment| comment.id == number);
    at.map(|at| (repository, at)).ok_or_else(|| no_node(id))
}

fn change(
    world: &mut World,
    id: &str,
    with: impl FnOnce(&mut Comment) -> Result<(), Failure>,
) -> Result<Object, Failure> {
    let (repository, at) = find(world, id)?;
    let name = repository.full_name();
    let comment = &mut repository.comments[at];
    with(comment)?;
    Ok(Object::Comment(name, comment.id))
}

fn hide(world: &mut World, id: &str, reason: Option<String>) -> Result<Object, Failure> {
    change(world, id, |comment| {
        comment.minimized = reason;
        Ok(())
    })
}

fn add(world: &mut World, subject: &str, body: String) -> Result<Object, Failure> {
    let (Some(Object::Issue(name, number) | Object::PullRequest(name, number)), me) =
        (world.node(subject), world.token.account())
    else {
        return Err(no_node(subject));
    };
    let (token, now) = (world.token, world.now);
    let repository = world
        .state
        .repositories
        .iter_mut()
        .find(|repository| repository.full_name() == name && token.sees(&name))
        .ok_or_else(|| no_node(subject))?;
    let may = comments::check_open(repository, number).and_then(|()| comments::check(&body));
    may.map_err(|refusal| refused(&refusal))?;
    world.state.next_id += 1;
    let id = world.state.next_id;
    repository.comments.push(comments::new(id, number, body, me, now));
    Ok(Object::Edge(name, id))
}
