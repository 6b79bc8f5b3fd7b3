//! Projects and the account, read.

use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{Answer, Caller, Query, ok};
use super::refusal::Refusal;
use super::render;

#[derive(Debug, Deserialize)]
pub(super) struct ProjectsQuery {
    search: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// `GET /projects/shared`: nobody shares a project with this account.
pub(super) async fn shared(caller: Caller) -> Answer {
    match caller.scope {
        Some(_) => Err(may_not_list()),
        None => Ok(ok(json!({"projects": []}))),
    }
}

fn may_not_list() -> Refusal {
    Refusal::forbidden("project-scoped API keys are not allowed to list projects")
}

pub(super) async fn list(caller: Caller, Query(query): Query<ProjectsQuery>) -> Answer {
    if caller.scope.is_some() {
        return Err(may_not_list());
    }
    let limit = query.limit.unwrap_or(10);
    if !(1..=400).contains(&limit) {
        return Err(Refusal::bad("limit must be between 1 and 400"));
    }
    Ok(caller.world(|ctx, projects| {
        let shown: Vec<_> = projects
            .iter()
            .filter(|project| {
                query
                    .search
                    .as_deref()
                    .is_none_or(|part| project.name.contains(part) || project.id.contains(part))
            })
            // The cursor is the last id of the page before.
            .skip_while(|project| query.cursor.as_ref().is_some_and(|last| project.id != *last))
            .skip(usize::from(query.cursor.is_some()))
            .take(limit)
            .collect();
        let cursor = shown.last().map(|project| project.id.clone()).or(query.cursor.clone());
        let items: Value = shown
            .iter()
            .map(|project| render::project(ctx, project, true))
            .collect();
        let mut body = json!({"projects": items, "applications": {}, "integrations": {}});
        if let Some(cursor) = cursor {
            body["pagination"] = json!({"cursor": cursor});
        }
        ok(body)
    }))
}

pub(super) async fn get(caller: Caller, Path(project): Path<String>) -> Answer {
    caller.read(&project, |ctx, project| {
        Ok(ok(json!({"project": render::project(ctx, project, false)})))
    })
}

/// `GET /auth`: works for every kind of key.
pub(super) async fn auth(caller: Caller) -> Answer {
    let (account, method) = if caller.organization || caller.scope.is_some() {
        ("org-acme-12345678", "api_key_org")
    } else {
        ("6f0c5b1e-2f4e-4a53-9c8a-0d8f6f1f2a11", "api_key_user")
    };
    Ok(ok(json!({"account_id": account, "auth_method": method})))
}

/// `GET /users/me`: keys of an organization are nobody (404).
pub(super) async fn me(caller: Caller) -> Answer {
    if caller.organization || caller.scope.is_some() {
        return Err(Refusal::missing("user"));
    }
    Ok(caller.world(|ctx, _| {
        ok(json!({
            "active_seconds_limit": 0,
            "auth_accounts": [],
            "email": "team@example.com",
            "id": "6f0c5b1e-2f4e-4a53-9c8a-0d8f6f1f2a11",
            "image": "",
            "login": "acme",
            "name": "Acme",
            "last_name": "",
            "projects_limit": 100,
            "branches_limit": ctx.settings.branches_limit,
            "max_autoscaling_limit": 16,
            "plan": ctx.settings.subscription,
        }))
    }))
}

/// `GET /users/me/organizations`: Neon's CLI asks it to find a project when none was named.
pub(super) async fn organizations(caller: Caller) -> Answer {
    Ok(caller.world(|ctx, _| {
        ok(json!({"organizations": [{
            "id": "org-acme-12345678",
            "name": "Acme",
            "handle": "acme",
            "plan": ctx.settings.subscription,
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
            "managed_by": "console",
        }]}))
    }))
}
