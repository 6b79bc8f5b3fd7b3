//! What an upload holds: metadata, modules, migrations, and the tag that stands for all of it. Pure.

use actions_core::cloudflare::Module;
use actions_core::environment::{Environment, Service};
use serde_json::{Map, Value, json};

use crate::facts::Live;
use crate::plan::fingerprint;
use crate::project::Built;
use crate::project::render::Rendered;

/// The tag of a service's upload. One by wrangler holds more than the metadata says: its whole configuration counts.
pub(crate) fn tag(environment: &Environment, service: &Service, built: &Built, rendered: &Rendered) -> String {
    let assets = built.assets.as_ref().map(|files| (&files.assets[..], &files.config));
    let mut metadata = metadata(built, rendered);
    if let Some(handed) = &built.handed {
        let config = handed.configuration(environment, service, &rendered.metadata);
        metadata.insert("wrangler".to_owned(), Value::Object(config));
    }
    fingerprint::tag(&service.worker, &metadata, modules(built), assets, built.size)
}

/// The metadata to upload, but for what an asset session and migrations add.
pub(crate) fn metadata(built: &Built, rendered: &Rendered) -> Map<String, Value> {
    if !built.assets_only {
        return rendered.metadata.clone();
    }
    // Assets alone have no code, so nothing that binds to it.
    let kept = ["compatibility_date", "compatibility_flags"];
    let fields = rendered.metadata.iter().filter(|(key, _)| kept.contains(&key.as_str()));
    fields.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The modules to upload.
pub(crate) fn modules(built: &Built) -> &[Module] {
    if built.assets_only { &[] } else { &built.modules }
}

/// The migrations after the one that is live, as the API wants them.
pub(crate) fn migrations(all: &[Value], live: Option<&str>) -> Option<Value> {
    let done = live
        .and_then(|live| all.iter().position(|migration| migration["tag"] == live))
        .map_or(0, |at| at + 1);
    let pending = &all[done..];
    let last = pending.last()?;
    let steps: Vec<Value> = pending
        .iter()
        .map(|migration| {
            let mut step = migration.clone();
            if let Some(fields) = step.as_object_mut() {
                fields.remove("tag");
            }
            step
        })
        .collect();
    let mut migrations = json!({"new_tag": last["tag"], "steps": steps});
    if let Some(live) = live {
        migrations["old_tag"] = live.into();
    }
    Some(migrations)
}

/// Secrets that stay although the manifest does not name them.
pub(crate) fn kept(live: &Live, rendered: &Rendered) -> Option<String> {
    let names = |bindings: Option<&Value>| -> Vec<String> {
        let all = bindings.and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|binding| binding["name"].as_str().map(str::to_owned))
            .collect()
    };
    let ours = names(rendered.metadata.get("bindings"));
    let version = live.version.as_ref()?;
    let secrets = version
        .resources
        .bindings
        .iter()
        .filter(|binding| binding["type"] == "secret_text" || binding["type"] == "secret_key");
    let kept: Vec<String> = secrets
        .filter_map(|binding| binding["name"].as_str().map(str::to_owned))
        .filter(|name| !ours.contains(name))
        .collect();
    (!kept.is_empty()).then(|| {
        let (noun, verb) = if kept.len() == 1 {
            ("secret", "stays")
        } else {
            ("secrets", "stay")
        };
        format!(
            "{noun} {} {verb}, set by hand: the manifest does not name them",
            actions_core::text::quoted_list(&kept)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pending_migrations_are_run() {
        let all = [
            json!({"tag": "v1", "new_sqlite_classes": ["A"]}),
            json!({"tag": "v2", "renamed_classes": [{"from": "A", "to": "B"}]}),
        ];
        assert_eq!(
            migrations(&all, None).unwrap(),
            json!({"new_tag": "v2", "steps": [{"new_sqlite_classes": ["A"]}, {"renamed_classes": [{"from": "A", "to": "B"}]}]})
        );
        assert_eq!(
            migrations(&all, Some("v1")).unwrap(),
            json!({"new_tag": "v2", "old_tag": "v1", "steps": [{"renamed_classes": [{"from": "A", "to": "B"}]}]})
        );
        assert_eq!(migrations(&all, Some("v2")), None);
        assert_eq!(migrations(&[], Some("v2")), None);
    }
}
