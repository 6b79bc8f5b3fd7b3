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
