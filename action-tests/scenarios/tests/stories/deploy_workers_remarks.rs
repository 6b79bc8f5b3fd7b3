//! Stories of what is deployed as it is asked for, and told: a Worker that is opened, and one without production's bindings.

use scenarios::{Run, World};
use serde_json::json;

use crate::deploy_workers::{account, worker};
use crate::health_check::proxy::Proxy;

const OPENED: &str = "its wrangler configuration has `workers_dev: false`, and the environment's `routing = \"workers-dev\"` opens it there all the same, where anybody reaches it";
const LACKS: &str = "it has no bindings `JOBS` and `LIMIT`, which it has in `production`";

/// The lines that a run says of services, without where they are said.
fn told(run: &Run) -> Vec<&str> {
    let lines = run.stdout.lines();
    let mut told: Vec<&str> = lines
        .filter(|line| line.contains("all the same") || line.contains("it has no"))
        .collect();
    told.sort_unstable();
    told
}

#[tokio::test]
async fn what_is_opened_and_what_is_lacked_is_told_by_all_who_look() {
    let world = World::start().await;
    let port = world.cloud.edge.rsplit(':').next().unwrap().to_owned();
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nurl = \"http://{{hostname}}:{port}\"\n[environments.preview]\nworker = \"{{worker}}-preview-{{pr}}\"\nrouting = \"workers-dev\"\n[environments.production]\nwrangler-env = \"production\"\nrouting = \"workers-dev\"\n[services.gate]\npath = \"gate\"\n[services.jobs]\npath = \"jobs\"\n"
        ),
    );
    let limit = json!([{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 10, "period": 60}}]);
    let production = json!({"name": "gate", "services": [{"binding": "JOBS", "service": "jobs"}], "ratelimits": limit});
    worker(
        &world,
        "gate",
        &json!({"env": {"production": production}}),
        "export default {}",
    );
    worker(
        &world,
        "jobs",
        &json!({"workers_dev": false, "env": {"production": {"name": "jobs"}}}),
        "export default {}",
    );
    let proxy = Proxy::start().await;
    let start = |action: &'static str| proxy.beyond_here(world.run(action));
    let valid = start("deploy-workers").input("command", "validate").go().await;
    assert_eq!(valid.code, 0, "{valid}");
    for run in [
        valid,
        start("deploy-workers").go().await,
        start("deploy-workers").go().await,
    ] {
        assert_eq!(run.code, 0, "{run}");
        let told = told(&run);
        assert_eq!(told.len(), 2, "{told:#?} {run}");
        assert!(told[0].contains("gate") && told[0].contains(LACKS), "{told:#?}");
        assert!(told[1].contains("jobs") && told[1].contains(OPENED), "{told:#?}");
        assert!(run.summary.contains("`JOBS` and `LIMIT`"), "{run}");
    }
    assert_eq!(
        account(&world)["workers"]["jobs-preview-42"]["workers_dev"],
        json!(true)
    );
    let checked = start("preflight").input("fail-on", "error").go().await;
    assert!(
        checked.stdout.contains(OPENED) && checked.stdout.contains(LACKS),
        "{checked}"
    );
    world.finish().await;
}
