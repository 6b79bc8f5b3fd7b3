//! More of the vendors' SDKs, and tools that others built on them. Each program in `action-tests/clients` prints what
//! it was told; what it asked for beyond what is modelled stands in the README's table.

use serde_json::{Value, json};

use crate::github_world::HEAD;
use crate::world::{ACCOUNT, World};
use crate::{npm, python};

/// Reads the line of JSON that a program printed.
fn told(output: &std::process::Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{why}");
    serde_json::from_str(&text).unwrap()
}

async fn by_node(program: &str, arguments: &[&str]) -> Value {
    let mut node = tokio::process::Command::new(npm::node());
    node.arg(npm::clients().join(program))
        .args(arguments)
        .env_clear()
        .kill_on_drop(true);
    told(&node.output().await.unwrap())
}

async fn by_python(program: &str, arguments: &[&str]) -> Value {
    told(&python::command(program).args(arguments).output().await.unwrap())
}

/// What a program asked for that is not modelled is no part of what it was told.
fn apart(mut told: Value) -> (Value, Value) {
    let beyond = told.as_object_mut().unwrap().remove("beyond").unwrap_or_default();
    (told, beyond)
}

/// Nothing that is not modelled is answered with a success.
fn assert_refused(beyond: &Value) {
    for (what, status) in beyond.as_object().unwrap() {
        assert!([404, 501].contains(&status.as_u64().unwrap()), "{what}: {status}");
    }
}

#[tokio::test]
async fn octokit_does_a_pull_requests_work() {
    let world = World::new().await;
    let github = json!({
        "files": {"README.md": "hello"}, "artifacts": [{"name": "report", "run_id": 1}],
        "secrets": ["KEY"], "organization_secrets": ["SHARED"],
        "environments": [{"name": "live", "reviewers": ["octocat"], "secrets": ["LIVE_KEY"]}], "variables": {"STAGE": "preview"}, "tokens": [{"token": "person", "login": "octocat"}],
    });
    world.cloud.seed(&json!({"github": github})).await.unwrap();
    let (told, _) = apart(by_node("with_octokit.mjs", &[&world.cloud.github, HEAD, "calls"]).await);
    let expected = json!({
        "comments": ["first", "three"], "gone": 404, "labels": ["ops", "urgent"], "open": [42], "head": true,
        "of_commit": [42], "states": ["inactive", "success", "in_progress"], "found": [true], "environments": 2,
        "runs": ["success", null], "combined": "success", "brought": ["diverged", 1, true], "readme": "hello", "artifacts": 1, "archive": 302, "of_run": 1,
        "login": "octocat", "secrets": ["KEY"], "of_organization": ["SHARED"], "of_environment": ["LIVE_KEY"], "variables": ["STAGE"], "known": true, "remaining": true,
        "name": "acme/app",
    });
    assert_eq!(told, expected);
    world.cloud.stop().await;
}

#[tokio::test]
async fn octokits_plugins_know_each_limit_and_each_fault() {
    let world = World::new().await;
    let secondary = json!({
        "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
    });
    world
        .cloud
        .fault(&json!([
            {"method": "POST", "path": "/repos/*/*/labels", "status": 502, "body": "<html>Bad gateway</html>"},
            {"method": "GET", "path": "/repos/*/*", "status": 403, "headers": {"retry-after": "1"}, "body": secondary},
            {"method": "GET", "path": "/repos/*/*/pulls/*", "status": 403, "headers": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "body": {"message": "API rate limit exceeded for user ID 1."}},
        ]))
        .unwrap();
    let told = by_node("with_octokit.mjs", &[&world.cloud.github, HEAD, "faults"]).await;
    assert_eq!(told["label"], "retried");
    assert_eq!((&told["name"], &told["pull"]), (&json!("acme/app"), &json!(42)));
    let limited = told["limited"].as_array().unwrap();
    assert_eq!(limited[0], "secondary 1");
    assert!(limited[1].as_str().unwrap().starts_with("primary "), "{limited:?}");
    let log = world.cloud.requests().unwrap();
    let statuses: Vec<&Value> = log.as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, [502, 201, 403, 200, 403, 200]);
    world.cloud.stop().await;
}

#[tokio::test]
async fn pygithub_does_a_pull_requests_work() {
    let world = World::new().await;
    let (told, _) = apart(by_python("with_pygithub.py", &[&world.cloud.github]).await);
    let expected = json!({
        "repo": "acme/app", "pull": [42, "octocat", true], "pulls": [42], "bodies": ["first", "two"],
        "labels": ["ops", "urgent"], "states": ["inactive", "success"], "deployments": ["preview-42"],
        "environments": ["preview-42"], "check": "success", "limit": true,
    });
    assert_eq!(told, expected);
    world.cloud.stop().await;
}

#[tokio::test]
async fn cloudflares_sdk_for_python_manages_a_worker_and_its_names() {
    let world = World::new().await;
    world.seed(json!({"workers": [{"name": "api"}]})).await;
    let (told, beyond) = apart(by_python("with_cloudflare.py", &[&world.cloud.cloudflare, ACCOUNT]).await);
    assert_refused(&beyond);
    let expected = json!({
        "token": "active", "zone": "example.com", "names": ["pr-43.example.com"], "scripts": ["api"], "versions": 1,
        "version": true, "live": 1, "secrets": ["KEY"], "enabled": true, "crons": ["*/5 * * * *"], "settings": true,
        "subdomain": "acme", "domains": ["api.example.com"], "routes": ["www.example.com/api/*"], "titles": ["cache-2"],
        "databases": ["shop"], "rules": [],
        "hosts": ["api.example.com"],
    });
    assert_eq!(told, expected);
    assert_eq!(world.account()["workers"], json!({}));
    world.cloud.stop().await;
}

#[tokio::test]
async fn octodns_plans_nothing_the_second_time() {
    let world = World::new().await;
    let told = by_python("with_octodns.py", &[&world.cloud.cloudflare, ACCOUNT]).await;
    assert_eq!(told, json!({"made": 3, "again": 0, "changed": 2, "gone": 2}));
    assert_eq!(world.zone()["records"], json!([]));
    world.cloud.stop().await;
}

#[tokio::test]
async fn neons_sdk_goes_through_a_branchs_life() {
    let world = World::new().await;
    let (told, beyond) = apart(by_node("with_neon_sdk.mjs", &[&world.cloud.neon]).await);
    assert_refused(&beyond);
    let expected = json!({
        "projects": ["quiet-river-12345678"], "project": "quiet-river-12345678", "main": "production", "pooled": true,
        "listed": ["preview-pr-42", "production"], "renamed": "preview-pr-43", "roles": ["neondb_owner"],
        "databases": ["neondb", "shop"], "endpoints": 2, "direct": false, "gone": ["not_found", 404], "store": "store",
        "passwords": [true, "app"], "timeout": 300, "replaced": true, "diff": "string", "count": 2, "operation": true,
        "schema": "string", "shared": 0, "me": "string", "organizations": 1, "how": "string",
    });
    assert_eq!(told, expected);
    world.cloud.stop().await;
}
