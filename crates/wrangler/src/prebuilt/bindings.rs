//! A configuration's bindings as the upload names them.

use serde_json::{Map, Value, json};

use crate::config::Settings;

/// One kind of binding: where the configuration has its list, and what becomes of an item's fields.
struct Kind {
    key: &'static str,
    /// The list within it.
    inner: &'static str,
    /// The field with the binding's name.
    name: &'static str,
    /// The upload's `type`.
    made: &'static str,
    /// The field that says what is bound. Where it may be missing, wrangler leaves `inherit`.
    id: Option<(&'static str, &'static str, Missing)>,
    /// Others, and what they are called in the upload.
    more: &'static [(&'static str, &'static str)],
    /// For local development, or for other commands of wrangler.
    unused: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Inherits,
    IsWrong,
}

use Missing::{Inherits, IsWrong};

/// In wrangler's order; variables come before them, the single ones after.
const LISTS: &[Kind] = &[
    Kind {
        key: "kv_namespaces",
        inner: "",
        name: "binding",
        made: "kv_namespace",
        id: Some(("id", "namespace_id", Inherits)),
        more: &[],
        unused: &["preview_id", "remote"],
    },
    Kind {
        key: "durable_objects",
        inner: "bindings",
        name: "name",
        made: "durable_object_namespace",
        id: Some(("class_name", "class_name", IsWrong)),
        more: &[("script_name", "script_name")],
        unused: &[],
    },
    Kind {
        key: "queues",
        inner: "producers",
        name: "binding",
        made: "queue",
        id: Some(("queue", "queue_name", IsWrong)),
        more: &[("delivery_delay", "delivery_delay")],
        unused: &["remote"],
    },
    Kind {
        key: "r2_buckets",
        inner: "",
        name: "binding",
        made: "r2_bucket",
        id: Some(("bucket_name", "bucket_name", Inherits)),
        more: &[("jurisdiction", "jurisdiction")],
        unused: &["preview_bucket_name", "remote"],
    },
    Kind {
        key: "d1_databases",
        inner: "",
        name: "binding",
        made: "d1",
        id: Some(("database_id", "id", Inherits)),
        more: &[],
        unused: &[
            "database_name",
            "migrations_dir",
            "migrations_table",
            "preview_database_id",
            "remote",
        ],
    },
    Kind {
        key: "vectorize",
        inner: "",
        name: "binding",
        made: "vectorize",
        id: Some(("index_name", "index_name", IsWrong)),
        more: &[],
        unused: &["remote"],
    },
    Kind {
        key: "hyperdrive",
        inner: "",
        name: "binding",
        made: "hyperdrive",
        id: Some(("id", "id", IsWrong)),
        more: &[],
        unused: &["localConnectionString"],
    },
    Kind {
        key: "services",
        inner: "",
        name: "binding",
        made: "service",
        id: Some(("service", "service", IsWrong)),
        more: &[("entrypoint", "entrypoint"), ("props", "props")],
        unused: &["remote"],
    },
    Kind {
        key: "analytics_engine_datasets",
        inner: "",
        name: "binding",
        made: "analytics_engine",
        id: None,
        more: &[("dataset", "dataset")],
        unused: &[],
    },
];

/// Kinds of which a Worker has one: key and type.
const SINGLE: [(&str, &str); 4] = [
    ("browser", "browser"),
    ("ai", "ai"),
    ("version_metadata", "version_metadata"),
    ("assets", "assets"),
];

/// Whether bindings of this key are translated here.
pub(super) fn knows(key: &str) -> bool {
    key == "vars" || LISTS.iter().any(|kind| kind.key == key) || SINGLE.iter().any(|(single, _)| *single == key)
}

/// All bindings, in wrangler's order; `None` where one has a shape that is not known here.
pub(super) fn all(settings: &Settings<'_>) -> Option<Vec<Value>> {
    let mut all = Vec::new();
    if let Some(vars) = set(settings, "vars") {
        let (texts, others): (Vec<_>, Vec<_>) = vars.as_object()?.iter().partition(|(_, value)| value.is_string());
        all.extend(
            texts
                .into_iter()
                .map(|(name, text)| json!({"name": name, "type": "plain_text", "text": text})),
        );
        all.extend(
            others
                .into_iter()
                .map(|(name, value)| json!({"name": name, "type": "json", "json": value})),
        );
    }
    for kind in LISTS {
        let Some(list) = set(settings, kind.key) else { continue };
        let list = if kind.inner.is_empty() {
            Some(list)
        } else {
            list.get(kind.inner)
        };
        let Some(list) = list.filter(|list| !list.is_null()) else {
            continue;
        };
        for item in list.as_array()? {
            all.push(kind.binding(item.as_object()?)?);
        }
    }
    for (key, kind) in SINGLE {
        let Some(value) = set(settings, key) else { continue };
        let value = value.as_object()?;
        // Assets have settings of their own, which are no part of the binding.
        let known = |field: &String| key == "assets" || ["binding", "remote"].contains(&field.as_str());
        if !value.keys().all(known) {
            return None;
        }
        match value.get("binding") {
            Some(Value::String(name)) => all.push(json!({"name": name, "type": kind})),
            None if key == "assets" => {}
            _ => return None,
        }
    }
    Some(all)
}

fn set<'a>(settings: &Settings<'a>, key: &str) -> Option<&'a Value> {
    settings.get(key).filter(|value| !value.is_null())
}

impl Kind {
    fn binding(&self, item: &Map<String, Value>) -> Option<Value> {
        let name = item.get(self.name)?.as_str()?;
        let known = |field: &str| {
            field == self.name
                || self.id.is_some_and(|(from, ..)| from == field)
                || self.more.iter().any(|(from, _)| *from == field)
                || self.unused.contains(&field)
        };
        if !item.keys().all(|field| known(field)) {
            return None;
        }
        let mut binding = json!({"name": name, "type": self.made});
        if let Some((from, to, missing)) = self.id {
            match item.get(from) {
                Some(Value::String(id)) if !id.is_empty() => binding[to] = id.as_str().into(),
                None if missing == Inherits => return Some(json!({"name": name, "type": "inherit"})),
                _ => return None,
            }
        }
        for (from, to) in self.more {
            match item.get(*from) {
                Some(value) if value.is_null() || value.as_str() == Some("") => return None,
                Some(value) => binding[*to] = value.clone(),
                None => {}
            }
        }
        Some(binding)
    }
}
