//! Stories of `deploy-workers` on real parts: workerd serves what was deployed, and a version gets its traffic in steps.

use scenarios::World;
use serde_json::{Value, json};

use crate::deploy_workers::{account, deploy, platform, worker};
use crate::deploy_workers_rollback::{live, rolled_back, second_version};

/// Code that tells its version, as `word`, and is healthy or not.
fn code(service: &str, word: &str, status: &str) -> String {
    let code = if status == "healthy" { 200 } else { 503 };
    format!(
        "export default {{ fetch(request, env) {{
            if (new URL(request.url).pathname !== '/health') return new Response('{service} {word}');
            return Response.json({{ status: '{status}', service: '{service}', environment: 'preview', version: env.VERSION.id, checks: {{}} }}, {{ status: {code} }});
        }} }}"
    )
}

async fn ask(world: &World, host: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let answer = client.get(&world.cloud.edge).header("host", host).send().await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn an_unhealthy_third_wave_puts_five_workers_back_and_the_edge_serves_the_old_code() {
    let world = World::start_with_runtime().await;
    let port = world.cloud.edge.rsplit(':').next().unwrap();
    let mut manifest = format!(
        "[project]\nname = \"five\"\nzone = \"revelations.localhost\"\nurl = \"http://{{hostname}}:{port}\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n"
    );
    let calls: [(&str, &[&str]); 5] = [("a", &[]), ("b", &[]), ("c", &["a", "b"]), ("d", &["c"]), ("e", &["c"])];
    let mut records = Vec::new();
    for (name, needs) in calls {
        manifest.extend(["[services.", name, "]\npath = \"", name, "\"\n"]);
        let services: Vec<Value> = needs
            .iter()
            .map(|need| json!({"binding": need.to_uppercase(), "service": need}))
            .collect();
        worker(
            &world,
            name,
            &json!({"services": services, "version_metadata": {"binding": "VERSION"}}),
            &code(name, "old", "healthy"),
        );
        records.push(json!({"type": "AAAA", "name": format!("{name}-42"), "content": "100::", "proxied": true}));
    }
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "revelations.localhost", "records": records}]}}))
        .await;
    world.file("codex.toml", &manifest);
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("e is healthy after"), "{run}");
    assert_eq!(ask(&world, "d-42.revelations.localhost").await, "d old");
    let before = run.outputs["versions"].clone();

    for (name, _) in calls {
        let status = if name == "e" { "unhealthy" } else { "healthy" };
        world.file(&format!("{name}/dist/index.js"), &code(name, "new", status));
    }
    let run = world.run("deploy-workers").input("health-timeout", "5s").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().starts_with("`e` is deployed, but not healthy"), "{run}");
    assert_eq!(run.outputs["versions"], before, "{run}");
    assert_eq!(rolled_back(&run).len(), 5, "{run}");
    for (name, _) in calls {
        assert_eq!(
            ask(&world, &format!("{name}-42.revelations.localhost")).await,
            format!("{name} old")
        );
    }

    // Mended, it goes through; the gate saw the new versions, not the old ones' health.
    world.file("e/dist/index.js", &code("e", "new", "healthy"));
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 0, "{run}");
    for (name, _) in calls {
        assert_eq!(
            ask(&world, &format!("{name}-42.revelations.localhost")).await,
            format!("{name} new")
        );
    }

    // Asked for before it has any traffic, a sick version never gets some.
    let healthy = live(&world, "e-42");
    world.file("e/dist/index.js", &code("e", "sick", "unhealthy"));
    let run = world
        .run("deploy-workers")
        .input("rollout", "0,100")
        .input("health-timeout", "3s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(live(&world, "e-42"), healthy);
    let deployments = account(&world)["workers"]["e-42"]["deployments"].clone();
    let shared: Vec<&Value> = deployments
        .as_array()
        .unwrap()
        .iter()
        .filter(|deployment| deployment["versions"].as_array().unwrap().len() == 2)
        .collect();
    assert_eq!(shared.len(), 1, "{deployments:#}");
    assert_eq!(
        shared[0]["versions"][0]["percentage"].as_f64().unwrap().to_string(),
        "0"
    );
    assert_eq!(shared[0]["versions"][1]["version_id"], healthy.as_str());
    world.finish().await;
}

#[tokio::test]
async fn a_rollout_goes_in_steps_and_its_failure_goes_all_the_way_back() {
    let world = platform().await;
    assert_eq!(deploy(&world, &[]).await.code, 0);
    let before = live(&world, "api-preview-42");
    second_version(&world);
    let run = deploy(&world, &[("rollout", "50,10")]).await;
    assert!(
        run.code == 2 && run.error().contains("`rollout`: `50,10` is not a rising list"),
        "{run}"
    );
    let steps = |world: &World| -> Vec<String> {
        let deployments = account(world)["workers"]["api-preview-42"]["deployments"].clone();
        let all = deployments.as_array().unwrap().iter().rev().skip(1);
        all.map(|deployment| deployment["versions"][0]["percentage"].as_f64().unwrap().to_string())
            .collect()
    };
    // The third share of `api` is refused.
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api-preview-42/deployments", "skip": 2, "status": 400,
        "body": {"success": false, "errors": [], "messages": [], "result": null}}));
    let run = deploy(&world, &[("rollout", "10,50,100"), ("bake", "1s")]).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(live(&world, "api-preview-42"), before);
    assert_eq!(steps(&world), ["10", "50", "100"], "the last one is the way back");
    let run = deploy(&world, &[("rollout", "10,50,100")]).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(steps(&world)[3..], ["10", "50", "100"]);
    assert_ne!(live(&world, "api-preview-42"), before);
    world.finish().await;
}
