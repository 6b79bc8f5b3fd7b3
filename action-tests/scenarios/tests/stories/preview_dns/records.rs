//! Explicit records, TTLs, wildcards and certificates.

use super::*;

fn explicit<'w>(world: &'w World, records: &str) -> Start<'w> {
    dns(world, "apply")
        .input("zone", "example.com")
        .input("routing", "record")
        .input("records", records)
}

fn ours(world: &World) -> String {
    let ours = zone(world).into_iter().filter(|record| record["comment"].is_string());
    let line = |record: Value| {
        format!(
            "{} {} {} ttl {}{}",
            record["type"].as_str().unwrap(),
            record["name"].as_str().unwrap(),
            record["content"].as_str().unwrap(),
            record["ttl"],
            if record["proxied"] == true { " proxied" } else { "" }
        )
    };
    ours.map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn explicit_records_are_made_changed_and_replaced() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([{"type": "TXT", "name": "_v", "content": "\"somebody's\"", "ttl": 300}]),
    )
    .await;
    let run = explicit(
        &world,
        "CNAME docs acme.github.io\nA one 192.0.2.1 proxied ttl=1h\nA two 192.0.2.1\nA two 192.0.2.2\nTXT _v v=\"1\" \\ yes\nAAAA six 2001:DB8:0::1 ttl=60s",
    )
    .go()
    .await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(ours(&world), @r#"
    CNAME docs.example.com acme.github.io ttl 300
    A one.example.com 192.0.2.1 ttl 1 proxied
    A two.example.com 192.0.2.1 ttl 300
    A two.example.com 192.0.2.2 ttl 300
    TXT _v.example.com "v=\"1\" \\ yes" ttl 300
    AAAA six.example.com 2001:db8::1 ttl 60
    "#);

    let again = explicit(
        &world,
        "CNAME docs acme.github.io.\nA one 192.0.2.1 proxied\nA two 192.0.2.2\nA two 192.0.2.1\nTXT _v v=\"1\" \\ yes\nAAAA six 2001:db8::1 ttl=60s",
    )
    .go()
    .await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");

    let mark = world.mark();
    let changed = explicit(&world, "A docs 192.0.2.3\nA one 192.0.2.9\nA two 192.0.2.2")
        .go()
        .await;
    assert_eq!(changed.code, 0, "{changed}");
    insta::assert_snapshot!(told(&changed), @r"
    A two.example.com: unchanged
    A docs.example.com: created
    A one.example.com: updated (A 192.0.2.1 → A 192.0.2.9, proxied → DNS only, ttl 1 → 300)
    CNAME docs.example.com: deleted (replaced)
    A two.example.com: deleted (replaced)
    ");
    assert_eq!(world.since(mark).len(), 2);

    // With `prune` the rest of this owner's goes, too.
    let pruned = explicit(&world, "A docs 192.0.2.3").input("prune", "true").go().await;
    assert_eq!(pruned.code, 0, "{pruned}");
    insta::assert_snapshot!(ours(&world), @"A docs.example.com 192.0.2.3 ttl 300");
    world.finish().await;
}

#[tokio::test]
async fn the_ttl_is_short_in_pull_requests_and_long_elsewhere() {
    let world = nine_services().await;
    let records = "CNAME a acme.github.io\nCNAME b acme.github.io ttl=90s\nCNAME c acme.github.io proxied";
    assert_eq!(explicit(&world, records).go().await.code, 0);
    insta::assert_snapshot!(ours(&world), @r"
    CNAME a.example.com acme.github.io ttl 300
    CNAME b.example.com acme.github.io ttl 90
    CNAME c.example.com acme.github.io ttl 1 proxied
    ");
    let long = records
        .replace("CNAME a", "CNAME x")
        .replace("CNAME b", "CNAME y")
        .replace("CNAME c", "CNAME z");
    let run = explicit(&world, &long)
        .on_push()
        .input("environment", "production")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let auto = explicit(&world, "CNAME auto acme.github.io")
        .input("ttl", "auto")
        .input("proxied", "false")
        .go()
        .await;
    assert_eq!(auto.code, 0, "{auto}");
    insta::assert_snapshot!(ours(&world).lines().skip(3).collect::<Vec<_>>().join("\n"), @r"
    CNAME x.example.com acme.github.io ttl 3600
    CNAME y.example.com acme.github.io ttl 90
    CNAME z.example.com acme.github.io ttl 1 proxied
    CNAME auto.example.com acme.github.io ttl 1
    ");
    world.finish().await;
}

#[tokio::test]
async fn the_manifests_records_come_with_the_environment_and_go_with_it() {
    let world = nine_services().await;
    let before = zone_lines(&world);
    world.file(
        "codex.toml",
        &manifest("records = [{ name = \"docs-{pr}\", type = \"CNAME\", content = \"{web.hostname}\", ttl = \"2m\" }]"),
    );
    let run = dns(&world, "apply").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        ours(&world).contains("CNAME docs-42.example.com web-preview-42.example.com ttl 120"),
        "{}",
        ours(&world)
    );
    assert_eq!(dns(&world, "delete").go().await.code, 0);
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn one_wildcard_serves_all_hostnames_and_the_missing_certificate_is_told() {
    let world = nine_services().await;
    let deep = manifest("wildcard = true").replace("{subdomain}-preview-{pr}", "{subdomain}.preview-{pr}");
    world.file("codex.toml", &deep);
    let run = dns(&world, "apply").go().await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(told(&run), @"AAAA *.preview-42.example.com: created");
    let warnings: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("::warning"))
        .collect();
    insta::assert_snapshot!(warnings.join("\n"), @"::warning title=preview-dns::no certificate of `example.com` covers `*.preview-42.example.com`: Universal SSL reaches one label below the zone, so HTTPS fails there. Use hostnames with one label, or order an advanced certificate");
    world.finish().await;
}

#[tokio::test]
async fn switching_from_single_records_to_a_wildcard_leaves_one() {
    let world = nine_services().await;
    let deep = manifest("").replace("{subdomain}-preview-{pr}", "{subdomain}.preview-{pr}");
    world.file("codex.toml", &deep);
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    let run = dns(&world, "apply").input("wildcard", "true").go().await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(ours(&world), @"AAAA *.preview-42.example.com 100:: ttl 1 proxied");
    world.finish().await;
}
