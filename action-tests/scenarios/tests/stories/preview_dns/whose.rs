//! Whose a hostname, a zone and a record are.

use super::*;

#[tokio::test]
async fn a_hostname_that_a_route_leads_elsewhere_gets_no_record() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {
            "workers": [{"name": "tenant-preview-42"}],
            "zones": [{"name": "example.com", "routes": [
                {"pattern": "web-preview-42.example.com/*", "script": "tenant-preview-42"},
                // A wildcard behind which the exact route of ours goes first, and a route of another service of ours.
                {"pattern": "*.example.com/*", "script": "tenant-preview-42"},
                {"pattern": "auth-preview-42.example.com/*", "script": "mail-preview-42"}]}]}}))
        .await;
    let mark = world.mark();
    let run = dns(&world, "apply").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @"
    1 name is taken; nothing was touched
    - `web-preview-42.example.com`: route `web-preview-42.example.com/*` leads to Worker `tenant-preview-42`, which is not of this environment
    hint: delete a route that leads elsewhere: Workers & Pages → the Worker → Settings → Domains & Routes; or use other hostnames
    ");
    world.assert_only_reads_since(mark);
    // A token for DNS alone does without the look, and says so.
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/zones/*/workers/routes", "status": 403, "times": 1,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
    let run = dns(&world, "apply").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.log()
            .contains("whether routes lead these hostnames elsewhere was not looked at"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn two_zones_of_one_name_are_not_guessed_between() {
    let world = nine_services().await;
    let zone = |id: char, status: &str, account: &str| json!({"id": id.to_string().repeat(32), "name": "example.com", "status": status, "account": {"id": ids::ACCOUNT, "name": account}});
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/zones", "status": 200, "times": null,
        "body": {"success": true, "errors": [], "messages": [], "result": [zone('a', "moved", "Acme"), zone('b', "active", "Acme Labs")]}}));
    let mark = world.mark();
    for (input, value) in [("hosts", "api.example.com"), ("zone", "example.com")] {
        let mut start = world.run("preview-dns").input("command", "apply").input(input, value);
        if input == "zone" {
            start = start.input("hosts", "api");
        }
        let run = start.go().await;
        assert_eq!(run.code, 1, "{run}");
        if input == "zone" {
            insta::assert_snapshot!(run.error(), @"
            could not find zone `example.com`
            caused by: the token sees 2 zones of this name: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` (moved, account Acme), `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` (active, account Acme Labs)
            hint: say which one is meant by `cloudflare-zone-id`, or by `cloudflare-account-id` where they are in two accounts
            ");
        }
        assert!(run.error().contains("cloudflare-zone-id"), "{run}");
    }
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_zone_in_any_script_is_the_same_zone() {
    let world = World::start().await;
    world
        .seed(
            &json!({"cloudflare": {"zones": [{"name": "xn--bcher-kva.example", "records": [
            {"type": "A", "name": "xn--bcher-kva.example", "content": "192.0.2.10", "ttl": 3600}]}]}}),
        )
        .await;
    world.file("codex.toml", &manifest("").replace("example.com", "Bücher.example"));
    let run = world.run("preview-dns").input("command", "apply").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        told(&run).contains("web-preview-42.xn--bcher-kva.example: created"),
        "{run}"
    );
    let mark = world.mark();
    let again = world.run("preview-dns").input("command", "apply").go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_record_of_another_zone_is_refused() {
    let world = nine_services().await;
    let mark = world.mark();
    for name in ["docs.example.org", "docs.other.com", "docs.example.net."] {
        let run = dns(&world, "apply")
            .input("zone", "example.com")
            .input("routing", "record")
            .input(
                "records",
                format!("CNAME {name} acme.github.io\nTXT selector._domainkey v=DKIM1"),
            )
            .go()
            .await;
        assert_eq!(run.code, 2, "{run}");
        assert!(
            run.error()
                .contains(&format!("record `{name}` is not in zone `example.com`; write `")),
            "{}",
            run.error()
        );
    }
    world.file(
        "codex.toml",
        &manifest("records = [{ name = \"docs-{pr}.example.org\", type = \"CNAME\", content = \"acme.github.io\" }]"),
    );
    let run = dns(&world, "apply").go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    one input is wrong; nothing was touched
    - `manifest`: environment `preview`: record `docs-{pr}.example.org` is not in zone `example.com`; write `docs-{pr}.example.org.example.com` if that is meant
    ");
    assert_eq!(world.mark(), mark);
    world.finish().await;
}

#[tokio::test]
async fn a_renamed_repository_keeps_its_records_and_a_newcomer_gets_none() {
    let world = nine_services().await;
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    // The number in the comments is the same: nothing need be written.
    let mark = world.mark();
    let renamed = dns(&world, "apply")
        .env("GITHUB_REPOSITORY", "acme/platform")
        .go()
        .await;
    assert_eq!((renamed.code, renamed.output("changed")), (0, "false"), "{renamed}");
    world.assert_only_reads_since(mark);
    let newcomer = dns(&world, "delete")
        .env("GITHUB_REPOSITORY", "acme/app")
        .env("GITHUB_REPOSITORY_ID", "4711")
        .go()
        .await;
    assert_eq!((newcomer.code, newcomer.output("changed")), (0, "false"), "{newcomer}");
    let gone = dns(&world, "delete")
        .env("GITHUB_REPOSITORY", "acme/platform")
        .go()
        .await;
    assert_eq!(
        (gone.code, gone.report["records"].as_array().unwrap().len()),
        (0, 9),
        "{gone}"
    );
    world.finish().await;
}
