//! Seeds: what a test adds to the world, below `neon`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::at::lsn_at;
use super::door::Ctx;
use super::model::{Branch, Database, Endpoint, Origin, Project, Role};
use super::operation::{Operation, Status};
use super::settings::Settings;
use super::world;

/// An API key that is not like the others. Any other non-empty key opens everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKey {
    pub(crate) key: String,
    #[serde(default = "yes")]
    pub(crate) valid: bool,
    /// Set for a project-scoped key.
    #[serde(default)]
    pub(crate) project: Option<String>,
    /// A key of the organization, not of a person.
    #[serde(default)]
    pub(crate) organization: bool,
}

fn yes() -> bool {
    true
}

/// The seed document below `neon`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seed {
    settings: Option<Value>,
    api_keys: Vec<ApiKey>,
    projects: Vec<SeedProject>,
    branches: Vec<SeedBranch>,
    roles: Vec<SeedRole>,
    databases: Vec<SeedDatabase>,
    operations: Vec<SeedOperation>,
    /// Branches (by name) whose present content is kept as a point to go back to.
    remember: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedProject {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedBranch {
    name: String,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    id: Option<String>,
    /// Name of the parent; the default branch when left out.
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    expires_in_seconds: Option<i64>,
    #[serde(default)]
    created_seconds_ago: i64,
    #[serde(default)]
    annotation: BTreeMap<String, String>,
    #[serde(default = "yes")]
    endpoint: bool,
    /// DDL of its databases while the runtime is off.
    #[serde(default)]
    schema: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedRole {
    branch: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedDatabase {
    branch: String,
    name: String,
    #[serde(default)]
    schema: String,
}

/// An operation of Neon's own that is running, such as `check_availability`: it locks its project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedOperation {
    action: String,
    ms: i64,
}

/// Merges a seed: what has a known name or key is replaced, the rest is added.
pub(super) fn seed(
    ctx: &Ctx,
    projects: &mut Vec<Project>,
    keys: &mut Vec<ApiKey>,
    settings: &mut Settings,
    document: &Value,
) -> anyhow::Result<()> {
    let seed: Seed = serde_json::from_value(document.clone()).context("in `neon` of the seed")?;
    if let Some(value) = &seed.settings {
        settings.seed(value)?;
    }
    for key in seed.api_keys {
        keys.retain(|known| known.key != key.key);
        keys.push(key);
    }
    for wanted in seed.projects {
        let suffix = ctx.id("br").replacen("br-", "", 1);
        let name = wanted.name.as_deref().unwrap_or(&wanted.id);
        projects.push(world::project(&wanted.id, name, "main", &suffix, ctx.now));
    }
    for wanted in seed.branches {
        let project = match &wanted.project {
            Some(id) => projects.iter_mut().find(|project| project.id == *id),
            None => projects.first_mut(),
        };
        let project = project.context("a seeded neon branch names no known project")?;
        add_branch(ctx, project, wanted)?;
    }
    let Some(project) = projects.first_mut() else {
        bail!("there is no neon project");
    };
    for wanted in seed.roles {
        let branch = named(project, &wanted.branch)?;
        branch.roles.push(Role {
            name: wanted.name,
            password: ctx.password(),
            next_password: None,
            created_at: ctx.now,
            updated_at: ctx.now,
        });
    }
    for wanted in seed.databases {
        let branch = named(project, &wanted.branch)?;
        let owner = branch.roles.first().map(|role| role.name.clone());
        let owner = owner.unwrap_or_default();
        branch.databases.retain(|known| known.name != wanted.name);
        branch.databases.push(Database {
            schema: wanted.schema,
            ..Database::new(&wanted.name, &owner, ctx.now, Origin::Empty)
        });
    }
    for name in seed.remember {
        for database in &mut named(project, &name)?.databases {
            database.remember(ctx.now);
        }
    }
    for wanted in seed.operations {
        let chain = project.operations.last().map_or(1, |last| last.chain + 1);
        project.operations.push(Operation {
            id: ctx.ids.uuid(),
            chain,
            action: wanted.action,
            branch_id: None,
            endpoint_id: None,
            status: Status::Running,
            created_at: ctx.now,
            updated_at: ctx.now,
            began_at: Some(ctx.now),
            error: None,
            length_ms: wanted.ms,
            waits_for: Vec::new(),
        });
    }
    Ok(())
}

fn named<'a>(project: &'a mut Project, name: &str) -> anyhow::Result<&'a mut Branch> {
    project
        .branches
        .iter_mut()
        .find(|branch| branch.name == name)
        .with_context(|| format!("the seed names neon branch `{name}`, which is not there"))
}

pub(super) fn add_branch(ctx: &Ctx, project: &mut Project, wanted: SeedBranch) -> anyhow::Result<()> {
    let parent = match &wanted.parent {
        Some(name) => named(project, name)?.clone(),
        None => project
            .default_branch()
            .context("the neon project has no default branch")?
            .clone(),
    };
    if project.branches.iter().any(|known| known.name == wanted.name) {
        bail!("the seed adds neon branch `{}` a second time", wanted.name);
    }
    let created_at = ctx.now.plus_seconds(-wanted.created_seconds_ago);
    let mut databases: Vec<_> = parent.databases.iter().map(|d| d.copy(None, false)).collect();
    if let Some(schema) = &wanted.schema {
        for database in &mut databases {
            database.schema.clone_from(schema);
        }
    }
    let branch = Branch {
        id: wanted.id.unwrap_or_else(|| ctx.id("br")),
        name: wanted.name,
        parent_id: Some(parent.id.clone()),
        parent_lsn: Some(lsn_at(project.created_at, created_at)),
        parent_timestamp: Some(created_at),
        default: false,
        protected: wanted.protected,
        created_at,
        updated_at: created_at,
        state_changed_at: created_at,
        expires_at: wanted
            .expires_in_seconds
            .map(|seconds| ctx.now.whole().plus_seconds(seconds)),
        ttl_seconds: wanted.expires_in_seconds,
        last_reset_at: None,
        annotation: wanted.annotation,
        databases,
        ..parent
    };
    if wanted.endpoint {
        let mut endpoint = Endpoint::new(ctx.id("ep"), branch.id.clone(), "read_write", created_at);
        endpoint.current_state = "idle";
        endpoint.pending_state = None;
        project.endpoints.push(endpoint);
    }
    project.branches.push(branch);
    Ok(())
}
