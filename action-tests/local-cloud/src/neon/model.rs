//! Projects and what is in them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Serialize;
use serde_json::{Value, json};

use super::at::At;
use super::operation::Operation;

/// A project: the unit that holds branches, and that running operations lock.
#[derive(Debug, Serialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
    /// In order of creation.
    pub(crate) branches: Vec<Branch>,
    /// In order of creation.
    pub(crate) endpoints: Vec<Endpoint>,
    /// In order of creation.
    pub(crate) operations: Vec<Operation>,
}

/// A copy-on-write copy of its parent's roles and databases.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Branch {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) parent_lsn: Option<String>,
    pub(crate) parent_timestamp: Option<At>,
    /// `init`, `resetting`, `ready` or `archived`.
    pub(crate) current_state: &'static str,
    pub(crate) pending_state: Option<&'static str>,
    pub(crate) state_changed_at: At,
    pub(crate) default: bool,
    pub(crate) protected: bool,
    /// `parent-data` or `schema-only`.
    pub(crate) init_source: String,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
    pub(crate) expires_at: Option<At>,
    /// Seconds between the setting of `expires_at` and its value; a reset counts them again.
    pub(crate) ttl_seconds: Option<i64>,
    pub(crate) last_reset_at: Option<At>,
    pub(crate) annotation: BTreeMap<String, String>,
    pub(crate) roles: Vec<Role>,
    pub(crate) databases: Vec<Database>,
    /// Reads by id that are still answered 404 (seeded).
    pub(crate) hidden_reads: u32,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) password: String,
    /// The password after a reset, until its operations have finished.
    pub(crate) next_password: Option<String>,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Database {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) owner_name: String,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
    /// Name of the real database when the runtime is on.
    pub(crate) physical: String,
    /// How the real database comes to be.
    pub(crate) origin: Origin,
    /// DDL text, in use while the runtime is off.
    pub(crate) schema: String,
    /// Earlier contents that were kept (seeded), oldest first.
    pub(crate) past: Vec<Past>,
}

/// What a database held at some time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Past {
    pub(crate) at: At,
    /// A real database of its own.
    pub(crate) physical: String,
    pub(crate) schema: String,
}

/// Where a real database takes its first content from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    Empty,
    CopyOf(String),
    SchemaOf(String),
}

/// A compute: what clients connect to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    /// Decides the loopback addresses when the runtime is on.
    pub(crate) number: u32,
    pub(crate) name: Option<String>,
    pub(crate) branch_id: String,
    /// `read_write` or `read_only`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) min_cu: f64,
    pub(crate) max_cu: f64,
    /// `init`, `active` or `idle`.
    pub(crate) current_state: &'static str,
    pub(crate) pending_state: Option<&'static str>,
    pub(crate) settings: Value,
    pub(crate) disabled: bool,
    /// Seconds; 0 is the default of 300, -1 is never.
    pub(crate) suspend_timeout_seconds: i64,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
    pub(crate) started_at: Option<At>,
    pub(crate) suspended_at: Option<At>,
    pub(crate) last_active: Option<At>,
    /// Client connections that are open now.
    pub(crate) connections: u32,
    /// How often its clients have been thrown out; the proxy follows this number.
    pub(crate) kicks: u64,
}

impl Endpoint {
    pub(crate) fn new(id: String, branch_id: String, kind: &str, now: At) -> Self {
        Self {
            id,
            number: next_number(),
            name: None,
            branch_id,
            kind: kind.to_owned(),
            min_cu: 0.25,
            max_cu: 0.25,
            current_state: "init",
            pending_state: Some("active"),
            settings: json!({}),
            disabled: false,
            suspend_timeout_seconds: 0,
            created_at: now,
            updated_at: now,
            started_at: None,
            suspended_at: None,
            last_active: None,
            connections: 0,
            kicks: 0,
        }
    }

    pub(crate) fn is_read_write(&self) -> bool {
        self.kind == "read_write"
    }
}

impl Database {
    pub(crate) fn new(name: &str, owner: &str, now: At, origin: Origin) -> Self {
        let number = next_number();
        Self {
            id: i64::from(number),
            name: name.to_owned(),
            owner_name: owner.to_owned(),
            created_at: now,
            updated_at: now,
            physical: physical_name(number),
            origin,
            schema: String::new(),
            past: Vec::new(),
        }
    }

    /// What it held at `at` (none: holds now): the real database, and the DDL text.
    ///
    /// Of the past only what was kept is known; before that, or without it, the present stands in.
    pub(crate) fn content(&self, at: Option<At>) -> (&str, &str) {
        let kept = at.and_then(|at| self.past.iter().rev().find(|past| past.at <= at));
        kept.map_or((&self.physical, &self.schema), |past| (&past.physical, &past.schema))
    }

    /// The same database on another branch, with the content of `at`.
    pub(crate) fn copy(&self, at: Option<At>, schema_only: bool) -> Self {
        let (physical, schema) = self.content(at);
        let origin = if schema_only {
            Origin::SchemaOf(physical.to_owned())
        } else {
            Origin::CopyOf(physical.to_owned())
        };
        Self {
            schema: schema.to_owned(),
            updated_at: self.updated_at,
            ..Self::new(&self.name, &self.owner_name, self.created_at, origin)
        }
    }

    /// Keeps the present content as a point that restores and new branches can go back to.
    pub(crate) fn remember(&mut self, now: At) {
        self.past.push(Past {
            at: now,
            physical: physical_name(next_number()),
            schema: self.schema.clone(),
        });
    }
}

impl Branch {
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    pub(crate) fn database(&self, name: &str) -> Option<&Database> {
        self.databases.iter().find(|database| database.name == name)
    }
}

impl Project {
    pub(crate) fn branch(&self, id: &str) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.id == id)
    }

    pub(crate) fn branch_mut(&mut self, id: &str) -> Option<&mut Branch> {
        self.branches.iter_mut().find(|branch| branch.id == id)
    }

    pub(crate) fn default_branch(&self) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.default)
    }

    pub(crate) fn endpoint_mut(&mut self, id: &str) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.id == id)
    }

    pub(crate) fn endpoints_of<'a>(&'a self, branch: &'a str) -> impl Iterator<Item = &'a Endpoint> {
        self.endpoints
            .iter()
            .filter(move |endpoint| endpoint.branch_id == branch)
    }

    pub(crate) fn has_children(&self, branch: &str) -> bool {
        self.branches
            .iter()
            .any(|child| child.parent_id.as_deref() == Some(branch))
    }

    /// Removes a branch with its endpoints.
    pub(crate) fn remove_branch(&mut self, id: &str) {
        self.branches.retain(|branch| branch.id != id);
        self.endpoints.retain(|endpoint| endpoint.branch_id != id);
    }
}

/// A number that this process has not given out before, a reset included: databases and addresses of
/// the world before a reset must not be taken for those of the new one.
pub(crate) fn next_number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

fn physical_name(number: u32) -> String {
    format!("branch_database_{number}")
}
