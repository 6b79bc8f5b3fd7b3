//! Labels of a repository, and on its issues.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Level;
use super::comments::{KEYS, thread};
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::model::{Label, Repository, Thread};
use super::refusal::Refusal;
use crate::text::encode;

const GREY: &str = "ededed";

/// A label in a request: its name, or an object with it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum LabelName {
    Plain(String),
    Object { name: String },
}

impl LabelName {
    fn into_name(self) -> String {
        match self {
            Self::Plain(name) | Self::Object { name } => name,
        }
    }
}

#[derive(Deserialize)]
struct NewLabel {
    name: String,
    color: Option<String>,
    description: Option<String>,
}

/// An object, or the list by itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum AddRequest {
    Bare(Vec<LabelName>),
    Object {
        #[serde(default)]
        labels: Vec<LabelName>,
    },
}

fn json(ctx: &Ctx, repository: &Repository, label: &Label) -> Value {
    let name = encode(&label.name);
    json!({
        "id": label.id,
        "node_id": format!("LA_kwDO{}", label.id),
        "url": format!("{}/labels/{name}", ctx.repository_url(repository)),
        "name": label.name,
        "color": label.color,
        "default": false,
        "description": label.description,
    })
}

/// The labels on an issue or a pull request.
pub(super) fn of(ctx: &Ctx, repository: &Repository, thread: &Thread) -> Value {
    let known = |name: &String| repository.labels.iter().find(|label| label.name == *name);
    thread
        .labels
        .iter()
        .filter_map(known)
        .map(|label| json(ctx, repository, label))
        .collect()
}

/// Creates the labels that are not there, as GitHub does for tokens that may.
pub(super) fn ensure(ctx: &mut Ctx, repository: &mut Repository, names: Vec<LabelName>) -> Vec<String> {
    let names: Vec<String> = names.into_iter().map(LabelName::into_name).collect();
    for name in &names {
        if !repository.labels.iter().any(|label| label.name == *name) {
            repository.labels.push(Label {
                id: ctx.id(),
                name: name.clone(),
                color: GREY.to_owned(),
                description: None,
            });
        }
    }
    names
}

pub(super) async fn add(call: Call, body: Bytes) -> Answer {
    let number = call.number("number")?;
    call.on(&KEYS, Level::Write, |ctx, repository| {
        thread(repository, number)?;
        let (AddRequest::Bare(labels) | AddRequest::Object { labels }) = decode(&body)?;
        let names = ensure(ctx, repository, labels);
        if let Some(thread) = repository.thread_mut(number) {
            for name in names {
                if !thread.labels.contains(&name) {
                    thread.labels.push(name);
                }
            }
            thread.updated_at = ctx.now;
        }
        Ok(Reply::ok(of(ctx, repository, thread(repository, number)?)))
    })
}

pub(super) async fn list(call: Call) -> Answer {
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let all: Vec<&Label> = repository.labels.iter().collect();
        call.page(repository, all, None, |label| json(ctx, repository, label))
    })
}

pub(super) async fn create(call: Call, body: Bytes) -> Answer {
    call.on(&KEYS, Level::Write, |ctx, repository| {
        let request: NewLabel = decode(&body)?;
        // Names are compared without regard to case.
        if repository
            .labels
            .iter()
            .any(|label| label.name.eq_ignore_ascii_case(&request.name))
        {
            return Err(Refusal::invalid("Label", "name", "already_exists", None));
        }
        let label = Label {
            id: ctx.id(),
            name: request.name,
            color: request.color.unwrap_or_else(|| GREY.to_owned()),
            description: request.description,
        };
        repository.labels.push(label.clone());
        Ok(Reply::created(json(ctx, repository, &label)))
    })
}
