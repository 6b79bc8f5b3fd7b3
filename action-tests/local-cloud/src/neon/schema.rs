//! Schemas: of the real database when the runtime is on, else the seeded text.

use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{Answer, Caller, Ctx, Query, ok};
use super::model::{Branch, Project};
use super::refusal::Refusal;
use super::{branch, databases, diff, history};

#[derive(Debug, Deserialize)]
pub(super) struct SchemaQuery {
    db_name: Option<String>,
    lsn: Option<String>,
    timestamp: Option<String>,
    format: Option<String>,
    base_branch_id: Option<String>,
    base_lsn: Option<String>,
    base_timestamp: Option<String>,
}

impl SchemaQuery {
    fn database(&self) -> Result<&str, Refusal> {
        self.db_name
            .as_deref()
            .ok_or_else(|| Refusal::bad("invalid request: decode params: query: \"db_name\": field required"))
    }
}

/// A database whose schema is asked for.
struct Subject {
    branch: String,
    physical: String,
    seeded: String,
}

fn subject(
    ctx: &Ctx,
    project: &Project,
    branch: &Branch,
    database: &str,
    (lsn, timestamp): (Option<&str>, Option<&str>),
) -> Result<Subject, Refusal> {
    let point = history::point(ctx, project, branch, lsn, timestamp)?;
    let (physical, schema) = databases::find(branch, database)?.content(point);
    Ok(Subject {
        branch: branch.name.clone(),
        physical: physical.to_owned(),
        seeded: schema.to_owned(),
    })
}

async fn sql(caller: &Caller, subject: &Subject) -> Result<String, Refusal> {
    match &caller.cloud().ground.runtime {
        None => Ok(subject.seeded.clone()),
        Some(runtime) => runtime
            .schema(&subject.physical)
            .await
            .map_err(|error| Refusal::internal(format!("{error:#}"))),
    }
}

pub(super) async fn get(
    caller: Caller,
    Path((project, branch)): Path<(String, String)>,
    Query(query): Query<SchemaQuery>,
) -> Answer {
    let name = query.database()?;
    let subject = caller.read(&project, |ctx, project| {
        let point = (query.lsn.as_deref(), query.timestamp.as_deref());
        subject(ctx, project, branch::find(project, &branch)?, name, point)
    })?;
    match query.format.as_deref() {
        None | Some("sql") => Ok(ok(json!({"sql": sql(&caller, &subject).await?}))),
        Some("json") => Ok(ok(json!({"json": {"tables": tables(&caller, &subject).await?}}))),
        Some(other) => Err(Refusal::bad(format!("unknown format `{other}`"))),
    }
}

/// The tables of the real database; none without the runtime.
async fn tables(caller: &Caller, subject: &Subject) -> Result<Value, Refusal> {
    const TABLES: &str = "select json_build_object('schema', table_schema, 'name', table_name, 'columns', \
        json_agg(json_build_object('name', column_name, 'type', data_type, 'nullable', is_nullable = 'YES', \
        'generated', is_generated = 'ALWAYS') order by ordinal_position)) as t from information_schema.columns \
        where table_schema not in ('pg_catalog', 'information_schema') \
        group by table_schema, table_name order by table_schema, table_name";
    let Some(runtime) = &caller.cloud().ground.runtime else {
        return Ok(json!([]));
    };
    let rows = runtime
        .query(&subject.physical, TABLES)
        .await
        .map_err(|error| Refusal::internal(format!("{error:#}")))?;
    let tables = rows.as_array().into_iter().flatten();
    Ok(tables.map(|row| row["t"].clone()).collect())
}

/// Without `base_branch_id` the base is the parent.
pub(super) async fn compare(
    caller: Caller,
    Path((project, branch)): Path<(String, String)>,
    Query(query): Query<SchemaQuery>,
) -> Answer {
    let name = query.database()?;
    let (base, head) = caller.read(&project, |ctx, project| {
        let branch = branch::find(project, &branch)?;
        let base = query.base_branch_id.as_ref().or(branch.parent_id.as_ref());
        let base = base.ok_or_else(|| Refusal::bad("base_branch_id is required"))?;
        let base_point = (query.base_lsn.as_deref(), query.base_timestamp.as_deref());
        let point = (query.lsn.as_deref(), query.timestamp.as_deref());
        Ok((
            subject(ctx, project, branch::find(project, base)?, name, base_point)?,
            subject(ctx, project, branch, name, point)?,
        ))
    })?;
    let (old, new) = (sql(&caller, &base).await?, sql(&caller, &head).await?);
    Ok(ok(
        json!({"diff": diff::unified(&base.branch, &head.branch, &old, &new)}),
    ))
}
