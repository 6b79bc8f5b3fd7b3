//! GitHub's API as an HTTP client sees it. Each answer is held against GitHub's own description.

use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::specs;
use crate::world::World;

pub(crate) const TOKEN: &str = "gh-token-for-tests";
/// Head of pull request 42.
pub(crate) const HEAD: &str = "c3d0be41ecbe669545ee3e94d31ed9a4bc91ee3c";

/// Calls a path below the base URL with more headers than usual.
pub(crate) async fn call_with(
    world: &World,
    token: &str,
    method: &str,
    path: &str,
    more: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let url = format!("{}{path}", world.cloud.github);
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str()), ("user-agent", "tests")];
    headers.extend_from_slice(more);
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = http::send(method, &url, &headers, text).await.unwrap();
    assert!(!answer.header("x-github-request-id").is_empty());
    let wrong = specs::violations("github", method, path, answer.status, &answer.json());
    assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{}", answer.text());
    answer
}

/// Calls a path below the repository as the given token.
pub(crate) async fn call_as(world: &World, token: &str, method: &str, path: &str, body: Value) -> Answer {
    call_with(world, token, method, &format!("/repos/acme/app{path}"), &[], &body).await
}

/// Calls a path below the repository as the workflow.
pub(crate) async fn call(world: &World, method: &str, path: &str, body: Value) -> Answer {
    call_as(world, TOKEN, method, path, body).await
}

pub(crate) async fn get(world: &World, path: &str) -> Value {
    let answer = call(world, "GET", path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// A creation that succeeds.
pub(crate) async fn post(world: &World, path: &str, body: Value) -> Value {
    let answer = call(world, "POST", path, body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    assert_eq!(answer.header("location"), answer.json()["url"].as_str().unwrap());
    answer.json()
}

pub(crate) async fn seed(world: &World, github: Value) {
    world.cloud.seed(&json!({"github": github})).await.unwrap();
}
