//! What a bundle's metadata would say, as far as the configuration tells it: for what is to be known without wrangler.
//! Pure.

use serde_json::{Map, Value, json};

use crate::Settings;
use crate::resource::{NAMINGS, Naming, ResourceKind};

/// Bindings that name nothing outside the Worker: the configuration's key, and the type in an upload.
const NAMELESS: [(&str, &str); 11] = [
    ("ai", "ai"),
    ("analytics", "analytics"),
    ("assets", "assets"),
    ("browser", "browser"),
    ("images", "images"),
    ("media", "media"),
    ("send_email", "send_email"),
    ("stream", "stream"),
    ("version_metadata", "version_metadata"),
    ("websearch", "websearch"),
    ("worker_loaders", "worker_loader"),
];

/// What goes into the metadata as it stands, and leads out of the Worker.
const PASSED_ON: [&str; 5] = [
    "exports",
    "logpush",
    "observability",
    "streaming_tail_consumers",
    "tail_consumers",
];

/// The metadata, without the modules.
pub(super) fn metadata(settings: &Settings<'_>) -> Map<String, Value> {
    let mut metadata = Map::new();
    for key in PASSED_ON {
        metadata.extend(settings.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    metadata.insert("bindings".to_owned(), bindings(settings).into());
    metadata
}

fn bindings(settings: &Settings<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    let vars = settings.get("vars").and_then(Value::as_object).into_iter().flatten();
    all.extend(vars.map(|(name, value)| match value {
        Value::String(text) => json!({"name": name, "type": "plain_text", "text": text}),
        other => json!({"name": name, "type": "json", "json": other}),
    }));
    for naming in NAMINGS {
        all.extend(naming.items(settings).filter_map(|item| binding(naming, item)));
    }
    for (key, kind) in NAMELESS {
        let names = items(settings.get(key)).filter_map(name);
        all.extend(names.map(|name| json!({"name": name, "type": kind})));
    }
    let unsafe_ones = settings.get("unsafe").and_then(|it| it.get("bindings"));
    all.extend(items(unsafe_ones).cloned());
    all
}

/// A list's items, or the one that stands for a list.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(item) => std::slice::from_ref(item),
        None => &[],
    };
    items.iter()
}

/// Workflows have names of their own under `name`, so that `binding` goes first.
fn name(item: &Value) -> Option<&str> {
    item.get("binding").or_else(|| item.get("name"))?.as_str()
}

fn binding(naming: &Naming, item: &Value) -> Option<Value> {
    let name = name(item)?;
    let mut binding = json!({"name": name, "type": naming.binding});
    let mut named = false;
    for (from, to) in naming.id {
        if let Some(id) = item.get(*from).filter(|id| id.is_string()) {
            binding[*to] = id.clone();
            named = true;
        }
    }
    // What wrangler would make itself comes as `inherit` (contract sheet of wrangler, section 9).
    let is_made = matches!(naming.kind, ResourceKind::Kv | ResourceKind::R2 | ResourceKind::D1);
    if is_made && !named {
        return Some(json!({"name": name, "type": "inherit"}));
    }
    if naming.kind == ResourceKind::Workflow {
        binding["workflow_name"] = item.get("name").cloned().unwrap_or_default();
    }
    if let Some(worker) = item.get("outbound").and_then(|outbound| outbound.get("service")) {
        binding["outbound"] = json!({"worker": {"service": worker}});
    }
    Some(binding)
}
