//! Stories of how the comment is written: before the work, anew, below, and when what it tells of is gone.

use scenarios::{Run, World, ids, tokens};
use serde_json::json;

use crate::pr_comment::{comments, repository};

const BOT: &str = "github-actions[bot]";
const COMMENTS: &str = "/repos/acme/app/issues/42/comments";

pub(crate) fn texts(world: &World) -> Vec<String> {
    comments(&world.state()).into_iter().map(|(_, _, text)| text).collect()
}

/// Why each comment is folded away, if it is.
pub(crate) fn folded(world: &World) -> Vec<Option<String>> {
    let state = world.state();
    let all = repository(&state)["comments"].as_array().unwrap();
    all.iter()
        .map(|comment| comment["minimized"].as_str().map(str::to_lowercase))
        .collect()
}

pub(crate) async fn say(world: &World, mode: &str, run: &str, body: &str) -> Run {
    let start = world.run("pr-comment").env("GITHUB_RUN_ID", run).input("mode", mode);
    let said = start.input("body", body).go().await;
    assert_eq!(said.code, 0, "{said}");
    said
}

/// Once more, and nothing is written.
async fn unchanged(world: &World, mode: &str, run: &str, body: &str) {
    let (mark, before) = (world.mark(), texts(world));
    let again = say(world, mode, run, body).await;
    assert_eq!(again.output("changed"), "false", "{again}");
    world.assert_only_reads_since(mark);
    assert_eq!(texts(world), before);
}

#[tokio::test]
async fn a_log_grows_by_one_entry_a_run() {
    let world = World::start().await;
    for (run, body) in [("2001", "first"), ("2002", "second"), ("2003", "second")] {
        assert_eq!(say(&world, "append", run, body).await.output("posted"), "true");
        unchanged(&world, "append", run, body).await;
    }
    let all = texts(&world);
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].matches("first").count(), all[0].matches("second").count()),
        (1, 2),
        "{}",
        all[0]
    );
    world.finish().await;
}

#[tokio::test]
async fn a_comment_is_made_anew() {
    let world = World::start().await;
    say(&world, "recreate", "2001", "one").await;
    unchanged(&world, "recreate", "2001", "one").await;
    world
        .seed(&json!({"github": {"comments": [{"body": "a person's, in between"}]}}))
        .await;
    let anew = say(&world, "recreate", "2002", "two").await;
    assert_eq!(anew.report["comment"]["action"], "created", "{anew}");
    let all = texts(&world);
    assert!(all.len() == 2 && all[1].contains("two"), "{all:#?}");
    unchanged(&world, "recreate", "2002", "two").await;
    let older = say(&world, "recreate", "2001", "one").await;
    assert_eq!(older.report["comment"]["action"], "newer", "{older}");
    // A lost answer makes no second one.
    world.fail(&json!({"provider": "github", "method": "POST", "path": COMMENTS, "times": 1, "drop": "after"}));
    say(&world, "recreate", "2003", "three").await;
    let all = texts(&world);
    assert!(all.len() == 2 && all[1].contains("three"), "{all:#?}");
    world.finish().await;
}

