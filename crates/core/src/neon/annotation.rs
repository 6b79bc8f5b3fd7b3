//! What we write into a branch when we make it, and how we know ours again.
//!
//! Neon has no call that changes an annotation: it tells who made the branch and for what, not what happened since.

use std::collections::BTreeMap;

use super::Branch;
use crate::event::Event;
use crate::owner::{self, Owner};

/// The owner's marker.
const MARKER: &str = "codex-actions";
const KIND: &str = "codex-actions-kind";
/// What the branch was made from or for, such as a checkpoint's branch id.
const SUBJECT: &str = "codex-actions-of";
/// Tells our own create from another run's, when its answer was lost.
const NONCE: &str = "codex-actions-request";
/// The keys below are those of Neon's own create-branch-action, where it has one for the same thing.
const REPOSITORY: &str = "github-commit-repo";

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
pub fn write(owner: &Owner, event: &Event, kind: Kind, subject: Option<&str>) -> BTreeMap<String, String> {
    let number = owner.pull_request.map(|number| number.to_string());
    let run = event.run_id.as_ref().map(|run| {
        let attempt = event.run_attempt.as_deref().unwrap_or("1");
        format!("{run}/{attempt}")
    });
    let nonce = uuid::Uuid::new_v4().to_string();
    [
        (MARKER, Some(owner.marker())),
        (KIND, Some(kind.name().to_owned())),
        (SUBJECT, subject.map(str::to_owned)),
        (NONCE, Some(nonce)),
        (
            REPOSITORY,
            Some(owner.repository.clone()).filter(|name| !name.is_empty()),
        ),
        ("github-pr-number", number),
        ("github-commit-sha", event.sha.clone()),
        ("github-commit-ref", event.head_ref.clone()),
        ("github-run-id", run),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect()
}

impl Branch {
    fn note(&self, key: &str) -> Option<&str> {
        self.annotation.get(key).map(String::as_str)
    }

    /// The owner's marker, when the branch was made by these actions.
    pub fn marker(&self) -> Option<&str> {
        self.note(MARKER).filter(|marker| owner::is_marker(marker))
    }

    /// Whether a run of this repository made it.
    pub fn is_of_repository(&self, repository: &str) -> bool {
        self.marker().is_some() && !repository.is_empty() && self.note(REPOSITORY) == Some(repository)
    }

    /// Whether it was made for exactly this environment.
    pub fn is_of(&self, owner: &Owner) -> bool {
        self.marker().is_some_and(|marker| owner.owns(marker))
    }

    /// Whether these actions made it for this purpose.
    pub fn is_a(&self, kind: Kind) -> bool {
        self.marker().is_some() && self.note(KIND) == Some(kind.name())
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
    pub(super) fn came_from(&self, annotation: &BTreeMap<String, String>) -> bool {
        self.note(NONCE).is_some() && self.note(NONCE) == annotation.get(NONCE).map(String::as_str)
    }
}
