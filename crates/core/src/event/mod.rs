//! What triggered the run: GitHub's payload and the runner's variables as the few facts that actions need.
//!
//! Source: GitHub's webhook payloads (contract sheet of GitHub, sections 7, 9 and 10; of 2026, sections 7 and 12). What
//! reads them from the environment is `runner::event`, what asks GitHub for the rest is `runner::source`.

mod pull_request;
mod told;
mod withheld;

use jiff::Timestamp;
use serde_json::Value;

pub use self::pull_request::{PullRequest, State};
pub use self::told::{Head, Told};
pub use self::withheld::Withheld;
use crate::owner::Repository;

/// A workflow run and its attempt. A later one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    pub id: u64,
    pub attempt: u64,
}

/// The event's facts. Unknown kinds of event are no error: they have no pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// `pull_request`, `push`, `schedule` …; empty outside a runner.
    pub name: String,
    /// `opened`, `synchronize`, `closed` …
    pub action: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The number that the repository keeps when it is renamed or transferred.
    pub repository_id: Option<u64>,
    /// The pull request that the event is about, as far as it tells.
    pub told: Told,
    /// When what it tells was so.
    pub at: Option<Timestamp>,
    /// What it tells of its pull request is GitHub's answer of just now, not the payload's.
    pub asked: bool,
    /// The commit of the run itself: that of the run that is over (`workflow_run`), else `GITHUB_SHA`. In most events
    /// this is the default branch's tip, so it is never taken for a pull request's: see [`Event::commit_of`].
    pub sha: Option<String>,
    /// The commit that the branch was at before a push; `None` where the push made the branch.
    pub before: Option<String>,
    /// The branch that the run is about. Untrusted text.
    pub head_ref: Option<String>,
    pub run_id: Option<String>,
    pub run_attempt: Option<String>,
    pub actor: Option<String>,
}

impl Event {
    /// The facts that name and payload tell.
    pub fn of_payload(name: &str, payload: &Value) -> Self {
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let time = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str)?.parse().ok();
        let told = Told::of(payload);
        let head_ref = text("/workflow_run/head_branch");
        Self {
            name: name.to_owned(),
            action: text("/action"),
            repository: text("/repository/full_name"),
            repository_id: payload.pointer("/repository/id").and_then(Value::as_u64),
            at: time("/pull_request/updated_at")
                .or_else(|| time("/comment/updated_at"))
                .or_else(|| time("/workflow_run/updated_at")),
            before: text("/before").filter(|sha| name == "push" && sha.bytes().any(|digit| digit != b'0')),
            sha: text("/workflow_run/head_sha").or_else(|| text("/merge_group/head_sha")),
            head_ref: told.pull_request().and_then(|pull| pull.head_ref.clone()).or(head_ref),
            told,
            ..Self::default()
        }
    }

    /// The run itself; `None` outside of a workflow.
    pub fn run(&self) -> Option<Run> {
        let number = |text: &Option<String>| text.as_deref()?.parse().ok();
        Some(Run {
            id: number(&self.run_id)?,
            attempt: number(&self.run_attempt).unwrap_or(1),
        })
    }

    /// Which repository this is.
    pub fn identity(&self) -> Repository {
        Repository {
            id: self.repository_id,
            name: self.repository.clone().unwrap_or_default(),
        }
    }

    /// What is known of this pull request before anybody asks: all that the event tells when it is the event's own,
    /// else the number alone.
    pub fn known_of(&self, number: u64) -> PullRequest {
        let own = self.told.pull_request().filter(|pull| pull.number == number);
        own.cloned().unwrap_or_else(|| PullRequest::numbered(number))
    }

    /// The commit that is meant in a pull request's environment: the pull request's head, in a merge queue the
    /// group's. `None`: not known yet.
    pub fn commit_of<'a>(&'a self, pull: &'a PullRequest) -> Option<&'a str> {
        let own = self.told.pull_request().is_some_and(|own| own.number == pull.number);
        if own && self.name == "merge_group" {
            return self.sha.as_deref();
        }
        pull.head_sha.as_deref()
    }

    /// The commit that is meant in an environment that is no pull request's: the run's own. In a pull request this is
    /// its head (not the merge commit that `GITHUB_SHA` names there), unless it was just merged.
    pub fn commit(&self) -> Option<&str> {
        let head = self
            .told
            .pull_request()
            .filter(|pull| self.name.starts_with("pull_request") && !(self.is_closing() && pull.merged == Some(true)));
        let head = head.and_then(|pull| pull.head_sha.as_deref());
        head.or(self.sha.as_deref())
    }

    /// Whether a pull request was just closed.
    pub fn is_closing(&self) -> bool {
        self.name.starts_with("pull_request") && self.action.as_deref() == Some("closed")
    }

    /// Whether the run is not its first attempt.
    pub fn is_again(&self) -> bool {
        let attempt = self.run_attempt.as_deref().and_then(|text| text.parse::<u64>().ok());
        attempt.is_some_and(|attempt| attempt > 1)
    }
}

#[cfg(test)]
mod tests;
