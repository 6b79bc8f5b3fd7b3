//! What `neon-branch` reports.

use serde::{Deserialize, Serialize};

use super::Head;

/// `neon-branch`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct NeonBranch {
    #[serde(flatten)]
    pub head: Head,
    /// Absent when it could not be made, or is gone.
    pub branch: Option<Branch>,
    /// The parent before a restore: `reset` would go to the preserved branch from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_parent: Option<String>,
    /// Where a reset or restore kept the former state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserved: Option<String>,
    /// Branches that were deleted: the one that was meant, one that made room, or restore points beyond their number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_diff: Option<SchemaDiff>,
    /// Of the command that `run` or `migrate` ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<i32>,
    /// What a dry run would do: each completes "would …".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<String>,
    /// Worth knowing, though nothing stopped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What a schema has that the other has not: in numbers, and as far as a section may be long.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct SchemaDiff {
    /// Lines.
    pub added: usize,
    /// Lines.
    pub removed: usize,
    /// `text` is not the whole of it.
    pub truncated: bool,
    /// A unified diff.
    pub text: String,
}

/// A database branch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Branch {
    /// `br-…`
    pub id: String,
    pub name: String,
    /// The parent branch's name.
    pub parent: Option<String>,
    /// Made by this run, not found.
    pub created: bool,
    /// RFC 3339. Absent: it never expires.
    pub expires_at: Option<String>,
    /// The compute's hostname, for direct connections.
    pub host: Option<String>,
}
