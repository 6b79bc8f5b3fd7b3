//! Stories of GitHub Deployments: what `pr-comment` tells of an environment beside the comment.

use scenarios::{Run, World, ids, tokens};
use serde_json::{Value, json};

const DEPLOYMENTS: &str = "/repos/acme/app/deployments";
const STATUSES: &str = "/repos/acme/app/deployments/*/statuses";
const NEXT_SHA: &str = "1111111111111111111111111111111111111111";
const URL: &str = "https://web-preview-42.example.com";

/// A run of a pull request's workflow: `start`, or the end.
async fn say(world: &World, run: &str, inputs: &[(&str, &str)]) -> Run {
    let start = world.run("pr-comment").env("GITHUB_RUN_ID", run);
    let start = start.input("deployment", "true");
    let told = inputs
        .iter()
        .fold(start, |start, (name, value)| start.input(name, *value));
    told.go().await
}

fn deployed(status: &str) -> String {
    json!({"action": "deploy-workers", "environment": "preview", "pull-request": 42, "status": status,
        "services": [{"service": "web", "url": URL, "state": match status { "done" => "deployed", other => other }}]})
    .to_string()
}

/// Each deployment, oldest first: its commit's first digit, and its states, oldest first.
pub(crate) fn deployments(world: &World) -> Vec<String> {
    let state = world.state();
    let all = state["github"]["repositories"][0]["deployments"]
        .as_array()
        .unwrap()
        .clone();
    let line = |deployment: &Value| {
        let states = deployment["statuses"].as_array().unwrap().iter();
        let states: Vec<&str> = states.map(|status| status["state"].as_str().unwrap()).collect();
        let sha = &deployment["sha"].as_str().unwrap()[..1];
        format!(
            "{} {sha}: {}",
            deployment["environment"].as_str().unwrap(),
            states.join(", ")
        )
    };
    all.iter().map(line).collect()
}

async fn push(world: &World) {
    world
        .seed(&json!({"github": {"pulls": [{"number": 42, "head_sha": NEXT_SHA}]}}))
        .await;
    let repository = json!({"id": 1_296_269, "full_name": ids::REPOSITORY});
    world.event(
        &json!({"action": "synchronize", "number": 42, "repository": repository, "pull_request": {
        "number": 42, "state": "open", "head": {"sha": NEXT_SHA, "ref": ids::HEAD_REF, "repo": repository},
        "base": {"ref": "main", "repo": repository}}}),
    );
}

