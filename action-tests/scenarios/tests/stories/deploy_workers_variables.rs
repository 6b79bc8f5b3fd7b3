//! Stories of `deploy-workers` about variables, whose types and references survive, and about the schedules of previews.

use scenarios::World;
use serde_json::{Value, json};

use crate::deploy_workers::{account, bindings, worker};
use crate::deploy_workers_ends::detail;

fn manifest(world: &World, preview: &str, service: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n{preview}\n[environments.production]\n[services.jobs]\npath = \"jobs\"\n{service}\n"
        ),
    );
}

fn jobs(world: &World, config: &Value) {
    worker(world, "jobs", config, "export default {}");
}

fn schedules(world: &World, worker: &str) -> String {
    account(world)["workers"][worker]["schedules"].to_string()
}

#[tokio::test]
async fn a_variables_type_and_references_survive() {
    let world = World::start().await;
    jobs(&world, &json!({"vars": {"LIST": ["x"], "LIMIT": 1, "NAME": "jobs"}}));
    manifest(
        &world,
        "vars = { NAME = \"{service} of pull request {pr}\", FLAGS = { beta = true, at = \"{jobs.url}\" } }",
        "vars = { LIST = [\"a\", \"b\"], LIMIT = 5, PATH_OF = \"/items/{{id}}\", RAW = '{\"a\":1}' }",
    );
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 0, "{run}");
    let bound = bindings(&world, "jobs-42");
    assert_eq!(
        (&bound["LIST"]["type"], &bound["LIST"]["json"]),
        (&json!("json"), &json!(["a", "b"]))
    );
    assert_eq!(bound["LIMIT"]["json"], 5);
    assert_eq!(
        bound["FLAGS"]["json"],
        json!({"beta": true, "at": "https://jobs-42.example.com"})
    );
    for (name, text) in [
        ("NAME", "jobs of pull request 42"),
        ("PATH_OF", "/items/{id}"),
        ("RAW", "{\"a\":1}"),
    ] {
        assert_eq!(
            (&bound[name]["type"], &bound[name]["text"]),
            (&json!("plain_text"), &json!(text))
        );
    }
    let mark = world.mark();
    let again = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(again.output("changed"), "false", "{again}");
    world.assert_only_reads_since(mark);

    // Code that expects a list would be given a text.
    manifest(
        &world,
        "",
        "vars = { LIST = '[\"a\",\"b\"]', NAME = 7, NOWHERE = \"{jobs.uri}\" }",
    );
    let wrong = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(wrong.code, 2, "{wrong}");
    assert!(wrong.error().contains("did you mean `{jobs.url}`?"), "{wrong}");
    manifest(&world, "", "vars = { LIST = '[\"a\",\"b\"]', NAME = 7 }");
    let wrong = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(wrong.code, 2, "{wrong}");
    for part in [
        "`LIST` is a text in `vars` and another kind of value in the wrangler configuration",
        "`NAME` is no text in `vars` and a text in the wrangler configuration",
    ] {
        assert!(wrong.error().contains(part), "{part} is not in:\n{}", wrong.error());
    }
    world.finish().await;
}

