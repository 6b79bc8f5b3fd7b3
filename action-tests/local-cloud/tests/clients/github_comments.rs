//! Comments on GitHub: pages, authors, limits.

use serde_json::{Value, json};

use crate::github_world::{TOKEN, call, call_as, call_with, get, post, seed};
use crate::world::World;

const COMMENTS: &str = "/issues/42/comments";

/// The addresses in a `Link` header by their relation.
fn link(header: &str, rel: &str) -> Option<String> {
    let found = header.split(", ").find(|it| it.ends_with(&format!("rel=\"{rel}\"")))?;
    Some(found[1..found.find('>').unwrap()].to_owned())
}

#[tokio::test]
async fn comments_come_in_pages_that_link_to_the_next() {
    let world = World::new().await;
    assert_eq!(call(&world, "GET", COMMENTS, Value::Null).await.header("link"), "");
    seed(
        &world,
        json!({"comments": [
            {"body": "first", "author": null},
            {"body": "more", "times": 64},
            {"body": "<!-- codex:preview -->\npasted", "author": "mallory"},
        ]}),
    )
    .await;
    let mut url = Some(format!("{}/repos/acme/app{COMMENTS}?per_page=25", world.cloud.github));
    let mut all = Vec::new();
    while let Some(next) = url {
        let path = next.strip_prefix(&world.cloud.github).unwrap().to_owned();
        let answer = call_with(&world, TOKEN, "GET", &path, &[], &Value::Null).await;
        all.extend(answer.json().as_array().unwrap().clone());
        url = link(&answer.header("link"), "next");
        if let Some(next) = &url {
            assert!(
                next.contains("/repositories/700000001/issues/42/comments?per_page=25&page="),
                "{next}"
            );
        }
    }
    assert_eq!(all.len(), 66);
    assert_eq!(all[0]["user"], Value::Null, "a user who no longer exists");
    assert_eq!(all[65]["user"]["login"], "mallory");
    assert!(all.is_sorted_by_key(|it| it["id"].as_u64()));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_comment_is_written_edited_hidden_and_deleted() {
    let world = World::new().await;
    seed(&world, json!({"tokens": [{"token": "octocats", "login": "octocat"}]})).await;
    let ours = post(&world, COMMENTS, json!({"body": "one"})).await;
    assert_eq!(
        (&ours["user"]["login"], &ours["user"]["type"]),
        (&json!("github-actions[bot]"), &json!("Bot"))
    );
    let theirs = call_as(&world, "octocats", "POST", COMMENTS, json!({"body": "two"}))
        .await
        .json();
    assert_eq!(
        (&theirs["user"]["login"], &theirs["user"]["type"]),
        (&json!("octocat"), &json!("User"))
    );
    let path = format!("/issues/comments/{}", ours["id"]);
    let edited = call(&world, "PATCH", &path, json!({"body": "three"})).await;
    assert_eq!((edited.status, &edited.json()["body"]), (200, &json!("three")));

    let query =
        "mutation($id:ID!){minimizeComment(input:{subjectId:$id,classifier:OUTDATED}){minimizedComment{isMinimized}}}";
    let body = json!({"query": query, "variables": {"id": ours["node_id"]}});
    let hidden = call_with(&world, TOKEN, "POST", "/graphql", &[], &body).await;
    assert_eq!(
        hidden.json()["data"]["minimizeComment"]["minimizedComment"]["isMinimized"],
        true
    );
    assert_eq!(get(&world, &path).await["minimized"]["reason"], "outdated");
    let body = json!({"query": query, "variables": {"id": "IC_nothing"}});
    let nothing = call_with(&world, TOKEN, "POST", "/graphql", &[], &body).await;
    assert_eq!(
        (nothing.status, &nothing.json()["errors"][0]["type"]),
        (200, &json!("NOT_FOUND"))
    );

    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204);
    for (method, body) in [
        ("DELETE", Value::Null),
        ("PATCH", json!({"body": "late"})),
        ("GET", Value::Null),
    ] {
        assert_eq!(call(&world, method, &path, body).await.status, 404, "{method}");
    }
    assert_eq!(get(&world, "/issues/42").await["comments"], 1);
    world.cloud.stop().await;
}

#[tokio::test]
async fn comments_that_cannot_be_written() {
    let world = World::new().await;
    seed(
        &world,
        json!({
            "issues": [{"number": 7, "title": "gone", "deleted": true}, {"number": 8, "title": "here"}],
            "pulls": [{"number": 43, "locked": true}],
        }),
    )
    .await;
    let longest = "ä".repeat(65_536);
    assert_eq!(
        call(&world, "POST", COMMENTS, json!({"body": longest})).await.status,
        201
    );
    let too_long = call(&world, "POST", COMMENTS, json!({"body": format!("{longest}!")})).await;
    assert_eq!(too_long.status, 422);
    assert_eq!(
        too_long.json()["errors"],
        json!([{"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long (maximum is 65536 characters)"}])
    );
    for (path, body, status) in [
        (COMMENTS, json!({"text": "hi"}), 422),
        (COMMENTS, json!({"body": " "}), 422),
        ("/issues/999/comments", json!({"body": "hi"}), 404),
        ("/issues/x/comments", json!({"body": "hi"}), 404),
        ("/issues/7/comments", json!({"body": "hi"}), 410),
        ("/issues/43/comments", json!({"body": "hi"}), 403),
        ("/issues/8/comments", json!({"body": "hi"}), 201),
    ] {
        assert_eq!(
            call(&world, "POST", path, body.clone()).await.status,
            status,
            "{path} {body}"
        );
    }
    seed(&world, json!({"has_issues": false})).await;
    assert_eq!(
        call(&world, "POST", "/issues/8/comments", json!({"body": "hi"}))
            .await
            .status,
        410
    );
    assert_eq!(
        call(&world, "POST", COMMENTS, json!({"body": "hi"})).await.status,
        201,
        "a pull request's"
    );
    assert_eq!(
        call(&world, "POST", "/issues", json!({"title": "alert"})).await.status,
        410
    );
    world.cloud.stop().await;
}
