//! Things outside a Worker that its bindings give access to: what isolation is about.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

use super::config::Settings;
use super::project::render::means_worker;

/// What kind of thing outside the Worker a binding gives access to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    Kv,
    R2,
    D1,
    Queue,
    Hyperdrive,
    Vectorize,
    Pipeline,
    Worker,
    DurableObject,
    Workflow,
    DispatchNamespace,
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
            Self::Worker => "Worker",
            Self::DurableObject => "Durable Object of Worker",
            Self::Workflow => "workflow of Worker",
            Self::DispatchNamespace => "dispatch namespace",
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

impl Resource {
    /// What a binding of an upload's metadata gives access to, if it is a thing outside the Worker.
    pub fn of_binding(binding: &Value) -> Option<Self> {
        let text = |key: &str| binding.get(key).and_then(Value::as_str).map(str::to_owned);
        let (kind, id) = match binding.get("type")?.as_str()? {
            "kv_namespace" => (ResourceKind::Kv, text("namespace_id")),
            "r2_bucket" => (ResourceKind::R2, text("bucket_name")),
            "d1" => (ResourceKind::D1, text("id")),
            "queue" => (ResourceKind::Queue, text("queue_name")),
            "hyperdrive" => (ResourceKind::Hyperdrive, text("id")),
            "vectorize" => (ResourceKind::Vectorize, text("index_name")),
            "pipelines" | "pipeline" => (ResourceKind::Pipeline, text("pipeline")),
            "service" => (ResourceKind::Worker, text("service")),
            "durable_object_namespace" => (ResourceKind::DurableObject, text("script_name")),
            "workflow" => (ResourceKind::Workflow, text("script_name")),
            "dispatch_namespace" => (ResourceKind::DispatchNamespace, text("namespace")),
            _ => return None,
        };
        Some(Self { kind, id: id? })
    }
}

/// What wrangler is not to do when it uploads for us.
const NOT_WRANGLERS: [&str; 9] = [
    "$schema",
    "account_id",
    "build",
    "env",
    "legacy_env",
    "route",
    "routes",
    "secrets",
    "triggers",
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

/// Where a configuration names things outside the Worker: key, list within it, field, kind.
const RESOURCES: &[(&str, &str, &str, ResourceKind)] = &[
    ("kv_namespaces", "", "id", ResourceKind::Kv),
    ("r2_buckets", "", "bucket_name", ResourceKind::R2),
    ("d1_databases", "", "database_id", ResourceKind::D1),
    ("queues", "producers", "queue", ResourceKind::Queue),
    ("hyperdrive", "", "id", ResourceKind::Hyperdrive),
    ("vectorize", "", "index_name", ResourceKind::Vectorize),
    ("pipelines", "", "pipeline", ResourceKind::Pipeline),
    ("services", "", "service", ResourceKind::Worker),
    (
        "durable_objects",
        "bindings",
        "script_name",
        ResourceKind::DurableObject,
    ),
    ("workflows", "", "script_name", ResourceKind::Workflow),
    ("dispatch_namespaces", "", "namespace", ResourceKind::DispatchNamespace),
];

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
        for (key, inner, field, kind) in RESOURCES {
            let items = items_mut(&mut config, key, inner);
            let Some(items) = items else { continue };
            // A first version lacks bindings to Workers that are not there yet.
            if means_worker(*kind) {
                items.retain(|item| bindings.iter().any(|binding| name_of(item) == binding["name"].as_str()));
            }
            for binding in &bindings {
                let Some(resource) = Resource::of_binding(binding).filter(|resource| resource.kind == *kind) else {
                    continue;
                };
                let found = items.iter_mut().find(|item| name_of(item) == binding["name"].as_str());
                if let Some(item) = found.and_then(Value::as_object_mut) {
                    item.insert((*field).to_owned(), resource.id.into());
                    // Environments of a Worker are Workers of their own today.
                    item.remove("environment");
                } else if *kind == ResourceKind::Kv {
                    items.push(json!({"binding": binding["name"], "id": resource.id}));
                }
            }
        }
        if let Some(consumers) = metadata.get("tail_consumers") {
            config.insert("tail_consumers".to_owned(), consumers.clone());
        }
        config
    }

    /// Everything outside the Worker that it names.
    pub fn resources(&self) -> BTreeSet<Resource> {
        let mut found = BTreeSet::new();
        for (key, inner, field, kind) in RESOURCES {
            let list = self.get(key).and_then(|value| {
                if inner.is_empty() {
                    Some(value)
                } else {
                    value.get(inner)
                }
            });
            for item in list.and_then(Value::as_array).into_iter().flatten() {
                if let Some(id) = item.get(field).and_then(Value::as_str) {
                    found.insert(Resource {
                        kind: *kind,
                        id: id.to_owned(),
                    });
                }
            }
        }
        found
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
