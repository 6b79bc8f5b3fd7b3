//! `POST /zones/{zone}/dns_records/batch`: deletes, patches, puts, posts, all or nothing.

use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::envelope::{Answer, Refusal, Reply, parse};
use super::super::shared::Shared;
use super::edit::Editor;
use super::record::Record;
use super::{BAD_BODY, transact};

/// The operations, each list in its own order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Batch {
    deletes: Vec<Map<String, Value>>,
    patches: Vec<Map<String, Value>>,
    puts: Vec<Map<String, Value>>,
    posts: Vec<Map<String, Value>>,
}

pub(super) async fn run(State(cloud): State<Shared>, Path(zone): Path<String>, body: Bytes) -> Answer {
    let batch: Batch = parse(&body, BAD_BODY)?;
    transact(&cloud, &zone, |editor| apply(editor, &batch)).map(Reply::of)
}

fn apply(editor: &mut Editor<'_>, batch: &Batch) -> Result<Value, Refusal> {
    let count = batch.deletes.len() + batch.patches.len() + batch.puts.len() + batch.posts.len();
    if count > editor.limits.batch {
        return Err(Refusal::new(
            400,
            BAD_BODY,
            format!(
                "Too many operations in one batch: {count}, the limit of this zone's plan is {}.",
                editor.limits.batch
            ),
        ));
    }
    let deletes = each(&batch.deletes, |fields| editor.remove(id(fields)?))?;
    let patches = each(&batch.patches, |fields| editor.change(id(fields)?, fields))?;
    let puts = each(&batch.puts, |fields| editor.replace(id(fields)?, fields))?;
    let posts = each(&batch.posts, |fields| editor.create(fields))?;
    Ok(json!({"deletes": deletes, "patches": patches, "puts": puts, "posts": posts}))
}

fn each(
    list: &[Map<String, Value>],
    work: impl FnMut(&Map<String, Value>) -> Result<Record, Refusal>,
) -> Result<Vec<Record>, Refusal> {
    list.iter().map(work).collect()
}

fn id(fields: &Map<String, Value>) -> Result<&str, Refusal> {
    fields
        .get("id")
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::new(400, BAD_BODY, "Request body is invalid: `id` is required."))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::{Settings, Zone};
    use super::*;
    use crate::ids::Ids;

    struct World {
        zone: Zone,
        ids: Ids,
    }

    impl World {
        fn new() -> Self {
            Self {
                zone: Zone::new("z", "example.com", "a"),
                ids: Ids::default(),
            }
        }

        fn run(&mut self, batch: &Value) -> Result<Value, Refusal> {
            let batch: Batch = serde_json::from_value(batch.clone()).unwrap();
            let settings = Settings::default();
            let mut editor = Editor::new(&self.zone, &settings, &self.ids, "now");
            let done = apply(&mut editor, &batch)?;
            self.zone.records = editor.into_records();
            Ok(done)
        }
    }

    #[test]
    fn deletes_come_first_so_a_name_can_change_its_type() {
        let mut world = World::new();
        let made = world
            .run(&json!({"posts":[{"type":"A","name":"x","content":"192.0.2.1"}]}))
            .unwrap();
        let id = &made["posts"][0]["id"];
        world
            .run(&json!({"posts":[{"type":"CNAME","name":"x","content":"y.example.com"}],"deletes":[{"id":id}]}))
            .unwrap();
        assert_eq!(world.zone.records.len(), 1);
        assert_eq!(world.zone.records[0].kind, "CNAME");
    }

    #[test]
    fn nothing_is_kept_when_one_operation_fails() {
        let mut world = World::new();
        let refusal = world
            .run(&json!({"posts":[
                {"type":"A","name":"x","content":"192.0.2.1"},
                {"type":"CNAME","name":"x","content":"y.example.com"},
            ]}))
            .unwrap_err();
        assert_eq!(refusal.code, 81053);
        assert!(world.zone.records.is_empty());
        let refusal = world.run(&json!({"deletes":[{"id":"no"}]})).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (404, 81044));
    }

    #[test]
    fn a_free_zone_takes_200_operations_and_200_records() {
        let mut world = World::new();
        let posts = |from: u32, to: u32| {
            (from..to)
                .map(|n| json!({"type":"TXT","name":format!("t{n}"),"content":"x"}))
                .collect::<Vec<_>>()
        };
        assert_eq!(world.run(&json!({"posts": posts(0, 201)})).unwrap_err().status, 400);
        world.run(&json!({"posts": posts(0, 200)})).unwrap();
        assert_eq!(world.run(&json!({"posts": posts(200, 201)})).unwrap_err().code, 81045);
    }
}
