//! What is whose: only what says so itself goes, and what stays is told.

use serde_json::json;

use super::*;

/// What the run says last, and its exit status, `left` and `kept`.
fn told(run: &Run) -> String {
    let log = steady(&run.log());
    let lines: Vec<&str> = log.lines().filter(|line| !line.starts_with("::error")).collect();
    format!(
        "exit {}, left {}, kept {}\n{}",
        run.code,
        run.output("left"),
        run.output("kept"),
        lines.join("\n")
    )
}

#[tokio::test]
async fn what_nobody_marked_stays_until_it_is_asked_for() {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    // A tenant's Worker fits the template and serves a hostname whose record we made; one of ours lost its tag.
    world
        .seed(&json!({"cloudflare": {
            "kv": [{"title": "codex-preview-42-CACHE"}],
            "workers": [{"name": "identity-preview-42"}, {"name": "tenant-preview-42"}],
            "zones": [{"name": "example.com",
                "records": [record("identity-preview-42", MARKER), record("tenant-preview-42", "tenant")],
                "routes": [route("identity-preview-42", "tenant-preview-42"), route("tenant-preview-42", "tenant-preview-42")]}]}}))
        .await;
    let run = clean(&world).await;
    insta::assert_snapshot!(told(&run), @"
    exit 0, left 0, kept 4
    preview 42: 1 to delete, 4 to keep
    route `identity-preview-42.example.com/*` is kept: it leads to Worker `tenant-preview-42`, which carries nobody's marker
    Worker `tenant-preview-42` is kept: it is named like this environment's, and nothing in the manifest has that name
    Worker `identity-preview-42` is kept: it carries nobody's marker, and a name proves nothing; `adopt: true` deletes it
    KV namespace `codex-preview-42-CACHE` is kept: it is for Worker `identity-preview-42`, which carries nobody's marker
    deleted DNS record `identity-preview-42.example.com`
    deleted 1 thing of preview 42 in … s; 4 things that look like it stay: route `identity-preview-42.example.com/*`, Worker `tenant-preview-42`, Worker `identity-preview-42`, KV namespace `codex-preview-42-CACHE`
    ");
    assert_eq!(
        (run.code, run.output("kept"), &run.report["kept"]),
        (0, "4", &json!(4)),
        "{run}"
    );
    let planned = world
        .run("cleanup")
        .input("adopt", "true")
        .input("dry-run", "true")
        .go()
        .await;
    assert!(
        planned.log().contains("- Worker identity-preview-42"),
        "what adopt takes is planned visibly: {planned}"
    );
    let adopted = world.run("cleanup").input("adopt", "true").go().await;
    insta::assert_snapshot!(told(&adopted), @"
    exit 0, left 0, kept 1
    preview 42: 2 to delete, 1 to keep
    route `identity-preview-42.example.com/*` is kept: it leads to Worker `tenant-preview-42`, which carries nobody's marker
    deleted Worker `identity-preview-42`
    deleted KV namespace `codex-preview-42-CACHE`
    deleted 2 things of preview 42 in … s; 1 thing that looks like it stays: route `identity-preview-42.example.com/*`
    ");
    // The tenant's has no record of ours any more: nothing but its name is left to go by.
    let mark = world.mark();
    let again = world.run("cleanup").input("adopt", "true").go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn without_the_list_of_workers_nothing_that_hangs_on_one_is_touched() {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    world
        .seed(&json!({"cloudflare": {
            "kv": [{"title": "codex-preview-42-CACHE"}],
            "workers": [{"name": "identity-preview-42", "tags": ["codex-actions:8:eve/other:codex:preview:42"]}],
            "zones": [{"name": "example.com", "routes": [route("identity-preview-42", "identity-preview-42")]}]}}))
        .await;
    let before = names(&world);
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts", "status": 403, "times": 9,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
    let run = clean(&world).await;
    insta::assert_snapshot!(told(&run), @"
    exit 1, left 3, kept 0
    preview 42: nothing to change
    route `identity-preview-42.example.com/*` is left: not touched, since whose it is cannot be known: could not list the Workers of the account: Cloudflare answered 403 (code 10000, ray …): Authentication error
    Worker `any of preview 42` is left: could not list the Workers of the account: Cloudflare answered 403 (code 10000, ray …): Authentication error
    KV namespace `codex-preview-42-CACHE` is left: not touched, since whose it is cannot be known: could not list the Workers of the account: Cloudflare answered 403 (code 10000, ray …): Authentication error
    deleted 0 things of preview 42, 3 things left
    ");
    assert_eq!(names(&world), before);
    world.assert_only_reads_since(0);
    assert!(run.error().contains("Workers Scripts → "), "{}", run.error());
    world.finish().await;
}

#[tokio::test]
async fn a_renamed_repository_cleans_its_own_up() {
    let world = world().await;
    let run = world
        .run("cleanup")
        .env("GITHUB_REPOSITORY", "acme/platform")
        .go()
        .await;
    assert_eq!(
        (run.code, run.output("left"), run.output("kept")),
        (0, "0", "0"),
        "{run}"
    );
    assert_eq!(
        outcomes(&run).iter().filter(|line| line.starts_with("deleted")).count(),
        11,
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_newcomer_under_the_old_name_touches_nothing_and_is_told_what_stays() {
    let world = world().await;
    let before = names(&world);
    let run = world.run("cleanup").env("GITHUB_REPOSITORY_ID", "4711").go().await;
    assert_eq!(
        (run.code, run.output("changed"), run.output("left")),
        (0, "false", "0"),
        "{run}"
    );
    insta::assert_snapshot!(told(&run), @"
    exit 0, left 0, kept 11
    preview 42: nothing to change, 11 to keep
    route `identity-preview-42.example.com/*` is kept: it leads to Worker `identity-preview-42`, which belongs to preview 42 of codex in acme/app (1296269)
    route `content-preview-42.example.com/*` is kept: it leads to Worker `content-preview-42`, which belongs to preview 42 of codex in acme/app (1296269)
    route `web-preview-42.example.com/*` is kept: it leads to Worker `web-preview-42`, which belongs to preview 42 of codex in acme/app (1296269)
    Worker `web-preview-42` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    Worker `content-preview-42` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    Worker `identity-preview-42` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    DNS record `identity-preview-42.example.com` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    DNS record `content-preview-42.example.com` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    DNS record `web-preview-42.example.com` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    KV namespace `codex-preview-42-CACHE` is kept: it is for Worker `identity-preview-42`, which belongs to preview 42 of codex in acme/app (1296269)
    branch `preview-pr-42` is kept: it belongs to preview 42 of codex in acme/app (1296269)
    there was nothing of preview 42 to delete; 11 things that look like it stay: route `identity-preview-42.example.com/*`, route `content-preview-42.example.com/*`, route `web-preview-42.example.com/*`, Worker `web-preview-42`, Worker `content-preview-42` and 6 more
    ");
    assert!(!run.log().contains("nothing of preview 42 is left"), "{run}");
    assert!(
        !run.summary.contains("Nothing of preview 42 is left"),
        "{}",
        run.summary
    );
    assert_eq!(names(&world), before);
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn anothers_records_and_branches_under_our_names_are_told() {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    world
        .seed(&json!({
            "cloudflare": {"zones": [{"name": "example.com", "records": [
                record("web-preview-42", "codex-actions:8:eve/other:shop:preview:42"), record("content-preview-42", "by hand")]}]},
            "neon": {"branches": [{"name": "preview-pr-42", "annotation": {"github-commit-repo": "eve/other", "github-pr-number": "42"}}]}}))
        .await;
    let run = clean(&world).await;
    insta::assert_snapshot!(told(&run), @"
    exit 0, left 0, kept 3
    preview 42: nothing to change, 3 to keep
    DNS record `web-preview-42.example.com` is kept: it belongs to preview 42 of shop in eve/other (8)
    DNS record `content-preview-42.example.com` is kept: it carries nobody's marker, and a name proves nothing
    branch `preview-pr-42` is kept: it belongs to eve/other
    there was nothing of preview 42 to delete; 3 things that look like it stay: DNS record `web-preview-42.example.com`, DNS record `content-preview-42.example.com`, branch `preview-pr-42`
    ");
    assert_eq!(run.output("kept"), "3", "{run}");
    assert!(branches(&world.state()).contains(&"preview-pr-42".to_owned()));
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn a_namesakes_namespace_is_not_ours() {
    // Another repository has an environment of our very name: its Worker binds a namespace of our very title.
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    world
        .seed(&json!({"cloudflare": {
            "kv": [{"title": "codex-preview-42-CACHE"}],
            "workers": [
                {"name": "shop-preview-42", "tags": ["codex-actions:8:eve/other:codex:preview:42"]},
                {"name": "identity-preview-42", "tags": [MARKER]}]}}))
        .await;
    let run = clean(&world).await;
    insta::assert_snapshot!(told(&run), @"
    exit 0, left 0, kept 2
    preview 42: 1 to delete, 2 to keep
    Worker `shop-preview-42` is kept: it belongs to preview 42 of codex in eve/other (8)
    KV namespace `codex-preview-42-CACHE` is kept: it is for Worker `shop-preview-42`, which belongs to preview 42 of codex in eve/other (8)
    deleted Worker `identity-preview-42`
    deleted 1 thing of preview 42 in … s; 2 things that look like it stay: Worker `shop-preview-42`, KV namespace `codex-preview-42-CACHE`
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_namespace_whose_title_another_environment_makes_as_well_stays() {
    // `codex` and `preview-42`, joined, are `codex`, `preview` and 42; the pull request's own Worker is gone. A record of
    // the other says as much as its Worker.
    for (repository, on_worker, told_as) in [
        (
            "8:eve/other",
            true,
            "it is for Worker `shop`, which belongs to preview-42 of codex in eve/other (8)",
        ),
        (
            "1296269:acme/app",
            true,
            "it is for Worker `shop`, which belongs to preview-42 of codex",
        ),
        (
            "8:eve/other",
            false,
            "it belongs to preview-42 of codex in eve/other (8)",
        ),
    ] {
        let world = World::start().await;
        world.file("codex.toml", MANIFEST);
        let marker = format!("codex-actions:{repository}:codex:preview-42");
        let record = json!({"type": "AAAA", "name": "shop.example.com", "content": "100::", "comment": marker});
        let others = if on_worker {
            json!({"workers": [{"name": "shop", "tags": [marker]}]})
        } else {
            json!({"zones": [{"name": "example.com", "records": [record]}]})
        };
        world
            .seed(&json!({"cloudflare": {"kv": [{"title": "codex-preview-42-CACHE"}]}}))
            .await;
        world.seed(&json!({"cloudflare": others})).await;
        let run = clean(&world).await;
        assert_eq!(run.output("changed"), "false", "{run}");
        let log = told(&run);
        let line = format!("KV namespace `codex-preview-42-CACHE` is kept: {told_as}");
        assert!(log.contains(&line), "{log}");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_was_not_looked_at_is_not_said_to_be_gone() {
    let world = world().await;
    let neon = world.run("cleanup").input("only", "neon").go().await;
    insta::assert_snapshot!(steady(&neon.log()), @"
    preview 42: 1 to delete
    deleted branch `preview-pr-42`
    nothing of preview 42 is left at Neon; deleted 1 thing in … s; Cloudflare was not looked at
    ");
    assert_eq!(neon.report["unseen"], "Cloudflare", "{neon}");
    let told = world
        .run("pr-comment")
        .input("reports", neon.output("report"))
        .go()
        .await;
    assert_eq!(told.code, 0, "{told}");
    assert!(
        told.summary
            .contains("Preview is removed, but for Cloudflare, which was not looked at"),
        "{}",
        told.summary
    );
    let cloudflare = world.run("cleanup").input("only", "cloudflare").go().await;
    assert!(
        cloudflare
            .log()
            .contains("nothing of preview 42 is left at Cloudflare; deleted 10 things"),
        "{cloudflare}"
    );
    world.finish().await;
}

#[tokio::test]
async fn what_the_manifest_has_dropped_is_looked_for_all_the_same() {
    let world = world().await;
    let manifest = MANIFEST
        .replace("kv = [\"CACHE\"]\n", "")
        .replace("branch = \"preview-pr-{pr}\"\n", "");
    world.file(
        "codex.toml",
        &manifest.replace("[database]\nparent = \"production\"\n", ""),
    );
    let run = clean(&world).await;
    assert_eq!(
        (run.code, run.output("left"), run.output("kept")),
        (0, "0", "1"),
        "{run}"
    );
    assert!(
        outcomes(&run).contains(&"deleted branch preview-pr-42".to_owned()),
        "{run}"
    );
    assert!(
        outcomes(&run).contains(&"kept kv-namespace codex-preview-42-CACHE".to_owned()),
        "{run}"
    );
    // A token that may not see namespaces is no failure where the manifest has none.
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/storage/kv/namespaces", "status": 403, "times": 9,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
    let again = clean(&world).await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.finish().await;
}
