//! Databases of a branch.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::branch;
use super::door::{Answer, Caller, Ctx, created, decode, ok};
use super::model::{Branch, Database, Origin, Project};
use super::refusal::Refusal;
use super::render;
use super::schedule::{Step, schedule};

#[derive(Debug, Deserialize)]
struct CreateRequest {
    database: NewDatabase,
}

#[derive(Debug, Deserialize)]
struct NewDatabase {
    name: String,
    owner_name: String,
}

#[derive(Debug, Deserialize)]
struct UpdateRequest {
    database: Changes,
}

#[derive(Debug, Deserialize)]
struct Changes {
    name: Option<String>,
    owner_name: Option<String>,
}

pub(super) fn find<'a>(branch: &'a Branch, name: &str) -> Result<&'a Database, Refusal> {
    branch.database(name).ok_or_else(|| Refusal::missing("database"))
}

pub(super) async fn list(caller: Caller, Path((project, branch)): Path<(String, String)>) -> Answer {
    caller.read(&project, |_, project| {
        let branch = branch::find(project, &branch)?;
        let databases: Value = branch
            .databases
            .iter()
            .map(|database| render::database(branch, database))
            .collect();
        Ok(ok(json!({"databases": databases})))
    })
}

pub(super) async fn get(caller: Caller, Path((project, branch, name)): Path<(String, String, String)>) -> Answer {
    caller.read(&project, |_, project| {
        let branch = branch::find(project, &branch)?;
        let database = find(branch, &name)?;
        Ok(ok(json!({"database": render::database(branch, database)})))
    })
}

pub(super) async fn create(caller: Caller, Path((project, branch)): Path<(String, String)>, body: Bytes) -> Answer {
    let CreateRequest { database } = decode(&body)?;
    caller.write(&project, |ctx, project| {
        let found = branch::find(project, &branch)?;
        check_name(found, &database.name)?;
        check_owner(found, &database.owner_name)?;
        let database = Database::new(&database.name, &database.owner_name, ctx.now, Origin::Empty);
        if let Some(branch) = project.branch_mut(&branch) {
            branch.databases.push(database.clone());
        }
        applied(ctx, project, &branch, &database).map(created)
    })
}

pub(super) async fn update(
    caller: Caller,
    Path((project, branch, name)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let UpdateRequest { database: wanted } = decode(&body)?;
    caller.write(&project, |ctx, project| {
        let found = branch::find(project, &branch)?;
        let mut changed = find(found, &name)?.clone();
        if let Some(new_name) = wanted.name.filter(|new| *new != name) {
            check_name(found, &new_name)?;
            changed.name = new_name;
        }
        if let Some(owner) = wanted.owner_name {
            check_owner(found, &owner)?;
            changed.owner_name = owner;
        }
        changed.updated_at = ctx.now;
        if let Some(branch) = project.branch_mut(&branch) {
            for known in branch.databases.iter_mut().filter(|d| d.id == changed.id) {
                *known = changed.clone();
            }
        }
        applied(ctx, project, &branch, &changed).map(ok)
    })
}

pub(super) async fn delete(caller: Caller, Path((project, branch, name)): Path<(String, String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        let Some(gone) = branch::find(project, &branch)?.database(&name).cloned() else {
            return Ok((StatusCode::NO_CONTENT, Json(Value::Null)));
        };
        if let Some(branch) = project.branch_mut(&branch) {
            branch.databases.retain(|known| known.id != gone.id);
        }
        applied(ctx, project, &branch, &gone).map(ok)
    })
}

fn check_name(branch: &Branch, name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > 63 {
        return Err(Refusal::bad("invalid request: database name must have 1 to 63 bytes"));
    }
    if branch.database(name).is_some() {
        return Err(Refusal::conflict(format!(
            "database with the provided name \"{name}\" already exists"
        )));
    }
    Ok(())
}

fn check_owner(branch: &Branch, owner: &str) -> Result<(), Refusal> {
    branch.role(owner).map(drop).ok_or_else(|| Refusal::missing("role"))
}

fn applied(ctx: &Ctx, project: &mut Project, branch: &str, database: &Database) -> Result<Value, Refusal> {
    let found = branch::find(project, branch)?;
    let step = Step::on_branch("apply_config", branch).until_there(found);
    let chain = schedule(ctx, project, vec![step]);
    let branch = branch::find(project, branch)?;
    Ok(json!({
        "database": render::database(branch, database),
        "operations": render::operations(project, chain),
    }))
}
