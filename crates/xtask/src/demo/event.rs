//! The `pull_request` events of the demo's one pull request, and GitHub's own view of it.

use serde_json::{Value, json};
use step::event::{PullRequest, Repository};

use super::consumer::Consumer;
use super::world::{PULL_REQUEST, REPOSITORY, REPOSITORY_ID};

const SHOWN: Repository<'static> = Repository {
    full_name: REPOSITORY,
    id: REPOSITORY_ID,
};

pub(crate) fn repository() -> Value {
    SHOWN.payload()
}

/// The pull request, after it was merged when it is closed.
pub(crate) fn of<'a>(consumer: &'a Consumer, action: &str) -> PullRequest<'a> {
    PullRequest {
        repository: SHOWN,
        number: PULL_REQUEST,
        title: "Checkout",
        head_ref: consumer.head_ref,
        head_sha: &consumer.head_sha,
        base_sha: &consumer.base_sha,
        merged: action == "closed",
    }
}

/// The pull request as it is when an event with this `action` is sent.
pub(crate) fn pull_request(consumer: &Consumer, action: &str) -> Value {
    of(consumer, action).payload(action)
}

/// `event.json` as a runner finds it.
pub(crate) fn payload(action: &str, pull: &Value) -> Value {
    step::event::event(action, pull)
}

/// What makes the local GitHub agree with the event.
pub(crate) fn seed(pull: &Value) -> Value {
    let of = |side: &str| pull[side]["repo"]["full_name"].as_str();
    let fork = of("head").filter(|name| Some(*name) != of("base"));
    json!({"github": {"pulls": [{
        "number": pull["number"], "title": pull["title"], "state": pull["state"], "merged": pull["merged"],
        "head_ref": pull["head"]["ref"], "head_sha": pull["head"]["sha"],
        "fork": fork,
    }]}})
}
