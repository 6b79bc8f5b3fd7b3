//! The objects of the schema, and what their fields lead to.

use serde_json::{Map, Value, json};

use super::super::account::{Account, Token};
use super::super::comments;
use super::super::model::{At, Comment, Repository, Thread};
use super::super::state::State;
use super::super::threads;
use super::mutations;
use super::pages::{self, Page};
use super::problem::Failure;

/// What fields are read from, and changed in.
pub(super) struct World<'w> {
    pub(super) state: &'w mut State,
    pub(super) token: &'w Token,
    pub(super) now: At,
}

/// An object, by what it is found again.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Query,
    Mutation,
    Actor(Account),
    Repository(String),
    /// Repository and number of an issue.
    Issue(String, u64),
    PullRequest(String, u64),
    /// How many there are.
    PullRequests(usize),
    Comment(String, u64),
    Comments(String, Page),
    Edge(String, u64),
    PageInfo(Page),
    Payload(mutations::Payload),
    RateLimit,
}

/// What a field has.
pub(super) enum Found {
    Value(Value),
    One(Option<Object>),
    Many(Vec<Object>),
}

pub(super) type Result = std::result::Result<Found, Failure>;

fn value(value: impl Into<Value>) -> Found {
    Found::Value(value.into())
}

fn one(object: Object) -> Found {
    Found::One(Some(object))
}

impl World<'_> {
    pub(super) fn repository(&self, name: &str) -> Option<&Repository> {
        let mut known = self.state.repositories.iter();
        known
            .find(|known| known.full_name().eq_ignore_ascii_case(name))
            .filter(|known| self.token.sees(&known.full_name()))
    }

    fn thread(&self, repository: &str, number: u64) -> Option<&Thread> {
        let thread = self.repository(repository)?.thread(number)?;
        (!thread.deleted).then_some(thread)
    }

    fn comment(&self, repository: &str, id: u64) -> Option<&Comment> {
        let mut comments = self.repository(repository)?.comments.iter();
        comments.find(|comment| comment.id == id)
    }

    /// The object of a global id.
    pub(super) fn node(&self, id: &str) -> Option<Object> {
        self.state.repositories.iter().find_map(|repository| {
            let name = repository.full_name();
            let thread = repository.threads.iter().find(|it| threads::node_id(it) == id);
            let comment = repository.comments.iter().find(|it| comments::node_id(it.id) == id);
            match (thread, comment) {
                (Some(thread), _) => Some(object_of(&name, thread)),
                (None, Some(comment)) => Some(Object::Comment(name, comment.id)),
                (None, None) => (repository_id(repository) == id).then_some(Object::Repository(name)),
            }
        })
    }
}

pub(super) fn no_node(id: &str) -> Failure {
    let message = format!("Could not resolve to a node with the global id of '{id}'");
    Failure::new("NOT_FOUND", message)
}

fn repository_id(repository: &Repository) -> String {
    format!("R_kgDO{}", repository.id)
}

fn object_of(repository: &str, thread: &Thread) -> Object {
    if thread.pull.is_some() {
        Object::PullRequest(repository.to_owned(), thread.number)
    } else {
        Object::Issue(repository.to_owned(), thread.number)
    }
}

