//! Stories of `deploy-workers` about what leads to a new Worker that is to be removed again.

use scenarios::{Run, World, ids};
use serde_json::json;

use crate::deploy_workers::{account, worker};
use crate::deploy_workers_ends::{detail, states};

fn manifest(world: &World, production: &str, services: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\n{production}\n{services}"
        ),
    );
}

async fn production(world: &World, run: &str, more: &[(&str, &str)]) -> Run {
    let start = world.run("deploy-workers").on_push().env("GITHUB_RUN_ID", run);
    let start = start.input("environment", "production").input("health", "false");
    more.iter()
        .fold(start, |start, (name, value)| start.input(name, *value))
        .go()
        .await
}

fn domains(world: &World) -> Vec<String> {
    let domains = account(world)["domains"].clone();
    let lines = domains.as_array().unwrap().iter();
    let mut lines: Vec<String> = lines
        .map(|domain| {
            format!(
                "{} {}",
                domain["hostname"].as_str().unwrap(),
                domain["service"].as_str().unwrap()
            )
        })
        .collect();
    lines.sort();
    lines
}

fn routes(world: &World) -> Vec<String> {
    let routes = world.state()["cloudflare"]["zones"][ids::ZONE]["routes"].clone();
    let lines = routes.as_array().unwrap().iter();
    let mut lines: Vec<String> = lines
        .map(|route| {
            format!(
                "{} {}",
                route["pattern"].as_str().unwrap(),
                route["script"].as_str().unwrap()
            )
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_worker_that_stays_since_others_bind_it_keeps_its_hostname() {
    let world = World::start().await;
    manifest(
        &world,
        "routing = \"custom-domain\"",
        "[services.web]\npath = \"web\"\n[services.api]\npath = \"api\"\n",
    );
    let binds = json!({"services": [{"binding": "API", "service": "api"}]});
    worker(&world, "web", &binds, "export default { one: 1 }");
    worker(&world, "api", &json!({}), "export default { one: 1 }");
    assert_eq!(production(&world, "1001", &[]).await.code, 0);
    let before = domains(&world);
    assert_eq!(before, ["api.example.com api", "web.example.com web"]);
    worker(&world, "web", &binds, "export default { two: 2 }");
    assert_eq!(production(&world, "2002", &[]).await.code, 0);

    // A later deployment of `web` serves, so it stays, and what it binds to with it.
    let back = [("command", "rollback"), ("run", "1001"), ("new-workers", "remove")];
    for dry in ["true", "false"] {
        let mark = world.mark();
        let run = production(&world, "3003", &[&back[..], &[("dry-run", dry)]].concat()).await;
        assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
        assert!(
            run.error().contains("it is not removed: `web` still binds to it"),
            "{run}"
        );
        assert!(!run.stdout.contains("it would be removed"), "{run}");
        assert!(!run.summary.contains("nothing to put back"), "{run}");
        world.assert_only_reads_since(mark);
        assert_eq!(domains(&world), before, "{run}");
    }

    // Once nobody binds it, it goes, its hostname before it.
    worker(&world, "web", &json!({}), "export default { three: 3 }");
    assert_eq!(production(&world, "4004", &[]).await.code, 0);
    let planned = production(&world, "5005", &[&back[..], &[("dry-run", "true")]].concat()).await;
    assert_eq!(planned.code, 0, "{planned}");
    assert!(planned.stdout.contains("it would be removed"), "{planned}");
    let run = production(&world, "5005", &back).await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert_eq!(
        detail(&run, "api"),
        "it was new, and is removed; custom domain `api.example.com` is detached"
    );
    assert_eq!(domains(&world), ["web.example.com web"], "{run}");
    let mark = world.mark();
    assert_eq!(production(&world, "5005", &back).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_happened_before_a_deletion_failed_is_told() {
    let world = World::start().await;
    manifest(
        &world,
        "routing = \"custom-domain\"",
        "[services.api]\npath = \"api\"\n",
    );
    worker(&world, "api", &json!({}), "export default {}");
    assert_eq!(production(&world, "1001", &[]).await.code, 0);
    world.fail(
        &json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/api", "status": 400,
        "body": {"success": false, "errors": [{"code": 10021, "message": "refused"}], "messages": [], "result": null}}),
    );
    let back = [("command", "rollback"), ("run", "1001"), ("new-workers", "remove")];
    let run = production(&world, "2002", &back).await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    assert!(
        detail(&run, "api").contains("custom domain `api.example.com` is detached"),
        "{run}"
    );
    assert_eq!(production(&world, "2002", &back).await.code, 0);
    assert!(account(&world)["workers"].as_object().unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_route_that_a_new_worker_took_goes_back_to_the_worker_before() {
    let world = World::start().await;
    for name in ["web", "ten"] {
        worker(&world, name, &json!({}), "export default {}");
    }
    manifest(
        &world,
        "",
        "[services.web]\npath = \"web\"\nhostnames = [\"app\", \"www\"]\n",
    );
    assert_eq!(production(&world, "1001", &[]).await.code, 0);
    let before = routes(&world);
    manifest(
        &world,
        "",
        "[services.web]\npath = \"web\"\nhostnames = [\"app\"]\n[services.ten]\npath = \"ten\"\nhostnames = [\"www\", \"ten\"]\n",
    );
    // `www` has moved when the route of `ten` is refused.
    world.fail(
        &json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/workers/routes", "status": 400,
        "body": {"success": false, "errors": [{"code": 10021, "message": "refused"}], "messages": [], "result": null}}),
    );
    let run = production(&world, "2002", &[("services", "ten"), ("new-workers", "remove")]).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(states(&run)["ten"], "rolled-back", "{run}");
    assert_eq!(routes(&world), before, "{run}");
    assert!(!account(&world)["workers"].as_object().unwrap().contains_key("ten"));
    let told = "route `www.example.com/*` leads to Worker `web` again";
    assert!(detail(&run, "ten").contains(told) && run.stdout.contains(told), "{run}");
    assert!(!detail(&run, "ten").contains("not put back"), "{run}");
    world.finish().await;
}
