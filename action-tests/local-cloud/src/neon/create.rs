//! Creates branches.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::at::{At, lsn_at};
use super::door::{Answer, Caller, Ctx, created, decode};
use super::endpoints::{EndpointOptions, check_options};
use super::model::{Branch, Endpoint, Project};
use super::refusal::Refusal;
use super::schedule::{Step, schedule};
use super::{connection, expiry, history, limits, render};

#[derive(Debug, Default, Deserialize)]
pub(super) struct CreateRequest {
    #[serde(default)]
    branch: Fields,
    #[serde(default)]
    endpoints: Vec<EndpointOptions>,
    #[serde(default)]
    annotation_value: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
struct Fields {
    parent_id: Option<String>,
    name: Option<String>,
    parent_lsn: Option<String>,
    parent_timestamp: Option<String>,
    #[serde(default)]
    protected: bool,
    init_source: Option<String>,
    expires_at: Option<String>,
}

pub(super) async fn create(caller: Caller, Path(project): Path<String>, body: Bytes) -> Answer {
    // The body is optional: without one, a branch of the default branch with no compute.
    let request: CreateRequest = if body.is_empty() {
        CreateRequest::default()
    } else {
        decode(&body)?
    };
    caller.write(&project, |ctx, project| {
        create_branch(ctx, project, &request).map(created)
    })
}

pub(super) fn create_branch(ctx: &Ctx, project: &mut Project, request: &CreateRequest) -> Result<Value, Refusal> {
    let fields = &request.branch;
    let parent = find_parent(project, fields.parent_id.as_deref())?.clone();
    let point = history::point(
        ctx,
        project,
        &parent,
        fields.parent_lsn.as_deref(),
        fields.parent_timestamp.as_deref(),
    )?;
    let mut branch = new_branch(ctx, project, &parent, fields, point)?;
    branch.annotation = request.annotation_value.clone();
    check(ctx, project, &parent, &branch, &request.endpoints)?;

    let endpoints: Vec<Endpoint> = request
        .endpoints
        .iter()
        .map(|options| options.build(ctx, &branch.id))
        .collect();
    let mut steps = vec![Step::on_branch("create_branch", &branch.id).until_there(&branch)];
    for endpoint in &endpoints {
        steps.push(Step::on_endpoint("start_compute", &branch.id, &endpoint.id));
    }
    project.branches.push(branch.clone());
    project.endpoints.extend(endpoints.iter().cloned());
    let chain = schedule(ctx, project, steps);

    let mut answer = json!({
        "branch": render::branch(project, &branch),
        "endpoints": endpoints.iter().map(|e| render::endpoint(ctx, project, e)).collect::<Vec<_>>(),
        "operations": render::operations(project, chain),
        "roles": branch.roles.iter().map(|role| render::role(&branch, role, true)).collect::<Vec<_>>(),
        "databases": branch.databases.iter().map(|d| render::database(&branch, d)).collect::<Vec<_>>(),
    });
    if let Some(uris) = connection_uris(ctx, &branch, &endpoints) {
        answer["connection_uris"] = uris;
    }
    Ok(answer)
}

fn find_parent<'a>(project: &'a Project, id: Option<&str>) -> Result<&'a Branch, Refusal> {
    match id.filter(|id| !id.is_empty()) {
        Some(id) => project.branch(id),
        None => project.default_branch(),
    }
    .ok_or_else(|| Refusal::missing("parent branch"))
}

