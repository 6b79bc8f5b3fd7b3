//! Stories of `pull-request`: which pull request and which commit a run is about, and whether something is made for it.

use scenarios::{World, ids};
use serde_json::{Value, json};

const OTHER: &str = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c";

/// Pull request #42 as GitHub has it.
async fn world(more: &Value) -> World {
    let world = World::start().await;
    let mut pull = json!({"number": 42, "head_sha": ids::HEAD_SHA, "head_ref": ids::HEAD_REF, "state": "open"});
    for (key, value) in more.as_object().unwrap() {
        pull[key] = value.clone();
    }
    world.seed(&json!({"github": {"pulls": [pull]}})).await;
    world
}

#[tokio::test]
async fn a_push_goes_ahead_with_its_own_commit_and_asks_once() {
    // It was pushed to since.
    let world = world(&json!({"head_sha": OTHER})).await;
    let run = world.run("pull-request").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!((run.output("go"), run.output("number")), ("true", "42"), "{run}");
    assert_eq!(run.output("head-sha"), ids::HEAD_SHA, "{run}");
    assert_eq!(world.mark(), 1);
    world.finish().await;
}

#[tokio::test]
async fn what_was_closed_meanwhile_is_left_alone() {
    let world = world(&json!({"state": "closed"})).await;
    let run = world.run("pull-request").go().await;
    assert_eq!(
        (run.code, run.output("go"), run.output("head-sha")),
        (0, "false", ""),
        "{run}"
    );
    assert!(run.summary.contains("was closed meanwhile"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_push_goes_ahead_without_an_answer_and_says_so() {
    let world = world(&json!({})).await;
    world.fail(
        &json!({"provider": "github", "method": "GET", "path": "/repos/*/*/pulls/42", "status": 403,
        "body": {"message": "Resource not accessible by integration"}}),
    );
    let run = world.run("pull-request").go().await;
    assert_eq!((run.code, run.output("go")), (0, "true"), "{run}");
    assert!(
        run.log().contains("::warning") && run.log().contains("is not known"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn by_hand_the_commit_is_required_and_must_be_the_head() {
    let world = world(&json!({"fork": "stranger/app"})).await;
    let by_hand = |inputs: &[(&str, &str)]| {
        let event = json!({"inputs": {}, "repository": {"id": 1_296_269, "full_name": "acme/app"}});
        world.event(&event);
        let run = world.run("pull-request").env("GITHUB_EVENT_NAME", "workflow_dispatch");
        inputs
            .iter()
            .fold(run, |run, (name, value)| run.input(name, *value))
            .go()
    };
    let run = by_hand(&[]).await;
    assert_eq!(run.code, 2, "{run}");
    let run = by_hand(&[("pull-request", "42")]).await;
    assert!(run.code == 2 && run.log().contains("`head-sha`: missing"), "{run}");
    let run = by_hand(&[("pull-request", "42"), ("head-sha", &ids::HEAD_SHA[..12])]).await;
    assert!(run.code == 2 && run.error().contains("full commit id"), "{run}");
    let run = by_hand(&[("pull-request", "42"), ("head-sha", OTHER)]).await;
    assert!(
        run.code == 1 && run.log().contains("was pushed to since you looked"),
        "{run}"
    );
    assert_eq!(run.output("go"), "false", "{run}");
    let run = by_hand(&[("pull-request", "42"), ("head-sha", ids::HEAD_SHA)]).await;
    assert_eq!((run.code, run.output("head-sha")), (0, ids::HEAD_SHA), "{run}");
    let run = by_hand(&[("pull-request", "43"), ("head-sha", ids::HEAD_SHA)]).await;
    assert!(run.code == 1 && run.log().contains("no such pull request"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_fork_is_told_how_a_maintainer_starts_one_and_nobody_is_asked() {
    let world = world(&json!({"fork": "stranger/app"})).await;
    let event = json!({
        "action": "opened", "number": 42, "repository": {"id": 1_296_269, "full_name": "acme/app"},
        "pull_request": {"number": 42, "state": "open", "draft": false,
            "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": {"id": 7, "full_name": "stranger/app"}},
            "base": {"sha": OTHER, "ref": "main", "repo": {"id": 1_296_269, "full_name": "acme/app"}}},
    });
    world.event(&event);
    let run = world.run("pull-request").go().await;
    assert_eq!((run.code, run.output("go")), (0, "false"), "{run}");
    assert!(
        run.summary.contains(ids::HEAD_SHA) && run.log().contains("::notice"),
        "{run}"
    );
    assert_eq!(world.mark(), 0);
    world.finish().await;
}
