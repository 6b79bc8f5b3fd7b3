//! Restores a branch to the state of another one, or to its own past; a reset to the parent is the
//! former.

use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::at::lsn_at;
use super::branch::find;
use super::door::{Answer, Caller, Ctx, decode, ok};
use super::model::{Branch, Project};
use super::refusal::Refusal;
use super::schedule::{Step, schedule};
use super::{expiry, history, limits, render};

#[derive(Debug, Deserialize)]
pub(super) struct RestoreRequest {
    source_branch_id: String,
    source_lsn: Option<String>,
    source_timestamp: Option<String>,
    preserve_under_name: Option<String>,
}

pub(super) async fn restore(caller: Caller, Path((project, branch)): Path<(String, String)>, body: Bytes) -> Answer {
    let request: RestoreRequest = decode(&body)?;
    caller.write(&project, |ctx, project| {
        restore_branch(ctx, project, &branch, &request).map(ok)
    })
}

pub(super) fn restore_branch(
    ctx: &Ctx,
    project: &mut Project,
    id: &str,
    request: &RestoreRequest,
) -> Result<Value, Refusal> {
    let target = find(project, id)?.clone();
    let source = project
        .branch(&request.source_branch_id)
        .ok_or_else(|| Refusal::missing("source branch"))?
        .clone();
    let point = history::point(
        ctx,
        project,
        &source,
        request.source_lsn.as_deref(),
        request.source_timestamp.as_deref(),
    )?;
    let preserve = request.preserve_under_name.as_deref().filter(|name| !name.is_empty());
    if target.protected {
        return Err(Refusal::unprocessable("cannot restore a protected branch"));
    }
    if source.id == target.id && point.is_none() {
        return Err(Refusal::bad(
            "source_timestamp or source_lsn is required to restore a branch from itself",
        ));
    }
    if preserve.is_none() && (source.id == target.id || project.has_children(id)) {
        return Err(Refusal::bad("preserve_under_name is required"));
    }

    let kept = match preserve {
        Some(name) => Some(preserved(ctx, project, &target, name)?),
        None => None,
    };
    let restored = restored(ctx, project, &target, &source, kept.as_ref(), point);
    if let Some(kept) = kept {
        for child in &mut project.branches {
            if child.parent_id.as_deref() == Some(id) {
                child.parent_id = Some(kept.id.clone());
            }
        }
        project.branches.push(kept);
    }
    if let Some(known) = project.branch_mut(id) {
        *known = restored.clone();
    }

    let mut steps = Vec::new();
    for endpoint in &mut project.endpoints {
        if endpoint.branch_id == id {
            endpoint.kicks += 1;
            steps.push(Step::on_endpoint("suspend_compute", id, &endpoint.id));
        }
    }
    let computes: Vec<String> = project.endpoints_of(id).map(|e| e.id.clone()).collect();
    steps.push(Step::on_branch("create_timeline", id).until_there(&restored));
    for endpoint in computes {
        steps.push(Step::on_endpoint("start_compute", id, &endpoint));
    }
    let chain = schedule(ctx, project, steps);
    Ok(json!({
        "branch": render::branch(project, &restored),
        "operations": render::operations(project, chain),
    }))
}

/// The branch that keeps the target's state from before: it takes over the databases themselves.
fn preserved(ctx: &Ctx, project: &Project, target: &Branch, name: &str) -> Result<Branch, Refusal> {
    limits::check_name_is_free(project, name)?;
    let kept = Branch {
        id: ctx.id("br"),
        name: name.to_owned(),
        default: false,
        protected: false,
        created_at: ctx.now,
        updated_at: ctx.now,
        state_changed_at: ctx.now,
        expires_at: None,
        ttl_seconds: None,
        annotation: std::collections::BTreeMap::new(),
        ..target.clone()
    };
    limits::check_branch(ctx, project, &kept)?;
    Ok(kept)
}

/// The target with the source's content. A preserved branch becomes its parent, so that a later reset
/// to the parent goes back to the preserved state.
fn restored(
    ctx: &Ctx,
    project: &Project,
    target: &Branch,
    source: &Branch,
    kept: Option<&Branch>,
    point: Option<super::at::At>,
) -> Branch {
    let parent = kept.map_or(&source.id, |kept| &kept.id).clone();
    let mut branch = Branch {
        parent_id: Some(parent),
        parent_lsn: Some(lsn_at(project.created_at, point.unwrap_or(ctx.now))),
        parent_timestamp: Some(point.unwrap_or(ctx.now)),
        current_state: "resetting",
        pending_state: Some("ready"),
        state_changed_at: ctx.now,
        updated_at: ctx.now,
        last_reset_at: Some(ctx.now),
        roles: source.roles.clone(),
        databases: source
            .databases
            .iter()
            .map(|database| database.copy(point, false))
            .collect(),
        ..target.clone()
    };
    expiry::restart(&mut branch, ctx.now);
    branch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::world::World;

    fn restore(world: &mut World, id: &str, body: Value) -> Result<Value, Refusal> {
        let request: RestoreRequest = serde_json::from_value(body).unwrap();
        world.with(|ctx, project| restore_branch(ctx, project, id, &request))
    }

    #[test]
    fn a_preserved_branch_becomes_the_parent_and_takes_the_children() {
        let mut world = World::new();
        let production = world.project().branches[0].id.clone();
        let preview = world.branch("preview-pr-42");
        let checkpoint = world.branch("checkpoint");
        let before = world.project().branch(&production).unwrap().databases[0]
            .physical
            .clone();
        let needs_name = restore(&mut world, &production, json!({"source_branch_id": checkpoint}));
        assert_eq!(needs_name.unwrap_err().message, "preserve_under_name is required");
        let answer = restore(
            &mut world,
            &production,
            json!({"source_branch_id": checkpoint, "preserve_under_name": "production_old"}),
        )
        .unwrap();
        assert_eq!(answer["branch"]["current_state"], "resetting");
        let project = world.project();
        let kept = project.branches.iter().find(|b| b.name == "production_old").unwrap();
        assert_eq!(kept.databases[0].physical, before, "the old data moved");
        assert_eq!(project.branch(&preview).unwrap().parent_id.as_ref(), Some(&kept.id));
        let restored = project.branch(&production).unwrap();
        assert_eq!(restored.parent_id.as_ref(), Some(&kept.id));
        assert!(restored.default, "it is still the default branch");
    }

    #[test]
    fn a_reset_starts_the_time_to_live_again() {
        let mut world = World::new();
        let production = world.project().branches[0].id.clone();
        let preview = world.branch("preview-pr-42");
        let now = world.now;
        let branch = world.project_mut().branch_mut(&preview).unwrap();
        branch.ttl_seconds = Some(3600);
        branch.expires_at = Some(now.plus_seconds(60));
        restore(&mut world, &preview, json!({"source_branch_id": production})).unwrap();
        let branch = world.project().branch(&preview).unwrap();
        assert_eq!(branch.expires_at.unwrap().seconds_since(now), 3600);
        assert_eq!(branch.parent_id.as_ref(), Some(&production));
    }

    #[test]
    fn a_branch_restored_from_itself_needs_a_point() {
        let mut world = World::new();
        let id = world.branch("a");
        let refusal = restore(&mut world, &id, json!({"source_branch_id": id})).unwrap_err();
        assert_eq!(refusal.status.as_u16(), 400);
        let at = world.now.to_string();
        let body = json!({"source_branch_id": id, "source_timestamp": at, "preserve_under_name": "b"});
        assert!(restore(&mut world, &id, body).is_ok());
    }
}
