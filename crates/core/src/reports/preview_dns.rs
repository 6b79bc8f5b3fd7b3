//! What `preview-dns` reports.

use serde::{Deserialize, Serialize};

use super::Head;

/// `preview-dns`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct PreviewDns {
    #[serde(flatten)]
    pub head: Head,
    /// `route` or `custom-domain`.
    pub routing: String,
    pub zone: String,
    pub records: Vec<Record>,
}

/// One DNS record and what happened to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Record {
    /// The full hostname.
    pub name: String,
    /// `A`, `AAAA`, `CNAME` …
    #[serde(rename = "type")]
    pub kind: String,
    pub content: String,
    pub proxied: bool,
    pub action: RecordAction,
    /// Why, when there is something to say.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordAction {
    Created,
    Updated,
    Deleted,
    Unchanged,
    Verified,
    Missing,
    Conflict,
    #[default]
    #[serde(other)]
    Unknown,
}
