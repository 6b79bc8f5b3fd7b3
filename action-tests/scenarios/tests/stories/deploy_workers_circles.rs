//! Stories of `deploy-workers` about services that bind each other: no order brings up one after the other.

use std::os::unix::fs::symlink;

use scenarios::{Run, World, npm};
use serde_json::{Value, json};

use crate::deploy_workers::{account, bindings, worker};
use crate::deploy_workers_ends::{detail, states};
use crate::deploy_workers_rollback::live;

fn manifest(world: &World, more: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n[environments.production]\nrouting = \"custom-domain\"\n{more}"
        ),
    );
}

fn code(name: &str, word: &str) -> String {
    format!("export default {{ fetch: () => new Response('{name} {word}') }}")
}

/// `web` and `api` bind each other, and `jobs` binds `web`. The database's owner is the one that the manifest needs.
async fn circle() -> World {
    let world = World::start().await;
    manifest(
        &world,
        "[services.web]\npath = \"web\"\n[services.api]\npath = \"api\"\n[services.jobs]\npath = \"jobs\"\n",
    );
    let binds = |binding: &str, service: &str| json!({"services": [{"binding": binding, "service": service}]});
    worker(&world, "web", &binds("API", "api"), &code("web", "1"));
    worker(&world, "api", &binds("WEB", "web"), &code("api", "1"));
    worker(&world, "jobs", &binds("WEB", "web"), &code("jobs", "1"));
    world
}

async fn deploy(world: &World, more: &[(&str, &str)]) -> Run {
    let start = world.run("deploy-workers").input("health", "false");
    let run = more
        .iter()
        .fold(start, |start, (name, value)| start.input(name, *value));
    run.go().await
}

fn versions(world: &World, worker: &str) -> usize {
    account(world)["workers"][worker]["versions"]
        .as_array()
        .map_or(0, Vec::len)
}

/// What was written of Workers' code, in order.
fn uploads(world: &World, mark: usize) -> Vec<String> {
    let requests = world.since(mark).into_iter().filter(|request| request["write"] == true);
    let lines = requests.filter_map(|request| {
        let path = request["path"].as_str()?.split_once("/workers/scripts/")?.1.to_owned();
        let code = !path.contains('/') || path.ends_with("/versions");
        code.then(|| format!("{} {path} {}", request["method"].as_str().unwrap(), request["status"]))
    });
    lines.collect()
}

