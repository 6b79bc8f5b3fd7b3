//! Things outside a Worker that its bindings give access to: what isolation is about.

mod namings;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

pub(crate) use self::namings::{NAMINGS, Naming};
use super::config::Settings;
use super::keys;

/// What kind of thing outside the Worker a binding gives access to, or a Worker sends something to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    Kv,
    R2,
    D1,
    Queue,
    Hyperdrive,
    Vectorize,
    Pipeline,
    Stream,
    Worker,
    DurableObject,
    Workflow,
    DispatchNamespace,
    RateLimit,
    Dataset,
    Secret,
    Certificate,
    VpcService,
    VpcNetwork,
    AiSearch,
    AiSearchNamespace,
    AgentMemory,
    Artifacts,
    Flagship,
    LogForwarder,
    LogDestination,
    Logpush,
}

impl ResourceKind {
    /// Whether it is another Worker, or part of one.
    pub fn means_worker(self) -> bool {
        matches!(self, Self::Worker | Self::DurableObject | Self::Workflow)
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kv => "KV namespace",
            Self::R2 => "R2 bucket",
            Self::D1 => "D1 database",
            Self::Queue => "queue",
            Self::Hyperdrive => "Hyperdrive configuration",
            Self::Vectorize => "Vectorize index",
            Self::Pipeline => "pipeline",
            Self::Stream => "K2 stream",
            Self::Worker => "Worker",
            Self::DurableObject => "Durable Object of Worker",
            Self::Workflow => "workflow of Worker",
            Self::DispatchNamespace => "dispatch namespace",
            Self::RateLimit => "rate limit namespace",
            Self::Dataset => "Analytics Engine dataset",
            Self::Secret => "Secrets Store secret",
            Self::Certificate => "mTLS certificate",
            Self::VpcService => "VPC service",
            Self::VpcNetwork => "VPC network",
            Self::AiSearch => "AI Search instance",
            Self::AiSearchNamespace => "AI Search namespace",
            Self::AgentMemory => "Agent Memory namespace",
            Self::Artifacts => "Artifacts namespace",
            Self::Flagship => "Flagship app",
            Self::LogForwarder => "log forwarder",
            Self::LogDestination => "log destination",
            Self::Logpush => "Logpush",
        })
    }
}

/// A thing outside the Worker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    pub kind: ResourceKind,
    /// Its id, or its name where that identifies it.
    pub id: String,
}

/// Types of bindings that name nothing outside the Worker, or what is the account's for all environments alike.
const NAME_NOTHING: &[&str] = &[
    "ai",
    "analytics",
    "assets",
    "browser",
    "data_blob",
    "images",
    "inherit",
    "json",
    "media",
    "plain_text",
    "secret_key",
    "secret_text",
    "send_email",
    "stream",
    "text_blob",
    "unsafe_hello_world",
    "version_metadata",
    "wasm_module",
    "websearch",
    "worker_loader",
];

/// What a binding of an upload's metadata leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Leads {
    /// To nothing outside the Worker.
    Nowhere,
    To(Resource),
    /// Nobody here knows: the whole binding, without its name.
    Somewhere(Value),
}

impl Leads {
    /// Where a binding leads.
    pub fn of(binding: &Value) -> Self {
        if let Some(resource) = Resource::of_binding(binding) {
            return Self::To(resource);
        }
        let kind = binding["type"].as_str().unwrap_or_default();
        // A Durable Object or a workflow of the Worker's own names no other one.
        if NAME_NOTHING.contains(&kind) || NAMINGS.iter().any(|naming| naming.binding == kind) {
            return Self::Nowhere;
        }
        Self::Somewhere(nameless(binding))
    }
}

/// A binding without what only this Worker calls it.
pub(crate) fn nameless(binding: &Value) -> Value {
    let mut binding = binding.clone();
    if let Some(fields) = binding.as_object_mut() {
        for field in ["name", "binding", "dev", "remote"] {
            fields.remove(field);
        }
    }
    binding
}

impl Naming {
    /// Whether this place of a configuration names such a thing.
    #[cfg(test)]
    pub(crate) fn names(&self, place: &str) -> bool {
        let list = if self.inner.is_empty() {
            self.key.to_owned()
        } else {
            format!("{}.{}", self.key, self.inner)
        };
        self.id.iter().any(|(field, _)| format!("{list}.{field}") == place)
    }

