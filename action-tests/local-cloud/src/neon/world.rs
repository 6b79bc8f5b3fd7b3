//! The world at the start: one project with one branch.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::at::At;
use super::model::{Branch, Database, Endpoint, Origin, Project, Role};
#[cfg(test)]
use super::{door::Ctx, settings::Settings};

/// What every project starts with: a root branch with one role, one database and one compute.
pub(super) fn project(id: &str, name: &str, branch: &str, suffix: &str, created_at: At) -> Project {
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

/// The default world for unit tests, with a clock that stands still.
#[cfg(test)]
pub(super) struct World {
    pub(super) now: At,
    pub(super) settings: Settings,
    projects: Vec<Project>,
    ids: crate::ids::Ids,
}

#[cfg(test)]
impl World {
    pub(super) fn new() -> Self {
        Self {
            now: At(Timestamp::now()),
            settings: Settings::default(),
            projects: default_projects(),
            ids: crate::ids::Ids::default(),
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
        self.with(|ctx, project| super::seed::add_branch(ctx, project, wanted))
            .unwrap();
        self.project().branches.last().unwrap().id.clone()
    }
}
