//! Stories of `deploy-workers` about hostnames between the services of one environment: nobody loses one on the way.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::worker;

/// Two services, `api` first in the manifest.
fn write(world: &World, routing: &str, api: &str, web: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"{routing}\"\n[services.api]\npath = \"api\"\nhostnames = {api}\n[services.web]\npath = \"web\"\nhostnames = {web}\n"
        ),
    );
}

async fn production(world: &World, services: &str) -> Run {
    let run = world.run("deploy-workers").on_push();
    let run = run.input("environment", "production").input("health", "false");
    run.input("services", services).go().await
}

/// Patterns of the zone's routes and their Workers.
fn routes(world: &World) -> Vec<(String, String)> {
    let routes = world.state()["cloudflare"]["zones"][ids::ZONE]["routes"].clone();
    let text = |route: &Value, key: &str| route[key].as_str().unwrap_or_default().to_owned();
    let routes = routes.as_array().into_iter().flatten();
    let mut routes: Vec<(String, String)> = routes
        .map(|route| (text(route, "pattern"), text(route, "script")))
        .collect();
    routes.sort();
    routes
}

fn owned(routes: &[(&str, &str)]) -> Vec<(String, String)> {
    let routes = routes.iter();
    routes
        .map(|(pattern, script)| ((*pattern).to_owned(), (*script).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_wildcard_takes_no_hostname_from_a_sibling_whose_upload_fails() {
    let world = World::start().await;
    for name in ["api", "web"] {
        worker(&world, name, &json!({}), "export default {}");
    }
    write(&world, "custom-domain", "[\"api\"]", "[\"app\"]");
    let run = production(&world, "").await;
    assert_eq!(run.code, 0, "{run}");

    write(&world, "custom-domain", "[\"api\"]", "[\"app\", \"*\"]");
    world.file("api/dist/index.js", "export default {v: 2}");
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api/versions", "status": 400, "times": 1, "delay_ms": 300, "body": {"success": false, "errors": [{"code": 10021, "message": "Uncaught SyntaxError"}], "result": null}}));
    let mark = world.mark();
    let run = production(&world, "").await;
    assert_eq!(run.code, 1, "{run}");
    let both = owned(&[("*.example.com/*", "web"), ("api.example.com/*", "api")]);
    assert_eq!(routes(&world), both, "{run}");
    // In this order: between the two, nobody else answers at the sibling's hostname.
    let made: Vec<Value> = world
        .since(mark)
        .into_iter()
        .filter(|request| request["method"] == "POST" && request["path"].as_str().unwrap().ends_with("/workers/routes"))
        .map(|request| request["body"]["pattern"].clone())
        .collect();
    assert_eq!(made, ["api.example.com/*", "*.example.com/*"], "{run}");

    let run = production(&world, "").await;
    assert_eq!((run.code, routes(&world)), (0, both), "{run}");
    let mark = world.mark();
    assert_eq!(production(&world, "").await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_hostname_that_moves_to_a_sibling_is_never_deleted() {
    let world = World::start().await;
    for name in ["api", "web"] {
        worker(&world, name, &json!({}), "export default {}");
    }
    write(&world, "route", "[\"api\"]", "[\"app\", \"www\", \"*\"]");
    let run = production(&world, "").await;
    assert_eq!(run.code, 0, "{run}");
    let led = |www: &str| {
        owned(&[
            ("*.example.com/*", www),
            ("api.example.com/*", "api"),
            ("app.example.com/*", "web"),
            ("www.example.com/*", www),
        ])
    };
    assert_eq!(routes(&world), led("web"));

    // Chosen alone, the one that had it leaves it to the other, which moves it.
    write(&world, "route", "[\"api\", \"www\", \"*\"]", "[\"app\"]");
    let run = production(&world, "web").await;
    assert_eq!((run.code, routes(&world)), (0, led("web")), "{run}");
    // There and back: whichever of the two comes first in the manifest.
    for (api, web, at) in [
        ("[\"api\", \"www\", \"*\"]", "[\"app\"]", "api"),
        ("[\"api\"]", "[\"app\", \"www\", \"*\"]", "web"),
    ] {
        write(&world, "route", api, web);
        let mark = world.mark();
        let run = production(&world, "").await;
        assert_eq!((run.code, routes(&world)), (0, led(at)), "{run}");
        let deleted = world.since(mark).iter().any(|request| request["method"] == "DELETE");
        assert!(!deleted, "{run}");
        let mark = world.mark();
        assert_eq!(production(&world, "").await.output("changed"), "false");
        world.assert_only_reads_since(mark);
    }
    world.finish().await;
}

#[tokio::test]
async fn services_of_a_preview_swap_their_hostnames() {
    let world = World::start().await;
    for name in ["api", "web"] {
        worker(&world, name, &json!({}), "export default {}");
    }
    let manifest = |api: &str, web: &str| {
        world.file(
            "codex.toml",
            &format!(
                "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n[environments.preview.services.api]\nhostnames = [\"{api}-{{pr}}\"]\n[environments.preview.services.web]\nhostnames = [\"{web}-{{pr}}\"]\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\n"
            ),
        );
    };
    for (api, web, x, y) in [("x", "y", "api-42", "web-42"), ("y", "x", "web-42", "api-42")] {
        manifest(api, web);
        let run = world.run("deploy-workers").input("health", "false").go().await;
        assert_eq!(run.code, 0, "{run}");
        let led = owned(&[("x-42.example.com/*", x), ("y-42.example.com/*", y)]);
        assert_eq!(routes(&world), led, "{run}");
    }
    let mark = world.mark();
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.output("changed"), "false", "{run}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
