//! Records of others with confusable names, types and comments.

use super::*;

#[tokio::test]
async fn prefix_twins_and_look_alikes_are_left_alone() {
    let world = nine_services().await;
    let marked = |name: &str, comment: &str| json!({"type": "AAAA", "name": name, "content": "100::", "ttl": 1, "proxied": true, "comment": comment});
    seed_records(
        &world,
        json!([
            marked("api-preview-4", "codex-actions:1296269:acme/app:codex:preview:4"),
            marked("api-preview-421", "codex-actions:1296269:acme/app:codex:preview:421"),
            marked("auth-preview-42x", "codex-actions:1296269:acme/app:codex:preview:42x"),
            // The filter of the API ignores case: the marker does not.
            marked("upper", "Codex-Actions:1296269:acme/app:codex:preview:42"),
            marked("suffix", "codex-actions:1296269:acme/app:codex:preview:42 (copy)"),
            marked("other-project", "codex-actions:1296269:acme/app:other:preview:42"),
            marked("other-repository", "codex-actions:7000001:acme/apps:codex:preview:42"),
            marked("tenant-pr-42", ""),
            {"type": "MX", "name": "mx-with-our-marker", "content": "mail.example.net", "priority": 5, "ttl": 300, "comment": "codex-actions:1296269:acme/app:codex:preview:42"},
        ]),
    )
    .await;
    let before = zone_lines(&world);
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    assert_eq!(zone(&world).len(), before.len() + 9);
    let run = dns(&world, "delete").go().await;
    assert_eq!(
        (run.code, run.report["records"].as_array().unwrap().len()),
        (0, 9),
        "{run}"
    );
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn texts_and_mail_of_the_same_name_stay() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([
            {"type": "TXT", "name": "api", "content": "v=spf1 -all", "ttl": 300},
            {"type": "MX", "name": "api", "content": "mail.example.net", "priority": 5, "ttl": 300},
            {"type": "CAA", "name": "api", "content": "0 issue \"letsencrypt.org\"", "ttl": 300, "data": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}},
        ]),
    )
    .await;
    let before = zone_lines(&world);
    let run = hosts(&world, "apply", "api").input("adopt", "true").go().await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(told(&run), @"AAAA api.example.com: created");
    assert_eq!(zone(&world).len(), before.len() + 1);
    assert_eq!(hosts(&world, "delete", "api").go().await.code, 0);
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn a_delegated_name_is_a_conflict() {
    let world = nine_services().await;
    seed_records(
        &world,
        json!([{"type": "NS", "name": "api", "content": "ns1.example.net", "ttl": 300}]),
    )
    .await;
    let run = hosts(&world, "apply", "api").input("adopt", "true").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @r"
    1 name is taken; nothing was touched
    - `api.example.com`: NS ns1.example.net (not ours)
    hint: delete the records that are not ours; or use other hostnames
    ");
    world.finish().await;
}

#[tokio::test]
async fn one_name_however_it_is_written() {
    let world = nine_services().await;
    let run = hosts(&world, "apply", "API.Example.COM., api.example.com\nBücher.example.com")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(told(&run), @r"
    AAAA api.example.com: created
    AAAA xn--bcher-kva.example.com: created
    ");
    for twin in ["api", "xn--bcher-kva.example.com", "BÜCHER.example.com."] {
        let again = hosts(&world, "apply", twin).go().await;
        assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    }
    let run = hosts(&world, "delete", "bücher.EXAMPLE.com").go().await;
    assert_eq!(run.report["records"].as_array().unwrap().len(), 1, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn an_environment_is_deleted_without_its_manifest() {
    let world = nine_services().await;
    let before = zone_lines(&world);
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    std::fs::remove_file(world.workspace().join("codex.toml")).unwrap();
    let nothing = dns(&world, "delete").input("zone", "example.com").go().await;
    assert_eq!((nothing.code, nothing.output("changed")), (0, "false"), "{nothing}");
    let gone = dns(&world, "delete")
        .input("zone", "example.com")
        .input("owner", "codex")
        .go()
        .await;
    assert_eq!((gone.code, gone.output("changed")), (0, "true"), "{gone}");
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn what_the_manifest_no_longer_names_goes_with_the_environment() {
    let world = nine_services().await;
    let before = zone_lines(&world);
    assert_eq!(dns(&world, "apply").go().await.code, 0);
    world.file("codex.toml", manifest("").split("[services.web]").next().unwrap());
    let gone = dns(&world, "delete").go().await;
    assert_eq!(
        (gone.code, gone.report["records"].as_array().unwrap().len()),
        (0, 9),
        "{gone}"
    );
    assert_eq!(zone_lines(&world), before);
    world.finish().await;
}

#[tokio::test]
async fn a_zone_that_is_not_active_yet_is_told() {
    let world = nine_services().await;
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "example.com", "status": "pending"}]}}))
        .await;
    let run = world
        .run("preview-dns")
        .input("zone", "example.com")
        .input("hosts", "api")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("::warning title=preview-dns::zone `example.com` is `pending`"),
        "{run}"
    );
    world.finish().await;
}
