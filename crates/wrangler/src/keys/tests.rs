//! The list of keys against wrangler's schema. The places of the schema lie beside this file; a story holds them against
//! the schemas of real wranglers.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::resource::NAMINGS;

/// Every place of the schemas, `own` behind those that environments do not inherit.
const SCHEMA: &str = include_str!("schema.txt");

fn places() -> impl Iterator<Item = (&'static str, bool)> {
    SCHEMA.lines().map(|line| match line.strip_suffix(" own") {
        Some(place) => (place, true),
        None => (line, false),
    })
}

/// Keys whose parts are looked at one by one: they name things outside the Worker.
const OPEN: &[&str] = &[
    "addresses",
    "durable_objects",
    "exports",
    "logfwdr",
    "migrations",
    "observability",
    "streaming_tail_consumers",
    "tail_consumers",
    "triggers",
    "unsafe",
    "workflows",
];

/// Parts of those that name nothing outside the Worker.
const PLAIN: &[&str] = &[
    "agent_memory.binding",
    "agent_memory.remote",
    "ai_search.binding",
    "ai_search.remote",
    "ai_search_namespaces.binding",
    "ai_search_namespaces.remote",
    "analytics_engine_datasets.binding",
    "analytics_engine_datasets.remote",
    "artifacts.binding",
    "artifacts.remote",
    "d1_databases.binding",
    "d1_databases.database_internal_env",
    "d1_databases.database_name",
    "d1_databases.jurisdiction",
    "d1_databases.migrations_dir",
    "d1_databases.migrations_pattern",
    "d1_databases.migrations_table",
    "d1_databases.preview_database_id",
    "d1_databases.remote",
    "dispatch_namespaces.binding",
    "dispatch_namespaces.remote",
    "durable_objects.bindings",
    "durable_objects.bindings.class_name",
    "durable_objects.bindings.name",
    "durable_objects.code_update_strategy",
    "durable_objects.code_update_strategy.max_delay",
    "durable_objects.code_update_strategy.mode",
    "exports.cache",
    "exports.cache.enabled",
    "exports.concurrency",
    "exports.concurrency.limit",
    "exports.container",
    "exports.default_retention",
    "exports.default_retention.error_retention",
    "exports.default_retention.success_retention",
    "exports.jurisdiction",
    "exports.limits",
    "exports.limits.steps",
    "exports.renamed_to",
    "exports.schedules",
    "exports.state",
    "exports.storage",
    "exports.type",
    "flagship.binding",
    "flagship.remote",
    "hyperdrive.binding",
    "hyperdrive.localConnectionString",
    "hyperdrive.remote",
    "k2.binding",
    "k2.remote",
    "kv_namespaces.binding",
    "kv_namespaces.preview_id",
    "kv_namespaces.remote",
    "logfwdr.bindings",
    "logfwdr.bindings.name",
    "migrations.deleted_classes",
    "migrations.new_classes",
    "migrations.new_sqlite_classes",
    "migrations.renamed_classes",
    "migrations.tag",
    "mtls_certificates.binding",
    "mtls_certificates.remote",
    "observability.enabled",
    "observability.head_sampling_rate",
    "observability.issues",
    "observability.logs",
    "observability.logs.enabled",
    "observability.logs.head_sampling_rate",
    "observability.logs.invocation_logs",
    "observability.logs.persist",
    "observability.redact_query_string",
    "observability.traces",
    "observability.traces.enabled",
    "observability.traces.head_sampling_rate",
    "observability.traces.persist",
    "pipelines.binding",
    "pipelines.remote",
    "queues.producers",
    "queues.producers.binding",
    "queues.producers.delivery_delay",
    "queues.producers.remote",
    "r2_buckets.binding",
    "r2_buckets.jurisdiction",
    "r2_buckets.local_dev",
    "r2_buckets.preview_bucket_name",
    "r2_buckets.remote",
    "ratelimits.name",
    "ratelimits.simple",
    "secrets_store_secrets.binding",
    "services.binding",
    "services.entrypoint",
    "services.props",
    "services.remote",
    "tail_consumers.service",
    "streaming_tail_consumers.service",
    "triggers.crons",
    "unsafe.bindings",
    "unsafe.bindings.dev",
    "unsafe.bindings.name",
    "unsafe.bindings.type",
    "unsafe.metadata",
    "vectorize.binding",
    "vectorize.remote",
    "vpc_networks.binding",
    "vpc_networks.remote",
    "vpc_services.binding",
    "vpc_services.remote",
    "workflows.binding",
    "workflows.class_name",
    "workflows.concurrency",
    "workflows.default_retention",
    "workflows.jurisdiction",
    "workflows.limits",
    "workflows.name",
    "workflows.remote",
    "workflows.schedules",
];

