//! Smaller things of GitHub's that clients rely on: filters, labels, reactions, runs, names in URLs.

use serde_json::{Value, json};

use crate::github_world::{HEAD, call, get, post, seed};
use crate::world::World;

#[tokio::test]
async fn a_deployment_may_name_the_merge_of_a_pull_request() {
    let world = World::new().await;
    let wanted = |reference: &str| json!({"ref": reference, "environment": "preview/pr-42.x_y~z", "auto_merge": false, "required_contexts": []});
    let merge = post(&world, "/deployments", wanted("refs/pull/42/merge")).await;
    assert_eq!(merge["ref"], "refs/pull/42/merge");
    assert_eq!(merge["sha"], get(&world, "/pulls/42").await["merge_commit_sha"]);
    assert_ne!(merge["sha"], HEAD);
    let head = post(&world, "/deployments", wanted("refs/pull/42/head")).await;
    assert_eq!(head["sha"], HEAD);
    for wrong in ["refs/pull/42/base", "refs/pull/43/merge", "refs/pull/x/merge"] {
        let answer = call(&world, "POST", "/deployments", wanted(wrong)).await;
        assert_eq!(
            (answer.status, answer.json()["message"].as_str().unwrap()),
            (422, format!("No ref found for: {wrong}").as_str())
        );
    }
    seed(&world, json!({"pulls": [{"number": 42, "conflicts": true}]})).await;
    let answer = call(&world, "POST", "/deployments", wanted("refs/pull/42/merge")).await;
    assert_eq!(answer.status, 422, "there is no such ref while the two conflict");

    // GitHub leaves what needs no encoding as it is.
    let environments = get(&world, "/environments").await;
    let environment = &environments["environments"][0];
    assert!(
        environment["url"]
            .as_str()
            .unwrap()
            .ends_with("/repos/acme/app/environments/preview%2Fpr-42.x_y~z"),
        "{environment:#}"
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn an_empty_filter_filters_nothing() {
    let world = World::new().await;
    let wanted = json!({"ref": HEAD, "auto_merge": false, "required_contexts": []});
    post(&world, "/deployments", wanted).await;
    for query in ["?ref=", "?ref=&sha=&task=&environment=", "?environment=production"] {
        let found = get(&world, &format!("/deployments{query}")).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{query}");
    }
    let found = get(&world, "/deployments?ref=main").await;
    assert_eq!(found, json!([]));
    assert_eq!(
        get(&world, "/pulls?head=&base=&state=").await.as_array().unwrap().len(),
        1
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn labels_are_added_as_a_list_or_in_an_object() {
    let world = World::new().await;
    for body in [json!(["preview"]), json!({"labels": ["keep it"]})] {
        let answer = call(&world, "POST", "/issues/42/labels", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let labels = get(&world, "/pulls/42").await["labels"].clone();
    assert_eq!(labels[0]["name"], "preview");
    assert!(labels[1]["url"].as_str().unwrap().ends_with("/labels/keep%20it"));
    let answer = call(&world, "POST", "/issues/42/labels", json!("preview")).await;
    assert_eq!(answer.status, 422);
    world.cloud.stop().await;
}

#[tokio::test]
async fn reactions_are_there_once_by_account() {
    let world = World::new().await;
    let comment = post(&world, "/issues/42/comments", json!({"body": "/preview"})).await;
    let path = format!("/issues/comments/{}/reactions", comment["id"]);
    let first = call(&world, "POST", &path, json!({"content": "eyes"})).await;
    let again = call(&world, "POST", &path, json!({"content": "eyes"})).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(first.json()["user"]["login"], "github-actions[bot]");
    assert_eq!(
        call(&world, "POST", &path, json!({"content": "rocket"})).await.status,
        201
    );
    let wrong = call(&world, "POST", &path, json!({"content": "tada"})).await;
    assert_eq!(
        (wrong.status, &wrong.json()["errors"][0]["resource"]),
        (422, &json!("Reaction"))
    );
    let shown = get(&world, &format!("/issues/comments/{}", comment["id"])).await;
    assert_eq!(
        (
            &shown["reactions"]["total_count"],
            &shown["reactions"]["eyes"],
            &shown["reactions"]["+1"]
        ),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!(
        get(&world, &format!("{path}?content=eyes"))
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let gone = call(&world, "DELETE", &format!("{path}/{}", first.json()["id"]), Value::Null).await;
    assert_eq!(gone.status, 204);
    let issue = call(&world, "POST", "/issues/42/reactions", json!({"content": "+1"})).await;
    assert_eq!(issue.status, 201);
    assert_eq!(get(&world, "/issues/42").await["reactions"]["+1"], 1);
    assert_eq!(get(&world, &path).await[0]["content"], "rocket");
    world.cloud.stop().await;
}

#[tokio::test]
async fn runs_of_workflows_are_listed_by_what_is_asked() {
    let world = World::new().await;
    let run = |id: u64, path: &str, status: &str, conclusion: Value| {
        json!({
            "id": id, "name": "Preview", "path": path, "event": "pull_request", "status": status,
            "conclusion": conclusion, "head_branch": "feature/checkout", "head_sha": HEAD,
        })
    };
    seed(
        &world,
        json!({"runs": [
            run(7001, ".github/workflows/preview.yml", "completed", json!("success")),
            run(7002, ".github/workflows/preview.yml", "in_progress", Value::Null),
            run(7003, ".github/workflows/ci.yml", "completed", json!("failure")),
        ]}),
    )
    .await;
    let ids = async |path: &str| -> Vec<u64> {
        let found = get(&world, path).await;
        let runs = found["workflow_runs"].as_array().unwrap();
        assert_eq!(found["total_count"], runs.len());
        runs.iter().map(|it| it["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids("/actions/runs").await, [7003, 7002, 7001], "newest first");
    assert_eq!(ids("/actions/runs?status=in_progress").await, [7002]);
    assert_eq!(ids("/actions/runs?status=failure").await, [7003], "a conclusion, too");
    assert_eq!(ids("/actions/runs?branch=main").await, [0; 0]);
    assert_eq!(ids(&format!("/actions/runs?head_sha={HEAD}&event=push")).await, [0; 0]);
    assert_eq!(ids("/actions/workflows/preview.yml/runs").await, [7002, 7001]);
    let one = get(&world, "/actions/runs/7001").await;
    let by_id = format!("/actions/workflows/{}/runs?status=success", one["workflow_id"]);
    assert_eq!(ids(&by_id).await, [7001]);
    let nothing = call(&world, "GET", "/actions/workflows/gone.yml/runs", Value::Null).await;
    assert_eq!(nothing.status, 404);
    let by_time = call(&world, "GET", "/actions/runs?created=%3E2026-01-01", Value::Null).await;
    assert_eq!(by_time.status, 501, "a filter that is not modelled is not ignored");
    world.cloud.stop().await;
}
