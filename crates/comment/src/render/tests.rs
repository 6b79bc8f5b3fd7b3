use serde_json::{Value, json};

use super::*;

fn frame() -> Frame {
    Frame {
        environment: "preview".to_owned(),
        sha: Some("6dcb09b5b57875f334f61aebed695e2e4193db5e".to_owned()),
        repository_url: Some("https://github.com/acme/app".to_owned()),
        run_url: Some("https://github.com/acme/app/actions/runs/1001".to_owned()),
        ..Frame::default()
    }
}

fn rendered(frame: &Frame, reports: &[Value]) -> String {
    let reports: Vec<Report> = reports
        .iter()
        .cloned()
        .map(|value| Report::of(value).unwrap())
        .collect();
    render(frame, &reports)
}

fn branch() -> Value {
    json!({"action": "neon-branch", "command": "create", "environment": "preview", "pull-request": 42, "status": "done",
        "branch": {"id": "br-a-b-c", "name": "preview-pr-42", "parent": "production", "created": true,
            "expires-at": "2026-11-30T22:15:00Z"}})
}

fn dns() -> Value {
    json!({"action": "preview-dns", "command": "apply", "environment": "preview", "status": "done", "zone": "example.com",
        "records": [
            {"name": "api-preview-42.example.com", "type": "AAAA", "content": "100::", "proxied": true, "action": "created"},
            {"name": "codex-preview-42.example.com", "type": "AAAA", "content": "100::", "proxied": true, "action": "unchanged"}]})
}