#[tokio::test]
async fn a_preview_has_no_schedules_unless_the_manifest_says_so() {
    let world = World::start().await;
    jobs(&world, &json!({"triggers": {"crons": ["*/5 * * * *"]}}));
    let deploy = async || world.run("deploy-workers").input("health", "false").go().await;
    manifest(&world, "", "");
    let run = deploy().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(!schedules(&world, "jobs-42").contains("*/5"), "{run}");
    assert!(
        run.stdout.contains(
            "note: jobs: its schedules (`*/5 * * * *`) are left out: a preview has none without `crons = true`"
        ),
        "{run}"
    );
    let mark = world.mark();
    assert_eq!(deploy().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    manifest(&world, "crons = true", "");
    assert_eq!(deploy().await.code, 0);
    assert!(schedules(&world, "jobs-42").contains("*/5"));
    // And away again: those of a preview from before.
    manifest(&world, "", "");
    assert_eq!(deploy().await.output("changed"), "true");
    assert!(!schedules(&world, "jobs-42").contains("*/5"));

    let production = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .go()
        .await;
    assert_eq!(production.code, 0, "{production}");
    assert!(schedules(&world, "jobs").contains("*/5"));
    world.finish().await;
}

#[tokio::test]
async fn schedules_from_before_go_though_the_configuration_has_forgotten_them() {
    let world = World::start().await;
    let crons = json!({"triggers": {"crons": ["*/5 * * * *"]}});
    jobs(&world, &crons);
    manifest(&world, "crons = true", "");
    let deploy = async || world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(deploy().await.code, 0);
    assert!(schedules(&world, "jobs-42").contains("*/5"));
    jobs(&world, &json!({}));
    manifest(&world, "", "");
    let run = deploy().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert!(!schedules(&world, "jobs-42").contains("*/5"), "{run}");
    let mark = world.mark();
    assert_eq!(deploy().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // Where an environment has schedules, those that no configuration names stay; where it says `false`, none do.
    let set_by_hand = async || {
        let path = "/workers/scripts/jobs/schedules";
        world.by_hand("PUT", path, &json!([{"cron": "1 * * * *"}])).await;
    };
    let production = async || {
        let run = world.run("deploy-workers").on_push().input("environment", "production");
        run.input("health", "false").go().await
    };
    assert_eq!(production().await.code, 0);
    set_by_hand().await;
    assert_eq!(production().await.output("changed"), "false");
    assert!(schedules(&world, "jobs").contains("1 * * * *"));
    jobs(&world, &crons);
    world.file(
        "codex.toml",
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\ncrons = false\n[services.jobs]\npath = \"jobs\"\n",
    );
    let run = production().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(!schedules(&world, "jobs").contains("* * *"), "{run}");
    assert!(
        run.stdout
            .contains("its schedules (`*/5 * * * *`) are left out: environment `production` says `crons = false`"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn an_account_without_room_for_schedules_does_not_fail_sound_code() {
    let world = World::start().await;
    jobs(&world, &json!({"triggers": {"crons": ["*/5 * * * *"]}}));
    manifest(&world, "crons = true", "");
    world.fail(&json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/scripts/jobs-42/schedules", "status": 400,
        "body": {"success": false, "errors": [{"code": 10072, "message": "You have exceeded the limit of cron triggers."}], "messages": [], "result": null}}));
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(
        (run.code, &run.report["services"][0]["state"]),
        (0, &json!("deployed")),
        "{run}"
    );
    let told = detail(&run, "jobs");
    for part in [
        "its schedules were not set",
        "code 10072",
        "`crons = false` in the environment",
    ] {
        assert!(
            told.contains(part) && run.stdout.contains(part),
            "{part}: {told}\n{run}"
        );
    }
    assert!(
        run.stdout
            .contains("::warning title=deploy-workers::jobs: its schedules"),
        "{run}"
    );
    // Once there is room, the next run sets them.
    let next = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!((next.code, next.output("changed")), (0, "true"), "{next}");
    assert!(schedules(&world, "jobs-42").contains("*/5"));
    world.finish().await;
}

#[tokio::test]
async fn a_variable_may_come_from_the_step_and_is_no_secret() {
    let world = World::start().await;
    jobs(&world, &json!({"vars": {"PUBLIC_KEY": "from the configuration"}}));
    manifest(
        &world,
        "step-vars = { PUBLIC_KEY = \"STRIPE_TEST_PUBLIC_KEY\" }",
        "step-vars = [\"PUBLIC_KEY\", \"REGION\"]",
    );
    let run = world.run("deploy-workers").input("health", "false").go().await;
    assert_eq!(run.code, 2, "{run}");
    for part in [
        "`STRIPE_TEST_PUBLIC_KEY`: missing or empty; service `jobs` would not get its variable: set it in the step's `env`, such as `STRIPE_TEST_PUBLIC_KEY: ${{ vars.STRIPE_TEST_PUBLIC_KEY }}`",
        "`REGION`: missing or empty",
    ] {
        assert!(run.error().contains(part), "{part}: {run}");
    }
    assert!(world.requests().is_empty());

    let deploy = async || {
        let run = world.run("deploy-workers").input("health", "false").env("REGION", "eu");
        run.env("STRIPE_TEST_PUBLIC_KEY", "pk_test_1").go().await
    };
    let run = deploy().await;
    assert_eq!(run.code, 0, "{run}");
    let bound = bindings(&world, "jobs-42");
    assert_eq!(
        bound["PUBLIC_KEY"],
        json!({"name": "PUBLIC_KEY", "type": "plain_text", "text": "pk_test_1"})
    );
    assert_eq!(bound["REGION"]["text"], "eu");
    assert!(
        run.stdout.contains("variables: PUBLIC_KEY = pk_test_1; REGION = eu"),
        "{run}"
    );
    assert!(!run.masks().contains(&"pk_test_1".to_owned()), "{run}");
    let mark = world.mark();
    assert_eq!(deploy().await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    manifest(
        &world,
        "",
        "step-vars = [\"A\", \"B\"]\nsecrets = [\"A\"]\nvars = { B = \"b\" }",
    );
    let run = deploy().await;
    assert_eq!(run.code, 2, "{run}");
    for part in [
        "`A` is a variable of the step in `services.jobs.step-vars` and a secret in `services.jobs.secrets`",
        "`B` is a variable of the step in `services.jobs.step-vars` and a variable in `services.jobs.vars`",
    ] {
        assert!(run.error().contains(part), "{part}: {run}");
    }
    world.finish().await;
}
