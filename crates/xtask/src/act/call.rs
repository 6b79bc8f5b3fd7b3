//! Events as GitHub sends them to a workflow, and what a run of each is given.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::demo::event;

/// One event, and the workflow of the team's repository that it starts.
#[derive(Clone)]
pub(crate) struct Call {
    /// The caller's file in `.github/workflows`.
    pub(crate) workflow: &'static str,
    /// `pull_request`, `push`, `workflow_dispatch` …
    pub(crate) event: &'static str,
    /// What the run is called where its time is told.
    pub(crate) name: String,
    pub(crate) payload: Value,
    /// The commit that `GITHUB_SHA` names.
    pub(crate) sha: String,
    /// Who started it.
    pub(crate) actor: &'static str,
    /// GitHub gives the run the repository's secrets, and a token that may write.
    pub(crate) trusted: bool,
}

impl Shop {
    /// The team's pull request, as it stands now, was opened, pushed to (`synchronize`) or closed.
    pub(crate) fn pull_request(&self, workflow: &'static str, action: &str) -> Call {
        let pull = event::pull_request(&self.consumer, action);
        Call {
            workflow,
            event: "pull_request",
            name: action.to_owned(),
            sha: self.consumer.head_sha.clone(),
            payload: event::payload(action, &pull),
            actor: "octocat",
            trusted: true,
        }
    }

    /// The same pull request, from a fork: no secrets, and a token that may read.
    pub(crate) fn pull_request_of_fork(&self, workflow: &'static str, action: &str) -> Call {
        let mut call = self.pull_request(workflow, action);
        let fork = json!({"id": 9_000_001, "full_name": "stranger/app", "name": "app", "fork": true, "owner": {"login": "stranger"}});
        call.payload["pull_request"]["head"]["repo"] = fork;
        call.payload["pull_request"]["user"]["login"] = json!("stranger");
        Call {
            actor: "stranger",
            trusted: false,
            name: format!("{action}, from a fork"),
            ..call
        }
    }

    /// Somebody started the workflow by hand, on the default branch.
    pub(crate) fn dispatch(&self, workflow: &'static str, inputs: &Value) -> Call {
        self.on_main(
            workflow,
            "workflow_dispatch",
            json!({"inputs": inputs, "ref": "refs/heads/main"}),
        )
    }

    /// The clock started the workflow.
    pub(crate) fn schedule(&self, workflow: &'static str) -> Call {
        self.on_main(workflow, "schedule", json!({"schedule": "17 3 * * *"}))
    }

    /// The default branch was pushed to; it stands at `base_sha`.
    pub(crate) fn push_to_main(&self, workflow: &'static str) -> Call {
        let sha = &self.consumer.base_sha;
        self.on_main(
            workflow,
            "push",
            json!({"ref": "refs/heads/main", "before": "0".repeat(40), "after": sha, "head_commit": {"id": sha}}),
        )
    }

    fn on_main(&self, workflow: &'static str, event: &'static str, mut payload: Value) -> Call {
        payload["repository"] = event::repository();
        payload["sender"] = json!({"login": "octocat", "type": "User"});
        Call {
            workflow,
            event,
            name: event.to_owned(),
            sha: self.consumer.base_sha.clone(),
            payload,
            actor: "octocat",
            trusted: true,
        }
    }
}
