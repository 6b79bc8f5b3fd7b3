//! What each action tells the next one: the JSON of the output `report`.
//!
//! Written by the action that did the work, read by `pr-comment`, which may be of another version: every field has a
//! default, unknown fields are skipped, an unknown state reads as `Unknown`. No secret may stand in a report.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a run of an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All that was asked for is so.
    Done,
    /// It ended with an error; the report says how far it came.
    Failed,
    /// `dry-run`: nothing was touched.
    Planned,
    #[default]
    #[serde(other)]
    Unknown,
}

/// What every report begins with. The runner adds `action` when it writes the report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Head {
    /// `create`, `apply`, `deploy` …; empty for actions without commands.
    pub command: String,
    /// The environment's name: `preview`, `production` …
    pub environment: String,
    pub pull_request: Option<u64>,
    pub status: Status,
    /// Whether anything at the vendors is other than before.
    pub changed: bool,
    /// How long the action took.
    pub seconds: f64,
    /// The error as the user read it: failure, causes, hints; one per line.
    pub error: Option<String>,
}

/// `neon-branch`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct NeonBranch {
    #[serde(flatten)]
    pub head: Head,
    /// Absent when it could not be made, or is gone.
    pub branch: Option<Branch>,
}

/// A database branch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Branch {
    /// `br-…`
    pub id: String,
    pub name: String,
    /// The parent branch's name.
    pub parent: Option<String>,
    /// Made by this run, not found.
    pub created: bool,
    /// RFC 3339. Absent: it never expires.
    pub expires_at: Option<String>,
    /// The compute's hostname, for direct connections.
    pub host: Option<String>,
}

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

/// `health-check`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct HealthCheck {
    #[serde(flatten)]
    pub head: Head,
    /// Every endpoint is healthy.
    pub healthy: bool,
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint and how it answered last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Endpoint {
    /// The service's key, or the name that the user gave.
    pub name: String,
    pub url: String,
    pub state: Health,
    pub attempts: u32,
    pub seconds: f64,
    /// Why it is not healthy.
    pub detail: Option<String>,
    /// The health document's checks, such as `database: ok`.
    pub checks: IndexMap<String, String>,
    /// The Worker's version, when it told.
    pub version: Option<String>,
    /// The last answer's HTTP status.
    pub status: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Healthy,
    Unhealthy,
    Unreachable,
    #[default]
    #[serde(other)]
    Unknown,
}

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
    /// How many things look like the environment's, and stay, since they are not proven to be.
    pub kept: usize,
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
    Worker,
    DnsRecord,
    KvNamespace,
    Branch,
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

/// A report of any action, told apart by its `action`.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    NeonBranch(NeonBranch),
    PreviewDns(PreviewDns),
    DeployWorkers(DeployWorkers),
    HealthCheck(HealthCheck),
    Cleanup(Cleanup),
    /// An action that this version does not know.
    Other(String, Head),
}

/// What keeps a text from being a report.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("not a JSON object with `action`")]
    NoAction,
}

impl Report {
    /// Reads one report.
    pub fn of(value: Value) -> Result<Self, Unreadable> {
        let value = without_nulls(value);
        let Some(action) = value.get("action").and_then(Value::as_str).map(str::to_owned) else {
            return Err(Unreadable::NoAction);
        };
        Ok(match action.as_str() {
            "neon-branch" => Self::NeonBranch(serde_json::from_value(value)?),
            "preview-dns" => Self::PreviewDns(serde_json::from_value(value)?),
            "deploy-workers" => Self::DeployWorkers(serde_json::from_value(value)?),
            "health-check" => Self::HealthCheck(serde_json::from_value(value)?),
            "cleanup" => Self::Cleanup(serde_json::from_value(value)?),
            _ => Self::Other(action, serde_json::from_value(value)?),
        })
    }

    /// The action that wrote it.
    pub fn action(&self) -> &str {
        match self {
            Self::NeonBranch(_) => "neon-branch",
            Self::PreviewDns(_) => "preview-dns",
            Self::DeployWorkers(_) => "deploy-workers",
            Self::HealthCheck(_) => "health-check",
            Self::Cleanup(_) => "cleanup",
            Self::Other(action, _) => action,
        }
    }

    /// What every report begins with.
    pub fn head(&self) -> &Head {
        match self {
            Self::NeonBranch(report) => &report.head,
            Self::PreviewDns(report) => &report.head,
            Self::DeployWorkers(report) => &report.head,
            Self::HealthCheck(report) => &report.head,
            Self::Cleanup(report) => &report.head,
            Self::Other(_, head) => head,
        }
    }
}

/// `null` is how some writers say "absent"; serde's defaults are for absent fields only.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let report = Cleanup {
            head: Head {
                environment: "preview".to_owned(),
                pull_request: Some(42),
                status: Status::Failed,
                changed: true,
                seconds: 1.5,
                error: Some("could not".to_owned()),
                ..Head::default()
            },
            results: vec![Removal {
                kind: RemovalKind::DnsRecord,
                name: "api-preview-42.example.com".to_owned(),
                outcome: Outcome::Failed,
                detail: Some("Cloudflare answered 500".to_owned()),
            }],
            left: 1,
        };
        let mut value = serde_json::to_value(&report).unwrap();
        assert_eq!(value["pull-request"], 42);
        assert_eq!(value["results"][0]["kind"], "dns-record");
        value["action"] = "cleanup".into();
        assert_eq!(Report::of(value).unwrap(), Report::Cleanup(report));
    }

    #[test]
    fn another_versions_report_is_read_as_far_as_it_goes() {
        let value = json!({"action": "deploy-workers", "status": "rolled-back", "error": null, "new": 1,
            "services": [{"service": "api", "state": "canary", "seconds": null}]});
        let Report::DeployWorkers(report) = Report::of(value).unwrap() else {
            panic!("another kind of report");
        };
        assert_eq!(
            (report.head.status, report.services[0].state),
            (Status::Unknown, ServiceState::Unknown)
        );
        let other = Report::of(json!({"action": "preflight", "status": "done"})).unwrap();
        assert_eq!((other.action(), other.head().status), ("preflight", Status::Done));
    }

    #[test]
    fn what_is_no_report_is_told() {
        assert!(matches!(Report::of(json!(["x"])), Err(Unreadable::NoAction)));
        assert!(matches!(
            Report::of(json!({"action": "cleanup", "left": "many"})),
            Err(Unreadable::Json(_))
        ));
    }
}
