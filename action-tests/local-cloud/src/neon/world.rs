//! The default world, and what seeds add to it.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::at::{At, lsn_at};
use super::door::Ctx;
use super::model::{Branch, Database, Endpoint, Origin, Project, Role};
use super::operation::{Operation, Status};
use super::settings::Settings;

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
pub(super) struct Seed {
    settings: Option<Value>,
    api_keys: Vec<ApiKey>,
    projects: Vec<SeedProject>,
    branches: Vec<SeedBranch>,
    roles: Vec<SeedRole>,
    databases: Vec<SeedDatabase>,
    operations: Vec<SeedOperation>,
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
struct SeedBranch {
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

/// What every project starts with: a root branch with one role, one database and one compute.
fn project(id: &str, name: &str, branch: &str, suffix: &str, created_at: At) -> Project {
    let role = Role {
        name: "neondb_owner".to_owned(),
        password: format!("npg_{}", "Quiet7River".to_owned() + &suffix.replace('-', "")),
        next_password: None,
        created_at,
        updated_at: created_at,
    };
    let mut endpoint = Endpoint::new(format!("ep-{suffix}"), format!("br-{suffix}"), "read_write", created_at);
    endpoint.current_state = "active";
    endpoint.pending_state = None;
    endpoint.started_at = Some(created_at);
    endpoint.suspend_timeout_seconds = -1;
    let root = Branch {
        id: format!("br-{suffix}"),
        name: branch.to_owned(),
        parent_id: None,
        parent_lsn: None,
        parent_timestamp: None,
        current_state: "ready",
        pending_state: None,
        state_changed_at: created_at,
        default: true,
        protected: false,
        init_source: "parent-data".to_owned(),
        created_at,
        updated_at: created_at,
        expires_at: None,
        ttl_seconds: None,
        last_reset_at: None,
        annotation: BTreeMap::new(),
        roles: vec![role],
        databases: vec![Database::new("neondb", "neondb_owner", created_at, Origin::Empty)],
        hidden_reads: 0,
    };
    Project {
        id: id.to_owned(),
        name: name.to_owned(),
        created_at,
        updated_at: created_at,
        branches: vec![root],
        endpoints: vec![endpoint],
        operations: Vec::new(),
    }
}

/// The project that every test and the demo start with, three months old.
pub(super) fn default_projects() -> Vec<Project> {
    let created_at = At(Timestamp::now()).whole().plus_seconds(-90 * 86_400);
    vec![project(
        "quiet-river-12345678",
        "acme",
        "production",
        "quiet-sun-a1b2c3d4",
        created_at,
    )]
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
        projects.push(project(&wanted.id, name, "main", &suffix, ctx.now));
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

fn add_branch(ctx: &Ctx, project: &mut Project, wanted: SeedBranch) -> anyhow::Result<()> {
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
    let mut databases: Vec<_> = parent.databases.iter().map(|d| d.copy(false)).collect();
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

/// The default world for unit tests, with a clock that stands still.
#[cfg(test)]
pub(super) struct World {
    pub(super) now: At,
    pub(super) settings: Settings,
    projects: Vec<Project>,
    ids: crate::cloud::Ids,
}

#[cfg(test)]
impl World {
    pub(super) fn new() -> Self {
        Self {
            now: At(Timestamp::now()),
            settings: Settings::default(),
            projects: default_projects(),
            ids: crate::cloud::Ids::default(),
        }
    }

    pub(super) fn project(&self) -> &Project {
        &self.projects[0]
    }

    pub(super) fn project_mut(&mut self) -> &mut Project {
        &mut self.projects[0]
    }

    pub(super) fn with<T>(&mut self, run: impl FnOnce(&Ctx, &mut Project) -> T) -> T {
        let ctx = Ctx {
            now: self.now,
            ids: &self.ids,
            hosts: &super::hosts::Hosts::Neon,
            settings: &self.settings,
        };
        run(&ctx, &mut self.projects[0])
    }

    /// Adds a branch of production, ready and with a compute, and returns its id.
    pub(super) fn branch(&mut self, name: &str) -> String {
        let wanted = serde_json::from_value(serde_json::json!({"name": name})).unwrap();
        self.with(|ctx, project| add_branch(ctx, project, wanted)).unwrap();
        self.project().branches.last().unwrap().id.clone()
    }
}
