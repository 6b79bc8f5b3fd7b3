//! Stories of `neon-branch`.

mod on_postgres;

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
    assert_eq!(annotation["codex-actions"], "codex-actions:acme/app:codex:preview:42");
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
    - `command`: `creat` is none of `create`, `get`, `delete`, `reset`, `restore`, `checkpoint`, `run` and `diff`; did you mean `create`?
    - `neon-api-key`: missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`
    - `expires`: Neon allows at most `30d`; `never` lets a branch live until it is deleted
    - `wait`: `perhaps` is neither `true` nor `false`
    ");
    assert!(world.requests().is_empty());
    assert!(!run.log().contains(tokens::NEON));
    world.finish().await;
}

// --- create ---

#[tokio::test]
async fn two_runs_at_once_make_one_branch() {
    let world = world().await;
    let start = || run(&world, "create").go();
    let (a, b, c) = tokio::join!(start(), start(), start());
    let runs = [ok(a), ok(b), ok(c)];
    assert_eq!(names(&world), ["production", "preview-pr-42"]);
    let made = runs.iter().filter(|run| run.output("created") == "true").count();
    assert_eq!(made, 1);
    for run in &runs {
        assert_eq!(run.output("database-url"), runs[0].output("database-url"));
        assert_eq!(run.output("branch-id"), runs[0].output("branch-id"));
    }
    world.finish().await;
}

#[tokio::test]
async fn pull_requests_in_parallel_wait_for_each_others_locks() {
    let world = world().await;
    // And Neon's own operations lock the project, too.
    world
        .seed(&json!({"neon": {"operations": [{"action": "check_availability", "ms": 1500}]}}))
        .await;
    let start = |number: &str| run(&world, "create").input("pull-request", number).go();
    let (a, b, c, d) = tokio::join!(start("1"), start("2"), start("3"), start("4"));
    for made in [ok(a), ok(b), ok(c), ok(d)] {
        assert_eq!(made.output("created"), "true", "{made}");
    }
    assert_eq!(names(&world).len(), 5);
    let locked = world
        .requests()
        .iter()
        .filter(|request| request["status"] == 423)
        .count();
    assert!(locked > 0, "nothing was locked");
    world.finish().await;
}

#[tokio::test]
async fn a_copy_whose_making_is_interrupted_is_deleted() {
    let world = world().await;
    world.seed(&json!({"neon": {"settings": {"operation_ms": 1000}}})).await;
    let started = run(&world, "run").input("run", "echo never").start();
    while !world.requests().iter().any(|request| request["status"] == 201) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.signal("INT").await;
    let run = started.wait().await;
    assert_eq!(run.code, 130, "{run}");
    assert!(run.log().contains("deleted the copy `run-pr-42-1001-1-"), "{run}");
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_made_from_a_branch_that_expires() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    let mark = world.mark();
    let texts = [
        failed(
            &run(&world, "create")
                .input("branch", "x")
                .input("parent", "preview-pr-42")
                .go()
                .await,
        ),
        failed(&run(&world, "checkpoint").go().await),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    branch `preview-pr-42` expires, and Neon makes no branches from a branch that does
    hint: copy another one, or take its expiry away: `command: create`, `expires: never`

    branch `preview-pr-42` expires, and Neon makes no branches from a branch that does
    hint: copy another one, or take its expiry away: `command: create`, `expires: never`
    ");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

/// A failure on the way, and how the run copes with it.
struct Case {
    name: &'static str,
    rules: Value,
    /// Seconds that the run must have waited at least.
    waits: f64,
}

fn case(name: &'static str, rules: Value) -> Case {
    Case {
        name,
        rules,
        waits: 0.0,
    }
}

fn on_create(rule: Value) -> Value {
    let mut rule = rule;
    rule["provider"] = "neon".into();
    rule["method"] = "POST".into();
    rule["path"] = "/projects/*/branches".into();
    rule
}

fn on_operation(body: &Value, times: u32) -> Value {
    json!({"provider": "neon", "method": "GET", "path": "/projects/*/operations/*", "status": 200, "times": times,
        "body": {"operation": body}})
}

fn operation(status: &str, failures: u32) -> Value {
    json!({"id": "6f9a5b1e-0c0f-4a53-9a3c-2b8f1d0a7c11", "project_id": ids::NEON_PROJECT, "action": "start_compute",
        "status": status, "failures_count": failures, "error": "no capacity", "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "total_duration_ms": 10})
}

#[tokio::test]
async fn whatever_gets_in_the_way_one_branch_is_made() {
    let locked = json!({"code": "", "message": "project already has running conflicting operations, scheduling of new ones is prohibited"});
    let html = "<html><head><title>524: A timeout occurred</title></head></html>";
    let cases = [
        case("nothing", json!([])),
        case(
            "423 twice",
            on_create(json!({"status": 423, "body": locked, "times": 2})),
        ),
        Case {
            waits: 1.0,
            ..case(
                "429 with Retry-After: 1",
                on_create(json!({"status": 429, "headers": {"retry-after": "1"}})),
            )
        },
        case("503", on_create(json!({"status": 503}))),
        case(
            "422 branch not ready yet",
            on_create(json!({"status": 422, "body": {"code": "", "message": "branch not ready yet"}})),
        ),
        case("500 before", on_create(json!({"status": 500}))),
        case(
            "524 as HTML, committed",
            on_create(json!({"status": 524, "after": true, "body": html})),
        ),
        case("dropped before", on_create(json!({"drop": "before"}))),
        case("dropped after commit", on_create(json!({"drop": "after"}))),
        case(
            "list fails first",
            json!({"provider": "neon", "path": "/projects/*/branches", "method": "GET", "status": 502, "body": html}),
        ),
        case(
            "operation fails, then recovers",
            on_operation(&operation("failed", 1), 2),
        ),
        case(
            "404 right after create",
            json!({"provider": "neon", "method": "GET", "path": "/projects/*/branches/br-*", "status": 404,
            "body": {"code": "", "message": "branch not found"}, "times": 2}),
        ),
        case(
            "operation 404 right after create",
            json!({"provider": "neon", "method": "GET", "path": "/projects/*/operations/*", "status": 404,
            "body": {"code": "", "message": "operation not found"}, "times": 2}),
        ),
    ];
    let mut table = String::new();
    for case in cases {
        let world = world().await;
        world.seed(&json!({"neon": {"settings": {"operation_ms": 0}}})).await;
        world.fail(&case.rules);
        let made = ok(run(&world, "create").go().await);
        assert_eq!(names(&world), ["production", "preview-pr-42"], "{}", case.name);
        assert_eq!(
            (made.output("created"), made.output("changed")),
            ("true", "true"),
            "{}",
            case.name
        );
        assert!(
            made.output("database-url").contains(made.output("host")),
            "{}",
            case.name
        );
        assert!(
            made.time.as_secs_f64() >= case.waits,
            "{} took {:?}",
            case.name,
            made.time
        );
        let lines = world.lines_since(0);
        let creates = lines.iter().filter(|line| line.starts_with("POST ")).count();
        writeln!(table, "{:34} {creates} POST, {:2} requests", case.name, lines.len()).unwrap();
        world.finish().await;
    }
    insta::assert_snapshot!(table, @"
        could not look for branch `preview-pr-42`
        caused by: Neon answered 401 to `GET /projects/quiet-river-12345678/branches`: supplied credentials do not pass authentication
        hint: the input `neon-api-key` is no valid API key; make one in Neon's console under Account settings → API keys

        could not look for branch `preview-pr-42`
        caused by: Neon answered 404 to `GET /projects/quiet-river-12345678/branches`: project not found
        hint: check `neon-project-id` (Settings → General in Neon's console), and that the API key belongs to its organization

        could not create branch `preview-pr-42`
        caused by: Neon answered 403 to `POST /projects/quiet-river-12345678/branches`: not allowed
        hint: the API key may not do this; it needs to belong to the project's organization, or be a key of this project

        could not create branch `preview-pr-42`
        caused by: Neon answered 429 to `POST /projects/quiet-river-12345678/branches`: slow down (to be asked again after 3600 s)
        hint: Neon allows about 700 requests a minute per account; run again, or run fewer jobs at once
        ");
}

#[tokio::test]
async fn what_cannot_be_overcome_is_told_with_its_remedy() {
    let told = async |rule: Value| {
        let world = world().await;
        world.fail(&rule);
        let text = failed(&run(&world, "create").go().await);
        world.finish().await;
        text
    };
    let refused = |method: &str, status: u16, message: &str| json!({"provider": "neon", "method": method, "status": status, "times": null, "body": {"code": "", "message": message}});
    let texts = [
        told(refused("GET", 401, "supplied credentials do not pass authentication")).await,
        told(refused("GET", 404, "project not found")).await,
        told(refused("POST", 403, "not allowed")).await,
        told(json!({"provider": "neon", "method": "POST", "status": 429, "headers": {"retry-after": "3600"}, "body": "slow down"})).await,
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not look for branch `preview-pr-42`
    caused by: Neon answered 401 to `GET /projects/quiet-river-12345678/branches`: supplied credentials do not pass authentication
    hint: the input `neon-api-key` is no valid API key; make one in Neon's console under Account settings → API keys

    could not look for branch `preview-pr-42`
    caused by: Neon answered 404 to `GET /projects/quiet-river-12345678/branches`: project not found
    hint: check `neon-project-id` (Settings → General in Neon's console), and that the API key belongs to its organization

    could not create branch `preview-pr-42`
    caused by: Neon answered 403 to `POST /projects/quiet-river-12345678/branches`: not allowed
    hint: the API key may not do this; it needs to belong to the project's organization, or be a key of this project

    could not create branch `preview-pr-42`
    caused by: Neon answered 429 to `POST /projects/quiet-river-12345678/branches`: slow down (to be asked again after 3600 s)
    hint: Neon allows about 700 requests a minute per account; run again, or run fewer jobs at once
    ");
    let world = world().await;
    world.fail(&on_operation(&operation("cancelled", 1), 1));
    let run = run(&world, "create").go().await;
    assert_eq!(run.report["branch"]["created"], true, "{run}");
    insta::assert_snapshot!(failed(&run), @"
    branch `preview-pr-42` was created, but is not ready
    caused by: Neon's operation `start_compute` ended as `cancelled`: no capacity
    ");
    // The branch of the cancelled operation is there, and the report says so.
    assert!(names(&world).contains(&"preview-pr-42".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn a_push_lets_the_branch_live_anew() {
    let world = world().await;
    let first = ok(run(&world, "create").input("expires", "1d").go().await);
    let moved = ok(run(&world, "create").input("expires", "3d").go().await);
    assert_eq!((moved.output("created"), moved.output("changed")), ("false", "true"));
    assert!(moved.output("expires-at") > first.output("expires-at"));
    let mark = world.mark();
    ok(run(&world, "create").input("expires", "3d").go().await);
    world.assert_only_reads_since(mark);
    let never = ok(run(&world, "create").input("expires", "never").go().await);
    assert_eq!((never.output("expires-at"), never.output("changed")), ("", "true"));
    // Somebody else's branch must not begin to expire because we were asked for it.
    world.seed(&json!({"neon": {"branches": [{"name": "by-hand"}]}})).await;
    let mark = world.mark();
    let theirs = ok(run(&world, "create")
        .input("branch", "by-hand")
        .input("expires", "1d")
        .go()
        .await);
    world.assert_only_reads_since(mark);
    assert_eq!(theirs.output("expires-at"), "");
    assert!(theirs.log().contains("its expiry is left as it is"));
    world.finish().await;
}

#[tokio::test]
async fn production_is_never_handed_out_as_a_preview() {
    let world = world().await;
    let marker = json!({"codex-actions": "codex-actions:eve/app:codex:preview:42", "github-commit-repo": "eve/app"});
    world
        .seed(&json!({"neon": {"settings": {"plan": "scale"}, "branches": [
            {"name": "guarded", "protected": true}, {"name": "preview-pr-42", "annotation": marker}
        ]}}))
        .await;
    let mark = world.mark();
    let mut texts = Vec::new();
    for name in ["production", "guarded", "preview-pr-42"] {
        let run = run(&world, "create").input("branch", name).go().await;
        assert_eq!(run.output("database-url"), "");
        texts.push(failed(&run));
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not hand out branch `production`: it is the project's default branch
    hint: choose another name; `command: get` reads the connection of any branch

    could not hand out branch `guarded`: it is protected
    hint: unprotect it in Neon's console first, or name another branch

    could not hand out branch `preview-pr-42`: it belongs to `codex-actions:eve/app:codex:preview:42`
    hint: `force-foreign: true` does it nevertheless
    ");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_branch_is_made_as_it_was_asked_for() {
    let world = world().await;
    world
        .seed(&json!({"neon": {"branches": [{"name": "staging", "created_seconds_ago": 7200}]}}))
        .await;
    let staging = branch(&world, "staging")["id"].as_str().unwrap().to_owned();
    let made = ok(run(&world, "create")
        .input("branch", "from-staging")
        .input("parent", &staging)
        .input("parent-timestamp", "1h")
        .input("compute", "0.25-2")
        .input("suspend-timeout", "10m")
        .go()
        .await);
    assert_eq!(made.report["branch"]["parent"], "staging");
    let there = branch(&world, "from-staging");
    assert_eq!(there["parent_id"], staging);
    let sent = world
        .requests()
        .into_iter()
        .find(|request| request["method"] == "POST")
        .unwrap();
    assert_eq!(
        sent["body"]["endpoints"],
        json!([{"type": "read_write", "autoscaling_limit_min_cu": 0.25, "autoscaling_limit_max_cu": 2.0, "suspend_timeout_seconds": 600}])
    );
    let schema = ok(run(&world, "create")
        .input("branch", "empty")
        .input("schema-only", "true")
        .go()
        .await);
    assert_eq!(branch(&world, schema.output("branch-name"))["parent_id"], Value::Null);

    let error = failed(
        &run(&world, "create")
            .input("branch", "x")
            .input("parent", "productoin")
            .go()
            .await,
    );
    assert!(
        error.starts_with("there is no branch `productoin` to copy from"),
        "{error}"
    );
    let error = failed(
        &run(&world, "create")
            .input("branch", "x")
            .input("parent-timestamp", "2d")
            .go()
            .await,
    );
    assert!(error.contains("the project's history goes back 1 day only"), "{error}");
    let error = failed(
        &run(&world, "create")
            .input("branch", "x")
            .input("parent", "staging")
            .input("parent-timestamp", "5h")
            .go()
            .await,
    );
    assert!(error.contains("has no history before that"), "{error}");

    world.seed(&json!({"neon": {"settings": {"plan": "free"}}})).await;
    let error = failed(
        &run(&world, "create")
            .input("branch", "x")
            .input("suspend-timeout", "10m")
            .go()
            .await,
    );
    assert!(error.ends_with("leave the input `suspend-timeout` out"), "{error}");
    assert!(!names(&world).contains(&"x".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn with_several_roles_the_connection_is_asked_for() {
    let world = world().await;
    world
        .seed(&json!({"neon": {"roles": [{"branch": "production", "name": "reader"}],
            "databases": [{"branch": "production", "name": "analytics"}]}}))
        .await;
    let made = ok(run(&world, "create")
        .input("role", "reader")
        .input("database", "analytics")
        .go()
        .await);
    assert!(made.output("database-url").starts_with("postgresql://reader:"));
    let asked = |request: &&Value| request["path"].as_str().unwrap().ends_with("/connection_uri");
    let asked: Vec<Value> = world.requests().iter().filter(asked).cloned().collect();
    assert_eq!(asked.len(), 2);
    for request in asked {
        // Without it, Neon answers with production.
        let named = format!("branch_id={}", made.output("branch-id"));
        assert!(request["query"].as_str().unwrap().contains(&named), "{request}");
    }
    let error = failed(&run(&world, "get").input("role", "writer").go().await);
    insta::assert_snapshot!(error, @"
    could not read the connection of branch `preview-pr-42`
    caused by: branch `preview-pr-42` has no role `writer` with database `neondb`; it has the roles `neondb_owner` and `reader` and the databases `neondb` and `analytics`
    hint: set the inputs `role` and `database`, or `[database]` in the manifest
    ");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_with_another_branchs_host_is_not_handed_on() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    let foreign = "postgresql://neondb_owner:stolen-word@ep-quiet-sun-a1b2c3d4.us-east-2.aws.neon.tech/neondb";
    world.fail(&json!({"provider": "neon", "path": "/projects/*/connection_uri", "status": 200, "times": 2, "body": {"uri": foreign}}));
    let run = run(&world, "get").go().await;
    assert_eq!(run.output("database-url"), "");
    assert!(
        run.error().contains("which is not a compute of branch `preview-pr-42`"),
        "{run}"
    );
    failed(&run);
    world.finish().await;
}

#[tokio::test]
async fn without_a_manifest_inputs_are_enough() {
    let world = World::start().await;
    let made = ok(run(&world, "create").input("expires", "2h").go().await);
    assert_eq!(made.output("branch-name"), "preview-pr-42");
    ok(run(&world, "delete").go().await);
    let manual = ok(run(&world, "create")
        .input("branch", "feat/#12 fix @home 🚀")
        .on_push()
        .go()
        .await);
    assert!(
        manual.output("branch-name").starts_with("feat/-12-fix-home-"),
        "{manual}"
    );
    // The same text finds the same branch, however hostile.
    ok(run(&world, "delete")
        .input("branch", "feat/#12 fix @home 🚀")
        .on_push()
        .go()
        .await);
    let long = "x".repeat(300);
    let made = ok(run(&world, "create").input("branch", &long).on_push().go().await);
    assert_eq!(made.output("branch-name").len(), 200);
    ok(run(&world, "delete")
        .input("branch", made.output("branch-id"))
        .on_push()
        .go()
        .await);
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

// --- limits ---

/// Nine of ten: production, two previews of ours (the older one is 12 days old), and what is not ours.
async fn crowded() -> World {
    let world = world().await;
    let note = |repository: &str, kind: &str, pr: u32| {
        json!({"codex-actions": format!("codex-actions:{repository}:codex:preview:{pr}"), "codex-actions-kind": kind,
            "github-commit-repo": repository, "github-pr-number": pr.to_string()})
    };
    let old = |name: &str, days: u32, annotation: Value| json!({"name": name, "created_seconds_ago": days * 86_400 + 60, "annotation": annotation});
    world
        .seed(&json!({"neon": {"settings": {"plan": "free"}, "branches": [
            old("by-hand", 40, json!({})), old("preview-pr-421", 39, json!({})), old("theirs", 30, note("eve/app", "environment", 1)),
            old("point", 20, note("acme/app", "checkpoint", 2)), old("preview-pr-3", 12, note("acme/app", "environment", 3)),
            old("preview-pr-4", 5, note("acme/app", "environment", 4)), old("a", 1, json!({})), old("b", 1, json!({}))
        ]}}))
        .await;
    assert_eq!(names(&world).len(), 9);
    world
}

#[tokio::test]
async fn a_plan_that_is_nearly_full_is_told_before_and_when_it_is_full() {
    let world = crowded().await;
    let near = ok(run(&world, "create").go().await);
    assert_eq!(
        near.report["warnings"],
        json!(["9 of 10 branches used; oldest preview of this repository: `preview-pr-3` (12 days old)"])
    );
    let full = failed(&run(&world, "create").input("pull-request", "43").go().await);
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(full, @"
        could not create branch `preview-pr-43`: 10 of 10 branches used; oldest preview of this repository: `preview-pr-3` (12 days old)
        caused by: Neon answered 422 (BRANCHES_LIMIT_EXCEEDED, request [request]) to `POST /projects/quiet-river-12345678/branches`: branches limit exceeded, limit: 10
        hint: delete branches that nobody needs, set `expires` so that they go by themselves, or `on-limit: evict-oldest`
        ");
    });
    assert_eq!(names(&world).len(), 10);
    world.finish().await;
}

#[tokio::test]
async fn room_is_made_by_our_own_oldest_preview_alone() {
    let world = crowded().await;
    ok(run(&world, "create").go().await);
    let evicted = ok(run(&world, "create")
        .input("pull-request", "43")
        .input("on-limit", "evict-oldest")
        .go()
        .await);
    assert_eq!(evicted.report["deleted"], json!(["preview-pr-3"]));
    let left = names(&world);
    assert!(
        !left.contains(&"preview-pr-3".to_owned()) && left.contains(&"preview-pr-43".to_owned()),
        "{left:?}"
    );
    assert_eq!(left.len(), 10);
    world.finish().await;
}

// --- delete ---

#[tokio::test]
async fn what_must_stay_is_not_deleted() {
    let world = world().await;
    let marker = json!({"codex-actions": "codex-actions:eve/app:codex:preview:42", "github-commit-repo": "eve/app"});
    world
        .seed(&json!({"neon": {"settings": {"plan": "scale"}, "branches": [
            {"name": "guarded", "protected": true}, {"name": "parent"}, {"name": "child", "parent": "parent"},
            {"name": "theirs", "annotation": marker}, {"name": "preview-pr-421"}
        ]}}))
        .await;
    let mark = world.mark();
    let mut texts = Vec::new();
    for name in ["production", "guarded", "parent", "theirs", "preview-pr-421"] {
        texts.push(failed(&run(&world, "delete").input("branch", name).go().await));
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not delete branch `production`: it is the project's default branch
    hint: name another branch

    could not delete branch `guarded`: it is protected
    hint: unprotect it in Neon's console first, or name another branch

    could not delete branch `parent`: branch `child` was made from it
    hint: delete those first

    could not delete branch `theirs`: it belongs to `codex-actions:eve/app:codex:preview:42`
    hint: `force-foreign: true` does it nevertheless

    could not delete branch `preview-pr-421`: neither its annotation nor its name says that this repository made it
    hint: `force-foreign: true` does it nevertheless
    ");
    world.assert_only_reads_since(mark);
    for name in ["theirs", "child"] {
        ok(run(&world, "delete")
            .input("branch", name)
            .input("force-foreign", "true")
            .go()
            .await);
    }
    assert_eq!(names(&world), ["production", "guarded", "parent", "preview-pr-421"]);
    world.finish().await;
}

#[tokio::test]
async fn a_branch_of_our_name_without_an_annotation_is_ours() {
    let world = world().await;
    world
        .seed(&json!({"neon": {"branches": [{"name": "preview-pr-42"}]}}))
        .await;
    assert_eq!(ok(run(&world, "create").go().await).output("created"), "false");
    assert_eq!(ok(run(&world, "delete").go().await).output("changed"), "true");
    world.finish().await;
}

#[tokio::test]
async fn a_fork_gets_no_key_and_is_told_so() {
    let world = world().await;
    let repository = |name: &str| json!({"full_name": name});
    world.event(&json!({"action": "opened", "repository": repository(ids::REPOSITORY),
        "pull_request": {"number": 7, "head": {"sha": ids::HEAD_SHA, "ref": "x", "repo": repository("eve/app")}}}));
    let run = run(&world, "create").without("neon-api-key").go().await;
    assert_eq!(run.code, 2);
    assert!(
        run.error().contains("pull requests from forks are given no secrets"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_a_delete() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    world.fail(&json!({"provider": "neon", "method": "DELETE", "drop": "after"}));
    ok(run(&world, "delete").go().await);
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

// --- reset and restore ---

#[tokio::test]
async fn a_reset_leads_to_the_parent_and_lets_the_branch_live_anew() {
    let world = world().await;
    let made = ok(run(&world, "create").go().await);
    for _ in 0..2 {
        let reset = ok(run(&world, "reset").go().await);
        assert_eq!(reset.output("changed"), "true");
        assert_eq!(reset.output("database-url"), made.output("database-url"));
        assert_eq!(reset.report["branch"]["parent"], "production");
        assert_ne!(branch(&world, "preview-pr-42")["last_reset_at"], Value::Null);
    }
    world.seed(&json!({"neon": {"branches": [{"name": "child", "parent": "production"}, {"name": "mine"}, {"name": "below", "parent": "mine"}]}})).await;
    let texts = [
        failed(&run(&world, "reset").input("branch", "production").go().await),
        failed(&run(&world, "reset").input("branch", "child").go().await),
        failed(
            &run(&world, "reset")
                .input("branch", "mine")
                .input("force-foreign", "true")
                .go()
                .await,
        ),
        failed(&run(&world, "reset").input("branch", "nobody").go().await),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
    could not reset branch `production`: it is the project's default branch
    hint: name another branch

    could not reset branch `child`: neither its annotation nor its name says that this repository made it
    hint: `force-foreign: true` does it nevertheless

    could not reset branch `mine`: branch `below` was made from it
    hint: `preserve-under-name` keeps the former state under a name, with those branches below it

    there is no branch `nobody`
    hint: `command: create` makes it; names are compared exactly
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_restore_says_how_far_history_goes_and_keeps_what_was() {
    let world = world().await;
    ok(run(&world, "create").go().await);
    world.advance(3600).await;
    let parent = branch(&world, "preview-pr-42")["parent_id"].clone();
    let at = jiff::Timestamp::now().to_string();
    let restore = || {
        run(&world, "restore")
            .input("parent-timestamp", &at)
            .input("preserve-under-name", "before")
    };
    let first = ok(restore().go().await);
    assert!(
        first.log().contains("the project's history goes back 1 day, to "),
        "{first}"
    );
    assert_eq!((first.output("preserved"), first.output("changed")), ("before", "true"));
    assert_eq!(first.report["original-parent"], parent);
    assert!(
        first.report["warnings"][0]
            .as_str()
            .unwrap()
            .contains("`reset` would go there"),
        "{first}"
    );
    assert!(names(&world).contains(&"before".to_owned()));

    let mark = world.mark();
    let second = ok(restore().go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(second.output("changed"), "false");

    let texts = [
        failed(&run(&world, "restore").input("parent-timestamp", "30d").go().await),
        failed(
            &run(&world, "restore")
                .input("parent-timestamp", "2100-01-01T00:00:00Z")
                .go()
                .await,
        ),
        failed(
            &run(&world, "restore")
                .input("parent", "production")
                .input("preserve-under-name", "production")
                .go()
                .await,
        ),
        failed(
            &run(&world, "restore")
                .input("branch", "production")
                .input("parent", "before")
                .go()
                .await,
        ),
    ];
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(texts.join("\n\n"), @"
        could not restore branch `preview-pr-42` as of [time]: the project's history goes back 1 day only, to [time]
        hint: a longer history is a setting of the project (Settings → Storage), as far as the plan allows

        could not restore branch `preview-pr-42` as of 2100-01-01T00:00:00Z: that is in the future

        could not restore branch `preview-pr-42`: a branch `production` exists, so its state cannot be preserved under that name
        hint: give another `preserve-under-name`

        could not restore branch `production`: it is the project's default branch
        hint: `force-foreign: true` restores it nevertheless; its computes drop their connections
        ");
    });
    world.finish().await;
}

// --- checkpoint ---

#[tokio::test]
async fn restore_points_are_made_once_a_run_and_the_newest_kept() {
    let world = world().await;
    let point = |id: &str| {
        run(&world, "checkpoint")
            .input("branch", "production")
            .input("keep", "2")
            .env("GITHUB_RUN_ID", id)
            .on_push()
    };
    let first = ok(point("1").go().await);
    assert_eq!(first.output("branch-name"), "checkpoint/production/1");
    assert_eq!(first.output("created"), "true");
    let mark = world.mark();
    let again = ok(point("1").env("GITHUB_RUN_ATTEMPT", "2").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!((again.output("created"), again.output("changed")), ("false", "false"));
    for id in ["2", "3"] {
        world.advance(60).await;
        ok(point(id).go().await);
    }
    assert_eq!(
        names(&world),
        ["production", "checkpoint/production/2", "checkpoint/production/3"]
    );
    // A restore point has no compute: it costs what changes after it.
    let state = world.state();
    let computes = state["neon"]["projects"][0]["endpoints"].as_array().unwrap().len();
    assert_eq!(computes, 1);
    let back = run(&world, "restore")
        .input("branch", "production")
        .input("parent", "checkpoint/production/3");
    let error = failed(&back.on_push().go().await);
    assert!(
        error.contains("`force-foreign: true` restores it nevertheless"),
        "{error}"
    );
    let back = run(&world, "restore")
        .input("branch", "production")
        .input("parent", "checkpoint/production/3");
    let back = ok(back.input("force-foreign", "true").on_push().go().await);
    // Production has children, so that Neon wants its former state kept under a name: there is one.
    assert_eq!(back.output("preserved"), "production-before-restore-1001");
    world.finish().await;
}

// --- diff ---

#[tokio::test]
async fn a_diff_is_an_output_and_a_section_of_a_comment() {
    let world = world().await;
    let table = "CREATE TABLE users (\n  id bigint\n);\n";
    let changed = "CREATE TABLE users (\n  id bigint,\n  name text -- ```\n);\n";
    world
        .seed(&json!({"neon": {"databases": [{"branch": "production", "name": "neondb", "schema": table}]}}))
        .await;
    ok(run(&world, "create").go().await);
    let same = ok(run(&world, "diff").go().await);
    assert_eq!((same.output("diff"), same.output("changed")), ("", "false"));
    world
        .seed(&json!({"neon": {"databases": [{"branch": "preview-pr-42", "name": "neondb", "schema": changed}]}}))
        .await;
    let mark = world.mark();
    let diff = ok(run(&world, "diff").go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(diff.report["schema-diff"]["added"], 2);
    insta::assert_snapshot!(diff.output("diff-markdown"), @"
    <details><summary><b>Schema of preview-pr-42 against production</b>: 2 lines added, 1 removed</summary>

    ````diff
    --- production
    +++ preview-pr-42
    @@ -1,3 +1,4 @@
     CREATE TABLE users (
    -  id bigint
    +  id bigint,
    +  name text -- ```
     );
    ````

    </details>
    ");
    assert!(diff.output("diff").contains("+  name text -- ```"));
    let root = failed(&run(&world, "diff").input("branch", "production").go().await);
    assert!(root.contains("has no parent to compare it with"), "{root}");
    world.finish().await;
}

// --- dry-run ---

#[tokio::test]
async fn a_dry_run_only_reads() {
    let world = world().await;
    ok(run(&world, "create").input("branch", "there").go().await);
    world.advance(3600).await;
    let mark = world.mark();
    let mut plans = Vec::new();
    for (command, more) in [
        ("create", vec![]),
        ("create", vec![("branch", "there"), ("expires", "1d")]),
        ("delete", vec![("branch", "there")]),
        ("reset", vec![("branch", "there")]),
        ("restore", vec![("branch", "there"), ("parent-timestamp", "1s")]),
        ("checkpoint", vec![("branch", "production")]),
        ("run", vec![("run", "exit 1")]),
    ] {
        let start = run(&world, command).input("dry-run", "true");
        let dry = ok(more
            .into_iter()
            .fold(start, |start, (name, value)| start.input(name, value))
            .go()
            .await);
        assert_eq!(
            (dry.output("changed"), &dry.report["status"]),
            ("false", &json!("planned")),
            "{dry}"
        );
        let plan = dry.report["plan"].as_array().unwrap().iter();
        plans.extend(plan.map(|line| line.as_str().unwrap().to_owned()));
    }
    world.assert_only_reads_since(mark);
    insta::with_settings!({filters => VARYING.to_vec()}, {
        insta::assert_snapshot!(plans.join("\n"), @"
        create branch `preview-pr-42` from `production`, expires [time]
        let branch `there` live until [time]
        delete branch `there`
        reset branch `there` to `production`
        restore branch `there` from `there` as of [time], and keep its present state as branch `there-before-restore-1001`
        create branch `checkpoint/production/1001` from `production`
        run the command on `run-pr-42-1001-1-[unique]`, a copy of `production`, and delete that
        ");
    });
    world.finish().await;
}
