//! Stories of events: whose pull request, which commit, and runs that come too late, each as the runner gives it.

use scenarios::{Run, Start, World, ids, tokens};
use serde_json::{Value, json};

use crate::deploy_workers::{self, MANIFEST};

/// What `GITHUB_SHA` is in most events: the tip of the default branch.
const TIP: &str = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c";
/// The commit of a merge queue's group.
const GROUP: &str = "9a8b7c6d5e4f30211203f4e5d6c7b8a99a8b7c6d";
const MARKER: &str = "codex-actions:1296269:acme/app:codex:preview:42";

async fn world() -> World {
    let world = World::start().await;
    deploy_workers::write_platform(&world);
    let preview = "[environments.preview]\nbranch = \"preview-pr-{pr}\"";
    let manifest = MANIFEST.replace("[environments.preview]", preview);
    world.file(
        "codex.toml",
        &format!("{manifest}\n[database]\nparent = \"production\"\n"),
    );
    pull(&world, &json!({"state": "open"})).await;
    world
}

/// Changes pull request #42 at GitHub.
async fn pull(world: &World, more: &Value) {
    let mut pull = json!({"number": 42, "head_sha": ids::HEAD_SHA, "head_ref": ids::HEAD_REF});
    for (key, value) in more.as_object().unwrap() {
        pull[key] = value.clone();
    }
    world.seed(&json!({"github": {"pulls": [pull]}})).await;
}

fn repository(owner: &str) -> Value {
    json!({"id": if owner == "acme" { 1_296_269 } else { 77 }, "full_name": format!("{owner}/app"), "name": "app",
        "owner": {"login": owner}, "default_branch": "main"})
}

fn minutes_ago(minutes: i64) -> String {
    (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes)).to_string()
}

/// `pull_request` in the payload, from this owner's repository.
fn payload(action: &str, owner: &str, minutes: i64) -> Value {
    json!({
        "action": action, "number": 42, "repository": repository("acme"),
        "pull_request": {
            "number": 42, "state": if action == "closed" { "closed" } else { "open" }, "draft": false, "merged": false,
            "updated_at": minutes_ago(minutes),
            "head": {"ref": ids::HEAD_REF, "sha": ids::HEAD_SHA, "repo": repository(owner)},
            "base": {"ref": "main", "sha": TIP, "repo": repository("acme")},
        },
    })
}

fn workflow_run(started_by: &str, owner: &str, branch: &str, sha: &str, pulls: &Value) -> Value {
    json!({
        "action": "completed", "workflow": {"name": "ci"}, "repository": repository("acme"),
        "workflow_run": {
            "id": 900, "event": started_by, "head_branch": branch, "head_sha": sha, "head_repository": repository(owner),
            "pull_requests": pulls, "conclusion": "success", "run_attempt": 1, "updated_at": minutes_ago(0),
        },
    })
}

fn listed(sha: &str) -> Value {
    json!([{"id": 1, "number": 42, "head": {"ref": ids::HEAD_REF, "sha": sha, "repo": {"id": 1_296_269, "name": "app"}},
        "base": {"ref": "main", "sha": TIP, "repo": {"id": 1_296_269, "name": "app"}}}])
}

/// An event: its name, its payload, `GITHUB_SHA`, and the input `pull-request` where a workflow has to give it.
#[derive(Clone)]
struct Event {
    name: &'static str,
    payload: Value,
    sha: &'static str,
    number: Option<&'static str>,
}

fn event(name: &'static str, payload: Value) -> Event {
    Event {
        name,
        payload,
        sha: TIP,
        number: None,
    }
}

fn by_number(name: &'static str, payload: Value) -> Event {
    Event {
        number: Some("42"),
        ..event(name, payload)
    }
}

fn issue_comment() -> Event {
    event(
        "issue_comment",
        json!({"action": "created", "repository": repository("acme"),
            "issue": {"number": 42, "state": "open", "draft": false, "pull_request": {"merged_at": null}},
            "comment": {"body": "/preview", "author_association": "MEMBER", "updated_at": minutes_ago(0)}}),
    )
}

fn dispatch() -> Event {
    let payload = json!({"inputs": {"pull-request": "42"}, "ref": "refs/heads/main", "repository": repository("acme")});
    by_number("workflow_dispatch", payload)
}

