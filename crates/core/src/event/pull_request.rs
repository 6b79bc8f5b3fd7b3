//! A pull request, as far as it is known.

use serde_json::Value;

/// Open, or closed (merged or not).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Closed,
}

/// A pull request. What is `None` is not known; it is not guessed from anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    pub number: u64,
    /// The last commit of its branch.
    pub head_sha: Option<String>,
    /// The branch's name. Untrusted text.
    pub head_ref: Option<String>,
    /// It comes from another repository.
    pub from_fork: Option<bool>,
    pub state: Option<State>,
    pub merged: Option<bool>,
    pub draft: Option<bool>,
}

impl PullRequest {
    /// One of which only the number is known.
    pub fn numbered(number: u64) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// Reads what GitHub tells: payloads, REST's single answer and its lists have one shape, with fields left out.
    pub fn of(value: &Value) -> Option<Self> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| value.get(key).and_then(Value::as_bool);
        // Lists and reviews tell the time instead.
        let merged_at = value.get("merged_at").map(|at| !at.is_null());
        Some(Self {
            number: value.get("number")?.as_u64()?,
            head_sha: text("/head/sha"),
            head_ref: text("/head/ref"),
            from_fork: from_fork(value),
            state: state(value),
            merged: flag("merged").or(merged_at),
            draft: flag("draft"),
        })
    }

    /// Reads the issue that a pull request is, too: what `issue_comment` carries. It has no head.
    pub(super) fn of_issue(issue: &Value) -> Option<Self> {
        let pull = issue.get("pull_request")?;
        Some(Self {
            state: state(issue),
            merged: pull.get("merged_at").map(|at| !at.is_null()),
            draft: issue.get("draft").and_then(Value::as_bool),
            ..Self::numbered(issue.get("number")?.as_u64()?)
        })
    }

    /// What was known, brought up to date by what GitHub answered now. The head stays: a run is about the commit that
    /// it was started for, whatever was pushed since.
    #[must_use]
    pub fn now(self, answer: Self) -> Self {
        Self {
            head_sha: self.head_sha.or(answer.head_sha),
            head_ref: self.head_ref.or(answer.head_ref),
            ..answer
        }
    }

    pub fn is_closed(&self) -> bool {
        self.state == Some(State::Closed)
    }

    pub fn is_open(&self) -> bool {
        self.state == Some(State::Open)
    }
}

fn state(value: &Value) -> Option<State> {
    match value.get("state")?.as_str()? {
        "open" => Some(State::Open),
        "closed" => Some(State::Closed),
        _ => None,
    }
}

/// A deleted fork leaves `head.repo` null: not ours either. `workflow_run` has ids only.
fn from_fork(value: &Value) -> Option<bool> {
    let head = value.pointer("/head/repo")?;
    if head.is_null() {
        return Some(true);
    }
    let base = value.pointer("/base/repo")?;
    ["id", "full_name"]
        .iter()
        .find_map(|key| Some(head.get(key)? != base.get(key)?))
}
