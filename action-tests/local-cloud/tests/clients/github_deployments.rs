//! What GitHub keeps for a commit: deployments with their traps, checks, statuses, artifacts.

use serde_json::{Value, json};

use crate::github_world::{HEAD, TOKEN, call, call_as, get, post, seed};
use crate::world::World;

#[tokio::test]
async fn a_deployment_that_asks_for_too_much_is_none() {
    let world = World::new().await;
    let unknown = call(&world, "POST", "/deployments", json!({"ref": "patch-1"})).await;
    assert_eq!(
        (unknown.status, &unknown.json()["message"]),
        (422, &json!("No ref found for: patch-1"))
    );
    // The defaults: merge what is missing, and wait for the very workflow that asks.
    let merged = call(&world, "POST", "/deployments", json!({"ref": "feature/checkout"})).await;
    assert_eq!(merged.status, 202);
    assert!(
        merged.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("Auto-merged main")
    );
    assert_ne!(
        get(&world, "/pulls/42").await["head"]["sha"],
        HEAD,
        "a merge commit was pushed"
    );
    let waiting = call(
        &world,
        "POST",
        "/deployments",
        json!({"ref": HEAD, "auto_merge": false}),
    )
    .await;
    assert_eq!(waiting.status, 409);
    assert_eq!(get(&world, "/deployments").await, json!([]));
    seed(
        &world,
        json!({"pulls": [{"number": 44, "head_ref": "old", "behind": true, "conflicts": true}]}),
    )
    .await;
    let conflict = call(&world, "POST", "/deployments", json!({"ref": "old"})).await;
    assert_eq!(
        (conflict.status, &conflict.json()["message"]),
        (409, &json!("Conflict merging main into old."))
    );
    let required = json!({"ref": HEAD, "auto_merge": false, "required_contexts": ["ci"]});
    assert_eq!(call(&world, "POST", "/deployments", required.clone()).await.status, 409);
    post(
        &world,
        &format!("/statuses/{HEAD}"),
        json!({"state": "success", "context": "ci"}),
    )
    .await;
    assert_eq!(call(&world, "POST", "/deployments", required).await.status, 201);
    let named = call_as(&world, TOKEN, "GET", "/environments", Value::Null).await.json();
    assert_eq!(named["environments"][0]["name"], "production");
    world.cloud.stop().await;
}

