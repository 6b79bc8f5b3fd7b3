//! What `cleanup` reports.

use serde::{Deserialize, Serialize};

use super::Head;

/// `cleanup`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Cleanup {
    #[serde(flatten)]
    pub head: Head,
    /// In the order in which it was done.
    pub results: Vec<Removal>,
    /// How many things of the environment are still there.
    pub left: usize,
    /// How many things stay that look like the environment's own and are not known to be; `results` says why.
    pub kept: usize,
    /// The provider that was not looked at, since that was asked for: `Neon` or `Cloudflare`.
    pub unseen: Option<String>,
    /// No zone was looked at, since neither manifest nor input names one: routes and DNS records of before may be left.
    pub zoneless: bool,
    /// Of a sweep: the environments that were to go, those left behind the longest ago first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<Swept>,
    /// Of a sweep: how many environments stay, since they are alive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alive: Option<usize>,
}

/// An environment that a sweep was to remove.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Swept {
    pub environment: String,
    pub pull_request: u64,
    pub outcome: SweptOutcome,
    /// Why it was to go.
    pub reason: String,
    /// Why it was kept, or what is left of it.
    pub detail: Option<String>,
    /// When the oldest thing of it was made, in RFC 3339.
    pub since: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweptOutcome {
    /// Nothing of it is left.
    Deleted,
    /// Something of it is left.
    Failed,
    /// It stays after all: reopened, pushed to, in use.
    Kept,
    /// The run ended before: the next one does it.
    Remaining,
    /// It would go.
    Planned,
    #[default]
    #[serde(other)]
    Unknown,
}

/// One thing of an environment and what became of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Removal {
    pub kind: RemovalKind,
    pub name: String,
    pub outcome: Outcome,
    /// Why it failed or was kept.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalKind {
    Route,
    CustomDomain,
    /// The certificate that Cloudflare made for a custom domain, and keeps without it.
    Certificate,
    Worker,
    DnsRecord,
    KvNamespace,
    Branch,
    /// A restore point of a branch that stays: there are more than are to be kept.
    RestorePoint,
    /// One of GitHub's.
    Deployment,
    #[default]
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Deleted,
    /// It was gone already.
    Absent,
    Failed,
    /// Left alone on purpose.
    Kept,
    Planned,
    #[default]
    #[serde(other)]
    Unknown,
}