/// The branch as it will be, before it is known whether it may.
fn new_branch(
    ctx: &Ctx,
    project: &Project,
    parent: &Branch,
    fields: &Fields,
    point: Option<At>,
) -> Result<Branch, Refusal> {
    let init_source = fields.init_source.as_deref().unwrap_or("parent-data");
    let schema_only = match init_source {
        "schema-only" => true,
        "parent-data" => false,
        other => {
            return Err(Refusal::bad(format!("invalid request: unknown init_source `{other}`")));
        }
    };
    let id = ctx.id("br");
    let name = fields.name.clone().unwrap_or_else(|| id.clone());
    if !(1..=256).contains(&name.chars().count()) {
        return Err(Refusal::bad(
            "invalid request: branch name must have 1 to 256 characters",
        ));
    }
    let expiry = fields
        .expires_at
        .as_deref()
        .map(|text| expiry::parse(text, ctx.now))
        .transpose()?;
    let mut roles = parent.roles.clone();
    if parent.protected {
        // Neon: children of a protected branch get passwords of their own.
        for role in &mut roles {
            role.password = ctx.password();
        }
    }
    // A schema-only branch is a root: the parent is only where its schema is copied from.
    let of_parent = |value: String| (!schema_only).then_some(value);
    Ok(Branch {
        parent_id: of_parent(parent.id.clone()),
        parent_lsn: of_parent(lsn_at(project.created_at, point.unwrap_or(ctx.now))),
        parent_timestamp: (!schema_only).then(|| point.unwrap_or(ctx.now)),
        current_state: "init",
        pending_state: Some("ready"),
        state_changed_at: ctx.now,
        default: false,
        protected: fields.protected,
        init_source: init_source.to_owned(),
        created_at: ctx.now,
        updated_at: ctx.now,
        expires_at: expiry.map(|(at, _)| at),
        ttl_seconds: expiry.map(|(_, seconds)| seconds),
        last_reset_at: None,
        annotation: BTreeMap::new(),
        roles,
        databases: parent
            .databases
            .iter()
            .map(|database| database.copy(point, schema_only))
            .collect(),
        hidden_reads: ctx.settings.not_found_after_create,
        id,
        name,
    })
}

/// Everything for which Neon refuses a branch that is well-formed.
fn check(
    ctx: &Ctx,
    project: &Project,
    parent: &Branch,
    branch: &Branch,
    endpoints: &[EndpointOptions],
) -> Result<(), Refusal> {
    for options in endpoints {
        check_options(ctx, options)?;
    }
    let read_write = endpoints.iter().filter(|e| e.is_read_write()).count();
    if read_write > 1 {
        return Err(Refusal::conflict("read_write endpoint already exists"));
    }
    if branch.parent_id.is_none() && read_write == 0 {
        // Checked by Neon's CLI; what the API does without one is not documented.
        return Err(Refusal::unprocessable(
            "a schema-only branch requires exactly one read_write endpoint",
        ));
    }
    limits::check_name_is_free(project, &branch.name)?;
    if parent.pending_state.is_some() {
        return Err(Refusal::unprocessable("branch not ready yet"));
    }
    if parent.expires_at.is_some() && branch.parent_id.is_some() {
        return Err(Refusal::unprocessable(
            "cannot create a child branch of a branch that has an expiration",
        ));
    }
    if branch.protected && branch.expires_at.is_some() {
        return Err(Refusal::unprocessable("cannot set an expiration on a protected branch"));
    }
    limits::check_branch(ctx, project, branch)?;
    limits::check_active_endpoints(ctx, project, endpoints.len())
}

