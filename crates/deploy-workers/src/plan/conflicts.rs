//! What stands in the way of a service, beside its hostnames: told before anything is touched. Pure.

use actions_core::environment::Service;
use serde_json::Value;

use crate::facts::{Facts, Live};
use crate::plan::{Subject, durable, ownership, secrets};
use wrangler::project::Built;
use wrangler::project::render::Rendered;

/// All of it, each a sentence.
pub(crate) fn of(subject: &Subject<'_>, service: &Service, built: &Built, live: &Live, facts: &Facts) -> Vec<String> {
    let mut found = needed(subject, service, facts);
    found.extend(absent(service, built, facts));
    let there: Vec<&str> = secrets::of(live).collect();
    // Of two versions that share the traffic, neither was read; the upload itself tells what is not there.
    let known = live.version.is_some() || live.deployment.is_none();
    let undeclared = subject.inputs.undeclared(&service.key, &there).filter(|_| known);
    found.extend(undeclared.map(|(name, problem)| format!("secret `{name}` is {problem}")));
    found.extend(name(service, live));
    found.extend(ownership::conflict(subject, service, live));
    found.extend(ownership::shared_kv(subject, service, facts));
    found
}

/// What stands in the way of what it is rendered to.
pub(crate) fn of_rendered(service: &Service, rendered: &Rendered, live: &Live, facts: &Facts) -> Vec<String> {
    let mut found = durable::conflicts(rendered, live);
    found.extend(absent_kv(service, rendered, facts));
    found
}

/// KV namespaces that the wrangler configuration names, and the account does not have.
fn absent_kv(service: &Service, rendered: &Rendered, facts: &Facts) -> Vec<String> {
    let Some(there) = &facts.kv_ids else { return Vec::new() };
    let bindings = rendered.metadata.get("bindings").and_then(Value::as_array);
    let bindings = bindings
        .into_iter()
        .flatten()
        .filter(|binding| binding["type"] == "kv_namespace");
    let text = |binding: &Value, key: &str| binding[key].as_str().unwrap_or_default().to_owned();
    bindings
        .map(|binding| (text(binding, "name"), text(binding, "namespace_id")))
        // What is made by this run has no id yet.
        .filter(|(name, id)| {
            let made = service.kv.iter().any(|kv| kv.binding == *name && rendered.missing_kv.contains(&kv.title));
            !made && !there.contains(id)
        })
        .map(|(name, id)| {
            format!(
                "there is no KV namespace `{id}` in the account for binding `{name}`; make one (`npx wrangler kv namespace create {name}`) and put its id into the wrangler configuration, or list `{name}` in the service's `kv`"
            )
        })
        .collect()
}

/// Services that it needs, and that are neither deployed nor to be.
fn needed(subject: &Subject<'_>, service: &Service, facts: &Facts) -> Vec<String> {
    let needs = subject.needs.get(&service.key).into_iter().flatten();
    let there = |need: &String| facts.live.get(need).is_some_and(|live| live.deployment.is_some());
    let missing = needs.filter(|need| !subject.built.contains_key(*need) && !there(need));
    missing
        .map(|need| format!("it needs `{need}`, which is not deployed; name both in `services`"))
        .collect()
}

/// Cloudflare takes capitals only in names that Workers have already (10016; sheet of Cloudflare, section 4).
fn name(service: &Service, live: &Live) -> Option<String> {
    let worker = &service.worker;
    (live.absent && worker.contains(|c: char| c.is_ascii_uppercase())).then(|| {
        format!(
            "there is no Worker `{worker}`, and Cloudflare makes new ones with lower-case names only; name it `{}`",
            worker.to_lowercase()
        )
    })
}

/// What is named for it and the account does not have.
fn absent(service: &Service, built: &Built, facts: &Facts) -> Vec<String> {
    let buckets = built.buckets(&service.r2);
    let buckets = buckets
        .into_iter()
        .filter(|(_, name)| facts.missing_buckets.contains(*name));
    let buckets = buckets.map(|(binding, name)| {
        format!(
            "there is no R2 bucket `{name}` for binding `{binding}`; make it (`npx wrangler r2 bucket create {name}`), or name another one in the environment's `r2`"
        )
    });
    let missing = |name: &String| !actions_core::cloudflare::d1::is_id(name) && !facts.known.d1.contains_key(name);
    let databases = built.bound(&service.d1).filter(|(_, name)| missing(name));
    let databases = databases.map(|(binding, name)| {
        format!(
            "there is no D1 database `{name}` for binding `{binding}`; make it (`npx wrangler d1 create {name}`), or name another one in the environment's `d1`"
        )
    });
    buckets.chain(databases).collect()
}
