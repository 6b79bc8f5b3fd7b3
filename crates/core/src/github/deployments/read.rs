//! Deployments, read.

use std::pin::pin;

use futures_util::{StreamExt as _, stream};
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
/// Requests at a time.
const AT_ONCE: usize = 4;

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

    /// Deployments with their statuses, both newest first: of each the newest `most`, until `enough` has seen enough of
    /// them. Those that are gone are left out; so are those that were not asked for.
    pub async fn deployment_histories(
        &self,
        deployments: &[Deployment],
        most: u32,
        mut enough: impl FnMut(&[Status]) -> bool,
    ) -> Result<Vec<(Deployment, Vec<Status>)>, Error> {
        let mut histories = Vec::new();
        let asked = deployments.iter().map(async |deployment| {
            let statuses = self.deployment_statuses(deployment.id, most).await;
            (deployment, statuses)
        });
        let mut answers = pin!(stream::iter(asked).buffered(AT_ONCE));
        while let Some((deployment, statuses)) = answers.next().await {
            let Some(statuses) = statuses? else { continue };
            let done = enough(&statuses);
            histories.push((deployment.clone(), statuses));
            if done {
                break;
            }
        }
        Ok(histories)
    }

    /// Which of these deployments are not over, with their last status (`None`: they have none yet), oldest first: the
    /// order in which they are to be retired.
    pub async fn open_deployments(
        &self,
        deployments: &[Deployment],
    ) -> Result<Vec<(Deployment, Option<Status>)>, Error> {
        let histories = self.deployment_histories(deployments, 1, all_are_over()).await?;
        let last = histories
            .into_iter()
            .map(|(deployment, statuses)| (deployment, statuses.into_iter().next()));
        let mut open: Vec<_> = last
            .filter(|(_, last)| !last.as_ref().is_some_and(|last| last.state.is_over()))
            .collect();
        open.reverse();
        Ok(open)
    }
}

/// Tells from which deployment on all older ones are taken to be over, newest first: three in a row are inactive.
pub fn all_are_over() -> impl FnMut(&[Status]) -> bool {
    let mut inactive = 0;
    move |statuses| {
        let is_inactive = statuses.first().is_some_and(|last| last.state == State::Inactive);
        inactive = if is_inactive { inactive + 1 } else { 0 };
        inactive >= IN_A_ROW
    }
}
