//! Durable Objects over time: what migrations and `exports` make, delete and move. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

/// Durable Objects of a class that move between Workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The migration's tag; `None` for `exports`.
    pub tag: Option<String>,
    pub class: String,
    /// The other Worker.
    pub worker: String,
    /// Whether they leave this Worker.
    pub leaves: bool,
}

impl Transfer {
    /// Why it is refused in an environment that the other Worker is not of.
    pub fn conflict(&self) -> String {
        let place = match &self.tag {
            Some(tag) => format!("migration `{tag}`"),
            None => "`exports`".to_owned(),
        };
        let (class, worker) = (&self.class, &self.worker);
        let (what, fate) = if self.leaves {
            ("to", "this environment's objects would be gone")
        } else {
            ("from", "Cloudflare would take them away from there")
        };
        let key = if self.tag.is_some() { "migrations" } else { "exports" };
        format!(
            "{place} moves the Durable Objects of class `{class}` {what} Worker `{worker}`, which is no service of the manifest and so not this environment's own: {fate}; give this environment `{key}` of its own in the wrangler configuration that make the class instead, or add the Worker to `services`"
        )
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Points transfers at the Workers of the environment; returns those from Workers that `own` does not know.
pub(super) fn move_within(migrations: &mut [Value], own: impl Fn(&str) -> Option<String>) -> Vec<Transfer> {
    let mut foreign = Vec::new();
    for migration in migrations {
        let tag = text(migration, "tag").to_owned();
        let moved = migration.get_mut("transferred_classes").and_then(Value::as_array_mut);
        for class in moved.into_iter().flatten() {
            match own(text(class, "from_script")) {
                Some(worker) => class["from_script"] = worker.into(),
                None => foreign.push(Transfer {
                    tag: Some(tag.clone()),
                    class: text(class, "from").to_owned(),
                    worker: text(class, "from_script").to_owned(),
                    leaves: false,
                }),
            }
        }
    }
    foreign
}

/// The same of `exports`, where both Workers name each other.
pub(super) fn move_exports(exports: &mut Value, own: impl Fn(&str) -> Option<String>) -> Vec<Transfer> {
    let mut foreign = Vec::new();
    for (class, export) in exports.as_object_mut().into_iter().flatten() {
        for (key, leaves) in [("transfer_from", false), ("transferred_to", true)] {
            let Some(worker) = export.get(key).and_then(Value::as_str) else {
                continue;
            };
            match own(worker) {
                Some(worker) => export[key] = worker.into(),
                None => foreign.push(Transfer {
                    tag: None,
                    class: class.clone(),
                    worker: worker.to_owned(),
                    leaves,
                }),
            }
        }
    }
    foreign
}

/// The migrations that are still to be run, when `live` is the tag of the last one that was. All of them, when nobody
/// knows that tag any more, as wrangler does it.
pub fn pending<'a>(migrations: &'a [Value], live: Option<&str>) -> &'a [Value] {
    let done = live
        .and_then(|live| migrations.iter().position(|migration| migration["tag"] == live))
        .map_or(0, |at| at + 1);
    &migrations[done..]
}

