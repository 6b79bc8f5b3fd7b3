//! Stories of an environment without a pull request: the deployment alone, the merged pull requests, the figures.

use scenarios::{Run, World};
use serde_json::{Value, json};

use crate::pr_comment_deployment::deployments;

const MARKER: &str = "codex-actions:1296269:acme/app:-:production";

/// A run for a push to `main` that brought it to `sha`.
pub async fn production(world: &World, run: &str, sha: &str, inputs: &[(&str, &str)]) -> Run {
    let path = world.workspace().join("push.json");
    let event = json!({"before": "b0", "after": sha, "repository": {"id": 1_296_269, "full_name": "acme/app"}});
    std::fs::write(&path, event.to_string()).unwrap();
    let start = world
        .run("pr-comment")
        .on_push()
        .env("GITHUB_RUN_ID", run)
        .env("GITHUB_SHA", sha);
    let start = start.env("GITHUB_EVENT_PATH", path.display().to_string());
    let start = start.input("deployment", "true").input("environment", "production");
    let told = inputs
        .iter()
        .fold(start, |start, (name, value)| start.input(name, *value));
    told.go().await
}

pub fn deployed(status: &str) -> String {
    json!({"action": "deploy-workers", "environment": "production", "status": status,
        "services": [{"service": "web", "url": "https://example.com", "state": if status == "done" { "deployed" } else { "rolled-back" }}]})
    .to_string()
}

/// `b0` was deployed; #50 was merged by a merge commit, #51 by a squash, and a commit was pushed.
pub async fn merged() -> World {
    let world = World::start().await;
    let now = jiff::Timestamp::now();
    let ago = |hours: i64| (now - jiff::SignedDuration::from_hours(hours)).to_string();
    let note = |run: u64, first: Option<i64>| {
        let mut note = json!({"owner": MARKER, "run": run, "attempt": 1});
        if let Some(hours) = first {
            note["first-commit"] = json!(ago(hours));
        }
        note
    };
    let status = |state: &str, hours: i64| json!({"state": state, "at": ago(hours)});
    let seed = json!({
        "history": [
            {"sha": "a0", "at": ago(300)}, {"sha": "b0", "parents": ["a0"], "at": ago(200)},
            {"sha": "t1", "parents": ["b0"], "at": ago(20)}, {"sha": "m1", "parents": ["b0", "t1"], "at": ago(6)},
            {"sha": "s2", "parents": ["m1"], "at": ago(5)}, {"sha": "c3", "parents": ["s2"], "at": ago(4)},
        ],
        "pulls": [
            {"number": 50, "head_sha": "t1", "merged": true, "merge_commit_sha": "m1"},
            {"number": 51, "head_sha": "t2", "merged": true, "merge_commit_sha": "s2"},
            {"number": 52, "head_sha": "c3"},
        ],
        "deployments": [
            {"environment": "production", "sha": "a0", "payload": note(901, Some(310)), "at": ago(250),
             "statuses": [status("in_progress", 250), status("success", 249), status("inactive", 190)]},
            {"environment": "production", "sha": "b0", "payload": note(902, Some(230)), "at": ago(200),
             "statuses": [status("in_progress", 200), status("failure", 199)]},
            {"environment": "production", "sha": "b0", "payload": note(903, Some(230)), "at": ago(191),
             "statuses": [status("in_progress", 191), status("success", 190)]},
            // Made by `environment:` in the job, by nobody of ours.
            {"environment": "production", "sha": "b0", "at": ago(190), "statuses": [status("success", 190)]},
        ],
    });
    world.seed(&json!({"github": seed})).await;
    world
}

/// The comments: on which pull request, and their text.
pub fn texts(world: &World) -> Vec<(u64, String)> {
    let state = world.state();
    let all = state["github"]["repositories"][0]["comments"]
        .as_array()
        .unwrap()
        .iter();
    let told = |it: &Value| (it["thread"].as_u64().unwrap(), it["body"].as_str().unwrap().to_owned());
    all.map(told).collect()
}

