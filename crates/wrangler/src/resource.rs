//! Things outside a Worker that its bindings give access to: what isolation is about.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

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

/// How a kind of thing is named by bindings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming {
    pub(crate) kind: ResourceKind,
    /// The configuration's key, and the list within it.
    pub(crate) key: &'static str,
    inner: &'static str,
    /// The binding's type in an upload's metadata.
    binding: &'static str,
    /// What identifies the thing, in the configuration and in the metadata. Of several that exclude each other, one is
    /// there; of several that belong together, all.
    pub(crate) id: &'static [(&'static str, &'static str)],
}

/// Where configurations and uploads name things outside the Worker (wrangler 4.164, its schema and its upload form).
pub(crate) const NAMINGS: &[Naming] = &[
    naming(
        ResourceKind::Kv,
        "kv_namespaces",
        "kv_namespace",
        &[("id", "namespace_id")],
    ),
    naming(
        ResourceKind::R2,
        "r2_buckets",
        "r2_bucket",
        &[("bucket_name", "bucket_name")],
    ),
    naming(ResourceKind::D1, "d1_databases", "d1", &[("database_id", "id")]),
    within(
        "producers",
        naming(ResourceKind::Queue, "queues", "queue", &[("queue", "queue_name")]),
    ),
    naming(ResourceKind::Hyperdrive, "hyperdrive", "hyperdrive", &[("id", "id")]),
    naming(
        ResourceKind::Vectorize,
        "vectorize",
        "vectorize",
        &[("index_name", "index_name")],
    ),
    naming(
        ResourceKind::Pipeline,
        "pipelines",
        "pipelines",
        &[("stream", "stream"), ("pipeline", "pipeline")],
    ),
    naming(ResourceKind::Stream, "k2", "k2", &[("stream", "stream")]),
    naming(ResourceKind::Worker, "services", "service", &[("service", "service")]),
    within(
        "bindings",
        naming(
            ResourceKind::DurableObject,
            "durable_objects",
            "durable_object_namespace",
            &[("script_name", "script_name")],
        ),
    ),
    naming(
        ResourceKind::Workflow,
        "workflows",
        "workflow",
        &[("script_name", "script_name")],
    ),
    naming(
        ResourceKind::DispatchNamespace,
        "dispatch_namespaces",
        "dispatch_namespace",
        &[("namespace", "namespace")],
    ),
    naming(
        ResourceKind::RateLimit,
        "ratelimits",
        "ratelimit",
        &[("namespace_id", "namespace_id")],
    ),
    naming(
        ResourceKind::Dataset,
        "analytics_engine_datasets",
        "analytics_engine",
        &[("dataset", "dataset")],
    ),
    naming(
        ResourceKind::Secret,
        "secrets_store_secrets",
        "secrets_store_secret",
        &[("store_id", "store_id"), ("secret_name", "secret_name")],
    ),
    naming(
        ResourceKind::Certificate,
        "mtls_certificates",
        "mtls_certificate",
        &[("certificate_id", "certificate_id")],
    ),
    naming(
        ResourceKind::VpcService,
        "vpc_services",
        "vpc_service",
        &[("service_id", "service_id")],
    ),
    naming(
        ResourceKind::VpcNetwork,
        "vpc_networks",
        "vpc_network",
        &[("tunnel_id", "tunnel_id"), ("network_id", "network_id")],
    ),
    naming(
        ResourceKind::AiSearch,
        "ai_search",
        "ai_search",
        &[("instance_name", "instance_name")],
    ),
    naming(
        ResourceKind::AiSearchNamespace,
        "ai_search_namespaces",
        "ai_search_namespace",
        &[("namespace", "namespace")],
    ),
    naming(
        ResourceKind::AgentMemory,
        "agent_memory",
        "agent_memory",
        &[("namespace", "namespace")],
    ),
    naming(
        ResourceKind::Artifacts,
        "artifacts",
        "artifacts",
        &[("namespace", "namespace")],
    ),
    naming(ResourceKind::Flagship, "flagship", "flagship", &[("app_id", "app_id")]),
    within(
        "bindings",
        naming(
            ResourceKind::LogForwarder,
            "logfwdr",
            "logfwdr",
            &[("destination", "destination")],
        ),
    ),
];

