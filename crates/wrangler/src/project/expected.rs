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

/// Where a configuration lists bindings: a key, and the list within it, which may be the key's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    pub(super) key: &'static str,
    inner: &'static str,
}

/// The names of all bindings but variables, each with its list.
pub(super) fn named<'a>(settings: &Settings<'a>) -> Vec<(List, &'a str)> {
    let of_naming = NAMINGS.iter().flat_map(|naming| {
        let (key, inner) = (naming.key, naming.inner);
        naming
            .items(settings)
            .filter_map(name)
            .map(move |name| (List { key, inner }, name))
    });
    let nameless = NAMELESS.iter().flat_map(|(key, _)| {
        let key: &'static str = key;
        items(settings.get(key))
            .filter_map(name)
            .map(move |name| (List { key, inner: "" }, name))
    });
    let (key, inner) = ("unsafe", "bindings");
    let unsafe_ones = items(settings.get(key).and_then(|it| it.get(inner)));
    let unsafe_ones = unsafe_ones.filter_map(name).map(|name| (List { key, inner }, name));
    of_naming.chain(nameless).chain(unsafe_ones).collect()
}

/// Whether a list is there, and empty.
pub(super) fn is_emptied(settings: &Settings<'_>, List { key, inner }: List) -> bool {
    let list = settings.get(key);
    let list = list.and_then(|list| if inner.is_empty() { Some(list) } else { list.get(inner) });
    list.and_then(Value::as_array).is_some_and(Vec::is_empty)
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
