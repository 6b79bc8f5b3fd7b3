//! What was committed and deployed before, seeded.

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::model::{At, Commit, Deployment, DeploymentStatus, Environment, Repository};

/// A commit with its place in the history; one that is not seeded stands alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedCommit {
    pub(super) sha: String,
    #[serde(default)]
    pub(super) parents: Vec<String>,
    /// When it was written; now when left out.
    pub(super) at: Option<At>,
}

/// A deployment, oldest first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedDeployment {
    pub(super) environment: String,
    pub(super) sha: String,
    #[serde(default)]
    pub(super) payload: Value,
    #[serde(default)]
    pub(super) transient: bool,
    /// Now when left out.
    pub(super) at: Option<At>,
    #[serde(default)]
    pub(super) statuses: Vec<SeedStatus>,
    /// How many of them.
    #[serde(default = "one")]
    pub(super) times: u32,
}

fn one() -> u32 {
    1
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedStatus {
    pub(super) state: String,
    pub(super) at: Option<At>,
}

pub(super) fn add(
    repository: &mut Repository,
    history: Vec<SeedCommit>,
    deployments: Vec<SeedDeployment>,
    id: &mut impl FnMut() -> u64,
    now: At,
) {
    for wanted in history {
        repository.commits.push(wanted.sha.clone());
        repository.history.push(Commit {
            sha: wanted.sha,
            parents: wanted.parents,
            at: wanted.at.unwrap_or(now),
        });
    }
    let creator = Account {
        login: "github-actions[bot]".to_owned(),
        kind: "Bot".to_owned(),
    };
    for wanted in deployments {
        if !repository
            .environments
            .iter()
            .any(|known| known.name == wanted.environment)
        {
            repository.environments.push(Environment {
                reviewers: Vec::new(),
                secrets: Vec::new(),
                id: id(),
                name: wanted.environment.clone(),
                created_at: now,
                updated_at: now,
            });
        }
        for _ in 0..wanted.times {
            let at = wanted.at.unwrap_or(now);
            let statuses = wanted.statuses.iter().map(|status| DeploymentStatus {
                id: id(),
                state: status.state.clone(),
                description: String::new(),
                environment: wanted.environment.clone(),
                environment_url: String::new(),
                log_url: String::new(),
                creator: creator.clone(),
                created_at: status.at.unwrap_or(at),
            });
            let statuses = statuses.collect();
            repository.deployments.push(Deployment {
                id: id(),
                sha: wanted.sha.clone(),
                reference: wanted.sha.clone(),
                task: "deploy".to_owned(),
                payload: if wanted.payload.is_null() {
                    json!({})
                } else {
                    wanted.payload.clone()
                },
                original_environment: wanted.environment.clone(),
                environment: wanted.environment.clone(),
                description: None,
                creator: creator.clone(),
                created_at: at,
                updated_at: at,
                transient: wanted.transient,
                production: wanted.environment == "production",
                statuses,
            });
        }
    }
}