fn service(name: &str, state: &str) -> Value {
    json!({"service": name, "worker": format!("{name}-preview-42"), "url": format!("https://{name}-preview-42.example.com"),
        "hostname": format!("{name}-preview-42.example.com"), "version-id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "state": state, "seconds": 2.34})
}

fn deploy(services: &[Value]) -> Value {
    json!({"action": "deploy-workers", "environment": "preview", "status": "done", "services": services})
}

fn endpoint(name: &str) -> Value {
    json!({"name": name, "url": format!("https://{name}-preview-42.example.com/health"), "state": "healthy",
        "attempts": 1, "seconds": 0.3, "checks": {"database": "ok", "kv": "ok"}})
}

#[test]
fn a_preview_that_is_ready() {
    let reports = [
        branch(),
        dns(),
        deploy(&[service("api", "deployed"), service("codex", "unchanged")]),
        json!({"action": "health-check", "environment": "preview", "status": "done", "healthy": true,
            "endpoints": [endpoint("api"), endpoint("codex")]}),
    ];
    insta::assert_snapshot!(rendered(&frame(), &reports), @"
    ### ✅ Preview is ready

    **2 of 2 services** healthy · 1 deployed · 1 unchanged · commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    | Service | State |
    |:--|:--|
    | [**api**](https://api-preview-42.example.com)<br><sub>`0f1e2d3c` · 2.3 s</sub> | 🟢 Healthy<br><sub>database ✓ · kv ✓</sub> |
    | [**codex**](https://codex-preview-42.example.com)<br><sub>`0f1e2d3c`</sub> | 🟢 Healthy<br><sub>database ✓ · kv ✓</sub> |

    **Database** branch `preview-pr-42` of `production`<br>
    **DNS** 2 records in `example.com`<br>
    **Kept** until 30 November 2026, 22:15 UTC, or until the pull request is closed. A push, or another run, moves that on
    ");
}

/// One report of each action, command and ending, and the heading of a comment about it alone.
#[test]
fn each_action_and_command_has_a_sentence_of_its_own() {
    let commands: &[(&str, &[&str])] = &[
        (
            "neon-branch",
            &[
                "create",
                "get",
                "delete",
                "reset",
                "restore",
                "checkpoint",
                "run",
                "diff",
                "explode",
            ],
        ),
        ("preview-dns", &["apply", "verify", "delete", "explode"]),
        ("deploy-workers", &["deploy", "validate", "rollback", "explode"]),
        ("health-check", &["check"]),
        ("cleanup", &[""]),
        ("preflight", &[""]),
    ];
    let mut lines = Vec::new();
    for (action, commands) in commands {
        for command in *commands {
            for status in ["done", "planned", "failed", "later"] {
                let report = json!({"action": action, "command": command, "environment": "preview", "status": status,
                    "healthy": status != "failed", "changed": status == "done", "left": 0,
                    "services": [{"service": "api", "state": if *command == "rollback" { "rolled-back" } else { "planned" }}],
                    "results": [{"kind": "worker", "name": "api", "outcome": if status == "done" { "deleted" } else { "failed" }}]});
                let text = rendered(&Frame::default(), &[report]);
                let heading = text.lines().next().unwrap_or_default().trim_start_matches("### ");
                lines.push(format!("{:<34} {heading}", format!("{action} {command} {status}")));
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn several_reports_make_one_sentence() {
    let report = |what: &str, status: &str| {
        let (action, command) = what.split_once(' ').unwrap();
        json!({"action": action, "command": command, "environment": "preview", "status": status, "changed": true,
            "healthy": status == "done",
            "services": [{"service": "api", "state": if command == "rollback" { "rolled-back" } else { "unchanged" }}]})
    };
    let (create, delete) = (
        report("neon-branch create", "done"),
        report("neon-branch delete", "done"),
    );
    let (apply, undo) = (
        report("preview-dns apply", "done"),
        report("preview-dns delete", "done"),
    );
    let (deploy, check) = (
        report("deploy-workers deploy", "done"),
        report("health-check check", "done"),
    );
    let (back, run) = (
        report("deploy-workers rollback", "done"),
        report("neon-branch run", "done"),
    );
    let validate = report("deploy-workers validate", "done");
    let plan = |what| report(what, "planned");
    let fail = |what| report(what, "failed");
    let table = [
        ("create, apply", vec![create.clone(), apply.clone()]),
        (
            "create, apply, deploy",
            vec![create.clone(), apply.clone(), deploy.clone()],
        ),
        (
            "create, deploy, check",
            vec![create.clone(), deploy.clone(), check.clone()],
        ),
        ("create, check", vec![create.clone(), check.clone()]),
        ("run, create", vec![run.clone(), create.clone()]),
        ("run, validate", vec![run.clone(), validate.clone()]),
        (
            "validate, deploy (planned)",
            vec![validate, plan("deploy-workers deploy")],
        ),
        (
            "create, deploy (planned)",
            vec![create.clone(), plan("deploy-workers deploy")],
        ),
        (
            "all planned",
            vec![
                plan("neon-branch create"),
                plan("preview-dns apply"),
                plan("deploy-workers deploy"),
            ],
        ),
        ("delete, delete", vec![delete.clone(), undo.clone()]),
        ("delete, create", vec![delete, create.clone()]),
        ("deploy, rollback", vec![deploy.clone(), back.clone()]),
        ("rollback, check", vec![back.clone(), check]),
        (
            "deploy (failed), rollback",
            vec![create.clone(), fail("deploy-workers deploy"), back],
        ),
        ("deploy, check (failed)", vec![deploy, fail("health-check check")]),
        ("create (failed), apply", vec![fail("neon-branch create"), apply]),
        (
            "reset, reset",
            vec![report("neon-branch reset", "done"), report("neon-branch reset", "done")],
        ),
    ];
    let lines = table.iter().map(|(what, reports)| {
        let text = rendered(&Frame::default(), reports);
        format!(
            "{what:<28} {}",
            text.lines().next().unwrap_or_default().trim_start_matches("### ")
        )
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn nothing_is_called_healthy_that_was_not_checked() {
    let text = rendered(&frame(), &[deploy(&[service("api", "deployed")])]);
    assert!(
        text.contains("is deployed") && !text.to_lowercase().contains("health"),
        "{text}"
    );
}

#[test]
fn a_preview_that_failed_says_why_and_what_to_do() {
    let mut failed = service("auth", "failed");
    failed["detail"] = "Cloudflare answered 403 (code 10000): Authentication error".into();
    failed["version-id"] = Value::Null;
    let mut skipped = service("web", "skipped");
    skipped["detail"] = "`auth` is not up".into();
    skipped["version-id"] = Value::Null;
    let mut deploy = deploy(&[service("api", "deployed"), failed, skipped]);
    deploy["status"] = "failed".into();
    deploy["error"] = "could not upload Worker `auth-preview-42`\n\
        caused by: Cloudflare answered 403 (code 10000, ray 8a1): Authentication error\n\
        hint: the token needs Account → Workers Scripts → Edit on account `Acme`"
        .into();
    insta::assert_snapshot!(rendered(&frame(), &[branch(), deploy]), @"
    ### ❌ Preview failed

    > [!CAUTION]
    > **deploy-workers**: could not upload Worker `auth-preview-42`
    >
    > ```text
    > caused by: Cloudflare answered 403 (code 10000, ray 8a1): Authentication error
    > ```
    >
    > **What to do:** the token needs Account → Workers Scripts → Edit on account `Acme`

    1 deployed · 1 failed · 1 not deployed · commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    | Service | State |
    |:--|:--|
    | [**auth**](https://auth-preview-42.example.com) | 🔴 Failed<br><sub>Cloudflare answered 403 (code 10000): Authentication error</sub> |
    | **web** | ⚪ Not deployed<br><sub>`auth` is not up</sub> |
    | [**api**](https://api-preview-42.example.com)<br><sub>`0f1e2d3c` · 2.3 s</sub> | 🔵 Deployed |

    **Database** branch `preview-pr-42` of `production`<br>
    **Kept** until 30 November 2026, 22:15 UTC, or until the pull request is closed. A push, or another run, moves that on
    ");
}

#[test]
fn an_endpoint_that_is_not_healthy() {
    let mut sick = endpoint("api");
    sick["state"] = "unhealthy".into();
    sick["detail"] = "answered 503: database `error: timeout`".into();
    let check = json!({"action": "health-check", "environment": "preview", "status": "failed", "healthy": false,
        "endpoints": [sick, endpoint("codex")], "error": "1 of 2 endpoints not healthy: `api`"});
    let reports = [
        deploy(&[service("api", "deployed"), service("codex", "deployed")]),
        check,
    ];
    insta::assert_snapshot!(rendered(&frame(), &reports), @"
    ### ❌ Preview failed

    > [!CAUTION]
    > **health-check**: 1 of 2 endpoints not healthy: `api`

    **1 of 2 services** healthy · 2 deployed · commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    | Service | State |
    |:--|:--|
    | [**api**](https://api-preview-42.example.com)<br><sub>`0f1e2d3c` · 2.3 s</sub> | 🔴 Unhealthy<br><sub>answered 503: database `error: timeout`</sub> |
    | [**codex**](https://codex-preview-42.example.com)<br><sub>`0f1e2d3c` · 2.3 s</sub> | 🟢 Healthy<br><sub>database ✓ · kv ✓</sub> |
    ");
}

fn cleanup(left: usize, results: &Value) -> Value {
    json!({"action": "cleanup", "environment": "preview", "pull-request": 42, "left": left, "results": results,
        "status": if left == 0 { "done" } else { "failed" },
        "error": if left == 0 { Value::Null } else { "1 thing of preview 42 is left\nhint: run cleanup again".into() }})
}

#[test]
fn a_preview_that_is_gone() {
    let results = json!([
        {"kind": "route", "name": "api-preview-42.example.com/*", "outcome": "deleted"},
        {"kind": "worker", "name": "api-preview-42", "outcome": "deleted"},
        {"kind": "worker", "name": "codex-preview-42", "outcome": "absent"},
        {"kind": "dns-record", "name": "api-preview-42.example.com", "outcome": "deleted"},
        {"kind": "branch", "name": "preview-pr-42", "outcome": "deleted"}]);
    insta::assert_snapshot!(rendered(&frame(), &[cleanup(0, &results)]), @"
    ### 🧹 Preview is removed

    **4** removed · **1** already gone · [workflow run](https://github.com/acme/app/actions/runs/1001)

    | | Removed | Already gone |
    |:--|--:|--:|
    | Routes | 1 | · |
    | Workers | 1 | 1 |
    | DNS records | 1 | · |
    | Database branch | 1 | · |

    <details><summary>What was removed</summary>

    - route `api-preview-42.example.com/*`
    - Worker `api-preview-42`
    - DNS record `api-preview-42.example.com`
    - database branch `preview-pr-42`

    </details>
    ");
}

#[test]
fn what_is_left_is_named_with_its_reason() {
    let results = json!([
        {"kind": "worker", "name": "api-preview-42", "outcome": "failed", "detail": "Cloudflare answered 500"},
        {"kind": "worker", "name": "codex-preview-42", "outcome": "deleted"},
        {"kind": "kv-namespace", "name": "codex-preview-42-OLD", "outcome": "kept", "detail": "the manifest does not name it"}]);
    insta::assert_snapshot!(rendered(&frame(), &[cleanup(1, &results)]), @"
    ### ❌ Preview is not fully removed

    **1** removed · **1** kept · **1** left · [workflow run](https://github.com/acme/app/actions/runs/1001)

    > [!CAUTION]
    > **1 thing still there.** Run cleanup again, or remove by hand:
    >
    > - Worker `api-preview-42`: Cloudflare answered 500
    >
    > **What to do:** run cleanup again

    > [!NOTE]
    > Left alone on purpose:
    >
    > - KV namespace `codex-preview-42-OLD`: the manifest does not name it

    | | Removed | Left |
    |:--|--:|--:|
    | Workers | 1 | 1 |

    <details><summary>What was removed</summary>

    - Worker `codex-preview-42`

    </details>
    ");
}

#[test]
fn a_body_of_ones_own() {
    let frame = Frame {
        title: Some("Bundle size".to_owned()),
        body: Some("| file | size |\n|---|---|\n| a.js | 3 kB |\n".to_owned()),
        ..frame()
    };
    insta::assert_snapshot!(render(&frame, &[]), @"
    ### Bundle size

    | file | size |
    |---|---|
    | a.js | 3 kB |
    ");
}

#[test]
fn a_step_of_the_users_that_failed_is_a_failure_too() {
    let frame = |job| Frame { job, ..frame() };
    insta::assert_snapshot!(rendered(&frame(Job::Failed), &[branch()]), @"
    ### ❌ Preview failed

    > [!CAUTION]
    > A step that reports nothing here failed, such as a build or a migration. [See the workflow run.](https://github.com/acme/app/actions/runs/1001)

    commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    **Database** branch `preview-pr-42` of `production`<br>
    **Kept** until 30 November 2026, 22:15 UTC, or until the pull request is closed. A push, or another run, moves that on
    ");
    let cancelled = rendered(&frame(Job::Cancelled), &[deploy(&[service("api", "deployed")])]);
    assert!(
        cancelled.starts_with("### 🚫 Preview was cancelled\n\n> [!CAUTION]") && cancelled.contains("\n1 deployed · "),
        "{cancelled}"
    );
    // What was under way when the job was cancelled failed of that.
    let check = json!({"action": "health-check", "command": "check", "environment": "preview", "status": "failed",
        "error": "cancelled (SIGINT) before it ended; what was under way may be half done"});
    let cancelled = rendered(&frame(Job::Cancelled), &[deploy(&[service("api", "deployed")]), check]);
    assert!(
        cancelled.starts_with("### 🚫 Preview was cancelled\n\n> [!CAUTION]")
            && cancelled.contains("> **health-check**: cancelled (SIGINT)"),
        "{cancelled}"
    );
    let nothing = rendered(&frame(Job::Failed), &[]);
    assert!(nothing.starts_with("### ❌ Preview failed"), "{nothing}");
    // An environment that is gone is gone, whatever failed after it.
    assert!(rendered(&frame(Job::Failed), &[cleanup(0, &json!([]))]).contains("is removed"));
}

#[test]
fn vendors_words_stay_words() {
    let mut service = service("api", "failed");
    service["service"] = "a|b @octocat <!-- codex-actions:k -->".into();
    service["url"] = "javascript:alert(1)".into();
    service["hostname"] = "x) [y](https://evil.example".into();
    service["detail"] = "<script>alert(1)</script> | #1\n\n## big".into();
    let mut report = deploy(&[service]);
    report["error"] = "could not @everyone\n```\n<!-- codex-actions:k -->\nhint: ask @octocat".into();
    report["status"] = "failed".into();
    // The break between `@` and a name has no width: shown here as `¦`.
    let text = rendered(&frame(), &[report]).replace('\u{200b}', "¦");
    insta::assert_snapshot!(text, @r"
    ### ❌ Preview failed

    > [!CAUTION]
    > **deploy-workers**: could not @¦everyone
    >
    > ````text
    > ```
    > <!-- codex-actions:k -->
    > ````
    >
    > **What to do:** ask @¦octocat

    1 failed · commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    | Service | State |
    |:--|:--|
    | **a\|b @¦octocat &lt;!-- codex-actions:k -->**<br><sub>`0f1e2d3c`</sub> | 🔴 Failed<br><sub>&lt;script>alert(1)&lt;/script> \| #¦1 ## big</sub> |
    ");
}

#[test]
fn another_versions_report_does_not_pass_for_success() {
    let report = json!({"action": "deploy-workers", "environment": "preview", "status": "half", "services": []});
    assert!(rendered(&frame(), &[report]).contains("unknown state"));
}

#[test]
fn an_action_that_did_not_come_so_far_is_told() {
    let report = json!({"action": "neon-branch", "environment": "preview", "status": "failed"});
    insta::assert_snapshot!(rendered(&frame(), &[report]), @"
    ### ❌ Preview: neon-branch failed

    > [!CAUTION]
    > **neon-branch** failed; its log says why.

    commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)
    ");
}

#[test]
fn what_looks_like_ours_and_stays_is_in_the_heading_and_told() {
    let kept = |kept: usize, results: Value| {
        json!({"action": "cleanup", "environment": "preview", "pull-request": 42, "status": "done", "changed": true,
            "left": 0, "kept": kept, "results": results})
    };
    let gone = json!({"kind": "worker", "name": "api-preview-42", "outcome": "deleted"});
    let stays = |name: &str, why: &str| json!({"kind": "kv-namespace", "name": name, "outcome": "kept", "detail": why});
    let two = json!([
        gone,
        stays("api-preview-42-CACHE", "it is marked as another environment's"),
        stays(
            "codex-preview-42-OLD",
            "no marker of ours, and the manifest does not name it"
        )
    ]);
    insta::assert_snapshot!(rendered(&frame(), &[kept(2, two)]), @"
    ### ⚠️ Preview is removed, but 2 things look like its own and stay

    **1** removed · **2** kept · [workflow run](https://github.com/acme/app/actions/runs/1001)

    > [!NOTE]
    > **2 things that look like this preview's stay**:
    >
    > - KV namespace `api-preview-42-CACHE`: it is marked as another environment's
    > - KV namespace `codex-preview-42-OLD`: no marker of ours, and the manifest does not name it

    | | Removed |
    |:--|--:|
    | Workers | 1 |

    <details><summary>What was removed</summary>

    - Worker `api-preview-42`

    </details>
    ");
    // Never "nothing is left" beside something that stays.
    let unnamed = rendered(&frame(), &[kept(1, json!([]))]);
    insta::assert_snapshot!(unnamed, @"
    ### ⚠️ Preview is removed, but 1 thing looks like its own and stays

    [workflow run](https://github.com/acme/app/actions/runs/1001)

    > [!NOTE]
    > **1 thing that looks like this preview's stays**.
    ");
    assert!(!unnamed.contains("nothing"), "{unnamed}");
    assert!(rendered(&frame(), &[kept(0, json!([]))]).contains("There was nothing to remove."));
}

#[test]
fn a_refused_start_names_the_step() {
    let refused = json!({"action": "deploy-workers", "command": "deploy", "environment": "preview", "status": "failed",
        "error": "2 inputs are wrong; nothing was touched\n- `cloudflare-api-token`: missing; pass it\n- `timeout`: `x` is not a duration"});
    let frame = Frame {
        job: Job::Failed,
        ..frame()
    };
    insta::assert_snapshot!(rendered(&frame, &[branch(), refused]), @"
    ### ❌ Preview failed

    > [!CAUTION]
    > **deploy-workers**: 2 inputs are wrong; nothing was touched
    >
    > ```text
    > - `cloudflare-api-token`: missing; pass it
    > - `timeout`: `x` is not a duration
    > ```

    commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    **Database** branch `preview-pr-42` of `production`<br>
    **Kept** until 30 November 2026, 22:15 UTC, or until the pull request is closed. A push, or another run, moves that on
    ");
    let cleanup = json!({"action": "cleanup", "environment": "preview", "status": "failed",
        "error": "1 input is wrong; nothing was touched\n- `neon-api-key`: missing"});
    insta::assert_snapshot!(rendered(&frame, &[cleanup]), @"
    ### ❌ Preview could not be removed

    > [!CAUTION]
    > **cleanup**: 1 input is wrong; nothing was touched
    >
    > ```text
    > - `neon-api-key`: missing
    > ```

    [workflow run](https://github.com/acme/app/actions/runs/1001)
    ");
}

#[test]
fn a_database_is_told_by_what_was_done_to_it() {
    let mut run = branch();
    run["command"] = "run".into();
    run["branch"]["name"] = "preview-pr-42-run-1001".into();
    run["schema-diff"] = json!({"added": 2, "removed": 1, "text": "--- a\n+++ b\n-x\n+```</details>\n+y\n"});
    run["warnings"] = json!(["the copy `x` could not be deleted"]);
    let mut checkpoint = branch();
    checkpoint["command"] = "checkpoint".into();
    checkpoint["branch"]["name"] = "checkpoint-1".into();
    checkpoint["deleted"] = json!(["checkpoint-0"]);
    insta::assert_snapshot!(rendered(&frame(), &[run.clone(), checkpoint, branch(), branch()]), @"
    ### 🧱 Preview is prepared

    commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    **Database** branch `preview-pr-42-run-1001` of `production`, expires 30 November 2026, 22:15 UTC<br>
    **Database** restore point `checkpoint-1` of `production`, expires 30 November 2026, 22:15 UTC<br>
    **Database** branch `preview-pr-42` of `production`<br>
    **Kept** until 30 November 2026, 22:15 UTC, or until the pull request is closed. A push, or another run, moves that on

    - database branch `checkpoint-0` was deleted to make room

    - ⚠️ the copy `x` could not be deleted

    <details><summary><b>Schema</b>: 2 lines added, 1 removed</summary>

    ````diff
    --- a
    +++ b
    -x
    +```</details>
    +y
    ````

    </details>
    ");

    let mut planned = branch();
    planned["status"] = "planned".into();
    planned["branch"] = Value::Null;
    planned["plan"] = json!(["create branch `preview-pr-42` from `production`"]);
    let mut delete = branch();
    delete["command"] = "delete".into();
    delete["changed"] = true.into();
    delete["branch"] = Value::Null;
    delete["deleted"] = json!(["preview-pr-42"]);
    let mut records = dns();
    records["command"] = "delete".into();
    records["changed"] = true.into();
    for record in records["records"].as_array_mut().unwrap() {
        record["action"] = "deleted".into();
    }
    insta::assert_snapshot!(rendered(&frame(), &[planned]), @"
    ### 📝 Preview: database branch is to be made

    commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    - would create branch `preview-pr-42` from `production`
    ");
    insta::assert_snapshot!(rendered(&frame(), &[delete, records]), @"
    ### 🧹 Preview: database branch and DNS records are deleted

    commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    **Database** branch `preview-pr-42`, deleted<br>
    **DNS** 2 records in `example.com` deleted
    ");
}

#[test]
fn records_of_former_hostnames_are_told() {
    let mut records = dns();
    records["records"].as_array_mut().unwrap().push(
        json!({"name": "old-42.example.com", "type": "AAAA", "content": "100::", "proxied": true, "action": "deleted"}),
    );
    for (status, said) in [
        (
            "done",
            "**DNS** 2 records in `example.com`; 1 record of former hostnames deleted",
        ),
        (
            "planned",
            "**DNS** 2 records in `example.com`, planned; 1 record of former hostnames to be deleted",
        ),
    ] {
        records["status"] = status.into();
        let text = rendered(&frame(), &[deploy(&[service("api", "deployed")]), records.clone()]);
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn of_many_endpoints_those_that_are_wrong_are_seen() {
    let mut endpoints: Vec<Value> = (0..40).map(|n| endpoint(&format!("e{n}"))).collect();
    endpoints[33]["state"] = "unreachable".into();
    endpoints[33]["detail"] = "the connection was refused".into();
    let check = json!({"action": "health-check", "environment": "preview", "status": "failed", "healthy": false,
        "endpoints": endpoints, "error": "1 of 500 endpoints not healthy: `e33`",
        "truncated": [{"of": "endpoints", "state": "healthy", "count": 460}]});
    let text = rendered(&frame(), &[check]);
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("| 🟢 Healthy")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    ### ❌ Preview is not healthy

    > [!CAUTION]
    > **health-check**: 1 of 500 endpoints not healthy: `e33`

    **499 of 500 endpoints** healthy · commit [`6dcb09b`](https://github.com/acme/app/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e) · [workflow run](https://github.com/acme/app/actions/runs/1001)

    | Endpoint | State |
    |:--|:--|
    | [**e33**](https://e33-preview-42.example.com/health) | 🔴 Unreachable<br><sub>the connection was refused</sub> |

    <details><summary>The other 39</summary>

    | Endpoint | State |
    |:--|:--|

    </details>

    _Not listed, since a job's output holds no more: 460 endpoints (healthy). The summary of the step has all._
    ");
}

#[test]
fn an_endpoint_is_told_at_its_own_service() {
    let at = |name: &str, url: &str| {
        let mut service = service(name, "deployed");
        service["url"] = url.into();
        service["hostname"] = "example.com".into();
        service
    };
    let ask = |name: &str, url: &str, state: &str| {
        let mut endpoint = endpoint(name);
        endpoint["url"] = url.into();
        endpoint["state"] = state.into();
        endpoint["checks"] = json!({});
        endpoint
    };
    // One hostname, its paths given to several Workers; and a second endpoint of the first one.
    let reports = [
        deploy(&[
            at("web", "https://example.com"),
            at("admin", "https://example.com/admin"),
        ]),
        json!({"action": "health-check", "environment": "preview", "status": "failed", "healthy": false, "endpoints": [
            ask("admin", "https://example.com/admin/health", "unhealthy"),
            ask("search", "https://example.com/api/search", "unreachable"),
            ask("web", "https://example.com/", "healthy"),
        ]}),
    ];
    let told = rendered(&frame(), &reports);
    let table: Vec<&str> = told.lines().filter(|line| line.starts_with("| ")).collect();
    insta::assert_snapshot!(table.join("\n"));
    assert!(told.contains("**1 of 3 endpoints** healthy"), "{told}");
}

#[test]
fn a_later_answer_of_the_same_endpoint_takes_the_place_of_the_former() {
    let check = |state: &str, status: &str| {
        let mut asked = endpoint("api");
        asked["state"] = state.into();
        json!({"action": "health-check", "environment": "preview", "status": status, "healthy": state == "healthy",
            "endpoints": [asked]})
    };
    let reports = [
        deploy(&[service("api", "deployed")]),
        check("unhealthy", "failed"),
        check("healthy", "done"),
    ];
    let told = rendered(&frame(), &reports);
    assert!(told.contains("🟢 Healthy") && !told.contains("🔴"), "{told}");
    assert!(told.contains("**1 of 1 service** healthy"), "{told}");
}

#[test]
fn environments_are_not_taken_for_one_another() {
    let of = |environment: &str, state: &str| {
        let mut deploy = deploy(&[service("api", state)]);
        deploy["environment"] = environment.into();
        deploy
    };
    let told = rendered(&frame(), &[of("staging", "failed"), of("preview", "deployed")]);
    let table: Vec<&str> = told.lines().filter(|line| line.starts_with("| ")).collect();
    insta::assert_snapshot!(table.join("\n"));
    assert!(told.contains("1 deployed · 1 failed"), "{told}");
}

#[test]
fn what_is_no_web_address_is_no_environments() {
    for (url, told) in [
        ("https://api.example.com", Some("https://api.example.com")),
        ("http://127.0.0.1:8787", Some("http://127.0.0.1:8787")),
        ("javascript:alert(1)", None),
        ("https://a b.example.com", None),
        ("", None),
    ] {
        let mut service = service("api", "deployed");
        service["url"] = url.into();
        let report = Report::of(deploy(&[service])).unwrap();
        assert_eq!(address(&[report], None).as_deref(), told, "{url}");
    }
}
