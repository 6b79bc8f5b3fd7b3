//! Stories of comments that others have touched, and of what GitHub refuses for a while.

use scenarios::{Start, World, client, tokens};
use serde_json::{Value, json};

use crate::pr_comment::{comments, repository};
use crate::pr_comment_modes::{folded, say, texts};

const BOT: &str = "github-actions[bot]";
const COMMENTS: &str = "/repos/acme/app/issues/42/comments";

/// A maintainer's "Edit" on a comment that is not theirs.
async fn edit(world: &World, id: &str, text: &str) {
    let url = format!("{}/repos/acme/app/issues/comments/{id}", world.cloud.github);
    let request = client()
        .patch(url)
        .bearer_auth(tokens::GITHUB)
        .header("user-agent", "octocat");
    let answer = request.json(&json!({"body": text})).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

async fn seed(world: &World, author: &str, body: &str) {
    world
        .seed(&json!({"github": {"comments": [{"body": body, "author": author}]}}))
        .await;
}

fn removed<'w>(run: &str, world: &'w World) -> Start<'w> {
    let report = json!({"action": "cleanup", "environment": "preview", "pull-request": 42, "status": "done", "left": 0,
        "results": [{"kind": "worker", "name": "api-preview-42", "outcome": "deleted"}]});
    let start = world.run("pr-comment").env("GITHUB_RUN_ID", run);
    start.input("reports", report.to_string())
}

/// A limit as GraphQL tells it: with status 200.
fn refuse_graphql(world: &World, fault: &Value) {
    let mut rule = json!({"provider": "github", "method": "POST", "path": "/graphql", "times": 1});
    rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
    world.fail(&rule);
}

fn limited() -> Value {
    json!({"status": 200, "body": {"data": null,
        "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation"}]}})
}

#[tokio::test]
async fn what_a_person_types_above_ours_stays_and_makes_no_second_comment() {
    let world = World::start().await;
    let first = say(&world, "upsert", "2001", "one").await;
    let id = first.output("comment-id").to_owned();
    let typed = format!(
        "Reviewers: please look at the **menu**.\r\n\r\n{}",
        texts(&world)[0].replace('\n', "\r\n")
    );
    edit(&world, &id, &typed).await;

    let mark = world.mark();
    let same = say(&world, "upsert", "2001", "one").await;
    assert_eq!(
        (same.output("comment-id"), same.output("changed")),
        (id.as_str(), "false"),
        "{same}"
    );
    world.assert_only_reads_since(mark);
    let next = say(&world, "upsert", "2002", "two").await;
    assert_eq!(
        (next.output("comment-id"), next.output("changed")),
        (id.as_str(), "true"),
        "{next}"
    );
    let all = texts(&world);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(
        all[0].starts_with("Reviewers: please look at the **menu**.\n\n<!-- codex-actions:preview hash=")
            && all[0].contains("two")
            && !all[0].contains("one"),
        "{}",
        all[0]
    );
    // It is still fenced, and shared with sections.
    assert_eq!(
        say(&world, "upsert", "2001", "too late").await.report["comment"]["action"],
        "newer"
    );
    let section = world
        .run("pr-comment")
        .env("GITHUB_RUN_ID", "2002")
        .input("section", "e2e");
    let section = section.input("body", "12 passed").go().await;
    assert_eq!(section.output("comment-id"), id, "{section}");
    // The note of a comment that is made anew goes with it; a former one that stays keeps its own.
    let anew = say(&world, "recreate", "2003", "three").await;
    let all = texts(&world);
    assert!(
        all.len() == 1 && all[0].starts_with("Reviewers: ") && all[0].contains("three"),
        "{all:#?}"
    );
    assert_ne!(anew.output("comment-id"), id);
    say(&world, "hide-previous", "2004", "four").await;
    let all = texts(&world);
    assert!(all.len() == 2 && all[0].starts_with("Reviewers: "), "{all:#?}");
    assert!(
        all[1].starts_with("<!-- codex-actions:preview ") && all[1].contains("four"),
        "{all:#?}"
    );
    world.finish().await;
}

