//! On any doubt nothing goes: lists that end early, pull requests that come back, runs under way.

use super::*;

#[tokio::test]
async fn a_list_of_pull_requests_that_fails_on_its_third_page_deletes_nothing() {
    let world = pair("").await;
    let mut seed = Seed::default();
    (1000..1250).for_each(|number| seed.pull(number, "open"));
    seed.plant(&world).await;
    world.fail(
        &json!({"provider": "github", "method": "GET", "path": "/repositories/*/pulls", "status": 502,
        "body": "<html>bad gateway</html>", "skip": 1, "times": null}),
    );
    let mark = world.mark();
    let run = sweep(&world).input("timeout", "30s").go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(steady(&run.error()), @"
    which pull requests are open is not known; nothing was touched
    caused by: GitHub answered 502 to list the open pull requests: <html>bad gateway</html>
    hint: run it again: what is to be deleted can wait
    ");
    world.assert_only_reads_since(mark);
    world.heal();
    let before = names(&world);
    ok(sweep(&world).go().await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    world.finish().await;
}

/// Without GitHub's request ids.
fn steady(text: &str) -> String {
    let at = text.find("request ").map(|at| at + "request ".len());
    match at.and_then(|at| Some((at, at + text[at..].find(')')?))) {
        Some((from, to)) => format!("{}…{}", &text[..from], &text[to..]),
        None => text.to_owned(),
    }
}

#[tokio::test]
async fn a_list_that_lacks_pull_requests_is_not_believed() {
    let world = pair("").await;
    // GitHub answers with a page that is whole, well formed, and empty; its count says otherwise.
    world.fail(
        &json!({"provider": "github", "method": "GET", "path": "/repos/acme/app/pulls", "status": 200,
        "body": [], "times": null}),
    );
    let mark = world.mark();
    let run = sweep(&world).go().await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @"
    which pull requests are open is not known; nothing was touched
    caused by: GitHub's list changed each time it was read to list the open pull requests, so that it may lack something
    hint: run it again: what is to be deleted can wait
    ");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn without_permission_to_ask_nothing_goes() {
    let world = pair("").await;
    let mut texts = Vec::new();
    for permissions in [json!({"contents": "read"}), json!({"pull-requests": "read"})] {
        let token = format!("token-{}", texts.len());
        world
            .seed(&json!({"github": {"tokens": [{"token": token, "permissions": permissions}]}}))
            .await;
        let mark = world.mark();
        let run = sweep(&world)
            .input("github-token", token)
            .input("dry-run", "false")
            .go()
            .await;
        assert_eq!(run.code, 1, "{run}");
        world.assert_only_reads_since(mark);
        texts.push(steady(&run.error()));
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
    which pull requests are open is not known; nothing was touched
    caused by: GitHub answered 403 (request …) to list the open pull requests: Resource not accessible by integration
    hint: give the job `permissions: { contents: read, pull-requests: read, actions: read }`; nothing is deleted without them

    1 environment kept, since GitHub could not be asked once more: GitHub answered 403 (request …) to list the runs that are under way: Resource not accessible by integration
    hint: give the job `permissions: { contents: read, pull-requests: read, actions: read }`; nothing is deleted without them
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_pull_request_that_comes_back_during_the_sweep_keeps_its_preview() {
    let world = pair("").await;
    // The list is read, then somebody reopens it: Cloudflare's list is slower.
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts", "delay_ms": 3000, "times": 1}));
    let started = sweep(&world).start();
    loop {
        let asked = world.requests();
        if asked
            .iter()
            .any(|request| request["path"].as_str().unwrap().contains("/graphql") && !request["status"].is_null())
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world
        .seed(&json!({"github": {"pulls": [{"number": 12, "state": "open"}]}}))
        .await;
    let mark = world.mark();
    let run = ok(started.wait().await);
    world.assert_only_reads_since(mark);
    assert_eq!(run.report["environments"][0]["outcome"], "kept", "{run}");
    insta::assert_snapshot!(
        format!("{}\n{}", last_line(&run), run.report["environments"][0]["detail"].as_str().unwrap()), @"
    removed 0 environments (0 things) in …; 1 kept after a last look; 1 alive
    pull request #12 is open
    ");
    world.finish().await;
}

#[tokio::test]
async fn what_is_being_deployed_stays() {
    let world = pair("").await;
    world
        .seed(&json!({"github": {"runs": [
            // The sweep's own run, on a branch that happens to be called the same.
            {"id": 1001, "name": "Sweep", "path": ".github/workflows/sweep.yml", "event": "schedule", "status": "in_progress",
                "head_branch": "topic-12", "head_sha": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"},
            {"id": 7001, "name": "Preview", "path": ".github/workflows/preview.yml", "event": "pull_request",
                "status": "in_progress", "head_branch": "topic-12", "head_sha": "1d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"}]}}))
        .await;
    let mark = world.mark();
    let run = ok(sweep(&world).go().await);
    world.assert_only_reads_since(mark);
    insta::assert_snapshot!(run.report["environments"][0]["detail"].as_str().unwrap(), @"a run of its branch is under way: https://github.com/acme/app/actions/runs/7001");
    world.finish().await;
}

#[tokio::test]
async fn what_another_run_of_the_default_branch_deploys_stays_until_it_must_have_crashed() {
    // A comment or another run started it: the run stands on `main`, and only the deployment tells.
    for (status, at, stays) in [
        ("in_progress", None, true),
        ("queued", None, true),
        ("success", None, false),
        ("in_progress", Some("2026-01-02T03:04:05Z"), false),
    ] {
        let world = pair("").await;
        let deployed = json!({"environment": "preview", "sha": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c", "transient": true,
            "payload": {"owner": marker(12), "run": 7002, "attempt": 1}, "statuses": [{"state": status, "at": at}]});
        world.seed(&json!({"github": {"deployments": [deployed]}})).await;
        let run = ok(sweep(&world).go().await);
        let outcome = if stays { "kept" } else { "deleted" };
        assert_eq!(run.report["environments"][0]["outcome"], outcome, "{status}: {run}");
        if stays {
            insta::allow_duplicates! {
                insta::assert_snapshot!(run.report["environments"][0]["detail"].as_str().unwrap(), @"a deployment of it is under way, as GitHub's deployments say");
            }
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn another_projects_environment_is_its_own_manifests() {
    let world = pair("").await;
    let of_shop = "codex-actions:1296269:acme/app:shop:preview:12";
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "cart-pr-12", "tags": [of_shop]}]}}))
        .await;
    let before = names(&world);
    let run = ok(sweep(&world).go().await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    insta::assert_snapshot!(last_line(&run), @"removed 1 environment (17 things) in …; 1 alive; left to a sweep with the `manifest` of their own project: 1 environment (preview 12 of shop)");
    let again = ok(sweep(&world).go().await);
    assert!(again.log().contains("preview 12 of shop"), "{again}");
    assert_eq!(again.output("changed"), "false");
    world.finish().await;
}

#[tokio::test]
async fn a_namespace_whose_title_another_environment_makes_as_well_stays() {
    // `codex` and `preview-12`, joined, are `codex`, `preview` and 12. Whichever thing of it says so.
    for (repository, on_worker) in [("8:eve/app", true), ("1296269:acme/app", true), ("8:eve/app", false)] {
        let world = pair("").await;
        let other = format!("codex-actions:{repository}:codex:preview-12");
        let mut seed = Seed::default();
        if on_worker {
            seed.worker("theirs", &other, &json!({}), 90);
        } else {
            seed.record("theirs", &other);
        }
        seed.plant(&world).await;
        let before = names(&world);
        ok(sweep(&world).go().await);
        let mut expected: BTreeSet<String> = whole(12).into_iter().collect();
        expected.retain(|name| !name.starts_with("KV"));
        assert_eq!(gone(&before, &world), expected, "{other} {on_worker}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_number_that_github_does_not_know_stays_and_is_told() {
    let world = world("").await;
    let mut seed = Seed::default();
    seed.preview(77, 9);
    seed.plant(&world).await;
    let mark = world.mark();
    let run = ok(sweep(&world).go().await);
    world.assert_only_reads_since(mark);
    insta::assert_snapshot!(run.report["environments"][0]["detail"].as_str().unwrap(), @"GitHub shows no pull request #77; `command: environment` with `pull-request: 77` deletes it");
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_keeps_what_depends_on_it() {
    for (path, kept) in [
        ("/accounts/*/workers/scripts", vec!["KV", "Worker", "route"]),
        ("/zones/*/dns_records", vec!["record"]),
        ("/accounts/*/storage/kv/namespaces", vec!["KV"]),
    ] {
        let world = pair("").await;
        let before = names(&world);
        world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": path, "status": 403, "times": null,
            "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
        let run = sweep(&world).go().await;
        assert_eq!(run.code, 1, "{run}");
        let went = gone(&before, &world);
        let expected: BTreeSet<String> = whole(12)
            .into_iter()
            .filter(|name| !kept.iter().any(|kept| name.starts_with(kept)))
            .collect();
        assert_eq!(went, expected, "{path}\n{run}");
        world.heal();
        ok(sweep(&world).go().await);
        assert_eq!(gone(&before, &world), whole(12).into_iter().collect(), "{path}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_issue_is_open_while_sweeps_fail() {
    let world = pair("").await;
    world
        .seed(&json!({"github": {"tokens": [{"token": "alerts",
            "permissions": {"pull-requests": "write", "actions": "read", "issues": "write"}}]}}))
        .await;
    let start = |world| {
        sweep(world)
            .input("alert-issue", "true")
            .input("github-token", "alerts")
    };
    let issues = |world: &World| -> Vec<(String, String)> {
        let state = world.state();
        let threads = state
            .pointer("/github/repositories/0/threads")
            .and_then(Value::as_array);
        let threads = threads.unwrap().iter().filter(|thread| thread["pull"].is_null());
        let text = |thread: &Value, key: &str| thread[key].as_str().unwrap().to_owned();
        threads
            .filter(|thread| text(thread, "title").contains("sweep"))
            .map(|thread| (text(thread, "title"), text(thread, "state")))
            .collect()
    };
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts", "status": 403, "times": null,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}}));
    for _ in 0..2 {
        assert_eq!(start(&world).go().await.code, 1);
        assert_eq!(issues(&world), [("A sweep failed".to_owned(), "open".to_owned())]);
    }
    world.heal();
    // What was opened before the key named the sweep is over, too.
    let opened = "<!-- codex-actions:alert:sweep -->\nIt failed.";
    world
        .seed(
            &json!({"github": {"issues": [{"number": 900, "title": "An older sweep failed", "body": opened,
            "author": "github-actions[bot]", "labels": ["codex-actions"]}]}}),
        )
        .await;
    ok(start(&world).go().await);
    let closed = |title: &str| (title.to_owned(), "closed".to_owned());
    let mut all = issues(&world);
    all.sort();
    assert_eq!(all, [closed("A sweep failed"), closed("An older sweep failed")]);
    world.finish().await;
}
