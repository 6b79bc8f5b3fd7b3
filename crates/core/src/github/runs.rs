//! Runs of workflows, read only: what is under way, and what has been before.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde::Deserialize;

use super::client::{next_page, read};
use super::{Error, Reader};
use crate::paging::MOST_PAGES;
use crate::retry::Repeat;

/// What a run is in that works, or is about to. One that waits for an approval may wait for days.
const UNDER_WAY: [&str; 3] = ["in_progress", "queued", "pending"];

/// A run of a workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Run {
    pub id: u64,
    /// The workflow's name.
    pub name: Option<String>,
    /// The branch that it is about. Untrusted text; a fork's may be called like one of ours.
    pub head_branch: Option<String>,
    pub head_sha: Option<String>,
    pub html_url: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    total_count: u64,
    #[serde(default)]
    workflow_runs: Vec<Run>,
}

impl Reader {
    /// The runs of all workflows that are under way or about to begin; needs `actions: read`.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn runs_under_way(&self) -> Result<Vec<Run>, Error> {
        let [working, queued, pending] = UNDER_WAY.map(|status| self.runs_in(status));
        let (working, queued, pending) = futures_util::try_join!(working, queued, pending)?;
        Ok([working, queued, pending].concat())
    }

    async fn runs_in(&self, status: &str) -> Result<Vec<Run>, Error> {
        const DOING: &str = "list the runs that are under way";
        let mut runs = Vec::new();
        let mut next = format!("/repos/{}/actions/runs?status={status}&per_page=100", self.repository);
        for _ in 0..MOST_PAGES {
            let answer = self.ask(Method::GET, &next, None, Repeat::Safe).await?;
            let page: Page = read(DOING, &answer)?;
            runs.extend(page.workflow_runs);
            match next_page(answer.header("link")) {
                Some(path) => path.clone_into(&mut next),
                None => return Ok(runs),
            }
        }
        Err(Error::Unproven { doing: DOING })
    }

    /// Whether a run of this workflow (its file's name, `sweep.yml`) that `event` started has ever succeeded, as far
    /// back as the repository keeps its runs; needs `actions: read`.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn has_succeeded(&self, workflow: &str, event: &str) -> Result<bool, Error> {
        let workflow = utf8_percent_encode(workflow, NON_ALPHANUMERIC);
        let path = format!(
            "/repos/{}/actions/workflows/{workflow}/runs?event={event}&status=success&per_page=1",
            self.repository
        );
        let answer = self.ask(Method::GET, &path, None, Repeat::Safe).await?;
        // Of a workflow that never ran.
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        let page: Page = read("look for earlier runs of this workflow", &answer)?;
        Ok(page.total_count > 0)
    }
}
