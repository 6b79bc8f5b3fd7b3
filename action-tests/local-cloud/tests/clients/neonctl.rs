//! Neon's own CLI. It asks what it asks of Neon: a new version that asks otherwise shows itself here.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::neon_world::{KEY, PRODUCTION, PROJECT, get, names, seed, settings};
use crate::npm;
use crate::world::World;

/// Runs the CLI with nothing of this process's environment; its output, or its complaint.
async fn run(world: &World, arguments: &[&str]) -> Result<String, String> {
    let home = world.directory.path();
    let output = Command::new(npm::node())
        .arg(npm::clients().join("node_modules/neon/dist/cli.js"))
        .args(["--api-host", &world.cloud.neon, "--no-analytics", "--output", "json"])
        .arg("--config-dir")
        .arg(home)
        .arg("--context-file")
        .arg(home.join("no-context"))
        .args(arguments)
        .args(["--project-id", PROJECT])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("CI", "true")
        .env("NO_COLOR", "1")
        .env("NEON_API_KEY", KEY)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

async fn ok(world: &World, arguments: &[&str]) -> Value {
    let output = run(world, arguments)
        .await
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    serde_json::from_str(&output).unwrap_or(json!(output.trim_end()))
}

/// The requests since the last call, without the searches for ids by name, which all commands begin with.
async fn asked(world: &World) -> Vec<String> {
    let all = world.requests().await;
    let lines = all
        .lines()
        .map(|line| line.replace(&format!("/projects/{PROJECT}"), ""));
    lines
        .filter(|line| !line.starts_with("200 GET /branches?") && line != "200 GET /branches")
        .collect()
}

async fn find(world: &World, name: &str) -> Value {
    let list = get(world, &format!("/branches?search={name}")).await;
    let branches = list["branches"].as_array().unwrap();
    let found = branches.iter().find(|it| it["name"] == name).cloned().unwrap();
    world.requests().await;
    found
}

#[tokio::test]
async fn a_preview_branch_lives_and_dies() {
    let world = World::new().await;
    settings(&world, json!({"operation_ms": 50})).await;
    let expires = "2099-01-01T00:00:00Z";
    let far = run(
        &world,
        &["branches", "create", "--name", "pr-42", "--expires-at", expires],
    )
    .await;
    assert!(far.unwrap_err().contains("30 days"));
    let created = ok(
        &world,
        &[
            "branches",
            "create",
            "--name",
            "pr-42",
            "--cu",
            "0.25-1",
            "--annotation",
            r#"{"pr":"42"}"#,
        ],
    )
    .await;
    let branch = created["branch"]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked(&world).await.pop().unwrap(), "201 POST /branches");
    let state = find(&world, "pr-42").await;
    assert_eq!(
        (&state["parent_id"], &state["default"]),
        (&json!(PRODUCTION), &json!(false))
    );
    let duplicate = run(&world, &["branches", "create", "--name", "pr-42"]).await;
    assert!(duplicate.unwrap_err().contains("already exists"));

    assert_eq!(
        ok(&world, &["branches", "get", "pr-42"]).await["current_state"],
        "ready"
    );
    assert_eq!(ok(&world, &["branches", "list"]).await.as_array().unwrap().len(), 2);
    ok(&world, &["branches", "rename", "pr-42", "preview/pr-42"]).await;
    assert_eq!(names(&world).await, ["preview/pr-42", "production"]);
    world.requests().await;

    ok(&world, &["branches", "reset", "preview/pr-42", "--parent"]).await;
    assert_eq!(
        asked(&world).await,
        [
            format!("200 GET /branches/{branch}"),
            format!("200 POST /branches/{branch}/restore")
        ]
    );
    assert!(find(&world, "preview/pr-42").await["last_reset_at"].is_string());

    let direct = ok(&world, &["connection-string", "preview/pr-42"]).await;
    let host = created["endpoints"][0]["host"].as_str().unwrap();
    assert_eq!(direct, created["connection_uris"][0]["connection_uri"]);
    assert_eq!(
        asked(&world).await,
        [
            format!("200 GET /branches/{branch}/endpoints"),
            format!("200 GET /branches/{branch}/roles"),
            format!("200 GET /branches/{branch}/databases"),
            format!("200 GET /branches/{branch}/roles/neondb_owner/reveal_password"),
        ]
    );
    let pooled = ok(&world, &["connection-string", "preview/pr-42", "--pooled"]).await;
    assert_eq!(
        pooled.as_str().unwrap(),
        direct
            .as_str()
            .unwrap()
            .replace(host, &host.replacen('.', "-pooler.", 1))
    );

    let refused = run(&world, &["branches", "delete", "production"]).await;
    assert!(refused.unwrap_err().contains("default branch"));
    ok(&world, &["branches", "delete", "preview/pr-42"]).await;
    assert_eq!(
        asked(&world).await.pop().unwrap(),
        format!("200 DELETE /branches/{branch}")
    );
    assert_eq!(names(&world).await, ["production"]);
    world.cloud.stop().await;
}