#[tokio::test]
async fn former_comments_are_folded_away() {
    let world = World::start().await;
    for (run, body) in [("2001", "one"), ("2002", "two"), ("2003", "three")] {
        say(&world, "hide-previous", run, body).await;
        unchanged(&world, "hide-previous", run, body).await;
    }
    let all = texts(&world);
    assert_eq!(all.len(), 3, "{all:#?}");
    assert_eq!(
        folded(&world),
        [Some("outdated".to_owned()), Some("outdated".to_owned()), None]
    );
    // A former one is nobody's any more: not the next run's, and not to be deleted.
    let deleted = world
        .run("pr-comment")
        .input("command", "delete")
        .env("GITHUB_RUN_ID", "2004");
    assert_eq!(deleted.go().await.report["comment"]["action"], "deleted");
    assert_eq!(texts(&world).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn what_is_only_to_be_updated_is_never_made() {
    let world = World::start().await;
    let none = say(&world, "only-update", "2001", "one").await;
    assert_eq!(
        (none.output("posted"), &none.report["comment"]["action"]),
        ("false", &json!("absent")),
        "{none}"
    );
    world.assert_only_reads_since(0);
    say(&world, "upsert", "2001", "one").await;
    assert_eq!(say(&world, "only-update", "2002", "two").await.output("posted"), "true");
    unchanged(&world, "only-update", "2002", "two").await;
    assert!(texts(&world)[0].contains("two"));
    world.finish().await;
}

#[tokio::test]
async fn before_the_work_it_says_that_it_has_begun() {
    let world = World::start().await;
    let start = |run: &str| {
        let start = world.run("pr-comment").input("command", "start");
        start.env("GITHUB_RUN_ID", run).go()
    };
    let first = start("2001").await;
    assert_eq!((first.code, first.output("posted")), (0, "true"), "{first}");
    assert_eq!(first.report["command"], "start");
    let text = texts(&world).remove(0);
    assert!(text.contains("### ⏳ Preview is being deployed\n\nsince "), "{text}");
    assert!(
        text.contains("[workflow run](") && !text.contains("from before"),
        "{text}"
    );
    let mark = world.mark();
    assert_eq!(start("2001").await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    say(&world, "upsert", "2001", "it is there").await;
    let text = texts(&world).remove(0);
    assert!(
        text.contains("it is there") && !text.contains("being deployed"),
        "{text}"
    );

    // With the next push, what stands there from before stays until the end; and an older run's end is no news.
    start("2002").await;
    let text = texts(&world).remove(0);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(at("being deployed") < at("stands below is from before") && at("from before") < at("it is there"));
    let older = say(&world, "upsert", "2001", "too late").await;
    assert_eq!(older.report["comment"]["action"], "newer");
    say(&world, "upsert", "2002", "it is there again").await;
    let all = texts(&world);
    assert!(all.len() == 1 && !all[0].contains("being deployed"), "{all:#?}");
    world.finish().await;
}

#[tokio::test]
async fn what_is_gone_is_folded_away_and_comes_back() {
    let world = World::start().await;
    let report = |status: &str, left: u32| {
        json!({"action": "cleanup", "environment": "preview", "pull-request": 42, "status": status, "left": left,
            "results": [{"kind": "worker", "name": "api-preview-42", "outcome": if left > 0 { "failed" } else { "deleted" }}]})
        .to_string()
    };
    let tell = |run: &str, reports: String| {
        let start = world.run("pr-comment").env("GITHUB_RUN_ID", run);
        start.input("reports", reports).go()
    };
    say(&world, "upsert", "2001", "it is there").await;
    let left = tell("2002", report("failed", 1)).await;
    assert_eq!(left.code, 0, "{left}");
    assert_eq!(folded(&world), [None], "what is left is to be read");
    let gone = tell("2003", report("done", 0)).await;
    assert_eq!((gone.code, gone.output("posted")), (0, "true"), "{gone}");
    assert_eq!(folded(&world), [Some("resolved".to_owned())]);
    assert!(texts(&world)[0].contains("### 🧹 Preview is removed"));
    let mark = world.mark();
    assert_eq!(tell("2003", report("done", 0)).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    // Reopened: it is read again.
    say(&world, "upsert", "2004", "it is there again").await;
    assert_eq!(folded(&world), [None]);

    // A token that may not fold it away still tells the truth.
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": "/graphql", "times": 1, "status": 200,
        "body": {"data": null, "errors": [{"message": "Resource not accessible by integration"}]}}),
    );
    let gone = tell("2005", report("done", 0)).await;
    assert_eq!((gone.code, gone.output("posted")), (0, "true"), "{gone}");
    assert!(
        gone.stdout
            .contains("::warning title=pr-comment::the comment is written, but not folded away"),
        "{gone}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_cleanup_that_saw_no_zone_says_so() {
    let world = World::start().await;
    let report = json!({"action": "cleanup", "environment": "preview", "pull-request": 42, "status": "done", "left": 0,
        "zoneless": true, "results": [{"kind": "worker", "name": "api-preview-42", "outcome": "deleted"}]});
    let run = world.run("pr-comment").input("reports", report.to_string()).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        texts(&world)[0]
            .contains("### ⚠️ Preview is removed, but for routes and DNS records, since no zone was looked at"),
        "{}",
        texts(&world)[0]
    );
    assert_eq!(folded(&world), [None]);
    world.finish().await;
}

#[tokio::test]
async fn a_text_that_github_counts_otherwise_is_halved() {
    let world = World::start().await;
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": COMMENTS, "times": 2, "status": 422,
        "body": {"message": "Validation Failed", "errors": [{"resource": "IssueComment", "code": "unprocessable",
            "field": "data", "message": "Body is too long (maximum is 65536 characters)"}]}}),
    );
    let body = "a line of 🚀 the log\n".repeat(4_000);
    let run = world.run("pr-comment").input("body", &body).go().await;
    assert_eq!((run.code, run.output("posted")), (0, "true"), "{}", run.error());
    let text = texts(&world).remove(0);
    assert!(
        (10_000..16_000).contains(&text.chars().count()),
        "{}",
        text.chars().count()
    );
    assert!(
        text.contains("_Cut here: GitHub takes no longer comment. [The workflow run's summary]("),
        "{text:.200}"
    );
    assert!(run.summary.matches("the log").count() == 4_000);
    world.finish().await;
}

