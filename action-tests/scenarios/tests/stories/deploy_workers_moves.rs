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
