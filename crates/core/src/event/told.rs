//! Which pull request a payload is about.

use serde_json::Value;

use super::PullRequest;

/// What an event tells of its pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Told {
    /// It is about none.
    #[default]
    Nothing,
    Is(PullRequest),
    /// It is about the one that has this head; which one that is has to be asked.
    Head(Head),
}

/// The head of a run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Who owns the repository that it was pushed to; `None` for a fork that was deleted.
    pub owner: Option<String>,
    pub branch: Option<String>,
    pub sha: String,
}

impl Told {
    pub(super) fn of(payload: &Value) -> Self {
        let told = if let Some(pull) = payload.get("pull_request") {
            own(pull, payload)
        } else if let Some(issue) = payload.get("issue") {
            PullRequest::of_issue(issue)
        } else if let Some(group) = payload.get("merge_group") {
            let reference = group.get("head_ref").and_then(Value::as_str).unwrap_or_default();
            queued(reference).map(PullRequest::numbered)
        } else if let Some(run) = payload.get("workflow_run") {
            return of_run(run, payload);
        } else {
            None
        };
        told.map_or(Self::Nothing, Self::Is)
    }

    /// The pull request, where it is told which.
    pub fn pull_request(&self) -> Option<&PullRequest> {
        match self {
            Self::Is(pull) => Some(pull),
            Self::Nothing | Self::Head(_) => None,
        }
    }

    /// Its number.
    pub fn number(&self) -> Option<u64> {
        self.pull_request().map(|pull| pull.number)
    }
}

/// The pull request of a pull request's event.
fn own(pull: &Value, payload: &Value) -> Option<PullRequest> {
    let mut told = PullRequest::of(pull)?;
    if told.from_fork.is_none() && pull.get("head").is_some() {
        // Its base is this repository, whatever the payload leaves out.
        let name = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        told.from_fork = Some(name("/pull_request/head/repo/full_name") != name("/repository/full_name"));
    }
    Some(told)
}

/// The number in a merge queue's branch, `gh-readonly-queue/main/pr-42-<commit>`.
fn queued(reference: &str) -> Option<u64> {
    let (_, last) = reference.split_once("gh-readonly-queue/")?.1.rsplit_once('/')?;
    last.strip_prefix("pr-")?.split_once('-')?.0.parse().ok()
}

/// `workflow_run`: GitHub lists the pull requests of the run's branch, but never one of a fork (actions/runner#3444).
fn of_run(run: &Value, payload: &Value) -> Told {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let Some(sha) = text(run, "/head_sha") else {
        return Told::Nothing;
    };
    let started_by = text(run, "/event").unwrap_or_default();
    let by_pull_request = started_by.starts_with("pull_request");
    let own_repository = text(run, "/head_repository/full_name") == text(payload, "/repository/full_name");
    let branch = text(run, "/head_branch");
    if !by_pull_request && own_repository && branch == text(payload, "/repository/default_branch") {
        // The default branch's tip, though a pull request may lead from there to a release branch.
        return Told::Nothing;
    }
    let listed = run.get("pull_requests").and_then(Value::as_array);
    if let Some([only]) = listed.map(Vec::as_slice)
        && let Some(pull) = PullRequest::of(only)
        // The list tells the pull request as it is now: with another head, it was pushed to since.
        && pull.head_sha.as_ref() == Some(&sha)
    {
        return Told::Is(pull);
    }
    if !by_pull_request {
        return Told::Nothing;
    }
    Told::Head(Head {
        owner: text(run, "/head_repository/owner/login"),
        branch,
        sha,
    })
}