/// A run of this action as the event starts it.
fn start<'w>(world: &'w World, action: &'static str, event: &Event) -> Start<'w> {
    world.event(&event.payload);
    let by_pull_request = event.name.starts_with("pull_request");
    let mut start = world
        .run(action)
        .env("GITHUB_EVENT_NAME", event.name)
        .env("GITHUB_SHA", event.sha)
        .env("GITHUB_HEAD_REF", if by_pull_request { ids::HEAD_REF } else { "" })
        .env("GITHUB_REF", "refs/heads/main")
        .env("GITHUB_REF_NAME", "main");
    if let Some(number) = event.number {
        start = start.input("pull-request", number);
    }
    match action {
        "neon-branch" => start.input("command", "create").input("wait", "false"),
        "preview-dns" => start.input("command", "apply").input("wait", "false"),
        "deploy-workers" => start
            .input("health", "false")
            .env("DATABASE_URL", deploy_workers::DATABASE_URL)
            .env("SESSION_SECRET", "session-secret-1"),
        _ => start,
    }
}

const MAKERS: [&str; 3] = ["neon-branch", "preview-dns", "deploy-workers"];

#[track_caller]
fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    run
}

/// What was asked of GitHub since the mark, without the base.
fn asked(world: &World, mark: usize) -> Vec<String> {
    let github = world
        .since(mark)
        .into_iter()
        .filter(|request| request["provider"] == "github");
    let line = |request: &Value| {
        format!(
            "{} {}",
            request["method"].as_str().unwrap(),
            request["path"].as_str().unwrap()
        )
    };
    github.map(|request| line(&request)).collect()
}

/// The commit on the branch, and on the version of each Worker.
fn commits(world: &World) -> (Value, Vec<Value>) {
    let state = world.state();
    let projects = state["neon"]["projects"].as_array().unwrap().iter();
    let mut branches = projects.flat_map(|project| project["branches"].as_array().unwrap());
    let branch = branches.find(|branch| branch["name"] == "preview-pr-42").unwrap();
    let workers = state["cloudflare"]["accounts"][ids::ACCOUNT]["workers"]
        .as_object()
        .unwrap()
        .clone();
    let version = |worker: &Value| worker["versions"][0]["annotations"]["workers/commit_sha"].clone();
    (
        branch["annotation"]["github-commit-sha"].clone(),
        workers.values().map(version).collect(),
    )
}

/// Everything at Cloudflare and Neon.
fn things(world: &World) -> Value {
    let state = world.state();
    json!({"workers": state["cloudflare"]["accounts"][ids::ACCOUNT]["workers"], "zones": state["cloudflare"]["zones"],
        "branches": crate::cleanup::branches(&state)})
}

