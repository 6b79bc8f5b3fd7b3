//! Neon's API as an HTTP client sees it. Each answer is held against Neon's own description.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::specs;
use crate::world::World;

pub(crate) const PROJECT: &str = "quiet-river-12345678";
pub(crate) const PRODUCTION: &str = "br-quiet-sun-a1b2c3d4";
pub(crate) const KEY: &str = "neon-key-for-tests";

/// Calls `path` (from the base URL) with a key.
pub(crate) async fn call_as(world: &World, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", world.cloud.neon);
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = http::send(method, &url, &headers, text).await.unwrap();
    assert!(!answer.header("x-neon-ret-request-id").is_empty());
    let wrong = specs::violations("neon", method, path, answer.status, &answer.json());
    assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{}", answer.text());
    answer
}

/// Calls a path below the project.
pub(crate) async fn call(world: &World, method: &str, path: &str, body: Value) -> Answer {
    call_as(world, KEY, method, &format!("/projects/{PROJECT}{path}"), &body).await
}

pub(crate) async fn get(world: &World, path: &str) -> Value {
    let answer = call(world, "GET", path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// A mutation that succeeds; waits for its operations.
pub(crate) async fn done(world: &World, method: &str, path: &str, body: Value) -> Value {
    let answer = call(world, method, path, body).await;
    assert!(answer.status < 300, "{method} {path}: {}", answer.text());
    wait(world, &answer.json()).await;
    answer.json()
}

pub(crate) async fn wait(world: &World, answer: &Value) {
    for operation in answer["operations"].as_array().unwrap() {
        let path = format!("/operations/{}", operation["id"].as_str().unwrap());
        for _ in 0..1000 {
            let status = get(world, &path).await["operation"]["status"].clone();
            assert_ne!(status, "failed");
            if status == "finished" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Creates a branch of production with a compute, and waits for it.
pub(crate) async fn branch(world: &World, name: &str) -> Value {
    let body = json!({"branch": {"name": name}, "endpoints": [{"type": "read_write"}]});
    done(world, "POST", "/branches", body).await
}

pub(crate) fn id(created: &Value) -> String {
    created["branch"]["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn names(world: &World) -> Vec<String> {
    let list = get(world, "/branches?sort_by=name&sort_order=asc").await;
    let branches = list["branches"].as_array().unwrap();
    branches
        .iter()
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) async fn seed(world: &World, neon: Value) {
    world.cloud.seed(&json!({"neon": neon})).await.unwrap();
}

/// Seeds Neon's settings.
pub(crate) async fn settings(world: &World, settings: Value) {
    seed(world, json!({"settings": settings})).await;
}
