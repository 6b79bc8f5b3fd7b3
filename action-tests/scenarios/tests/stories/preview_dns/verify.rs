//! What production needs exists and is right; missing is told, and made on request.

use super::*;

async fn production() -> World {
    let world = nine_services().await;
    let three = manifest("").split("[services.identity]").next().unwrap().to_owned();
    world.file(
        "codex.toml",
        &three.replace("routing = \"custom-domain\"", "routing = \"route\""),
    );
    seed_records(
        &world,
        json!([
            // Made by hand, long ago: it serves.
            {"type": "A", "name": "web", "content": "192.0.2.1", "ttl": 1, "proxied": true},
        ]),
    )
    .await;
    world
}

fn verify(world: &World) -> Start<'_> {
    dns(world, "verify").on_push().input("environment", "production")
}

#[tokio::test]
async fn what_is_missing_fails_and_can_be_made() {
    let world = production().await;
    let mark = world.mark();
    let run = verify(&world).go().await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    insta::assert_snapshot!(run.error(), @r"
    2 of 3 DNS records are not right
    - `auth.example.com`: missing, to be AAAA 100:: proxied
    - `content.example.com`: missing, to be AAAA 100:: proxied
    hint: set `create-missing: true` to put that right, or run `command: apply`
    ");
    insta::assert_snapshot!(told(&run), @r"
    AAAA auth.example.com: missing
    AAAA web.example.com: verified (A 192.0.2.1 (not ours), left alone)
    AAAA content.example.com: missing
    ");
    world.assert_only_reads_since(mark);

    let made = verify(&world).input("create-missing", "true").go().await;
    assert_eq!((made.code, made.output("changed")), (0, "true"), "{made}");
    insta::assert_snapshot!(told(&made), @r"
    AAAA auth.example.com: created
    AAAA web.example.com: verified (A 192.0.2.1 (not ours), left alone)
    AAAA content.example.com: created
    ");

    let mark = world.mark();
    let again = verify(&world).input("create-missing", "true").go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_record_that_bypasses_the_proxy_is_not_right() {
    let world = production().await;
    seed_records(
        &world,
        json!([
            {"type": "A", "name": "auth", "content": "192.0.2.1", "ttl": 300},
            {"type": "AAAA", "name": "content", "content": "100::", "ttl": 300, "comment": "codex-actions:1296269:acme/app:codex:production"},
        ]),
    )
    .await;
    let run = verify(&world).go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @r"
    2 of 3 DNS records are not right
    - `content.example.com`: differs: DNS only → proxied
    - `auth.example.com`: A 192.0.2.1 (not ours), to be AAAA 100:: proxied
    hint: take over what is not ours with `adopt: true` (a dry run shows what that changes), or delete it; or use other hostnames
    ");
    let conflict = verify(&world).input("create-missing", "true").go().await;
    assert_eq!((conflict.code, conflict.output("changed")), (1, "false"), "{conflict}");
    world.finish().await;
}
