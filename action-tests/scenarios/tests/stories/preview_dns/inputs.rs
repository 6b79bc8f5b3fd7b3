//! What is wrong with the inputs is told at once, before any request.

use super::*;

async fn refused(world: &World, start: Start<'_>) -> String {
    let mark = world.mark();
    let run = start.go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(world.since(mark).is_empty(), "{:?}", world.lines_since(mark));
    run.error()
        .replace(&world.workspace().display().to_string(), "<workspace>")
}

#[tokio::test]
async fn every_wrong_input_is_named_at_once() {
    let world = World::start().await;
    let start = world
        .run("preview-dns")
        .without("cloudflare-api-token")
        .input("command", "aply")
        .input("cloudflare-zone-id", "example.com")
        .input("zone", "example.com")
        .input(
            "hosts",
            "https://api.example.com\napi.example.org\nexample.com.evil.org\nbad_host-.example.com",
        )
        .input("records", "CNAME docs\nA x 300.1.1.1\nTXT t \"x\" ttl=1s")
        .input("ttl", "1s")
        .input("adopt", "yes")
        .input("max-deletes", "-1")
        .input("owner", "a:b")
        .input("wait-timeout", "soon")
        .input("resolver", "one.one.one.one");
    insta::assert_snapshot!(refused(&world, start).await, @r#"
    16 inputs are wrong; nothing was touched
    - `command`: `aply` is none of `apply`, `verify` and `delete`; did you mean `apply`?
    - `cloudflare-zone-id`: not an id of 32 hexadecimal digits; copy it from the dashboard's overview page
    - `cloudflare-api-token`: missing; pass `cloudflare-api-token: ${{ secrets.CLOUDFLARE_API_TOKEN }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    - `adopt`: `yes` is neither `true` nor `false`
    - `max-deletes`: `-1` is not a whole number, such as `42`
    - `wait-timeout`: `soon` is not a duration, such as `90s`, `5m` or `7d`
    - `resolver`: `one.one.one.one` is neither `authoritative`, a DNS-over-HTTPS URL, nor an address such as `1.1.1.1`
    - `owner`: `a:b` is to be at most 40 letters, digits, dots, dashes and underscores
    - `records`: `CNAME docs` is to read `TYPE NAME CONTENT [proxied] [ttl=5m]`
    - `records`: `A x 300.1.1.1`: `300.1.1.1` is no IPv4 address
    - `records`: `TXT t "x" ttl=1s`: `ttl=1s` is to be from `ttl=60s` to `ttl=1d`
    - `hosts`: `https://api.example.com` is to be a hostname alone: no scheme, port or path
    - `hosts`: `bad_host-.example.com` is no hostname: each label is to be 1 to 63 letters, digits and inner dashes; `*` only as the first label
    - `ttl`: `1s` is to be from `60s` to `1d`, or `auto`
    - `hosts`: `api.example.org` is not in zone `example.com`
    - `hosts`: `example.com.evil.org` is not in zone `example.com`
    "#);
    world.finish().await;
}

#[tokio::test]
async fn what_is_missing_is_named_with_its_remedy() {
    let world = World::start().await;
    insta::assert_snapshot!(refused(&world, dns(&world, "apply")).await, @r"
    one input is wrong; nothing was touched
    - `manifest`: there is no `<workspace>/codex.toml`; check out the repository first, or name `hosts` (one per line)
    ");
    let start = dns(&world, "apply")
        .input("zone", "example.com")
        .input("routing", "record");
    insta::assert_snapshot!(refused(&world, start).await, @r"
    one input is wrong; nothing was touched
    - `records`: missing; with `routing: record`, name them one per line: `CNAME docs acme.github.io`
    ");
    let start = hosts(&world, "apply", "api\nweb")
        .input("wildcard", "true")
        .input("proxied", "false");
    insta::assert_snapshot!(refused(&world, start).await, @r"
    2 inputs are wrong; nothing was touched
    - `proxied`: a route answers only behind Cloudflare's proxy: leave it out, or use `routing: record`
    - `wildcard`: the hostnames sit directly under the zone, where `*.example.com` would answer for every name; use a hostname such as `{subdomain}.preview-{pr}`
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_zone_id_of_another_zone_is_found_out() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "example.org", "id": "ffffffffffffffffffffffffffffffff"}]}}))
        .await;
    for command in ["apply", "delete"] {
        let run = dns(&world, command)
            .input("cloudflare-zone-id", "ffffffffffffffffffffffffffffffff")
            .go()
            .await;
        assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
        insta::allow_duplicates! { insta::assert_snapshot!(run.error(), @r"
        could not find zone `example.com` by its id `ffffffffffffffffffffffffffffffff`
        caused by: zone `ffffffffffffffffffffffffffffffff` is `example.org`, not `example.com`
        hint: correct `cloudflare-zone-id`, or leave it out: the zone is then found by its name
        "); }
    }
    world.finish().await;
}

#[tokio::test]
async fn the_zone_is_found_by_name_by_id_or_by_a_hostname() {
    let world = nine_services().await;
    let by_name = world
        .run("preview-dns")
        .input("hosts", "a")
        .input("zone", "Example.com.")
        .go()
        .await;
    assert_eq!(by_name.code, 0, "{by_name}");
    let by_id = world
        .run("preview-dns")
        .input("hosts", "b.example.com")
        .input("cloudflare-zone-id", ids::ZONE)
        .go()
        .await;
    assert_eq!(by_id.code, 0, "{by_id}");
    let mark = world.mark();
    let by_host = world.run("preview-dns").input("hosts", "c.example.com").go().await;
    assert_eq!(by_host.code, 0, "{by_host}");
    insta::assert_snapshot!(world.lines_since(mark).join("\n"), @r"
    GET /zones 200
    GET /zones 200
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records 200
    POST /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/batch 200
    ");
    let stray = world
        .run("preview-dns")
        .input("hosts", "d.example.org")
        .input("cloudflare-zone-id", ids::ZONE)
        .go()
        .await;
    insta::assert_snapshot!(stray.error(), @r"
    the inputs do not fit the zone; nothing was touched
    - `hosts`: `d.example.org` is not in zone `example.com`
    hint: one run is about one zone: name it with `zone`, and its hostnames only
    ");
    let unknown = world.run("preview-dns").input("hosts", "d.example.org").go().await;
    insta::assert_snapshot!(unknown.error(), @r"
    could not find the zone of `d.example.org`
    caused by: no ending of the hostname is a zone that the token sees
    hint: pass `zone`, and check that the token includes it with Zone → Zone → Read
    ");
    world.finish().await;
}
