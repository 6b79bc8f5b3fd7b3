//! The first version of a Worker in a circle of bindings: without those to Workers that are not there yet. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use wrangler::Resource;
use wrangler::project::render::Rendered;

use crate::facts::Facts;
use crate::plan::Subject;

/// The lists of Workers that take a Worker's logs: they have to be there, too.
const LOG_LISTS: [&str; 2] = ["tail_consumers", "streaming_tail_consumers"];

/// What a first version lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct First {
    /// The bindings' names.
    pub(crate) without: Vec<String>,
    /// The Workers that they lead to.
    pub(crate) workers: BTreeSet<String>,
}

/// What the first version of a service lacks, where the order gives it one.
pub(crate) fn of(subject: &Subject<'_>, key: &str, rendered: &Rendered, facts: &Facts) -> Option<First> {
    let at = subject
        .waves
        .iter()
        .position(|wave| wave.first.iter().any(|it| it == key))?;
    let before = &subject.waves[..at];
    let made = |key: &str| {
        before
            .iter()
            .any(|wave| wave.services.iter().chain(&wave.first).any(|it| it == key))
    };
    let there = |key: &str| facts.live.get(key).is_some_and(|live| live.deployment.is_some());
    let absent = subject.needs.get(key).into_iter().flatten();
    let absent = absent.filter(|callee| *callee != key && !made(callee) && !there(callee));
    let workers = absent.filter_map(|callee| Some(subject.environment.service(callee)?.worker.clone()));
    let workers: BTreeSet<String> = workers.collect();
    let without = lacking(rendered, &workers).filter_map(|binding| binding["name"].as_str().map(str::to_owned));
    Some(First {
        without: without.collect(),
        workers,
    })
}

/// What the first version of a Worker lacks that binds itself, where it must be there for that. [?] Whether Cloudflare
/// takes such a binding in a first upload is not documented.
pub(crate) fn of_itself(worker: &str, rendered: &Rendered) -> Option<First> {
    let workers = BTreeSet::from([worker.to_owned()]);
    let without = lacking(rendered, &workers).filter_map(|binding| binding["name"].as_str().map(str::to_owned));
    let without: Vec<String> = without.collect();
    (!without.is_empty()).then_some(First { without, workers })
}

fn bindings(rendered: &Rendered) -> impl Iterator<Item = &Value> {
    let bindings = rendered.metadata.get("bindings").and_then(Value::as_array);
    bindings.into_iter().flatten()
}

fn lacking<'a>(rendered: &'a Rendered, workers: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Value> {
    bindings(rendered).filter(move |binding| leads_to(binding, workers))
}

fn leads_to(binding: &Value, workers: &BTreeSet<String>) -> bool {
    let outbound = binding["outbound"]["worker"]["service"].as_str();
    let to_worker = |resource: Resource| resource.kind.means_worker() && workers.contains(&resource.id);
    Resource::of_binding(binding).is_some_and(to_worker) || outbound.is_some_and(|worker| workers.contains(worker))
}

impl First {
    fn takes_logs(&self, consumer: &Value) -> bool {
        consumer["service"]
            .as_str()
            .is_some_and(|worker| self.workers.contains(worker))
    }

    /// The lists of log takers that the first version has only in part, as they are to be. They are no part of a
    /// version, so the one after it does not bring them.
    pub(crate) fn log_lists(&self, whole: &Rendered) -> Map<String, Value> {
        let lists = LOG_LISTS
            .iter()
            .filter_map(|list| Some((*list, whole.metadata.get(*list)?)));
        let lacks = |consumers: &Value| {
            let mut all = consumers.as_array().into_iter().flatten();
            all.any(|consumer| self.takes_logs(consumer))
        };
        lists
            .filter(|(_, consumers)| lacks(consumers))
            .map(|(list, consumers)| (list.to_owned(), consumers.clone()))
            .collect()
    }

    /// What is uploaded first.
    pub(crate) fn rendered(&self, whole: &Rendered) -> Rendered {
        let mut first = whole.clone();
        let left = bindings(whole).filter(|binding| !leads_to(binding, &self.workers));
        let left: Vec<Value> = left.cloned().collect();
        first.metadata.insert("bindings".to_owned(), Value::Array(left));
        for list in LOG_LISTS {
            if let Some(consumers) = first.metadata.get_mut(list).and_then(Value::as_array_mut) {
                consumers.retain(|consumer| !self.takes_logs(consumer));
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_bindings_to_what_is_not_there_are_left_out() {
        let metadata = json!({"main_module": "a.js", "tail_consumers": [{"service": "api-42"}, {"service": "logs"}], "bindings": [
            {"name": "API", "type": "service", "service": "api-42"},
            {"name": "ROOM", "type": "durable_object_namespace", "class_name": "Room", "script_name": "api-42"},
            {"name": "OWN", "type": "durable_object_namespace", "class_name": "Own"},
            {"name": "AUTH", "type": "service", "service": "auth-42"},
            {"name": "STAGE", "type": "plain_text", "text": "api-42"},
        ]});
        let whole = Rendered {
            metadata: metadata.as_object().unwrap().clone(),
            ..Rendered::default()
        };
        let first = First {
            without: Vec::new(),
            workers: BTreeSet::from(["api-42".to_owned()]),
        };
        let left = first.rendered(&whole);
        let names: Vec<&str> = bindings(&left)
            .map(|binding| binding["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["OWN", "AUTH", "STAGE"]);
        assert_eq!(left.metadata["main_module"], "a.js");
        assert_eq!(left.metadata["tail_consumers"], json!([{"service": "logs"}]));
        let lists = Value::Object(first.log_lists(&whole));
        assert_eq!(
            lists,
            json!({"tail_consumers": [{"service": "api-42"}, {"service": "logs"}]})
        );
        assert!(first.log_lists(&left).is_empty());
    }
}
