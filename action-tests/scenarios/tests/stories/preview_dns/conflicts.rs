//! Names that somebody else has, and taking them over.

use super::*;

#[tokio::test]
async fn a_taken_name_stops_the_run_before_anything_is_written() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([
            {"type": "CNAME", "name": "docs", "content": "acme-docs.pages.dev", "ttl": 1, "proxied": true},
            {"type": "A", "name": "old", "content": "192.0.2.7", "ttl": 300},
            {"type": "A", "name": "shared", "content": "192.0.2.8", "ttl": 300, "comment": "codex-actions:1296269:acme/app:hosts:preview:7"},
        ]),
    )
    .await;
    let before = zone_lines(&world);
    let mark = world.mark();
    let run = hosts(&world, "apply", "api\ndocs\nold\nshared").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    insta::assert_snapshot!(run.error(), @"
    3 names are taken; nothing was touched
    - `docs.example.com`: CNAME acme-docs.pages.dev (of a Pages project, not ours)
    - `old.example.com`: A 192.0.2.7 (not ours)
    - `shared.example.com`: A 192.0.2.8 (of preview 7 of hosts in this repository)
    hint: take over what is not ours with `adopt: true` (a dry run shows what that changes), or delete it; run `command: delete` for the environment that owns a record, or delete it by hand; or use other hostnames
    ");
    insta::assert_snapshot!(told(&run), @"
    AAAA api.example.com: missing
    AAAA docs.example.com: conflict (CNAME acme-docs.pages.dev (of a Pages project, not ours))
    AAAA old.example.com: conflict (A 192.0.2.7 (not ours))
    AAAA shared.example.com: conflict (A 192.0.2.8 (of preview 7 of hosts in this repository))
    ");
    world.assert_only_reads_since(mark);
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn adopting_is_planned_visibly_and_makes_the_name_ours() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([
            {"type": "CNAME", "name": "docs", "content": "acme-docs.pages.dev", "ttl": 1, "proxied": true},
            {"type": "AAAA", "name": "old", "content": "2001:db8::1", "ttl": 300, "comment": "by hand"},
            {"type": "AAAA", "name": "right", "content": "100::", "ttl": 1, "proxied": true},
            {"type": "A", "name": "twice", "content": "192.0.2.7", "ttl": 300},
            {"type": "A", "name": "twice", "content": "192.0.2.8", "ttl": 300},
            {"type": "TXT", "name": "twice", "content": "keep me", "ttl": 300},
        ]),
    )
    .await;
    let start = || hosts(&world, "apply", "docs\nold\nright\ntwice").input("adopt", "true");
    let planned = start().input("dry-run", "true").go().await;
    assert_eq!(planned.code, 0, "{planned}");
    insta::assert_snapshot!(planned.summary, @"
    ### DNS `apply`: preview of acme/app (pull request #42)

    dry run, nothing was touched in `example.com`: 2 to create, 2 to change, 3 to delete

    | | what | name | detail |
    |---|---|---|---|
    | `+` | DNS record | `docs.example.com` | AAAA 100:: proxied |
    | `-` | DNS record | `docs.example.com` | CNAME acme-docs.pages.dev, adopt: makes room |
    | `~` | DNS record | `old.example.com` | adopt: AAAA 2001:db8::1 → AAAA 100::, DNS only → proxied |
    | `~` | DNS record | `right.example.com` | adopt: comment |
    | `+` | DNS record | `twice.example.com` | AAAA 100:: proxied |
    | `-` | DNS record | `twice.example.com` | A 192.0.2.7, adopt: makes room |
    | `-` | DNS record | `twice.example.com` | A 192.0.2.8, adopt: makes room |
    ");

    let mark = world.mark();
    let run = start().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(world.since(mark).len(), 2);
    let now = zone_lines(&world)
        .into_iter()
        .filter(|line| !line.contains(" example.com") && !line.contains("www."));
    insta::assert_snapshot!(now.collect::<Vec<_>>().join("\n"), @r"
    AAAA docs.example.com 100:: proxied # codex-actions:1296269:acme/app:hosts:preview:42
    AAAA old.example.com 100:: proxied # codex-actions:1296269:acme/app:hosts:preview:42
    AAAA right.example.com 100:: proxied # codex-actions:1296269:acme/app:hosts:preview:42
    AAAA twice.example.com 100:: proxied # codex-actions:1296269:acme/app:hosts:preview:42
    TXT twice.example.com keep me
    ");

    let again = start().go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.finish().await;
}

#[tokio::test]
async fn what_another_environment_owns_is_never_adopted() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([{"type": "AAAA", "name": "api", "content": "100::", "ttl": 1, "proxied": true, "comment": "codex-actions:1296269:acme/app:hosts:preview:7"}]),
    )
    .await;
    let mark = world.mark();
    let run = hosts(&world, "apply", "api").input("adopt", "true").go().await;
    // It serves as it is, so it is no conflict; but it stays the other's.
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    insta::assert_snapshot!(told(&run), @"AAAA api.example.com: unchanged (AAAA 100:: (of preview 7 of hosts in this repository), left alone)");
    let changed = hosts(&world, "apply", "")
        .input("routing", "record")
        .without("hosts")
        .input("records", "A api 192.0.2.1")
        .input("adopt", "true")
        .go()
        .await;
    assert_eq!(changed.code, 1, "{changed}");
    insta::assert_snapshot!(changed.error(), @"
    1 name is taken; nothing was touched
    - `api.example.com`: AAAA 100:: (of preview 7 of hosts in this repository)
    hint: run `command: delete` for the environment that owns a record, or delete it by hand; or use other hostnames
    ");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_custom_domains_record_is_never_touched() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "legacy", "domains": ["api.example.com"]}]}}))
        .await;
    let before = zone_lines(&world);
    for adopt in ["false", "true"] {
        let mark = world.mark();
        let run = hosts(&world, "apply", "api").input("adopt", adopt).go().await;
        assert_eq!(run.code, 1, "{run}");
        insta::allow_duplicates! { insta::assert_snapshot!(run.error(), @r"
        1 name is taken; nothing was touched
        - `api.example.com`: AAAA 100:: (made by the custom domain of a Worker)
        hint: detach a custom domain in the dashboard: Workers & Pages → the Worker → Settings → Domains & Routes; or use other hostnames
        "); }
        world.assert_only_reads_since(mark);
    }
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn a_plan_that_destroys_too_much_is_refused_whole() {
    let world = nine_services().await;
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    let one = manifest("").split("[services.web]").next().unwrap().to_owned();
    world.file("codex.toml", &one);
    let mark = world.mark();
    let run = dns(&world, "apply").input("max-deletes", "3").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @r"
    the plan deletes or changes 8 DNS records, more than the 3 that `max-deletes` allows; nothing was touched
    hint: read the plan above; if it is meant, set `max-deletes: 8`
    ");
    world.assert_only_reads_since(mark);

    // Within the limit, what the manifest no longer names goes.
    let run = dns(&world, "apply").go().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    let left: Vec<String> = zone_lines(&world)
        .into_iter()
        .filter(|line| line.contains("-preview-42"))
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    world.finish().await;
}
