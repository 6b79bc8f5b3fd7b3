//! One branch: read, changed, made the default, deleted.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::door::{Answer, Caller, Ctx, decode, ok};
use super::model::{Branch, Project};
use super::refusal::Refusal;
use super::schedule::{Step, schedule};
use super::{expiry, limits, render};

#[derive(Debug, Deserialize)]
struct UpdateRequest {
    branch: Changes,
}

#[derive(Debug, Default, Deserialize)]
struct Changes {
    name: Option<String>,
    protected: Option<bool>,
    #[serde(default)]
    expires_at: Expiry,
}

/// `expires_at` of a change: left out, `null`, or a time.
#[derive(Debug, Default)]
enum Expiry {
    #[default]
    Unchanged,
    Never,
    At(String),
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Never, Self::At))
    }
}

pub(super) fn find<'a>(project: &'a Project, id: &str) -> Result<&'a Branch, Refusal> {
    project.branch(id).ok_or_else(|| Refusal::missing("branch"))
}

pub(super) async fn get(caller: Caller, Path((project, branch)): Path<(String, String)>) -> Answer {
    caller.read(&project, |_, project| {
        if let Some(branch) = project.branch_mut(&branch)
            && branch.hidden_reads > 0
        {
            branch.hidden_reads -= 1;
            return Err(Refusal::missing("branch"));
        }
        let branch = find(project, &branch)?;
        Ok(ok(json!({
            "branch": render::branch(project, branch),
            "annotation": render::annotation(branch),
        })))
    })
}

pub(super) async fn update(caller: Caller, Path((project, branch)): Path<(String, String)>, body: Bytes) -> Answer {
    let request: UpdateRequest = decode(&body)?;
    caller.write(&project, |ctx, project| {
        change(ctx, project, &branch, &request.branch)?;
        Ok(ok(plain(project, &branch)?))
    })
}

fn change(ctx: &Ctx, project: &mut Project, id: &str, changes: &Changes) -> Result<(), Refusal> {
    let mut branch = find(project, id)?.clone();
    if let Some(name) = &changes.name
        && *name != branch.name
    {
        if !(1..=256).contains(&name.chars().count()) {
            return Err(Refusal::bad(
                "invalid request: branch name must have 1 to 256 characters",
            ));
        }
        limits::check_name_is_free(project, name)?;
        branch.name.clone_from(name);
    }
    match &changes.expires_at {
        Expiry::Unchanged => {}
        Expiry::Never => {
            branch.expires_at = None;
            branch.ttl_seconds = None;
        }
        Expiry::At(text) => {
            let (at, seconds) = expiry::parse(text, ctx.now)?;
            branch.expires_at = Some(at);
            branch.ttl_seconds = Some(seconds);
        }
    }
    if let Some(protected) = changes.protected {
        if protected && !branch.protected {
            limits::check_protected(ctx, project)?;
        }
        branch.protected = protected;
    }
    if branch.expires_at.is_some() {
        expiry::check_may_expire(project, &branch)?;
    }
    branch.updated_at = ctx.now;
    if let Some(known) = project.branch_mut(id) {
        *known = branch;
    }
    Ok(())
}

pub(super) async fn set_as_default(caller: Caller, Path((project, branch)): Path<(String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        if find(project, &branch)?.expires_at.is_some() {
            return Err(Refusal::unprocessable(
                "cannot set a branch that has an expiration as default",
            ));
        }
        for known in &mut project.branches {
            known.default = known.id == branch;
            if known.default {
                known.updated_at = ctx.now;
            }
        }
        Ok(ok(plain(project, &branch)?))
    })
}

/// A branch whose change needs no operations.
fn plain(project: &Project, id: &str) -> Result<Value, Refusal> {
    let branch = find(project, id)?;
    Ok(json!({"branch": render::branch(project, branch), "operations": []}))
}

/// Deletion is idempotent: 204 when there is nothing to delete. `hard_delete` and the recovery that it
/// turns off are not available in Neon yet, so every deletion is for good.
pub(super) async fn delete(caller: Caller, Path((project, branch)): Path<(String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        let Some(found) = project.branch(&branch) else {
            return Ok((StatusCode::NO_CONTENT, Json(Value::Null)));
        };
        check_may_be_deleted(project, found)?;
        let shown = render::branch(project, found);
        let mut steps: Vec<Step> = project
            .endpoints_of(&branch)
            .map(|endpoint| Step::on_endpoint("suspend_compute", &branch, &endpoint.id))
            .collect();
        steps.push(Step::on_branch("delete_timeline", &branch));
        project.remove_branch(&branch);
        let chain = schedule(ctx, project, steps);
        Ok(ok(
            json!({"branch": shown, "operations": render::operations(project, chain)}),
        ))
    })
}

/// Neon says "root or default branch". Schema-only branches are roots that can be deleted, and the root
/// that was made with the project is the default unless another one was made so; hence no rule on roots.
fn check_may_be_deleted(project: &Project, branch: &Branch) -> Result<(), Refusal> {
    let reason = if branch.default {
        "cannot delete the default branch of the project"
    } else if branch.protected {
        "cannot delete a protected branch"
    } else if project.has_children(&branch.id) {
        "cannot delete a branch that has child branches"
    } else {
        return Ok(());
    };
    Err(Refusal::unprocessable(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::world::World;

    fn changes(body: Value) -> Changes {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn an_expiry_can_be_set_kept_and_cleared() {
        let mut world = World::new();
        let id = world.branch("preview-pr-42");
        let at = world.now.plus_seconds(3600).to_string();
        let mut apply = |body: Value| {
            world
                .with(|ctx, project| change(ctx, project, &id, &changes(body)))
                .unwrap();
            world.project().branch(&id).unwrap().ttl_seconds
        };
        assert_eq!(apply(json!({"expires_at": at})), Some(3600));
        assert_eq!(apply(json!({"name": "other"})), Some(3600));
        assert_eq!(apply(json!({"expires_at": null})), None);
    }

    #[test]
    fn what_must_stay_neither_expires_nor_is_deleted() {
        let mut world = World::new();
        let default = world.project().branches[0].id.clone();
        let protected = world.branch("protected");
        world
            .with(|ctx, project| change(ctx, project, &protected, &changes(json!({"protected": true}))))
            .unwrap();
        let at = world.now.plus_seconds(3600).to_string();
        for id in [default, protected] {
            let refusal = world
                .with(|ctx, project| change(ctx, project, &id, &changes(json!({"expires_at": at}))))
                .unwrap_err();
            assert_eq!(refusal.status.as_u16(), 422);
            let project = world.project();
            assert!(check_may_be_deleted(project, project.branch(&id).unwrap()).is_err());
        }
    }
}
