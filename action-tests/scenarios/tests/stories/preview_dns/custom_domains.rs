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
        let (list, hint) = rest.split_once("\nhint: ").unwrap();
        insta::allow_duplicates! { insta::assert_snapshot!(list, @r"
        - `web.example.com`: CNAME acme-web.pages.dev (of a Pages project, not ours)
        - `mail.example.com`: the custom domain of Worker `legacy`, not of `mail-production`
        - `admin.example.com`: A 192.0.2.9 (not ours)
        "); }
        // `verify` does not look at routes: one may answer by a proxied record.
        let says = [
            "delete the records that are not ours; detach",
            "keep `routing = \"route\"` for what a route answers",
        ];
        assert!(hint.starts_with(says[usize::from(command == "verify")]), "{hint}");
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

#[tokio::test]
async fn a_record_by_which_a_route_answers_is_not_to_be_deleted() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"custom-domain\"\n[services.web]\npath = \"web\"\nhostnames = [\"@\", \"www\", \"creators\", \"docs\"]\n",
    );
    let by_hand = |name: &str| json!({"type": "AAAA", "name": name, "content": "100::", "ttl": 1, "proxied": true});
    let routes = ["example.com", "www.example.com", "creators.example.com"]
        .map(|host| json!({"pattern": format!("{host}/*"), "script": "web"}));
    world
        .seed(&json!({"cloudflare": {
            "workers": [{"name": "web"}],
            "zones": [{
                "name": "example.com",
                "records": [by_hand("example.com"), by_hand("www"), by_hand("creators"),
                    {"type": "CNAME", "name": "docs", "content": "acme-docs.pages.dev", "ttl": 1, "proxied": true}],
                "routes": routes,
            }],
        }}))
        .await;
    let mark = world.mark();
    let run = dns(&world, "apply")
        .on_push()
        .input("environment", "production")
        .go()
        .await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    insta::assert_snapshot!(run.error(), @r#"
    4 names are taken; nothing was touched
    - `example.com`: AAAA 100:: (not ours)
    - `www.example.com`: AAAA 100:: (not ours)
    - `creators.example.com`: AAAA 100:: (not ours)
    - `docs.example.com`: CNAME acme-docs.pages.dev (of a Pages project, not ours)
    hint: keep `routing = "route"` for what a route answers by such a record: a custom domain shares its name with no other record, and without the record nobody could resolve the name; delete the records that are not ours and serve nothing; or use other hostnames
    "#);
    world.assert_only_reads_since(mark);
    world.finish().await;
}
