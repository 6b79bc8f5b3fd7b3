//! Stories of plans that are nearly full, or full.

use super::*;

/// Nine of ten: production, two previews of ours (the older one is 12 days old), and what is not ours.
async fn crowded() -> World {
    let world = world().await;
    let note = |repository: &str, kind: &str, pr: u32| {
        json!({"codex-actions": format!("codex-actions:-:{repository}:codex:preview:{pr}"), "codex-actions-kind": kind,
            "github-commit-repo": repository, "github-pr-number": pr.to_string()})
    };
    let old = |name: &str, days: u32, annotation: Value| json!({"name": name, "created_seconds_ago": days * 86_400 + 60, "annotation": annotation});
    world
        .seed(&json!({"neon": {"settings": {"plan": "free"}, "branches": [
            old("by-hand", 40, json!({})), old("preview-pr-421", 39, json!({})), old("theirs", 30, note("eve/app", "environment", 1)),
            old("point", 20, note("acme/app", "checkpoint", 2)), old("preview-pr-3", 12, note("acme/app", "environment", 3)),
            old("preview-pr-4", 5, note("acme/app", "environment", 4)), old("a", 1, json!({})), old("b", 1, json!({}))
        ]}}))
        .await;
    assert_eq!(names(&world).len(), 9);
    world
}

#[tokio::test]
async fn a_plan_that_is_nearly_full_is_told_before_and_when_it_is_full() {
    let world = crowded().await;
    let near = ok(run(&world, "create").go().await);
    assert_eq!(
        near.report["warnings"],
        json!(["9 of 10 branches used; oldest preview of this repository: `preview-pr-3` (12 days old)"])
    );
    let full = failed(&run(&world, "create").input("pull-request", "43").go().await);
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(full, @"
        could not create branch `preview-pr-43`: 10 of 10 branches used; oldest preview of this repository: `preview-pr-3` (12 days old)
        caused by: Neon answered 422 (BRANCHES_LIMIT_EXCEEDED, request [request]) to `POST /projects/quiet-river-12345678/branches`: branches limit exceeded, limit: 10
        hint: delete branches that nobody needs, set `expires` so that they go by themselves, or `on-limit: evict-oldest`
        ");
    });
    assert_eq!(names(&world).len(), 10);
    world.finish().await;
}

#[tokio::test]
async fn room_is_made_by_our_own_oldest_preview_alone() {
    let world = crowded().await;
    ok(run(&world, "create").go().await);
    let evicted = ok(run(&world, "create")
        .input("pull-request", "43")
        .input("on-limit", "evict-oldest")
        .go()
        .await);
    assert_eq!(evicted.report["deleted"], json!(["preview-pr-3"]));
    let left = names(&world);
    assert!(
        !left.contains(&"preview-pr-3".to_owned()) && left.contains(&"preview-pr-43".to_owned()),
        "{left:?}"
    );
    assert_eq!(left.len(), 10);
    world.finish().await;
}
