//! Things outside a Worker that its bindings give access to: what isolation is about.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::config::Settings;

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
