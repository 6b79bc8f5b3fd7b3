//! What markers alone tell: no manifest, no secrets, no room in the token's limit.

use super::partial::{deployment, deployments};
use super::*;

#[tokio::test]
async fn a_repository_that_lost_its_manifest_cleans_up_by_markers() {
    let world = world().await;
    std::fs::remove_file(world.workspace().join("codex.toml")).unwrap();
    deployment(&world, MARKER, "success").await;
    // A second project of the repository has a preview of the same pull request, and the first has one of another name.
    let shop = "codex-actions:1296269:acme/app:shop:preview:42";
    world
        .seed(&json!({"cloudflare": {"workers": [
            {"name": "shop-preview-42", "tags": [shop]},
            {"name": "cart-review-42", "tags": ["codex-actions:1296269:acme/app:codex:review:42"]},
            {"name": "shop-production", "tags": ["codex-actions:1296269:acme/app:shop:production"]},
            {"name": "eve-preview-42", "tags": ["codex-actions:8:eve/other:codex:preview:42"]}]}}))
        .await;
    let before = names(&world);
    let run = world.run("cleanup").input("cloudflare-zone-id", ids::ZONE).go().await;
    assert_eq!((run.code, run.output("left")), (0, "0"), "{run}");
    let after = names(&world);
    let gone: Vec<&str> = before
        .iter()
        .filter(|name| !after.contains(name))
        .map(String::as_str)
        .collect();
    insta::assert_snapshot!(gone.join("\n"), @"
    Worker cart-review-42
    Worker content-preview-42
    Worker identity-preview-42
    Worker shop-preview-42
    Worker web-preview-42
    branch preview-pr-42
    record content-preview-42.example.com
    record identity-preview-42.example.com
    record web-preview-42.example.com
    route content-preview-42.example.com/*
    route identity-preview-42.example.com/*
    route web-preview-42.example.com/*
    ");
    // What only a manifest could name is told.
    insta::assert_snapshot!(steady(run.log().lines().last().unwrap()), @"deleted 13 things of preview 42 in … s; 2 things that look like it stay: Worker `eve-preview-42`, KV namespace `codex-preview-42-CACHE`");
    assert_eq!(deployments(&world).await, [0; 0]);
    let mark = world.mark();
    let again = world.run("cleanup").input("cloudflare-zone-id", ids::ZONE).go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn without_manifest_and_zone_it_says_what_it_did_not_look_at() {
    let world = world().await;
    std::fs::remove_file(world.workspace().join("codex.toml")).unwrap();
    let run = world
        .run("cleanup")
        .without("neon-api-key")
        .without("neon-project-id")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(steady(run.log().lines().last().unwrap()), @"deleted 3 things of preview 42 in … s; 1 thing that looks like it stays: KV namespace `codex-preview-42-CACHE`; Neon was not looked at; no zone was looked at, as there is no manifest: if it named one, routes and DNS records of preview 42 are still there, and `cloudflare-zone-id` has them looked for");
    assert!(branches(&world.state()).contains(&"preview-pr-42".to_owned()));
    // Of no pull request nothing can be told.
    let none = world.run("cleanup").on_push().go().await;
    assert_eq!(none.code, 2, "{none}");
    insta::assert_snapshot!(steady(&none.error()), @"
    one input is wrong; nothing was touched
    - `pull-request`: missing; there is no manifest, so that only what a pull request's markers name can be deleted: give its number
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_forks_run_has_no_secrets_and_fails_nothing() {
    let world = world().await;
    let before = names(&world);
    let repository = json!({"id": 1_296_269, "full_name": "acme/app"});
    world.event(
        &json!({"action": "closed", "number": 42, "repository": repository, "pull_request": {
        "number": 42, "state": "closed", "merged": false,
        "head": {"ref": "main", "sha": ids::HEAD_SHA, "repo": {"id": 7, "full_name": "eve/app"}},
        "base": {"ref": "main", "repo": repository}}}),
    );
    let mark = world.mark();
    let run = world
        .run("cleanup")
        .without("cloudflare-api-token")
        .without("neon-api-key")
        .go()
        .await;
    assert_eq!(
        (run.code, run.output("changed"), run.output("left")),
        (0, "false", "0"),
        "{run}"
    );
    insta::assert_snapshot!(steady(&run.log()), @"nothing was looked at: this run is given no secrets, because its pull request comes from a fork; what there is of preview 42 goes by a sweep (`command: sweep`), or when somebody starts the cleanup by hand");
    assert_eq!(run.report["unseen"], "Cloudflare and Neon", "{run}");
    assert_eq!((world.mark(), names(&world)), (mark, before), "nothing was asked");
    world.finish().await;
}

#[tokio::test]
async fn the_limit_of_a_token_is_not_reached() {
    let world = world().await;
    // A token that others use, too: there is room for a part of the work in each window.
    world
        .seed(&json!({"cloudflare": {"settings": {"rate_limit": 20, "rate_window": 3}}}))
        .await;
    let run = clean(&world).await;
    assert_eq!((run.code, run.output("left")), (0, "0"), "{run}");
    assert!(
        run.log().contains("the token has almost used up Cloudflare's limit"),
        "{run}"
    );
    let refused = world
        .requests()
        .iter()
        .filter(|request| request["status"] == 429)
        .count();
    assert_eq!(refused, 0, "{:#?}", world.lines_since(0));
    world.finish().await;
}
