//! How configurations and uploads name things outside the Worker.

use super::ResourceKind;

/// How a kind of thing is named by bindings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming {
    pub(crate) kind: ResourceKind,
    /// The configuration's key, and the list within it.
    pub(crate) key: &'static str,
    pub(crate) inner: &'static str,
    /// The binding's type in an upload's metadata.
    pub(crate) binding: &'static str,
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