#[tokio::test]
async fn production_is_restored_with_a_backup() {
    let world = World::new().await;
    settings(&world, json!({"operation_ms": 50})).await;
    seed(
        &world,
        json!({"branches": [{"name": "pr-7", "expires_in_seconds": 600}]}),
    )
    .await;
    ok(&world, &["branches", "set-expiration", "pr-7"]).await;
    assert!(find(&world, "pr-7").await.get("expires_at").is_none());

    // A minute ago, from the CLI's own list of branches.
    world.cloud.advance(120).await.unwrap();
    let now = find(&world, "pr-7").await["updated_at"].as_str().unwrap().to_owned();
    let past = format!("^self@{now}");
    let restored = ok(
        &world,
        &[
            "branches",
            "restore",
            "production",
            &past,
            "--preserve-under-name",
            "before",
        ],
    )
    .await;
    let backup = find(&world, "before").await;
    assert_eq!(restored["backup_branch"]["id"], backup["id"]);
    assert_eq!(find(&world, "production").await["parent_id"], backup["id"]);
    assert_eq!(find(&world, "pr-7").await["parent_id"], backup["id"]);

    ok(&world, &["branches", "create", "--name", "empty", "--schema-only"]).await;
    let empty = find(&world, "empty").await;
    assert_eq!(
        (empty.get("parent_id"), &empty["init_source"]),
        (None, &json!("schema-only"))
    );
    assert!(ok(&world, &["operations", "list"]).await.as_array().unwrap().len() >= 4);
    world.requests().await;
    world.cloud.stop().await;
}

#[tokio::test]
async fn schemas_databases_and_roles_are_compared_and_listed() {
    let world = World::new().await;
    settings(&world, json!({"operation_ms": 50})).await;
    seed(
        &world,
        json!({"branches": [{"name": "pr-42", "schema": "CREATE TABLE orders (id int);\n"}]}),
    )
    .await;
    let diff = ok(
        &world,
        &["branches", "schema-diff", "production", "pr-42", "--database", "neondb"],
    )
    .await;
    assert!(
        diff.as_str().unwrap().contains("+CREATE TABLE orders (id int);"),
        "{diff}"
    );
    let databases = ok(&world, &["databases", "list", "--branch", "pr-42"]).await;
    assert_eq!(databases[0]["owner_name"], "neondb_owner");
    ok(&world, &["roles", "create", "--branch", "pr-42", "--name", "app"]).await;
    let roles = ok(&world, &["roles", "list", "--branch", "pr-42"]).await;
    assert_eq!(
        (&roles[0]["name"], &roles[1]["name"]),
        (&json!("neondb_owner"), &json!("app"))
    );
    ok(
        &world,
        &[
            "databases",
            "create",
            "--branch",
            "pr-42",
            "--name",
            "shop",
            "--owner-name",
            "app",
        ],
    )
    .await;
    let databases = ok(&world, &["databases", "list", "--branch", "pr-42"]).await;
    assert_eq!(databases[1]["owner_name"], "app");
    world.requests().await;
    world.cloud.stop().await;
}