#[tokio::test]
async fn a_circle_comes_up_by_a_first_version_and_later_without_one() {
    let world = circle().await;
    let planned = deploy(&world, &[("dry-run", "true")]).await;
    assert_eq!(planned.code, 0, "{planned}");
    let mark = world.mark();
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(uploads(&world, mark).join("\n"), @"
    PUT web-42 200
    PUT api-42 200
    POST web-42/versions 200
    PUT jobs-42 200
    ");
    assert_eq!(bindings(&world, "web-42")["API"]["service"], "api-42");
    assert_eq!(bindings(&world, "api-42")["WEB"]["service"], "web-42");
    let told: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.contains("order:") || line.contains("a first version") || line.contains("at first"))
        .collect();
    let told = told.join("\n").replace(&version(&world, "web-42", 0), "<version>");
    insta::assert_snapshot!(told, @"
    order: web (a first version) → api → web → jobs
    + Worker web-42                 service web: at first without `API`, which leads to a Worker that is not there yet
    ✓ web: a first version, <version>, without `API`, which leads to a Worker that is not there yet: others bind to it, and it binds to them
    ");
    insta::assert_snapshot!(detail(&run, "web"), @"deployed twice, since services bind each other: first without `API`, which leads to a Worker that is not there yet");
    assert!(planned.summary.contains("at first without `API`"), "{planned}");

    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // All of them are there: one version each.
    for name in ["web", "api", "jobs"] {
        world.file(&format!("{name}/dist/index.js"), &code(name, "2"));
    }
    let before = ["web-42", "api-42", "jobs-42"].map(|worker| versions(&world, worker));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let after = ["web-42", "api-42", "jobs-42"].map(|worker| versions(&world, worker));
    assert_eq!(after, before.map(|number| number + 1), "{run}");

    // The pull request is closed: of Workers that bind each other none can go before the other.
    world.close_pull_request().await;
    let run = world.run("cleanup").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(account(&world)["workers"].as_object().unwrap().is_empty(), "{run}");
    world.finish().await;
}

fn version(world: &World, worker: &str, at: usize) -> String {
    let versions = account(world)["workers"][worker]["versions"].clone();
    versions[at]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn production_comes_up_so_too_and_what_is_there_already_needs_no_first_version() {
    let world = circle().await;
    world.seed(&json!({"cloudflare": {"workers": [{"name": "api"}]}})).await;
    let production = async || {
        let run = world.run("deploy-workers").on_push().input("environment", "production");
        run.input("health", "false").go().await
    };
    let mark = world.mark();
    let run = production().await;
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(uploads(&world, mark).join("\n"), @"
    PUT web 200
    POST api/versions 200
    PUT jobs 200
    ");
    assert_eq!(bindings(&world, "web")["API"]["service"], "api");
    let mark = world.mark();
    assert_eq!(production().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_circle_that_fails_on_its_way_is_taken_back_whole() {
    for on_command in [false, true] {
        let world = circle().await;
        // The real version of `web` is refused when `api` is there already.
        world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/web-42/versions", "status": 400, "times": null,
            "body": {"success": false, "errors": [{"code": 10021, "message": "refused"}], "messages": [], "result": null}}));
        if on_command {
            let run = deploy(&world, &[("on-failure", "keep")]).await;
            assert_eq!(
                (run.code, states(&run)),
                (1, json!({"web": "failed", "api": "deployed", "jobs": "skipped"})),
                "{run}"
            );
            insta::assert_snapshot!(detail(&run, "web"), @"
            could not upload a version of Worker `web-42`
            caused by: Cloudflare answered 400 (code 10021, ray 9e1bdf54d58248ff-LHR): refused; only its first version was deployed, without `API`, which leads to a Worker that is not there yet
            ");
            world.heal();
            // The next run finds the first version, and goes on from there.
            assert_eq!(deploy(&world, &[]).await.code, 0);
            let run = world
                .run("deploy-workers")
                .input("command", "rollback")
                .input("new-workers", "remove")
                .input("health", "false")
                .go()
                .await;
            assert_eq!(run.code, 0, "{run}");
            assert_eq!(
                states(&run),
                json!({"web": "rolled-back", "api": "rolled-back", "jobs": "rolled-back"}),
                "{run}"
            );
            assert_eq!(run.output("rolled-back"), r#"["api","web","jobs"]"#, "{run}");
        } else {
            let run = deploy(&world, &[("new-workers", "remove")]).await;
            assert_eq!(
                (run.code, states(&run)),
                (
                    1,
                    json!({"web": "rolled-back", "api": "rolled-back", "jobs": "skipped"})
                ),
                "{run}"
            );
            // Without a wish to remove them they stay, and are told so.
            let run = deploy(&world, &[]).await;
            assert!(detail(&run, "web").contains("not put back: it is new"), "{run}");
            assert_eq!(live(&world, "web-42"), version(&world, "web-42", 0));
            let again = deploy(&world, &[("new-workers", "remove")]).await;
            assert_eq!(again.code, 1, "{again}");
            world.finish().await;
            continue;
        }
        assert!(account(&world)["workers"].as_object().unwrap().is_empty());
        world.finish().await;
    }
}

#[tokio::test]
async fn a_worker_that_somebody_else_binds_is_not_taken_from_them() {
    let world = circle().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "theirs", "services": {"WEB": "web-42"}}]}}))
        .await;
    let run = world
        .run("deploy-workers")
        .input("command", "rollback")
        .input("new-workers", "remove")
        .input("health", "false")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    let left: Vec<String> = account(&world)["workers"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(left, ["api-42", "theirs", "web-42"], "{run}");
    assert!(run.error().contains("`theirs` still bind"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_service_may_bind_itself() {
    for refuses in [false, true] {
        let world = World::start().await;
        manifest(&world, "[services.web]\npath = \"web\"\n");
        let itself: Value = json!({"services": [{"binding": "SELF", "service": "web"}]});
        worker(&world, "web", &itself, &code("web", "1"));
        if refuses {
            world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/web-42", "status": 400,
                "body": {"success": false, "errors": [{"code": 10144, "message": "Could not resolve service binding 'SELF'."}], "messages": [], "result": null}}));
        }
        let run = deploy(&world, &[]).await;
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(versions(&world, "web-42"), 1 + usize::from(refuses), "{run}");
        assert_eq!(bindings(&world, "web-42")["SELF"]["service"], "web-42");
        assert_eq!(run.stdout.contains("a first version"), refuses, "{run}");
        let mark = world.mark();
        assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn wrangler_uploads_a_circle_too() {
    let world = circle().await;
    std::fs::create_dir(world.workspace().join("node_modules")).unwrap();
    symlink(
        npm::clients().join("node_modules/wrangler"),
        world.workspace().join("node_modules/wrangler"),
    )
    .unwrap();
    let deploy = async || {
        let run = world
            .run("deploy-workers")
            .input("health", "false")
            .input("uploader", "wrangler");
        run.input("services", "web, api")
            .env("PATH", npm::path_with_node())
            .go()
            .await
    };
    let run = deploy().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("web: a first version"), "{run}");
    assert_eq!(
        (versions(&world, "web-42"), versions(&world, "api-42")),
        (2, 1),
        "{run}"
    );
    assert_eq!(bindings(&world, "web-42")["API"]["service"], "api-42");
    let mark = world.mark();
    assert_eq!(deploy().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn only_a_circle_of_needs_is_refused() {
    let world = circle().await;
    manifest(
        &world,
        "[services.web]\npath = \"web\"\nneeds = [\"api\"]\n[services.api]\npath = \"api\"\nneeds = [\"web\"]\n",
    );
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error()
            .contains("services need each other in a circle: web → api → web"),
        "{run}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

/// Healthy only with its binding.
fn healthy_with(binding: &str) -> String {
    format!(
        "export default {{ fetch(request, env) {{
            return Response.json({{ status: env.{binding} ? 'healthy' : 'unhealthy', version: env.VERSION.id }}, {{ status: env.{binding} ? 200 : 503 }});
        }} }}"
    )
}

