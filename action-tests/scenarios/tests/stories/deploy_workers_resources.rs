//! Stories of `deploy-workers` about R2 buckets and D1 databases of an environment's own.

use scenarios::{World, ids};
use serde_json::json;

use crate::deploy_workers::{account, bindings, worker};

const SHOP: &str = "8a1b6f2e-0000-4000-8000-000000000001";
const PREVIEW: &str = "8a1b6f2e-0000-4000-8000-000000000002";

fn write(world: &World, preview: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n{preview}\n\
             [environments.production]\nr2 = {{ LOGS = \"logs-live\" }}\n[services.api]\npath = \"api\"\n"
        ),
    );
}

async fn world() -> World {
    let world = World::start().await;
    world
        .seed(&json!({"cloudflare": {
            "r2": ["files", "files-preview", "logs-live", "logs"],
            "d1": [{"name": "shop", "uuid": SHOP}, {"name": "shop-preview", "uuid": PREVIEW}, {"name": "shop-preview-2"}],
        }}))
        .await;
    worker(
        &world,
        "api",
        &json!({
            "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}, {"binding": "LOGS", "bucket_name": "logs"}],
            "d1_databases": [{"binding": "DB", "database_id": SHOP, "database_name": "shop"}],
        }),
        "export default {}",
    );
    world
}

#[tokio::test]
async fn an_environment_has_buckets_and_databases_of_its_own() {
    let world = world().await;
    let deploy = || world.run("deploy-workers").input("health", "false");
    // All that production has is told at once, by its configuration and by the manifest.
    write(&world, "r2 = { LOGS = \"logs-live\" }");
    let run = deploy().go().await;
    assert_eq!(run.code, 2, "{run}");
    for part in [
        "binding `FILES` is production's R2 bucket `files`; give this environment its own in the manifest's `r2`",
        "binding `LOGS` is production's R2 bucket `logs-live`",
        "give this environment its own in the manifest's `d1`, or add `DB` to the environment's `shared`",
    ] {
        assert!(run.error().contains(part), "{part} is not in:\n{}", run.error());
    }
    assert!(world.requests().is_empty());

    // What the manifest names and nobody has made is told before the first upload, with the command that makes it.
    write(
        &world,
        "r2 = { FILES = \"files-{pr}\", \"api.LOGS\" = \"logs\" }\nd1 = { DB = \"shop-prev\" }\nshared = [\"LOGS\"]",
    );
    let mark = world.mark();
    let run = deploy().go().await;
    assert_eq!(run.code, 1, "{run}");
    for part in [
        "there is no R2 bucket `files-42` for binding `FILES`; make it (`npx wrangler r2 bucket create files-42`)",
        "there is no D1 database `shop-prev` for binding `DB`; make it (`npx wrangler d1 create shop-prev`)",
    ] {
        assert!(run.error().contains(part), "{part} is not in:\n{}", run.error());
    }
    world.assert_only_reads_since(mark);

    // By name and by id.
    for database in ["shop-preview", PREVIEW] {
        write(
            &world,
            &format!("r2 = {{ FILES = \"files-preview\" }}\nd1 = {{ DB = \"{database}\" }}\nshared = [\"LOGS\"]"),
        );
        let run = deploy().go().await;
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stdout.contains("FILES → R2 bucket files-preview"), "{run}");
        let bound = bindings(&world, "api-42");
        assert_eq!(
            (&bound["FILES"]["bucket_name"], &bound["LOGS"]["bucket_name"]),
            (&json!("files-preview"), &json!("logs"))
        );
        assert_eq!(bound["DB"]["id"], PREVIEW);
        let mark = world.mark();
        assert_eq!(deploy().go().await.output("changed"), "false");
        world.assert_only_reads_since(mark);
    }
    assert_eq!(
        account(&world)["workers"]["api-42"]["versions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.finish().await;
}

#[tokio::test]
async fn a_token_that_does_not_see_buckets_deploys_all_the_same() {
    let world = world().await;
    write(
        &world,
        "r2 = { FILES = \"files-preview\" }\nd1 = { DB = \"shop-preview\" }\nshared = [\"LOGS\"]",
    );
    let permissions = |more: &[&str]| {
        let mut all = vec!["zone:read", "workers:edit", "routes:edit", "kv:edit"];
        all.extend(more);
        json!({"cloudflare": {"tokens": {"narrow": {"permissions": all, "zones": ["example.com"]}}}})
    };
    let deploy = || {
        world
            .run("deploy-workers")
            .input("health", "false")
            .input("cloudflare-api-token", "narrow")
    };
    world.seed(&permissions(&[])).await;
    let run = deploy().go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error().contains(&format!(
            "hint: the token needs Account → D1 → Read on account `{}`",
            ids::ACCOUNT
        )),
        "{run}"
    );
    world.seed(&permissions(&["d1:read"])).await;
    let run = deploy().go().await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}
