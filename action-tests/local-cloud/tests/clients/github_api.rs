//! What GitHub's API does to a client: permissions, limits, pull requests, issues.

use serde_json::{Value, json};

use crate::github_world::{HEAD, TOKEN, call, call_as, call_with, get, post, seed};
use crate::http;
use crate::world::World;

const COMMENTS: &str = "/issues/42/comments";

#[tokio::test]
async fn tokens_reach_as_far_as_their_permissions() {
    let world = World::new().await;
    seed(
        &world,
        json!({"tokens": [
            {"token": "expired", "valid": false},
            {"token": "reader", "permissions": {"pull-requests": "read"}},
            {"token": "elsewhere", "repositories": ["acme/other"]},
            {"token": "admin", "login": "octocat"},
        ]}),
    )
    .await;
    let expired = call_as(&world, "expired", "GET", "/pulls/42", Value::Null).await;
    assert_eq!(
        (expired.status, &expired.json()["message"]),
        (401, &json!("Bad credentials"))
    );
    let hidden = call_as(&world, "elsewhere", "GET", "/pulls/42", Value::Null).await;
    assert_eq!(hidden.status, 404);
    assert_eq!(
        call_as(&world, "reader", "GET", COMMENTS, Value::Null).await.status,
        200
    );
    let denied = call_as(&world, "reader", "POST", COMMENTS, json!({"body": "hi"})).await;
    assert_eq!(
        (denied.status, &denied.json()["message"]),
        (403, &json!("Resource not accessible by integration"))
    );
    assert_eq!(
        call_as(&world, "reader", "GET", "/deployments", Value::Null)
            .await
            .status,
        403
    );
    // No workflow's token administers environments or lists secrets, whatever its permissions.
    let environment = "/environments/preview%2Fpr-42";
    assert_eq!(call(&world, "PUT", environment, json!({})).await.status, 403);
    assert_eq!(call(&world, "GET", "/actions/secrets", Value::Null).await.status, 403);
    assert_eq!(
        call_as(&world, "admin", "PUT", environment, json!({})).await.json()["name"],
        "preview/pr-42"
    );
    assert_eq!(call(&world, "GET", environment, Value::Null).await.status, 200);
    assert_eq!(
        call_as(&world, "admin", "DELETE", environment, Value::Null)
            .await
            .status,
        204
    );
    seed(&world, json!({"secrets": ["NEON_API_KEY"]})).await;
    let secrets = call_as(&world, "admin", "GET", "/actions/secrets", Value::Null)
        .await
        .json();
    assert_eq!(secrets["secrets"][0]["name"], "NEON_API_KEY");
    let user = async |token: &str| call_with(&world, token, "GET", "/user", &[], &Value::Null).await;
    assert_eq!(
        (user(TOKEN).await.status, user("admin").await.json()["login"].clone()),
        (403, json!("octocat"))
    );
    let url = format!("{}/repos/acme/app", world.cloud.github);
    let anonymous = http::send("GET", &url, &[("user-agent", "tests")], "").await.unwrap();
    assert_eq!(anonymous.status, 401);
    let nameless = http::send("GET", &url, &[("authorization", "Bearer x")], "")
        .await
        .unwrap();
    assert_eq!(nameless.status, 403);
    world.cloud.stop().await;
}

#[tokio::test]
async fn the_rate_limit_counts_all_but_unchanged_answers() {
    let world = World::new().await;
    seed(&world, json!({"rate_limit": 3})).await;
    let first = call(&world, "GET", "/pulls/42", Value::Null).await;
    assert_eq!(first.header("x-ratelimit-remaining"), "2");
    let etag = first.header("etag");
    let path = "/repos/acme/app/pulls/42";
    for _ in 0..3 {
        let same = call_with(&world, TOKEN, "GET", path, &[("if-none-match", &etag)], &Value::Null).await;
        assert_eq!(
            (
                same.status,
                same.body.len(),
                same.header("x-ratelimit-remaining").as_str()
            ),
            (304, 0, "2")
        );
    }
    call(&world, "PATCH", "/pulls/42", json!({"title": "changed"})).await;
    let changed = call_with(&world, TOKEN, "GET", path, &[("if-none-match", &etag)], &Value::Null).await;
    assert_eq!(
        (changed.status, changed.header("x-ratelimit-remaining").as_str()),
        (200, "0")
    );
    let refused = call(&world, "GET", "/pulls/42", Value::Null).await;
    assert_eq!(
        (refused.status, refused.header("x-ratelimit-remaining").as_str()),
        (403, "0")
    );
    assert!(
        refused.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("API rate limit exceeded")
    );
    let told = call_with(&world, TOKEN, "GET", "/rate_limit", &[], &Value::Null).await;
    assert_eq!(told.json()["resources"]["core"]["remaining"], 0);
    let others = call_as(&world, "another", "GET", "/pulls/42", Value::Null).await;
    assert_eq!(others.status, 200);
    world.cloud.advance(3601).await.unwrap();
    assert_eq!(call(&world, "GET", "/pulls/42", Value::Null).await.status, 200);
    world.cloud.stop().await;
}

