//! Stories of `pr-comment`.

use scenarios::{Run, World, ids, tokens};
use serde_json::{Value, json};

const COMMENTS: &str = "/repos/acme/app/issues/42/comments";
const BOT: &str = "github-actions[bot]";

fn deployed(version: &str) -> String {
    json!({"action": "deploy-workers", "environment": "preview", "pull-request": 42, "status": "done", "changed": true,
        "services": [{"service": "api", "worker": "api-preview-42", "hostname": "api-preview-42.example.com",
            "url": "https://api-preview-42.example.com", "version-id": version, "state": "deployed", "seconds": 1.5}]})
    .to_string()
}

/// The repository's state.
pub(crate) fn repository(state: &Value) -> &Value {
    match &state["github"]["repositories"] {
        Value::Array(all) => all.iter().find(|repository| repository["name"] == "app").unwrap(),
        by_name => &by_name["acme/app"],
    }
}

/// The comments on the pull request: id, author, text.
pub(crate) fn comments(state: &Value) -> Vec<(u64, String, String)> {
    let of = |comment: &Value| {
        let text = |pointer: &str| {
            comment
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (comment["id"].as_u64().unwrap(), text("/author/login"), text("/body"))
    };
    repository(state)["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

fn bots(world: &World) -> Vec<(u64, String)> {
    let all = comments(&world.state()).into_iter();
    all.filter(|(_, login, _)| login == BOT)
        .map(|(id, _, text)| (id, text))
        .collect()
}

/// One run with these reports.
async fn comment(world: &World, reports: &str) -> Run {
    let run = world.run("pr-comment").input("reports", reports).go().await;
    run.assert_no_secret_leaks();
    run
}

/// A run of another workflow run.
async fn comment_in_run(world: &World, id: &str, reports: &str) -> Run {
    world
        .run("pr-comment")
        .input("reports", reports)
        .env("GITHUB_RUN_ID", id)
        .go()
        .await
}

#[tokio::test]
async fn one_comment_is_written_kept_and_edited() {
    let world = World::start().await;
    let first = comment(&world, &deployed("11111111-aaaa")).await;
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(
        (first.output("changed"), &first.report["comment"]["action"]),
        ("true", &json!("created"))
    );
    assert!(
        first.summary.contains("### 🚀 Preview is deployed"),
        "{}",
        first.summary
    );

    for request in world.requests() {
        let agent = request["user_agent"].as_str().unwrap();
        assert!(
            agent.starts_with("codex-actions/") && agent.ends_with("(pr-comment)"),
            "{agent}"
        );
        assert_eq!(request["token"], tokens::GITHUB);
    }

    let mark = world.mark();
    let again = comment(&world, &deployed("11111111-aaaa")).await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    assert_eq!(again.output("comment-id"), first.output("comment-id"));
    world.assert_only_reads_since(mark);

    let pushed = comment(&world, &deployed("22222222-bbbb")).await;
    assert_eq!(
        (pushed.output("changed"), &pushed.report["comment"]["action"]),
        ("true", &json!("updated"))
    );
    let all = bots(&world);
    assert_eq!(all.len(), 1);
    assert!(
        all[0].1.contains("`22222222`") && !all[0].1.contains("`11111111`"),
        "{}",
        all[0].1
    );
    world.finish().await;
}

#[tokio::test]
async fn ours_is_found_behind_three_hundred_others() {
    let world = World::start().await;
    world
        .seed(&json!({"github": {"comments": [{"body": "me too", "times": 300}]}}))
        .await;
    let first = comment(&world, &deployed("1")).await;
    let mark = world.mark();
    let again = comment(&world, &deployed("2")).await;
    assert_eq!(again.output("comment-id"), first.output("comment-id"), "{again}");
    assert_eq!(bots(&world).len(), 1);
    let pages = world
        .lines_since(mark)
        .iter()
        .filter(|line| line.starts_with("GET") && line.contains("comments"))
        .count();
    assert_eq!(pages, 4, "{:#?}", world.lines_since(mark));
    world.finish().await;
}

#[tokio::test]
async fn a_person_who_pastes_our_marker_keeps_their_comment() {
    let world = World::start().await;
    let marked = "<!-- codex-actions:preview hash=0000000000000000 run=1.1 -->\nI copied this";
    world
        .seed(&json!({"github": {"comments": [{"body": marked, "author": "octocat"}]}}))
        .await;
    let run = comment(&world, &deployed("1")).await;
    assert_eq!(run.report["comment"]["action"], "created", "{run}");
    let all = comments(&world.state());
    assert_eq!(
        (all.len(), all[0].1.as_str(), all[0].2.as_str()),
        (2, "octocat", marked)
    );
    // And not in the next run either, nor when all of ours is deleted.
    comment(&world, &deployed("2")).await;
    let deleted = world.run("pr-comment").input("command", "delete").go().await;
    assert_eq!(deleted.report["comment"]["action"], "deleted", "{deleted}");
    assert_eq!(comments(&world.state()), all[..1]);
    world.finish().await;
}

#[tokio::test]
async fn of_two_comments_of_ours_the_older_stays() {
    let world = World::start().await;
    let marked = "<!-- codex-actions:preview hash=0000000000000000 run=1000.1 -->\nold";
    world
        .seed(&json!({"github": {"comments": [
        {"body": marked, "author": BOT, "times": 3}, {"body": "another tool's", "author": BOT}]}}))
        .await;
    let oldest = bots(&world)[0].0;
    let run = comment(&world, &deployed("1")).await;
    assert_eq!(run.output("comment-id"), oldest.to_string(), "{run}");
    let left: Vec<String> = bots(&world).into_iter().map(|(_, text)| text).collect();
    assert_eq!(left.len(), 2);
    assert_eq!(left[1], "another tool's");
    world.finish().await;
}

#[tokio::test]
async fn a_comment_that_is_deleted_meanwhile_is_written_anew() {
    let world = World::start().await;
    comment(&world, &deployed("1")).await;
    // The edit takes a second to arrive; another job deletes the comment until then.
    world.fail(
        &json!({"provider": "github", "method": "PATCH", "path": "/repos/acme/app/issues/comments/*",
        "delay_ms": 1500, "times": 1}),
    );
    let editing = world.run("pr-comment").input("reports", deployed("2")).start();
    let is_edit = |request: &Value| request["method"] == "PATCH";
    while !world.requests().iter().any(is_edit) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let deleting = world.run("pr-comment").input("command", "delete").go().await;
    assert_eq!(deleting.report["comment"]["action"], "deleted", "{deleting}");
    let run = editing.wait().await;
    assert_eq!(
        (run.code, &run.report["comment"]["action"]),
        (0, &json!("created")),
        "{run}"
    );
    let edit = world.requests().into_iter().find(is_edit).unwrap();
    assert_eq!(edit["status"], 404);
    let all = bots(&world);
    assert_eq!(all.len(), 1);
    assert!(all[0].1.contains("`2`"), "{}", all[0].1);
    world.finish().await;
}

#[tokio::test]
async fn jobs_that_comment_at_once_end_with_one_comment() {
    let world = World::start().await;
    // Both have seen that there is none before either writes.
    world.fail(&json!({"provider": "github", "method": "POST", "path": COMMENTS, "delay_ms": 1000, "times": 2}));
    let (one, other) = (deployed("one"), deployed("other"));
    let start = |reports: &str| world.run("pr-comment").input("reports", reports).start();
    let (one, other) = (start(&one), start(&other));
    let (one, other) = tokio::join!(one.wait(), other.wait());
    assert_eq!((one.code, other.code), (0, 0), "{one}\n{other}");
    let posts = world
        .requests()
        .iter()
        .filter(|request| request["method"] == "POST")
        .count();
    assert_eq!((posts, bots(&world).len()), (2, 1), "{one}\n{other}");
    world.finish().await;
}

#[tokio::test]
async fn a_lost_answer_does_not_make_a_second_comment() {
    let world = World::start().await;
    for (n, fault) in [
        json!({"drop": "after"}),
        json!({"status": 502, "after": true, "body": "<html>bad gateway</html>"}),
        json!({"drop": "before"}),
        json!({"status": 500}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut rule = json!({"provider": "github", "method": "POST", "path": COMMENTS, "times": 1});
        rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        world.fail(&rule);
        let run = world
            .run("pr-comment")
            .input("reports", deployed("1"))
            .input("key", format!("lost-{n}"))
            .go()
            .await;
        assert_eq!(
            (run.code, &run.report["comment"]["action"]),
            (0, &json!("created")),
            "{n}: {run}"
        );
        assert_eq!(bots(&world).len(), n + 1, "{n}: {run}");
    }
    world.finish().await;
}

#[tokio::test]
async fn an_older_run_does_not_overwrite_a_newer_one() {
    let world = World::start().await;
    comment_in_run(&world, "2002", &deployed("newer")).await;
    let mark = world.mark();
    let older = comment_in_run(&world, "2001", &deployed("older")).await;
    assert_eq!((older.code, older.output("changed")), (0, "false"), "{older}");
    assert_eq!(older.report["comment"]["action"], "newer");
    world.assert_only_reads_since(mark);
    let newest = comment_in_run(&world, "2003", &deployed("newest")).await;
    assert_eq!(newest.report["comment"]["action"], "updated");
    world.finish().await;
}

#[tokio::test]
async fn a_fork_reads_its_comment_in_the_summary() {
    let world = World::start().await;
    world
        .seed(&json!({"github": {"tokens": [
        {"token": tokens::GITHUB, "permissions": {"contents": "read", "pull-requests": "read", "issues": "read"}}]}}))
        .await;
    let own = comment(&world, &deployed("1")).await;
    assert_eq!(own.code, 1, "{own}");
    assert!(
        own.error()
            .contains("hint: add `permissions: { contents: read, pull-requests: write }`"),
        "{}",
        own.error()
    );
    assert_eq!(own.report["status"], "failed");

    let mut event = json!({"action": "synchronize", "number": 42, "repository": {"full_name": ids::REPOSITORY}});
    event["pull_request"] =
        json!({"number": 42, "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": {"full_name": "eve/app"}}});
    world.event(&event);
    let fork = comment(&world, &deployed("1")).await;
    assert_eq!((fork.code, fork.output("changed")), (0, "false"), "{fork}");
    assert!(fork.stdout.contains("::notice title=pr-comment::"), "{fork}");
    assert!(fork.summary.contains("api-preview-42.example.com"), "{}", fork.summary);
    assert!(comments(&world.state()).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_persons_token_edits_that_persons_comment() {
    let world = World::start().await;
    let marked = "<!-- codex-actions:preview hash=0000000000000000 run=1.1 -->\nold";
    world
        .seed(&json!({"github": {
        "tokens": [{"token": tokens::GITHUB, "login": "mona"}],
        "comments": [{"body": marked, "author": BOT}, {"body": marked, "author": "mona"}]}}))
        .await;
    let run = comment(&world, &deployed("1")).await;
    assert_eq!(run.report["comment"]["action"], "updated", "{run}");
    let all = comments(&world.state());
    assert_eq!((all[0].2.as_str(), all[1].2.contains("is deployed")), (marked, true));
    world.finish().await;
}

#[tokio::test]
async fn an_apps_token_edits_that_apps_comment() {
    let world = World::start().await;
    let marked = "<!-- codex-actions:preview hash=0000000000000000 run=1.1 -->\nold";
    world
        .seed(&json!({"github": {
        "tokens": [{"token": tokens::GITHUB, "login": "acme-ci[bot]"}],
        "comments": [{"body": marked, "author": "other-app[bot]"}, {"body": marked, "author": "acme-ci[bot]"}]}}))
        .await;
    let run = comment(&world, &deployed("1")).await;
    assert_eq!(run.report["comment"]["action"], "updated", "{run}");
    let all = comments(&world.state());
    assert_eq!((all[0].2.as_str(), all[1].2.contains("is deployed")), (marked, true));
    world.finish().await;
}

#[tokio::test]
async fn a_long_body_is_cut_and_the_summary_has_it_all() {
    let world = World::start().await;
    let body = format!(
        "# Log\n\n```text\n{}```\n\nthe end",
        "a line of 🚀 the log\n".repeat(5000)
    );
    let run = world.run("pr-comment").input("body", &body).go().await;
    assert_eq!(run.code, 0, "{}", run.error());
    let (_, text) = bots(&world).remove(0);
    assert!(text.chars().count() < 60_500, "{}", text.chars().count());
    assert!(text.contains("Cut here") && text.matches("```").count() == 2);
    assert!(run.summary.contains("the end"));
    let mark = world.mark();
    let again = world.run("pr-comment").input("body", &body).go().await;
    assert_eq!(again.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_job_that_failed_before_any_action_ran_is_told() {
    let world = World::start().await;
    let start = || world.run("pr-comment").input("reports", "\n\n \n");
    assert_eq!(start().input("job-status", "success").go().await.code, 2);
    let run = start().input("job-status", "failure").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        bots(&world)[0].1.contains("### ❌ Preview failed"),
        "{}",
        bots(&world)[0].1
    );
    world.finish().await;
}

#[tokio::test]
async fn a_rate_limit_is_waited_for() {
    let world = World::start().await;
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": COMMENTS, "times": 1, "status": 403,
        "headers": {"retry-after": "1"}, "body": {"message": "You have exceeded a secondary rate limit."}}),
    );
    let run = comment(&world, &deployed("1")).await;
    assert_eq!((run.code, bots(&world).len()), (0, 1), "{run}");
    assert!(run.stdout.contains("asking again in 1.0 s"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_inputs_is_told_at_once_before_any_request() {
    let world = World::start().await;
    let run = world
        .run("pr-comment")
        .on_push()
        .without("github-token")
        .input("command", "upsrt")
        .input("key", "a --> b")
        .input("reports", "{\"healthy\": true}\nnot json")
        .input("github-api-url", "api.github.com")
        .input("dry-run", "maybe")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @r#"
    8 inputs are wrong; nothing was touched
    - `dry-run`: `maybe` is neither `true` nor `false`
    - `command`: `upsrt` is none of `upsert`, `start` and `delete`; did you mean `upsert`?
    - `github-token`: missing; pass `github-token: ${{ github.token }}`
    - `github-api-url`: `api.github.com` is not an http or https URL, such as `https://api.github.com`
    - `pull-request`: missing; the event has no pull request: run on `pull_request`, or pass its number
    - `reports`: `{"healthy":true}` is not the `report` output of an action: not a JSON object with `action`
    - `reports`: expected ident at line 2 column 2; each line is to be the `report` output of an action
    - `key`: `a --> b` is to be at most 120 letters, digits and `. _ / -`
    "#);
    assert_eq!(world.mark(), 0);
    let empty = world.run("pr-comment").input("reports", "\n \n").go().await;
    assert_eq!(empty.code, 2, "{empty}");
    world.finish().await;
}

#[tokio::test]
async fn a_dry_run_only_reads() {
    let world = World::start().await;
    let run = world
        .run("pr-comment")
        .input("body", "hello")
        .input("dry-run", "true")
        .go()
        .await;
    assert_eq!((run.code, &run.report["status"]), (0, &json!("planned")), "{run}");
    assert!(run.stdout.contains("would comment on pull request #42"), "{run}");
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn the_key_is_the_projects_and_environments_by_the_manifest() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"shop\"\nzone = \"example.com\"\n[environments.preview]\n\
        hostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"api\"\n",
    );
    let run = comment(&world, &deployed("1")).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        bots(&world)[0].1.starts_with("<!-- codex-actions:shop/preview hash="),
        "{}",
        bots(&world)[0].1
    );
    world.finish().await;
}
