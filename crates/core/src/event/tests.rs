use serde_json::{Value, json};

use super::*;

fn of(name: &str, payload: &Value) -> Event {
    Event::of_payload(name, payload)
}

fn number(event: &Event) -> Option<u64> {
    event.told.number()
}

#[test]
fn a_pull_requests_commit_is_its_head() {
    let payload = json!({
        "action": "synchronize", "number": 42,
        "pull_request": {"number": 42, "state": "open", "draft": true, "merged": false, "updated_at": "2026-11-27T10:00:00Z",
            "head": {"sha": "abc", "ref": "feature/x", "repo": {"full_name": "acme/app"}}},
        "repository": {"full_name": "acme/app"}
    });
    let event = of("pull_request", &payload);
    let pull = event.told.pull_request().unwrap();
    assert_eq!(
        *pull,
        PullRequest {
            number: 42,
            head_sha: Some("abc".to_owned()),
            head_ref: Some("feature/x".to_owned()),
            from_fork: Some(false),
            state: Some(State::Open),
            merged: Some(false),
            draft: Some(true),
        }
    );
    assert_eq!((event.commit_of(pull), event.commit()), (Some("abc"), Some("abc")));
    assert_eq!(event.at, "2026-11-27T10:00:00Z".parse().ok());
}

#[test]
fn another_pull_request_than_the_events_has_none_of_its_facts() {
    let payload = json!({"pull_request": {"number": 42, "state": "open", "head": {"sha": "abc", "ref": "x"}}});
    let event = of("pull_request", &payload);
    assert_eq!(event.known_of(41), PullRequest::numbered(41));
    assert_eq!(event.commit_of(&event.known_of(41)), None);
}

#[test]
fn after_the_merge_a_permanent_environments_commit_is_the_merge() {
    let closed = |merged: bool| {
        let payload =
            json!({"action": "closed", "pull_request": {"number": 42, "merged": merged, "head": {"sha": "head"}}});
        let event = Event {
            sha: Some("merge".to_owned()),
            ..of("pull_request", &payload)
        };
        let of_pull = event.commit_of(&event.known_of(42)).map(str::to_owned);
        (of_pull.unwrap(), event.commit().unwrap().to_owned())
    };
    assert_eq!(closed(true), ("head".to_owned(), "merge".to_owned()));
    assert_eq!(closed(false), ("head".to_owned(), "head".to_owned()));
}

#[test]
fn forks_are_told_even_when_they_were_deleted() {
    let payload = |repo: Value| json!({"pull_request": {"number": 1, "head": {"repo": repo}}, "repository": {"full_name": "acme/app"}});
    let from_fork = |repo: Value| {
        of("pull_request", &payload(repo))
            .told
            .pull_request()
            .unwrap()
            .from_fork
    };
    assert_eq!(from_fork(json!({"full_name": "eve/app"})), Some(true));
    assert_eq!(from_fork(Value::Null), Some(true));
    assert_eq!(from_fork(json!({"full_name": "acme/app"})), Some(false));
    // In a `workflow_run`, by ids.
    let listed = |id: u64| json!({"number": 1, "head": {"repo": {"id": id}}, "base": {"repo": {"id": 7}}});
    assert_eq!(PullRequest::of(&listed(7)).unwrap().from_fork, Some(false));
    assert_eq!(PullRequest::of(&listed(8)).unwrap().from_fork, Some(true));
}

#[test]
fn a_comment_on_a_pull_request_names_it_and_tells_its_state_but_no_head() {
    let payload = json!({"action": "created", "issue": {"number": 7, "state": "closed", "draft": false, "pull_request": {"merged_at": "2026-11-27T10:00:00Z"}},
        "comment": {"updated_at": "2026-11-27T11:00:00Z"}, "repository": {"full_name": "acme/app"}});
    let event = Event {
        sha: Some("tip-of-main".to_owned()),
        ..of("issue_comment", &payload)
    };
    let pull = event.told.pull_request().unwrap();
    assert_eq!(
        (pull.number, pull.state, pull.merged),
        (7, Some(State::Closed), Some(true))
    );
    assert_eq!(event.commit_of(pull), None);
    assert_eq!(number(&of("issue_comment", &json!({"issue": {"number": 7}}))), None);
}

#[test]
fn a_merge_queues_branch_names_the_pull_request_and_the_commit_is_the_groups() {
    let payload = |reference: &str| json!({"action": "checks_requested", "merge_group": {"head_sha": "group", "head_ref": reference}});
    let event = of(
        "merge_group",
        &payload("refs/heads/gh-readonly-queue/main/pr-42-0d1a26e6"),
    );
    let pull = event.told.pull_request().unwrap();
    assert_eq!(
        (pull.number, pull.head_sha.as_deref(), event.commit_of(pull)),
        (42, None, Some("group"))
    );
    // The base branch may have slashes.
    let deep = of(
        "merge_group",
        &payload("refs/heads/gh-readonly-queue/release/1.x/pr-7-0d1a26e6"),
    );
    assert_eq!(number(&deep), Some(7));
    assert_eq!(number(&of("merge_group", &payload("refs/heads/pr-42-0d1a26e6"))), None);
}

