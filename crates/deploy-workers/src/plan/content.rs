//! What an upload holds: metadata, modules, migrations, and the tag that stands for all of it. Pure.

use actions_core::cloudflare::Module;
use actions_core::environment::{Environment, Service};
use actions_core::text::quoted_list;
use serde_json::{Map, Value, json};

use crate::facts::Live;
use crate::plan::fingerprint;
use crate::plan::secrets::Dropped;
use wrangler::project::Built;
use wrangler::project::durable;
use wrangler::project::render::Rendered;

/// The tag of a service's upload. One by wrangler holds more than the metadata says: its whole configuration counts.
pub(crate) fn tag(environment: &Environment, service: &Service, built: &Built, rendered: &Rendered) -> String {
    let assets = built.assets.as_ref().map(|files| (&files.assets[..], &files.config));
    let mut metadata = metadata(built, rendered);
    if let Some(handed) = &built.handed {
        let config = handed.configuration(environment, service, rendered);
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
    let pending = durable::pending(all, live);
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

/// Whether an upload says what becomes of Durable Objects by `exports`: a version could not (Cloudflare, 10211).
pub(crate) fn exports_objects(metadata: &Map<String, Value>) -> bool {
    durable::exported(metadata.get("exports")).next().is_some()
}

fn bindings(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The bindings of what serves that our upload does not name: names, by whether their kind is kept.
fn unnamed<'a>(live: &'a Live, rendered: &Rendered) -> (Vec<&'a str>, Vec<&'a str>) {
    let ours: Vec<&Value> = bindings(rendered.metadata.get("bindings"))
        .map(|binding| &binding["name"])
        .collect();
    let kept: Vec<&Value> = bindings(rendered.metadata.get("keep_bindings")).collect();
    let theirs = live.version.iter().flat_map(|version| &version.resources.bindings);
    let (kept, dropped): (Vec<&Value>, Vec<&Value>) = theirs
        .filter(|binding| !ours.contains(&&binding["name"]))
        .partition(|binding| kept.contains(&&binding["type"]));
    let names = |all: Vec<&'a Value>| all.into_iter().filter_map(|binding| binding["name"].as_str()).collect();
    (names(kept), names(dropped))
}

fn secrets_of(names: &[String]) -> String {
    format!(
        "secret{} {}",
        if names.len() == 1 { "" } else { "s" },
        quoted_list(names)
    )
}

/// Declared secrets that stay as they are on the Worker.
pub(crate) fn inherited(built: &Built, service: &Service) -> Option<String> {
    let given = |name: &&String| service.secrets.iter().any(|secret| secret.name == **name);
    let names: Vec<String> = built.declared.iter().filter(|name| !given(name)).cloned().collect();
    let verb = if names.len() == 1 { "stays" } else { "stay" };
    (!names.is_empty()).then(|| {
        format!(
            "{} {verb} as on the Worker: `secrets.required` of the wrangler configuration names what this step does not give",
            secrets_of(&names)
        )
    })
}

/// What a person should know about bindings that the configuration does not name: which stay, and which go. What
/// another version of ours had is left out on purpose, so nothing is said of it.
pub(crate) fn by_hand(live: &Live, rendered: &Rendered, taken: Option<&Dropped>) -> Vec<String> {
    let (mut kept, dropped) = unnamed(live, rendered);
    let is_ours = fingerprint::content(live.tag()).is_some();
    let mut notes = Vec::new();
    if let Some(taken) = taken {
        kept.retain(|name| !taken.names.iter().any(|taken| taken == name));
        let (verb, them) = if taken.names.len() == 1 {
            ("goes", "it")
        } else {
            ("go", "them")
        };
        notes.push(format!(
            "{} {verb}: `drop-secrets` names {them}, and the manifest does not",
            secrets_of(&taken.names)
        ));
    }
    if !kept.is_empty() {
        // With `keep_vars` other kinds are kept, too.
        let secrets_only = bindings(rendered.metadata.get("keep_bindings")).all(|kind| {
            let kind = kind.as_str().unwrap_or_default();
            kind.starts_with("secret_")
        });
        let noun = if secrets_only { "secret" } else { "binding" };
        let (plural, verb, them) = if kept.len() == 1 {
            ("", "stays", "it")
        } else {
            ("s", "stay", "them")
        };
        let way_out = if secrets_only {
            format!("; `drop-secrets: {}` takes {them} away", kept.join(", "))
        } else {
            String::new()
        };
        notes.push(format!(
            "{noun}{plural} {} {verb} on the Worker, set by hand or by an earlier manifest: this one does not name {them}{way_out}",
            quoted_list(&kept)
        ));
    }
    if !dropped.is_empty() && !is_ours {
        let (noun, verb) = if dropped.len() == 1 {
            ("binding", "goes")
        } else {
            ("bindings", "go")
        };
        notes.push(format!(
            "{noun} {} {verb}: what serves has them by another way, and neither the manifest nor the wrangler configuration names them",
            quoted_list(&dropped)
        ));
    }
    notes
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

    #[test]
    fn what_was_set_by_hand_is_told() {
        let live = |tag: &str| {
            Live {
            version: serde_json::from_value(json!({
                "id": "v", "annotations": {"workers/tag": tag},
                "resources": {"bindings": [
                    {"name": "KEY", "type": "secret_text"}, {"name": "HAND", "type": "plain_text", "text": "1"},
                    {"name": "CACHE", "type": "kv_namespace", "namespace_id": "x"}, {"name": "STAGE", "type": "plain_text"},
                ]},
            }))
            .unwrap(),
            ..Live::default()
        }
        };
        let rendered = |keep: Value| Rendered {
            metadata: json!({"bindings": [{"name": "STAGE", "type": "plain_text"}], "keep_bindings": keep})
                .as_object()
                .unwrap()
                .clone(),
            ..Rendered::default()
        };
        let notes = by_hand(&live("v1.2"), &rendered(json!(["secret_text"])), None);
        assert_eq!(
            notes[0],
            "secret `KEY` stays on the Worker, set by hand or by an earlier manifest: this one does not name it; `drop-secrets: KEY` takes it away"
        );
        assert!(notes[1].starts_with("bindings `HAND` and `CACHE` go: "), "{notes:?}");
        // Of a version of ours, they were taken out on purpose.
        assert_eq!(
            by_hand(&live("codex-00-1-1"), &rendered(json!(["secret_text"])), None).len(),
            1
        );
        // With `keep_vars`, variables are kept as well.
        let notes = by_hand(&live(""), &rendered(json!(["secret_text", "plain_text", "json"])), None);
        assert!(
            notes[0].contains("`KEY` and `HAND` stay") && notes[1].starts_with("binding `CACHE` goes"),
            "{notes:?}"
        );
    }
}
