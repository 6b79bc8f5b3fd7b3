//! The pull request that stories and the demo are about, as GitHub's events tell it.

use serde_json::{Value, json};

use crate::job::Job;

/// A repository.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// `owner/name`.
    pub full_name: &'a str,
    /// The number that it keeps whatever it is called.
    pub id: u64,
}

/// A pull request of a branch of the repository itself onto `main`.
#[derive(Clone, Copy, Debug)]
pub struct PullRequest<'a> {
    pub repository: Repository<'a>,
    pub number: u64,
    pub title: &'a str,
    pub head_ref: &'a str,
    pub head_sha: &'a str,
    pub base_sha: &'a str,
    pub merged: bool,
}

impl Repository<'_> {
    fn owner_and_name(&self) -> (&str, &str) {
        self.full_name.split_once('/').unwrap_or((self.full_name, ""))
    }

    /// It as events hold it.
    #[must_use]
    pub fn payload(&self) -> Value {
        let (owner, name) = self.owner_and_name();
        json!({
            "id": self.id, "full_name": self.full_name, "name": name, "owner": {"login": owner},
            "default_branch": "main",
        })
    }
}

impl PullRequest<'_> {
    /// It as it is when an event with this `action` is sent.
    pub fn payload(self, action: &str) -> Value {
        let repository = self.repository.payload();
        json!({
            "number": self.number,
            "state": if action == "closed" { "closed" } else { "open" },
            "merged": self.merged,
            "draft": false,
            "title": self.title,
            "user": {"login": "octocat", "type": "User"},
            "head": {"ref": self.head_ref, "sha": self.head_sha, "repo": repository},
            "base": {"ref": "main", "sha": self.base_sha, "repo": repository},
        })
    }

    /// `event.json` as a step finds it.
    pub fn event(self, action: &str) -> Value {
        event(action, &self.payload(action))
    }

    /// The job of a workflow that its event has started.
    pub fn job(self) -> Job {
        Job::new()
            .set("GITHUB_BASE_REF", "main")
            .set("GITHUB_EVENT_NAME", "pull_request")
            .set("GITHUB_HEAD_REF", self.head_ref)
            .set("GITHUB_REF", format!("refs/pull/{}/merge", self.number))
            .set("GITHUB_REF_NAME", format!("{}/merge", self.number))
            .set("GITHUB_REPOSITORY", self.repository.full_name)
            .set("GITHUB_REPOSITORY_ID", self.repository.id.to_string())
            .set("GITHUB_REPOSITORY_OWNER", self.repository.owner_and_name().0)
    }
}

/// `event.json` of an event about this pull request.
pub fn event(action: &str, pull: &Value) -> Value {
    json!({
        "action": action,
        "number": pull["number"],
        "pull_request": pull,
        "repository": pull["base"]["repo"],
        "sender": {"login": "octocat", "type": "User"},
    })
}
