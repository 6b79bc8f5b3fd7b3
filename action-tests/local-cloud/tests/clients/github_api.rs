//! What GitHub's API does to a client: pages, permissions, limits, and the traps of deployments.

use serde_json::{Value, json};

use crate::github_world::{HEAD, TOKEN, call, call_as, call_with, get, post, seed};
use crate::http;
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
