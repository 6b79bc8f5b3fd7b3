//! Operations, read.

use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{Answer, Caller, Query, ok};
use super::refusal::Refusal;
use super::render;

/// Most operations on one page.
const LIMIT: usize = 1000;

#[derive(Debug, Deserialize)]
pub(super) struct OperationsQuery {
    cursor: Option<String>,
    limit: Option<String>,
}

/// Newest first. The cursor looks like a time, as Neon's does, and is always there.
pub(super) async fn list(caller: Caller, Path(project): Path<String>, Query(query): Query<OperationsQuery>) -> Answer {
    let limit = match query.limit.as_deref().map(str::parse) {
        None => LIMIT,
        Some(Ok(limit @ 1..=LIMIT)) => limit,
        Some(_) => return Err(Refusal::bad("limit must be between 1 and 1000")),
    };
    caller.read(&project, |ctx, project| {
        // Microseconds of the creation, then the position, which sets those of one moment apart.
        let place = |position: usize| {
            let at = project.operations[position].created_at.0;
            format!("{at:.6}#{position:06}")
        };
        let shown: Vec<usize> = (0..project.operations.len())
            .rev()
            .filter(|position| query.cursor.as_ref().is_none_or(|after| place(*position) < *after))
            .take(limit)
            .collect();
        let cursor = shown
            .last()
            .map(|position| place(*position))
            .or(query.cursor.clone())
            .unwrap_or_else(|| format!("{:.6}#000000", ctx.now.0));
        let operations: Value = shown
            .iter()
            .map(|position| render::operation(project, &project.operations[*position]))
            .collect();
        Ok(ok(json!({"operations": operations, "pagination": {"cursor": cursor}})))
    })
}

pub(super) async fn get(caller: Caller, Path((project, id)): Path<(String, String)>) -> Answer {
    caller.read(&project, |_, project| {
        let operation = project
            .operations
            .iter()
            .find(|operation| operation.id == id)
            .ok_or_else(|| Refusal::missing("operation"))?;
        Ok(ok(json!({"operation": render::operation(project, operation)})))
    })
}
