//! Stories of `neon-branch`.

mod again;
mod cancelled;
mod checkpoint;
mod copy;
mod create;
mod delete;
mod diff;
mod dry_run;
mod limits;
mod login;
mod migrate;
mod on_postgres;
mod ownership;
mod restore;

use std::fmt::Write as _;
use std::time::Duration;

use scenarios::{Run, Start, World, ids, tokens};
use serde_json::{Value, json};

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"

[database]
parent = "production"

[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-pr-{pr}"
expires = "7d"

[environments.production]

[services.api]
path = "api"
"#;

/// What differs from run to run.
const VARYING: [(&str, &str); 3] = [
    (r"[0-9a-f]{8}-[0-9a-f-]{27}", "[request]"),
    (r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z)", "[time]"),
    (r"-[0-9a-f]{6}`", "-[unique]`"),
];

async fn world() -> World {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    world
}

/// A run whose branch has a host of the real world: nobody listens there.
fn run<'w>(world: &'w World, command: &str) -> Start<'w> {
    world
        .run("neon-branch")
        .input("command", command)
        .input("wait", "false")
}

#[track_caller]
fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    run
}

#[track_caller]
fn failed(run: &Run) -> String {
    assert_eq!(run.code, 1, "{run}");
    run.assert_no_secret_leaks();
    assert_eq!(run.report["status"], "failed");
    assert_eq!(run.report["error"], run.error().as_str());
    run.error()
}

fn branches(world: &World) -> Vec<Value> {
    let project = |project: &&Value| project["id"] == ids::NEON_PROJECT;
    let state = world.state();
    let projects = state["neon"]["projects"].as_array().unwrap().clone();
    projects.iter().find(project).unwrap()["branches"]
        .as_array()
        .unwrap()
        .clone()
}

fn names(world: &World) -> Vec<String> {
    branches(world)
        .iter()
        .map(|branch| branch["name"].as_str().unwrap().to_owned())
        .collect()
}

fn branch(world: &World, name: &str) -> Value {
    let all = branches(world);
    all.into_iter()
        .find(|branch| branch["name"] == name)
        .unwrap_or_else(|| panic!("no branch `{name}`"))
}

#[tokio::test]
async fn a_push_creates_the_branch_and_the_next_one_reuses_it() {
    let world = world().await;
    let first = ok(run(&world, "create").go().await);
    assert_eq!(
        (first.output("created"), first.output("changed")),
        ("true", "true"),
        "{first}"
    );
    assert_eq!(first.output("branch-name"), "preview-pr-42");
    assert!(
        first
            .output("database-url")
            .contains(&format!("@{}/neondb?", first.output("host")))
    );
    assert!(first.output("database-url-pooled").contains("-pooler."));
    assert_eq!(first.report["branch"]["parent"], "production");
    for name in ["database-url", "database-url-pooled", "password"] {
        assert!(
            first.masks().contains(&first.output(name).to_owned()),
            "{name} is not masked"
        );
    }
    let annotation = branch(&world, "preview-pr-42")["annotation"].clone();
    assert_eq!(
        annotation["codex-actions"],
        "codex-actions:1296269:acme/app:codex:preview:42"
    );
    assert_eq!(annotation["github-commit-sha"], ids::HEAD_SHA);
    assert_eq!(annotation["github-run-id"], "1001/1");

    let mark = world.mark();
    let second = ok(run(&world, "create").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(
        (second.output("created"), second.output("changed")),
        ("false", "false"),
        "{second}"
    );
    for name in ["branch-id", "database-url", "database-url-pooled", "expires-at"] {
        assert_eq!(second.output(name), first.output(name), "{name}");
    }

    world.finish().await;
}

#[tokio::test]
async fn an_absent_branch_is_deleted_successfully_and_a_present_one_once() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    let first = ok(run(&world, "delete").go().await);
    assert_eq!(
        (first.output("changed"), first.output("branch-name")),
        ("true", "preview-pr-42")
    );
    assert_eq!(names(&world), ["production"]);
    let mark = world.mark();
    let second = ok(run(&world, "delete").go().await);
    assert_eq!(second.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn get_reads_and_never_makes() {
    let world = world().await;
    let error = failed(&run(&world, "get").go().await);
    insta::assert_snapshot!(error, @"
    there is no branch `preview-pr-42`
    hint: `command: create` makes it; names are compared exactly
    ");
    let created = ok(run(&world, "create").go().await);
    let mark = world.mark();
    let got = ok(run(&world, "get").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(got.output("database-url"), created.output("database-url"));
    assert_eq!(got.output("changed"), "false");
    world.finish().await;
}

#[tokio::test]
async fn a_new_branch_takes_three_round_trips() {
    const LATENCY: u64 = 800;
    let world = world().await;
    world
        .seed(&json!({"latency_ms": LATENCY, "neon": {"settings": {"operation_ms": 10}}}))
        .await;
    let made = ok(run(&world, "create").go().await);
    let lines = world.lines_since(0);
    assert_eq!(
        (
            lines.len(),
            lines.iter().filter(|line| line.starts_with("POST")).count()
        ),
        (8, 1),
        "{lines:#?}"
    );
    // Requests that overlap cost one latency together; a fourth one in a row would cost a fourth latency.
    assert!(made.time < Duration::from_millis(4 * LATENCY), "{:?}", made.time);
    world.finish().await;
}

#[tokio::test]
async fn bad_input_is_told_at_once_and_nothing_is_asked() {
    let world = world().await;
    let run = run(&world, "creat")
        .input("expires", "40d")
        .input("wait", "perhaps")
        .without("neon-api-key")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    4 inputs are wrong; nothing was touched
    - `command`: `creat` is none of `create`, `get`, `delete`, `reset`, `restore`, `checkpoint`, `run`, `migrate` and `diff`; did you mean `create`?
    - `neon-api-key`: missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    - `expires`: Neon allows at most `30d`; `never` lets a branch live until it is deleted
    - `wait`: `perhaps` is neither `true`, `false` nor a duration from `1s` to `10m`, such as `3m`
    ");
    assert!(world.requests().is_empty());
    assert!(!run.log().contains(tokens::NEON));
    world.finish().await;
}
