//! Stories of `alert-issue`: one issue as long as an environment cannot be deployed.

use scenarios::{Run, World};
use serde_json::{Value, json};

/// A run for a push to `main`, with one report of how the deployment ended.
async fn told(world: &World, run: &str, job: &str, report: &Value, more: &[(&str, &str)]) -> Run {
    let start = world.run("pr-comment").on_push().env("GITHUB_RUN_ID", run);
    let start = start
        .input("alert-issue", "true")
        .input("environment", "production")
        .input("job-status", job)
        .input("reports", report.to_string());
    let told = more
        .iter()
        .fold(start, |start, (name, value)| start.input(name, *value));
    let run = told.go().await;
    run.assert_no_secret_leaks();
    run
}

fn report(status: &str, error: Option<&str>) -> Value {
    json!({"action": "deploy-workers", "environment": "production", "command": "deploy", "status": status, "error": error,
        "services": [{"service": "web", "worker": "web", "state": if status == "done" { "deployed" } else { "rolled-back" }}]})
}

/// `open Deployment of production failed`, and the text.
fn issues(world: &World) -> Vec<(String, String)> {
    let state = world.state();
    let repositories = state["github"]["repositories"].clone();
    let all: Vec<Value> = match repositories {
        Value::Array(all) => all,
        Value::Object(all) => all.into_iter().map(|(_, one)| one).collect(),
        _ => Vec::new(),
    };
    let threads = all
        .iter()
        .flat_map(|repository| repository["threads"].as_array().cloned().unwrap_or_default());
    let issues = threads.filter(|thread| thread["pull"].is_null());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    issues
        .map(|issue| {
            (
                format!("{} {}", text(&issue["state"]), text(&issue["title"])),
                text(&issue["body"]),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_issue_is_open_from_the_failure_to_the_next_success() {
    let world = World::start().await;
    let failed = report("failed", Some("could not deploy `web` (wave 3 of 3)"));
    let run = told(&world, "1001", "failure", &failed, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.log().contains("opened an issue: https://"), "{run}");
    let [(title, text)] = &issues(&world)[..] else {
        panic!("{:?}", issues(&world));
    };
    assert_eq!(title, "open Deployment of production failed");
    for part in [
        "could not deploy `web` (wave 3 of 3)",
        "/actions/runs/1001",
        "kept current",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    // Another way to fail: the same issue. The very same run again changes nothing.
    let other = report("failed", Some("could not deploy `api` (wave 1 of 3)"));
    for _ in 0..2 {
        let mark = world.mark();
        let run = told(&world, "1002", "failure", &other, &[]).await;
        assert!(run.log().contains("the issue is still open: https://"), "{run}");
        let all = issues(&world);
        assert!(all.len() == 1 && all[0].1.contains("`api`"), "{all:?}");
        let writes: Vec<String> = world.lines_since(mark);
        assert!(
            writes.iter().filter(|line| !line.starts_with("GET")).count() <= 1,
            "{writes:?}"
        );
    }

    // Cancelled, or tried only: neither proves anything.
    let cancelled = told(&world, "1003", "cancelled", &report("failed", None), &[]).await;
    let planned = told(&world, "1003", "success", &report("done", None), &[("dry-run", "true")]).await;
    assert!(planned.log().contains("would close the issue"), "{planned}");
    assert_eq!((cancelled.code, planned.code), (0, 0), "{cancelled} {planned}");
    assert!(issues(&world)[0].0.starts_with("open "));

    let good = told(&world, "1004", "success", &report("done", None), &[]).await;
    assert!(good.log().contains("closed the issue: https://"), "{good}");
    let all = issues(&world);
    assert!(
        all.len() == 1 && all[0].0.starts_with("closed ") && all[0].1.contains("Done: production is deployed"),
        "{all:?}"
    );
    let mark = world.mark();
    told(&world, "1005", "success", &report("done", None), &[]).await;
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn without_the_permission_the_run_says_so_and_goes_on() {
    let world = World::start().await;
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": "/repos/*/*/issues", "status": 403, "times": null,
        "body": {"message": "Resource not accessible by integration"}}),
    );
    let run = told(&world, "1001", "failure", &report("failed", Some("no")), &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout.contains("::warning") && run.stdout.contains("issues: write"),
        "{run}"
    );
    world.finish().await;
}
