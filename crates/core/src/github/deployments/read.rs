//! Deployments, read.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde_json::Value;

use super::super::client::read;
use super::super::{Error, Reader};
use super::{Deployment, State, Status};
use crate::owner::Owner;
use crate::retry::Repeat;

/// So many that are over, one after the other, and all older ones are taken to be: whoever retires, retires the oldest
/// first. More than one, since a run that was overtaken may have ended late.
const IN_A_ROW: usize = 3;

impl Reader {
    /// All deployments of a GitHub environment, newest first.
    pub async fn deployments(&self, environment: &str) -> Result<Vec<Deployment>, Error> {
        const DOING: &str = "read the deployments";
        let listed = self.pages(DOING, &self.deployments_path(environment, None)).await?;
        Ok(listed.iter().filter_map(Deployment::of).collect())
    }

    /// All deployments that this owner's runs made, newest first.
    pub async fn deployments_of(&self, owner: &Owner) -> Result<Vec<Deployment>, Error> {
        let mut all = self.deployments(&owner.environment).await?;
        all.retain(|deployment| deployment.is_of(owner));
        Ok(all)
    }

    /// The newest deployments of this owner among the newest `pages` times 100 of its environment, newest first: for an
    /// environment that is never taken down, whose list only grows. And whether there are older ones.
    pub async fn newest_deployments_of(&self, owner: &Owner, pages: u64) -> Result<(Vec<Deployment>, bool), Error> {
        const DOING: &str = "read the newest deployments";
        let path = self.deployments_path(&owner.environment, None);
        let (listed, more) = self.first_pages(DOING, &path, pages).await?;
        let all = listed.iter().filter_map(Deployment::of);
        Ok((all.filter(|deployment| deployment.is_of(owner)).collect(), more))
    }

    /// The deployments of one commit to a GitHub environment, newest first.
    pub(super) async fn deployments_at(&self, environment: &str, sha: &str) -> Result<Vec<Deployment>, Error> {
        const DOING: &str = "read the commit's deployments";
        let listed = self
            .pages(DOING, &self.deployments_path(environment, Some(sha)))
            .await?;
        Ok(listed.iter().filter_map(Deployment::of).collect())
    }

    fn deployments_path(&self, environment: &str, sha: Option<&str>) -> String {
        let environment = utf8_percent_encode(environment, NON_ALPHANUMERIC);
        let sha = sha.map(|sha| format!("&sha={sha}")).unwrap_or_default();
        format!(
            "/repos/{}/deployments?environment={environment}{sha}&per_page=100",
            self.repository
        )
    }

    /// The newest statuses of a deployment, newest first, at most `most` (100 at GitHub's most); `None` when the
    /// deployment is gone.
    pub async fn deployment_statuses(&self, id: u64, most: u32) -> Result<Option<Vec<Status>>, Error> {
        const DOING: &str = "read a deployment's state";
        let path = format!("/repos/{}/deployments/{id}/statuses?per_page={most}", self.repository);
        let answer = self.ask(Method::GET, &path, None, Repeat::Safe).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let listed: Vec<Value> = read(DOING, &answer)?;
        Ok(Some(listed.iter().filter_map(Status::of).collect()))
    }

    /// Which of these deployments are not over, with their last status (`None`: they have none yet), oldest first: the
    /// order in which they are to be retired. `deployments` are the newest first; of a long list only the newest ones
    /// are asked for, until three in a row are inactive.
    pub async fn open_deployments(
        &self,
        deployments: &[Deployment],
    ) -> Result<Vec<(Deployment, Option<Status>)>, Error> {
        let mut open = Vec::new();
        let mut inactive = 0;
        for deployment in deployments {
            let Some(statuses) = self.deployment_statuses(deployment.id, 1).await? else {
                continue;
            };
            let last = statuses.into_iter().next();
            let state = last.as_ref().map(|status| status.state);
            inactive = if state == Some(State::Inactive) {
                inactive + 1
            } else {
                0
            };
            if inactive == IN_A_ROW {
                break;
            }
            if !state.is_some_and(State::is_over) {
                open.push((deployment.clone(), last));
            }
        }
        open.reverse();
        Ok(open)
    }
}
