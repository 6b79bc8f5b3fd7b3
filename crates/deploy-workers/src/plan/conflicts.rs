//! What stands in the way of a service, beside its hostnames: told before anything is touched. Pure.

use actions_core::environment::Service;

use crate::facts::{self, Facts, Live};
use crate::plan::{Subject, ownership};
use wrangler::project::Built;

/// All of it, each a sentence.
pub(crate) fn of(subject: &Subject<'_>, service: &Service, built: &Built, live: &Live, facts: &Facts) -> Vec<String> {
    let mut found = needed(subject, service, facts);
    found.extend(absent(service, built, facts));
    found.extend(name(service, live));
    found.extend(ownership::conflict(subject, service, live));
    found.extend(ownership::shared_kv(subject, service, facts));
    found
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

/// What the manifest names for it and the account does not have.
fn absent(service: &Service, built: &Built, facts: &Facts) -> Vec<String> {
    let buckets = built.bound(&service.r2);
    let buckets = buckets.filter(|(_, name)| facts.missing_buckets.contains(*name));
    let buckets = buckets.map(|(binding, name)| {
        format!(
            "there is no R2 bucket `{name}` for binding `{binding}`; make it (`npx wrangler r2 bucket create {name}`), or name another one in the environment's `r2`"
        )
    });
    let missing = |name: &String| !facts::is_uuid(name) && !facts.known.d1.contains_key(name);
    let databases = built.bound(&service.d1).filter(|(_, name)| missing(name));
    let databases = databases.map(|(binding, name)| {
        format!(
            "there is no D1 database `{name}` for binding `{binding}`; make it (`npx wrangler d1 create {name}`), or name another one in the environment's `d1`"
        )
    });
    buckets.chain(databases).collect()
}
