//! The issue that tells what is left.

use super::partial::{at_github, issues};
use super::*;

/// The namespace cannot be deleted.
fn broken(world: &World) {
    world.fail(&json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/storage/kv/namespaces/*", "status": 403, "times": null,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
}

async fn alerting(world: &World) -> Run {
    world.run("cleanup").input("alert-issue", "true").go().await
}

#[tokio::test]
async fn there_is_one_issue_while_it_lasts() {
    let world = world().await;
    broken(&world);
    let first = alerting(&world).await;
    assert_eq!(first.code, 1, "{first}");
    let listed = at_github(&world, "GET", "/issues?labels=codex-actions", &json!({})).await;
    let body = listed[0]["body"].as_str().unwrap();
    insta::assert_snapshot!(steady(body), @"
    <!-- codex-actions:alert:codex/preview/42/cleanup -->
    ### ❌ Deleted 10 things of preview 42, 1 thing left

    | what | name | outcome | |
    |---|---|---|---|
    | route | `identity-preview-42.example.com/*` | deleted |  |
    | route | `content-preview-42.example.com/*` | deleted |  |
    | route | `web-preview-42.example.com/*` | deleted |  |
    | Worker | `web-preview-42` | deleted |  |
    | Worker | `content-preview-42` | deleted |  |
    | Worker | `identity-preview-42` | deleted |  |
    | DNS record | `identity-preview-42.example.com` | deleted |  |
    | DNS record | `content-preview-42.example.com` | deleted |  |
    | DNS record | `web-preview-42.example.com` | deleted |  |
    | KV namespace | `codex-preview-42-CACHE` | **left** | Cloudflare answered 403 (code 10000, ray …): Authentication error |
    | branch | `preview-pr-42` | deleted |  |


    [The run that found it.](https://github.com/acme/app/actions/runs/1001)

    ```text
    1 thing of preview 42 left: KV namespace `codex-preview-42-CACHE`
    caused by: could not delete KV namespace `codex-preview-42-CACHE`
    caused by: Cloudflare answered 403 (code 10000, ray …): Authentication error
    hint: the token needs Account → Workers KV Storage → Edit on account `0123456789abcdef0123456789abcdef`; edit it under API Tokens in the dashboard
    ```

    This issue is kept current, and closes when a cleanup of this environment succeeds.
    ");
    // The label is not what tells an alert: somebody took it off.
    let number = listed[0]["number"].as_u64().unwrap();
    at_github(&world, "PATCH", &format!("/issues/{number}"), &json!({"labels": []})).await;
    let second = world
        .run("cleanup")
        .input("alert-issue", "true")
        .env("GITHUB_RUN_ID", "1002")
        .go()
        .await;
    assert_eq!(second.code, 1, "{second}");
    assert_eq!(issues(&world).await, ["open Cleanup left 1 thing of preview 42"]);
    let issue = at_github(&world, "GET", &format!("/issues/{number}"), &json!({})).await;
    assert!(
        issue["body"].as_str().unwrap().contains("/actions/runs/1002"),
        "{issue}"
    );
    assert!(second.log().contains("the issue is still open: https://"), "{second}");
    world.finish().await;
}

#[tokio::test]
async fn an_issue_is_made_once_whatever_becomes_of_the_answer() {
    let world = world().await;
    broken(&world);
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": "/repos/*/*/issues", "drop": "after", "times": 1}),
    );
    let run = alerting(&world).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(issues(&world).await, ["open Cleanup left 1 thing of preview 42"]);
    world.finish().await;
}

#[tokio::test]
async fn an_issue_that_only_looks_like_ours_is_nobodys_business() {
    let world = world().await;
    let pasted = "<!-- codex-actions:alert:codex/preview/42/cleanup -->\nmine";
    world
        .seed(&json!({"github": {"issues": [{"number": 900, "title": "mine", "body": pasted, "labels": ["codex-actions"]}]}}))
        .await;
    let run = alerting(&world).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(issues(&world).await, ["open mine"]);
    world.finish().await;
}

#[tokio::test]
async fn without_the_permission_it_is_a_note() {
    let world = world().await;
    broken(&world);
    world.fail(
        &json!({"provider": "github", "method": "POST", "path": "/repos/*/*/issues", "status": 403, "times": null,
        "body": {"message": "Resource not accessible by integration"}}),
    );
    let run = alerting(&world).await;
    assert_eq!((run.code, run.output("left")), (1, "1"), "{run}");
    assert!(
        run.stdout.contains("::warning") && run.stdout.contains("issues: write"),
        "{run}"
    );
    // What the run itself says is not changed by it.
    assert!(
        run.error().starts_with("1 thing of preview 42 left: KV namespace"),
        "{}",
        run.error()
    );
    world.finish().await;
}