/// Another section of the same service: environments of a Worker are Workers of their own today, so it is taken out.
const ENVIRONMENT: &str = "environment";

fn unclassified(place: &str) -> bool {
    let key = place.split('.').next().unwrap();
    if place == key {
        return !is_known(key);
    }
    let is_open = OPEN.contains(&key) || NAMINGS.iter().any(|naming| naming.key == key);
    if !is_open || place.ends_with(ENVIRONMENT) {
        return false;
    }
    let listed = |place: &str| {
        whole(place).is_some()
            || NAMINGS.iter().any(|naming| naming.names(place))
            // What names nothing has no parts that do, but where those are listed.
            || PLAIN.contains(&place)
    };
    let parents: Vec<&str> = place.match_indices('.').map(|(at, _)| &place[..at]).collect();
    let ends = ["logs", "traces", "bindings", "producers"];
    let closed = |parent: &&str| **parent != *key && listed(parent) && !ends.iter().any(|end| parent.ends_with(end));
    !listed(place) && !parents.iter().any(closed)
}

#[test]
fn every_key_of_wranglers_schema_has_a_class() {
    let missing: Vec<&str> = places()
        .map(|(place, _)| place)
        .filter(|place| unclassified(place))
        .collect();
    assert!(missing.is_empty(), "what becomes of these? {missing:#?}");
    // What the next wrangler brings is not let pass.
    for place in [
        "tomorrow",
        "vpc_networks.gateway_id",
        "observability.sink",
        "observability.logs.sink",
        "exports.from",
    ] {
        assert!(unclassified(place), "{place}");
    }
}

#[test]
fn environments_inherit_what_wrangler_says() {
    let keys = places().filter(|(place, _)| !place.contains('.'));
    let wrong: Vec<&str> = keys
        .filter(|(key, own)| is_inherited(key) == *own)
        .map(|(key, _)| key)
        .collect();
    // Its schema is silent about these, and its code is not.
    assert_eq!(wrong, ["k2", "version_metadata"]);
}

#[test]
fn no_key_is_listed_twice_or_in_vain() {
    let known: BTreeSet<&str> = places().map(|(place, _)| place).collect();
    let mut seen = BTreeSet::new();
    for key in ROWS.iter().flat_map(|row| row.keys) {
        assert!(seen.insert(key), "`{key}` is listed twice");
        assert!(known.contains(key), "no wrangler knows `{key}`");
    }
    for place in PLAIN {
        assert!(known.contains(place), "no wrangler knows `{place}`");
    }
}

#[test]
fn the_table_of_keys_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions/deploy-workers/README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (start, end) = ("<!-- keys: `cargo xtask docs` writes this -->\n", "<!-- /keys -->");
    let (before, rest) = readme.split_once(start).expect("the README has a place for the table");
    let (_, after) = rest.split_once(end).expect("the table ends");
    let current = format!("{before}{start}{}{end}{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let is_current = std::fs::read_to_string(&path).unwrap() == current;
    assert!(is_current, "run `cargo xtask docs`");
}
