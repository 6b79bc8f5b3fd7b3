//! Which Workers are the environment's.

use std::collections::BTreeSet;

use actions_core::cloudflare::Worker;
use actions_core::naming::{self, Values};
use actions_core::owner::is_marker;
use indexmap::IndexMap;

use super::is_own;
use crate::facts::Facts;
use crate::inputs::Target;

/// The environment's Workers by name.
pub(super) struct Workers {
    /// What the manifest names, dependents first: whoever binds to another goes before it.
    pub(super) named: Vec<String>,
    /// What carries the environment's marks and is no longer named.
    pub(super) forgotten: BTreeSet<String>,
    /// Named like the environment's, marked as another's.
    pub(super) foreign: BTreeSet<String>,
}

impl Workers {
    pub(super) fn of(target: &Target, facts: &Facts) -> Self {
        let workers = match &facts.workers {
            Some(Ok(workers)) => workers.as_slice(),
            _ => &[],
        };
        let environment = &target.environment;
        let waves = environment.waves(&IndexMap::new()).unwrap_or_default();
        let order: Vec<String> = waves.into_iter().flatten().rev().collect();
        let mut named: Vec<String> = order
            .iter()
            .filter_map(|key| Some(environment.service(key)?.worker.clone()))
            .collect();
        let marked = |worker: &Worker| {
            environment
                .owner
                .verdict_of(worker.tags.iter().map(String::as_str))
                .is_ours()
        };
        let foreign: BTreeSet<String> = workers
            .iter()
            .filter(|worker| named.contains(&worker.name) && !marked(worker))
            .filter(|worker| worker.tags.iter().any(|tag| is_marker(tag)))
            .map(|worker| worker.name.clone())
            .collect();
        named.retain(|name| !foreign.contains(name));
        // A route at a hostname whose DNS record is ours, to a Worker that could be named like this, is as good a
        // proof as a tag: nobody else routes our hostnames.
        let (routes, records) = match &facts.zone {
            Some(Ok(zone)) => (
                zone.routes.as_deref().unwrap_or_default(),
                zone.records.as_deref().unwrap_or_default(),
            ),
            _ => (&[][..], &[][..]),
        };
        let served = |worker: &Worker| {
            routes.iter().any(|route| {
                route.script.as_deref() == Some(&worker.name)
                    && records
                        .iter()
                        .any(|record| is_own(target, record) && record.name == route.host())
            })
        };
        let forgotten = workers
            .iter()
            .filter(|worker| !named.contains(&worker.name) && !foreign.contains(&worker.name))
            .filter(|worker| could_be(target, &target.worker_template, &worker.name))
            .filter(|worker| marked(worker) || served(worker) && !worker.tags.iter().any(|tag| is_marker(tag)))
            .map(|worker| worker.name.clone())
            .collect();
        Self {
            named,
            forgotten,
            foreign,
        }
    }

    /// Whether this name is one of ours to delete.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named.iter().any(|named| named == name) || self.forgotten.contains(name)
    }
}

fn could_be(target: &Target, template: &str, name: &str) -> bool {
    let environment = &target.environment;
    let values = Values {
        project: &environment.project,
        environment: &environment.name,
        pull_request: environment.pull_request,
        ..Values::default()
    };
    naming::is_of_pull_request(template, &values, name)
}
