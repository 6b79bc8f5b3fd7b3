//! Stories of `deploy-workers` about whose a thing is: where it cannot be read, where no environment is called
//! production, and where it has a name in one place and an id in another.

use scenarios::World;
use serde_json::{Value, json};

use crate::deploy_workers::{bindings, worker};

const DEV: &str = "dddddddddddddddddddddddddddddddd";
const LIVE: &str = "cccccccccccccccccccccccccccccccc";

async fn world(environments: &str, api: &Value) -> World {
    let world = World::start().await;
    world
        .seed(&json!({"cloudflare": {"kv": [{"title": "dev", "id": DEV}, {"title": "live", "id": LIVE}]}}))
        .await;
    write(&world, environments);
    worker(&world, "api", api, "export default {}");
    world
}

fn write(world: &World, environments: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\nwrangler-env = \"preview\"\n{environments}\n[services.api]\npath = \"api\"\n"
        ),
    );
}

fn kv(id: &str) -> Value {
    json!({"kv_namespaces": [{"binding": "SESSIONS", "id": id}]})
}

#[tokio::test]
async fn what_production_uses_and_cannot_be_read_is_nobodys_own() {
    let production = |section: &str| {
        format!(
            "[environments.production]\nwrangler-env = \"production\"\n[environments.production.services.api]\nwrangler-env = \"{section}\""
        )
    };
    let config = json!({"env": {"preview": kv(LIVE), "production": kv(LIVE)}});
    let world = world(&production("gone"), &config).await;
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 2, "{run}");
    let error = run.error();
    assert!(
        error.contains("`services.api`: what production uses cannot be read: ")
            && error.contains(
                "has no environment `gone`; it has `preview` and `production`; add that environment, or correct `wrangler-env` of production in the manifest"
            ),
        "{run}"
    );
    assert!(world.requests().is_empty());
    // Once it can be read, it is compared.
    write(&world, &production("production"));
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("binding `SESSIONS` is production's KV namespace"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn the_top_level_is_productions_only_where_there_is_one() {
    // The one who goes live is not called production, and is deployed from the top level.
    let mut config = kv(LIVE);
    config["env"] = json!({"preview": kv(DEV)});
    let world = world("[environments.live]", &config).await;
    let live = || {
        let run = world.run("deploy-workers").input("health", "false").on_push();
        run.input("environment", "live")
    };
    let run = live().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(bindings(&world, "api")["SESSIONS"]["namespace_id"], LIVE);
    let mark = world.mark();
    assert_eq!(live().go().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // Of previews only: what the top level names may be what another repository's pipeline deploys.
    config["env"] = json!({"preview": kv(LIVE)});
    worker(&world, "api", &config, "export default {}");
    for (environments, whose) in [("[environments.live]", "live"), ("", "the top level")] {
        write(&world, environments);
        let run = world.run("deploy-workers").input("health", "false").go().await;
        assert_eq!(run.code, 2, "{run}");
        let said = format!("binding `SESSIONS` is {whose}'s KV namespace `{LIVE}`; list it in the service's `kv`");
        assert!(run.error().contains(&said), "{run}");
    }
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_database_is_the_same_by_its_name_and_by_its_id() {
    const SHOP: &str = "11111111-2222-3333-4444-555555555555";
    const OWN: &str = "99999999-2222-3333-4444-555555555555";
    let d1 = |id: &str| json!({"d1_databases": [{"binding": "DB", "database_id": id, "database_name": "x"}]});
    let config = |preview: &str| json!({"env": {"preview": d1(preview), "production": d1("00000000-0000-0000-0000-000000000000")}});
    let manifest = |ours: &str, theirs: &str| {
        let given = |name: &str| {
            if name.is_empty() {
                String::new()
            } else {
                format!("d1 = {{ DB = \"{name}\" }}\n")
            }
        };
        format!(
            "{}[environments.production]\nwrangler-env = \"production\"\n{}",
            given(ours),
            given(theirs)
        )
    };
    let world = world(&manifest("", "shop"), &config(SHOP)).await;
    world
        .seed(&json!({"cloudflare": {"d1": [{"name": "shop", "uuid": SHOP}, {"name": "own", "uuid": OWN}]}}))
        .await;
    let mark = world.mark();
    // In the preview's section, or in its manifest; by id here and by name there, and the other way round.
    for (ours, theirs) in [("", "shop"), (SHOP, "shop"), ("shop", SHOP), ("shop", "shop")] {
        write(&world, &manifest(ours, theirs));
        let run = world.run("deploy-workers").input("health", "false").go().await;
        assert_ne!(run.code, 0, "{ours} {theirs}: {run}");
        assert!(
            run.error().contains("binding `DB` is production's D1 database"),
            "{ours} {theirs}: {run}"
        );
        world.assert_only_reads_since(mark);
    }
    write(&world, &manifest("own", "shop"));
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(bindings(&world, "api-42")["DB"]["id"], OWN);
    world.finish().await;
}