#[tokio::test]
async fn nobody_asks_a_first_version_for_its_health() {
    let world = World::start_with_runtime().await;
    let port = world.cloud.edge.rsplit(':').next().unwrap();
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"two\"\nzone = \"revelations.localhost\"\nurl = \"http://{{hostname}}:{port}\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n[services.web]\npath = \"web\"\n[services.api]\npath = \"api\"\n"
        ),
    );
    let mut records = Vec::new();
    for (name, other) in [("web", "api"), ("api", "web")] {
        let binding = other.to_uppercase();
        worker(
            &world,
            name,
            &json!({"services": [{"binding": binding, "service": other}], "version_metadata": {"binding": "VERSION"}}),
            &healthy_with(&binding),
        );
        records.push(json!({"type": "AAAA", "name": format!("{name}-42"), "content": "100::", "proxied": true}));
    }
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "revelations.localhost", "records": records}]}}))
        .await;
    let run = world.run("deploy-workers").input("health-timeout", "20s").go().await;
    assert_eq!(
        (run.code, states(&run)),
        (0, json!({"web": "deployed", "api": "deployed"})),
        "{run}"
    );
    for name in ["web", "api"] {
        assert_eq!(
            run.stdout.matches(&format!("{name} is healthy after")).count(),
            1,
            "{run}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn a_worker_of_a_circle_has_its_log_takers_after_the_first_run() {
    let world = World::start().await;
    manifest(
        &world,
        "[services.a]\npath = \"a\"\n[services.b]\npath = \"b\"\n[services.logs]\npath = \"logs\"\n",
    );
    let binds = |service: &str| json!([{"binding": "N", "service": service}]);
    let tailed = json!({"services": binds("b"), "tail_consumers": [{"service": "logs"}]});
    worker(&world, "a", &tailed, &code("a", "1"));
    worker(&world, "b", &json!({"services": binds("a")}), &code("b", "1"));
    worker(&world, "logs", &json!({"services": binds("a")}), &code("logs", "1"));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("a: a first version"), "{run}");
    let consumers = account(&world)["workers"]["a-42"]["settings"]["tail_consumers"].clone();
    assert_eq!(consumers[0]["service"], "logs-42", "{consumers}");
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
