//! Big zones, lost answers, races, refusals.

use super::*;

/// Enough TXT records of strangers to need more than one page.
fn strangers(count: usize) -> Value {
    (0..count)
        .map(|n| json!({"type": "TXT", "name": format!("stranger-{n}"), "content": "x", "ttl": 300}))
        .collect()
}

#[tokio::test]
async fn zones_past_one_hundred_and_past_five_thousand_records_are_read_whole() {
    for (count, pages) in [(150, 1), (5200, 2)] {
        let world = World::start().await;
        world
            .seed(&json!({"cloudflare": {"settings": {"record_quota": 10_000}}}))
            .await;
        seed_records(&world, strangers(count)).await;
        // Last in the list, so on its last page: missing it would plan a second one.
        seed_records(
            &world,
            json!([{"type": "AAAA", "name": "api", "content": "100::", "ttl": 1, "proxied": true, "comment": "codex-actions:1296269:acme/app:hosts:preview:42"}]),
        )
        .await;
        let mark = world.mark();
        let run = hosts(&world, "apply", "api").go().await;
        assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
        assert_eq!(world.since(mark).len(), pages, "{:?}", world.lines_since(mark));
        world.finish().await;
    }
}

#[tokio::test]
async fn more_than_two_hundred_changes_go_in_chunks() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {"settings": {"record_quota": 1000}}}))
        .await;
    let records: Vec<String> = (0..205).map(|n| format!("TXT t{n} x")).collect();
    let start = |command| {
        dns(&world, command)
            .input("zone", "example.com")
            .input("routing", "record")
            .input("records", records.join("\n"))
    };
    let mark = world.mark();
    let run = start("apply").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!((world.since(mark).len(), zone(&world).len()), (3, 208));
    let mark = world.mark();
    assert_eq!(start("delete").go().await.code, 0);
    assert_eq!((world.since(mark).len(), zone(&world).len()), (3, 3));
    world.finish().await;
}