#[tokio::test]
async fn success_retires_older_deployments_unless_they_are_transient() {
    let world = World::new().await;
    let deploy = async |environment: &str, transient: bool| {
        let body = json!({"ref": HEAD, "auto_merge": false, "required_contexts": [], "environment": environment, "transient_environment": transient});
        post(&world, "/deployments", body).await["id"].as_u64().unwrap()
    };
    let status = async |id: u64, state: &str| {
        let body =
            json!({"state": state, "environment_url": "https://x.example.com", "log_url": "https://x.example.com/log"});
        post(&world, &format!("/deployments/{id}/statuses"), body).await
    };
    let latest = async |id: u64| get(&world, &format!("/deployments/{id}/statuses")).await[0]["state"].clone();
    let first = deploy("staging", false).await;
    status(first, "success").await;
    let second = deploy("staging", false).await;
    assert_eq!(
        status(second, "success").await["environment_url"],
        "https://x.example.com"
    );
    assert_eq!(
        (latest(first).await, latest(second).await),
        (json!("inactive"), json!("success"))
    );
    let preview = deploy("preview", true).await;
    status(preview, "success").await;
    let again = deploy("preview", true).await;
    status(again, "success").await;
    assert_eq!(
        latest(preview).await,
        "success",
        "transient: one must retire it oneself"
    );
    let production = deploy("production", false).await;
    status(production, "success").await;
    let next = deploy("production", false).await;
    status(next, "success").await;
    assert_eq!(latest(production).await, "success");

    let path = format!("/deployments/{preview}");
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 422);
    status(preview, "inactive").await;
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(call(&world, "GET", &path, Value::Null).await.status, 404);
    let left = get(&world, &format!("/deployments?environment=preview&sha={HEAD}")).await;
    assert_eq!(left.as_array().unwrap().len(), 1);
    let long = json!({"state": "success", "description": "x".repeat(141)});
    let statuses = format!("/deployments/{again}/statuses");
    assert_eq!(call(&world, "POST", &statuses, long).await.status, 422);
    assert_eq!(
        call(&world, "POST", &statuses, json!({"state": "done"})).await.status,
        422
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn checks_statuses_artifacts_and_files() {
    let world = World::new().await;
    seed(
        &world,
        json!({
            "artifacts": [{"name": "reports", "run_id": 7}, {"name": "old", "run_id": 6, "expired": true}],
            "files": {"workers/api/wrangler.toml": "name = \"api\"\n"},
        }),
    )
    .await;
    let run = post(
        &world,
        "/check-runs",
        json!({"name": "codex", "head_sha": HEAD, "status": "in_progress"}),
    )
    .await;
    let path = format!("/check-runs/{}", run["id"]);
    let open_ended = call(&world, "PATCH", &path, json!({"status": "completed"})).await;
    assert_eq!(open_ended.status, 422);
    let output = json!({"title": "Healthy", "summary": "five of five"});
    let ended = call(
        &world,
        "PATCH",
        &path,
        json!({"conclusion": "success", "output": output}),
    )
    .await
    .json();
    assert_eq!(
        (&ended["status"], &ended["output"]["title"]),
        (&json!("completed"), &json!("Healthy"))
    );
    assert!(ended["completed_at"].is_string());
    let found = get(&world, &format!("/commits/{HEAD}/check-runs?check_name=codex")).await;
    assert_eq!(
        (&found["total_count"], &found["check_runs"][0]["id"]),
        (&json!(1), &run["id"])
    );
    let unknown = json!({"name": "codex", "head_sha": "0000000000000000000000000000000000000000"});
    assert_eq!(call(&world, "POST", "/check-runs", unknown).await.status, 422);

    for state in ["pending", "failure", "success"] {
        let body = json!({"state": state, "context": "preview", "target_url": "https://x.example.com"});
        post(&world, &format!("/statuses/{HEAD}"), body).await;
        let combined = get(&world, "/commits/feature%2Fcheckout/status").await;
        assert_eq!(
            (&combined["state"], &combined["total_count"]),
            (&json!(state), &json!(1))
        );
    }

    let artifacts = get(&world, "/actions/runs/7/artifacts").await;
    assert_eq!(
        (&artifacts["total_count"], &artifacts["artifacts"][0]["name"]),
        (&json!(1), &json!("reports"))
    );
    let all = get(&world, "/actions/artifacts").await;
    let zip = async |at: usize| {
        let path = format!("/actions/artifacts/{}/zip", all["artifacts"][at]["id"]);
        call(&world, "GET", &path, Value::Null).await
    };
    assert_eq!((zip(0).await.status, zip(1).await.status), (410, 302));
    assert!(zip(1).await.header("location").starts_with("https://"));
    let file = get(&world, "/contents/workers/api/wrangler.toml").await;
    assert_eq!(
        (&file["encoding"], &file["name"]),
        (&json!("base64"), &json!("wrangler.toml"))
    );
    assert_eq!(file["content"], "bmFtZSA9ICJhcGkiCg==\n");
    assert_eq!(get(&world, "").await["default_branch"], "main");
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_comparison_tells_what_was_brought_and_a_commit_its_pull_request() {
    let world = World::new().await;
    let at = |day: u32| format!("2026-11-{day}T08:00:00Z");
    seed(
        &world,
        json!({
            "history": [
                {"sha": "a1", "at": at(20)}, {"sha": "b1", "parents": ["a1"], "at": at(21)},
                {"sha": "t1", "parents": ["a1"], "at": at(20)}, {"sha": "m1", "parents": ["b1", "t1"], "at": at(22)},
            ],
            "pulls": [{"number": 50, "head_sha": "t1", "merged": true, "merge_commit_sha": "m1"}],
        }),
    )
    .await;
    let shas = |compared: &Value| {
        let commits = compared["commits"].as_array().unwrap().iter();
        commits.map(|commit| commit["sha"].clone()).collect::<Value>()
    };
    let compared = get(&world, "/compare/a1...m1").await;
    assert_eq!(
        (&compared["status"], shas(&compared)),
        (&json!("ahead"), json!(["t1", "b1", "m1"]))
    );
    let back = get(&world, "/compare/m1...a1").await;
    assert_eq!(
        (&back["status"], &back["behind_by"], shas(&back)),
        (&json!("behind"), &json!(3), json!([]))
    );
    assert_eq!(call(&world, "GET", "/compare/a1...gone", Value::Null).await.status, 404);
    for sha in ["t1", "m1"] {
        assert_eq!(get(&world, &format!("/commits/{sha}/pulls")).await[0]["number"], 50);
    }
    assert_eq!(get(&world, "/commits/b1/pulls").await, json!([]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn too_much_at_once_is_refused_with_the_time_to_wait() {
    let world = World::new().await;
    seed(&world, json!({"content_per_minute": 2})).await;
    for _ in 0..2 {
        post(&world, "/issues/42/comments", json!({"body": "hello"})).await;
    }
    let third = call(&world, "POST", "/issues/42/comments", json!({"body": "hello"})).await;
    assert_eq!(third.status, 403);
    let wait: u64 = third.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(third.text().contains("secondary rate limit"), "{}", third.text());
    // Reading goes on, and after the minute so does writing.
    assert_eq!(get(&world, "/issues/42/comments").await.as_array().unwrap().len(), 2);
    world.cloud.advance(60).await.unwrap();
    post(&world, "/issues/42/comments", json!({"body": "hello"})).await;
    world.cloud.stop().await;
}
