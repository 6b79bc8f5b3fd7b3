//! Stories of `deploy-workers` about secrets: those that a wrangler configuration declares, those that are missing, and
//! those that the manifest no longer names.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use scenarios::{World, npm};
use serde_json::{Value, json};

use crate::deploy_workers::{MANIFEST, account, bindings, deploy, platform, worker};
use crate::deploy_workers_ends::detail;

fn manifest(world: &World, preview: &str, service: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n{preview}\n[services.api]\npath = \"api\"\n{service}\n"
        ),
    );
}

/// TypeScript, with this wrangler, whose configuration declares `API_KEY`.
async fn declaring(wrangler: &Path) -> World {
    let world = World::start().await;
    manifest(&world, "", "");
    let config = json!({"name": "api", "main": "src/index.ts", "compatibility_date": "2025-09-01", "secrets": {"required": ["API_KEY"]}});
    world.file("api/wrangler.json", &config.to_string());
    world.file(
        "api/src/index.ts",
        "export default { fetch: (): Response => new Response('api') };\n",
    );
    std::fs::create_dir(world.workspace().join("node_modules")).unwrap();
    symlink(wrangler, world.workspace().join("node_modules/wrangler")).unwrap();
    world
}

/// The first that knows the key, the first here that leaves a binding for it, and the newest.
fn wranglers() -> [(PathBuf, &'static [&'static str]); 3] {
    let older = |name: &str| npm::wranglers().join("node_modules").join(name);
    [
        (older("wrangler-4-74"), &["wrangler"]),
        (older("wrangler-4-100"), &["api"]),
        (npm::clients().join("node_modules/wrangler"), &["api", "wrangler"]),
    ]
}

fn start<'w>(world: &'w World, uploader: &str) -> scenarios::Start<'w> {
    let run = world.run("deploy-workers").input("health", "false");
    run.input("uploader", uploader).env("PATH", npm::path_with_node())
}

