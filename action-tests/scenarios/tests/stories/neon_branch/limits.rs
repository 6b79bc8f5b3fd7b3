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
        json!(["9 of 10 branches used; oldest preview of this environment: `preview-pr-3` (12 days old)"])
    );
    let full = failed(&run(&world, "create").input("pull-request", "43").go().await);
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(full, @"
        could not create branch `preview-pr-43`: 10 of 10 branches used; oldest preview of this environment: `preview-pr-3` (12 days old)
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

/// The manifest with a limit of two previews.
fn limited(world: &World) {
    world.file("codex.toml", &MANIFEST.replace("expires = \"7d\"", "limit = 2"));
}

#[tokio::test]
async fn the_manifests_limit_counts_previews_of_this_environment() {
    let world = world().await;
    limited(&world);
    let marked = |repository: &str, environment: &str, pr: u32| {
        json!({"codex-actions": format!("codex-actions:{repository}:acme/app:codex:{environment}:{pr}"),
            "codex-actions-kind": "environment", "github-pr-number": pr.to_string()})
    };
    let seeded = |name: &str, days: u32, annotation: Value| json!({"name": name, "created_seconds_ago": days * 86_400 + 60, "annotation": annotation});
    // None of these is a preview of this environment.
    world
        .seed(&json!({"neon": {"branches": [
            seeded("by-hand", 9, json!({})), seeded("theirs", 9, marked("7", "preview", 1)),
            seeded("e2e-pr-2", 9, marked("1296269", "e2e", 2)), seeded("preview-pr-3", 3, marked("1296269", "preview", 3))
        ]}}))
        .await;
    let create = |pr: u64| run(&world, "create").input("pull-request", pr.to_string());
    ok(create(42).go().await);
    // A suite's branch of a preview that is alive is no preview of its own; nor is a shared one.
    ok(create(42)
        .input("branch", "suite")
        .input("owner", "pull-request")
        .go()
        .await);
    ok(create(43).input("branch", "ci-shared").go().await);
    let mark = world.mark();
    let texts = [
        failed(&create(43).go().await),
        failed(&create(43).input("dry-run", "true").go().await),
    ];
    world.assert_only_reads_since(mark);
    assert_eq!(texts[0], texts[1]);
    insta::assert_snapshot!(texts[0], @"
    could not create branch `preview-pr-43`: 2 previews of `preview` are alive, and the manifest's `limit` is 2; the oldest is `preview-pr-3` of pull request #3 (3 days old)
    hint: run `cleanup` for a pull request that needs its preview no more (closing it does that), or raise `limit`
    ");
    // Who is in stays in.
    ok(create(42).go().await);
    ok(create(3).go().await);
    ok(run(&world, "delete").input("pull-request", "3").go().await);
    assert_eq!(ok(create(43).go().await).output("created"), "true");
    world.finish().await;
}

#[tokio::test]
async fn beyond_a_limit_that_evicts_a_preview_is_made_and_no_branch_taken_from_another() {
    let world = world().await;
    world.file(
        "codex.toml",
        &MANIFEST.replace("expires = \"7d\"", "limit = 1\non-limit = \"evict-oldest\""),
    );
    let create = |number: u64| run(&world, "create").input("pull-request", number.to_string());
    world.seed(&json!({"github": {"pulls": [{"number": 43}]}})).await;
    assert_eq!(ok(create(42).go().await).report["warnings"], Value::Null);
    let second = ok(create(43).go().await);
    assert_eq!(second.output("created"), "true");
    insta::assert_snapshot!(second.report["warnings"][0].as_str().unwrap(), @r#"2 previews of `preview` are alive with this one, and the manifest's `limit` is 1: the next sweep removes the least recently deployed (`on-limit = "evict-oldest"`)"#);
    assert_eq!(ok(create(42).go().await).output("created"), "false");
    assert!(names(&world).contains(&"preview-pr-42".to_owned()));
    world.finish().await;
}