const fn naming(
    kind: ResourceKind,
    key: &'static str,
    binding: &'static str,
    id: &'static [(&'static str, &'static str)],
) -> Naming {
    Naming {
        kind,
        key,
        inner: "",
        binding,
        id,
    }
}

const fn within(inner: &'static str, naming: Naming) -> Naming {
    Naming { inner, ..naming }
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
    fn id(&self, item: &Value, field: impl Fn(&(&'static str, &'static str)) -> &'static str) -> Option<String> {
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
    fn items<'a>(&self, settings: &Settings<'a>) -> impl Iterator<Item = &'a Value> {
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

/// What wrangler is not to do when it uploads for us.
const NOT_WRANGLERS: [&str; 10] = [
    "$schema",
    "account_id",
    "build",
    "env",
    "legacy_env",
    "previews",
    "route",
    "routes",
    "secrets",
    "triggers",
];

/// What `unsafe.metadata` would put in the place of what was rendered.
const DECIDED: [&str; 9] = [
    "annotations",
    "bindings",
    "exports",
    "logpush",
    "migrations",
    "observability",
    "streaming_tail_consumers",
    "tags",
    "tail_consumers",
];

/// A variable, as a configuration holds it.
fn var(binding: &Value) -> Option<(String, Value)> {
    let name = binding["name"].as_str()?.to_owned();
    match binding["type"].as_str()? {
        "plain_text" => Some((name, binding["text"].clone())),
        "json" => Some((name, binding["json"].clone())),
        _ => None,
    }
}

/// What a binding is called in a configuration.
fn name_of(item: &Value) -> Option<&str> {
    item.get("binding").or_else(|| item.get("name"))?.as_str()
}

/// The list of a configuration that holds such things; KV namespaces have one in any case, since the manifest may
/// give a Worker some that its configuration does not name.
fn items_mut<'a>(config: &'a mut Map<String, Value>, key: &str, inner: &str) -> Option<&'a mut Vec<Value>> {
    let list = match inner {
        "" if key == "kv_namespaces" => config.entry(key).or_insert_with(|| json!([])),
        "" => config.get_mut(key)?,
        inner => config.get_mut(key)?.get_mut(inner)?,
    };
    list.as_array_mut()
}