fn secrets(world: &World) -> Value {
    let all = bindings(world, "api-42");
    let secrets = all
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, it)| it["type"] == "secret_text");
    secrets
        .map(|(name, it)| (name.clone(), it["text"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn a_declared_secret_is_given_or_stays_or_is_missing() {
    for (wrangler, uploaders) in wranglers() {
        for uploader in uploaders {
            let world = declaring(&wrangler).await;
            let said = format!("{} by {uploader}", wrangler.display());
            // Neither given nor there.
            let run = start(&world, uploader).go().await;
            assert_eq!(run.code, 2, "{said} {run}");
            let missing = "`API_KEY`: missing or empty; its wrangler configuration names it in `secrets.required`, and Worker `api-42` does not have it";
            assert!(run.error().contains(missing), "{said} {run}");
            assert!(account(&world)["workers"].as_object().unwrap().is_empty());
            // Given: with the code, under the name that the manifest gives it.
            manifest(&world, "secrets = { API_KEY = \"TEST_KEY\" }", "");
            let given = async || start(&world, uploader).env("TEST_KEY", "key-of-test-1").go().await;
            let run = given().await;
            assert_eq!(run.code, 0, "{said} {run}");
            assert_eq!(secrets(&world), json!({"API_KEY": "key-of-test-1"}), "{said}");
            assert!(run.masks().contains(&"key-of-test-1".to_owned()), "{said} {run}");
            assert!(
                run.stdout.contains("  secrets: API_KEY (from TEST_KEY)"),
                "{said} {run}"
            );
            let mark = world.mark();
            assert_eq!(given().await.output("changed"), "false", "{said}");
            world.assert_only_reads_since(mark);
            // No longer given: it stays, and that is told.
            let run = start(&world, uploader).go().await;
            assert_eq!(run.code, 0, "{said} {run}");
            assert_eq!(secrets(&world), json!({"API_KEY": "key-of-test-1"}), "{said}");
            assert!(
                run.stdout.contains("  secrets that stay as they are: API_KEY"),
                "{said} {run}"
            );
            assert!(
                detail(&run, "api").contains("secret `API_KEY` stays as on the Worker"),
                "{said} {run}"
            );
            let mark = world.mark();
            assert_eq!(start(&world, uploader).go().await.output("changed"), "false", "{said}");
            world.assert_only_reads_since(mark);
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn a_secret_of_the_manifest_may_be_declared_too_and_one_worker_needs_no_manifest() {
    let world = declaring(&npm::clients().join("node_modules/wrangler")).await;
    manifest(&world, "", "secrets = [\"API_KEY\", \"OTHER\"]");
    let run = start(&world, "api")
        .env("API_KEY", "key-one")
        .env("OTHER", "key-two")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(secrets(&world), json!({"API_KEY": "key-one", "OTHER": "key-two"}));

    let run = start(&world, "api")
        .input("path", "api")
        .input("worker", "alone")
        .env("API_KEY", "key-one")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(bindings(&world, "alone")["API_KEY"]["text"], "key-one");
    let run = start(&world, "api")
        .input("path", "api")
        .input("worker", "other")
        .go()
        .await;
    assert!(
        run.code == 2 && run.error().contains("Worker `other` does not have it"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_configuration_does_not_get_the_steps_own_token_by_declaring_it() {
    let world = World::start().await;
    manifest(&world, "", "");
    let token = json!({"secrets": {"required": ["INPUT_CLOUDFLARE_API_TOKEN"]}, "no_bundle": true});
    worker(&world, "api", &token, "export default {}");
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("`INPUT_CLOUDFLARE_API_TOKEN`: missing or empty"),
        "{run}"
    );
    assert!(account(&world)["workers"].as_object().unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn what_a_build_declares_is_checked_before_anything_is_touched() {
    let world = World::start().await;
    manifest(&world, "", "build = \"mv written.json wrangler.json\"");
    worker(
        &world,
        "api",
        &json!({"secrets": {"required": ["API_KEY"]}, "no_bundle": true}),
        "export default {}",
    );
    std::fs::rename(
        world.workspace().join("api/wrangler.json"),
        world.workspace().join("api/written.json"),
    )
    .unwrap();
    std::fs::create_dir_all(world.workspace().join("node_modules")).unwrap();
    symlink(
        npm::clients().join("node_modules/wrangler"),
        world.workspace().join("node_modules/wrangler"),
    )
    .unwrap();
    let mark = world.mark();
    let run = start(&world, "api").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("secret `API_KEY` is missing or empty"), "{run}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn missing_secrets_are_told_before_any_build_with_all_else_that_is_known() {
    let world = platform().await;
    let manifest = MANIFEST.replace("path = \"web\"", "path = \"web\"\nbuild = \"touch built.txt; exit 3\"");
    world.file("codex.toml", &manifest);
    worker(
        &world,
        "auth",
        &json!({"compatibility_date": "2099-01-01"}),
        "export default {}",
    );
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 2, "{run}");
    for part in [
        "`DATABASE_URL`: missing or empty; services `api` and `auth` would get no secret",
        "`SESSION_SECRET`: missing or empty",
        "`services.auth`: `compatibility_date` 2099-01-01 is in the future",
    ] {
        assert!(run.error().contains(part), "{part}: {run}");
    }
    assert!(!world.workspace().join("web/built.txt").exists(), "{run}");
    assert!(
        run.stdout.contains("not built, since secrets are missing: web;"),
        "{run}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_secret_that_the_manifest_drops_is_told_and_goes_by_choice() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let by_hand = json!({"name": "BY_HAND", "text": "kept", "type": "secret_text"});
    world
        .by_hand("PUT", "/workers/scripts/auth-preview-42/secrets", &by_hand)
        .await;
    world.file(
        "codex.toml",
        &MANIFEST.replace("[\"DATABASE_URL\", \"SESSION_SECRET\"]", "[\"DATABASE_URL\"]"),
    );
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(detail(&run, "auth"), @"secrets `SESSION_SECRET` and `BY_HAND` stay on the Worker, set by hand or by an earlier manifest: this one does not name them; `drop-secrets: SESSION_SECRET, BY_HAND` takes them away");
    let names = |world: &World| -> Vec<String> {
        let all = bindings(world, "auth-preview-42");
        let secrets = all
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, it)| it["type"] == "secret_text");
        let mut names: Vec<String> = secrets.map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&world), ["BY_HAND", "DATABASE_URL", "SESSION_SECRET"]);

    let run = deploy(&world, &[("drop-secrets", "auth.SESSION_SECRET")]).await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    insta::assert_snapshot!(detail(&run, "auth"), @"secret `SESSION_SECRET` goes: `drop-secrets` names it, and the manifest does not; secret `BY_HAND` stays on the Worker, set by hand or by an earlier manifest: this one does not name it; `drop-secrets: BY_HAND` takes it away");
    assert_eq!(names(&world), ["BY_HAND", "DATABASE_URL"]);
    let mark = world.mark();
    for more in [&[("drop-secrets", "auth.SESSION_SECRET")][..], &[]] {
        assert_eq!(deploy(&world, more).await.output("changed"), "false");
    }
    world.assert_only_reads_since(mark);

    // Not one that the manifest gives.
    let run = deploy(&world, &[("drop-secrets", "DATABASE_URL")]).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("auth: `drop-secrets` names `DATABASE_URL`, which the manifest"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}
