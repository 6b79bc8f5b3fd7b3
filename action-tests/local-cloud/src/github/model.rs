//! Repositories and what is in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::account::Account;

/// A point in time with a precision of seconds, as GitHub prints its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(i64);

impl At {
    pub(super) fn of(timestamp: Timestamp) -> Self {
        Self(timestamp.as_second())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::of)
    }

    pub(super) fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds)
    }

    /// Seconds since 1970.
    pub(super) fn epoch(self) -> i64 {
        self.0
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Timestamp::from_second(self.0).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time")))
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) private: bool,
    pub(super) has_issues: bool,
    pub(super) default_branch: String,
    pub(super) created_at: At,
    /// Branches and tags, and the commits that they are at.
    pub(super) refs: BTreeMap<String, String>,
    /// Commits that are known besides those.
    pub(super) commits: Vec<String>,
    /// Commits whose parents are known.
    pub(super) history: Vec<Commit>,
    /// Issues and pull requests, which share their numbers.
    pub(super) threads: Vec<Thread>,
    /// In order of creation.
    pub(super) comments: Vec<Comment>,
    pub(super) labels: Vec<Label>,
    /// In order of creation.
    pub(super) deployments: Vec<Deployment>,
    pub(super) environments: Vec<Environment>,
    pub(super) statuses: Vec<CommitStatus>,
    pub(super) check_runs: Vec<CheckRun>,
    /// In order of creation.
    pub(super) reactions: Vec<Reaction>,
    /// Of workflows, in order of creation.
    pub(super) runs: Vec<Run>,
    pub(super) artifacts: Vec<Artifact>,
    /// Names alone: nobody reads a secret back.
    pub(super) secrets: Vec<String>,
    /// The organization's that it may use.
    pub(super) organization_secrets: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
    /// Text files of the default branch by path.
    pub(super) files: BTreeMap<String, String>,
}

/// An issue or a pull request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Thread {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    /// None for a user who no longer exists.
    pub(super) author: Option<Account>,
    /// `open` or `closed`.
    pub(super) state: String,
    pub(super) state_reason: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) locked: bool,
    /// Deleted issues answer 410.
    pub(super) deleted: bool,
    pub(super) created_at: At,
    pub(super) updated_at: At,
    pub(super) closed_at: Option<At>,
    pub(super) pull: Option<Pull>,
}

/// What makes a thread a pull request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Pull {
    pub(super) head_ref: String,
    pub(super) head_sha: String,
    /// `owner/name` of the repository that the head is in; none when that fork was deleted.
    pub(super) head_repository: Option<String>,
    /// Owner of the head's repository, even when it was deleted.
    pub(super) head_owner: String,
    pub(super) base_ref: String,
    pub(super) draft: bool,
    pub(super) merged_at: Option<At>,
    pub(super) merge_commit_sha: Option<String>,
    /// The head lacks commits of the base: a deployment with `auto_merge` would merge them.
    pub(super) behind: bool,
    /// Such a merge would conflict.
    pub(super) conflicts: bool,
    /// What it changes, as `git diff` prints it; none: one line of README.md.
    pub(super) diff: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    /// Number of the issue or pull request.
    pub(super) thread: u64,
    pub(super) body: String,
    pub(super) author: Option<Account>,
    pub(super) created_at: At,
    pub(super) updated_at: At,
    /// Why it is hidden, in lower case.
    pub(super) minimized: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Label {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) color: String,
    pub(super) description: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Deployment {
    pub(super) id: u64,
    pub(super) sha: String,
    #[serde(rename = "ref")]
    pub(super) reference: String,
    pub(super) task: String,
    pub(super) payload: Value,
    pub(super) original_environment: String,
    pub(super) environment: String,
    pub(super) description: Option<String>,
    pub(super) creator: Account,
    pub(super) created_at: At,
    pub(super) updated_at: At,
    pub(super) transient: bool,
    pub(super) production: bool,
    /// In order of creation.
    pub(super) statuses: Vec<DeploymentStatus>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct DeploymentStatus {
    pub(super) id: u64,
    pub(super) state: String,
    pub(super) description: String,
    pub(super) environment: String,
    pub(super) environment_url: String,
    pub(super) log_url: String,
    pub(super) creator: Account,
    pub(super) created_at: At,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Environment {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) created_at: At,
    pub(super) updated_at: At,
    /// Logins of those of whom one has to agree.
    pub(super) reviewers: Vec<Account>,
    /// Names of its own secrets.
    pub(super) secrets: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) parents: Vec<String>,
    pub(super) at: At,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CommitStatus {
    pub(super) id: u64,
    pub(super) sha: String,
    pub(super) state: String,
    pub(super) context: String,
    pub(super) description: Option<String>,
    pub(super) target_url: Option<String>,
    pub(super) creator: Account,
    pub(super) created_at: At,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CheckRun {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) head_sha: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) details_url: Option<String>,
    pub(super) external_id: String,
    pub(super) started_at: Option<At>,
    pub(super) completed_at: Option<At>,
    pub(super) title: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) text: Option<String>,
    pub(super) annotations: Vec<Value>,
}

