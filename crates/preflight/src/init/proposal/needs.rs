//! Which services are needed first. Pure.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::manifest::graph;
use indexmap::IndexMap;
use wrangler::ResourceKind;

use super::Plan;
use super::links::Links;

/// What each service needs first: by its bindings, else by variables that its own code reads. The one that people open
/// is nobody's need, and where services need each other, the later edge is left out: bindings that go round are no
/// obstacle, `needs` would be one.
pub(super) fn needs(plan: &Plan<'_>, links: &[Links], front: Option<usize>) -> Vec<Vec<String>> {
    let keys = &plan.names.keys;
    let mut needs: IndexMap<String, Vec<String>> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    let all_names: BTreeMap<String, usize> = (0..keys.len())
        .flat_map(|at| {
            plan.found.workers[at]
                .config
                .names()
                .into_iter()
                .map(move |name| (name, at))
        })
        .collect();
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for (at, worker) in plan.found.workers.iter().enumerate() {
        let mut bound = BTreeSet::new();
        for section in std::iter::once(None).chain(worker.config.environments().into_iter().map(Some)) {
            let Ok(settings) = worker.config.settings(section) else {
                continue;
            };
            let bindings = settings.bound().into_iter();
            let workers = bindings.filter(|(_, resource)| resource.kind == ResourceKind::Worker);
            bound.extend(workers.filter_map(|(_, resource)| all_names.get(&resource.id).copied()));
        }
        edges.extend(bound.into_iter().map(|to| (at, to)));
    }
    for (at, links) in links.iter().enumerate() {
        let read = links
            .vars
            .iter()
            .filter(|var| plan.found.workers[at].sources.own.contains(&var.name));
        for reference in read.flat_map(|var| actions_core::naming::references(&var.value)) {
            let key = reference.split('.').next().unwrap_or_default();
            let to = keys.iter().position(|other| other == key);
            edges.extend(to.filter(|to| Some(*to) != front).map(|to| (at, to)));
        }
    }
    for (from, to) in edges {
        if from == to || needs[&keys[from]].contains(&keys[to]) {
            continue;
        }
        needs[from].push(keys[to].clone());
        if graph::waves(&needs).is_err() {
            needs[from].pop();
        }
    }
    needs.into_values().collect()
}
