//! Stories of what `pr-comment` claims: that it told somebody, and that what stands there stays unless it is asked to go.

use scenarios::World;
use serde_json::json;

use crate::pr_comment::comments;
use crate::pr_comment_production::{deployed, merged, production, texts};

#[tokio::test]
async fn a_locked_conversation_does_not_silence_the_others() {
    let world = merged().await;
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": "/repos/acme/app/issues/51/comments",
        "times": null, "status": 403, "body": {"message": "Unable to create comment because issue is locked."}}),
    );
    let ended = production(&world, "1001", "c3", &[("reports", &deployed("done"))]).await;
    assert_eq!(ended.code, 0, "{ended}");
    let told: Vec<u64> = texts(&world).iter().map(|(number, _)| *number).collect();
    assert_eq!(told, [50], "{ended}");
    assert_eq!(ended.report["deployment"]["told"], json!([50]));
    assert!(
        ended
            .stdout
            .contains("pull request #51 is not told what became of it: its conversation is locked"),
        "{ended}"
    );
    world.finish().await;
}

#[tokio::test]
async fn who_was_told_by_a_later_run_is_not_told_by_this_one() {
    let world = merged().await;
    let later = "<!-- codex-actions:production hash=0123456789abcdef run=9999.1 -->\nnewer";
    let seeded = json!({"comments": [{"number": 51, "body": later, "author": "github-actions[bot]"}]});
    world.seed(&json!({"github": seeded})).await;
    let ended = production(&world, "1001", "c3", &[("reports", &deployed("done"))]).await;
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(ended.report["deployment"]["told"], json!([50]), "{ended}");
    assert!(
        ended.stdout.contains("left the comment on pull request #51 alone"),
        "{ended}"
    );
    world.finish().await;
}

#[tokio::test]
async fn an_empty_text_takes_nothing_away() {
    let world = World::start().await;
    let first = world.run("pr-comment").input("body", "12 passed").go().await;
    assert_eq!(first.code, 0, "{first}");
    std::fs::write(world.workspace().join("empty.md"), "\n").unwrap();
    std::fs::write(world.workspace().join("wrong.md"), "{{ pats.services }}").unwrap();
    let mark = world.mark();
    let empty = world.run("pr-comment").input("body-file", "empty.md").go().await;
    let wrong = world
        .run("pr-comment")
        .input("body", "x")
        .input("template", "wrong.md")
        .go()
        .await;
    for run in [empty, wrong] {
        assert_eq!(run.code, 2, "{run}");
        assert!(run.error().contains("the comment would be empty"), "{run}");
    }
    world.assert_only_reads_since(mark);
    assert!(comments(&world.state())[0].2.contains("12 passed"));
    world.finish().await;
}
