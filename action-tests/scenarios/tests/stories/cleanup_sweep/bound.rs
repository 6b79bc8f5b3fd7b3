//! KV namespaces that a Worker which stays binds by their id, whatever the namespaces are called.

use super::*;

/// Nothing of preview 12 is there but its namespace, which these Workers bind.
async fn only_a_namespace(bound_by: &[(&str, &str)]) -> World {
    let world = world("").await;
    let workers: Vec<Value> = bound_by
        .iter()
        .map(|(name, tag)| json!({"name": name, "tags": [tag], "kv": {"STORE": "11112222333344445555666677778888"}}))
        .collect();
    let mut seed = Seed::default();
    seed.pull(12, "closed");
    seed.plant(&world).await;
    world
        .seed(&json!({"cloudflare": {"workers": workers,
            "kv": [{"title": "codex-preview-12-CACHE", "id": "11112222333344445555666677778888"}]}}))
        .await;
    world
}

/// A teardown of preview 12.
fn teardown(world: &World) -> Start<'_> {
    world.run("cleanup").input("pull-request", "12").on_push()
}

#[tokio::test]
async fn what_another_worker_binds_stays() {
    let mut told = Vec::new();
    for (worker, tag) in [
        ("api-production", "codex-actions:1296269:acme/app:codex:production"),
        ("reports", "codex-actions:8:eve/app:reports:preview:7"),
        ("by-hand", "nobody"),
    ] {
        for start in [sweep, teardown] {
            let world = only_a_namespace(&[(worker, tag)]).await;
            let before = names(&world);
            let dry = ok(start(&world).input("dry-run", "true").go().await);
            assert!(dry.log().contains("codex-preview-12-CACHE"), "{dry}");
            let run = ok(start(&world).input("environment", "preview").go().await);
            assert_eq!(gone(&before, &world), BTreeSet::new(), "{run}");
            assert_eq!((run.output("changed"), run.output("kept")), ("false", "1"), "{run}");
            assert!(run.log().contains(&format!("bound by Worker `{worker}`")), "{run}");
            told.push(last_line(&run));
            world.finish().await;
        }
    }
    insta::assert_snapshot!(told.join("\n"), @"
    nothing to sweep; 1 thing looks like ours and stays, since nothing tells whose: KV namespace `codex-preview-12-CACHE`
    there was nothing of preview 12 to delete; 1 thing that looks like it stays: KV namespace `codex-preview-12-CACHE`
    nothing to sweep; 1 thing looks like ours and stays, since nothing tells whose: KV namespace `codex-preview-12-CACHE`
    there was nothing of preview 12 to delete; 1 thing that looks like it stays: KV namespace `codex-preview-12-CACHE`
    nothing to sweep; 1 thing looks like ours and stays, since nothing tells whose: KV namespace `codex-preview-12-CACHE`
    there was nothing of preview 12 to delete; 1 thing that looks like it stays: KV namespace `codex-preview-12-CACHE`
    ");
}

#[tokio::test]
async fn what_nobody_binds_goes() {
    for start in [sweep, teardown] {
        let world = only_a_namespace(&[]).await;
        world
            .seed(&json!({"cloudflare": {"workers": [{"name": "unrelated", "kv": {"STORE": "99992222333344445555666677778888"}}],
                "kv": [{"title": "other", "id": "99992222333344445555666677778888"}]}}))
            .await;
        let before = names(&world);
        let run = ok(start(&world).go().await);
        let expected = BTreeSet::from(["KV codex-preview-12-CACHE".to_owned()]);
        assert_eq!(gone(&before, &world), expected, "{run}");
        world.finish().await;
    }
}

#[tokio::test]
async fn where_bindings_cannot_be_read_nothing_is_guessed() {
    for start in [sweep, teardown] {
        let world = only_a_namespace(&[("by-hand", "nobody")]).await;
        world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts/*/settings", "status": 403, "times": null,
            "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
        let mark = world.mark();
        let run = start(&world).go().await;
        assert!(run.log().contains("codex-preview-12-CACHE"), "{run}");
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn production_keeps_what_a_preview_made_for_it_and_others_are_not_asked() {
    let world = only_a_namespace(&[("api-production", "codex-actions:1296269:acme/app:codex:production")]).await;
    world
        .seed(&json!({"cloudflare": {"workers": [
            {"name": "identity-preview-12", "tags": [marker(12)], "kv": {"CACHE": "11112222333344445555666677778888"}},
            {"name": "tenant"}]}}))
        .await;
    let mark = world.mark();
    let run = ok(teardown(&world).go().await);
    assert!(names(&world).contains(&"KV codex-preview-12-CACHE".to_owned()), "{run}");
    assert!(
        !names(&world).contains(&"Worker identity-preview-12".to_owned()),
        "{run}"
    );
    let asked: Vec<String> = world
        .lines_since(mark)
        .into_iter()
        .filter(|line| line.contains("/settings"))
        .collect();
    assert!(asked.len() == 1 && asked[0].contains("api-production"), "{asked:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_sweep_without_neons_keys_says_so_and_a_manifest_that_is_not_there_is_refused() {
    let world = world("").await;
    let mut seed = Seed::default();
    seed.preview(13, 1);
    seed.pull(13, "open");
    seed.plant(&world).await;
    let bare = MANIFEST
        .replace("RULES", "")
        .replace("[database]\nparent = \"production\"\n", "")
        .replace("branch = \"preview-pr-{pr}\"\n", "");
    world.file("codex.toml", &bare);
    let run = ok(sweep(&world)
        .input("neon-api-key", "")
        .input("neon-project-id", "")
        .go()
        .await);
    insta::assert_snapshot!(last_line(&run), @"nothing to sweep: 1 environment of this repository, alive as far as was looked; Neon was not looked at: pass its keys to have branches looked for");
    assert_eq!(run.report["unseen"], "Neon", "{run}");
    for start in [sweep, teardown] {
        let mark = world.mark();
        let run = start(&world).input("manifest", "codx.toml").go().await;
        assert_eq!(run.code, 2, "{run}");
        assert!(run.error().contains("codx.toml"), "{run}");
        assert!(world.since(mark).is_empty(), "{run}");
    }
    world.finish().await;
}
