//! Commits: what one deployment brings beyond another, which pull requests that were, and the status of a commit.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::read;
use super::{Error, Reader, Writer};
use crate::event::PullRequest;
use crate::retry::Repeat;

/// What came from one commit to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// When the oldest of its commits was written; `None` also where not all of them were told.
    pub first: Option<Timestamp>,
    /// The commits of the branch itself, newest first: each is a merge, a squash, or a commit that was pushed or rebased.
    /// What a merge brought is not among them.
    pub mainline: Vec<String>,
    /// How many commits there are in all, merged ones included.
    pub total: u64,
}

/// How a commit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStatus {
    /// `pending`, `success`, `failure` or `error`.
    pub state: String,
    /// What tells it from other statuses of the commit.
    pub context: String,
    /// At most 140 characters are sent.
    pub description: String,
    /// "" for none.
    pub target_url: String,
}

impl Changes {
    fn of(value: &Value, head: &str) -> Self {
        let commits = value["commits"].as_array().map(Vec::as_slice).unwrap_or_default();
        let by_sha: BTreeMap<&str, &Value> = commits
            .iter()
            .filter_map(|commit| Some((commit["sha"].as_str()?, commit)))
            .collect();
        let mut mainline = Vec::new();
        let mut at = by_sha.get(head).copied();
        while let Some(sha) = at.and_then(|commit| commit["sha"].as_str())
            && mainline.len() < by_sha.len()
        {
            mainline.push(sha.to_owned());
            let parent = at.and_then(|commit| commit["parents"][0]["sha"].as_str());
            at = parent.and_then(|sha| by_sha.get(sha)).copied();
        }
        let written =
            |commit: &Value| -> Option<Timestamp> { commit.pointer("/commit/author/date")?.as_str()?.parse().ok() };
        let told = commits.len() as u64;
        let total = value["total_commits"].as_u64().unwrap_or(told);
        Self {
            first: (told == total)
                .then(|| commits.iter().filter_map(written).min())
                .flatten(),
            mainline,
            total,
        }
    }
}

impl Reader {
    /// What came between two commits; `None` when one of them is gone (a forced push), or nothing came. Of more than 250
    /// commits GitHub tells the newest ones, when it is not asked for pages.
    pub async fn changes(&self, base: &str, head: &str) -> Result<Option<Changes>, Error> {
        const DOING: &str = "compare two commits";
        let path = format!("/repos/{}/compare/{base}...{head}", self.repository);
        let answer = self.briefly().ask(Method::GET, &path, None, Repeat::Safe).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let changes = Changes::of(&read::<Value>(DOING, &answer)?, head);
        Ok((changes.total > 0).then_some(changes))
    }

    /// The pull requests that a commit of a branch came from: those that were merged.
    pub async fn merged_by(&self, sha: &str) -> Result<Vec<PullRequest>, Error> {
        const DOING: &str = "find the pull requests of a commit";
        let path = format!("/repos/{}/commits/{sha}/pulls?per_page=100", self.repository);
        let listed = self.briefly().pages(DOING, &path).await?;
        let all = listed.iter().filter_map(PullRequest::of);
        Ok(all.filter(|pull| pull.merged == Some(true)).collect())
    }

    /// The newest status of a commit in this context.
    pub async fn commit_status(&self, sha: &str, context: &str) -> Result<Option<CommitStatus>, Error> {
        const DOING: &str = "read the commit's statuses";
        let sha = utf8_percent_encode(sha, NON_ALPHANUMERIC);
        let path = format!("/repos/{}/commits/{sha}/status?per_page=100", self.repository);
        let answer = self.ask(Method::GET, &path, None, Repeat::Safe).await?;
        let combined: Value = read(DOING, &answer)?;
        let latest = combined["statuses"].as_array().map(Vec::as_slice).unwrap_or_default();
        let newest = latest.iter().find(|status| status["context"] == context);
        Ok(newest.map(|status| {
            let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
            CommitStatus {
                state: text("state"),
                context: text("context"),
                description: text("description"),
                target_url: text("target_url"),
            }
        }))
    }
}

impl Writer {
    /// Sets a commit's status. Repeated without harm: the newest one of a context counts.
    pub async fn set_commit_status(&self, sha: &str, status: &CommitStatus) -> Result<(), Error> {
        const DOING: &str = "set the commit's status";
        let reader = self.reader();
        let path = format!("/repos/{}/statuses/{sha}", reader.repository);
        let mut body = json!({
            "state": status.state,
            "context": status.context,
            "description": status.description,
        });
        if !status.target_url.is_empty() {
            body["target_url"] = json!(status.target_url);
        }
        let answer = reader.ask(Method::POST, &path, Some(&body), Repeat::Safe).await?;
        read::<Value>(DOING, &answer).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_itself_is_followed_not_what_was_merged_into_it() {
        let commit = |sha: &str, parents: &[&str], at: &str| {
            let parents: Vec<Value> = parents.iter().map(|sha| json!({ "sha": sha })).collect();
            json!({"sha": sha, "parents": parents, "commit": {"author": {"date": at}}})
        };
        let answer = json!({"total_commits": 4, "commits": [
            commit("topic-1", &["base"], "2026-11-20T08:00:00Z"),
            commit("squash", &["base"], "2026-11-21T08:00:00Z"),
            commit("topic-2", &["topic-1"], "2026-11-20T09:00:00Z"),
            commit("merge", &["squash", "topic-2"], "2026-11-22T08:00:00Z"),
        ]});
        let changes = Changes::of(&answer, "merge");
        assert_eq!(changes.mainline, ["merge", "squash"]);
        assert_eq!(changes.first, "2026-11-20T08:00:00Z".parse().ok());
        assert_eq!(
            Changes::of(&json!({"total_commits": 0, "commits": []}), "x"),
            Changes::default()
        );
        // Its own parent, as no commit is: still an end.
        let many = json!({"total_commits": 300, "commits": [commit("a", &["b"], "2026-11-20T08:00:00Z")]});
        assert_eq!(Changes::of(&many, "a").first, None);
        let circle = json!({"commits": [commit("a", &["a"], "x")]});
        assert_eq!(Changes::of(&circle, "a").mainline, ["a"]);
    }
}
