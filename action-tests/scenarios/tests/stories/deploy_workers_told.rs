//! Stories of `deploy-workers` about what it says: all of it at once, in the words of what happened, and once.

use std::os::unix::fs::symlink;

use scenarios::{Run, World, npm};
use serde_json::json;

use crate::deploy_workers::{account, bindings, platform, worker};
use crate::deploy_workers_ends::detail;

#[tokio::test]
async fn inputs_of_one_worker_without_its_folder_are_one_mistake() {
    for manifest in [true, false] {
        let world = if manifest {
            platform().await
        } else {
            World::start().await
        };
        let run = world
            .run("deploy-workers")
            .input("worker", "api")
            .input("zone", "example.com")
            .input("hostnames", "api.example.com")
            .input("routing", "route")
            .input("wrangler-env", "production")
            .input("secrets", "KEY")
            .input("vars", "A=b")
            .input("build", "npm run build")
            .input("health-path", "/health")
            .env("DATABASE_URL", "postgresql://o:s3cret-word@ep-a.neon.tech/neondb")
            .env("SESSION_SECRET", "session-secret-1")
            .go()
            .await;
        assert_eq!(run.code, 2, "{run}");
        assert!(
            run.error().starts_with("one input is wrong; nothing was touched"),
            "{run}"
        );
        if manifest {
            insta::assert_snapshot!(run.error(), @"
            one input is wrong; nothing was touched
            - `path`: missing; `worker`, `hostnames`, `zone`, `routing`, `wrangler-env`, `secrets`, `vars`, `build` and `health-path` go with it, which deploys one Worker without a manifest; with a manifest, they are said there
            ");
        } else {
            insta::assert_snapshot!(run.error(), @"
            one input is wrong; nothing was touched
            - `path`: missing; `worker`, `hostnames`, `zone`, `routing`, `wrangler-env`, `secrets`, `vars`, `build` and `health-path` go with it, the folder of the Worker
            ");
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn secrets_that_a_fork_is_not_given_are_wrong_for_one_reason() {
    let world = platform().await;
    let mut event: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(world.workspace().join("../event.json")).unwrap()).unwrap();
    event["pull_request"]["head"]["repo"] =
        json!({"id": 7, "full_name": "stranger/app", "name": "app", "owner": {"login": "stranger"}});
    world.event(&event);
    let run = world.run("deploy-workers").without("cloudflare-api-token").go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    3 inputs are wrong for one reason; nothing was touched
    - `cloudflare-api-token`, `DATABASE_URL` and `SESSION_SECRET`: this run is given no secrets, because its pull request comes from a fork; skip this step for forks, or do it in a `workflow_run` job, which has them
    ");
    world.finish().await;
}

#[tokio::test]
async fn what_wrangler_would_refuse_one_after_the_other_is_told_together() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\n[services.jobs]\npath = \"jobs\"\nbuild = \"mkdir -p dist && touch dist/other.js\"\n",
    );
    let routes = "{\n  \"name\": \"api\",\n  \"main\": \"src/index.ts\",\n  \"compatibility_date\": \"2026-07-01\",\n  \"kv_namespaces\": [{\"binding\": \"CACHE\"}],\n  \"routes\": [\n    {\"pattern\": \"api.example.com/*\", \"custom_domain\": true}\n  ]\n}\n";
    world.file("api/wrangler.jsonc", routes);
    world.file("api/src/index.ts", "export default {};\n");
    for name in ["web", "jobs"] {
        let config = json!({"name": name, "main": "dist/index.js", "compatibility_date": "2026-07-01"});
        world.file(&format!("{name}/wrangler.json"), &config.to_string());
    }
    std::fs::create_dir(world.workspace().join("node_modules")).unwrap();
    symlink(
        npm::clients().join("node_modules/wrangler"),
        world.workspace().join("node_modules/wrangler"),
    )
    .unwrap();
    let deploy = async || {
        let run = world.run("deploy-workers").on_push().input("environment", "production");
        run.env("PATH", npm::path_with_node()).go().await
    };
    let run = deploy().await;
    assert_eq!(run.code, 2, "{run}");
    let told = run
        .error()
        .replace(&world.workspace().display().to_string(), "<workspace>");
    insta::assert_snapshot!(told, @r#"
    4 inputs are wrong; nothing was touched
    - `services.api`: `<workspace>/api/wrangler.jsonc`, line 7: custom domain `api.example.com/*` of `routes`: wildcards (`*`) and paths are not allowed in custom domains, so wrangler does not bundle it; take it out, since hostnames are attached by the manifest (`subdomain` of the service, `hostname` and `routing` of the environment)
    - `services.api`: binding `CACHE` has no id in the wrangler configuration; give it one, or list it in the service's `kv` if it is a KV namespace, or in the environment's `r2` or `d1`
    - `services.web`: could not be bundled: The entry-point file at "dist/index.js" was not found.
      
      This might mean that your entry-point file needs to be generated (which is the general case when a framework is being used).
      If that's the case please run your project's build command and try again.
      hint: nothing builds the service: give it a `build`, such as `build = "npm run build"`, or build it in a step before this one
    - `services.jobs`: could not be bundled: The entry-point file at "dist/index.js" was not found.
      
      This might mean that your entry-point file needs to be generated (which is the general case when a framework is being used).
      If that's the case please run your project's build command and try again.
      hint: the service's `build` has run, and does not make this file
    "#);
    assert!(run.stdout.contains("what was printed while web was bundled"), "{run}");
    assert!(world.requests().is_empty());

    // Alone it is an error with a hint.
    world.file(
        "api/wrangler.jsonc",
        &routes
            .replace("api.example.com/*", "api.example.com")
            .replace("{\"binding\": \"CACHE\"}", ""),
    );
    std::fs::create_dir_all(world.workspace().join("jobs/dist")).unwrap();
    world.file("jobs/dist/index.js", "export default {};\n");
    let run = deploy().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error().starts_with("could not bundle `web`; nothing was touched"),
        "{run}"
    );
    assert!(
        run.error()
            .contains("hint: nothing builds the service: give it a `build`"),
        "{run}"
    );
    world.finish().await;
}

/// Five services of production, each at a custom domain of its own; nobody calls another.
async fn five() -> World {
    let world = World::start().await;
    let mut manifest =
        "[project]\nname = \"five\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"custom-domain\"\n"
            .to_owned();
    for name in ["a", "b", "c", "d", "e"] {
        manifest.extend(["[services.", name, "]\npath = \"", name, "\"\n"]);
        worker(&world, name, &json!({}), "export default {}");
    }
    world.file("codex.toml", &manifest);
    world
}

#[tokio::test]
async fn of_five_what_two_uploads_and_then_a_custom_domain_were_refused_is_told_of_those() {
    let world = five().await;
    let refusal = |code: u32| json!({"success": false, "errors": [{"code": code, "message": "refused"}], "messages": [], "result": null});
    for name in ["a", "c"] {
        world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": format!("/accounts/*/workers/scripts/{name}"), "status": 400, "body": refusal(10021)}));
    }
    let deploy = async || {
        let run = world.run("deploy-workers").on_push().input("environment", "production");
        run.input("health", "false").go().await
    };
    let run = deploy().await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    let attached = |run: &Run, key: &str| detail(run, key).contains("was attached");
    for (key, is_there) in [("a", false), ("b", true), ("c", false), ("d", true), ("e", true)] {
        assert_eq!(attached(&run, key), is_there, "{key}: {run}");
    }
    // Now the code goes, and one of the hostnames does not.
    world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/domains", "status": 409, "times": 1, "body": refusal(100_117)}));
    let run = deploy().await;
    assert_eq!(run.code, 1, "{run}");
    let told: Vec<&str> = ["a", "c"].into_iter().filter(|key| attached(&run, key)).collect();
    assert_eq!(told.len(), 1, "{run}");
    assert!(["b", "d", "e"].iter().all(|key| !attached(&run, key)), "{run}");
    let domains = account(&world)["domains"].as_array().map_or(0, Vec::len);
    assert_eq!(domains, 4, "{run}");
    let run = deploy().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    let mark = world.mark();
    assert_eq!(deploy().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_variable_is_whatever_json_can_be() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[services.api]\npath = \"api\"\nvars = { ON = true, NOTHING = [], RATE = 0.5, DEEP = { a = [1, \"{api.url}\"] } }\n",
    );
    let vars = json!({"ON": 1, "NULL": null, "NOTHING": {"x": 1}, "OFF": false, "EMPTY": ""});
    worker(&world, "api", &json!({"vars": vars}), "export default {}");
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 0, "{run}");
    let bound = bindings(&world, "api-42");
    for (name, value) in [
        ("ON", json!(true)),
        ("NULL", json!(null)),
        ("NOTHING", json!([])),
        ("OFF", json!(false)),
        ("RATE", json!(0.5)),
        ("DEEP", json!({"a": [1, "https://api-42.example.com"]})),
    ] {
        assert_eq!(
            (&bound[name]["type"], &bound[name]["json"]),
            (&json!("json"), &value),
            "{name}"
        );
    }
    assert_eq!(bound["EMPTY"]["text"], "");
    world.finish().await;
}