#[tokio::test]
async fn a_pull_requests_deployments_from_its_opening_to_its_end() {
    let world = World::start().await;
    let begun = say(&world, "1001", &[("command", "start")]).await;
    assert_eq!(begun.code, 0, "{begun}");
    assert_eq!(deployments(&world), ["preview 6: in_progress"]);
    let id = begun.output("deployment-id").to_owned();
    let made = world.state()["github"]["repositories"][0]["deployments"][0].clone();
    assert_eq!(id, made["id"].to_string());
    assert_eq!(
        (&made["transient"], &made["sha"]),
        (&json!(true), &json!(ids::HEAD_SHA))
    );
    assert_eq!(
        made["payload"],
        json!({"owner": "codex-actions:1296269:acme/app:-:preview:42", "run": 1001, "attempt": 1})
    );

    let done = deployed("done");
    let ended = say(&world, "1001", &[("reports", &done)]).await;
    assert_eq!((ended.code, ended.output("deployment-id")), (0, id.as_str()), "{ended}");
    assert_eq!(
        ended.report["deployment"],
        json!({"id": made["id"], "state": "success", "retired": 0})
    );
    assert_eq!(deployments(&world), ["preview 6: in_progress, success"]);
    let status = world.state()["github"]["repositories"][0]["deployments"][0]["statuses"][1].clone();
    assert_eq!(status["environment_url"], URL);
    assert_eq!(status["log_url"], "https://github.com/acme/app/actions/runs/1001");
    // Again: only reads.
    let mark = world.mark();
    let again = say(&world, "1001", &[("reports", &done)]).await;
    assert_eq!(
        (again.output("changed"), again.output("deployment-id")),
        ("false", id.as_str()),
        "{again}"
    );
    world.assert_only_reads_since(mark);

    // Pushed: what serves goes on serving until the next one does.
    push(&world).await;
    say(&world, "1002", &[("command", "start")]).await;
    assert_eq!(
        deployments(&world),
        ["preview 6: in_progress, success", "preview 1: in_progress"]
    );
    let second = say(&world, "1002", &[("reports", &done)]).await;
    assert!(
        second.stdout.contains("is `success` now; 1 older one inactive"),
        "{second}"
    );
    let after = [
        "preview 6: in_progress, success, inactive",
        "preview 1: in_progress, success",
    ];
    assert_eq!(deployments(&world), after);

    // Failed: the one before still serves. A second attempt is another deployment.
    let failed = say(
        &world,
        "1003",
        &[("reports", &deployed("failed")), ("job-status", "failure")],
    )
    .await;
    assert_eq!(failed.code, 0, "{failed}");
    assert_eq!(deployments(&world), [after[0], after[1], "preview 1: failure"]);
    let mark = world.mark();
    say(
        &world,
        "1003",
        &[("reports", &deployed("failed")), ("job-status", "failure")],
    )
    .await;
    world.assert_only_reads_since(mark);
    let start = world
        .run("pr-comment")
        .env("GITHUB_RUN_ID", "1003")
        .env("GITHUB_RUN_ATTEMPT", "2");
    let start = start.input("deployment", "true").input("reports", &*done);
    assert_eq!(start.go().await.code, 0);
    assert_eq!(
        deployments(&world)[1..],
        [
            "preview 1: in_progress, success, inactive",
            "preview 1: failure",
            "preview 1: success"
        ]
    );

    // Closed: they go, GitHub's environment stays.
    world.close_pull_request().await;
    let closed = say(&world, "1004", &[("command", "delete")]).await;
    assert_eq!((closed.code, closed.output("changed")), (0, "true"), "{closed}");
    assert!(
        closed
            .stdout
            .contains("deleted 4 deployments of `preview`; GitHub's environment of that name stays"),
        "{closed}"
    );
    assert_eq!(deployments(&world), Vec::<String>::new());
    let mark = world.mark();
    assert_eq!(
        say(&world, "1004", &[("command", "delete")]).await.output("changed"),
        "false"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_crashed_runs_deployment_is_ended_by_the_next_run() {
    let world = World::start().await;
    say(&world, "1001", &[("command", "start")]).await;
    // It ended without a word. So did one that GitHub had not even told the first status.
    world.fail(&json!({"provider": "github", "method": "POST", "path": STATUSES, "status": 400, "times": 1}));
    let cut = say(&world, "1002", &[("command", "start")]).await;
    assert_eq!(cut.code, 1, "{cut}");
    assert!(
        !cut.output("deployment-id").is_empty(),
        "what was made is told, although the rest failed: {cut}"
    );
    let next = say(&world, "1003", &[("command", "start")]).await;
    assert_eq!(next.code, 0, "{next}");
    assert_eq!(
        deployments(&world),
        [
            "preview 6: in_progress, inactive",
            "preview 6: inactive",
            "preview 6: in_progress"
        ]
    );
    world.finish().await;
}

#[tokio::test]
async fn of_two_runs_at_once_the_newer_one_counts() {
    let world = World::start().await;
    let start = |run: &'static str| say(&world, run, &[("command", "start")]);
    let (one, two) = tokio::join!(start("1001"), start("1002"));
    assert_eq!((one.code, two.code), (0, 0), "{one}\n{two}");
    let done = deployed("done");
    let newer = say(&world, "1002", &[("reports", &done)]).await;
    assert_eq!(newer.report["deployment"]["state"], "success", "{newer}");
    let older = say(&world, "1001", &[("reports", &done)]).await;
    assert_eq!(older.code, 0, "{older}");
    assert!(
        older
            .stdout
            .contains("left the deployments of `preview` alone: run 1002"),
        "{older}"
    );
    // The older one has made none where the newer one came first.
    let states = deployments(&world);
    let (well, others): (Vec<&String>, Vec<&String>) = states.iter().partition(|line| line.ends_with(", success"));
    assert_eq!(well.len(), 1, "{states:?}");
    assert!(others.iter().all(|line| line.ends_with("inactive")), "{states:?}");
    world.finish().await;
}

#[tokio::test]
async fn ours_are_found_among_250_others_on_all_pages() {
    let world = World::start().await;
    let of = |number: u64| json!({"owner": format!("codex-actions:1296269:acme/app:-:preview:{number}"), "run": 900, "attempt": 1});
    let state = |state: &str| json!([{"state": state}]);
    let seeded = json!([
        {"environment": "preview", "sha": "dd", "payload": of(42), "transient": true, "statuses": state("success")},
        {"environment": "preview", "sha": "ee", "payload": of(4), "transient": true, "statuses": state("success"), "times": 120},
        {"environment": "preview", "sha": "ff", "payload": {}, "statuses": state("success"), "times": 129},
    ]);
    world.seed(&json!({"github": {"deployments": seeded}})).await;
    let mark = world.mark();
    let ended = say(&world, "1001", &[("reports", &deployed("done"))]).await;
    assert_eq!(
        (ended.code, &ended.report["deployment"]["retired"]),
        (0, &json!(1)),
        "{ended}"
    );
    let lists = world.since(mark);
    let lists = lists
        .iter()
        .filter(|it| it["method"] == "GET" && it["path"].as_str().unwrap().ends_with("/deployments"));
    assert_eq!(lists.count(), 3, "all pages, once");
    let all = deployments(&world);
    assert_eq!((all.len(), all[0].as_str()), (251, "preview d: success, inactive"));
    assert!(
        all[1..250].iter().all(|line| line.ends_with(": success")),
        "others' are left alone"
    );

    let closed = say(&world, "1002", &[("command", "delete")]).await;
    assert!(closed.stdout.contains("deleted 2 deployments"), "{closed}");
    assert_eq!(deployments(&world).len(), 249);
    world.finish().await;
}

#[tokio::test]
async fn without_the_permission_the_comment_is_written_and_the_grant_is_named() {
    let world = World::start().await;
    let token = json!({"token": tokens::GITHUB, "permissions": {"contents": "read", "pull-requests": "write"}});
    world.seed(&json!({"github": {"tokens": [token]}})).await;
    let mark = world.mark();
    let refused = say(&world, "1001", &[("reports", &deployed("done"))]).await;
    assert_eq!(refused.code, 1, "{refused}");
    assert!(
        refused.error().contains("could not set the deployment of `preview`")
            && refused
                .error()
                .contains("hint: add `deployments: write` to the `permissions:` of the job"),
        "{}",
        refused.error()
    );
    assert_eq!(refused.report["comment"]["action"], "created", "{refused}");
    assert!(!refused.output("comment-id").is_empty());
    // A bare 403 is no limit: asked once.
    let asked = world.since(mark);
    let asked = asked
        .iter()
        .filter(|request| request["path"].as_str().unwrap().contains("/deployments"));
    assert_eq!(asked.count(), 1);

    // A fork's token can only read, which is nobody's mistake.
    let token = json!({"token": tokens::GITHUB, "permissions": {"contents": "read", "pull-requests": "read"}});
    world.seed(&json!({"github": {"tokens": [token]}})).await;
    world.event(
        &json!({"action": "opened", "number": 42, "repository": {"full_name": ids::REPOSITORY},
        "pull_request": {"number": 42, "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": {"full_name": "eve/app"}},
        "base": {"repo": {"full_name": ids::REPOSITORY}}}}),
    );
    let fork = say(&world, "1002", &[("reports", &deployed("done"))]).await;
    assert_eq!((fork.code, fork.output("deployment-id")), (0, ""), "{fork}");
    assert!(
        fork.stdout
            .contains("::notice title=pr-comment::the token of this run can only read"),
        "{fork}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_deployment_and_no_second_status() {
    let world = World::start().await;
    for (run, fault) in [
        ("1001", json!({"drop": "after"})),
        (
            "1002",
            json!({"status": 502, "after": true, "body": "<html>bad gateway</html>"}),
        ),
        ("1003", json!({"drop": "before"})),
        (
            "1004",
            json!({"status": 403, "headers": {"retry-after": "1"}, "body": {"message": "slow down"}}),
        ),
        (
            "1005",
            json!({"status": 429, "headers": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}}),
        ),
    ] {
        for path in [DEPLOYMENTS, STATUSES] {
            let mut rule = json!({"provider": "github", "method": "POST", "path": path, "times": 1});
            rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
            world.fail(&rule);
        }
        let begun = say(&world, run, &[("command", "start")]).await;
        assert_eq!((begun.code, begun.output("changed")), (0, "true"), "{begun}");
        let mine = deployments(&world);
        let count: usize = run.parse::<usize>().unwrap() - 1000;
        assert_eq!(mine.len(), count, "{run}: {mine:?}");
        assert_eq!(mine.last().unwrap(), "preview 6: in_progress", "{run}");
    }
    // An hour's requests are used up: it is told, not waited for.
    let reset = (std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        + 1800)
        .to_string();
    world.fail(&json!({"provider": "github", "path": "/repos/acme/app/deployments*", "status": 403, "times": null,
        "headers": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, "body": {"message": "API rate limit exceeded"}}));
    let mark = world.mark();
    let limited = say(&world, "1006", &[("command", "start")]).await;
    assert_eq!(limited.code, 1, "{limited}");
    assert!(
        limited.error().contains("requests for this hour are used up"),
        "{}",
        limited.error()
    );
    assert_eq!(
        world
            .lines_since(mark)
            .iter()
            .filter(|line| line.contains("/deployments"))
            .count(),
        1
    );
    world.finish().await;
}

#[tokio::test]
async fn the_limit_of_what_may_be_created_in_a_minute_is_waited_for() {
    let world = World::start().await;
    let inputs = [("command", "start")];
    say(&world, "1001", &inputs).await;
    // The minute is nearly over when its last creation is refused.
    world.seed(&json!({"github": {"content_per_minute": 2}})).await;
    world.advance(57).await;
    let began = std::time::Instant::now();
    let limited = say(&world, "1002", &inputs).await;
    assert_eq!(limited.code, 0, "{limited}");
    assert!(
        began.elapsed().as_secs() >= 1,
        "it waited as long as it was told to: {limited}"
    );
    assert_eq!(deployments(&world).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_done() {
    let world = World::start().await;
    say(&world, "1001", &[("command", "start")]).await;
    let mark = world.mark();
    let done = deployed("done");
    let planned = say(&world, "1002", &[("reports", &done), ("dry-run", "true")]).await;
    assert_eq!(planned.code, 0, "{planned}");
    assert!(
        planned
            .stdout
            .contains("would make a deployment of `preview` and set it to `success`, and make 1 older one inactive"),
        "{planned}"
    );
    let deletion = say(&world, "1002", &[("command", "delete"), ("dry-run", "true")]).await;
    assert!(
        deletion.stdout.contains("would delete 1 deployment of `preview`"),
        "{deletion}"
    );
    // Reports of a dry run are of nothing that serves.
    let dry = say(&world, "1002", &[("reports", &deployed("planned"))]).await;
    assert!(
        dry.stdout
            .contains("no deployment of `preview` is told of: it was a dry run"),
        "{dry}"
    );
    let writes = world.since(mark);
    assert!(
        writes
            .iter()
            .all(|request| request["write"] != true || !request["path"].as_str().unwrap().contains("/deployments"))
    );
    world.finish().await;
}

#[tokio::test]
async fn a_commits_status_says_the_same() {
    let world = World::start().await;
    let say = |inputs: &'static [(&'static str, &'static str)]| {
        let start = world
            .run("pr-comment")
            .input("commit-status", "true")
            .input("environment-url", URL);
        inputs
            .iter()
            .fold(start, |start, (name, value)| start.input(name, *value))
            .go()
    };
    let statuses = || {
        let state = world.state();
        let all = state["github"]["repositories"][0]["statuses"]
            .as_array()
            .unwrap()
            .clone();
        let line = |it: &Value| format!("{} {} {}", it["context"], it["state"], it["target_url"]);
        all.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(say(&[("command", "start")]).await.code, 0);
    assert_eq!(
        statuses(),
        ["\"preview\" \"pending\" \"https://github.com/acme/app/actions/runs/1001\""]
    );
    let ended = say(&[("body", "hello")]).await;
    assert_eq!((ended.code, ended.output("changed")), (0, "true"), "{ended}");
    assert_eq!(statuses()[1..], [format!("\"preview\" \"success\" \"{URL}\"")]);
    let mark = world.mark();
    assert_eq!(say(&[("body", "hello")]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    let token = json!({"token": tokens::GITHUB, "permissions": {"contents": "read", "pull-requests": "write", "statuses": "read"}});
    world.seed(&json!({"github": {"tokens": [token]}})).await;
    let refused = say(&[("body", "hello"), ("job-status", "failure")]).await;
    assert_eq!(refused.code, 1, "{refused}");
    assert!(
        refused.error().contains("hint: add `statuses: write`"),
        "{}",
        refused.error()
    );
    assert!(deployments(&world).is_empty());
    world.finish().await;
}
