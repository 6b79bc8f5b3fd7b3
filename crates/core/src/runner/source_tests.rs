use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::super::{Env, event};
use super::*;
use crate::event::State;

const SHA: &str = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

fn started(name: &str, payload: &Value, attempt: &str) -> Event {
    let env: Env = [
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_SHA", "5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1"),
        ("GITHUB_REPOSITORY", "acme/app"),
        ("GITHUB_RUN_ATTEMPT", attempt),
    ]
    .into_iter()
    .collect();
    event::with_payload(&env, payload)
}

fn pull_request(action: &str, state: &str, minutes_ago: i64) -> Value {
    let at = Timestamp::now() - jiff::SignedDuration::from_mins(minutes_ago);
    json!({
        "action": action,
        "pull_request": {"number": 42, "state": state, "updated_at": at.to_string(), "head": {"sha": SHA, "ref": "feature/checkout"}},
        "repository": {"full_name": "acme/app"}
    })
}

fn comment(state: &str) -> Value {
    json!({"action": "created", "issue": {"number": 42, "state": state, "pull_request": {"merged_at": null}},
        "comment": {"updated_at": Timestamp::now().to_string()}})
}

/// What a run without a token knows.
fn source(event: Event, number: Option<u64>, wanted: Wanted) -> Source {
    // With nobody to ask, all is known at once.
    resolve(event, number, wanted, None).now_or_never().unwrap()
}

#[test]
fn the_state_is_asked_when_nobody_told_it_or_too_long_ago() {
    let open = Wanted::CommitAndOpen;
    for (name, payload, attempt, wanted, asks) in [
        ("pull_request", pull_request("synchronize", "open", 0), "1", open, false),
        ("pull_request", pull_request("synchronize", "open", 4), "1", open, false),
        ("pull_request", pull_request("synchronize", "open", 6), "1", open, true),
        ("pull_request", pull_request("synchronize", "open", 0), "2", open, true),
        (
            "pull_request",
            pull_request("synchronize", "open", 6),
            "2",
            Wanted::Commit,
            false,
        ),
        ("issue_comment", comment("open"), "1", open, false),
        ("workflow_dispatch", json!({}), "1", open, true),
        ("schedule", json!({}), "1", open, true),
        ("push", json!({}), "1", open, true),
        (
            "pull_request",
            pull_request("closed", "closed", 0),
            "1",
            Wanted::Closed,
            false,
        ),
        (
            "pull_request",
            pull_request("closed", "closed", 0),
            "2",
            Wanted::Closed,
            true,
        ),
        (
            "pull_request",
            pull_request("closed", "closed", 6),
            "1",
            Wanted::Closed,
            true,
        ),
        // Asked for as such: whether it is open is only told.
        (
            "pull_request",
            pull_request("unlabeled", "open", 6),
            "2",
            Wanted::Closed,
            false,
        ),
        ("workflow_dispatch", json!({}), "1", Wanted::Closed, true),
        ("schedule", json!({}), "1", Wanted::Closed, true),
    ] {
        let event = started(name, &payload, attempt);
        let pull = event.known_of(42);
        assert_eq!(
            asks_state(&event, &pull, wanted, Timestamp::now()),
            asks,
            "{name} {:?} attempt {attempt}, {wanted:?}",
            event.action
        );
    }
}