impl Object {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Actor(account) if account.kind == "Bot" => "Bot",
            Self::Actor(_) => "User",
            Self::Repository(_) => "Repository",
            Self::Issue(..) => "Issue",
            Self::PullRequest(..) => "PullRequest",
            Self::PullRequests(_) => "PullRequestConnection",
            Self::Comment(..) => "IssueComment",
            Self::Comments(..) => "IssueCommentConnection",
            Self::Edge(..) => "IssueCommentEdge",
            Self::PageInfo(_) => "PageInfo",
            Self::Payload(payload) => payload.kind,
            Self::RateLimit => "RateLimit",
        }
    }

    pub(super) fn field(&self, world: &mut World, name: &str, arguments: &Map<String, Value>) -> Result {
        Ok(match self {
            Self::Query => return query(world, name, arguments),
            Self::Mutation => one(Self::Payload(mutations::run(world, name, arguments)?)),
            Self::Payload(payload) if name == "clientMutationId" => value(payload.client.clone()),
            Self::Payload(payload) => Found::One(payload.subject.as_deref().cloned()),
            Self::Actor(account) => account_field(account, name),
            Self::Repository(repository) => return repository_field(world, repository, name, arguments),
            Self::Issue(repository, number) | Self::PullRequest(repository, number) => {
                return thread_field(world, repository, *number, name, arguments);
            }
            Self::PullRequests(total) => value(*total),
            Self::Comment(repository, id) => comment_field(world, repository, *id, name),
            Self::Comments(repository, page) => {
                let comment = |id: &u64| Self::Comment(repository.clone(), *id);
                let edge = |id: &u64| Self::Edge(repository.clone(), *id);
                match name {
                    "nodes" => Found::Many(page.ids.iter().map(comment).collect()),
                    "edges" => Found::Many(page.ids.iter().map(edge).collect()),
                    "pageInfo" => one(Self::PageInfo(page.clone())),
                    _ => value(page.total),
                }
            }
            Self::Edge(_, id) if name == "cursor" => value(pages::cursor(*id)),
            Self::Edge(repository, id) => one(Self::Comment(repository.clone(), *id)),
            Self::PageInfo(page) => value(page.info(name)),
            Self::RateLimit => rate_limit(world, name),
        })
    }
}

fn query(world: &mut World, name: &str, arguments: &Map<String, Value>) -> Result {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    match name {
        "viewer" => Ok(one(Object::Actor(world.token.account()))),
        "rateLimit" => Ok(one(Object::RateLimit)),
        "node" => world.node(text("id")).map(one).ok_or_else(|| no_node(text("id"))),
        _ => {
            let full_name = format!("{}/{}", text("owner"), text("name"));
            let found = world.repository(&full_name).map(Repository::full_name);
            found.map(|name| one(Object::Repository(name))).ok_or_else(|| {
                let message = format!("Could not resolve to a Repository with the name '{full_name}'.");
                Failure::new("NOT_FOUND", message)
            })
        }
    }
}

/// GraphQL tells a bot's login without the `[bot]` that REST puts behind it; as the viewer, with it.
fn account_field(account: &Account, name: &str) -> Found {
    match name {
        "login" => value(account.login.as_str()),
        _ => value(account.json()["html_url"].clone()),
    }
}

fn author(account: Option<&Account>) -> Found {
    let without = account.map(|account| Account {
        login: account.login.trim_end_matches("[bot]").to_owned(),
        kind: account.kind.clone(),
    });
    Found::One(without.map(Object::Actor))
}

fn rate_limit(world: &mut World, name: &str) -> Found {
    let limit = world.state.rate_limit;
    let usage = world.state.usage(&world.token.value, world.now);
    match name {
        "limit" => value(limit),
        "remaining" => value(limit.saturating_sub(usage.used)),
        "used" => value(usage.used),
        _ => value(json!(At::of(
            jiff::Timestamp::from_second(usage.reset).unwrap_or_default()
        ))),
    }
}

fn repository_field(world: &World, repository: &str, name: &str, arguments: &Map<String, Value>) -> Result {
    let Some(known) = world.repository(repository) else {
        return Ok(Found::One(None));
    };
    let number = arguments.get("number").and_then(Value::as_u64).unwrap_or_default();
    let (what, fits): (&str, fn(bool) -> bool) = match name {
        "databaseId" => return Ok(value(known.id)),
        "id" => return Ok(value(repository_id(known))),
        "name" => return Ok(value(known.name.as_str())),
        "nameWithOwner" => return Ok(value(known.full_name())),
        "pullRequests" => return Ok(one(Object::PullRequests(count_pulls(known, arguments)))),
        "issue" => ("an Issue", |is_pull| !is_pull),
        "pullRequest" => ("a PullRequest", |is_pull| is_pull),
        _ => ("an issue or pull request", |_| true),
    };
    let found = world
        .thread(repository, number)
        .filter(|thread| fits(thread.pull.is_some()));
    found.map(|thread| one(object_of(repository, thread))).ok_or_else(|| {
        let message = format!("Could not resolve to {what} with the number of {number}.");
        Failure::new("NOT_FOUND", message)
    })
}