/// What a reaction is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Subject {
    /// An issue or a pull request, by its number.
    Thread(u64),
    /// By its id.
    Comment(u64),
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Reaction {
    pub(super) id: u64,
    pub(super) subject: Subject,
    pub(super) content: String,
    pub(super) user: Account,
    pub(super) created_at: At,
}

/// A run of a workflow.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Run {
    pub(super) id: u64,
    /// Of the repository's runs.
    pub(super) number: usize,
    pub(super) name: String,
    /// The workflow's file.
    pub(super) path: String,
    pub(super) event: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) head_branch: String,
    pub(super) head_sha: String,
    pub(super) actor: Option<Account>,
    pub(super) created_at: At,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Artifact {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) run_id: u64,
    pub(super) size_in_bytes: u64,
    pub(super) expired: bool,
    pub(super) created_at: At,
    pub(super) head_sha: String,
}

impl Pull {
    /// The commit that merges it: the one that was made, or the one that GitHub makes to try (`refs/pull/N/merge`).
    pub(super) fn merged(&self, number: &str) -> String {
        let trial = || crate::text::hex(&Sha256::digest(format!("{number} {}", self.head_sha))[..20]);
        self.merge_commit_sha.clone().unwrap_or_else(trial)
    }
}

impl Repository {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(super) fn thread(&self, number: u64) -> Option<&Thread> {
        self.threads.iter().find(|thread| thread.number == number)
    }

    pub(super) fn thread_mut(&mut self, number: u64) -> Option<&mut Thread> {
        self.threads.iter_mut().find(|thread| thread.number == number)
    }

    /// The commit that a branch, tag or SHA names. Head branches of forks are not branches here, their
    /// commits are known all the same.
    pub(super) fn resolve(&self, reference: &str) -> Option<String> {
        let short = reference.strip_prefix("refs/").unwrap_or(reference);
        if let Some((number, side)) = short.strip_prefix("pull/").and_then(|rest| rest.split_once('/')) {
            let pull = self.thread(number.parse().ok()?)?.pull.as_ref()?;
            return match side {
                "head" => Some(pull.head_sha.clone()),
                "merge" if !pull.conflicts => Some(pull.merged(number)),
                _ => None,
            };
        }
        let short = short
            .strip_prefix("heads/")
            .or_else(|| short.strip_prefix("tags/"))
            .unwrap_or(short);
        if let Some(sha) = self.refs.get(short) {
            return Some(sha.clone());
        }
        let known = self.refs.values().chain(&self.commits);
        let heads = self.threads.iter().filter_map(|thread| thread.pull.as_ref());
        known
            .chain(heads.map(|pull| &pull.head_sha))
            .find(|sha| *sha == reference)
            .cloned()
    }
}
