//! The health document that services answer with.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// `{"status":"healthy","service":"api","environment":"preview","checks":{"database":"ok"}}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub status: Status,
    #[serde(default)]
    pub service: Option<String>,
    #[serde(default)]
    pub environment: Option<String>,
    /// The Worker version that answered, when the service tells it.
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub checks: IndexMap<String, String>,
}

/// What the service says of itself. Words that we do not know count as unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Healthy,
    #[serde(other)]
    Unhealthy,
}

impl Document {
    /// Reads a health document. `None` when the body is another thing: a page, or JSON without `status`.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The checks that are not `ok`, as `name: value`.
    pub fn failing(&self) -> Vec<String> {
        self.checks
            .iter()
            .filter(|(_, value)| *value != "ok")
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }
}
