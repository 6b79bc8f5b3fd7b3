//! Pull requests, read only.

use std::time::Duration;

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde_json::Value;

use super::client::read;
use super::{Error, Reader};
use crate::event::{Head, PullRequest, State};
use crate::retry::Repeat;

/// What is asked here is not worth a long wait: where it stays without an answer, that is said, and most work goes on.
const PATIENCE: Duration = Duration::from_secs(20);

impl Reader {
    /// The pull request with this number; `None` when the token sees none.
    pub async fn pull_request(&self, number: u64) -> Result<Option<PullRequest>, Error> {
        const DOING: &str = "read the pull request";
        let path = format!("/repos/{}/pulls/{number}", self.repository);
        let answer = self.briefly().ask(Method::GET, &path, None, Repeat::Safe).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let value: Value = read(DOING, &answer)?;
        match PullRequest::of(&value) {
            Some(pull) => Ok(Some(pull)),
            None => Err(Error::unreadable(DOING, &answer, "it has no number")),
        }
    }

    /// The pull requests that have exactly this head: the open ones, and when there is none of those the closed ones.
    ///
    /// Asked by branch, since the list of a commit's pull requests leaves those of forks out (contract sheet of GitHub,
    /// section 7); by commit where the fork was deleted.
    pub async fn pull_requests_of(&self, head: &Head) -> Result<Vec<PullRequest>, Error> {
        const DOING: &str = "find the pull request of a commit";
        let path = match (&head.owner, &head.branch) {
            (Some(owner), Some(branch)) => {
                let label = utf8_percent_encode(&format!("{owner}:{branch}"), NON_ALPHANUMERIC).to_string();
                format!("/repos/{}/pulls?state=all&head={label}&per_page=100", self.repository)
            }
            _ => format!("/repos/{}/commits/{}/pulls?per_page=100", self.repository, head.sha),
        };
        let listed = self.briefly().pages(DOING, &path).await?;
        let same = listed.iter().filter_map(PullRequest::of);
        let same = same.filter(|pull| pull.head_sha.as_ref() == Some(&head.sha));
        let (open, closed): (Vec<_>, Vec<_>) = same.partition(|pull| pull.state == Some(State::Open));
        Ok(if open.is_empty() { closed } else { open })
    }

    pub(super) fn briefly(&self) -> Self {
        let mut reader = self.clone();
        reader.patience.total = PATIENCE;
        reader
    }
}
