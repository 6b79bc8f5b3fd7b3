//! What became of a Worker that was to be put back, and of what led to it.

use crate::plan::hostnames::{Step, pattern};

/// What became of a Worker that was to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PutBack {
    /// It serves these versions again.
    Back(Vec<String>),
    /// It was new, and is gone again.
    Removed,
    /// It serves what it did: nothing to put back.
    Nothing,
    /// It was left as it is, and why.
    Left(String),
    /// It could not be put back, and why.
    Failed(String),
    /// It was new, and could not be removed, as other Workers were still bound to it: it is tried again after them.
    Bound(String),
    /// The run was cancelled, and its time over before Cloudflare had answered: it may be put back or not.
    Unanswered,
}

impl PutBack {
    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(actions_core::error::render(&error.into()))
    }
}

/// What led to a Worker that is to be removed, and does no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undone {
    /// A route of this pattern.
    Deleted(String),
    /// A route of this pattern leads to this Worker again, as before.
    MovedBack(String, String),
    /// A custom domain.
    Detached(String),
}

impl Undone {
    /// Whether it was the step that led a hostname to the Worker.
    pub(crate) fn undoes(&self, step: &Step) -> bool {
        match (self, step) {
            (Self::Deleted(gone) | Self::MovedBack(gone, _), Step::CreateRoute { pattern, .. }) => gone == pattern,
            (Self::Deleted(gone) | Self::MovedBack(gone, _), Step::MoveRoute(route)) => *gone == route.pattern,
            (Self::Detached(gone), Step::AttachDomain(attachment)) => *gone == attachment.hostname,
            _ => false,
        }
    }

    /// Whether a hostname led to the Worker by it.
    pub(crate) fn led(&self, hostname: &str) -> bool {
        match self {
            Self::Deleted(gone) | Self::MovedBack(gone, _) => *gone == pattern(hostname),
            Self::Detached(gone) => gone == hostname,
        }
    }
}
