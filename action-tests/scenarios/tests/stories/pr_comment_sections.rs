//! Stories of a comment that several jobs write, each its own section.

use scenarios::{Run, World};
use serde_json::{Value, json};

use crate::pr_comment::comments;

const BOT: &str = "github-actions[bot]";
const COMMENTS: &str = "/repos/acme/app/issues/42/comments";
const EDITS: &str = "/repos/acme/app/issues/comments/*";

fn the_comment(world: &World) -> String {
    let all = comments(&world.state());
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].2.clone()
}

async fn say(world: &World, section: &str, run: &str, body: &str) -> Run {
    let start = world.run("pr-comment").env("GITHUB_RUN_ID", run).input("key", "tests");
    let said = start.input("section", section).input("body", body).go().await;
    assert_eq!(said.code, 0, "{said}");
    said
}

#[tokio::test]
async fn twenty_jobs_write_twenty_sections_at_once() {
    let world = World::start().await;
    // Several meet an empty pull request, and many the comment before the others' parts are in it.
    for fault in [
        json!({"method": "POST", "path": COMMENTS, "delay_ms": 400, "times": 3}),
        json!({"method": "POST", "path": COMMENTS, "drop": "after", "times": 1}),
        json!({"method": "PATCH", "path": EDITS, "status": 502, "body": "<html>bad gateway</html>", "times": 2}),
        json!({"method": "PATCH", "path": EDITS, "drop": "after", "times": 2}),
        json!({"method": "PATCH", "path": EDITS, "status": 502, "after": true, "body": "<html></html>", "times": 2}),
        json!({"method": "PATCH", "path": EDITS, "delay_ms": 300, "times": 10}),
        json!({"method": "PATCH", "path": EDITS, "status": 403, "headers": {"retry-after": "1"},
            "body": {"message": "You have exceeded a secondary rate limit."}, "times": 2}),
        json!({"method": "GET", "path": COMMENTS, "status": 503, "times": 2}),
    ] {
        let mut rule = json!({"provider": "github"});
        rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        world.fail(&rule);
    }
    let started: Vec<_> = (0..20)
        .map(|n| {
            let run = world.run("pr-comment").input("key", "tests");
            run.input("section", format!("job-{n:02}"))
                .input("body", format!("the words of job {n:02}"))
                .start()
        })
        .collect();
    for (n, run) in started.into_iter().enumerate() {
        let run = run.wait().await;
        assert_eq!((run.code, run.output("posted")), (0, "true"), "{n}: {run}");
        run.assert_no_secret_leaks();
    }
    let text = the_comment(&world);
    let mut last = 0;
    for n in 0..20 {
        let words = format!("the words of job {n:02}\n");
        assert_eq!(text.matches(&words).count(), 1, "{n}: {text}");
        let at = text.find(&words).unwrap();
        assert!(at > last, "in their names' order: {text}");
        last = at;
    }
    // Again, one of them: nothing new, and nothing but reading.
    world.heal();
    let mark = world.mark();
    let again = say(&world, "job-07", "1001", "the words of job 07").await;
    assert_eq!((again.output("changed"), again.output("posted")), ("false", "true"));
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn each_section_is_its_latest_runs() {
    let world = World::start().await;
    say(&world, "e2e", "2005", "e2e of 2005").await;
    say(&world, "unit", "2001", "unit of 2001").await;
    // The older run ends last.
    let mark = world.mark();
    let older = say(&world, "e2e", "2004", "e2e of 2004").await;
    assert_eq!(
        (older.output("posted"), &older.report["comment"]["action"]),
        ("false", &json!("newer")),
        "{older}"
    );
    world.assert_only_reads_since(mark);
    // And of the other section it is the newer one.
    say(&world, "unit", "2004", "unit of 2004").await;
    let text = the_comment(&world);
    assert!(
        text.contains("e2e of 2005") && text.contains("unit of 2004") && !text.contains("2001.1"),
        "{text}"
    );
    world.finish().await;
}

#[tokio::test]
async fn the_environments_part_and_the_sections_leave_each_other_alone() {
    let world = World::start().await;
    let own = |body: &str| world.run("pr-comment").input("key", "tests").input("body", body).go();
    let first = own("the environment").await;
    say(
        &world,
        "e2e",
        "1001",
        "```\nnever closed\n<!-- codex-actions-section:unit run=9.9 -->",
    )
    .await;
    say(&world, "unit", "1001", "unit passed").await;
    let second = own("the environment again").await;
    assert_eq!(first.output("comment-id"), second.output("comment-id"));
    let text = the_comment(&world);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(at("the environment again") < at("never closed") && at("never closed") < at("unit passed"));
    assert!(!text.contains("run=9.9 -->\n\nunit"), "{text}");
    insta::assert_snapshot!(text.replace('\u{200b}', "¦"));

    // A section goes without the others, and the comment with the last one.
    let delete = |section: &str| {
        let run = world.run("pr-comment").input("key", "tests").input("command", "delete");
        run.input("section", section).go()
    };
    let gone = delete("e2e").await;
    assert_eq!((gone.code, gone.output("changed")), (0, "true"), "{gone}");
    let mark = world.mark();
    assert_eq!(delete("e2e").await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    let text = the_comment(&world);
    assert!(
        !text.contains("never closed") && text.contains("unit passed") && text.contains("again"),
        "{text}"
    );
    let all = world
        .run("pr-comment")
        .input("key", "tests")
        .input("command", "delete")
        .go()
        .await;
    assert_eq!(all.report["comment"]["action"], "deleted", "{all}");
    say(&world, "unit", "1001", "alone").await;
    let last = delete("unit").await;
    assert_eq!(last.report["comment"]["action"], "deleted", "{last}");
    assert!(comments(&world.state()).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_later_versions_layout_is_left_alone() {
    let world = World::start().await;
    let body = "<!-- codex-actions:tests v=3 -->\n<!-- codex-actions-part e2e -->\nfrom the future";
    world
        .seed(&json!({"github": {"comments": [{"body": body, "author": BOT}]}}))
        .await;
    let run = world.run("pr-comment").input("key", "tests").input("section", "unit");
    let run = run.input("body", "x").go().await;
    assert_eq!((run.code, run.output("posted")), (1, "false"), "{run}");
    assert_eq!(run.report["comment"]["action"], "later-version");
    assert!(
        run.error().contains("written by a later version of this action")
            && run.error().contains("hint: use the same version"),
        "{}",
        run.error()
    );
    assert_eq!(the_comment(&world), body);
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn duplicates_of_a_race_are_folded_with_all_their_sections() {
    let world = World::start().await;
    let of = |section: &str, run: u32, text: &str| {
        format!(
            "<!-- codex-actions:tests v=2 -->\n\n<!-- codex-actions-section:{section} hash=0 run={run}.1 -->\n\n{text}\n"
        )
    };
    let duplicates: Vec<Value> = [("a", 1, "a of 1"), ("b", 2, "b of 2"), ("a", 3, "a of 3")]
        .iter()
        .map(|(section, run, text)| json!({"body": of(section, *run, text), "author": BOT}))
        .collect();
    world.seed(&json!({"github": {"comments": duplicates}})).await;
    let oldest = comments(&world.state())[0].0;
    let run = say(&world, "c", "1001", "c of 1001").await;
    assert_eq!(run.output("comment-id"), oldest.to_string());
    let text = the_comment(&world);
    assert!(
        ["a of 3", "b of 2", "c of 1001"].iter().all(|part| text.contains(part)) && !text.contains("a of 1\n"),
        "{text}"
    );
    world.finish().await;
}
