//! Deployments, changed.

use http::Method;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::client::read;
use super::super::{Error, Writer};
use super::{Deployment, LONGEST_DESCRIPTION, NewDeployment, State};
use crate::retry::{self, Doubt, Repeat, Written};

/// A status to be posted.
#[derive(Debug, Clone)]
pub struct NewStatus {
    pub state: State,
    /// Where the environment is; "" for none.
    pub environment_url: String,
    /// The run; "" for none.
    pub log_url: String,
    /// At most 140 characters are sent.
    pub description: String,
}

/// What became of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    Done,
    /// The deployment was deleted meanwhile.
    Gone,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Done,
    /// It was gone already.
    Absent,
}

/// Whether a failed create may have been carried out.
fn doubt(error: &Error) -> Doubt {
    if error.is_ambiguous() {
        Doubt::Unclear
    } else {
        Doubt::None
    }
}

impl Writer {
    /// Makes a deployment. After an answer that was lost it is looked for before it is asked for again: by commit, owner
    /// and run.
    pub async fn create_deployment(&self, new: &NewDeployment) -> Result<Written<Deployment>, Error> {
        const DOING: &str = "create a deployment";
        let reader = self.reader();
        let path = format!("/repos/{}/deployments", reader.repository);
        let body = new.body();
        let ask = async |tries: &mut retry::Tries| {
            let answer = reader
                .ask_in(Method::POST, &path, Some(&body), Repeat::Unsafe, tries)
                .await?;
            // GitHub merged something in place of deploying.
            if answer.status == StatusCode::ACCEPTED {
                return Err(Error::refused(DOING, &answer));
            }
            let made: Value = read(DOING, &answer)?;
            Deployment::of(&made).ok_or_else(|| Error::unreadable(DOING, &answer, "it has no id"))
        };
        let look = async || {
            let there = reader.deployments_at(&new.owner.environment, &new.sha).await?;
            let mut ours = there.into_iter();
            Ok(ours.find(|deployment| deployment.is_of_run(&new.owner, new.run)))
        };
        retry::settled(&mut reader.tries_of_create(), ask, doubt, look).await
    }

    /// Says how a deployment stands. To be called only when its last status is another: after an answer that was lost,
    /// a last status like the wanted one is taken for it.
    ///
    /// GitHub itself retires no deployment of a pull request's environment, nor of production, when another succeeds.
    pub async fn set_deployment_state(&self, id: u64, new: &NewStatus) -> Result<Posted, Error> {
        const DOING: &str = "set a deployment's state";
        let reader = self.reader();
        let path = format!("/repos/{}/deployments/{id}/statuses", reader.repository);
        let mut body = json!({
            "state": new.state.name(),
            "description": crate::text::shorten(&new.description, LONGEST_DESCRIPTION),
            // Which ones are retired is decided here, by whose they are.
            "auto_inactive": false,
        });
        for (key, url) in [("environment_url", &new.environment_url), ("log_url", &new.log_url)] {
            if !url.is_empty() {
                body[key] = json!(url);
            }
        }
        let ask = async |tries: &mut retry::Tries| {
            let answer = reader
                .ask_in(Method::POST, &path, Some(&body), Repeat::Unsafe, tries)
                .await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(Posted::Gone);
            }
            read::<Value>(DOING, &answer).map(|_| Posted::Done)
        };
        let look = async || {
            let Some(statuses) = reader.deployment_statuses(id, 1).await? else {
                return Ok(Some(Posted::Gone));
            };
            let same = statuses.first().is_some_and(|status| status.state == new.state);
            Ok(same.then_some(Posted::Done))
        };
        let written = retry::settled(&mut reader.tries_of_create(), ask, doubt, look).await?;
        Ok(written.into_inner())
    }

    /// Retires a deployment: GitHub shows it as inactive, that of a pull request's environment as destroyed.
    pub async fn retire_deployment(&self, id: u64, why: &str) -> Result<Posted, Error> {
        let status = NewStatus {
            state: State::Inactive,
            environment_url: String::new(),
            log_url: String::new(),
            description: why.to_owned(),
        };
        self.set_deployment_state(id, &status).await
    }

    /// Deletes a deployment: one that GitHub holds for active is retired first (it answers 422 otherwise). The GitHub
    /// environment stays.
    pub async fn delete_deployment(&self, id: u64) -> Result<Deleted, Error> {
        const DOING: &str = "delete a deployment";
        let reader = self.reader();
        let path = format!("/repos/{}/deployments/{id}", reader.repository);
        let mut retired = false;
        loop {
            let answer = reader.ask(Method::DELETE, &path, None, Repeat::Safe).await?;
            match answer.status {
                status if status.is_success() => return Ok(Deleted::Done),
                // Gone after a try whose answer was lost: by us.
                StatusCode::NOT_FOUND if answer.after_unclear => return Ok(Deleted::Done),
                StatusCode::NOT_FOUND => return Ok(Deleted::Absent),
                StatusCode::UNPROCESSABLE_ENTITY if !retired => {
                    self.retire_deployment(id, "its environment is deleted").await?;
                    retired = true;
                }
                _ => return Err(Error::refused(DOING, &answer)),
            }
        }
    }
}
