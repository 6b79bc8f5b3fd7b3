//! The parts of Neon's answers that we read. Everything that may be absent one day has a default; every enumeration
//! is an open string.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// A branch, with what was annotated when it was made.
#[derive(Debug, Clone, Deserialize)]
pub struct Branch {
    /// `br-…`
    pub id: String,
    pub name: String,
    /// Absent for root branches (the first one, and schema-only ones).
    pub parent_id: Option<String>,
    pub parent_lsn: Option<String>,
    #[serde(default, deserialize_with = "time")]
    pub parent_timestamp: Option<Timestamp>,
    /// `init`, `ready`, `resetting`, `archived` …
    #[serde(default)]
    pub current_state: String,
    /// The project's default branch. Production, mostly.
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub protected: bool,
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub last_reset_at: Option<Timestamp>,
    #[serde(default)]
    pub restricted_actions: Vec<RestrictedAction>,
    /// Filled from the answer's `annotations`, or `annotation`.
    #[serde(skip)]
    pub annotation: BTreeMap<String, String>,
}

/// A time that we cannot read counts as not told: none of them is worth failing for.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Something that Neon would refuse for now.
#[derive(Debug, Clone, Deserialize)]
pub struct RestrictedAction {
    /// `restore`, `delete-rw-endpoint` …
    pub name: String,
    #[serde(default)]
    pub reason: String,
}

/// A compute.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoint {
    pub id: String,
    pub branch_id: String,
    pub host: String,
    /// `read_write` or `read_only`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// Work that a change has started.
#[derive(Debug, Clone, Deserialize)]
pub struct Operation {
    pub id: String,
    pub branch_id: Option<String>,
    /// `create_branch`, `start_compute` …
    pub action: String,
    /// `scheduling`, `running`, `finished`, `failed` …
    pub status: String,
    pub error: Option<String>,
    #[serde(default)]
    pub failures_count: i64,
}

/// What a project allows.
#[derive(Debug, Clone, Deserialize)]
pub struct Project {
    pub name: String,
    /// How far back branches can be made from, and restored to, in seconds.
    #[serde(default)]
    pub history_retention_seconds: u64,
    /// Such as `aws-eu-central-1`.
    #[serde(default)]
    pub region_id: String,
    /// Whether Neon keeps the roles' passwords, so that connection strings can be read.
    pub store_passwords: Option<bool>,
    /// What the caller may do in it, such as `CAN_VIEW`, where the organization sets that for each project.
    #[serde(default, rename = "effective_project_permission")]
    pub permission: Option<String>,
    pub owner: Option<ProjectOwner>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ProjectOwner {
    /// Most branches of a project.
    #[serde(default)]
    pub branches_limit: i64,
    #[serde(default)]
    pub subscription_type: String,
}

impl Project {
    /// Most branches of this project, when Neon tells.
    pub fn branches_limit(&self) -> Option<usize> {
        let limit = self.owner.as_ref()?.branches_limit;
        usize::try_from(limit).ok().filter(|limit| *limit > 0)
    }
}

/// Whose an API key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A person's: it may do what that person may, and ends with their membership.
    Personal,
    /// An organization's, or of one of its projects.
    Organization,
}

/// An annotation as lists and single answers carry it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Annotation {
    #[serde(default)]
    pub(super) value: BTreeMap<String, String>,
}

/// `{branch, annotation}`
#[derive(Deserialize)]
pub(super) struct OneBranch {
    branch: Branch,
    annotation: Option<Annotation>,
}

impl OneBranch {
    pub(super) fn join(self) -> Branch {
        let annotation = self.annotation.unwrap_or_default().value;
        Branch {
            annotation,
            ..self.branch
        }
    }
}

/// `{operations}` of whatever was changed; an answer without a body has none.
#[derive(Default, Deserialize)]
pub(super) struct Operations {
    #[serde(default)]
    pub(super) operations: Vec<Operation>,
}
