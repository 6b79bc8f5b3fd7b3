//! What each action tells the next one: the JSON of the output `report`.
//!
//! Written by the action that did the work, read by `pr-comment`, which may be of another version: every field has a
//! default, unknown fields are skipped, an unknown state reads as `Unknown`. No secret may stand in a report.

mod bounded;
mod cleanup;
mod deploy_workers;
mod health_check;
mod neon_branch;
mod pr_comment;
mod preflight;
mod preview_dns;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use bounded::{LONGEST_OUTPUT, LeftOut, bounded};
pub use cleanup::{Cleanup, Outcome, Removal, RemovalKind, Swept, SweptOutcome};
pub use deploy_workers::{DeployWorkers, Service, ServiceState};
pub use health_check::{Endpoint, Health, HealthCheck, Phases};
pub use neon_branch::{Branch, NeonBranch, SchemaDiff};
pub use pr_comment::{Comment, CommentAction, Deployment, PrComment};
pub use preflight::{Finding, Preflight, Silenced, Unseen};
pub use preview_dns::{PreviewDns, Record, RecordAction};

/// Keys whose texts are words of these types: no secret can be in one, and a secret that is spelled like one must not
/// keep the next action from reading it.
const FIXED: [&str; 7] = ["action", "command", "status", "state", "outcome", "kind", "severity"];

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

/// What an action was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Of an action without commands.
    #[default]
    #[serde(rename = "")]
    None,
    // neon-branch
    Create,
    Get,
    /// Of neon-branch, preview-dns and pr-comment.
    Delete,
    Reset,
    Restore,
    Checkpoint,
    Run,
    Migrate,
    Diff,
    // preview-dns
    Apply,
    Verify,
    // deploy-workers
    Deploy,
    Validate,
    Build,
    Rollback,
    // preflight
    Init,
    Write,
    /// Of preflight and health-check.
    Check,
    // cleanup
    Environment,
    Sweep,
    Explain,
    // pr-comment
    Upsert,
    Start,
    #[serde(other)]
    Unknown,
}

impl Command {
    /// What an action does when the input `command` is unset.
    pub fn default_of(action: &str) -> Self {
        match action {
            "preview-dns" => Self::Apply,
            "deploy-workers" => Self::Deploy,
            "health-check" | "preflight" => Self::Check,
            "pr-comment" => Self::Upsert,
            _ => Self::None,
        }
    }

    /// The command that an input names; blank is none.
    pub fn named(name: &str) -> Self {
        serde_json::from_value(Value::from(name.trim())).unwrap_or(Self::Unknown)
    }
}

/// What every report begins with, after `action`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Head {
    pub command: Command,
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
    /// What the output `report` had no room for; the report's file has all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<LeftOut>,
}

/// A report of any action, told apart by its `action`.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    NeonBranch(NeonBranch),
    PreviewDns(PreviewDns),
    DeployWorkers(DeployWorkers),
    HealthCheck(HealthCheck),
    Cleanup(Cleanup),
    PrComment(PrComment),
    Preflight(Preflight),
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
    /// The report of an action that told nothing but how it ended.
    pub fn bare(action: &str, head: Head) -> Self {
        match action {
            "neon-branch" => NeonBranch {
                head,
                ..NeonBranch::default()
            }
            .into(),
            "preview-dns" => PreviewDns {
                head,
                ..PreviewDns::default()
            }
            .into(),
            "deploy-workers" => DeployWorkers {
                head,
                ..DeployWorkers::default()
            }
            .into(),
            "health-check" => HealthCheck {
                head,
                ..HealthCheck::default()
            }
            .into(),
            "cleanup" => Cleanup {
                head,
                ..Cleanup::default()
            }
            .into(),
            "pr-comment" => PrComment {
                head,
                ..PrComment::default()
            }
            .into(),
            "preflight" => Preflight {
                head,
                ..Preflight::default()
            }
            .into(),
            _ => Self::Other(action.to_owned(), head),
        }
    }

    /// The report as JSON, `action` first.
    ///
    /// # Errors
    /// A number that JSON does not have, such as an endless duration.
    pub fn json(&self) -> serde_json::Result<Value> {
        let mut json = match self {
            Self::NeonBranch(report) => serde_json::to_value(report),
            Self::PreviewDns(report) => serde_json::to_value(report),
            Self::DeployWorkers(report) => serde_json::to_value(report),
            Self::HealthCheck(report) => serde_json::to_value(report),
            Self::Cleanup(report) => serde_json::to_value(report),
            Self::PrComment(report) => serde_json::to_value(report),
            Self::Preflight(report) => serde_json::to_value(report),
            Self::Other(_, head) => serde_json::to_value(head),
        }?;
        if let Value::Object(fields) = &mut json {
            fields.shift_insert(0, "action".to_owned(), self.action().into());
        }
        Ok(json)
    }

    /// The same with secrets redacted in its texts, for files and outputs.
    ///
    /// # Errors
    /// A number that JSON does not have, such as an endless duration.
    pub fn redacted(&self) -> serde_json::Result<Value> {
        Ok(crate::secret::redacted(self.json()?, &FIXED))
    }

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
            "pr-comment" => Self::PrComment(serde_json::from_value(value)?),
            "preflight" => Self::Preflight(serde_json::from_value(value)?),
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
            Self::PrComment(_) => "pr-comment",
            Self::Preflight(_) => "preflight",
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
            Self::PrComment(report) => &report.head,
            Self::Preflight(report) => &report.head,
            Self::Other(_, head) => head,
        }
    }
}