#[tokio::test]
async fn who_we_are_is_asked_while_the_comments_are_read() {
    let world = World::start().await;
    // A person's token: `/user` tells whose.
    world
        .seed(&json!({"github": {"tokens": [{"token": tokens::GITHUB, "login": "mona"}]}}))
        .await;
    say(&world, "upsert", "2001", "one").await;
    let slow = |path: &str| {
        world.fail(&json!({"provider": "github", "method": "GET", "path": path, "delay_ms": 700, "times": 1}));
    };
    slow(COMMENTS);
    slow("/user");
    let mark = world.mark();
    let began = std::time::Instant::now();
    say(&world, "upsert", "2001", "one").await;
    assert!(began.elapsed().as_millis() < 1_350, "{:?}", began.elapsed());
    assert_eq!(world.since(mark).len(), 2, "{:#?}", world.lines_since(mark));
    let mark = world.mark();
    say(&world, "upsert", "2001", "two").await;
    assert_eq!(world.since(mark).len(), 3, "{:#?}", world.lines_since(mark));
    world.finish().await;
}

#[tokio::test]
async fn the_workflows_own_token_needs_one_request_to_look_and_two_to_write() {
    const OWN: &str = "ghs_1234567890abcdefghij";
    let world = World::start().await;
    world.seed(&json!({"github": {"tokens": [{"token": OWN}]}})).await;
    let say = async |body: &str| {
        let mark = world.mark();
        let start = world.run("pr-comment").input("github-token", OWN);
        let run = start.input("body", body).go().await;
        assert_eq!(run.code, 0, "{run}");
        run.assert_no_secret_leaks();
        world.since(mark).len()
    };
    // The first time it looks again afterwards: another job may have made one at the same time.
    assert_eq!(say("one").await, 3);
    assert_eq!(say("one").await, 1);
    assert_eq!(say("two").await, 2);
    world.finish().await;
}

