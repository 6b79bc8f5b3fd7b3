//! `routing = "custom-domain"`: Cloudflare owns the record; nothing may stand in its way.

use super::*;

#[tokio::test]
async fn nothing_is_made_and_what_is_in_the_way_is_named() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {
            "workers": [{"name": "auth-production", "domains": ["auth.example.com"]}, {"name": "legacy", "domains": ["mail.example.com"]}],
            "zones": [{"name": "example.com", "records": [
                {"type": "CNAME", "name": "web", "content": "acme-web.pages.dev", "ttl": 1, "proxied": true},
                {"type": "A", "name": "admin", "content": "192.0.2.9", "ttl": 300},
            ]}],
        }}))
        .await;
    for (command, headline) in [
        ("apply", "3 names are taken; nothing was touched"),
        ("verify", "3 of 9 DNS records are not right"),
    ] {
        let mark = world.mark();
        let run = dns(&world, command)
            .on_push()
            .input("environment", "production")
            .go()
            .await;
        assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
        let error = run.error();
        let (first, rest) = error.split_once('\n').unwrap();
        assert_eq!(first, headline);
        insta::allow_duplicates! { insta::assert_snapshot!(rest, @r"
        - `web.example.com`: CNAME acme-web.pages.dev (of a Pages project, not ours)
        - `mail.example.com`: the custom domain of Worker `legacy`, not of `mail-production`
        - `admin.example.com`: A 192.0.2.9 (not ours)
        hint: delete the records that are not ours; detach a custom domain in the dashboard: Workers & Pages → the Worker → Settings → Domains & Routes; or use other hostnames
        "); }
        world.assert_only_reads_since(mark);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_free_name_is_right_and_our_old_placeholder_makes_room() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([{"type": "AAAA", "name": "web", "content": "100::", "ttl": 1, "proxied": true, "comment": "codex-actions:1296269:acme/app:codex:production"}]),
    )
    .await;
    let run = dns(&world, "apply")
        .on_push()
        .input("environment", "production")
        .go()
        .await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    insta::assert_snapshot!(told(&run), @r"
    AAAA web.example.com: deleted (no longer wanted)
    custom domain auth.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain web.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain content.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain identity.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain payments.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain mail.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain media.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain search.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    custom domain admin.example.com: unchanged (free: Cloudflare makes the record when the custom domain is attached)
    ");
    let mark = world.mark();
    let again = dns(&world, "verify")
        .on_push()
        .input("environment", "production")
        .go()
        .await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