#[tokio::test]
async fn what_a_person_typed_is_not_deleted_with_ours() {
    let world = World::start().await;
    say(&world, "upsert", "2001", "one").await;
    let (id, _, text) = comments(&world.state()).remove(0);
    edit(&world, &id.to_string(), &format!("Do not merge yet.\n\n{text}")).await;
    let delete = || {
        world
            .run("pr-comment")
            .input("command", "delete")
            .env("GITHUB_RUN_ID", "2002")
    };
    let planned = delete().input("dry-run", "true").go().await;
    assert!(
        planned
            .stdout
            .contains("would take our part out of 1 comment, where what somebody wrote above it stays, on"),
        "{planned}"
    );
    let gone = delete().go().await;
    assert_eq!((gone.code, gone.output("changed")), (0, "true"), "{gone}");
    assert!(
        gone.stdout.contains("where what somebody wrote above it stays"),
        "{gone}"
    );
    assert_eq!(texts(&world), ["Do not merge yet."]);
    let mark = world.mark();
    let again = delete().go().await;
    assert_eq!(again.report["comment"]["action"], "absent", "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn two_comments_of_ours_become_one_with_what_people_wrote_in_both() {
    let world = World::start().await;
    let marked = |run: u32, text: &str| format!("<!-- codex-actions:preview hash=0 run={run}.1 -->\n{text}\n");
    seed(&world, BOT, &format!("mine\n\n{}", marked(1, "old"))).await;
    seed(&world, BOT, &format!("yours\n\n{}", marked(2, "newer"))).await;
    // The first run is killed between taking the second one's words over and deleting it.
    world.fail(
        &json!({"provider": "github", "method": "DELETE", "path": "/repos/acme/app/issues/comments/*",
        "delay_ms": 20_000, "times": 1}),
    );
    let mark = world.mark();
    let run = world
        .run("pr-comment")
        .env("GITHUB_RUN_ID", "2001")
        .input("body", "now")
        .start();
    let began = std::time::Instant::now();
    while !world.since(mark).iter().any(|request| request["method"] == "DELETE") {
        assert!(began.elapsed().as_secs() < 30, "{:#?}", world.lines_since(mark));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    run.signal("KILL").await;
    run.wait().await;
    world.heal();
    let next = say(&world, "upsert", "2001", "now").await;
    assert!(next.stdout.contains("1 more comment of ours deleted"), "{next}");
    let all = texts(&world);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(
        all[0].starts_with("mine\n\nyours\n\n<!-- codex-actions:preview ") && all[0].contains("now"),
        "{}",
        all[0]
    );
    world.finish().await;
}

#[tokio::test]
async fn others_comments_with_our_marker_stay_theirs() {
    let world = World::start().await;
    let marker = "<!-- codex-actions:preview hash=0000000000000000 run=1.1 -->";
    let theirs = [
        ("octocat", format!("> {marker}\n> ### Preview\n\nWhat is this?")),
        ("octocat", format!("I copied this:\n\n{marker}\nPreview")),
        // Another app, and our own login's quotes, examples, and other environments.
        ("deploys[bot]", format!("{marker}\nPreview")),
        (BOT, format!("> {marker}\n> quoted by another workflow")),
        (BOT, format!("The comment was:\n```html\n{marker}\nPreview\n```")),
        (BOT, format!("see `{marker}`")),
        (BOT, marker.replace("preview", "preview-2") + "\nanother environment"),
        (
            BOT,
            format!("above\n{}\nanother environment", marker.replace("preview", "staging")),
        ),
    ];
    for (author, body) in &theirs {
        seed(&world, author, body).await;
    }
    let before = texts(&world);
    let first = say(&world, "upsert", "2001", "one").await;
    assert_eq!(first.report["comment"]["action"], "created", "{first}");
    let again = say(&world, "upsert", "2002", "two").await;
    assert_eq!(again.output("comment-id"), first.output("comment-id"));
    let after = texts(&world);
    assert_eq!(after[..theirs.len()], before[..]);
    assert_eq!(after.len(), theirs.len() + 1, "{after:#?}");
    let deleted = world
        .run("pr-comment")
        .input("command", "delete")
        .env("GITHUB_RUN_ID", "2003")
        .go()
        .await;
    assert_eq!(deleted.report["comment"]["action"], "deleted", "{deleted}");
    assert_eq!(texts(&world), before);
    world.finish().await;
}

/// A person's token writes as the person, whose own comments are not ours for a pasted line.
#[tokio::test]
async fn of_a_persons_token_what_the_person_pastes_stays() {
    let world = World::start().await;
    world
        .seed(&json!({"github": {"tokens": [{"token": "ghp_of_a_person", "login": "octocat"}]}}))
        .await;
    let say = |run: &str, body: &str| {
        let start = world.run("pr-comment").env("GITHUB_RUN_ID", run).input("body", body);
        start.input("github-token", "ghp_of_a_person").go()
    };
    let first = say("2001", "one").await;
    assert_eq!(first.code, 0, "{first}");
    seed(
        &world,
        "octocat",
        &format!("Look what it said:\n\n{}", texts(&world)[0]),
    )
    .await;
    let pasted = texts(&world).remove(1);
    let next = say("2002", "two").await;
    assert_eq!(next.output("comment-id"), first.output("comment-id"), "{next}");
    let all = texts(&world);
    assert!(all.len() == 2 && all[1] == pasted && all[0].contains("two"), "{all:#?}");
    world.finish().await;
}

#[tokio::test]
async fn what_could_not_be_folded_away_is_by_the_next_run() {
    let world = World::start().await;
    say(&world, "upsert", "2001", "it is there").await;
    let forbidden = json!({"status": 200, "body": {"data": {"minimizeComment": null},
        "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]}});
    for (run, fault) in [("2002", limited()), ("2003", forbidden)] {
        refuse_graphql(&world, &fault);
        let gone = removed(run, &world).go().await;
        assert_eq!((gone.code, gone.output("posted")), (0, "true"), "{gone}");
        assert!(
            gone.stdout
                .contains("not folded away or shown again; the next run tries again"),
            "{gone}"
        );
        assert_eq!(folded(&world), [None]);
    }
    let again = removed("2003", &world).go().await;
    assert_eq!(
        (again.output("changed"), &again.report["comment"]["action"]),
        ("true", &json!("unchanged")),
        "{again}"
    );
    assert!(again.stdout.contains("it is folded away"), "{again}");
    assert_eq!(folded(&world), [Some("resolved".to_owned())]);
    let mark = world.mark();
    assert_eq!(removed("2003", &world).go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // Shown again, it is not either, until the run after.
    refuse_graphql(&world, &limited());
    let back = say(&world, "upsert", "2004", "it is there again").await;
    assert!(back.stdout.contains("::warning title=pr-comment::"), "{back}");
    assert_eq!(folded(&world), [Some("resolved".to_owned())]);
    assert!(texts(&world)[0].contains("it is there again"));
    let shown = say(&world, "upsert", "2004", "it is there again").await;
    assert_eq!(shown.output("changed"), "true", "{shown}");
    assert_eq!(folded(&world), [None]);
    let mark = world.mark();
    say(&world, "upsert", "2004", "it is there again").await;
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn former_comments_that_could_not_be_folded_away_are_by_the_next_run() {
    let world = World::start().await;
    say(&world, "hide-previous", "2001", "one").await;
    refuse_graphql(&world, &limited());
    let second = say(&world, "hide-previous", "2002", "two").await;
    assert!(second.stdout.contains("::warning title=pr-comment::"), "{second}");
    assert_eq!(folded(&world), [None, None]);
    let third = say(&world, "hide-previous", "2003", "three").await;
    assert!(third.stdout.contains("2 former comments folded away"), "{third}");
    let outdated = || Some("outdated".to_owned());
    assert_eq!(folded(&world), [outdated(), outdated(), None]);
    let mark = world.mark();
    say(&world, "hide-previous", "2003", "three").await;
    world.assert_only_reads_since(mark);
    assert!(!texts(&world)[0].contains("due"), "{}", texts(&world)[0]);
    world.finish().await;
}

#[tokio::test]
async fn each_result_that_a_job_can_have_is_told() {
    let world = World::start().await;
    let headings = [
        ("success", "### Nightly"),
        ("failure", "### ❌ Nightly failed"),
        ("cancelled", "### 🚫 Nightly was cancelled"),
        ("skipped", "### ⏭️ Nightly was skipped"),
    ];
    for (at, (result, heading)) in headings.iter().enumerate() {
        let start = world.run("pr-comment").env("GITHUB_RUN_ID", format!("{}", 2001 + at));
        let start = start.input("title", "Nightly").input("job-status", *result);
        // A job that went well, and has nothing to say, has to say something.
        let start = if *result == "success" {
            start.input("body", "fine")
        } else {
            start
        };
        let run = start.go().await;
        assert_eq!((run.code, run.output("posted")), (0, "true"), "{result}: {run}");
        let text = texts(&world).remove(0);
        assert!(text.contains(heading), "{result}: {text}");
        if *result == "skipped" {
            insta::assert_snapshot!(text);
        }
    }
    let wrong = world.run("pr-comment").input("job-status", "neutral").go().await;
    assert_eq!(wrong.code, 2, "{wrong}");
    world.finish().await;
}

#[tokio::test]
async fn a_person_whom_the_owner_has_blocked_is_told_and_the_step_fails() {
    let world = World::start().await;
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": COMMENTS, "times": 1, "status": 403,
        "body": {"message": "User is blocked"}}),
    );
    let run = world.run("pr-comment").input("body", "hello").go().await;
    assert_eq!((run.code, run.output("posted")), (1, "false"), "{run}");
    assert!(
        run.error().contains("User is blocked") && !run.log().contains("is locked:"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn what_windows_wrote_is_read() {
    let world = World::start().await;
    let report = json!({"action": "health-check", "environment": "preview", "status": "done", "healthy": true,
        "endpoints": [{"service": "api", "url": "https://api.example.com/health", "healthy": true, "status": 200}]});
    let reports = world
        .run("pr-comment")
        .input("reports", format!("\u{feff}{report}\r\n\r\n{report}\r\n"))
        .go()
        .await;
    assert_eq!(reports.code, 0, "{reports}");
    world.file("size.md", "\u{feff}# Size\r\n\r\n3 kB\r\n");
    let file = world
        .run("pr-comment")
        .input("key", "size")
        .input("body-file", "size.md")
        .go()
        .await;
    assert_eq!(file.code, 0, "{file}");
    let text = texts(&world).remove(1);
    assert!(text.ends_with(" -->\n# Size\n\n3 kB\n"), "{text:?}");
    world.finish().await;
}

#[tokio::test]
async fn of_a_line_that_is_too_long_the_beginning_is_told() {
    let world = World::start().await;
    let log = format!("Coverage of this branch:\n\n{}", "{\"file\":\"😀\"} ".repeat(20_000));
    world.file("log.md", &log);
    let run = || world.run("pr-comment").input("body-file", "log.md").go();
    let first = run().await;
    assert_eq!(first.code, 0, "{first}");
    let text = texts(&world).remove(0);
    let units = text.encode_utf16().count();
    assert!((59_000..=60_000).contains(&units), "{units}");
    assert!(
        text.contains("{\"file\":\"😀\"}\n\n_Cut here: "),
        "{}",
        &text[text.len() - 300..]
    );
    let mark = world.mark();
    assert_eq!(run().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_deployment_that_was_begun_and_not_made_is_not_left_in_progress() {
    let world = World::start().await;
    let states = |world: &World| {
        let state = world.state();
        let all = repository(&state)["deployments"].as_array().unwrap().clone();
        let of = |deployment: &Value| {
            let statuses = deployment["statuses"].as_array().unwrap();
            statuses
                .iter()
                .map(|status| status["state"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        all.iter().map(of).collect::<Vec<_>>()
    };
    let tell = |status: &str, command: &str| {
        let start = world
            .run("pr-comment")
            .input("deployment", "true")
            .input("environment", "preview");
        start.input("job-status", status).input("command", command).go()
    };
    let begun = tell("success", "start").await;
    assert_eq!(
        (begun.code, states(&world)),
        (0, vec![vec!["in_progress".to_owned()]]),
        "{begun}"
    );
    // The job that was to deploy never ran.
    let skipped = tell("skipped", "upsert").await;
    assert_eq!(skipped.code, 0, "{skipped}");
    assert!(
        texts(&world)[0].contains("### ⏭️ Preview was skipped"),
        "{}",
        texts(&world)[0]
    );
    assert_eq!(states(&world), [["in_progress", "inactive"]], "{skipped}");
    let mark = world.mark();
    assert_eq!(tell("skipped", "upsert").await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_body_of_ones_own_asks_for_nothing_but_the_comments() {
    let world = World::start().await;
    let say = |body: &str| {
        let start = world
            .run("pr-comment")
            .on_push()
            .input("pull-request", "42")
            .input("body", body);
        start.input("github-token", "ghs_of_an_app").go()
    };
    assert_eq!(say("one").await.code, 0);
    let mark = world.mark();
    assert_eq!(say("one").await.code, 0);
    let lines = world.lines_since(mark);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let mark = world.mark();
    assert_eq!(say("two").await.code, 0);
    let lines = world.lines_since(mark);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    world.finish().await;
}
