//! Things of the account that are named and not there, or there and another's. Pure.

use actions_core::cloudflare::d1::is_id;
use actions_core::manifest::Routing;
use actions_core::text::quoted_list;

use super::facts::Facts;
use super::kinds;
use super::resources::{Named, What};
use crate::finding::{Finding, Kind, places};
use crate::world::World;

pub(super) fn judge(facts: &Facts, world: &World, named: &[Named], real: bool) -> Vec<Finding> {
    let mut groups: Vec<Vec<&Named>> = Vec::new();
    // One id is one thing to mend, however many environments name it.
    for named in named.iter().filter(|named| is_there(facts, named) == Some(false)) {
        let same = |group: &&mut Vec<&Named>| {
            group.iter().all(|other| {
                let of = |named: &Named| named.place.as_ref().map(|place| place.file.clone());
                (other.what, &other.id, &other.binding, &other.service, of(other))
                    == (named.what, &named.id, &named.binding, &named.service, of(named))
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(named),
            None => groups.push(vec![named]),
        }
    }
    let mut findings: Vec<Finding> = groups.iter().filter_map(|group| absent(group)).collect();
    findings.extend(workers_dev(facts, world));
    findings.extend(foreign_workers(facts, world, real));
    findings
}

/// `None` where it was not read.
fn is_there(facts: &Facts, named: &Named) -> Option<bool> {
    let id = &named.id;
    match named.what {
        What::Kv => {
            let all = facts.kv.as_ref()?.as_ref().ok()?;
            Some(all.iter().any(|namespace| namespace.id == *id))
        }
        What::D1 => {
            let all = facts.d1.as_ref()?.as_ref().ok()?;
            Some(all.iter().any(|database| database.id == *id || database.name == *id))
        }
        What::Bucket => facts.buckets.get(id)?.as_ref().ok().copied(),
    }
}

/// Of namings that are of one thing, for one binding of one service.
fn absent(group: &[&Named]) -> Option<Finding> {
    let Named {
        what,
        id,
        binding,
        service,
        environment,
        ..
    } = group.first()?;
    let (kind, said, remedy): (&'static Kind, String, String) = match what {
        What::Kv => (
            &kinds::KV_UNKNOWN,
            format!("there is no KV namespace `{id}` in the account for binding `{binding}`"),
            format!("correct the id, or list `{binding}` in the `kv` of `[services.{service}]`"),
        ),
        What::D1 if is_id(id) => (
            &kinds::D1_UNKNOWN,
            format!("there is no D1 database with the id `{id}` in the account for binding `{binding}`"),
            format!("correct the id, or name the environment's own in `d1` of `[environments.{environment}]`"),
        ),
        What::D1 => (
            &kinds::D1_UNKNOWN,
            format!("there is no D1 database `{id}` in the account for binding `{binding}`"),
            format!("make it (`npx wrangler d1 create {id}`), or name another one"),
        ),
        What::Bucket => (
            &kinds::BUCKET_UNKNOWN,
            format!("there is no R2 bucket `{id}` in the account for binding `{binding}`"),
            format!("make it (`npx wrangler r2 bucket create {id}`), or name another one"),
        ),
    };
    let mut environments: Vec<&str> = group.iter().map(|named| named.environment.as_str()).collect();
    environments.dedup();
    let noun = if environments.len() == 1 {
        "environment"
    } else {
        "environments"
    };
    let (place, also) = places(group.iter().filter_map(|named| named.place.clone()).collect());
    let said = format!(
        "{said} of service `{service}` in {noun} {}{also}",
        quoted_list(&environments)
    );
    let finding = Finding::new(kind, format!("services.{service}"), said, remedy);
    Some(match place {
        Some(place) => finding.at(place),
        None => finding,
    })
}

fn workers_dev(facts: &Facts, world: &World) -> Option<Finding> {
    let Some(Ok(name)) = &facts.workers_dev else {
        return None;
    };
    let environment = world
        .environments
        .iter()
        .find(|environment| environment.routing == Routing::WorkersDev)?;
    let said = world
        .manifest
        .as_ref()
        .ok()
        .and_then(|it| it.project.workers_dev.as_deref());
    let (what, remedy) = match (name, said) {
        (None, _) => (
            format!(
                "environment `{}` is at workers.dev, and the account has no name there",
                environment.name
            ),
            format!(
                "choose one at https://dash.cloudflare.com/{}/workers-and-pages",
                facts.account
            ),
        ),
        (Some(name), Some(said)) if name != said => (
            format!("the account's name at workers.dev is `{name}`, and the manifest says `{said}`"),
            format!("write `workers-dev = \"{name}\"` in `[project]`, or leave it out"),
        ),
        _ => return None,
    };
    let finding = Finding::new(&kinds::WORKERS_DEV_MISSING, "project.workers-dev", what, remedy);
    Some(world.in_manifest(finding, &["project", "workers-dev"]))
}

fn foreign_workers(facts: &Facts, world: &World, real: bool) -> Vec<Finding> {
    let Some(Ok(workers)) = &facts.workers else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for environment in &world.environments {
        let owner = &environment.owner;
        let stands_in = environment.pull_request.is_some() && !real;
        // Outside GitHub Actions nobody may say which repository this is.
        if stands_in || !owner.repository.is_known() {
            continue;
        }
        for service in &environment.services {
            let worker = workers.iter().find(|worker| worker.name == service.worker);
            let verdict = worker.map(|worker| worker.verdict(owner));
            let Some(whose) = verdict.as_ref().and_then(actions_core::owner::Verdict::foreign) else {
                continue;
            };
            let said = format!("Worker `{}` belongs to {whose}", service.worker);
            let remedy = "choose another `worker` in the manifest, or take it over with `force-foreign: true`";
            let finding = Finding::new(
                &kinds::WORKER_FOREIGN,
                format!("services.{}", service.key),
                said,
                remedy,
            );
            findings.push(world.in_manifest(finding, &["environments", &environment.name, "worker"]));
        }
    }
    findings
}