    /// Its id in an item, by the names of the configuration's or of the metadata's fields.
    pub(crate) fn id(
        &self,
        item: &Value,
        field: impl Fn(&(&'static str, &'static str)) -> &'static str,
    ) -> Option<String> {
        let parts: Vec<&str> = self
            .id
            .iter()
            .filter_map(|pair| item.get(field(pair))?.as_str())
            .collect();
        if parts.is_empty() && self.kind == ResourceKind::Dataset {
            // Without a name of its own, a dataset is called as its binding (wrangler's documentation).
            return item
                .get("binding")
                .or_else(|| item.get("name"))?
                .as_str()
                .map(str::to_owned);
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }

    /// The list of a configuration that holds such things.
    pub(crate) fn items<'a>(&self, settings: &Settings<'a>) -> impl Iterator<Item = &'a Value> {
        let list = settings.get(self.key);
        let list = list.and_then(|value| {
            if self.inner.is_empty() {
                Some(value)
            } else {
                value.get(self.inner)
            }
        });
        list.and_then(Value::as_array).into_iter().flatten()
    }
}

impl Resource {
    /// What a binding of an upload's metadata gives access to, if it is a thing outside the Worker.
    pub fn of_binding(binding: &Value) -> Option<Self> {
        let kind = match binding.get("type")?.as_str()? {
            // As the API called them first.
            "pipeline" => "pipelines",
            kind => kind,
        };
        let naming = NAMINGS.iter().find(|naming| naming.binding == kind)?;
        Some(Self {
            kind: naming.kind,
            id: naming.id(binding, |(_, field)| field)?,
        })
    }
}

impl Settings<'_> {
    /// Everything outside the Worker that it names.
    pub fn resources(&self) -> BTreeSet<Resource> {
        let mut found = BTreeSet::new();
        for naming in NAMINGS {
            let ids = naming
                .items(self)
                .filter_map(|item| naming.id(item, |(field, _)| field));
            found.extend(ids.map(|id| Resource { kind: naming.kind, id }));
        }
        let dead_letters = self
            .queue_consumers()
            .filter_map(|consumer| consumer.get("dead_letter_queue")?.as_str());
        found.extend(dead_letters.map(|queue| Resource {
            kind: ResourceKind::Queue,
            id: queue.to_owned(),
        }));
        found.extend(self.get("observability").into_iter().flat_map(log_destinations));
        found.extend(self.is_on("logpush").then(Resource::logpush));
        found
    }

    /// The bindings that lead to something outside the Worker, by name: what each of them names.
    pub fn bound(&self) -> Vec<(&str, Resource)> {
        let mut found = Vec::new();
        for naming in NAMINGS {
            found.extend(naming.items(self).filter_map(|item| {
                let name = item.get("binding").or_else(|| item.get("name"))?.as_str()?;
                let id = naming.id(item, |(field, _)| field)?;
                Some((name, Resource { kind: naming.kind, id }))
            }));
        }
        found
    }

    /// Where it takes messages from queues.
    pub fn queue_consumers(&self) -> impl Iterator<Item = &Value> {
        let list = self
            .get("queues")
            .and_then(|queues| queues.get("consumers")?.as_array());
        list.into_iter().flatten()
    }

    /// Bindings of kinds that nobody here knows, each without its name: those that the configuration puts into the
    /// upload itself.
    pub fn unknown(&self) -> Vec<Value> {
        let list = self.get("unsafe").and_then(|it| it.get("bindings")?.as_array());
        let leads = list.into_iter().flatten().map(Leads::of);
        let unknown = leads.filter_map(|leads| match leads {
            Leads::Somewhere(binding) => Some(binding),
            Leads::Nowhere | Leads::To(_) => None,
        });
        unknown
            .chain(self.unknown_keys().map(|(_, item)| nameless(item)))
            .collect()
    }

    /// Items of keys that nobody here knows and that read like bindings, each with its key.
    pub fn unknown_keys(&self) -> impl Iterator<Item = (&str, &Value)> {
        let keys = self.keys().into_iter().filter(|key| !keys::is_known(key));
        let items = keys.flat_map(|key| {
            let items = match self.get(key) {
                Some(Value::Array(items)) => items.as_slice(),
                Some(item) => std::slice::from_ref(item),
                None => &[],
            };
            items.iter().map(move |item| (key, item))
        });
        items.filter(|(_, item)| item.get("binding").is_some_and(Value::is_string))
    }
}

/// Where the log lists of `observability` send.
pub(crate) const LOG_LISTS: [&str; 2] = ["logs", "traces"];

/// The destinations that `observability` names.
pub(crate) fn log_destinations(observability: &Value) -> Vec<Resource> {
    let lists = LOG_LISTS
        .iter()
        .filter_map(|list| observability.get(list)?.get("destinations")?.as_array());
    let names = lists.flatten().filter_map(Value::as_str);
    names.map(Resource::log_destination).collect()
}

impl Resource {
    pub(crate) fn log_destination(name: &str) -> Self {
        Self {
            kind: ResourceKind::LogDestination,
            id: name.to_owned(),
        }
    }

    /// The account has one: its jobs take the logs of all Workers that switch it on.
    pub(crate) fn logpush() -> Self {
        Self {
            kind: ResourceKind::Logpush,
            id: "logpush".to_owned(),
        }
    }
}
