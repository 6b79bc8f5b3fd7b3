//! What goes although its pull request is open: by the manifest's rules, and by `idle`.

use super::*;

/// Three open pull requests, deployed 9, 2 and 5 days ago.
async fn three(rules: &str) -> World {
    let world = world(rules).await;
    let mut seed = Seed::default();
    for (number, days) in [(20, 9), (21, 2), (22, 5)] {
        seed.preview(number, days);
        seed.pulls
            .push(json!({"number": number, "state": "open", "updated_seconds_ago": (days - 1) * DAY}));
    }
    seed.plant(&world).await;
    world
}

#[tokio::test]
async fn previews_end_by_age_by_idleness_and_by_number() {
    let mut told = Vec::new();
    for (rules, idle, gone_numbers) in [
        ("", None, vec![]),
        ("expires = \"7d\"", None, vec![20]),
        ("", Some("5d"), vec![20]),
        ("", Some("3d"), vec![20, 22]),
        ("limit = 2", None, vec![]),
        ("limit = 2\non-limit = \"evict-oldest\"", None, vec![20]),
        ("limit = 1\non-limit = \"evict-oldest\"", None, vec![20, 22]),
        // What goes by age makes room.
        (
            "limit = 2\non-limit = \"evict-oldest\"\nexpires = \"7d\"",
            None,
            vec![20],
        ),
    ] {
        let world = three(rules).await;
        let before = names(&world);
        let mut start = sweep(&world);
        if let Some(idle) = idle {
            start = start.input("idle", idle);
        }
        let run = ok(start.go().await);
        let expected: BTreeSet<String> = gone_numbers.iter().flat_map(|number| whole(*number)).collect();
        assert_eq!(gone(&before, &world), expected, "{rules} {idle:?}\n{run}");
        let environments = run.report["environments"].as_array().cloned().unwrap_or_default();
        told.extend(
            environments
                .iter()
                .map(|swept| undated(swept["reason"].as_str().unwrap())),
        );
        let mark = world.mark();
        ok(sweep(&world).go().await);
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
    told.dedup();
    insta::assert_snapshot!(told.join("\n"), @"
    it was deployed on DAY, and `expires` is 7 days
    it was neither deployed nor talked about since DAY, and `idle` is 5 days
    it was neither deployed nor talked about since DAY, and `idle` is 3 days
    3 are alive, `limit` is 2, and it was deployed the longest ago
    3 are alive, `limit` is 1, and it was deployed the longest ago
    it was deployed on DAY, and `expires` is 7 days
    ");
}

#[tokio::test]
async fn a_push_during_the_sweep_saves_an_old_preview() {
    let world = three("expires = \"7d\"").await;
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts", "delay_ms": 3000, "times": 1}));
    let started = sweep(&world).start();
    loop {
        let asked = world.requests();
        if asked
            .iter()
            .any(|request| request["path"].as_str().unwrap().contains("/graphql") && !request["status"].is_null())
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world
        .seed(&json!({"github": {"pulls": [{"number": 20, "head_sha": "1234567890123456789012345678901234567890"}]}}))
        .await;
    let mark = world.mark();
    let run = ok(started.wait().await);
    world.assert_only_reads_since(mark);
    insta::assert_snapshot!(run.report["environments"][0]["detail"].as_str().unwrap(), @"pull request #20 was pushed to meanwhile");
    world.finish().await;
}

/// The same repository under another name, without its manifest, after a service was renamed.
#[tokio::test]
async fn markers_alone_are_enough() {
    let world = World::start().await;
    let mut seed = Seed::default();
    seed.preview(12, 9);
    seed.preview(13, 9);
    seed.pull(12, "closed");
    seed.pull(13, "open");
    // Of another project of this repository, of which no manifest tells.
    let docs = "codex-actions:1296269:acme/older:docs:preview:12";
    seed.worker("docs-12", docs, &json!({}), 9);
    seed.record("docs-12", docs);
    seed.route("docs-12", "docs-12");
    seed.plant(&world).await;
    let before = names(&world);
    let lost = sweep(&world).go().await;
    assert_eq!(lost.code, 2, "{lost}");
    insta::assert_snapshot!(lost.error(), @"
    one input is wrong; nothing was touched
    - `cloudflare-zone-id`: missing; there is no manifest, and nothing else says where routes and DNS records are looked for
    ");
    let run = ok(sweep(&world)
        .input("cloudflare-zone-id", scenarios::ids::ZONE)
        .go()
        .await);
    // A namespace carries no marker, and nothing names it any more.
    let mut expected: BTreeSet<String> = whole(12).into_iter().filter(|name| !name.starts_with("KV")).collect();
    expected.extend(
        [
            "Worker docs-12",
            "record docs-12.example.com",
            "route docs-12.example.com/*",
        ]
        .map(str::to_owned),
    );
    assert_eq!(gone(&before, &world), expected, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn one_environment_of_a_manifest_is_swept_alone() {
    let world = pair("").await;
    let mut seed = Seed::default();
    let other = "codex-actions:1296269:acme/app:codex:e2e:12";
    seed.worker("web-e2e-12", other, &json!({}), 9);
    seed.record("web-e2e-12", other);
    seed.plant(&world).await;
    let refused = sweep(&world).input("environment", "production").go().await;
    assert_eq!(refused.code, 2, "{refused}");
    let before = names(&world);
    ok(sweep(&world).input("environment", "preview").go().await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    ok(sweep(&world).go().await);
    assert!(!names(&world).contains(&"Worker web-e2e-12".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn a_renamed_service_goes_with_its_preview() {
    let world = pair("").await;
    world.file(
        "codex.toml",
        &MANIFEST
            .replace("RULES", "")
            .replace("[services.media]", "[services.files]"),
    );
    let before = names(&world);
    ok(sweep(&world).go().await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    world.finish().await;
}

#[tokio::test]
async fn inputs_of_one_environment_are_refused() {
    let world = pair("").await;
    let run = sweep(&world)
        .input("only", "neon")
        .input("adopt", "true")
        .input("pull-request", "12")
        .input("max-environments", "many")
        .input("idle", "long")
        .without("github-token")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    6 inputs are wrong; nothing was touched
    - `only`, `adopt` and `pull-request`: a sweep looks at every pull request's; leave it out, or use `command: environment`
    - `max-environments`: `many` is not a whole number, such as `42`
    - `github-token`: missing; pass `github-token: ${{ github.token }}`
    - `idle`: `long` is not a duration, such as `90s`, `5m` or `7d`
    ");
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn restore_points_beyond_those_to_keep_go_with_a_sweep() {
    let world = pair("").await;
    let of = scenarios::ids::NEON_DEFAULT_BRANCH;
    let point = |name: &str, days: i64| {
        json!({"name": name, "created_seconds_ago": days * DAY, "annotation": {
            "codex-actions": "codex-actions:1296269:acme/app:codex:production",
            "codex-actions-kind": "checkpoint", "codex-actions-of": of}})
    };
    world
        .seed(&json!({"neon": {"branches": [point("point-1", 3), point("point-2", 2), point("point-3", 1)]}}))
        .await;
    let before = names(&world);
    ok(sweep(&world).go().await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    let before = names(&world);
    let run = ok(sweep(&world).input("keep", "2").go().await);
    assert_eq!(
        gone(&before, &world),
        BTreeSet::from(["branch point-1".to_owned()]),
        "{run}"
    );
    assert_eq!(run.output("changed"), "true");
    world.finish().await;
}
