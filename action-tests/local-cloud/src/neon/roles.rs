//! Roles of a branch and their passwords.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::branch;
use super::door::{Answer, Caller, Ctx, created, decode, ok};
use super::model::{Branch, Project, Role};
use super::refusal::Refusal;
use super::render;
use super::schedule::{Step, schedule};

#[derive(Debug, Deserialize)]
struct RoleRequest {
    role: NewRole,
}

#[derive(Debug, Deserialize)]
struct NewRole {
    name: String,
}

fn find<'a>(project: &'a Project, branch: &str, role: &str) -> Result<(&'a Branch, &'a Role), Refusal> {
    let branch = branch::find(project, branch)?;
    let role = branch.role(role).ok_or_else(|| Refusal::missing("role"))?;
    Ok((branch, role))
}

pub(super) async fn list(caller: Caller, Path((project, branch)): Path<(String, String)>) -> Answer {
    caller.read(&project, |_, project| {
        let branch = branch::find(project, &branch)?;
        let roles: Value = branch
            .roles
            .iter()
            .map(|role| render::role(branch, role, false))
            .collect();
        Ok(ok(json!({"roles": roles})))
    })
}

pub(super) async fn get(caller: Caller, Path((project, branch, role)): Path<(String, String, String)>) -> Answer {
    caller.read(&project, |_, project| {
        let (branch, role) = find(project, &branch, &role)?;
        Ok(ok(json!({"role": render::role(branch, role, false)})))
    })
}

pub(super) async fn create(caller: Caller, Path((project, branch)): Path<(String, String)>, body: Bytes) -> Answer {
    let RoleRequest { role } = decode(&body)?;
    caller.write(&project, |ctx, project| {
        if role.name.is_empty() || role.name.len() > 63 {
            return Err(Refusal::bad("invalid request: role name must have 1 to 63 bytes"));
        }
        if branch::find(project, &branch)?.role(&role.name).is_some() {
            return Err(Refusal::conflict("role already exists"));
        }
        let role = Role {
            name: role.name,
            password: ctx.password(),
            next_password: None,
            created_at: ctx.now,
            updated_at: ctx.now,
        };
        if let Some(branch) = project.branch_mut(&branch) {
            branch.roles.push(role.clone());
        }
        applied(ctx, project, &branch, &role).map(created)
    })
}

pub(super) async fn delete(caller: Caller, Path((project, branch, role)): Path<(String, String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        let Ok((found, gone)) = find(project, &branch, &role) else {
            branch::find(project, &branch)?;
            return Ok((StatusCode::NO_CONTENT, Json(Value::Null)));
        };
        if found.databases.iter().any(|d| d.owner_name == role) {
            return Err(Refusal::unprocessable("cannot delete a role that owns a database"));
        }
        let gone = gone.clone();
        if let Some(branch) = project.branch_mut(&branch) {
            branch.roles.retain(|known| known.name != role);
        }
        applied(ctx, project, &branch, &gone).map(ok)
    })
}

pub(super) async fn reveal_password(
    caller: Caller,
    Path((project, branch, role)): Path<(String, String, String)>,
) -> Answer {
    caller.read(&project, |ctx, project| {
        let (_, role) = find(project, &branch, &role)?;
        if !ctx.settings.store_passwords {
            return Err(Refusal::precondition("storing passwords is disabled for the project"));
        }
        Ok(ok(json!({"password": role.password})))
    })
}

/// The old password stays valid until the operations have finished; connections are dropped.
pub(super) async fn reset_password(
    caller: Caller,
    Path((project, branch, role)): Path<(String, String, String)>,
) -> Answer {
    caller.write(&project, |ctx, project| {
        find(project, &branch, &role)?;
        let mut reset = None;
        if let Some(branch) = project.branch_mut(&branch) {
            for known in branch.roles.iter_mut().filter(|known| known.name == role) {
                known.next_password = Some(ctx.password());
                known.updated_at = ctx.now;
                reset = Some(known.clone());
            }
        }
        for endpoint in &mut project.endpoints {
            if endpoint.branch_id == branch {
                endpoint.kicks += 1;
            }
        }
        let role = reset.ok_or_else(|| Refusal::missing("role"))?;
        applied(ctx, project, &branch, &role).map(ok)
    })
}

/// A role, with its password, and the operations that bring it into force.
fn applied(ctx: &Ctx, project: &mut Project, branch: &str, role: &Role) -> Result<Value, Refusal> {
    let chain = schedule(ctx, project, vec![Step::on_branch("apply_config", branch)]);
    let branch = branch::find(project, branch)?;
    Ok(json!({
        "role": render::role(branch, role, true),
        "operations": render::operations(project, chain),
    }))
}