/// What a migration does, kind by kind: what it is called, and the classes.
pub fn steps(migration: &Value) -> Vec<(&'static str, Vec<String>)> {
    let names = |key: &str| -> Vec<String> {
        let list = migration[key].as_array().into_iter().flatten();
        list.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let pairs = |key: &str, show: fn(&Value) -> String| -> Vec<String> {
        migration[key].as_array().into_iter().flatten().map(show).collect()
    };
    let mut new = names("new_classes");
    new.extend(names("new_sqlite_classes"));
    let renamed = pairs("renamed_classes", |it| {
        format!("{} to {}", text(it, "from"), text(it, "to"))
    });
    let moved = pairs("transferred_classes", |it| {
        format!(
            "{} of {} to {}",
            text(it, "from"),
            text(it, "from_script"),
            text(it, "to")
        )
    });
    let all = [
        ("new", new),
        ("renamed", renamed),
        ("moved", moved),
        ("deleted", names("deleted_classes")),
    ];
    all.into_iter().filter(|(_, classes)| !classes.is_empty()).collect()
}

/// Classes that a Worker implements once these migrations have run.
pub fn classes(migrations: &[Value]) -> BTreeSet<&str> {
    let mut live = BTreeSet::new();
    for migration in migrations {
        let list = |key: &str| migration[key].as_array().into_iter().flatten();
        live.extend(
            list("new_classes")
                .chain(list("new_sqlite_classes"))
                .filter_map(Value::as_str),
        );
        for gone in list("deleted_classes") {
            live.remove(gone.as_str().unwrap_or_default());
        }
        for renamed in list("renamed_classes") {
            live.remove(text(renamed, "from"));
            live.insert(text(renamed, "to"));
        }
        live.extend(list("transferred_classes").map(|moved| text(moved, "to")));
    }
    live
}

/// The Durable Objects that `exports` names, each with its state. Such an upload goes by `PUT` alone: a version is
/// refused (Cloudflare, 10211; contract sheet of Cloudflare, section 4).
pub fn exported(exports: Option<&Value>) -> impl Iterator<Item = (&String, &str)> {
    let all = exports.and_then(Value::as_object).into_iter().flatten();
    let objects = all.filter(|(_, export)| export["type"] == "durable-object");
    objects.map(|(class, export)| (class, export["state"].as_str().unwrap_or("created")))
}

/// Whether a class is there in this state of its export.
pub fn is_live(state: &str) -> bool {
    matches!(state, "created" | "expecting-transfer")
}

/// The workflows that `exports` declares.
pub(super) fn workflows(exports: Option<&Value>) -> impl Iterator<Item = &Value> {
    let all = exports.and_then(Value::as_object).into_iter().flatten();
    all.map(|(_, export)| export)
        .filter(|export| export["type"] == "workflow")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn own(worker: &str) -> Option<String> {
        (worker == "rooms").then(|| "rooms-42".to_owned())
    }

    #[test]
    fn objects_move_within_an_environment_only() {
        let mut migrations = vec![
            json!({"tag": "v1", "transferred_classes": [{"from": "A", "from_script": "rooms", "to": "B"}]}),
            json!({"tag": "v2", "transferred_classes": [{"from": "C", "from_script": "other", "to": "C"}]}),
        ];
        let foreign = move_within(&mut migrations, own);
        assert_eq!(migrations[0]["transferred_classes"][0]["from_script"], "rooms-42");
        assert_eq!(foreign.len(), 1);
        insta::assert_snapshot!(foreign[0].conflict(), @"migration `v2` moves the Durable Objects of class `C` from Worker `other`, which is no service of the manifest and so not this environment's own: Cloudflare would take them away from there; give this environment `migrations` of its own in the wrangler configuration that make the class instead, or add the Worker to `services`");

        let mut exports = json!({
            "A": {"type": "durable-object", "state": "expecting-transfer", "transfer_from": "rooms"},
            "B": {"type": "durable-object", "state": "transferred", "transferred_to": "other"},
        });
        let foreign = move_exports(&mut exports, own);
        assert_eq!(exports["A"]["transfer_from"], "rooms-42");
        insta::assert_snapshot!(foreign[0].conflict(), @"`exports` moves the Durable Objects of class `B` to Worker `other`, which is no service of the manifest and so not this environment's own: this environment's objects would be gone; give this environment `exports` of its own in the wrangler configuration that make the class instead, or add the Worker to `services`");
    }

    #[test]
    fn a_class_lives_until_it_is_deleted() {
        let all = [
            json!({"tag": "v1", "new_classes": ["A"], "new_sqlite_classes": ["B"]}),
            json!({"tag": "v2", "renamed_classes": [{"from": "A", "to": "C"}], "deleted_classes": ["B"]}),
            json!({"tag": "v3", "transferred_classes": [{"from": "X", "from_script": "rooms", "to": "D"}]}),
            json!({"tag": "v4", "deleted_classes": ["C", "D"]}),
        ];
        assert_eq!(classes(&all[..1]), BTreeSet::from(["A", "B"]));
        assert_eq!(classes(&all[..3]), BTreeSet::from(["C", "D"]));
        assert!(classes(&all).is_empty());
        assert_eq!(pending(&all, Some("v2")), &all[2..]);
        assert_eq!(pending(&all, Some("unknown")), &all);
        assert!(pending(&all, Some("v4")).is_empty());
        let v2 = [
            ("renamed", vec!["A to C".to_owned()]),
            ("deleted", vec!["B".to_owned()]),
        ];
        assert_eq!(steps(&all[1]), v2);
    }
}