impl Settings<'_> {
    /// The whole configuration of an upload by wrangler: this environment's settings, with the bindings of `metadata`
    /// (as rendered for the environment) in the place of its own. Left out is what others take care of: routes and
    /// domains, schedules, the build that has happened, secrets.
    pub fn for_upload(&self, metadata: &Map<String, Value>) -> Map<String, Value> {
        let mut config: Map<String, Value> = self
            .keys()
            .into_iter()
            .filter(|key| !NOT_WRANGLERS.contains(key))
            .filter_map(|key| Some((key.to_owned(), self.get(key)?.clone())))
            .collect();
        let bindings: Vec<&Value> = metadata
            .get("bindings")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .collect();
        let vars: Map<String, Value> = bindings.iter().filter_map(|binding| var(binding)).collect();
        if !vars.is_empty() {
            config.insert("vars".to_owned(), Value::Object(vars));
        }
        for naming in NAMINGS {
            let items = items_mut(&mut config, naming.key, naming.inner);
            let Some(items) = items else { continue };
            for binding in bindings.iter().filter(|binding| binding["type"] == naming.binding) {
                let found = items.iter_mut().find(|item| name_of(item) == binding["name"].as_str());
                if let Some(item) = found.and_then(Value::as_object_mut) {
                    for (ours, theirs) in naming.id {
                        if let Some(value) = binding.get(theirs) {
                            item.insert((*ours).to_owned(), value.clone());
                        }
                    }
                    let outbound = binding.get("outbound").and_then(|it| it.get("worker")?.get("service"));
                    let ours = item.get_mut("outbound").and_then(|it| it.get_mut("service"));
                    if let (Some(ours), Some(outbound)) = (ours, outbound) {
                        *ours = outbound.clone();
                    }
                    // Environments of a Worker are Workers of their own today.
                    item.remove("environment");
                } else if naming.kind == ResourceKind::Kv {
                    items.push(json!({"binding": binding["name"], "id": binding["namespace_id"]}));
                }
            }
        }
        // Rendered for the environment, as the bindings are.
        for key in [
            "exports",
            "logpush",
            "observability",
            "streaming_tail_consumers",
            "tail_consumers",
        ] {
            if let Some(value) = metadata.get(key) {
                config.insert(key.to_owned(), value.clone());
            }
        }
        // Events lead to workflows, which wrangler registers; schedules are ours.
        if let Some(events) = self.get("triggers").and_then(|triggers| triggers.get("events")) {
            config.insert("triggers".to_owned(), json!({ "events": events }));
        }
        // What is decided here is not to be decided again.
        if let Some(unsafe_metadata) = config
            .get_mut("unsafe")
            .and_then(|it| it.get_mut("metadata")?.as_object_mut())
        {
            unsafe_metadata.retain(|key, _| !DECIDED.contains(&key.as_str()));
        }
        config
    }

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

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn wrangler_is_given_the_environment_and_nothing_to_decide() {
        let dir = tempfile::tempdir().unwrap();
        let text = r#"{
            "name": "api", "main": "src/index.ts", "compatibility_date": "2026-07-01", "account_id": "other",
            "build": {"command": "make"}, "routes": ["old.example.com/*"], "triggers": {"crons": ["* * * * *"]},
            "vars": {"STAGE": "dev"}, "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
            "env": {"live": {
                "vars": {"STAGE": "live"}, "services": [{"binding": "AUTH", "service": "auth", "environment": "live", "entrypoint": "Rpc"}],
                "kv_namespaces": [{"binding": "CACHE"}], "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
                "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room", "script_name": "rooms"}]},
                "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}], "consumers": [{"queue": "jobs"}]}
            }}
        }"#;
        std::fs::write(dir.path().join("wrangler.json"), text).unwrap();
        let config = Config::find(dir.path()).unwrap();
        let metadata = json!({"bindings": [
            {"name": "STAGE", "type": "plain_text", "text": "live"},
            {"name": "LIMITS", "type": "json", "json": {"a": 1}},
            {"name": "KEY", "type": "secret_text", "text": "hush"},
            {"name": "AUTH", "type": "service", "service": "auth-42", "entrypoint": "Rpc"},
            {"name": "CACHE", "type": "kv_namespace", "namespace_id": "id-1"},
            {"name": "MORE", "type": "kv_namespace", "namespace_id": "id-2"},
            {"name": "FILES", "type": "r2_bucket", "bucket_name": "files-42"},
            {"name": "ROOM", "type": "durable_object_namespace", "class_name": "Room", "script_name": "rooms-42"},
            {"name": "JOBS", "type": "queue", "queue_name": "jobs"},
        ]});
        let settings = config.settings(Some("live")).unwrap();
        let made = settings.for_upload(metadata.as_object().unwrap());
        let expected = json!({
            "name": "api", "main": "src/index.ts", "compatibility_date": "2026-07-01",
            "vars": {"STAGE": "live", "LIMITS": {"a": 1}},
            "services": [{"binding": "AUTH", "service": "auth-42", "entrypoint": "Rpc"}],
            "kv_namespaces": [{"binding": "CACHE", "id": "id-1"}, {"binding": "MORE", "id": "id-2"}],
            "r2_buckets": [{"binding": "FILES", "bucket_name": "files-42"}],
            "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room", "script_name": "rooms-42"}]},
            "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}], "consumers": [{"queue": "jobs"}]},
        });
        assert_eq!(Value::Object(made), expected);
    }
}
