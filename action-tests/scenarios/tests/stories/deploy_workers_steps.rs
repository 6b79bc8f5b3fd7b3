//! Stories of `deploy-workers` about rollouts of many steps: Cloudflare lists the ten newest deployments only, so what
//! served before has to be known otherwise.

use scenarios::{Run, World};
use serde_json::{Value, json};

use crate::deploy_workers::{DATABASE_URL, account, platform};
use crate::deploy_workers_rollback::{live, second_version};

const TWELVE: &str = "1,5,10,20,30,40,50,60,70,80,90,100";

async fn world() -> World {
    let world = platform().await;
    let zone = json!({"kv": [{"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "title": "production-cache"}]});
    world.seed(&json!({"cloudflare": zone})).await;
    world
}

fn production<'w>(world: &'w World, run: &str, more: &[(&str, &str)]) -> scenarios::Start<'w> {
    let start = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("new-workers", "remove")
        .env("GITHUB_RUN_ID", run)
        .env("DATABASE_URL", DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-1")
        .input("health", "false");
    more.iter()
        .fold(start, |start, (name, value)| start.input(name, *value))
}

const WORKERS: [&str; 3] = ["api-production", "auth-production", "web-production"];

fn serving(world: &World) -> Vec<String> {
    WORKERS.map(|worker| live(world, worker)).to_vec()
}

/// The last step of `api` fails: the twelfth deployment of the run.
fn last_step(what: &Value) -> Value {
    let mut rule = json!({"provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/api-production/deployments", "skip": 11, "times": 1});
    for (key, value) in what.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn deployments(world: &World, worker: &str) -> usize {
    account(world)["workers"][worker]["deployments"]
        .as_array()
        .unwrap()
        .len()
}

#[track_caller]
fn assert_as_before(world: &World, run: &Run, before: &[String]) {
    assert_eq!(serving(world), before, "{run}");
    let domains = account(world)["domains"].as_array().map_or(0, Vec::len);
    assert_eq!(domains, 3, "{run}");
}

#[tokio::test]
async fn the_last_of_twelve_steps_fails_and_production_serves_what_it_did() {
    let world = world().await;
    assert_eq!(production(&world, "1", &[]).go().await.code, 0);
    let before = serving(&world);
    second_version(&world);
    let refusal = json!({"status": 400, "body": {"success": false, "errors": [{"code": 10021, "message": "refused"}], "messages": [], "result": null}});
    world.fail(&last_step(&refusal));
    let run = production(&world, "2", &[("rollout", TWELVE)]).go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(deployments(&world, "api-production") > 11, "{run}");
    assert_as_before(&world, &run, &before);

    // Somebody asks for it once more, in a process of its own: there is nothing left to do.
    let mark = world.mark();
    let again = production(&world, "2", &[("command", "rollback")]).go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_run_that_was_killed_at_its_last_step_is_put_back_by_another_process() {
    let world = world().await;
    assert_eq!(production(&world, "1", &[]).go().await.code, 0);
    let before = serving(&world);
    second_version(&world);
    world.fail(&last_step(&json!({"delay_ms": 20_000})));
    let mut started = production(&world, "2", &[("rollout", TWELVE)]).start();
    started.printed("90 % of the traffic to the new version").await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    started.signal("KILL").await;
    started.wait().await;
    world.heal();
    assert!(deployments(&world, "api-production") > 10);
    let run = production(&world, "2", &[("command", "rollback")]).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_as_before(&world, &run, &before);
    let mark = world.mark();
    let again = production(&world, "2", &[("command", "rollback")]).go().await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