impl From<NeonBranch> for Report {
    fn from(report: NeonBranch) -> Self {
        Self::NeonBranch(report)
    }
}

impl From<PreviewDns> for Report {
    fn from(report: PreviewDns) -> Self {
        Self::PreviewDns(report)
    }
}

impl From<DeployWorkers> for Report {
    fn from(report: DeployWorkers) -> Self {
        Self::DeployWorkers(report)
    }
}

impl From<HealthCheck> for Report {
    fn from(report: HealthCheck) -> Self {
        Self::HealthCheck(report)
    }
}

impl From<Cleanup> for Report {
    fn from(report: Cleanup) -> Self {
        Self::Cleanup(report)
    }
}

impl From<PrComment> for Report {
    fn from(report: PrComment) -> Self {
        Self::PrComment(report)
    }
}

impl From<Preflight> for Report {
    fn from(report: Preflight) -> Self {
        Self::Preflight(report)
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
            kept: 0,
            unseen: None,
            zoneless: false,
            ..Cleanup::default()
        };
        let report = Report::from(report);
        let value = report.json().unwrap();
        assert_eq!(value["pull-request"], 42);
        assert_eq!(value["results"][0]["kind"], "dns-record");
        assert_eq!((&value["action"], &value["command"]), (&json!("cleanup"), &json!("")));
        assert_eq!(Report::of(value).unwrap(), report);
    }

    #[test]
    fn a_secret_that_is_spelled_like_our_own_words_hides_none_of_them() {
        crate::secret::mask("word-of-our-own");
        let report = Preflight {
            findings: vec![Finding {
                kind: "word-of-our-own".to_owned(),
                severity: "word-of-our-own".to_owned(),
                said: "it is word-of-our-own".to_owned(),
                ..Finding::default()
            }],
            ..Preflight::default()
        };
        let finding = &Report::from(report).redacted().unwrap()["findings"][0];
        assert_eq!(
            (&finding["kind"], &finding["severity"], &finding["said"]),
            (
                &json!("word-of-our-own"),
                &json!("word-of-our-own"),
                &json!("it is ***")
            )
        );
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
        let other = Report::of(json!({"action": "postflight", "status": "done"})).unwrap();
        assert_eq!((other.action(), other.head().status), ("postflight", Status::Done));
    }

    #[test]
    fn each_actions_bare_report_is_its_own() {
        for action in [
            "neon-branch",
            "preview-dns",
            "deploy-workers",
            "health-check",
            "cleanup",
            "pr-comment",
            "preflight",
            "postflight",
        ] {
            let head = Head {
                command: Command::named("delete"),
                status: Status::Failed,
                ..Head::default()
            };
            let report = Report::bare(action, head);
            assert_eq!(report.action(), action);
            assert_eq!(report.head().command, Command::Delete);
            assert_eq!(Report::of(report.json().unwrap()).unwrap(), report);
        }
    }

    #[test]
    fn commands_are_read_by_name() {
        assert_eq!(Command::named(" run "), Command::Run);
        assert_eq!(Command::named(""), Command::None);
        assert_eq!(Command::named("bury"), Command::Unknown);
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
