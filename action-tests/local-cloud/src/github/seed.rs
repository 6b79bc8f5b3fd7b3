//! The seed document below `github`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::account::{Account, Token};
use super::seed_deployed::{SeedCommit, SeedDeployment};

/// Head of pull request 42.
pub(super) const HEAD_SHA: &str = "c3d0be41ecbe669545ee3e94d31ed9a4bc91ee3c";

/// The seed document below `github`. All but `tokens` and the rate limit concern one repository.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Seed {
    /// `owner/name`; `acme/app` when left out, created when new.
    pub(super) repository: Option<String>,
    pub(super) tokens: Vec<Token>,
    /// Requests per hour and token.
    pub(super) rate_limit: Option<u64>,
    /// Creations per minute and token.
    pub(super) content_per_minute: Option<usize>,
    pub(super) has_issues: Option<bool>,
    pub(super) pulls: Vec<SeedPull>,
    pub(super) issues: Vec<SeedIssue>,
    pub(super) comments: Vec<SeedComment>,
    pub(super) artifacts: Vec<SeedArtifact>,
    pub(super) check_runs: Vec<SeedCheckRun>,
    pub(super) runs: Vec<SeedRun>,
    /// Branches and tags with their commits.
    pub(super) refs: BTreeMap<String, String>,
    pub(super) commits: Vec<String>,
    pub(super) history: Vec<SeedCommit>,
    pub(super) deployments: Vec<SeedDeployment>,
    pub(super) private: Option<bool>,
    pub(super) environments: Vec<SeedEnvironment>,
    pub(super) secrets: Vec<String>,
    pub(super) organization_secrets: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) files: BTreeMap<String, String>,
}

/// An environment of the repository's settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedEnvironment {
    pub(super) name: String,
    #[serde(default)]
    pub(super) reviewers: Vec<String>,
    #[serde(default)]
    pub(super) secrets: Vec<String>,
}

/// A pull request; one that is known is changed in the fields that are named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedPull {
    pub(super) number: u64,
    pub(super) title: Option<String>,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) author: Author,
    pub(super) state: Option<String>,
    pub(super) head_ref: Option<String>,
    pub(super) head_sha: Option<String>,
    /// `owner/name` of a fork.
    pub(super) fork: Option<String>,
    /// The fork was deleted.
    #[serde(default)]
    pub(super) fork_deleted: bool,
    pub(super) base_ref: Option<String>,
    pub(super) draft: Option<bool>,
    pub(super) merged: Option<bool>,
    /// What merging made: a merge, a squash, the last of the rebased commits.
    pub(super) merge_commit_sha: Option<String>,
    pub(super) locked: Option<bool>,
    pub(super) behind: Option<bool>,
    pub(super) conflicts: Option<bool>,
    pub(super) diff: Option<String>,
    pub(super) labels: Option<Vec<String>>,
    /// When anything of it changed last.
    pub(super) updated_seconds_ago: Option<i64>,
}

/// A login, `octocat` when left out, or `null` for a user who no longer exists.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Author(Option<String>);

impl Default for Author {
    fn default() -> Self {
        Self(Some("octocat".to_owned()))
    }
}

impl Author {
    /// The account: a bot when the login says so.
    pub(super) fn account(&self) -> Option<Account> {
        self.0.as_ref().map(|login| Account {
            login: login.clone(),
            kind: if login.ends_with("[bot]") { "Bot" } else { "User" }.to_owned(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedIssue {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) author: Author,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    pub(super) state: Option<String>,
    /// Answers 410.
    #[serde(default)]
    pub(super) deleted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedComment {
    /// Number of the issue or pull request; 42 when left out.
    #[serde(default = "forty_two")]
    pub(super) number: u64,
    pub(super) body: String,
    #[serde(default)]
    pub(super) author: Author,
    /// How many of them.
    #[serde(default = "one")]
    pub(super) times: u32,
}

fn forty_two() -> u64 {
    42
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedArtifact {
    pub(super) name: String,
    pub(super) run_id: u64,
    #[serde(default)]
    pub(super) expired: bool,
}

/// A run of a workflow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedRun {
    /// A new one when left out.
    pub(super) id: Option<u64>,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) event: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) head_branch: String,
    pub(super) head_sha: String,
    #[serde(default)]
    pub(super) actor: Author,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedCheckRun {
    pub(super) name: String,
    pub(super) head_sha: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
}
