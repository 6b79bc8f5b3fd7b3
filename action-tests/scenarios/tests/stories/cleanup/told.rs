//! The environment's comment, when the environment goes.

use super::partial::at_github;
use super::*;

async fn comments(world: &World) -> Vec<String> {
    let listed = at_github(world, "GET", "/issues/42/comments", &json!({})).await;
    let texts = listed.as_array().unwrap().iter();
    texts.map(|item| item["body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_comment_that_is_there_says_that_it_is_gone() {
    let world = world().await;
    assert_eq!(world.run("pr-comment").input("body", "It is there.").go().await.code, 0);
    let run = clean(&world).await;
    assert_eq!(run.code, 0, "{run}");
    let [comment] = comments(&world).await.try_into().unwrap();
    assert!(
        comment.contains("**11** removed")
            && comment.contains("Reopen this pull request to have its environment again."),
        "{comment}"
    );
    assert!(!comment.contains("It is there."), "{comment}");
    let mark = world.mark();
    assert_eq!(clean(&world).await.code, 0);
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn no_comment_is_made_and_one_that_may_not_be_written_fails_nothing() {
    let world = world().await;
    assert_eq!(clean(&world).await.code, 0);
    assert_eq!(comments(&world).await, [""; 0]);
    world.finish().await;

    let world = super::world().await;
    assert_eq!(world.run("pr-comment").input("body", "It is there.").go().await.code, 0);
    world.fail(&json!({"provider": "github", "method": "PATCH", "path": "/repos/*/*/issues/comments/*", "status": 403, "times": null,
        "body": {"message": "Resource not accessible by integration"}}));
    let run = clean(&world).await;
    assert_eq!((run.code, run.output("left")), (0, "0"), "{run}");
    assert!(
        run.log()
            .contains("the comment was not brought up to date: GitHub answered 403"),
        "{run}"
    );
    world.finish().await;
}
