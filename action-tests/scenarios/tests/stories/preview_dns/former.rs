//! Stories about the records of hostnames that a preview had before, with the inputs that `preview.yml` gives the steps.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::worker;

const WORKFLOW: &str = include_str!("../../../../../.github/workflows/preview.yml");

/// What a job's step of this action is given, where that is no expression; and which step of the job it is.
fn step(job: &str, action: &str) -> (usize, Vec<(String, String)>) {
    let workflow: Value = yaml_serde::from_str(WORKFLOW).unwrap();
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let uses = format!("$/actions/{action}");
    let at = steps.iter().position(|step| step["uses"] == uses.as_str()).unwrap();
    let with = steps[at]["with"].as_object().unwrap().iter();
    let with = with.map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), value)
    });
    (at, with.filter(|(_, value)| !value.contains("${{")).collect())
}

async fn dns(world: &World, job: &str) -> Run {
    let (_, with) = step(job, "preview-dns");
    let start = world.run("preview-dns").input("wait", "false");
    let run = with
        .into_iter()
        .fold(start, |start, (name, value)| start.input(&name, value));
    let run = run.go().await;
    assert_eq!(run.code, 0, "{run}");
    run
}

async fn deploy(world: &World) -> Run {
    world.run("deploy-workers").input("health", "false").go().await
}

fn write(world: &World, hostname: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nrouting = \"route\"\nhostname = \"{hostname}\"\nworker = \"{{worker}}-{{pr}}\"\n[services.api]\npath = \"api\"\n"
        ),
    );
}

/// The zone's records and routes by name.
fn there(world: &World) -> (Vec<String>, Vec<String>) {
    let zone = world.state()["cloudflare"]["zones"][ids::ZONE].clone();
    let texts = |list: &str, key: &str| {
        let all = zone[list].as_array().into_iter().flatten();
        let mut all: Vec<String> = all.map(|item| item[key].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    (texts("records", "name"), texts("routes", "pattern"))
}

#[tokio::test]
async fn a_former_hostname_resolves_until_the_new_one_is_deployed() {
    let world = World::start().await;
    worker(&world, "api", &json!({}), "export default {}");
    write(&world, "{subdomain}-{pr}");
    dns(&world, "prepare").await;
    let run = deploy(&world).await;
    assert_eq!(run.code, 0, "{run}");

    write(&world, "{subdomain}-new-{pr}");
    world.file("api/dist/index.js", "export default {v: 2}");
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api-42/versions", "status": 400, "times": 1, "body": {"success": false, "errors": [{"code": 10021, "message": "Uncaught SyntaxError"}], "result": null}}));
    let (old, new) = ("api-42.example.com", "api-new-42.example.com");
    dns(&world, "prepare").await;
    let run = deploy(&world).await;
    assert_eq!(run.code, 1, "{run}");
    // What serves is the preview of the push before, at its hostname.
    let (records, routes) = there(&world);
    assert_eq!(records, [old, new], "{run}");
    assert!(routes.contains(&format!("{old}/*")), "{routes:?}");

    dns(&world, "prepare").await;
    let run = deploy(&world).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(there(&world).1, [format!("{new}/*")], "{run}");
    assert!(step("deploy", "deploy-workers").0 < step("deploy", "preview-dns").0);
    let run = dns(&world, "deploy").await;
    assert_eq!(there(&world).0, [new], "{run}");
    let deleted = run.report["records"].as_array().unwrap().iter();
    let deleted: Vec<&Value> = deleted.filter(|record| record["action"] == "deleted").collect();
    assert_eq!((deleted.len(), &deleted[0]["name"]), (1, &json!(old)), "{run}");

    let mark = world.mark();
    for job in ["prepare", "deploy"] {
        assert_eq!(dns(&world, job).await.output("changed"), "false");
    }
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_strangers_route_with_a_scheme_is_not_brought_up() {
    let world = World::start().await;
    worker(&world, "api", &json!({}), "export default {}");
    write(&world, "{subdomain}-{pr}");
    world
        .seed(
            &json!({"cloudflare": {"workers": [{"name": "tenant"}], "zones": [{"name": "example.com",
            "routes": [{"pattern": "https://api-42.example.com/*", "script": "tenant"}]}]}}),
        )
        .await;
    let mark = world.mark();
    for command in ["apply", "verify"] {
        let run = world
            .run("preview-dns")
            .input("command", command)
            .input("wait", "false");
        let run = if command == "verify" {
            run.input("create-missing", "true")
        } else {
            run
        };
        let run = run.go().await;
        assert_eq!(run.code, 1, "{run}");
        assert!(run.error().contains("`tenant`"), "{run}");
    }
    // The deployment says the same.
    let run = deploy(&world).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("https://api-42.example.com/*"), "{run}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
