//! The configuration that wrangler is given when it uploads for us.

use serde_json::{Map, Value, json};

use super::config::Settings;
use super::resource::{NAMINGS, ResourceKind};

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
            // A first version lacks bindings to Workers that are not there yet.
            if naming.kind.means_worker() {
                items.retain(|item| bindings.iter().any(|binding| name_of(item) == binding["name"].as_str()));
            }
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
