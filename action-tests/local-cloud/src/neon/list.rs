//! Lists branches: search, sort, pages.

use axum::extract::Path;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::door::{Answer, Caller, Query, ok};
use super::model::{Branch, Project};
use super::refusal::Refusal;
use super::render;

/// Most branches on one page.
const LIMIT: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    search: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// Where a page ended. Carries the order, so that a cursor is not continued in another one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Cursor {
    sort_by: String,
    sort_order: String,
    key: String,
    id: String,
}

impl Cursor {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(json!(self).to_string())
    }

    fn decode(text: &str) -> Result<Self, Refusal> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| Refusal::bad("invalid cursor"))
    }
}

pub(super) async fn list(caller: Caller, Path(project): Path<String>, Query(query): Query<ListQuery>) -> Answer {
    caller.read(&project, |ctx, project| {
        page(project, &query, ctx.settings.page_size).map(ok)
    })
}

pub(super) async fn count(caller: Caller, Path(project): Path<String>, Query(query): Query<ListQuery>) -> Answer {
    caller.read(&project, |_, project| {
        let count = project
            .branches
            .iter()
            .filter(|branch| matches(branch, query.search.as_deref()))
            .count();
        Ok(ok(json!({"count": count})))
    })
}

/// `search` is a part of the name or of the id.
fn matches(branch: &Branch, search: Option<&str>) -> bool {
    search.is_none_or(|part| branch.name.contains(part) || branch.id.contains(part))
}

fn page(project: &Project, query: &ListQuery, default_limit: usize) -> Result<Value, Refusal> {
    let sort_by = query.sort_by.as_deref().unwrap_or("updated_at");
    let key: fn(&Branch) -> String = match sort_by {
        "name" => |branch| branch.name.clone(),
        // Padded, so that text sorts as the numbers do.
        "created_at" => |branch| format!("{:020}", branch.created_at.0.as_microsecond()),
        "updated_at" => |branch| format!("{:020}", branch.updated_at.0.as_microsecond()),
        other => return Err(Refusal::bad(format!("invalid sort_by `{other}`"))),
    };
    let sort_order = query.sort_order.as_deref().unwrap_or("desc");
    let descending = match sort_order {
        "asc" => false,
        "desc" => true,
        other => return Err(Refusal::bad(format!("invalid sort_order `{other}`"))),
    };
    let limit = match query.limit.as_deref().map(str::parse) {
        None => default_limit,
        Some(Ok(limit @ 1..=LIMIT)) => limit,
        Some(_) => return Err(Refusal::bad("limit must be between 1 and 10000")),
    };
    let after = query.cursor.as_deref().map(Cursor::decode).transpose()?;
    if after
        .as_ref()
        .is_some_and(|after| after.sort_by != sort_by || after.sort_order != sort_order)
    {
        return Err(Refusal::bad("the cursor belongs to another sort order"));
    }

    let mut found: Vec<(String, &Branch)> = project
        .branches
        .iter()
        .filter(|branch| matches(branch, query.search.as_deref()))
        .map(|branch| (key(branch), branch))
        .collect();
    found.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
    if descending {
        found.reverse();
    }
    if let Some(after) = &after {
        found.retain(|(key, branch)| {
            let (here, there) = ((key, &branch.id), (&after.key, &after.id));
            if descending { here < there } else { here > there }
        });
    }
    found.truncate(limit);

    let mut pagination = Map::new();
    // Present on the last page, too, as Neon's is; an empty page repeats the cursor it was asked by.
    let next = found
        .last()
        .map(|(key, branch)| {
            Cursor {
                sort_by: sort_by.to_owned(),
                sort_order: sort_order.to_owned(),
                key: key.clone(),
                id: branch.id.clone(),
            }
            .encode()
        })
        .or_else(|| query.cursor.clone());
    if let Some(next) = next {
        pagination.insert("next".to_owned(), json!(next));
    }
    pagination.insert("sort_by".to_owned(), json!(sort_by));
    pagination.insert("sort_order".to_owned(), json!(sort_order));

    let annotations: Map<String, Value> = found
        .iter()
        .filter(|(_, branch)| !branch.annotation.is_empty())
        .map(|(_, branch)| (branch.id.clone(), render::annotation(branch)))
        .collect();
    let branches: Vec<Value> = found
        .iter()
        .map(|(_, branch)| render::branch(project, branch))
        .collect();
    Ok(json!({"branches": branches, "annotations": annotations, "pagination": pagination}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::world::World;

    fn names(page: &Value) -> Vec<&str> {
        page["branches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|branch| branch["name"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn pages_follow_one_another_and_next_is_always_there() {
        let mut world = World::new();
        for name in ["a", "b", "c"] {
            world.branch(name);
        }
        let mut query = ListQuery {
            sort_by: Some("name".to_owned()),
            sort_order: Some("asc".to_owned()),
            limit: Some("3".to_owned()),
            ..ListQuery::default()
        };
        let first = page(world.project(), &query, 100).unwrap();
        assert_eq!(names(&first), ["a", "b", "c"]);
        query.cursor = first["pagination"]["next"].as_str().map(str::to_owned);
        let second = page(world.project(), &query, 100).unwrap();
        assert_eq!(names(&second), ["production"]);
        query.cursor = second["pagination"]["next"].as_str().map(str::to_owned);
        assert!(query.cursor.is_some(), "next on the last page");
        let third = page(world.project(), &query, 100).unwrap();
        assert!(names(&third).is_empty());
        assert_eq!(third["pagination"]["next"], second["pagination"]["next"]);
    }

    #[test]
    fn search_is_partial_and_a_foreign_cursor_is_refused() {
        let mut world = World::new();
        for name in ["preview-pr-4", "preview-pr-42"] {
            world.branch(name);
        }
        let query = ListQuery {
            search: Some("pr-4".to_owned()),
            ..ListQuery::default()
        };
        let found = page(world.project(), &query, 100).unwrap();
        assert_eq!(names(&found).len(), 2);
        let query = ListQuery {
            sort_by: Some("name".to_owned()),
            cursor: found["pagination"]["next"].as_str().map(str::to_owned),
            ..ListQuery::default()
        };
        assert!(page(world.project(), &query, 100).is_err());
    }
}