#[tokio::test]
async fn what_a_push_brought_is_told_where_it_came_from() {
    let world = merged().await;
    let begun = production(&world, "1001", "c3", &[("command", "start")]).await;
    assert_eq!(begun.code, 0, "{begun}");
    let mine = world.state()["github"]["repositories"][0]["deployments"][4].clone();
    assert_eq!((&mine["transient"], &mine["production"]), (&json!(false), &json!(true)));
    assert!(mine["payload"]["first-commit"].is_string(), "{mine}");
    assert!(texts(&world).is_empty(), "nobody is told before it has ended");

    let done = deployed("done");
    let ended = production(&world, "1001", "c3", &[("reports", &done)]).await;
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.stdout.contains("told #51 and #50"), "{ended}");
    let told = texts(&world);
    let numbers: Vec<u64> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [51, 50], "not #52, which is open");
    for (_, text) in &told {
        assert!(text.contains("This pull request is live in `production`."), "{text}");
        assert!(text.contains("https://example.com"), "{text}");
    }
    assert_eq!(ended.report["deployment"]["told"], json!([51, 50]));
    let states = deployments(&world);
    assert_eq!(states[2], "production b: in_progress, success, inactive");
    assert_eq!(
        states[3..],
        ["production b: success", "production c: in_progress, success"]
    );
    // Three ended well, one failed; the time to restore is that from run 902's end to 903's.
    let figures = &ended.summary[ended.summary.find("### Delivery").unwrap()..];
    assert!(
        figures.contains("| change failure rate | 25 % | 1 of 4 deployments"),
        "{figures}"
    );
    assert!(figures.contains("| time to restore | 9 h 0 min | "), "{figures}");
    assert!(
        figures.contains(
            "| lead time for changes | 40 h 0 min | from the first commit to the end of its deployment, median of 3 |"
        ),
        "{figures}"
    );

    let mark = world.mark();
    let again = production(&world, "1001", "c3", &[("reports", &done)]).await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_was_put_back_is_told_and_the_next_success_tells_it_all() {
    let world = merged().await;
    let failed = production(
        &world,
        "1001",
        "s2",
        &[("reports", &deployed("failed")), ("job-status", "failure")],
    )
    .await;
    assert_eq!(failed.code, 0, "{failed}");
    let told = texts(&world);
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .all(|(_, text)| text.contains("Deploying this pull request to `production` **failed**")),
        "{told:?}"
    );
    assert!(failed.summary.contains("broken since"), "{}", failed.summary);
    // What serves is still the one before.
    assert_eq!(deployments(&world)[2], "production b: in_progress, success");
    // The next push fixes it: what came with the failed one is live, too.
    let fixed = production(&world, "1002", "c3", &[("reports", &deployed("done"))]).await;
    assert_eq!(fixed.code, 0, "{fixed}");
    let told = texts(&world);
    assert_eq!(told.len(), 2, "the same comments, edited");
    assert!(
        told.iter().all(|(_, text)| text.contains("is live in `production`")),
        "{told:?}"
    );
    // The older run, again, tells nobody anything.
    let mark = world.mark();
    let late = production(&world, "1001", "s2", &[("reports", &deployed("done"))]).await;
    assert_eq!(late.code, 0, "{late}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_known_does_not_keep_it_from_being_told() {
    let world = merged().await;
    // Neither commits nor pull requests can be read.
    let token = json!({"token": scenarios::tokens::GITHUB, "permissions": {"deployments": "write"}});
    world.seed(&json!({"github": {"tokens": [token]}})).await;
    let ended = production(&world, "1001", "c3", &[("reports", &deployed("done"))]).await;
    assert_eq!(
        (ended.code, &ended.report["deployment"]["state"]),
        (0, &json!("success")),
        "{ended}"
    );
    assert!(
        ended
            .stdout
            .contains("::notice title=pr-comment::which commits it brings is not known"),
        "{ended}"
    );
    assert!(
        ended
            .stdout
            .contains("::warning title=pr-comment::the merged pull requests are not told"),
        "{ended}"
    );

    let no_environment = world
        .run("pr-comment")
        .on_push()
        .input("deployment", "true")
        .input("command", "start");
    let wrong = no_environment.go().await;
    assert_eq!(wrong.code, 2, "{wrong}");
    assert!(
        wrong.error().contains("`environment`: missing; without a pull request"),
        "{}",
        wrong.error()
    );
    let alone: Value = world.run("pr-comment").on_push().input("body", "x").go().await.report;
    assert_eq!(
        alone["status"], "failed",
        "without a deployment, a pull request is needed"
    );
    world.finish().await;
}
