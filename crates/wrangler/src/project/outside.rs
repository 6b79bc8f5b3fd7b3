//! What of a rendered Worker reaches out of its environment: bindings, consumers of its logs, Durable Objects that
//! move. Pure.

use serde_json::{Map, Value};

use super::durable::Transfer;
use super::isolation::{self, Whose};
use super::problem::{Problem, Rule};
use super::refused::Exclusive;
use super::render::Work;
use crate::resource::LOG_LISTS;
use crate::{Leads, Resource, ResourceKind};

/// The lists of Workers that take a Worker's logs.
const CONSUMERS: [(&str, &str); 2] = [
    ("tail_consumers", "tail consumer"),
    ("streaming_tail_consumers", "streaming tail consumer"),
];

/// The Workers that take a Worker's logs.
pub(super) fn consumers(metadata: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let lists = CONSUMERS.iter().filter_map(|(list, _)| metadata.get(*list)?.as_array());
    lists.flatten().filter_map(|consumer| consumer["service"].as_str())
}

impl Work<'_> {
    /// Whether what a binding names is of the manifest, so that it is this environment's own section that says it.
    fn is_given(&self, name: &str) -> bool {
        let service = self.service;
        service.r2.contains_key(name) || service.d1.contains_key(name) || service.kv.iter().any(|kv| kv.binding == name)
    }

    /// Refuses bindings that reach out of the environment, unless that is on purpose.
    pub(super) fn isolate(&mut self) {
        let Some(foreign) = self.context.foreign else {
            return;
        };
        let mut problems = Vec::new();
        for binding in &self.bindings {
            let name = binding["name"].as_str().unwrap_or_default();
            if self.is_shared(name) {
                continue;
            }
            // Its name is the account's, whichever Worker runs it. Those of the Worker's own were looked at before.
            let workflow = binding["workflow_name"]
                .as_str()
                .filter(|_| binding["script_name"].is_string());
            let owner = workflow.and_then(|workflow| Some((workflow, foreign.has(Exclusive::Workflow, workflow)?)));
            if let Some((workflow, owner)) = owner {
                let whose = Whose::Other(owner.to_owned());
                let (what, remedy) = (format!("workflow `{workflow}`"), isolation::remedy(None, &whose));
                let text = isolation::conflict(name, &what, remedy, &whose);
                problems.push(Problem::new(Rule::Isolation, name, text));
                continue;
            }
            let leads = Leads::of(binding);
            let (kind, whose) = match &leads {
                Leads::Nowhere => continue,
                Leads::To(resource) if resource.kind.means_worker() => {
                    problems.extend(self.stranger(&format!("binding `{name}`"), resource.kind, &resource.id, name));
                    continue;
                }
                Leads::To(resource) => (
                    Some(resource.kind),
                    foreign.whose(&self.service.key, resource, self.context.known),
                ),
                Leads::Somewhere(unknown) => (None, foreign.whose_unknown(&self.service.key, unknown)),
            };
            // A namespace of the environment's own was made for it, whatever the configuration says.
            let is_own_kv = kind == Some(ResourceKind::Kv) && self.context.environment.pull_request.is_some();
            let is_own = |whose: &Whose| is_own_kv || matches!(whose, Whose::Nobodys(_));
            let whose = whose.filter(|whose| !(is_own(whose) && self.is_given(name)));
            problems.extend(whose.map(|whose| {
                let is_listed = kind == Some(ResourceKind::Kv) && self.is_given(name);
                let remedy = if is_listed {
                    isolation::KEEPS_ID
                } else {
                    isolation::remedy(kind, &whose)
                };
                let what = isolation::spoken(&leads);
                Problem::new(Rule::Isolation, name, isolation::conflict(name, &what, remedy, &whose))
            }));
            if let Some(worker) = binding["outbound"]["worker"]["service"].as_str() {
                let what = format!("the outbound Worker of binding `{name}`");
                problems.extend(self.stranger(&what, ResourceKind::Worker, worker, name));
            }
        }
        self.problems.extend(problems);
    }

    fn stranger(&self, what: &str, kind: ResourceKind, worker: &str, share: &str) -> Option<Problem> {
        let is_known = self.context.names.service(worker).is_some();
        (!is_known).then(|| {
            let text = isolation::stranger(what, kind, worker, share);
            Problem::new(Rule::Isolation, share, text)
        })
    }

    fn is_shared(&self, binding: &str) -> bool {
        let full = format!("{}.{binding}", self.service.key);
        let mut shared = self.context.shared.iter();
        shared.any(|shared| shared == binding || *shared == full)
    }

    pub(super) fn own_worker(&self, name: &str) -> Option<&str> {
        let key = self.context.names.service(name)?;
        let service = self.context.environment.service(key)?;
        Some(&service.worker)
    }

    /// Points bindings at the Workers of this environment. Those that are shared stay as they are.
    pub(super) fn workers(&mut self) {
        for at in 0..self.bindings.len() {
            if self.is_shared(self.bindings[at]["name"].as_str().unwrap_or_default()) {
                continue;
            }
            let outbound = self.bindings[at]["outbound"]["worker"]["service"].as_str();
            if let Some(worker) = outbound.and_then(|name| self.own_worker(name)).map(str::to_owned) {
                point(&mut self.bindings[at]["outbound"]["worker"], "service", worker);
            }
            let Some(resource) = Resource::of_binding(&self.bindings[at]) else {
                continue;
            };
            if !resource.kind.means_worker() {
                continue;
            }
            let Some(worker) = self.own_worker(&resource.id).map(str::to_owned) else {
                continue;
            };
            let field = if resource.kind == ResourceKind::Worker {
                "service"
            } else {
                "script_name"
            };
            point(&mut self.bindings[at], field, worker);
        }
    }

    /// Points consumers of its logs at the Workers of this environment; others are strangers, as bound ones are.
    pub(super) fn consumers(&mut self, metadata: &mut Map<String, Value>) {
        for (list, what) in CONSUMERS {
            let consumers = metadata.get_mut(list).and_then(Value::as_array_mut);
            for consumer in consumers.into_iter().flatten() {
                let Some(name) = consumer["service"].as_str().map(str::to_owned) else {
                    continue;
                };
                if self.is_shared(&name) {
                    continue;
                }
                if let Some(own) = self.own_worker(&name).map(str::to_owned) {
                    point(consumer, "service", own);
                } else if self.context.foreign.is_some() {
                    let what = format!("{what} `{name}`");
                    self.problems
                        .extend(self.stranger(&what, ResourceKind::Worker, &name, &name));
                }
            }
        }
    }

    /// Keeps its logs from where another environment's go. Nothing that the code does depends on it, so that it is told
    /// and no conflict.
    pub(super) fn logs(&mut self, metadata: &mut Map<String, Value>) {
        let Some(foreign) = self.context.foreign else {
            return;
        };
        let whose = |resource: &Resource| foreign.whose(&self.service.key, resource, self.context.known);
        let mut told = Vec::new();
        if metadata.get("logpush") == Some(&Value::Bool(true))
            && !self.is_shared("logpush")
            && let Some(whose) = whose(&Resource::logpush())
        {
            metadata.insert("logpush".to_owned(), false.into());
            told.push(left_out("`logpush` is left off", "logpush", &whose));
        }
        for list in LOG_LISTS {
            let lists = metadata.get_mut("observability");
            let names = lists.and_then(|it| it.get_mut(list)?.get_mut("destinations")?.as_array_mut());
            let Some(names) = names else { continue };
            names.retain(|name| {
                let Some(name) = name.as_str().filter(|name| !self.is_shared(name)) else {
                    return true;
                };
                let Some(whose) = whose(&Resource::log_destination(name)) else {
                    return true;
                };
                let what = format!("destination `{name}` of `observability.{list}` is left out");
                told.push(left_out(&what, name, &whose));
                false
            });
        }
        self.told.extend(told);
    }

    /// Refuses Durable Objects that would move into this environment or out of it.
    pub(super) fn transfers(&mut self, transfers: &[Transfer]) {
        if self.context.foreign.is_some() {
            let problems = transfers.iter().map(|transfer| {
                let about = transfer.tag.as_deref().unwrap_or("exports");
                Problem::new(Rule::Isolation, about, transfer.conflict())
            });
            self.problems.extend(problems);
        }
    }
}

fn left_out(what: &str, name: &str, whose: &Whose) -> String {
    let why = match whose {
        Whose::Other(environment) => format!("{environment}'s logs go there"),
        Whose::Nobodys(section) => format!("{section} names it, and every pull request's logs would go there"),
    };
    format!("{what}: {why}; add `{name}` to the environment's `shared` to send them there, too")
}

/// Points a reference at a Worker. Environments of a Worker are Workers of their own today.
fn point(reference: &mut Value, field: &str, worker: String) {
    reference[field] = worker.into();
    if let Some(fields) = reference.as_object_mut() {
        fields.remove("environment");
    }
}
