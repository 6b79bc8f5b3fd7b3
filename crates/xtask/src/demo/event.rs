//! The `pull_request` events of the demo's one pull request, and GitHub's own view of it.

use serde_json::{Value, json};

use super::consumer::Consumer;
use super::world::{PULL_REQUEST, REPOSITORY, REPOSITORY_ID};

pub(crate) fn repository() -> Value {
    json!({"id": REPOSITORY_ID, "full_name": REPOSITORY, "name": "app", "owner": {"login": "acme"}, "default_branch": "main"})
}

/// The pull request as it is when an event with this `action` is sent.
pub(crate) fn pull_request(consumer: &Consumer, action: &str) -> Value {
    let closed = action == "closed";
    json!({
        "number": PULL_REQUEST, "state": if closed { "closed" } else { "open" }, "merged": closed, "draft": false,
        "title": "Checkout",
        "user": {"login": "octocat", "type": "User"},
        "head": {"ref": consumer.head_ref, "sha": consumer.head_sha, "repo": repository()},
        "base": {"ref": "main", "sha": consumer.base_sha, "repo": repository()},
    })
}

/// `event.json` as a runner finds it.
pub(crate) fn payload(action: &str, pull: &Value) -> Value {
    json!({
        "action": action, "number": PULL_REQUEST, "pull_request": pull, "repository": repository(),
        "sender": {"login": "octocat", "type": "User"},
    })
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
