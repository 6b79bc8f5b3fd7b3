//! What `deploy-workers` reports.

use serde::{Deserialize, Serialize};

use super::Head;

/// `deploy-workers`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct DeployWorkers {
    #[serde(flatten)]
    pub head: Head,
    pub services: Vec<Service>,
}

/// One service and what became of its Worker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Service {
    /// Its key in the manifest.
    pub service: String,
    pub worker: String,
    pub url: String,
    pub hostname: String,
    /// All hostnames that lead to the Worker, that one included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hostnames: Vec<String>,
    /// The version that serves now.
    pub version_id: Option<String>,
    /// Where that version, and no other, answers; absent where versions have no URLs of their own.
    pub version_url: Option<String>,
    /// The version that served before this run.
    pub previous_version_id: Option<String>,
    pub state: ServiceState,
    /// Why it failed or was skipped.
    pub detail: Option<String>,
    /// Bytes of all modules.
    pub size: Option<u64>,
    /// Bytes of all modules, compressed.
    pub gzip: Option<u64>,
    /// The same of what served before this run, when one of our versions did.
    pub previous_size: Option<u64>,
    pub previous_gzip: Option<u64>,
    pub seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    Deployed,
    Unchanged,
    Failed,
    /// It was deployed by this run, and then put back to the version before.
    RolledBack,
    Skipped,
    Planned,
    #[default]
    #[serde(other)]
    Unknown,
}
