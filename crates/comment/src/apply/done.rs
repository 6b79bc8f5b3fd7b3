//! What became of the comment.

use actions_core::github::Comment;

use crate::marker::Run;

/// What became of the comment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    pub outcome: Outcome,
    pub id: Option<u64>,
    pub url: Option<String>,
    /// How many more comments of ours were deleted.
    pub deleted: usize,
    /// How many former ones were folded away.
    pub hidden: usize,
    /// How many lost our part and stay, with what a person wrote in them.
    pub noted: usize,
    /// It said so already, and was folded away only now.
    pub folded: bool,
    /// Something was sent whose outcome nobody has seen: it may have been carried out.
    pub unclear: bool,
    /// What did not work and stops nothing.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Deleted,
    /// Nothing to delete, or to update where nothing is to be made.
    Absent,
    /// A later run wrote the comment.
    Newer(Run),
    /// A later version of this action wrote it.
    Unknown,
    /// Other jobs took this one's part out again each time.
    Overwritten,
    #[default]
    Nothing,
}

impl Done {
    /// Whether what stands on the pull request is other than before, or may be.
    pub fn changed(&self) -> bool {
        self.wrote()
            || matches!(self.outcome, Outcome::Deleted | Outcome::Overwritten)
            || self.deleted + self.hidden + self.noted > 0
            || self.folded
            || self.unclear
    }

    /// Whether the comment says what was wanted.
    pub fn posted(&self) -> bool {
        self.wrote() || self.outcome == Outcome::Unchanged
    }

    pub(super) fn wrote(&self) -> bool {
        matches!(self.outcome, Outcome::Created | Outcome::Updated)
    }

    pub(super) fn set(&mut self, comment: &Comment, outcome: Outcome) {
        self.outcome = outcome;
        self.id = Some(comment.id);
        self.url = Some(comment.html_url.clone()).filter(|url| !url.is_empty());
        self.unclear = false;
    }
}