/// Present only when there is exactly one role and one database, and a compute to connect to.
fn connection_uris(ctx: &Ctx, branch: &Branch, endpoints: &[Endpoint]) -> Option<Value> {
    let ([role], [database], Some(endpoint)) =
        (branch.roles.as_slice(), branch.databases.as_slice(), endpoints.first())
    else {
        return None;
    };
    Some(json!([{
        "connection_uri": connection::uri(ctx, endpoint, role, &database.name, false),
        "connection_parameters": {
            "database": database.name,
            "password": role.password,
            "role": role.name,
            "host": ctx.hosts.direct(endpoint),
            "pooler_host": ctx.hosts.pooled(endpoint),
        },
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::world::World;

    fn request(body: Value) -> CreateRequest {
        serde_json::from_value(body).unwrap()
    }

    fn with_compute(name: &str) -> CreateRequest {
        request(json!({"branch": {"name": name}, "endpoints": [{"type": "read_write"}]}))
    }

    #[test]
    fn a_branch_with_compute_tells_its_connection() {
        let mut world = World::new();
        let answer = world
            .with(|ctx, project| create_branch(ctx, project, &with_compute("preview-pr-42")))
            .unwrap();
        assert_eq!(answer["branch"]["current_state"], "init");
        assert_eq!(answer["branch"]["pending_state"], "ready");
        assert_eq!(answer["operations"][0]["action"], "create_branch");
        assert_eq!(answer["operations"][0]["status"], "running");
        assert_eq!(answer["operations"][1]["status"], "scheduling");
        let parameters = &answer["connection_uris"][0]["connection_parameters"];
        let host = parameters["host"].as_str().unwrap();
        assert_eq!(
            parameters["pooler_host"].as_str().unwrap(),
            host.replacen('.', "-pooler.", 1)
        );
    }

    #[test]
    fn a_second_role_hides_the_connection() {
        let mut world = World::new();
        let second = world.project().branches[0].roles[0].clone();
        world.project_mut().branches[0].roles.push(second);
        let answer = world
            .with(|ctx, project| create_branch(ctx, project, &with_compute("a")))
            .unwrap();
        assert!(answer.get("connection_uris").is_none());
    }

    #[test]
    fn refusals() {
        let mut world = World::new();
        world.branch("taken");
        let mut refused = |body: Value| {
            world
                .with(|ctx, project| create_branch(ctx, project, &request(body)))
                .unwrap_err()
        };
        let duplicate = refused(json!({"branch": {"name": "taken"}}));
        assert_eq!(duplicate.status.as_u16(), 409);
        assert_eq!(
            duplicate.message,
            "branch with the provided name \"taken\" already exists"
        );
        for (status, body) in [
            (400, json!({"branch": {"name": ""}})),
            (400, json!({"branch": {"init_source": "nothing"}})),
            (400, json!({"endpoints": [{"type": "rw"}]})),
            (400, json!({"endpoints": [{"type": "read_write", "settings": {}}]})),
            (404, json!({"branch": {"parent_id": "br-not-there-1"}})),
            (422, json!({"branch": {"init_source": "schema-only"}})),
            (422, json!({"branch": {"parent_timestamp": "2020-01-01T00:00:00Z"}})),
        ] {
            assert_eq!(refused(body.clone()).status.as_u16(), status, "{body}");
        }
    }

    #[test]
    fn the_free_plan_refuses_a_suspend_timeout_and_an_eleventh_branch() {
        let mut world = World::new();
        world.settings.seed(&json!({"plan": "free"})).unwrap();
        let with_timeout = request(json!({"endpoints": [{"type": "read_write", "suspend_timeout_seconds": 0}]}));
        let refusal = world
            .with(|ctx, project| create_branch(ctx, project, &with_timeout))
            .unwrap_err();
        assert_eq!(refusal.status.as_u16(), 412);
        for n in 1..10 {
            world.branch(&format!("b{n}"));
        }
        let refusal = world
            .with(|ctx, project| create_branch(ctx, project, &with_compute("b10")))
            .unwrap_err();
        assert_eq!(refusal.code, "BRANCHES_LIMIT_EXCEEDED");
    }

    #[test]
    fn a_schema_only_branch_is_a_root() {
        let mut world = World::new();
        let body = json!({"branch": {"init_source": "schema-only"}, "endpoints": [{"type": "read_write"}]});
        let answer = world
            .with(|ctx, project| create_branch(ctx, project, &request(body)))
            .unwrap();
        assert!(answer["branch"].get("parent_id").is_none());
        assert_eq!(answer["branch"]["name"], answer["branch"]["id"]);
    }
}