#[tokio::test]
async fn pull_requests_open_close_and_come_from_forks() {
    let world = World::new().await;
    seed(&world, json!({"pulls": [
        {"number": 43, "fork": "mallory/app", "head_ref": "patch-1", "head_sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"number": 44, "fork": "ghost/app", "fork_deleted": true, "author": null},
        {"number": 45, "merged": true},
    ]}))
    .await;
    let numbers = async |query: &str| {
        let list = get(&world, &format!("/pulls{query}")).await;
        list.as_array()
            .unwrap()
            .iter()
            .map(|it| it["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers("").await, [44, 43, 42]);
    assert_eq!(numbers("?state=all&direction=asc").await, [42, 43, 44, 45]);
    assert_eq!(numbers("?state=closed").await, [45]);
    assert_eq!(numbers("?head=mallory:patch-1").await, [43]);
    assert_eq!(
        call(&world, "GET", "/pulls?state=merged", Value::Null).await.status,
        422
    );
    let ours = get(&world, "/pulls/42").await;
    assert_eq!(
        (&ours["head"]["sha"], &ours["head"]["repo"]["full_name"]),
        (&json!(HEAD), &json!("acme/app"))
    );
    assert_eq!(
        get(&world, "/pulls/43").await["head"]["repo"]["full_name"],
        "mallory/app"
    );
    let ghosts = get(&world, "/pulls/44").await;
    assert_eq!((&ghosts["head"]["repo"], &ghosts["user"]), (&Value::Null, &Value::Null));
    let merged = get(&world, "/pulls/45").await;
    assert_eq!((&merged["merged"], &merged["state"]), (&json!(true), &json!("closed")));
    let closed = call(&world, "PATCH", "/pulls/42", json!({"state": "closed"}))
        .await
        .json();
    assert!(closed["closed_at"].is_string());
    assert_eq!(numbers("").await, [44, 43]);
    assert_eq!(
        call(&world, "PATCH", "/pulls/42", json!({"state": "open"}))
            .await
            .json()["closed_at"],
        Value::Null
    );
    assert_eq!(
        call(&world, "PATCH", "/pulls/45", json!({"state": "open"}))
            .await
            .status,
        422
    );
    let of_commit = get(&world, &format!("/commits/{HEAD}/pulls")).await;
    assert_eq!(of_commit[0]["number"], 42);
    world.cloud.stop().await;
}

#[tokio::test]
async fn issues_are_deduplicated_by_label_and_show_pull_requests_too() {
    let world = World::new().await;
    let alert = json!({"title": "Left over", "body": "<!-- codex:alert -->", "labels": ["codex"]});
    let issue = post(&world, "/issues", alert).await;
    assert_eq!(
        (&issue["number"], &issue["labels"][0]["name"]),
        (&json!(43), &json!("codex"))
    );
    let both = get(&world, "/issues").await;
    assert_eq!(
        (both.as_array().unwrap().len(), both[1].get("pull_request").is_some()),
        (2, true)
    );
    let ours = get(&world, "/issues?labels=codex&creator=app/github-actions&state=open").await;
    assert_eq!(ours[0]["number"], 43);
    assert_eq!(get(&world, "/issues?labels=codex,other").await, json!([]));
    let labels = call(&world, "POST", "/issues/42/labels", json!({"labels": ["preview"]})).await;
    assert_eq!((labels.status, &labels.json()[0]["name"]), (200, &json!("preview")));
    let twice = call(&world, "POST", "/labels", json!({"name": "Preview"})).await;
    assert_eq!(
        (twice.status, &twice.json()["errors"][0]["code"]),
        (422, &json!("already_exists"))
    );
    let closed = call(&world, "PATCH", "/issues/43", json!({"state": "closed"}))
        .await
        .json();
    assert_eq!(closed["state_reason"], "completed");
    assert_eq!(get(&world, "/issues?labels=codex").await, json!([]));
    let long = json!({"title": "x".repeat(257)});
    assert_eq!(call(&world, "POST", "/issues", long).await.status, 422);
    world.cloud.stop().await;
}
