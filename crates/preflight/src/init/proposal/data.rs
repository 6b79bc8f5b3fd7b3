//! What an environment has for itself, and what it shares: bindings that lead out of it. Pure.

use serde_json::Value;
use wrangler::ResourceKind;
use wrangler::project::remarks::Remark;

use super::Plan;
use super::conflicts::Conflict;
use super::stages::Kind;
use crate::init::found::Worker;

/// What an environment says of bindings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Data {
    pub(super) r2: Vec<(String, String)>,
    pub(super) d1: Vec<(String, String)>,
    /// With whose it is.
    pub(super) shared: Vec<(String, String)>,
    /// Bindings that stop a deployment until somebody decides, with whose they are.
    pub(super) open: Vec<(String, String)>,
    /// What a deployment would tell, by service.
    pub(super) remarks: Vec<(String, Remark)>,
}

/// What is to be said of the conflicts of one environment. Pull requests get buckets and databases of their own; what
/// environments that exist once share today they go on sharing, by name.
pub(super) fn data(plan: &Plan<'_>, kind: Kind, conflicts: &[Conflict]) -> Data {
    let mut data = Data::default();
    for conflict in conflicts {
        let kind_of = conflict.resource.as_ref().map(|resource| resource.kind);
        let item = (qualified(conflict), conflict.said.clone());
        match kind_of {
            Some(ResourceKind::R2) if kind == Kind::Preview => {
                data.r2
                    .push((qualified(conflict), own_name(plan, conflict, ResourceKind::R2)));
            }
            Some(ResourceKind::D1) if kind == Kind::Preview => {
                data.d1
                    .push((qualified(conflict), own_name(plan, conflict, ResourceKind::D1)));
            }
            // They hold nothing of production's: a limit's counters, and rows that name their environment.
            Some(ResourceKind::RateLimit | ResourceKind::Dataset) => data.shared.push(item),
            Some(_) if kind == Kind::Once => data.shared.push(item),
            _ => data.open.push(item),
        }
    }
    for list in [&mut data.r2, &mut data.d1, &mut data.shared, &mut data.open] {
        shorten(list);
    }
    data
}

fn qualified(conflict: &Conflict) -> String {
    format!("{}.{}", conflict.service, conflict.name)
}

/// The binding alone, where every service that has it means the same by it.
fn shorten(list: &mut Vec<(String, String)>) {
    let bare = |name: &str| name.split_once('.').map_or(name, |(_, binding)| binding).to_owned();
    let all = list.clone();
    for (name, value) in list.iter_mut() {
        let same = all
            .iter()
            .filter(|(other, _)| bare(other) == bare(name))
            .all(|(_, other)| other == value);
        if same {
            *name = bare(name);
        }
    }
    let mut seen = Vec::new();
    list.retain(|item| {
        !seen.contains(item) && {
            seen.push(item.clone());
            true
        }
    });
}

/// The name of a preview's bucket or database: what the configuration has for `wrangler dev`, else made of the name that
/// it has.
fn own_name(plan: &Plan<'_>, conflict: &Conflict, kind: ResourceKind) -> String {
    let (key, field, preview) = match kind {
        ResourceKind::R2 => ("r2_buckets", "bucket_name", "preview_bucket_name"),
        _ => ("d1_databases", "database_name", "preview_database_id"),
    };
    let items = |worker: &Worker| -> Vec<Value> {
        let config = &worker.config;
        let sections = std::iter::once(None).chain(config.environments().into_iter().map(Some));
        let all = sections.filter_map(|section| config.settings(section).ok()?.get(key)?.as_array().cloned());
        all.flatten().collect()
    };
    let text = |item: &Value, field: &str| item[field].as_str().map(str::to_owned);
    let taken: Vec<String> = plan
        .found
        .workers
        .iter()
        .flat_map(items)
        .filter_map(|item| text(&item, field))
        .collect();
    let at = plan.names.keys.iter().position(|key| *key == conflict.service);
    let mine = at.map(|at| items(&plan.found.workers[at])).unwrap_or_default();
    let mine: Vec<Value> = mine
        .into_iter()
        .filter(|item| item["binding"] == *conflict.name)
        .collect();
    // Another section's bucket, such as that of tests, is not previews' own.
    let given = mine.iter().filter_map(|item| text(item, preview));
    let mut given = given.filter(|given| given.contains("preview") && !taken.contains(given));
    let first = mine.iter().find_map(|item| text(item, field));
    let first = first.unwrap_or_else(|| format!("{}-{}", plan.project, conflict.name));
    let made = format!("{}-preview", bare_name(&first));
    given.next().filter(|_| key == "r2_buckets").unwrap_or(made)
}

fn bare_name(name: &str) -> String {
    let endings = [
        "-production",
        "-prod",
        "-live",
        "-staging",
        "-development",
        "-dev",
        "-local",
        "-test",
    ];
    let bare = endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    bare.to_lowercase().replace('_', "-")
}