#[tokio::test]
async fn a_batch_that_fails_half_way_leaves_nothing() {
    let world = nine_services().await;
    // Room for four more: the fifth of nine is refused, and the batch with it.
    world
        .seed(&json!({"cloudflare": {"settings": {"record_quota": 7}}}))
        .await;
    let before = zone_lines(&world);
    let run = dns(&world, "apply").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    insta::assert_snapshot!(without_rays(&run.error()), @r"
    could not change the DNS records of `example.com`
    caused by: Cloudflare answered 400 (code 81045, ray …): Record quota exceeded.
    hint: the zone's quota of DNS records is used up (200 on new Free zones): delete records that are no longer needed
    ");
    assert_eq!(zone_lines(&world), before);
    assert!(
        told(&run).lines().all(|line| line.ends_with(": missing")),
        "{}",
        told(&run)
    );
    world.finish().await;
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_is_found_out() {
    for command in ["apply", "delete"] {
        let world = nine_services().await;
        if command == "delete" {
            assert_eq!(dns(&world, "apply").go().await.code, 0);
        }
        world.fail(
            &json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "drop": "after"}),
        );
        let mark = world.mark();
        let run = dns(&world, command).go().await;
        assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
        let verb = if command == "apply" { "created" } else { "deleted" };
        let records = run.report["records"].as_array().unwrap();
        assert_eq!(
            records.iter().filter(|record| record["action"] == verb).count(),
            9,
            "{run}"
        );
        assert_eq!(zone(&world).len(), if command == "apply" { 12 } else { 3 });
        // List, batch (lost), list: nothing is sent twice.
        let writes = world
            .since(mark)
            .iter()
            .filter(|request| request["write"] == true)
            .count();
        assert_eq!(writes, 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_lost_request_and_a_server_error_are_tried_again() {
    for fault in [
        json!({"drop": "before"}),
        json!({"status": 502, "body": "<html>Bad gateway</html>"}),
        json!({"status": 500, "after": true}),
    ] {
        let world = nine_services().await;
        let mut rule = json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch"});
        rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        world.fail(&rule);
        let run = dns(&world, "apply").go().await;
        assert_eq!((run.code, zone(&world).len()), (0, 12), "{run}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_run_that_never_gets_an_answer_converges_when_run_again() {
    let world = nine_services().await;
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "drop": "after"},
        {"provider": "cloudflare", "method": "GET", "path": "/zones/*/dns_records", "status": 403, "skip": 1,
         "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}},
    ]));
    let run = dns(&world, "apply").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(without_rays(&run.error()), @r"
    could not list the DNS records of `example.com`
    caused by: Cloudflare answered 403 (code 10000, ray …): Authentication error
    hint: the token needs Zone → DNS → Edit on zone `example.com`; edit it under API Tokens in the dashboard
    ");
    let again = dns(&world, "apply").go().await;
    assert_eq!(
        (again.code, again.output("changed"), zone(&world).len()),
        (0, "false", 12),
        "{again}"
    );
    world.finish().await;
}

#[tokio::test]
async fn somebody_who_was_faster_is_no_failure() {
    for code in [81057, 81058, 81054] {
        let world = nine_services().await;
        world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "status": 400,
            "body": {"success": false, "errors": [{"code": code, "message": "exists"}], "messages": [], "result": null}}));
        let run = dns(&world, "apply").go().await;
        assert_eq!((run.code, zone(&world).len()), (0, 12), "{run}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_zone_without_batches_is_changed_one_by_one() {
    let world = nine_services().await;
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "times": null, "status": 404,
        "body": {"success": false, "errors": [{"code": 7003, "message": "Could not route to /batch, perhaps your object identifier is invalid?"}], "messages": [], "result": null}}));
    let run = dns(&world, "apply").go().await;
    assert_eq!((run.code, zone(&world).len()), (0, 12), "{run}");
    let changed = hosts(&world, "apply", "")
        .without("hosts")
        .input("owner", "codex")
        .input("routing", "record")
        .input(
            "records",
            "A web-preview-42 192.0.2.1\nAAAA auth-preview-42 2001:db8::1",
        )
        .go()
        .await;
    assert_eq!(changed.code, 0, "{changed}");
    insta::assert_snapshot!(told(&changed), @r"
    A web-preview-42.example.com: created
    AAAA auth-preview-42.example.com: updated (AAAA 100:: → AAAA 2001:db8::1, proxied → DNS only, ttl 1 → 300)
    AAAA web-preview-42.example.com: deleted (replaced)
    ");
    let run = dns(&world, "delete").go().await;
    assert_eq!((run.code, zone(&world).len()), (0, 3), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn one_by_one_a_failure_tells_what_was_done() {
    let world = nine_services().await;
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "times": null, "status": 404,
         "body": {"success": false, "errors": [{"code": 7003, "message": "Could not route"}], "messages": [], "result": null}},
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records", "skip": 2, "status": 400,
         "body": {"success": false, "errors": [{"code": 81045, "message": "Record quota exceeded."}], "messages": [], "result": null}},
    ]));
    let run = hosts(&world, "apply", "a\nb\nc\nd").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    insta::assert_snapshot!(told(&run), @r"
    AAAA a.example.com: created
    AAAA b.example.com: created
    AAAA c.example.com: missing
    AAAA d.example.com: missing
    ");
    insta::assert_snapshot!(without_rays(&run.error()), @r"
    could not create DNS record `AAAA c.example.com`
    caused by: Cloudflare answered 400 (code 81045, ray …): Record quota exceeded.
    hint: the zone's quota of DNS records is used up (200 on new Free zones): delete records that are no longer needed
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {"tokens": {
            "reads-dns-only": {"permissions": ["dns:read"]},
            "reads-nothing": {"permissions": []},
            "other-zone": {"zones": ["example.org"]},
            "not-a-token": {"status": "invalid"},
        }}}))
        .await;
    let mut told = Vec::new();
    for token in ["reads-dns-only", "reads-nothing", "other-zone", "not-a-token"] {
        let run = dns(&world, "apply").input("cloudflare-api-token", token).go().await;
        assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
        told.push(format!("## {token}\n{}", without_rays(&run.error())));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    ## reads-dns-only
    could not change the DNS records of `example.com`
    caused by: Cloudflare answered 403 (code 10000, ray …): Authentication error
    hint: the token needs Zone → DNS → Edit on zone `example.com`; edit it under API Tokens in the dashboard
    ## reads-nothing
    could not list the DNS records of `example.com`
    caused by: Cloudflare answered 403 (code 10000, ray …): Authentication error
    hint: the token needs Zone → DNS → Edit on zone `example.com`; edit it under API Tokens in the dashboard
    ## other-zone
    could not list the DNS records of `example.com`
    caused by: Cloudflare answered 403 (code 9109, ray …): Invalid zone identifier
    hint: the token needs Zone → DNS → Edit on zone `example.com`; edit it under API Tokens in the dashboard
    ## not-a-token
    could not list the DNS records of `example.com`
    caused by: Cloudflare answered 403 (code 9109, ray …): Invalid access token
    hint: the API token is not valid (revoked, or cut when it was copied): make a new one with Zone → DNS → Edit and store it as the secret `CLOUDFLARE_API_TOKEN`
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let world = nine_services().await;
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "status": 429, "headers": {"retry-after": "1"},
        "body": {"success": false, "errors": [{"code": 971, "message": "Please wait"}], "messages": [], "result": null}}));
    let run = dns(&world, "apply").go().await;
    assert_eq!((run.code, zone(&world).len()), (0, 12), "{run}");
    world.finish().await;
}
