//! Changing a branch that is there.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Map, json};

use super::Writer;
use super::api::Ask;
use super::create::{Point, seconds};
use super::error::Error;
use super::types::{Branch, Operations};
use crate::retry::{self, Doubt, Tries};

impl Writer {
    /// Sets when the branch expires; `None` lets it live.
    pub async fn expire(&self, branch: &str, at: Option<Timestamp>) -> Result<(), Error> {
        let body = json!({"branch": {"expires_at": at.map(seconds)}});
        let ask = Ask::change(Method::PATCH, format!("/branches/{branch}"), Some(body));
        let started: Operations = self.api.read(&ask).await?;
        self.wait_for_operations(started.operations).await
    }

    /// Deletes the branch and waits until it is gone. `false`: it was gone already, and not by a try of ours whose answer
    /// was lost.
    pub async fn delete(&self, branch: &str) -> Result<bool, Error> {
        let ask = Ask::change(Method::DELETE, format!("/branches/{branch}"), None);
        let answer = self.api.send(&ask).await?;
        match answer.status.as_u16() {
            // Neon: 204 when it is missing or deleted already.
            204 | 404 => Ok(answer.after_unclear),
            200..300 => {
                let started: Operations = self.api.parse(&ask, &answer)?;
                self.wait_for_operations(started.operations).await?;
                Ok(true)
            }
            _ => Err(Error::refused(&answer, self.api.call(&ask))),
        }
    }

    /// Puts the branch back to the source's state, at a point or its head, and waits until that is done. The former
    /// state is kept as a branch named `preserve`, which becomes the parent when a branch is restored from itself.
    pub async fn restore(
        &self,
        branch: &str,
        source: &str,
        at: Option<&Point>,
        preserve: Option<&str>,
    ) -> Result<Branch, Error> {
        let mut body = Map::new();
        body.insert("source_branch_id".to_owned(), json!(source));
        match at {
            Some(Point::Timestamp(at)) => {
                body.insert("source_timestamp".to_owned(), json!(at.to_string()));
            }
            Some(Point::Lsn(lsn)) => {
                body.insert("source_lsn".to_owned(), json!(lsn));
            }
            None => {}
        }
        if let Some(name) = preserve {
            body.insert("preserve_under_name".to_owned(), json!(name));
        }
        let path = format!("/branches/{branch}/restore");
        // With a name to preserve under, a second try would find that name taken: as unsafe to repeat as a create.
        let ask = if preserve.is_some() {
            Ask::create(path, body.into())
        } else {
            Ask::change(Method::POST, path, Some(body.into()))
        };
        let restore = async |tries: &mut Tries| {
            let started: Operations = self.api.read_in(&ask, tries).await?;
            Ok(started.operations)
        };
        let doubt = |error: &Error| {
            if preserve.is_some() && error.is_unclear() {
                Doubt::Unclear
            } else {
                Doubt::None
            }
        };
        // The name under which the former state is kept shows that it was done.
        let look = async || match preserve {
            Some(name) if self.named(name).await?.is_some() => Ok(Some(self.open_operations(branch).await?)),
            _ => Ok(None),
        };
        let operations = retry::settled(&mut self.api.tries(), restore, doubt, look).await?;
        self.wait_for_operations(operations.into_inner()).await?;
        self.new_branch(branch).await
    }
}
