//! Deployments: what GitHub shows of an environment, on the pull request and on the repository's page.
//!
//! A deployment says in its payload whose it is, in the words of [`crate::owner`], and which run made it. Nobody without
//! write access can make one, so that this is believed, unlike a comment's marker. GitHub's *environment* of the same
//! name comes with the first deployment and stays when all of them are deleted: no workflow's own token can delete it
//! (contract sheet of GitHub, section 4). Environments are therefore called as in the manifest, never by a number.

mod read;
mod write;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::read::all_are_over;
pub use self::write::{Deleted, NewStatus, Posted};
use crate::event::Run;
use crate::owner::{Claim, Owner};

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub id: u64,
    pub sha: String,
    /// The environment's name at GitHub.
    pub environment: String,
    pub created_at: Option<Timestamp>,
    pub note: Note,
}

/// What a deployment's payload says: nothing, when these actions did not write it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// The owner's marker.
    pub owner: String,
    /// The run that made it.
    pub run: Option<Run>,
    /// When the first commit was written that it brings and the one before did not.
    pub first_commit: Option<Timestamp>,
}

/// What is to be deployed.
#[derive(Debug, Clone)]
pub struct NewDeployment {
    pub owner: Owner,
    /// The commit; for a pull request its head, not the merge commit of `GITHUB_SHA`, which no pull request shows.
    pub sha: String,
    pub run: Option<Run>,
    pub first_commit: Option<Timestamp>,
    /// At most 140 characters are sent.
    pub description: String,
}

/// How a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Queued,
    Pending,
    InProgress,
    Success,
    Failure,
    Error,
    /// Of a pull request's environment GitHub says "destroyed".
    Inactive,
    /// One that this version does not know.
    Unknown,
}

/// One status of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    pub at: Option<Timestamp>,
    pub environment_url: String,
    pub log_url: String,
}

impl State {
    const ALL: [(&'static str, Self); 7] = [
        ("queued", Self::Queued),
        ("pending", Self::Pending),
        ("in_progress", Self::InProgress),
        ("success", Self::Success),
        ("failure", Self::Failure),
        ("error", Self::Error),
        ("inactive", Self::Inactive),
    ];

    fn of(name: &str) -> Self {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map_or(Self::Unknown, |(_, state)| *state)
    }

    /// As GitHub writes it.
    pub fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, state)| *state == self);
        known.map_or("unknown", |(name, _)| name)
    }

    /// Nothing more is expected to become of it by itself.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Failure | Self::Error | Self::Inactive)
    }
}

impl Status {
    fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Some(Self {
            state: State::of(value["state"].as_str()?),
            at: time(&value["created_at"]),
            environment_url: text("environment_url"),
            log_url: text("log_url"),
        })
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

impl Deployment {
    /// As GitHub tells it; `None` for what has no id.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Some(Self {
            id: value["id"].as_u64()?,
            sha: text("sha"),
            environment: text("environment"),
            created_at: time(&value["created_at"]),
            note: Note::of(&value["payload"]),
        })
    }

    /// Whether this owner's runs made it.
    pub fn is_of(&self, owner: &Owner) -> bool {
        owner.verdict_of([self.note.owner.as_str()]).is_ours()
    }

    /// Whether exactly this run made it.
    pub fn is_of_run(&self, owner: &Owner, run: Option<Run>) -> bool {
        self.is_of(owner) && self.note.run == run
    }

    /// What it says of its owner; `None` when it was not made by these actions.
    pub fn claim(&self) -> Option<Claim> {
        Claim::of(&self.note.owner)
    }
}

impl Note {
    /// GitHub gives an object back as an object, a text as a text.
    fn of(payload: &Value) -> Self {
        let parsed = payload.as_str().and_then(|text| serde_json::from_str(text).ok());
        let payload: &Value = parsed.as_ref().unwrap_or(payload);
        Self {
            owner: payload["owner"].as_str().unwrap_or_default().to_owned(),
            run: payload["run"].as_u64().map(|id| Run {
                id,
                attempt: payload["attempt"].as_u64().unwrap_or(1),
            }),
            first_commit: time(&payload["first-commit"]),
        }
    }
}

impl NewDeployment {
    fn note(&self) -> Value {
        let mut note = json!({ "owner": self.owner.marker() });
        if let Some(run) = self.run {
            note["run"] = json!(run.id);
            note["attempt"] = json!(run.attempt);
        }
        if let Some(at) = self.first_commit {
            note["first-commit"] = json!(at.to_string());
        }
        note
    }

    /// The request. Left to their defaults, `auto_merge` pushes a merge commit in place of deploying, and
    /// `required_contexts` waits for the check that this very run is.
    fn body(&self) -> Value {
        json!({
            "ref": self.sha,
            "environment": self.owner.environment,
            "description": crate::text::shorten(&self.description, LONGEST_DESCRIPTION),
            "payload": self.note(),
            "auto_merge": false,
            "required_contexts": [],
            "transient_environment": self.owner.pull_request.is_some(),
        })
    }
}

/// Characters of a description that GitHub takes.
const LONGEST_DESCRIPTION: usize = 140;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::Repository;

    fn owner(pull_request: Option<u64>) -> Owner {
        Owner {
            repository: Repository {
                id: Some(7),
                name: "acme/app".to_owned(),
            },
            project: "shop".to_owned(),
            environment: "preview".to_owned(),
            pull_request,
        }
    }

    #[test]
    fn a_deployment_says_whose_it_is_and_is_read_back() {
        let run = Some(Run { id: 1001, attempt: 2 });
        let new = NewDeployment {
            owner: owner(Some(42)),
            sha: "c0ffee".to_owned(),
            run,
            first_commit: Some("2026-11-27T10:00:00Z".parse().unwrap()),
            description: "é".repeat(200),
        };
        let body = new.body();
        assert_eq!(body["auto_merge"], false);
        assert_eq!(body["required_contexts"], json!([]));
        assert_eq!(body["transient_environment"], true);
        assert_eq!(body["description"].as_str().unwrap().chars().count(), 140);
        // As an object, and as the text that it may come back as.
        for payload in [body["payload"].clone(), json!(body["payload"].to_string())] {
            let answer =
                json!({"id": 5, "sha": "c0ffee", "environment": "preview", "payload": payload, "creator": null});
            let read = Deployment::of(&answer).unwrap();
            assert!(read.is_of_run(&owner(Some(42)), run), "{read:?}");
            assert_eq!(read.note.first_commit, new.first_commit);
            assert!(!read.is_of_run(&owner(Some(42)), Some(Run { id: 1001, attempt: 1 })));
            assert!(!read.is_of(&owner(Some(4))) && !read.is_of(&owner(None)));
        }
    }

    #[test]
    fn what_others_made_is_nobodys() {
        for payload in [json!({}), json!(""), json!("{\"owner\":3}"), Value::Null, json!([1])] {
            let read = Deployment::of(&json!({"id": 5, "payload": payload})).unwrap();
            assert_eq!((read.claim(), read.is_of(&owner(None))), (None, false), "{payload}");
        }
        assert_eq!(Deployment::of(&json!({"message": "Auto-merged"})), None);
    }

    #[test]
    fn states_are_read_by_name() {
        for (name, state) in State::ALL {
            assert_eq!((State::of(name), state.name()), (state, name));
        }
        assert_eq!(State::of("destroyed"), State::Unknown);
    }
}