/// A `workflow_run` after a run of this event, on this branch of this repository.
fn after(event: &str, branch: &str, repository: &Value, pulls: &Value) -> Event {
    let payload = json!({
        "action": "completed",
        "workflow_run": {"event": event, "head_branch": branch, "head_sha": "abc", "head_repository": repository, "pull_requests": pulls},
        "repository": {"full_name": "acme/app", "default_branch": "main"}
    });
    Event {
        sha: Event::of_payload("workflow_run", &payload).sha,
        ..of("workflow_run", &payload)
    }
}

#[test]
fn a_run_that_is_over_tells_its_pull_request_only_when_it_is_the_only_one_and_still_has_its_head() {
    let own = json!({"full_name": "acme/app", "owner": {"login": "acme"}});
    let fork = json!({"full_name": "eve/app", "owner": {"login": "eve"}});
    let listed = |number: u64, sha: &str| json!({"number": number, "head": {"sha": sha, "ref": "feature"}});
    let head = |owner: Option<&str>, branch: &str| {
        Told::Head(Head {
            owner: owner.map(str::to_owned),
            branch: Some(branch.to_owned()),
            sha: "abc".to_owned(),
        })
    };
    let one = after("pull_request", "feature", &own, &json!([listed(42, "abc")]));
    let pull = one.told.pull_request().unwrap();
    // Its state is not told.
    assert_eq!((pull.number, one.commit_of(pull), pull.state), (42, Some("abc"), None));
    for pulls in [
        json!([listed(42, "def")]),
        json!([listed(42, "abc"), listed(43, "abc")]),
        json!([]),
    ] {
        let told = after("pull_request", "feature", &own, &pulls).told;
        assert_eq!(told, head(Some("acme"), "feature"), "{pulls}");
    }
    // A fork's branch may be called as the default branch.
    let of_fork = after("pull_request", "main", &fork, &json!([]));
    assert_eq!(of_fork.told, head(Some("eve"), "main"));
    let deleted = after("pull_request", "main", &Value::Null, &json!([]));
    assert_eq!(deleted.told, head(None, "main"));
    // A push to main has none, though a pull request leads from main to a release branch.
    let pushed = after("push", "main", &own, &json!([listed(7, "abc")]));
    assert_eq!((&pushed.told, pushed.commit()), (&Told::Nothing, Some("abc")));
    let release = after("pull_request", "main", &own, &json!([listed(7, "abc")]));
    assert_eq!(number(&release), Some(7));
    assert_eq!(after("push", "feature", &own, &json!([])).told, Told::Nothing);
    assert_eq!(
        number(&after("push", "feature", &own, &json!([listed(42, "abc")]))),
        Some(42)
    );
}

#[test]
fn what_is_about_no_pull_request_has_the_runs_commit() {
    for (name, payload) in [
        ("push", json!({"after": "abc", "ref": "refs/heads/main"})),
        ("schedule", json!({"schedule": "0 0 * * 0"})),
        ("workflow_dispatch", json!({"inputs": null, "ref": "refs/heads/main"})),
        ("", Value::Null),
    ] {
        let event = Event {
            sha: Some("abc".to_owned()),
            ..of(name, &payload)
        };
        assert_eq!((&event.told, event.commit()), (&Told::Nothing, Some("abc")), "{name}");
    }
}

fn by(name: &str, actor: &str, head_repository: &str) -> Event {
    let payload = json!({
        "pull_request": {"number": 1, "head": {"repo": {"full_name": head_repository}}, "base": {"repo": {"full_name": "acme/app"}}},
        "repository": {"full_name": "acme/app"}
    });
    Event {
        actor: Some(actor.to_owned()),
        ..of(name, &payload)
    }
}

#[test]
fn runs_without_secrets_are_known() {
    let fork = Some(Withheld::Fork);
    let dependabot = Some(Withheld::Dependabot);
    for (name, actor, head, expected) in [
        ("pull_request", "eve", "eve/app", fork),
        ("pull_request_review", "eve", "eve/app", fork),
        // Here a fork's run has all secrets.
        ("pull_request_target", "eve", "eve/app", None),
        ("pull_request", "octocat", "acme/app", None),
        ("pull_request", "dependabot[bot]", "acme/app", dependabot),
        ("push", "dependabot[bot]", "acme/app", dependabot),
        ("pull_request_target", "dependabot[bot]", "acme/app", dependabot),
        // These follow a run of Dependabot's, with all secrets.
        ("workflow_run", "dependabot[bot]", "acme/app", None),
        ("workflow_dispatch", "dependabot[bot]", "acme/app", None),
    ] {
        assert_eq!(by(name, actor, head).withheld(), expected, "{name} by {actor}, {head}");
    }
}

#[test]
fn a_missing_secret_is_explained_by_the_event() {
    let plainly = "missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`";
    let said = [
        by("pull_request", "eve", "eve/app"),
        by("pull_request", "dependabot[bot]", "acme/app"),
        by("pull_request_target", "eve", "eve/app"),
        Event::default(),
    ]
    .map(|event| event.missing_secret(plainly));
    insta::assert_snapshot!(said.join("\n"), @"
    this run is given no secrets, because its pull request comes from a fork; skip this step for forks, or do it in a `workflow_run` job, which has them
    this run is given none of the repository's secrets, because Dependabot started it; add this one to Dependabot's own (Settings → Secrets and variables → Dependabot), or skip this step for it
    missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`
    ");
    let token = "missing; pass `github-token: ${{ github.token }}`";
    assert_eq!(by("pull_request", "eve", "eve/app").missing_secret(token), token);
}
