//! Stories of what `pr-comment` writes, when it may not, and what becomes of an answer that is lost.

use scenarios::{World, ids, tokens};
use serde_json::json;

use crate::pr_comment::comments;

const COMMENTS: &str = "/repos/acme/app/issues/42/comments";
const EDITS: &str = "/repos/acme/app/issues/comments/*";

fn texts(world: &World) -> Vec<String> {
    comments(&world.state()).into_iter().map(|(_, _, text)| text).collect()
}

#[tokio::test]
async fn an_older_run_stays_older_when_a_newer_one_had_nothing_new_to_say() {
    let world = World::start().await;
    let say = |run: &str, attempt: &str, body: &str| {
        let start = world
            .run("pr-comment")
            .env("GITHUB_RUN_ID", run)
            .env("GITHUB_RUN_ATTEMPT", attempt);
        start.input("body", body).go()
    };
    assert_eq!(say("2001", "1", "all is well").await.output("changed"), "true");
    // The newer run says the same: nothing that people read is written, and the comment is the newer run's.
    let newer = say("2003", "1", "all is well").await;
    assert_eq!(
        (newer.output("changed"), &newer.report["comment"]["action"]),
        ("false", &json!("unchanged")),
        "{newer}"
    );
    assert!(texts(&world)[0].contains(" run=2003.1 -->"), "{}", texts(&world)[0]);
    let older = say("2002", "1", "all is broken").await;
    assert_eq!(older.report["comment"]["action"], "newer", "{older}");
    assert!(texts(&world)[0].contains("all is well"), "{}", texts(&world)[0]);
    // Again, the same run only reads.
    let mark = world.mark();
    assert_eq!(say("2003", "1", "all is well").await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    say("2003", "2", "all is well").await;
    assert!(texts(&world)[0].contains(" run=2003.2 -->"), "{}", texts(&world)[0]);
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_is_read_by_its_words() {
    let world = World::start().await;
    let refuse = |message: &str| {
        world.fail(
            &json!({"provider": "github", "method": "POST", "path": COMMENTS, "times": 1, "status": 403,
            "body": {"message": message}}),
        );
    };
    refuse("Unable to create comment because issue is locked.");
    let locked = world.run("pr-comment").input("body", "hello").go().await;
    assert_eq!((locked.code, locked.output("changed")), (0, "false"), "{locked}");
    assert_eq!(
        (&locked.report["status"], &locked.report["comment"]["action"]),
        (&json!("done"), &json!("skipped"))
    );
    assert!(
        locked
            .stdout
            .contains("::notice title=pr-comment::the conversation of pull request #42 is locked"),
        "{locked}"
    );
    assert!(locked.summary.contains("hello"), "{}", locked.summary);

    refuse("Repository was archived so is read-only.");
    let archived = world.run("pr-comment").input("body", "hello").go().await;
    assert_eq!(archived.code, 1, "{archived}");
    assert!(
        archived.error().contains("hint: the repository is archived"),
        "{}",
        archived.error()
    );
    assert!(!archived.error().contains("permissions:"), "{}", archived.error());
    assert_eq!(archived.report["status"], "failed");

    // A fork's pull request under `pull_request_target` has the base repository's token: that lacks a permission.
    let mut event = json!({"action": "synchronize", "number": 42, "repository": {"full_name": ids::REPOSITORY}});
    event["pull_request"] =
        json!({"number": 42, "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": {"full_name": "eve/app"}}});
    world.event(&event);
    world
        .seed(&json!({"github": {"tokens": [{"token": tokens::GITHUB, "permissions": {"contents": "read", "issues": "read", "pull-requests": "read"}}]}}))
        .await;
    let start = || world.run("pr-comment").input("body", "hello");
    let target = start().env("GITHUB_EVENT_NAME", "pull_request_target").go().await;
    assert_eq!(target.code, 1, "{target}");
    assert!(
        target
            .error()
            .contains("hint: add `permissions: { contents: read, pull-requests: write }`")
            && !target.error().contains("can only read"),
        "{}",
        target.error()
    );
    let fork = start().go().await;
    assert_eq!(
        (fork.code, &fork.report["comment"]["action"]),
        (0, &json!("skipped")),
        "{fork}"
    );
    assert!(texts(&world).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_manifest_that_is_broken_does_not_silence_the_comment() {
    let world = World::start().await;
    let manifest = "[project]\nname = \"shop\"\nzone = \"example.com\"\n[environments.preview]\n\
        hostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"api\"\n";
    world.file("codex.toml", manifest);
    let say = |body: &str| world.run("pr-comment").input("body", body).go();
    let first = say("fine").await;
    assert_eq!(first.code, 0, "{first}");
    for (n, broken) in [
        format!("{manifest}pth = 1\n"),
        manifest.replace("[services.api]", "[services.api"),
        "[project]\nname = \"shop\"\nzone =".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        world.file("codex.toml", broken);
        let run = say(&format!("broken {n}")).await;
        assert_eq!(
            (run.code, run.output("comment-id")),
            (0, first.output("comment-id")),
            "{broken}\n{run}"
        );
        assert!(
            run.stdout.contains(
                "::warning title=pr-comment::the comment is written all the same, but the manifest cannot be used"
            ),
            "{run}"
        );
        assert!(
            texts(&world)[0].starts_with("<!-- codex-actions:shop/preview hash="),
            "{}",
            texts(&world)[0]
        );
    }
    assert_eq!(texts(&world).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn what_a_lost_answer_did_is_read_from_the_comment() {
    let world = World::start().await;
    let say = |body: &str| world.run("pr-comment").input("body", body).go();
    say("one").await;
    for (n, fault) in [
        json!({"drop": "after"}),
        json!({"status": 502, "after": true, "body": "<html>bad gateway</html>"}),
        json!({"drop": "before"}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut rule = json!({"provider": "github", "method": "PATCH", "path": EDITS, "times": 1});
        rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        world.fail(&rule);
        let run = say(&format!("edit {n}")).await;
        assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
        assert!(
            !run.output("comment-id").is_empty() && !run.output("comment-url").is_empty(),
            "{run}"
        );
        assert!(texts(&world)[0].contains(&format!("edit {n}")));
    }
    // A deletion whose answer is lost meets nothing on its second try, and has deleted all the same.
    world.fail(&json!({"provider": "github", "method": "DELETE", "path": EDITS, "times": 1, "drop": "after"}));
    let deleted = world.run("pr-comment").input("command", "delete").go().await;
    assert_eq!((deleted.code, deleted.output("changed")), (0, "true"), "{deleted}");
    assert_eq!(deleted.report["comment"]["action"], "deleted");
    assert!(texts(&world).is_empty());
    let again = world.run("pr-comment").input("command", "delete").go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_run_tells_what_became_of_the_comment() {
    let world = World::start().await;
    for (n, (signal, wait, code, action)) in [
        // The request under way still ends.
        ("INT", 1_000, 0, "created"),
        // It does not: nobody has seen what becomes of it.
        ("TERM", 20_000, 143, "none"),
    ]
    .into_iter()
    .enumerate()
    {
        world.fail(&json!({"provider": "github", "method": "POST", "path": COMMENTS, "delay_ms": wait, "times": 1}));
        let mark = world.mark();
        let start = world
            .run("pr-comment")
            .input("body", "hello")
            .input("key", format!("key-{n}"));
        let run = start.start();
        while !world.since(mark).iter().any(|request| request["method"] == "POST") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let began = std::time::Instant::now();
        run.signal(signal).await;
        let run = run.wait().await;
        assert!(began.elapsed().as_secs() < 7, "{run}");
        assert_eq!(
            (run.code, &run.report["comment"]["action"]),
            (code, &json!(action)),
            "{run}"
        );
        // What may be otherwise than before is not called unchanged.
        assert_eq!(
            (run.output("changed"), &run.report["changed"]),
            ("true", &json!(true)),
            "{run}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn a_body_comes_from_a_file_of_the_workspace() {
    let world = World::start().await;
    world.file("out/size.md", "| file | size |\n|---|---|\n| a.js | 3 kB |\n");
    let run = |file: &str| {
        world
            .run("pr-comment")
            .input("key", "size")
            .input("body-file", file)
            .go()
    };
    let first = run("out/size.md").await;
    assert_eq!((first.code, first.output("changed")), (0, "true"), "{first}");
    assert!(texts(&world)[0].contains("| a.js | 3 kB |"));
    let mark = world.mark();
    assert_eq!(run("./out/size.md").await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    std::os::unix::fs::symlink("/proc/self/environ", world.workspace().join("out/link.md")).unwrap();
    for (file, problem) in [
        (
            "../event.json",
            "`body-file`: `../event.json` lies outside the workspace",
        ),
        ("out/link.md", "`body-file`: `out/link.md` lies outside the workspace"),
        ("out/none.md", "`body-file`: `out/none.md` cannot be read"),
    ] {
        let wrong = run(file).await;
        assert_eq!(wrong.code, 2, "{wrong}");
        assert!(wrong.error().contains(problem), "{}", wrong.error());
    }
    let two = world
        .run("pr-comment")
        .input("body", "x")
        .input("body-file", "out/size.md")
        .go()
        .await;
    assert!(two.error().contains("`body-file`: goes without `body`"), "{two}");
    world.finish().await;
}
