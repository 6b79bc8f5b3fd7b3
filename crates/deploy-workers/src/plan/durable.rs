//! What an upload does to Durable Objects: what is told before it happens, and what is refused. Pure.

use actions_core::plan::Verb;
use wrangler::project::Built;
use wrangler::project::durable;
use wrangler::project::render::Rendered;

use crate::facts::Live;

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) verb: Verb,
    pub(crate) kind: &'static str,
    /// A migration's tag, or a class.
    pub(crate) name: String,
    pub(crate) detail: String,
}

/// What the upload of a service does to its Durable Objects: pending migrations, and classes that go with all that
/// their objects hold.
pub(super) fn changes(worker: &str, built: &Built, rendered: &Rendered, live: &Live) -> Vec<Change> {
    let mut all = Vec::new();
    let deleted = |class: &str, by: &str| Change {
        verb: Verb::Delete,
        kind: "Durable Objects",
        name: class.to_owned(),
        detail: format!("of Worker {worker}, with all that they hold: {by} deletes the class"),
    };
    // A class that this upload makes itself has no objects yet.
    let pending = durable::pending(&rendered.migrations, live.migration_tag.as_deref());
    let there = &rendered.migrations[..rendered.migrations.len() - pending.len()];
    let there = durable::classes(there);
    for migration in pending {
        let tag = migration["tag"].as_str().unwrap_or_default();
        let steps = durable::steps(migration);
        let detail = steps
            .iter()
            .map(|(what, classes)| format!("{what} {}", classes.join(", ")));
        let detail = format!("of Worker {worker}: {}", detail.collect::<Vec<_>>().join("; "));
        all.push(Change {
            verb: Verb::Update,
            kind: "migration",
            name: tag.to_owned(),
            detail,
        });
        let gone = steps
            .iter()
            .filter(|(what, _)| *what == "deleted")
            .flat_map(|(_, classes)| classes);
        // Where nobody knows the live tag, nobody knows the classes either.
        let known = live.migration_tag.is_none() || !there.is_empty();
        let gone = gone.filter(|class| !known || there.contains(class.as_str()));
        all.extend(gone.map(|class| deleted(class, &format!("migration {tag}"))));
    }
    // What stays in the configuration after it was deleted is said again.
    if live.deployment.is_some() {
        let exported = durable::exported(built.metadata.get("exports"));
        let gone = exported.filter(|(_, state)| *state == "deleted");
        all.extend(gone.map(|(class, _)| deleted(class, "`exports`, unless it was done before,")));
    }
    all
}

/// Pending migrations that take Durable Objects from another environment.
pub(super) fn conflicts(rendered: &Rendered, live: &Live) -> Vec<String> {
    let pending = durable::pending(&rendered.migrations, live.migration_tag.as_deref());
    let is_pending = |tag: &str| pending.iter().any(|migration| migration["tag"] == tag);
    let transfers = rendered.transfers.iter();
    let still = transfers.filter(|transfer| transfer.tag.as_deref().is_some_and(is_pending));
    still.map(durable::Transfer::conflict).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_classes_that_were_there_are_said_to_be_deleted() {
        let rendered = Rendered {
            migrations: vec![
                json!({"tag": "v1", "new_sqlite_classes": ["A"]}),
                json!({"tag": "v2", "deleted_classes": ["A"], "new_sqlite_classes": ["B"]}),
            ],
            ..Rendered::default()
        };
        let built = Built::default();
        let told = |tag: Option<&str>| -> Vec<String> {
            let live = Live {
                migration_tag: tag.map(str::to_owned),
                ..Live::default()
            };
            let all = changes("rooms", &built, &rendered, &live).into_iter();
            all.map(|it| format!("{} {} {}: {}", it.verb.mark(), it.kind, it.name, it.detail))
                .collect()
        };
        insta::assert_snapshot!(told(None).join("\n"), @"
        ~ migration v1: of Worker rooms: new A
        ~ migration v2: of Worker rooms: new B; deleted A
        ");
        insta::assert_snapshot!(told(Some("v1")).join("\n"), @"
        ~ migration v2: of Worker rooms: new B; deleted A
        - Durable Objects A: of Worker rooms, with all that they hold: migration v2 deletes the class
        ");
        // Nobody knows how far it came.
        assert!(told(Some("v0")).last().unwrap().starts_with("- Durable Objects A"));
        assert!(told(Some("v2")).is_empty());
    }
}