#[tokio::test]
async fn every_event_notes_the_commit_of_its_pull_request() {
    let head = ids::HEAD_SHA;
    let one: &[&str] = &["GET /repos/acme/app/pulls/42"];
    let all: &[&str] = &["GET /repos/acme/app/pulls"];
    let queue = json!({"action": "checks_requested", "repository": repository("acme"), "merge_group":
        {"head_sha": GROUP, "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-42-{TIP}"), "base_sha": TIP, "base_ref": "refs/heads/main"}});
    let of_group = Event {
        sha: GROUP,
        ..event("merge_group", queue)
    };
    // Each event, the commit, and what is asked for it.
    let cases: Vec<(Event, &str, &[&str])> = vec![
        (event("pull_request", payload("synchronize", "acme", 0)), head, &[]),
        (event("pull_request_review", payload("submitted", "acme", 0)), head, &[]),
        (event("pull_request_target", payload("opened", "eve", 0)), head, &[]),
        (issue_comment(), head, one),
        (dispatch(), head, one),
        (
            by_number(
                "schedule",
                json!({"schedule": "0 3 * * *", "repository": repository("acme")}),
            ),
            head,
            one,
        ),
        (
            by_number(
                "push",
                json!({"ref": "refs/heads/main", "after": TIP, "repository": repository("acme")}),
            ),
            head,
            one,
        ),
        (
            event(
                "workflow_run",
                workflow_run("pull_request", "acme", ids::HEAD_REF, head, &listed(head)),
            ),
            head,
            one,
        ),
        // Two lead from that branch, or it was told too early: its head decides.
        (
            event(
                "workflow_run",
                workflow_run("pull_request", "acme", ids::HEAD_REF, head, &json!([])),
            ),
            head,
            all,
        ),
        (of_group, GROUP, one),
    ];
    for (event, commit, requests) in cases {
        let world = world().await;
        for action in ["neon-branch", "deploy-workers"] {
            let mark = world.mark();
            ok(start(&world, action, &event).go().await);
            assert_eq!(asked(&world, mark), requests, "{action} on {}", event.name);
        }
        let (branch, versions) = commits(&world);
        assert_eq!(branch, commit, "{}", event.name);
        assert_eq!(versions, vec![json!(commit); 3], "{}", event.name);
        let mark = world.mark();
        for action in ["neon-branch", "deploy-workers"] {
            assert_eq!(ok(start(&world, action, &event).go().await).output("changed"), "false");
        }
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_run_that_followed_a_forks_finds_the_pull_request_by_its_head() {
    for deleted in [false, true] {
        let world = world().await;
        // The fork's branch is called as our default branch, and another pull request leads from there, too.
        pull(
            &world,
            &json!({"fork": "eve/app", "head_ref": "main", "fork_deleted": deleted}),
        )
        .await;
        let other = json!({"number": 43, "fork": "eve/app", "head_ref": "main", "head_sha": GROUP});
        world.seed(&json!({"github": {"pulls": [other]}})).await;
        let mut payload = workflow_run("pull_request", "eve", "main", ids::HEAD_SHA, &json!([]));
        if deleted {
            payload["workflow_run"]["head_repository"] = Value::Null;
        }
        let event = event("workflow_run", payload);
        let path = if deleted {
            format!("GET /repos/acme/app/commits/{}/pulls", ids::HEAD_SHA)
        } else {
            "GET /repos/acme/app/pulls".to_owned()
        };
        for action in MAKERS {
            let mark = world.mark();
            // Not even a second attempt asks twice: the answer tells the state, too.
            let run = start(&world, action, &event).env("GITHUB_RUN_ATTEMPT", "2");
            let run = ok(run.go().await);
            assert_eq!(run.report["pull-request"], 42, "{run}");
            assert_eq!(asked(&world, mark), [path.as_str()], "{action}");
        }
        assert_eq!(commits(&world), (json!(ids::HEAD_SHA), vec![json!(ids::HEAD_SHA); 3]));
        let commented = ok(start(&world, "pr-comment", &event).input("body", "ready").go().await);
        assert_eq!(commented.report["pull-request"], 42);

        // It was closed: the run that follows takes the environment away, once.
        pull(
            &world,
            &json!({"fork": "eve/app", "head_ref": "main", "fork_deleted": deleted, "state": "closed"}),
        )
        .await;
        assert_eq!(
            ok(start(&world, "cleanup", &event).go().await).output("changed"),
            "true"
        );
        let mark = world.mark();
        assert_eq!(
            ok(start(&world, "cleanup", &event).go().await).output("changed"),
            "false"
        );
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_signal_before_the_pull_request_is_known_leaves_a_report() {
    let world = world().await;
    let event = event(
        "workflow_run",
        workflow_run("pull_request", "eve", "main", ids::HEAD_SHA, &json!([])),
    );
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        world.fail(&json!({"provider": "github", "method": "GET", "path": "**", "delay_ms": 20_000, "times": 1}));
        let mark = world.mark();
        let run = start(&world, "cleanup", &event).start();
        while world.since(mark).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        run.signal(signal).await;
        let run = run.wait().await;
        assert_eq!((run.code, &run.report["status"]), (code, &json!("failed")), "{run}");
        let error = run.report["error"].as_str().unwrap();
        assert!(
            error.starts_with(&format!("cancelled (SIG{signal}) before it ended")),
            "{error}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn a_run_whose_pull_request_is_not_to_be_found_says_why() {
    let world = world().await;
    let stale = event(
        "workflow_run",
        workflow_run("pull_request", "eve", "patch", GROUP, &json!([])),
    );
    let of_two = event(
        "workflow_run",
        workflow_run("pull_request", "acme", ids::HEAD_REF, ids::HEAD_SHA, &json!([])),
    );
    let mut texts = Vec::new();
    let mark = world.mark();
    for action in [
        "neon-branch",
        "preview-dns",
        "deploy-workers",
        "pr-comment",
        "cleanup",
        "health-check",
    ] {
        let start = match action {
            "pr-comment" => start(&world, action, &stale).input("body", "ready"),
            _ => start(&world, action, &stale),
        };
        let run = start.go().await;
        assert_eq!(run.code, 2, "{run}");
        texts.push(run.error());
    }
    texts.dedup();
    let untold = start(&world, "neon-branch", &of_two).without("github-token").go().await;
    texts.push(untold.error());
    let same = json!({"number": 43, "head_ref": ids::HEAD_REF, "head_sha": ids::HEAD_SHA, "base_ref": "next"});
    world.seed(&json!({"github": {"pulls": [same]}})).await;
    texts.push(start(&world, "neon-branch", &of_two).go().await.error());
    insta::assert_snapshot!(texts.join("\n\n"), @"
    one input is wrong; nothing was touched
    - `pull-request`: no pull request has commit `9a8b7c6d5e4f` as its head, which the run that is over was about: it was pushed to since, and the newer run counts

    one input is wrong; nothing was touched
    - `pull-request`: which pull request has commit `6dcb09b5b578` as its head is not known, since no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`; or pass its number as `pull-request`

    one input is wrong; nothing was touched
    - `pull-request`: commit `6dcb09b5b578`, which the run that is over was about, is the head of more than one pull request (#43, #42): pass its number as `pull-request`
    ");
    world.assert_only_reads_since(mark);
    // The number may be said.
    ok(start(&world, "neon-branch", &of_two)
        .input("pull-request", "42")
        .go()
        .await);
    world.finish().await;
}

#[tokio::test]
async fn without_a_token_an_unknown_commit_is_left_out_and_told() {
    for event in [issue_comment(), dispatch()] {
        let world = world().await;
        let mark = world.mark();
        for action in ["neon-branch", "deploy-workers"] {
            let run = ok(start(&world, action, &event).without("github-token").go().await);
            let told = run.log().matches("the commit of pull request #42").count();
            assert_eq!(told, 1, "{run}");
            assert!(run.log().contains("no `github-token` was given"), "{run}");
        }
        assert_eq!(asked(&world, mark), [""; 0]);
        assert_eq!(commits(&world), (Value::Null, vec![Value::Null; 3]));
        // The default branch's tip stands nowhere.
        let state = world.state().to_string();
        assert!(!state.contains(&TIP[..12]), "{}", event.name);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_token_that_may_not_read_pull_requests_is_told_so_and_hinders_nothing() {
    let world = world().await;
    let token = json!({"token": tokens::GITHUB, "permissions": {"contents": "read"}});
    world.seed(&json!({"github": {"tokens": [token]}})).await;
    for action in MAKERS {
        let run = ok(start(&world, action, &dispatch()).go().await);
        let told = "the `github-token` may not read it: give the job `pull-requests: read`";
        assert_eq!(run.log().matches(told).count(), 1, "{run}");
    }
    assert_eq!(commits(&world), (Value::Null, vec![Value::Null; 3]));
    world.finish().await;
}

#[tokio::test]
async fn another_number_than_the_events_has_nothing_of_the_event() {
    let world = world().await;
    let other = json!({"number": 41, "head_ref": "other", "head_sha": GROUP});
    world.seed(&json!({"github": {"pulls": [other]}})).await;
    let event = Event {
        number: Some("41"),
        ..event("pull_request", payload("synchronize", "acme", 0))
    };
    ok(start(&world, "deploy-workers", &event).go().await);
    let state = world.state();
    let workers = &state["cloudflare"]["accounts"][ids::ACCOUNT]["workers"];
    let annotations = &workers["api-preview-41"]["versions"][0]["annotations"];
    assert_eq!(annotations["workers/commit_sha"], GROUP);
    assert!(!workers.to_string().contains(ids::HEAD_SHA));
    world.finish().await;
}

#[tokio::test]
async fn an_environment_of_no_pull_request_has_the_runs_commit() {
    let push = event(
        "push",
        json!({"ref": "refs/heads/main", "after": TIP, "repository": repository("acme")}),
    );
    // A pull request leads from main to a release branch; the run was still about main.
    let after_push = event(
        "workflow_run",
        workflow_run("push", "acme", "main", GROUP, &listed(GROUP)),
    );
    let mut closed = payload("closed", "acme", 0);
    closed["pull_request"]["merged"] = json!(true);
    let merged = Event {
        sha: GROUP,
        ..event("pull_request", closed)
    };
    // The last one has a number that this environment does not need.
    for (event, commit) in [(push, TIP), (after_push, GROUP), (merged, GROUP), (dispatch(), TIP)] {
        let world = world().await;
        let kv = json!([{"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "title": "production-cache"}]);
        world.seed(&json!({"cloudflare": {"kv": kv}})).await;
        let mark = world.mark();
        let run = start(&world, "deploy-workers", &event)
            .input("environment", "production")
            .input("services", "auth");
        ok(run.go().await);
        let state = world.state();
        let workers = &state["cloudflare"]["accounts"][ids::ACCOUNT]["workers"];
        let noted = &workers["auth-production"]["versions"][0]["annotations"]["workers/commit_sha"];
        assert_eq!(*noted, commit, "{}: {workers}", event.name);
        assert_eq!(asked(&world, mark), [""; 0]);
        world.finish().await;
    }
}

/// The run is started again, after the pull request was closed.
fn again(action: &str) -> Event {
    event("pull_request", payload(action, "acme", 0))
}

#[tokio::test]
async fn an_old_run_does_not_bring_a_closed_pull_requests_preview_back() {
    let world = world().await;
    pull(&world, &json!({"state": "closed"})).await;
    let before = things(&world);
    let waited = event("pull_request", payload("synchronize", "acme", 7));
    let mark = world.mark();
    for action in MAKERS {
        for (event, attempt) in [(again("synchronize"), "2"), (waited.clone(), "1"), (dispatch(), "1")] {
            let run = start(&world, action, &event)
                .env("GITHUB_RUN_ATTEMPT", attempt)
                .go()
                .await;
            assert_eq!(run.code, 1, "{run}");
            assert_eq!(
                run.error(),
                "pull request #42 is closed: nothing is made for it any more, and nothing was touched\n\
                 hint: reopen it to have its environment again",
                "{action}"
            );
            assert_eq!((run.output("database-url"), run.output("changed")), ("", "false"));
            assert_eq!(run.report["status"], "failed", "{run}");
        }
    }
    world.assert_only_reads_since(mark);
    assert_eq!(things(&world), before);

    // A branch that the repository named is none of the pull request's.
    for event in [again("synchronize"), again("closed")] {
        let named = start(&world, "neon-branch", &event).input("branch", "ci-shared");
        ok(named.env("GITHUB_RUN_ATTEMPT", "2").go().await);
    }

    // What the event itself tells needs no token.
    for attempt in ["1", "2"] {
        let run = start(&world, "neon-branch", &again("closed")).env("GITHUB_RUN_ATTEMPT", attempt);
        let run = run.without("github-token").go().await;
        assert_eq!(run.code, 1, "{run}");
    }

    // Without a token nobody asks, and the log says so.
    for action in MAKERS {
        let run = start(&world, action, &again("synchronize")).env("GITHUB_RUN_ATTEMPT", "2");
        let run = ok(run.without("github-token").go().await);
        let told = "whether pull request #42 is still open is not known, since no `github-token` was given";
        assert_eq!(run.log().matches(told).count(), 1, "{run}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_comment_on_a_merged_pull_request_makes_nothing() {
    let world = world().await;
    let mut event = issue_comment();
    event.payload["issue"]["state"] = json!("closed");
    event.payload["issue"]["pull_request"]["merged_at"] = json!("2026-11-27T10:00:00Z");
    let mark = world.mark();
    // The event tells, so no token is needed.
    let run = start(&world, "preview-dns", &event).without("github-token").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .starts_with("pull request #42 was merged: nothing is made for it any more"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    assert_eq!(asked(&world, mark), [""; 0]);
    world.finish().await;
}

/// Something of preview 42.
async fn with_preview() -> World {
    let world = world().await;
    world
        .seed(&json!({
            "cloudflare": {"workers": [{"name": "api-preview-42", "tags": [MARKER]}]},
            "neon": {"branches": [{"name": "preview-pr-42", "annotation": {"codex-actions": MARKER}}]},
        }))
        .await;
    world
}

#[tokio::test]
async fn a_closing_that_comes_again_leaves_a_reopened_pull_request_alone() {
    let world = with_preview().await;
    let before = things(&world);
    let mark = world.mark();
    let schedule = by_number(
        "schedule",
        json!({"schedule": "0 3 * * *", "repository": repository("acme")}),
    );
    let waited = event("pull_request", payload("closed", "acme", 7));
    let followed = event(
        "workflow_run",
        workflow_run(
            "pull_request",
            "acme",
            ids::HEAD_REF,
            ids::HEAD_SHA,
            &listed(ids::HEAD_SHA),
        ),
    );
    // It may be reopened while the first attempt waits for its runner, too.
    for (event, attempt) in [
        (event("pull_request", payload("closed", "acme", 0)), "1"),
        (again("closed"), "2"),
        (waited, "1"),
        (schedule, "1"),
        (followed, "1"),
    ] {
        let run = start(&world, "cleanup", &event)
            .env("GITHUB_RUN_ATTEMPT", attempt)
            .go()
            .await;
        assert_eq!(run.code, 1, "{run}");
        assert_eq!(
            run.error(),
            "pull request #42 is open: its environment stays, and nothing was touched\n\
             hint: close it to have its environment deleted, or start the cleanup by hand (`workflow_dispatch`)"
        );
    }
    world.assert_only_reads_since(mark);
    assert_eq!(things(&world), before);

    pull(&world, &json!({"state": "closed"})).await;
    let run = ok(start(&world, "cleanup", &again("closed"))
        .env("GITHUB_RUN_ATTEMPT", "2")
        .go()
        .await);
    assert_eq!((run.output("changed"), run.output("left")), ("true", "0"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_cleanup_is_not_kept_from_its_work_by_what_nobody_can_tell() {
    // Without a token the first attempt goes by the event; the second one says that nobody asked.
    for (attempt, told) in [("1", 0), ("2", 1)] {
        let world = with_preview().await;
        let mark = world.mark();
        let run = start(&world, "cleanup", &again("closed")).env("GITHUB_RUN_ATTEMPT", attempt);
        let run = ok(run.without("github-token").go().await);
        assert_eq!(run.output("changed"), "true", "{run}");
        let text = "whether pull request #42 is still closed is not known, since no `github-token` was given";
        assert_eq!(run.log().matches(text).count(), told, "{run}");
        assert_eq!(asked(&world, mark), [""; 0]);
        world.finish().await;
    }
    // Somebody asked for it by hand: it goes, and what follows is told.
    let world = with_preview().await;
    let run = ok(start(&world, "cleanup", &dispatch()).go().await);
    assert_eq!(run.output("changed"), "true", "{run}");
    assert!(
        run.log()
            .contains("pull request #42 is open: its next run makes its environment again"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_secret_that_the_run_is_not_given_is_explained() {
    let world = world().await;
    let fork = || event("pull_request", payload("opened", "eve", 0));
    let own = || event("pull_request", payload("opened", "acme", 0));
    let target = || event("pull_request_target", payload("opened", "eve", 0));
    let bare = |action: &'static str, event: &Event, actor: &str| {
        let secrets = ["cloudflare-api-token", "neon-api-key"];
        let start = start(&world, action, event)
            .env("GITHUB_ACTOR", actor)
            .env("DATABASE_URL", "")
            .env("SESSION_SECRET", "");
        secrets.iter().fold(start, |start, name| start.without(name)).go()
    };
    let (by_fork, by_dependabot) = (
        "this run is given no secrets, because its pull request comes from a fork; skip this step for forks",
        "this run is given none of the repository's secrets, because Dependabot started it; add this one to Dependabot's own",
    );
    for (action, secrets) in [
        ("neon-branch", &["neon-api-key"][..]),
        ("preview-dns", &["cloudflare-api-token"]),
        (
            "deploy-workers",
            &["cloudflare-api-token", "DATABASE_URL", "SESSION_SECRET"],
        ),
        ("cleanup", &["cloudflare-api-token", "neon-api-key"]),
    ] {
        for (event, actor, why) in [
            (fork(), "eve", by_fork),
            (own(), "dependabot[bot]", by_dependabot),
            // A fork's run has them here: it is this workflow that does not pass them.
            (target(), "eve", "missing"),
        ] {
            let run = bare(action, &event, actor).await;
            assert_eq!(run.code, 2, "{run}");
            let error = run.error();
            for secret in secrets {
                // Secrets that lack for one reason stand in one line.
                let told = |line: &str| line.contains(&format!("`{secret}`")) && line.contains(&format!(": {why}"));
                assert!(error.lines().any(told), "{action}, {}: {error}", event.name);
            }
            assert_eq!(error.contains("secrets: inherit"), why == "missing", "{error}");
        }
    }
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_comment_tells_the_head_of_the_pull_request_that_it_stands_on() {
    let world = world().await;
    let report = r#"{"action":"health-check","environment":"preview","healthy":true,"status":"done"}"#;
    let run = || {
        start(&world, "pr-comment", &issue_comment())
            .input("reports", report)
            .go()
    };
    ok(run().await);
    let state = world.state();
    let texts = crate::pr_comment::comments(&state);
    let (_, _, text) = texts.last().unwrap();
    assert!(
        text.contains(&ids::HEAD_SHA[..7]) && !text.contains(&TIP[..7]),
        "{text}"
    );
    let mark = world.mark();
    assert_eq!(ok(run().await).output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
