//! What triggered the run: the runner's event file as the few facts that actions need.
//!
//! Source: GitHub's webhook payloads and the variables that the runner sets.

use serde_json::Value;

use crate::owner::Repository;
use crate::runner::{Env, Problems};

/// The event's facts. Unknown kinds of event are no error: they have no pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// `pull_request`, `push`, `schedule` …
    pub name: String,
    /// `opened`, `synchronize`, `closed` …
    pub action: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The number that the repository keeps when it is renamed or transferred.
    pub repository_id: Option<u64>,
    pub pull_request: Option<u64>,
    /// The commit that is meant: a pull request's head (not the merge commit that `GITHUB_SHA` names), else `GITHUB_SHA`.
    pub sha: Option<String>,
    /// The head branch. Untrusted text.
    pub head_ref: Option<String>,
    /// The pull request comes from another repository: no secrets, a token that can only read.
    pub from_fork: bool,
    /// The pull request was merged (with action `closed`).
    pub merged: bool,
    pub run_id: Option<String>,
    pub run_attempt: Option<String>,
    pub actor: Option<String>,
}

impl Event {
    /// Reads `GITHUB_EVENT_PATH` and the variables beside it. Outside a runner all facts are absent.
    pub fn read(env: &Env, problems: &mut Problems) -> Self {
        let owned = |name: &str| env.get(name).map(str::to_owned);
        let payload = match env
            .get("GITHUB_EVENT_PATH")
            .map(|path| (path, std::fs::read_to_string(path)))
        {
            None => Value::Null,
            Some((path, Err(error))) => {
                problems.add("GITHUB_EVENT_PATH", format!("`{path}` cannot be read: {error}"));
                Value::Null
            }
            Some((path, Ok(text))) => serde_json::from_str(&text).unwrap_or_else(|error| {
                problems.add("GITHUB_EVENT_PATH", format!("`{path}` is not JSON: {error}"));
                Value::Null
            }),
        };
        let mut event = Self::of_payload(&payload);
        event.name = owned("GITHUB_EVENT_NAME").unwrap_or_default();
        event.repository = owned("GITHUB_REPOSITORY").or(event.repository);
        let id = env.get("GITHUB_REPOSITORY_ID").and_then(|id| id.trim().parse().ok());
        event.repository_id = id.or(event.repository_id);
        event.sha = event.sha.or_else(|| owned("GITHUB_SHA"));
        event.head_ref = event
            .head_ref
            .or_else(|| owned("GITHUB_HEAD_REF"))
            .or_else(|| owned("GITHUB_REF_NAME"));
        event.run_id = owned("GITHUB_RUN_ID");
        event.run_attempt = owned("GITHUB_RUN_ATTEMPT");
        event.actor = owned("GITHUB_ACTOR");
        event
    }

    /// Which repository this is.
    pub fn identity(&self) -> Repository {
        Repository {
            id: self.repository_id,
            name: self.repository.clone().unwrap_or_default(),
        }
    }

    /// The facts that the payload alone tells.
    pub fn of_payload(payload: &Value) -> Self {
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let repository = text("/repository/full_name");
        let pull = payload.get("pull_request");
        let head_repository = text("/pull_request/head/repo/full_name");
        // `issue_comment` carries the pull request as an issue with a `pull_request` key.
        let number = payload.pointer("/pull_request/number").or_else(|| {
            payload
                .pointer("/issue/pull_request")
                .and_then(|_| payload.pointer("/issue/number"))
        });
        Self {
            action: text("/action"),
            pull_request: number.and_then(Value::as_u64),
            sha: text("/pull_request/head/sha").or_else(|| text("/workflow_run/head_sha")),
            head_ref: text("/pull_request/head/ref").or_else(|| text("/workflow_run/head_branch")),
            // A deleted fork leaves `head.repo` null: not ours either.
            from_fork: pull.is_some() && head_repository != repository,
            merged: payload
                .pointer("/pull_request/merged")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            repository,
            repository_id: payload.pointer("/repository/id").and_then(Value::as_u64),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pull_requests_commit_is_its_head() {
        let payload = json!({
            "action": "synchronize", "number": 42,
            "pull_request": {"number": 42, "merged": false, "head": {"sha": "abc", "ref": "feature/x", "repo": {"full_name": "acme/app"}}},
            "repository": {"full_name": "acme/app"}
        });
        let event = Event::of_payload(&payload);
        assert_eq!(
            (event.pull_request, event.sha.as_deref(), event.from_fork),
            (Some(42), Some("abc"), false)
        );
    }

    #[test]
    fn forks_are_told_even_when_they_were_deleted() {
        let payload = |repo: Value| json!({"pull_request": {"number": 1, "head": {"repo": repo}}, "repository": {"full_name": "acme/app"}});
        assert!(Event::of_payload(&payload(json!({"full_name": "eve/app"}))).from_fork);
        assert!(Event::of_payload(&payload(Value::Null)).from_fork);
    }

    #[test]
    fn a_comment_on_a_pull_request_names_it() {
        let payload = json!({"issue": {"number": 7, "pull_request": {}}, "repository": {"full_name": "acme/app"}});
        assert_eq!(Event::of_payload(&payload).pull_request, Some(7));
        let payload = json!({"issue": {"number": 7}});
        assert_eq!(Event::of_payload(&payload).pull_request, None);
    }
}
