//! Environments. A workflow's token reads them but can neither create nor delete one.

use serde_json::{Value, json};

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply};
use super::model::{Environment, Repository};
use super::refusal::Refusal;
use crate::text::encode;

fn json(ctx: &Ctx, repository: &Repository, environment: &Environment) -> Value {
    let name = encode(&environment.name);
    json!({
        "id": environment.id,
        "node_id": format!("EN_kwDO{}", environment.id),
        "name": environment.name,
        "url": format!("{}/environments/{name}", ctx.repository_url(repository)),
        "html_url": format!("https://github.com/{}/deployments/activity_log?environments_filter={name}", repository.full_name()),
        "created_at": environment.created_at,
        "updated_at": environment.updated_at,
        "protection_rules": rules(environment),
        "deployment_branch_policy": null,
    })
}

fn rules(environment: &Environment) -> Value {
    if environment.reviewers.is_empty() {
        return json!([]);
    }
    let reviewers = environment.reviewers.iter();
    let reviewers: Vec<Value> = reviewers
        .map(|reviewer| json!({"type": "User", "reviewer": reviewer.json()}))
        .collect();
    let id = environment.id + 1;
    json!([{
        "id": id, "node_id": format!("GA_kwDO{id}"), "type": "required_reviewers", "prevent_self_review": false,
        "reviewers": reviewers,
    }])
}

/// A deployment creates its environment.
pub(super) fn ensure(ctx: &mut Ctx, repository: &mut Repository, name: &str) {
    if !repository.environments.iter().any(|known| known.name == name) {
        repository.environments.push(Environment {
            id: ctx.id(),
            name: name.to_owned(),
            created_at: ctx.now,
            updated_at: ctx.now,
            reviewers: Vec::new(),
            secrets: Vec::new(),
        });
    }
}

fn find<'a>(repository: &'a Repository, name: &str) -> Result<&'a Environment, Refusal> {
    repository
        .environments
        .iter()
        .find(|environment| environment.name == name)
        .ok_or_else(Refusal::not_found)
}

pub(super) async fn list(call: Call) -> Answer {
    call.on(&["actions"], Level::Read, |ctx, repository| {
        let all: Vec<_> = repository.environments.iter().collect();
        call.page(repository, all, Some("environments"), |environment| {
            json(ctx, repository, environment)
        })
    })
}

pub(super) async fn get(call: Call) -> Answer {
    let name = call.param("environment").to_owned();
    call.on(&["actions"], Level::Read, |ctx, repository| {
        Ok(Reply::ok(json(ctx, repository, find(repository, &name)?)))
    })
}

pub(super) async fn put(call: Call) -> Answer {
    let name = call.param("environment").to_owned();
    call.on(&["administration"], Level::Write, |ctx, repository| {
        ensure(ctx, repository, &name);
        Ok(Reply::ok(json(ctx, repository, find(repository, &name)?)))
    })
}

pub(super) async fn delete(call: Call) -> Answer {
    let name = call.param("environment").to_owned();
    call.on(&["administration"], Level::Write, |_, repository| {
        find(repository, &name)?;
        repository.environments.retain(|environment| environment.name != name);
        Ok(Reply::no_content())
    })
}

/// The names of its secrets. A workflow's token never lists any.
pub(super) async fn secrets(call: Call) -> Answer {
    let name = call.param("environment").to_owned();
    call.on(&["environments"], Level::Read, |ctx, repository| {
        let names = &find(repository, &name)?.secrets;
        call.page(
            repository,
            names.iter().collect(),
            Some("secrets"),
            |name| json!({"name": name, "created_at": ctx.now, "updated_at": ctx.now}),
        )
    })
}
