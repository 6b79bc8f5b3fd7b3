//! Stories of `migrate`: the command on the branch itself.

use super::*;

const ECHO: &str = r#"printf "%s\n" "$DATABASE_URL" "$DIRECT_URL" "${INPUT_NEON_API_KEY-no key}" > seen.txt"#;

/// Outside of a pull request, as on a push to the default branch.
fn production<'w>(world: &'w World, command: &str) -> Start<'w> {
    run(world, command).on_push().input("environment", "production")
}

fn seen(world: &World) -> Vec<String> {
    let seen = std::fs::read_to_string(world.workspace().join("seen.txt")).unwrap();
    seen.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_command_gets_the_branch_that_the_environment_uses_and_nothing_is_made() {
    let world = world().await;
    let migrate = format!("parent = \"production\"\nmigrate = '''{ECHO}'''\nvariables = [\"DIRECT_URL\"]");
    world.file("codex.toml", &MANIFEST.replace("parent = \"production\"", &migrate));
    let got = ok(production(&world, "get").go().await);
    let url = got.output("database-url");
    let mark = world.mark();
    // A variable that leads to production leads where it is to.
    let run = ok(production(&world, "migrate").env("OTHER_URL", url).go().await);
    assert_eq!(seen(&world), [url, url, "no key"]);
    assert_eq!(
        (run.output("exit-status"), run.output("branch-name")),
        ("0", "production")
    );
    assert_eq!(
        (run.output("changed"), &run.report["command"]),
        ("true", &json!("migrate"))
    );
    assert_eq!(run.output("database-url"), "", "the next step asks for it again");
    let told = "the command succeeded on branch `production` after";
    assert!(
        run.stdout.contains(told) && run.summary.contains("### neon-branch migrate"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_failed_command_tells_where_it_has_failed() {
    let world = world().await;
    let script = "echo no such column >&2; exit 7";
    let run = production(&world, "migrate").input("run", script).go().await;
    assert_eq!(run.code, 7, "{run}");
    assert!(run.stdout.contains("no such column"), "{run}");
    insta::assert_snapshot!(run.error(), @"
    the command ended with exit status 7, on branch `production` itself
    hint: what it had done by then stays, unless it did it in a transaction
    ");
    assert_eq!(
        (run.output("exit-status"), &run.report["status"]),
        ("7", &json!("failed"))
    );
    let run = production(&world, "migrate").go().await;
    let missing = "`run`: missing; give the command to run";
    assert!(run.code == 2 && run.error().contains(missing), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_way_to_another_branch_stops_it() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    let other = ok(run(&world, "get").go().await);
    let attempt = production(&world, "migrate").input("run", "touch ran");
    let error = failed(&attempt.env("DIRECT_URL", other.output("database-url")).go().await);
    insta::assert_snapshot!(error, @r#"
    the command was not run: `DIRECT_URL` leads to a database of this project that is not branch `production`
    hint: list it in the manifest, `[database] variables = ["DIRECT_URL"]`, so that `migrate` sets it to that branch; or take it out of the step: `env: { DIRECT_URL: "" }`
    "#);
    let text = format!("migrate --host {}", other.output("host"));
    let error = failed(&production(&world, "migrate").input("run", text).go().await);
    let told = "it names a database of this project that is not branch `production`";
    assert!(error.contains(told), "{error}");
    assert!(!world.workspace().join("ran").exists());
    world.finish().await;
}

#[tokio::test]
async fn a_pull_request_migrates_its_own_branch_and_nobody_elses() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    let own = ok(run(&world, "migrate").input("run", "touch own").go().await);
    assert_eq!(own.output("branch-name"), "preview-pr-42");
    // Named, production is nothing that this run may change; by the manifest it is none of a pull request's.
    let named = run(&world, "migrate").input("branch", "production");
    let error = failed(&named.input("run", "touch ran").go().await);
    insta::assert_snapshot!(error, @"
    could not migrate branch `production`: neither its annotation nor its name says that this repository made it
    hint: `force-foreign: true` does it nevertheless
    ");
    world.file("codex.toml", &MANIFEST.replace("branch = \"preview-pr-{pr}\"\n", ""));
    let run = run(&world, "migrate").input("run", "touch ran").go().await;
    assert!(
        run.code == 2 && run.error().contains("has no branch of its own"),
        "{run}"
    );
    assert!(world.workspace().join("own").exists() && !world.workspace().join("ran").exists());
    world.finish().await;
}

#[tokio::test]
async fn cancelled_in_the_middle_it_ends_the_command_and_says_so() {
    let world = world().await;
    let script = "echo begun; sleep 60; touch ran";
    let mut started = production(&world, "migrate").input("run", script).start();
    started.printed("begun").await;
    started.signal("INT").await;
    let run = started.wait().await;
    assert_eq!(run.code, 130, "{run}");
    let told = "has ended the command on branch `production` in the middle";
    assert!(run.error().contains(told), "{run}");
    assert!(!world.workspace().join("ran").exists());
    world.finish().await;
}
