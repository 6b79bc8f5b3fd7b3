//! What is other than a `wrangler deploy` of today.

use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::text::quoted_list;
use serde_json::Value;
use wrangler::Settings;
use wrangler::project::remarks::Remark;

use super::Proposal;
use crate::init::found::routes;
use crate::init::proposal::{remarks, shown};
use crate::world::World;

pub(super) fn changes(proposal: &Proposal) -> Vec<String> {
    let mut changes = Vec::new();
    for (environment, today, then) in &proposal.moved {
        changes.push(format!(
            "{environment}: Worker `{today}` is left alone, and `{then}` is made in its place"
        ));
    }
    let world = &proposal.world;
    let (previews, once): (Vec<_>, Vec<_>) = world.environments.iter().partition(|it| it.pull_request.is_some());
    for environment in once {
        changes.extend(opened(world, environment));
        for service in &environment.services {
            let told = of_service(world, environment, service);
            changes.extend(told.into_iter().map(|told| format!("{}: {told}", environment.name)));
        }
    }
    for environment in previews {
        changes.extend(opened(world, environment));
        let told = of_preview(world, environment);
        changes.extend(told.into_iter().map(|told| format!("{}: {told}", environment.name)));
    }
    changes
}

/// What the service's configuration says for the environment.
fn settings<'a>(world: &'a World, service: &Service) -> Option<Settings<'a>> {
    let config = world.services.get(&service.key)?.config.as_ref().ok()?;
    config.settings(service.wrangler_env.as_deref()).ok()
}

/// Workers that get an address which their configuration keeps closed.
fn opened(world: &World, environment: &Environment) -> impl Iterator<Item = String> {
    let opened = remarks(world, environment)
        .into_iter()
        .filter(|(_, remark)| *remark == Remark::Opened);
    opened.map(|(key, remark)| format!("{}: `{key}`: {}", environment.name, remark.text()))
}

/// Of an environment that exists once.
fn of_service(world: &World, environment: &Environment, service: &Service) -> Vec<String> {
    let Some(settings) = settings(world, service) else {
        return Vec::new();
    };
    let mut told = Vec::new();
    let routes = settings.routes();
    let today: Vec<String> = routes
        .iter()
        .filter_map(|route| routes::hosts(route).ok())
        .flatten()
        .map(|host| host.name)
        .collect();
    let new: Vec<&str> = service
        .hostnames()
        .filter(|hostname| !today.iter().any(|host| host == hostname))
        .collect();
    if !new.is_empty() && environment.routing != Routing::WorkersDev {
        told.push(format!(
            "{} {} to `{}`, which no configuration says today",
            quoted_list(&new),
            if new.len() == 1 { "leads" } else { "lead" },
            service.worker
        ));
    }
    if environment.wrangler_env.is_some() && service.wrangler_env.is_none() {
        told.push(format!(
            "`{}` is deployed from the top level of its configuration, which has no section for it",
            service.key
        ));
    }
    told.extend(overridden(&settings, service));
    let made = without_namespace(&settings, service);
    if !made.is_empty() {
        told.push(format!(
            "`{}` gets a KV namespace of the environment's for {}, which its configuration gives none",
            service.key,
            quoted_list(&made)
        ));
    }
    told
}

/// Variables that get another value than the configuration gives them.
fn overridden(settings: &Settings<'_>, service: &Service) -> Vec<String> {
    let today = settings.get("vars");
    let changed = service.vars.iter().filter_map(|(name, value)| {
        let today = today.and_then(|vars| vars.get(name));
        let was = match today {
            Some(today) if today == value => return None,
            Some(today) => format!("says `{}`", text(today)),
            None => "has none".to_owned(),
        };
        let key = &service.key;
        Some(format!(
            "`{name}` of `{key}` is `{}`; its configuration {was}",
            text(value)
        ))
    });
    changed.collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), shown)
}

/// KV bindings that the configuration has nothing for in this environment.
fn without_namespace<'a>(settings: &Settings<'_>, service: &'a Service) -> Vec<&'a str> {
    let list = settings.get("kv_namespaces").and_then(Value::as_array);
    let has = |binding: &str| {
        let mut items = list.into_iter().flatten();
        items.any(|item| item["binding"] == *binding && item["id"].is_string())
    };
    let bindings = service.kv.iter().map(|kv| kv.binding.as_str());
    bindings.filter(|binding| !has(binding)).collect()
}

/// Of an environment that is one per pull request: variables, and schedules that it has not.
fn of_preview(world: &World, environment: &Environment) -> Vec<String> {
    // Services that are given the same variables are told in one line.
    let mut sets: Vec<(Vec<&String>, Vec<&str>)> = Vec::new();
    for service in environment.services.iter().filter(|service| !service.vars.is_empty()) {
        let names: Vec<&String> = service.vars.keys().collect();
        match sets.iter_mut().find(|(known, _)| *known == names) {
            Some((_, services)) => services.push(&service.key),
            None => sets.push((names, vec![&service.key])),
        }
    }
    let sets = sets.into_iter();
    let mut told: Vec<String> = sets
        .map(|(names, services)| {
            format!(
                "the manifest sets {} of {}",
                quoted_list(&names),
                quoted_list(&services)
            )
        })
        .collect();
    let with_crons = environment.services.iter().filter(|service| {
        let crons = settings(world, service).and_then(|settings| settings.crons());
        crons.is_some_and(|crons| !crons.is_empty())
    });
    let with_crons: Vec<&str> = with_crons.map(|service| service.key.as_str()).collect();
    if !environment.crons && !with_crons.is_empty() {
        told.push(format!("{} without schedules", quoted_list(&with_crons)));
    }
    told
}
