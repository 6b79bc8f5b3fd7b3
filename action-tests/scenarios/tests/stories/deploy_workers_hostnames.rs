//! Stories of `deploy-workers` about the hostnames of an environment that exists once.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::{account, worker};

fn write(world: &World, subdomain: &str, routing: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"{routing}\"\n[services.api]\npath = \"api\"\nsubdomain = \"{subdomain}\"\n"
        ),
    );
}

async fn deploy(world: &World) -> Run {
    let run = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    run
}

/// Hostnames of custom domains and patterns of routes that lead to `api`.
fn attached(world: &World) -> Vec<String> {
    let texts = |list: &Value, key: &str| -> Vec<String> {
        let all = list.as_array().into_iter().flatten();
        all.map(|item| item[key].as_str().unwrap().to_owned()).collect()
    };
    let mut all = texts(&account(world)["domains"], "hostname");
    all.extend(texts(
        &world.state()["cloudflare"]["zones"][ids::ZONE]["routes"],
        "pattern",
    ));
    all.sort();
    all
}

#[tokio::test]
async fn what_the_manifest_drops_is_detached_and_what_was_attached_by_hand_stays() {
    let world = World::start().await;
    worker(&world, "api", &json!({}), "export default {}");
    write(&world, "old", "custom-domain");
    deploy(&world).await;
    let by_hand =
        json!({"hostname": "hand.example.com", "service": "api", "zone_id": ids::ZONE, "environment": "production"});
    world.by_hand("PUT", "/workers/domains", &by_hand).await;
    assert_eq!(attached(&world), ["hand.example.com", "old.example.com"]);

    write(&world, "new", "custom-domain");
    let run = deploy(&world).await;
    assert!(run.stdout.contains("- custom domain old.example.com"), "{run}");
    assert_eq!(attached(&world), ["hand.example.com", "new.example.com"]);
    let tags = account(&world)["workers"]["api"]["settings"]["tags"].to_string();
    assert!(
        tags.contains("codex-hostname:new.example.com") && !tags.contains("codex-hostname:old.example.com"),
        "{tags}"
    );
    let mark = world.mark();
    assert_eq!(deploy(&world).await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // From custom domain to route and on: neither stays behind. A wildcard's record answers for the name meanwhile.
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "example.com", "records": [{"type": "AAAA", "name": "*", "content": "100::", "proxied": true}]}]}}))
        .await;
    write(&world, "new", "route");
    deploy(&world).await;
    assert_eq!(attached(&world), ["hand.example.com", "new.example.com/*"]);
    write(&world, "newest", "route");
    deploy(&world).await;
    assert_eq!(attached(&world), ["hand.example.com", "newest.example.com/*"]);
    let mark = world.mark();
    assert_eq!(deploy(&world).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_wildcard_of_another_environment_is_told_or_refused() {
    let world = World::start().await;
    worker(&world, "api", &json!({}), "export default {}");
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "tenants"}], "zones": [{"name": "example.com", "routes": [{"pattern": "*.example.com/*", "script": "tenants"}]}]}}))
        .await;
    // A route goes before a custom domain, wildcards too: nobody would ever reach it.
    write(&world, "api", "custom-domain");
    let mark = world.mark();
    let run = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("route `*.example.com/*` of Worker `tenants` goes before the custom domain `api.example.com`"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    // An exact route goes before a wildcard: it works, and is told before anything happens.
    write(&world, "api", "route");
    let run = deploy(&world).await;
    let told =
        "`api.example.com` is also matched by route `*.example.com/*` of Worker `tenants`; the exact route goes first";
    assert!(run.stdout.contains(told), "{run}");
    assert!(run.stdout.find(told) < run.stdout.find("✓ api"), "{run}");
    world.finish().await;
}
