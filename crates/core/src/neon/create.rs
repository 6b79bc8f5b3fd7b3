//! Making a branch once, whatever gets in the way.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::Ask;
use super::connection::{self, Login, Told};
use super::error::Error;
use super::types::{Branch, Endpoint, Operation};
use super::{Connection, Writer};
use crate::retry::{self, Tries};

/// A point in a branch's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    Timestamp(Timestamp),
    /// A log sequence number such as `0/1A2B3C8`.
    Lsn(String),
}

/// The size of a compute, in compute units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compute {
    pub min: f64,
    pub max: f64,
}

/// A branch to be made.
#[derive(Debug, Clone, Default)]
pub struct NewBranch {
    pub name: String,
    /// The project's default branch when absent.
    pub parent_id: Option<String>,
    /// The parent's head when absent.
    pub at: Option<Point>,
    /// Tables without rows; such a branch is a root, with no parent to reset to.
    pub schema_only: bool,
    pub expires_at: Option<Timestamp>,
    /// Without a compute nothing can connect, and nothing is billed but storage.
    pub with_compute: bool,
    /// The project's default size when absent.
    pub compute: Option<Compute>,
    /// Seconds until an idle compute sleeps; -1 never. Neon's Free plan refuses any value, so absent unless asked for.
    pub suspend_timeout: Option<i64>,
    pub annotation: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Debug)]
pub enum Made {
    /// Ours, and what Neon told with it.
    New(Box<Created>),
    /// A branch of this name was there: another run was faster.
    Existing(Box<Branch>),
    /// The plan has no room; nothing was made.
    LimitReached(Error),
}

/// A branch that was made. Its operations still run.
#[derive(Debug)]
pub struct Created {
    pub branch: Branch,
    pub operations: Vec<Operation>,
    endpoints: Vec<Endpoint>,
    told: Vec<Told>,
}

impl Created {
    /// The connection, when the answer told it. Neon leaves it out when the parent has more than one role or database.
    pub fn connection(&self, login: &Login) -> Option<Result<Connection, Error>> {
        connection::of_create(&self.branch.name, &self.told, &self.endpoints, login)
    }
}

#[derive(Deserialize)]
struct Answer {
    branch: Branch,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
    #[serde(default)]
    operations: Vec<Operation>,
    #[serde(default)]
    connection_uris: Vec<Told>,
}

impl NewBranch {
    fn body(&self) -> Value {
        let mut branch = Map::new();
        branch.insert("name".to_owned(), json!(self.name));
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                branch.insert(key.to_owned(), value);
            }
        };
        set("parent_id", self.parent_id.as_ref().map(|id| json!(id)));
        match &self.at {
            Some(Point::Timestamp(at)) => set("parent_timestamp", Some(json!(at.to_string()))),
            Some(Point::Lsn(lsn)) => set("parent_lsn", Some(json!(lsn))),
            None => {}
        }
        set("init_source", self.schema_only.then(|| json!("schema-only")));
        set("expires_at", self.expires_at.map(|at| json!(seconds(at))));
        let mut endpoint = Map::new();
        endpoint.insert("type".to_owned(), json!("read_write"));
        if let Some(compute) = self.compute {
            endpoint.insert("autoscaling_limit_min_cu".to_owned(), json!(compute.min));
            endpoint.insert("autoscaling_limit_max_cu".to_owned(), json!(compute.max));
        }
        if let Some(timeout) = self.suspend_timeout {
            endpoint.insert("suspend_timeout_seconds".to_owned(), json!(timeout));
        }
        let endpoints = if self.with_compute { vec![endpoint] } else { Vec::new() };
        json!({"branch": branch, "endpoints": endpoints, "annotation_value": self.annotation})
    }
}

/// Neon cuts fractions of a second off an expiry; sending none keeps what we say and what it says the same.
pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Writer {
    /// Makes the branch, or finds the one of its name. A dropped answer, a 5xx or another run's 409 make neither two
    /// branches nor none: Neon has no idempotency keys, but names are unique.
    pub async fn create(&self, new: &NewBranch) -> Result<Made, Error> {
        let ask = Ask::create("/branches", new.body());
        let create = async |tries: &mut Tries| {
            let answer: Answer = self.api.read_in(&ask, tries).await?;
            Ok(Made::New(Box::new(Created {
                branch: answer.branch,
                operations: answer.operations,
                endpoints: answer.endpoints,
                told: answer.connection_uris,
            })))
        };
        let look = async || {
            let found = self.named(&new.name).await?;
            match found.filter(|branch| branch.name == new.name) {
                Some(branch) => Ok(Some(self.found(new, branch).await?)),
                None => Ok(None),
            }
        };
        let mut tries = self.api.tries();
        match retry::settled(&mut tries, create, Error::doubt, look).await {
            Ok(made) => Ok(made.into_inner()),
            Err(error) if error.is_branch_limit() => Ok(Made::LimitReached(error)),
            Err(error) if tries.are_unclear() && !error.is_unclear() => Err(Error::Unseen {
                what: format!("branch `{}`", new.name),
                source: Box::new(error),
            }),
            Err(error) => Err(error),
        }
    }

    async fn found(&self, new: &NewBranch, branch: Branch) -> Result<Made, Error> {
        if !branch.came_from(&new.annotation) {
            return Ok(Made::Existing(Box::new(branch)));
        }
        Ok(Made::New(Box::new(Created {
            operations: self.open_operations(&branch.id).await?,
            endpoints: Vec::new(),
            told: Vec::new(),
            branch,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_sent() {
        let plain = NewBranch {
            name: "preview-pr-42".to_owned(),
            with_compute: true,
            ..NewBranch::default()
        };
        assert_eq!(
            plain.body(),
            json!({"branch": {"name": "preview-pr-42"}, "endpoints": [{"type": "read_write"}], "annotation_value": {}})
        );
        let full = NewBranch {
            parent_id: Some("br-a-b-c".to_owned()),
            at: Some(Point::Timestamp("2026-11-23T10:00:00.5Z".parse().unwrap())),
            schema_only: true,
            expires_at: Some("2026-11-30T10:00:00.5Z".parse().unwrap()),
            compute: Some(Compute { min: 0.25, max: 2.0 }),
            suspend_timeout: Some(-1),
            ..plain
        };
        assert_eq!(
            full.body(),
            json!({
                "branch": {
                    "name": "preview-pr-42", "parent_id": "br-a-b-c", "parent_timestamp": "2026-11-23T10:00:00.5Z",
                    "init_source": "schema-only", "expires_at": "2026-11-30T10:00:00Z"
                },
                "endpoints": [{
                    "type": "read_write", "autoscaling_limit_min_cu": 0.25, "autoscaling_limit_max_cu": 2.0,
                    "suspend_timeout_seconds": -1
                }],
                "annotation_value": {}
            })
        );
    }
}
