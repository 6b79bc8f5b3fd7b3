//! What `permissions` of a workflow or job grants, scope by scope.

use super::uses::Job;
use crate::document::{Data, Document, Node};

/// What a token may do in one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    None,
    Read,
    Write,
}

impl Level {
    pub(super) fn of(text: &str) -> Self {
        match text {
            "write" => Self::Write,
            "read" => Self::Read,
            _ => Self::None,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A `permissions` of a workflow or job.
pub(super) struct Granted<'a> {
    pub(super) document: &'a Document,
    pub(super) node: &'a Node,
}

impl Granted<'_> {
    pub(super) fn level(&self, scope: &str) -> Level {
        match &self.node.data {
            Data::Plain(value) => match value.as_str() {
                Some("write-all") => Level::Write,
                Some("read-all") => Level::Read,
                _ => Level::None,
            },
            _ => Level::of(self.node.get(scope).and_then(Node::text).unwrap_or_default()),
        }
    }

    /// The scopes that may be written; the one name `write-all` for all.
    pub(super) fn written(&self) -> Vec<&str> {
        if let Some(text) = self.node.text() {
            return Some(text).filter(|text| *text == "write-all").into_iter().collect();
        }
        let written = self.node.entries().filter(|(_, level)| level.text() == Some("write"));
        written.map(|(scope, _)| scope).collect()
    }
}

/// The one that a job has: its own, or its workflow's.
pub(super) fn granted<'a>(job: &Job<'a>) -> Option<Granted<'a>> {
    let node = job
        .node
        .get("permissions")
        .or_else(|| job.workflow.get(&["permissions"]))?;
    Some(Granted {
        document: job.workflow,
        node,
    })
}
