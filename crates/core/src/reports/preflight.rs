//! What `preflight` reports.

use serde::{Deserialize, Serialize};

use super::Head;

/// `preflight`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Preflight {
    #[serde(flatten)]
    pub head: Head,
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// What `codex.toml` says is meant so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<Silenced>,
    /// Where nobody looked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
    /// The SARIF file, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sarif: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Finding {
    /// Its stable name.
    pub kind: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What it is about, as a silence names it.
    pub subject: String,
    /// What was seen.
    pub said: String,
    /// What to do.
    pub remedy: String,
    /// From the workspace, with `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// A finding that is meant so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Silenced {
    #[serde(flatten)]
    pub finding: Finding,
    pub reason: String,
}

/// An area that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Unseen {
    pub area: String,
    pub why: String,
}