/// How many pull requests are in one of the states that were asked for; of all without any.
fn count_pulls(repository: &Repository, arguments: &Map<String, Value>) -> usize {
    let wanted: Vec<&str> = match arguments.get("states") {
        Some(Value::Array(states)) => states.iter().filter_map(Value::as_str).collect(),
        Some(state) => state.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    let state_of = |thread: &Thread| match &thread.pull {
        Some(pull) if pull.merged_at.is_some() => Some("MERGED"),
        Some(_) if thread.state == "open" => Some("OPEN"),
        Some(_) => Some("CLOSED"),
        None => None,
    };
    let states = repository.threads.iter().filter_map(state_of);
    states
        .filter(|state| wanted.is_empty() || wanted.contains(state))
        .count()
}

fn thread_field(world: &World, repository: &str, number: u64, name: &str, arguments: &Map<String, Value>) -> Result {
    let (Some(home), Some(thread)) = (world.repository(repository), world.thread(repository, number)) else {
        return Ok(Found::One(None));
    };
    let pull = thread.pull.as_ref();
    Ok(match name {
        "author" => author(thread.author.as_ref()),
        "baseRefName" => value(pull.map(|pull| pull.base_ref.clone())),
        "body" => value(thread.body.clone().unwrap_or_default()),
        "comments" => {
            let of_thread = home.comments.iter().filter(|comment| comment.thread == number);
            let ids: Vec<u64> = of_thread.map(|comment| comment.id).collect();
            one(Object::Comments(
                repository.to_owned(),
                Page::of(&ids, "comments", arguments)?,
            ))
        }
        "createdAt" => value(json!(thread.created_at)),
        "headRefName" => value(pull.map(|pull| pull.head_ref.clone())),
        "headRefOid" => value(pull.map(|pull| pull.head_sha.clone())),
        "id" => value(threads::node_id(thread)),
        "isDraft" => value(pull.is_some_and(|pull| pull.draft)),
        "locked" => value(thread.locked),
        "merged" => value(pull.is_some_and(|pull| pull.merged_at.is_some())),
        "number" => value(thread.number),
        "state" if pull.is_some_and(|pull| pull.merged_at.is_some()) => value("MERGED"),
        "state" => value(thread.state.to_uppercase()),
        "title" => value(thread.title.as_str()),
        "updatedAt" => value(json!(thread.updated_at)),
        _ => value(threads::html_url(home, thread)),
    })
}

fn comment_field(world: &World, repository: &str, id: u64, name: &str) -> Found {
    let (Some(home), Some(comment)) = (world.repository(repository), world.comment(repository, id)) else {
        return Found::One(None);
    };
    match name {
        "author" => author(comment.author.as_ref()),
        "body" => value(comment.body.as_str()),
        "createdAt" => value(json!(comment.created_at)),
        // The ids here are beyond 32 bits, as GitHub's are: what does not fit is null.
        "databaseId" => value(i32::try_from(id).ok()),
        "fullDatabaseId" => value(id.to_string()),
        "id" => value(comments::node_id(id)),
        "isMinimized" => value(comment.minimized.is_some()),
        "minimizedReason" => value(comment.minimized.clone()),
        "updatedAt" => value(json!(comment.updated_at)),
        "viewerDidAuthor" => value(comment.author.as_ref() == Some(&world.token.account())),
        _ => value(comments::html_url(home, comment)),
    }
}