#[tokio::test]
async fn a_forks_comment_is_not_posted_and_stands_in_the_summary() {
    let world = World::start().await;
    world
        .seed(&json!({"github": {"tokens": [
        {"token": tokens::GITHUB, "permissions": {"contents": "read", "pull-requests": "read", "issues": "read"}}]}}))
        .await;
    let mut event = json!({"action": "synchronize", "number": 42, "repository": {"full_name": ids::REPOSITORY}});
    event["pull_request"] =
        json!({"number": 42, "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": {"full_name": "eve/app"}}});
    world.event(&event);
    for _ in 0..2 {
        let fork = say(&world, "upsert", "2001", "from a fork").await;
        assert_eq!(
            (fork.output("posted"), fork.output("changed")),
            ("false", "false"),
            "{fork}"
        );
        assert!(fork.summary.contains("from a fork"));
    }
    assert!(comments(&world.state()).iter().all(|(_, login, _)| login != BOT));
    world.finish().await;
}

#[tokio::test]
async fn a_template_of_ones_own_makes_the_comment() {
    let world = World::start().await;
    let template = "{{ parts.heading }}\n{% for report in reports %}{% for service in report.services %}\n\
        - {{ service.service }} is {{ service.state }} at {{ service.hostname|link(service.url) }}\n{% endfor %}{% endfor %}";
    world.file(".github/comment.md", template);
    let report = json!({"action": "deploy-workers", "environment": "preview", "pull-request": 42, "status": "done",
        "services": [{"service": "api @octocat", "url": "https://api.example.com", "hostname": "api.example.com",
            "state": "deployed"}]});
    let run = |file: &str| {
        let start = world.run("pr-comment").input("template", file);
        start.input("reports", report.to_string()).go()
    };
    let first = run(".github/comment.md").await;
    assert_eq!((first.code, first.output("posted")), (0, "true"), "{first}");
    let text = texts(&world).remove(0);
    assert!(
        text.contains("### 🚀 Preview is deployed\n\n- api @\u{200b}octocat is deployed at [api.example.com](https://api.example.com)"),
        "{text}"
    );
    let mark = world.mark();
    assert_eq!(run(".github/comment.md").await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // What cannot be rendered is told before anything is asked.
    world.file(".github/wrong.md", "fine\n{% for x in %}");
    let mark = world.mark();
    let wrong = run(".github/wrong.md").await;
    assert_eq!((wrong.code, world.mark()), (2, mark), "{wrong}");
    assert!(
        wrong.error().contains("the input `template` cannot be rendered") && wrong.error().contains("template:2"),
        "{}",
        wrong.error()
    );
    let missing = run(".github/none.md").await;
    assert!(
        missing.error().contains("`template`: `.github/none.md` cannot be read"),
        "{missing}"
    );
    world.finish().await;
}

#[tokio::test]
async fn the_comment_begins_with_the_service_that_people_open() {
    let world = World::start().await;
    let manifest = "[project]\nname = \"shop\"\nfront = \"api\"\nzone = \"example.com\"\n[environments.preview]\n\
        hostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\n";
    let service = |name: &str| {
        json!({"service": name, "url": format!("https://{name}.example.com"), "hostname": format!("{name}.example.com"),
            "state": "deployed"})
    };
    let endpoint = |name: &str, path: &str| json!({"name": name, "url": format!("https://{name}.example.com{path}"), "state": "healthy"});
    let deploy = json!({"action": "deploy-workers", "environment": "preview", "status": "done",
        "services": [service("web"), service("api")]});
    let check = json!({"action": "health-check", "environment": "preview", "status": "done", "healthy": true,
        "endpoints": [endpoint("web", "/"), endpoint("api", "/health")]});
    let run = || {
        let start = world.run("pr-comment").input("reports", format!("{deploy}\n{check}"));
        start.input("key", "door").go()
    };
    let door = |name: &str| format!("Preview is ready\n\n➜ **[{name}.example.com](https://{name}.example.com)**\n");
    // Without a manifest, the one whose health is a page.
    assert_eq!(run().await.code, 0);
    assert!(texts(&world)[0].contains(&door("web")), "{}", texts(&world)[0]);
    world.file("codex.toml", manifest);
    assert_eq!(run().await.code, 0);
    assert!(texts(&world)[0].contains(&door("api")), "{}", texts(&world)[0]);
    world.finish().await;
}
