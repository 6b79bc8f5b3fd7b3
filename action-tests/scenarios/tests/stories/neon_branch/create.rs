//! Stories of `create`, and what gets in its way.

use super::*;

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
    let began = std::time::Instant::now();
    started.signal("INT").await;
    let run = started.wait().await;
    assert_eq!(run.code, 130, "{run}");
    // A runner kills ten seconds after the first signal.
    assert!(began.elapsed() < Duration::from_secs(7), "{run}");
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
    nothing                            1 POST,  8 requests
    423 twice                          3 POST, 10 requests
    429 with Retry-After: 1            2 POST,  9 requests
    503                                2 POST,  9 requests
    422 branch not ready yet           2 POST,  9 requests
    500 before                         2 POST, 10 requests
    524 as HTML, committed             1 POST, 11 requests
    dropped before                     2 POST, 10 requests
    dropped after commit               1 POST, 11 requests
    list fails first                   1 POST,  9 requests
    operation fails, then recovers     1 POST, 10 requests
    404 right after create             1 POST, 10 requests
    operation 404 right after create   1 POST, 10 requests
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
    caused by: Neon answered 429 to `POST /projects/quiet-river-12345678/branches`: slow down (to be asked again after 60 min 0 s)
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
        .input("force-foreign", "true")
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
    let marker =
        json!({"codex-actions": "codex-actions:7000001:eve/app:codex:preview:42", "github-commit-repo": "eve/app"});
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

    could not hand out branch `preview-pr-42`: it belongs to preview 42 of codex in eve/app (7000001)
    hint: choose another name, or hand it out nevertheless by `force-foreign: true`; `command: get` reads the connection of any branch
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
