//! Waiting for what a change has started.

use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Deserialize;
use tokio::time::Instant;

use super::Reader;
use super::api::Ask;
use super::error::Error;
use super::types::{Operation, Operations};

/// Operations take seconds; branches of large projects with many computes can take minutes.
const LONGEST: Duration = Duration::from_mins(5);
/// The first wait between two looks; it grows by half, up to [`SLOWEST`].
const FIRST: Duration = Duration::from_millis(250);
const SLOWEST: Duration = Duration::from_secs(2);
/// `failed` is no end: Neon may try again. This long without a sign of that, it is one.
const GRACE: Duration = Duration::from_secs(30);

/// What an operation's status means.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Done,
    Running,
    /// Failed for now.
    Failing,
    Failed,
}

/// Neon's documentation: finished, skipped and cancelled are final, `failed` may be retried by Neon.
fn judge(status: &str) -> State {
    match status {
        "finished" | "skipped" => State::Done,
        "error" | "cancelled" => State::Failed,
        "failed" => State::Failing,
        _ => State::Running,
    }
}

/// An operation that is waited for.
struct Awaited {
    operation: Operation,
    /// Since when it has been failing without another try, and how many tries had failed then.
    failing: Option<(Instant, i64)>,
}

impl Awaited {
    /// Whether it needs another look.
    fn look(&mut self, now: Instant) -> Result<bool, Error> {
        let operation = &self.operation;
        match judge(&operation.status) {
            State::Done => return Ok(false),
            State::Running => self.failing = None,
            State::Failing => match self.failing {
                Some((since, count)) if count == operation.failures_count => {
                    if now - since >= GRACE {
                        return Err(failure(operation));
                    }
                }
                // Another try has failed: patience begins anew.
                _ => self.failing = Some((now, operation.failures_count)),
            },
            State::Failed => return Err(failure(operation)),
        }
        Ok(true)
    }
}

fn failure(operation: &Operation) -> Error {
    Error::OperationFailed {
        action: operation.action.clone(),
        status: operation.status.clone(),
        error: operation.error.clone().unwrap_or_default(),
    }
}

impl Reader {
    /// Waits until these operations have ended well. All are asked for at once, so that each look is one round trip.
    pub async fn wait_for_operations(&self, operations: Vec<Operation>) -> Result<(), Error> {
        let began = Instant::now();
        let mut awaited: Vec<Awaited> = operations
            .into_iter()
            .map(|operation| Awaited {
                operation,
                failing: None,
            })
            .collect();
        let mut wait = FIRST;
        loop {
            let now = Instant::now();
            let mut open = Vec::new();
            for mut one in awaited {
                if one.look(now)? {
                    open.push(one);
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            if now - began >= LONGEST {
                let actions = open.into_iter().map(|one| one.operation.action).collect();
                return Err(Error::StillRunning {
                    actions,
                    waited: now - began,
                });
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 3 / 2).min(SLOWEST);
            awaited = try_join_all(open.into_iter().map(|one| self.again(one))).await?;
        }
    }

    async fn again(&self, mut one: Awaited) -> Result<Awaited, Error> {
        #[derive(Deserialize)]
        struct One {
            operation: Operation,
        }
        let ask = Ask::get(format!("/operations/{}", one.operation.id)).young();
        let now = self.api.read::<One>(&ask).await?.operation;
        one.operation = Operation {
            id: one.operation.id,
            ..now
        };
        Ok(one)
    }

    /// The operations of a branch that have not ended, when nobody told us about them: another run made the branch,
    /// or the answer to our own request was lost.
    pub async fn open_operations(&self, branch: &str) -> Result<Vec<Operation>, Error> {
        // Newest first; a branch's own are among the last hundred of its project.
        let recent: Operations = self.api.read(&Ask::get("/operations").query("limit", "100")).await?;
        let open = |operation: &Operation| {
            operation.branch_id.as_deref() == Some(branch)
                && matches!(judge(&operation.status), State::Running | State::Failing)
        };
        Ok(recent.operations.into_iter().filter(open).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn awaited(status: &str, failures_count: i64) -> Operation {
        Operation {
            id: "op".to_owned(),
            branch_id: None,
            action: "create_branch".to_owned(),
            status: status.to_owned(),
            error: Some("no space".to_owned()),
            failures_count,
        }
    }

    #[test]
    fn a_failing_operation_may_recover_but_not_for_ever() {
        let start = Instant::now();
        let mut one = Awaited {
            operation: awaited("failed", 1),
            failing: None,
        };
        assert!(one.look(start).unwrap());
        assert!(one.look(start + GRACE / 2).unwrap());
        one.operation = awaited("failed", 2);
        assert!(one.look(start + GRACE).unwrap(), "another try began its patience anew");
        let error = one.look(start + GRACE * 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Neon's operation `create_branch` ended as `failed`: no space"
        );
        one.operation = awaited("running", 2);
        assert!(one.look(start + GRACE * 2).unwrap());
        one.operation = awaited("finished", 2);
        assert!(!one.look(start + GRACE * 3).unwrap());
        one.operation = awaited("cancelled", 2);
        assert!(one.look(start).is_err());
    }

    #[test]
    fn a_status_of_the_future_is_waited_for() {
        assert_eq!(judge("rescheduling"), State::Running);
    }
}
