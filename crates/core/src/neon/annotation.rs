//! What we write into a branch when we make it, and how we know ours again.
//!
//! Neon has no call that changes an annotation: it tells who made the branch and for what, not what happened since.

use std::collections::BTreeMap;

use super::Branch;
use crate::owner::{Claim, Owner, Verdict};

/// The owner's marker.
const MARKER: &str = "codex-actions";
const KIND: &str = "codex-actions-kind";
/// What the branch was made from or for, such as a checkpoint's branch id.
const SUBJECT: &str = "codex-actions-of";
/// Tells our own create from another run's, when its answer was lost.
const NONCE: &str = "codex-actions-request";
/// The keys below are those of Neon's own create-branch-action, where it has one for the same thing.
const REPOSITORY: &str = "github-commit-repo";

/// What a branch was made from at GitHub, for people who look at it in Neon's console.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub sha: Option<String>,
    pub head_ref: Option<String>,
    /// `<run id>/<attempt>`.
    pub run: Option<String>,
}

/// What a branch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An environment's database.
    Environment,
    /// A restore point.
    Checkpoint,
    /// An ephemeral copy that a command ran on.
    Copy,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Checkpoint => "checkpoint",
            Self::Copy => "copy",
        }
    }
}

/// The annotation of a new branch. `subject` is the id of the branch that a checkpoint is of.
pub fn write(owner: &Owner, origin: &Origin, kind: Kind, subject: Option<&str>) -> BTreeMap<String, String> {
    let number = owner.pull_request.map(|number| number.to_string());
    let nonce = uuid::Uuid::new_v4().to_string();
    [
        (MARKER, Some(owner.marker())),
        (KIND, Some(kind.name().to_owned())),
        (SUBJECT, subject.map(str::to_owned)),
        (NONCE, Some(nonce)),
        (
            REPOSITORY,
            Some(owner.repository.name.clone()).filter(|name| !name.is_empty()),
        ),
        ("github-pr-number", number),
        ("github-commit-sha", origin.sha.clone()),
        ("github-commit-ref", origin.head_ref.clone()),
        ("github-run-id", origin.run.clone()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect()
}

impl Branch {
    fn note(&self, key: &str) -> Option<&str> {
        self.annotation.get(key).map(String::as_str)
    }

    /// Whose it is. Our own marker alone counts where there is one: the name in the note beside it is that of the day.
    pub fn verdict(&self, owner: &Owner) -> Verdict {
        owner.verdict(self.claim())
    }

    /// The marker that it carries, as it was written.
    pub fn marker(&self) -> Option<&str> {
        self.note(MARKER)
    }

    fn claim(&self) -> Option<Claim> {
        if let Some(marker) = self.marker() {
            return Claim::of(marker).or_else(|| Some(Claim::Unreadable(marker.to_owned())));
        }
        let repository = self.note(REPOSITORY)?.to_owned();
        Some(Claim::Noted { repository })
    }

    /// Whether a run of the owner's repository made it, for this environment or another.
    pub fn is_of_repository(&self, owner: &Owner) -> bool {
        match self.verdict(owner) {
            Verdict::Ours => true,
            Verdict::Foreign(whose) => whose.is_of_this_repository(),
            Verdict::Unmarked => false,
        }
    }

    /// Whether it was made for the owner's environment, for this pull request or another.
    pub fn is_of_environment(&self, owner: &Owner) -> bool {
        match self.verdict(owner) {
            Verdict::Ours => true,
            Verdict::Foreign(whose) => whose.is_sibling_of(owner),
            Verdict::Unmarked => false,
        }
    }

    /// Whether these actions made it for this purpose.
    pub fn is_a(&self, kind: Kind) -> bool {
        self.note(MARKER).is_some() && self.note(KIND) == Some(kind.name())
    }

    /// The id of the branch that a checkpoint is of.
    pub fn subject(&self) -> Option<&str> {
        self.note(SUBJECT)
    }

    /// The pull request that it was made for.
    pub fn pull_request(&self) -> Option<u64> {
        self.note("github-pr-number")?.parse().ok()
    }

    /// Whether it came from the request that wrote this annotation.
    pub fn came_from(&self, annotation: &BTreeMap<String, String>) -> bool {
        self.note(NONCE).is_some() && self.note(NONCE) == annotation.get(NONCE).map(String::as_str)
    }
}