#[test]
fn what_is_unknown_is_said_in_one_sentence_with_the_remedy() {
    let dispatch = || started("workflow_dispatch", &json!({}), "1");
    let again = || started("pull_request", &pull_request("synchronize", "open", 0), "2");
    let closed_again = started("pull_request", &pull_request("closed", "closed", 0), "2");
    let said = [
        source(dispatch(), Some(42), Wanted::CommitAndOpen),
        source(dispatch(), Some(42), Wanted::Commit),
        source(again(), Some(42), Wanted::CommitAndOpen),
        source(closed_again, Some(42), Wanted::Closed),
    ]
    .map(|source| source.unknown.unwrap());
    insta::assert_snapshot!(said.join("\n"), @"
    the commit of pull request #42, and whether it is still open, are not known, since no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`
    the commit of pull request #42 is not known, since no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`
    whether pull request #42 is still open is not known, since no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`
    whether pull request #42 is still closed is not known, since no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`
    ");
    let reasons = [
        Unasked::Forbidden,
        Unasked::NotFound,
        Unasked::Failed("could not reach `api.github.com`".to_owned()),
    ];
    insta::assert_snapshot!(reasons.map(|reason| reason.sentence()).join("\n"), @"
    the `github-token` may not read it: give the job `pull-requests: read`
    GitHub shows no such pull request to the `github-token`: check the number, and give the job `pull-requests: read`
    GitHub could not be asked: could not reach `api.github.com`
    ");
}

#[test]
fn a_commit_is_never_guessed() {
    for name in ["workflow_dispatch", "schedule", "push", "issue_comment"] {
        let event = started(name, &json!({}), "1");
        let of_pull = source(event.clone(), Some(42), Wanted::Commit);
        assert_eq!((of_pull.commit, of_pull.head_ref), (None, None), "{name}");
        // Outside a pull request's environment, it is the run's own.
        assert!(source(event, None, Wanted::Commit).commit.is_some(), "{name}");
    }
    // The event's pull request is another one.
    let event = started("pull_request", &pull_request("synchronize", "open", 0), "1");
    assert_eq!(source(event.clone(), Some(41), Wanted::Commit).commit, None);
    assert_eq!(source(event, Some(42), Wanted::Commit).commit.as_deref(), Some(SHA));
}

fn with(state: Option<State>, merged: bool, asked_for: bool) -> Source {
    let pull = PullRequest {
        state,
        merged: Some(merged),
        ..PullRequest::numbered(42)
    };
    Source {
        pull_request: Some(pull),
        asked_for,
        asked: true,
        ..Source::default()
    }
}

#[test]
fn nothing_is_made_for_what_is_closed_and_nothing_deleted_of_what_is_open() {
    let (open, closed) = (Some(State::Open), Some(State::Closed));
    assert!(with(open, false, false).may_make().is_ok());
    assert!(with(None, false, false).may_make().is_ok());
    assert_eq!(with(closed, false, false).may_remove().unwrap(), None);
    assert_eq!(with(None, false, false).may_remove().unwrap(), None);
    assert_eq!(with(closed, false, true).may_remove().unwrap(), None);
    let failed = Source {
        unknown: Some("whether pull request #42 is still closed is not known, since …".to_owned()),
        unanswered: true,
        ..with(None, false, false)
    };
    let texts = [
        crate::error::render(&with(closed, true, false).may_make().unwrap_err().into()),
        crate::error::render(&with(closed, false, false).may_make().unwrap_err().into()),
        crate::error::render(&with(open, false, false).may_remove().unwrap_err().into()),
        crate::error::render(&failed.may_remove().unwrap_err().into()),
        with(open, false, true).may_remove().unwrap().unwrap(),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    pull request #42 was merged: nothing is made for it any more, and nothing was touched
    hint: open a new pull request to see its changes again

    pull request #42 is closed: nothing is made for it any more, and nothing was touched
    hint: reopen it to have its environment again

    pull request #42 is open: its environment stays, and nothing was touched
    hint: close it to have its environment deleted, or start the cleanup by hand (`workflow_dispatch`)

    whether pull request #42 is still closed is not known, since …; nothing was touched
    hint: run it again: what is to be deleted can wait

    pull request #42 is open: its next run makes its environment again
    ");
}

/// The events that people run these actions on, as GitHub tells them of pull request #42 from a fork.
fn events() -> Vec<(&'static str, Event)> {
    let repository = |owner: &str| json!({"full_name": format!("{owner}/app"), "owner": {"login": owner}});
    let pull = json!({"number": 42, "state": "open", "head": {"sha": SHA, "ref": "patch", "repo": repository("eve")},
        "base": {"repo": repository("acme")}});
    let of_pull = json!({"action": "synchronize", "pull_request": pull, "repository": repository("acme")});
    let queue =
        json!({"merge_group": {"head_sha": "a-group", "head_ref": "refs/heads/gh-readonly-queue/main/pr-42-0d1a26e6"}});
    let after = |pulls: Value, owner: &str| {
        json!({"workflow_run": {"event": "pull_request", "head_sha": SHA, "head_branch": "patch", "head_repository": repository(owner),
            "pull_requests": pulls}, "repository": repository("acme")})
    };
    let listed = json!([{"number": 42, "head": {"sha": SHA, "ref": "patch"}}]);
    let event = |name: &str, payload: &Value| started(name, payload, "1");
    vec![
        ("`pull_request`, `pull_request_review`", event("pull_request", &of_pull)),
        ("`pull_request_target`", event("pull_request_target", &of_pull)),
        (
            "`issue_comment` on a pull request",
            event("issue_comment", &comment("open")),
        ),
        (
            "`workflow_run` of a branch of the repository",
            event("workflow_run", &after(listed, "acme")),
        ),
        (
            "`workflow_run` of a fork",
            event("workflow_run", &after(json!([]), "eve")),
        ),
        ("`merge_group`", event("merge_group", &queue)),
        (
            "`push`, `schedule`, `workflow_dispatch` …",
            event("schedule", &json!({"schedule": "0 3 * * *"})),
        ),
    ]
}

/// A table's row: what is told, what has to be asked.
fn row(name: &str, event: &Event) -> String {
    use crate::event::Told;
    let pull = event.known_of(42);
    let number = match &event.told {
        Told::Is(_) => "the event's",
        Told::Head(_) => "asked: the one that has the run's head",
        Told::Nothing => "the input `pull-request`",
    };
    let commit = match event.commit_of(&pull) {
        Some(SHA) => "its head",
        Some(_) => "the group's",
        // The one that is found has this head.
        None if matches!(event.told, Told::Head(_)) => "its head",
        None => "asked: its head",
    };
    let state = match asks_state(event, &pull, Wanted::Open, Timestamp::now()) {
        _ if matches!(event.told, Told::Head(_)) => "asked with it",
        true => "asked",
        false => "told",
    };
    let secrets = if event.withheld().is_some() { "none" } else { "given" };
    format!("| {name} | {number} | {commit} | {state} | {secrets} |")
}

#[test]
fn the_readme_tells_what_each_event_tells() {
    let head = "| event | pull request | commit | open or closed | secrets for a fork |\n|---|---|---|---|---|\n";
    let rows: Vec<String> = events().iter().map(|(name, event)| row(name, event)).collect();
    let table = format!("{head}{}\n", rows.join("\n"));
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    assert!(readme.contains(&table), "README.md does not have this table:\n{table}");
}
