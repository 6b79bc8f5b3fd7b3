//! What became of an environment stands in its comment, where it has one.

use super::*;

/// A comment as pr-comment leaves it.
fn comment(number: u64) -> Value {
    let body = "<!-- codex-actions:codex/preview hash=0123456789abcdef run=900.1 -->\n### ✅ Preview is ready\n";
    json!({"number": number, "author": "github-actions[bot]", "body": body})
}

fn bodies(world: &World, number: u64) -> Vec<(String, bool)> {
    let state = world.state();
    let comments = state
        .pointer("/github/repositories/0/comments")
        .and_then(Value::as_array);
    let of = |comment: &&Value| comment["thread"] == number;
    let comments = comments.unwrap().iter().filter(of);
    comments
        .map(|comment| {
            (
                comment["body"].as_str().unwrap().to_owned(),
                !comment["minimized"].is_null(),
            )
        })
        .collect()
}

/// Without the marker, whose hash depends on the days of this week.
fn shown(body: &str) -> String {
    body.lines().skip(1).map(undated).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_removed_previews_comment_says_why_and_how_it_comes_back() {
    let world = world("expires = \"7d\"").await;
    let mut seed = Seed::default();
    for (number, days, state) in [(12, 9, "closed"), (13, 1, "open"), (14, 9, "closed"), (20, 9, "open")] {
        seed.preview(number, days);
        seed.pull(number, state);
    }
    seed.plant(&world).await;
    world
        .seed(&json!({"github": {"comments": [comment(12), comment(13), comment(20)]}}))
        .await;
    ok(sweep(&world).go().await);
    let (closed, expired) = (bodies(&world, 12), bodies(&world, 20));
    assert_eq!((closed.len(), closed[0].1), (1, true), "folded away");
    assert_eq!((expired.len(), expired[0].1), (1, false), "to be read");
    insta::assert_snapshot!(shown(&closed[0].0), @"
    ### 🧹 Preview is removed

    **17** removed · [workflow run](https://github.com/acme/app/actions/runs/1001)

    A sweep removed this environment, since its pull request is not open. If it was not merged, reopening it has the environment made again.

    | | Removed |
    |:--|--:|
    | Routes | 5 |
    | Workers | 5 |
    | DNS records | 5 |
    | KV namespaces | 1 |
    | Database branch | 1 |

    <details><summary>What was removed</summary>

    - route `identity-preview-12.example.com/*`
    - route `auth-preview-12.example.com/*`
    - route `content-preview-12.example.com/*`
    - route `media-preview-12.example.com/*`
    - route `web-preview-12.example.com/*`
    - Worker `web-preview-12`
    - Worker `auth-preview-12`
    - Worker `content-preview-12`
    - Worker `identity-preview-12`
    - Worker `media-preview-12`
    - DNS record `identity-preview-12.example.com`
    - DNS record `auth-preview-12.example.com`
    - DNS record `content-preview-12.example.com`
    - DNS record `media-preview-12.example.com`
    - DNS record `web-preview-12.example.com`
    - KV namespace `codex-preview-12-CACHE`
    - database branch `preview-pr-12`

    </details>
    ");
    let of_expired = shown(&expired[0].0);
    insta::assert_snapshot!(of_expired.lines().find(|line| line.starts_with("A sweep")).unwrap(), @"A sweep removed this environment, since it was deployed on DAY, and `expires` is 7 days. Push to the pull request, or run its last workflow run again, to have it back.");
    // Whose preview lives keeps its comment, and none is made for one that had none.
    assert!(bodies(&world, 13)[0].0.contains("Preview is ready"));
    assert!(bodies(&world, 14).is_empty());
    let mark = world.mark();
    ok(sweep(&world).go().await);
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn comments_that_may_not_be_written_keep_nothing_from_going() {
    let world = pair("").await;
    world
        .seed(&json!({"github": {
            "comments": [comment(12)],
            "tokens": [{"token": "reads", "permissions": {"pull-requests": "read", "actions": "read"}}]}}))
        .await;
    let before = names(&world);
    let run = ok(sweep(&world).input("github-token", "reads").go().await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    let warning = run.stdout.lines().find(|line| line.starts_with("::warning")).unwrap();
    assert!(warning.contains("give the job `pull-requests: write`"), "{warning}");
    assert!(bodies(&world, 12)[0].0.contains("Preview is ready"));
    world.finish().await;
}
