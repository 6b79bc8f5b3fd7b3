//! What `pr-comment` reports.

use serde::{Deserialize, Serialize};

use super::Head;

/// `pr-comment`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct PrComment {
    #[serde(flatten)]
    pub head: Head,
    pub comment: Comment,
    /// What GitHub itself shows of the environment, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Box<Deployment>>,
}

/// A GitHub deployment and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Deployment {
    pub id: Option<u64>,
    /// As GitHub names it: `in_progress`, `success`, `failure`, `error`, `inactive`.
    pub state: String,
    /// Older ones that are inactive since this run.
    pub retired: usize,
    /// Those that were deleted.
    #[serde(skip_serializing_if = "is_none")]
    pub deleted: usize,
    /// Merged pull requests whose comments tell what became of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(n: &usize) -> bool {
    *n == 0
}

/// The one comment and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Comment {
    pub id: Option<u64>,
    pub url: Option<String>,
    pub action: CommentAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommentAction {
    Created,
    Updated,
    Unchanged,
    Deleted,
    /// There was none to delete or, with `only-update`, to update.
    Absent,
    /// A later run wrote it: left alone.
    Newer,
    /// A later version of this action wrote it: left alone.
    LaterVersion,
    /// GitHub takes no comment here; the summary has the text.
    Skipped,
    Planned,
    /// It was not come to.
    None,
    #[default]
    #[serde(other)]
    Unknown,
}
