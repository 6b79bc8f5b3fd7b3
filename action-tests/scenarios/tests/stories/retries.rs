//! Stories of asking again: when, how often, and what is told of it. The clock of the local cloud's log tells the waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use scenarios::{Run, World, ids};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::deploy_workers::{account, deploy, platform};
use crate::deploy_workers_rollback::second_version;

const WORKER: &str = "/accounts/*/workers/scripts/api-preview-42";

fn cloudflare(method: &str, path: &str, fault: &Value) -> Value {
    let mut rule = json!({"provider": "cloudflare", "method": method, "path": path});
    for (key, value) in fault.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn busy_for_a_second() -> Value {
    json!({"status": 503, "headers": {"retry-after": "1"}})
}

fn time(request: &Value, key: &str) -> u64 {
    request[key].as_u64().unwrap_or_default()
}

/// For each request that a rule has spoilt after `mark`: `METHOD path`, and how long after its answer the same was asked
/// for again (milliseconds).
fn waits(world: &World, mark: usize) -> Vec<(String, u64)> {
    let all = world.since(mark);
    let same = |a: &Value, b: &Value| ["method", "path", "body"].iter().all(|key| a[*key] == b[*key]);
    let spoilt = all.iter().enumerate().filter(|(_, request)| request["fault"] == true);
    spoilt
        .map(|(at, request)| {
            let name = format!("{} {}", request["method"], request["path"]).replace('"', "");
            let again = all[at + 1..].iter().find(|later| same(request, later));
            let again = again.unwrap_or_else(|| panic!("{name} was not asked for again"));
            // A cut connection has no time of an answer; both times are cut to milliseconds.
            let ended = time(request, "answered").max(time(request, "received"));
            (name, time(again, "received").saturating_sub(ended) + 1)
        })
        .collect()
}

#[track_caller]
fn assert_waited(world: &World, mark: usize, spoilt: usize, at_least: u64) {
    let waits = waits(world, mark);
    assert_eq!(waits.len(), spoilt, "{waits:#?}");
    for (name, waited) in &waits {
        assert!(*waited >= at_least, "{name} was asked for again after {waited} ms");
    }
}

#[track_caller]
fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    run
}

#[tokio::test]
async fn no_write_is_repeated_before_its_time() {
    let world = platform().await;
    let busy = busy_for_a_second();
    let writes = [
        ("POST", "/accounts/*/storage/kv/namespaces"),
        ("PUT", WORKER),
        ("POST", "/zones/*/workers/routes"),
        ("POST", "/accounts/*/workers/scripts/api-preview-42/subdomain"),
    ];
    for (method, path) in writes {
        world.fail(&cloudflare(method, path, &busy));
    }
    let run = ok(deploy(&world, &[]).await);
    assert_eq!(run.output("changed"), "true");
    assert_waited(&world, 0, writes.len(), 1000);
    assert_eq!(account(&world)["kv"].as_array().unwrap().len(), 1);

    second_version(&world);
    let mark = world.mark();
    let writes = [
        ("POST", "/accounts/*/workers/scripts/api-preview-42/versions"),
        ("POST", "/accounts/*/workers/scripts/api-preview-42/deployments"),
    ];
    for (method, path) in writes {
        world.fail(&cloudflare(method, path, &busy));
    }
    ok(deploy(&world, &[]).await);
    assert_waited(&world, mark, writes.len(), 1000);
    let versions = account(&world)["workers"]["api-preview-42"]["versions"].clone();
    assert_eq!(versions.as_array().unwrap().len(), 2, "one for each run");
    world.finish().await;
}

fn dns(world: &World) -> scenarios::Start<'_> {
    world
        .run("preview-dns")
        .input("command", "apply")
        .input("cloudflare-zone-id", ids::ZONE)
        .input("zone", "example.com")
        .input("hosts", "api, web")
}

#[tokio::test]
async fn a_batch_of_records_waits_too_and_a_lost_answer_is_ours() {
    let batch = "/zones/*/dns_records/batch";
    for (fault, at_least, batches) in [
        (busy_for_a_second(), 1000, 2),
        (json!({"drop": "before"}), 200, 2),
        (json!({"drop": "after"}), 0, 1),
        (json!({"status": 502, "after": true, "body": "<html>"}), 0, 1),
    ] {
        let world = World::start().await;
        world.fail(&cloudflare("POST", batch, &fault));
        let run = ok(dns(&world).go().await);
        assert_eq!(run.output("changed"), "true", "{run}");
        if batches > 1 {
            assert_waited(&world, 0, 1, at_least);
        }
        let asked = world
            .lines_since(0)
            .iter()
            .filter(|line| line.contains("batch"))
            .count();
        assert_eq!(asked, batches, "{:#?}", world.lines_since(0));
        let mark = world.mark();
        assert_eq!(ok(dns(&world).go().await).output("changed"), "false");
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_comment_and_a_branch_wait_too() {
    let world = World::start().await;
    world.fail(&json!([
        {"provider": "github", "method": "POST", "path": "/repos/**/comments", "status": 503, "headers": {"retry-after": "1"}},
        {"provider": "neon", "method": "POST", "path": "/projects/*/branches", "status": 500, "headers": {"retry-after": "1"}},
    ]));
    ok(world.run("pr-comment").input("body", "hello").go().await);
    let branch = world.run("neon-branch").input("command", "create");
    ok(branch.input("branch", "b").input("wait", "false").go().await);
    assert_waited(&world, 0, 2, 1000);
    world.finish().await;
}

#[tokio::test]
async fn no_wait_is_no_leave_to_spin() {
    let world = World::start().await;
    world.fail(
        &json!({"provider": "neon", "path": "/projects/**", "status": 429, "headers": {"retry-after": "0"}, "times": 3}),
    );
    ok(world
        .run("neon-branch")
        .input("command", "get")
        .input("branch", "production")
        .input("wait", "false")
        .go()
        .await);
    assert_waited(&world, 0, 3, 240);
    world.finish().await;
}

#[tokio::test]
async fn a_date_is_waited_for_and_a_wait_without_end_is_not() {
    let everywhere = |wait: &str, times: Value| {
        let rule = |provider: &str| json!({"provider": provider, "status": 429, "headers": {"retry-after": wait}, "times": times});
        json!([rule("neon"), rule("cloudflare"), rule("github")])
    };
    let runs = async |world: &World| {
        let branch = world.run("neon-branch").input("command", "get");
        [
            branch.input("branch", "production").input("wait", "false").go().await,
            dns(world).go().await,
            world.run("pr-comment").input("body", "hello").go().await,
        ]
    };
    let world = World::start().await;
    let in_three_seconds = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3);
    let date = in_three_seconds.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    world.fail(&everywhere(&date, json!(1)));
    let began = Instant::now();
    for run in runs(&world).await {
        ok(run);
    }
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
    world.finish().await;

    let world = World::start().await;
    world.fail(&everywhere("18446744073709551615", Value::Null));
    for run in runs(&world).await {
        assert_eq!(run.code, 1, "{run}");
        assert!(run.time < Duration::from_secs(10), "{run}");
        assert!(run.error().contains("429") && !run.log().contains("panicked"), "{run}");
    }
    world.finish().await;
}

/// A new project's preview, with each of its creates spoilt once in one way.
#[tokio::test]
async fn what_fails_once_is_made_once() {
    for fault in [
        json!({"status": 500}),
        json!({"drop": "before"}),
        json!({"drop": "after"}),
        json!({"status": 500, "after": true}),
    ] {
        let world = platform().await;
        let skip_is_404 = json!({"status": 404});
        world.fail(&json!([
            cloudflare("POST", "/accounts/*/storage/kv/namespaces", &fault),
            cloudflare("POST", "/zones/*/workers/routes", &fault),
            cloudflare("PUT", WORKER, &fault),
            cloudflare(
                "POST",
                "/accounts/*/workers/scripts/auth-preview-42/subdomain",
                &skip_is_404
            ),
        ]));
        let run = ok(deploy(&world, &[]).await);
        assert_eq!(run.output("changed"), "true", "{fault}: {run}");
        let now = account(&world);
        assert_eq!(now["kv"].as_array().unwrap().len(), 1, "{fault}");
        assert_eq!(
            now["workers"]["api-preview-42"]["versions"].as_array().unwrap().len(),
            1,
            "{fault}"
        );
        let routes = world.state()["cloudflare"]["zones"][ids::ZONE]["routes"].clone();
        assert_eq!(routes.as_array().unwrap().len(), 3, "{fault}");
        let mark = world.mark();
        assert_eq!(ok(deploy(&world, &[]).await).output("changed"), "false", "{fault}");
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_a_change() {
    let world = World::start().await;
    let branch = |command| {
        let run = world.run("neon-branch").input("command", command);
        run.input("branch", "b").input("wait", "false")
    };
    ok(branch("create").go().await);
    world.fail(&json!({"provider": "neon", "method": "DELETE", "path": "/projects/*/branches/*", "drop": "after"}));
    let run = ok(branch("delete").go().await);
    assert_eq!(run.output("changed"), "true", "{run}");

    ok(world.run("pr-comment").input("body", "hello").go().await);
    world.fail(&json!({"provider": "github", "method": "DELETE", "path": "/repos/**/comments/*", "drop": "after"}));
    let run = ok(world.run("pr-comment").input("command", "delete").go().await);
    assert_eq!(run.output("changed"), "true", "{run}");
    world.finish().await;
}

#[tokio::test]
async fn of_two_that_are_asked_for_at_once_the_one_that_was_made_is_told() {
    let world = platform().await;
    let two = crate::deploy_workers::MANIFEST.replace(r#"kv = ["CACHE"]"#, r#"kv = ["CACHE", "QUEUE"]"#);
    world.file("codex.toml", &two);
    let kv = "/accounts/*/storage/kv/namespaces";
    world.fail(&cloudflare("POST", kv, &json!({"status": 403, "delay_ms": 200})));
    world.fail(&cloudflare("POST", kv, &json!({"delay_ms": 500})));
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(account(&world)["kv"].as_array().unwrap().len(), 1);
    assert_eq!(run.output("changed"), "true", "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_limit_that_outlasts_youth_does_not_fail_a_finished_create() {
    let world = World::start().await;
    world.seed(&json!({"neon": {"settings": {"operation_ms": 500}}})).await;
    world.fail(&json!([
        {"provider": "neon", "method": "GET", "path": "/projects/*/operations/*", "status": 429, "headers": {"retry-after": "22"}},
    ]));
    let run = world.run("neon-branch").input("command", "create").input("branch", "b");
    let run = ok(run.input("wait", "false").go().await);
    assert!(run.time >= Duration::from_secs(22), "{run}");
    assert_eq!(run.output("created"), "true");
    world.finish().await;
}

#[tokio::test]
async fn the_connection_of_a_new_branch_may_not_be_known_yet() {
    let world = World::start().await;
    // With two roles, the create does not tell the connection.
    world
        .seed(&json!({"neon": {"roles": [{"branch": "production", "name": "app"}]}}))
        .await;
    world.fail(
        &json!({"provider": "neon", "path": "/projects/*/connection_uri", "status": 404, "times": 3,
        "body": {"code": "", "message": "endpoint not found"}}),
    );
    let run = world.run("neon-branch").input("command", "create").input("branch", "b");
    let run = ok(run.input("wait", "false").go().await);
    assert!(run.output("database-url").contains(run.output("host")), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_token_that_no_header_carries_is_refused_at_once_by_name() {
    let world = platform().await;
    let actions = [
        ("neon-branch", "neon-api-key", "create"),
        ("preview-dns", "cloudflare-api-token", "apply"),
        ("deploy-workers", "cloudflare-api-token", "deploy"),
        ("pr-comment", "github-token", "upsert"),
        ("cleanup", "cloudflare-api-token", ""),
    ];
    for (action, input, command) in actions {
        for (odd, what) in [("two\nlines", "a line break"), ("zero\u{200b}width", "U+200B")] {
            let mut run = world.run(action).input(input, odd);
            if !command.is_empty() {
                run = run.input("command", command);
            }
            let run = run.go().await;
            assert_eq!(run.code, 2, "{action}: {run}");
            assert!(run.error().contains(&format!("`{input}`")), "{action}: {}", run.error());
            assert!(run.error().contains(what), "{action}: {}", run.error());
            assert!(run.time < Duration::from_secs(5), "{action}: {:?}", run.time);
        }
    }
    assert!(world.requests().is_empty());
    world.finish().await;
}

/// `https://localhost:<port>`, whose certificate nobody trusts.
async fn untrusted() -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(acceptor.accept(stream).await);
        }
    });
    url
}

#[tokio::test]
async fn a_host_that_is_not_there_or_not_trusted_ends_in_seconds() {
    let world = World::start().await;
    let untrusted = untrusted().await;
    // `.invalid` is no name anywhere (RFC 2606). A machine without name servers says "try again", which is waited for.
    let lookup = tokio::net::lookup_host("api.nothing.invalid:443")
        .await
        .map(|_| ())
        .unwrap_err();
    let no_name_servers = lookup.to_string().contains("emporary failure");
    for host in [untrusted.as_str(), "https://api.nothing.invalid"] {
        if host.ends_with(".invalid") && no_name_servers {
            continue;
        }
        let began = Instant::now();
        let runs = [
            world
                .run("neon-branch")
                .input("command", "get")
                .input("branch", "b")
                .input("neon-api-url", host)
                .go()
                .await,
            dns(&world).input("cloudflare-api-url", host).go().await,
            world
                .run("pr-comment")
                .input("body", "hello")
                .input("github-api-url", host)
                .go()
                .await,
        ];
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        for (run, input) in runs
            .iter()
            .zip(["neon-api-url", "cloudflare-api-url", "github-api-url"])
        {
            assert_eq!(run.code, 1, "{run}");
            let error = run.error();
            assert!(error.contains(host.trim_start_matches("https://")), "{error}");
            assert!(error.contains(&format!("hint: check `{input}`")), "{error}");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn a_namespace_that_slips_between_two_pages_goes_all_the_same() {
    let world = crate::cleanup::world().await;
    // Listed by id. Ours is the first of the second page; one that goes from the first takes it along.
    let kv = account(&world)["kv"].as_array().unwrap().clone();
    let ours = kv.iter().find(|it| it["title"] == "codex-preview-42-CACHE").unwrap()["id"].clone();
    let before = kv.iter().filter(|it| it["id"].as_str() < ours.as_str()).count();
    let fillers: Vec<Value> = (before..100)
        .map(|n| json!({"title": format!("filler-{n}"), "id": format!("{n:032x}")}))
        .collect();
    world.seed(&json!({"cloudflare": {"kv": fillers}})).await;
    let list = "/accounts/*/storage/kv/namespaces";
    world.fail(&cloudflare("GET", list, &json!({"delay_ms": 1500, "skip": 1})));
    let shift = async {
        loop {
            let pages = world.lines_since(0);
            if pages.iter().filter(|line| line.ends_with("namespaces 200")).count() > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        world
            .by_hand("DELETE", &format!("/storage/kv/namespaces/{before:032x}"), &Value::Null)
            .await;
        // The total is as before.
        world
            .by_hand("POST", "/storage/kv/namespaces", &json!({"title": "zz"}))
            .await;
    };
    let (run, ()) = tokio::join!(world.run("cleanup").go(), shift);
    let run = ok(run);
    let left = account(&world)["kv"].clone();
    assert!(!left.to_string().contains("codex-preview-42-CACHE"), "{run}");
    assert!(run.report.to_string().contains("codex-preview-42-CACHE"), "{run}");
    world.finish().await;
}

/// Somebody deletes a comment on GitHub.
async fn delete_comment(world: &World, id: u64) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}/repos/acme/app/issues/comments/{id}", world.cloud.github);
    let asked = reqwest::Client::new().delete(url).header("user-agent", "a person");
    let answer = asked.bearer_auth(scenarios::tokens::GITHUB).send().await.unwrap();
    assert!(answer.status().is_success());
}

#[tokio::test]
async fn a_comment_that_slips_between_two_pages_is_found() {
    let world = World::start().await;
    let strangers = json!({"github": {"comments": [{"body": "me too", "author": "octocat", "times": 100}]}});
    world.seed(&strangers).await;
    let first = ok(world.run("pr-comment").input("body", "one").go().await);
    let oldest = crate::pr_comment::comments(&world.state())[0].0;
    let mark = world.mark();
    world.fail(&json!({"provider": "github", "method": "GET", "path": "/repositories/**", "delay_ms": 800}));
    let shift = async {
        while !world
            .lines_since(mark)
            .iter()
            .any(|line| line.ends_with("comments 200"))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        delete_comment(&world, oldest).await;
    };
    let (second, ()) = tokio::join!(world.run("pr-comment").input("body", "two").go(), shift);
    let second = ok(second);
    assert_eq!(second.output("comment-id"), first.output("comment-id"), "{second}");
    assert_eq!(crate::pr_comment::comments(&world.state()).len(), 100);
    let lines = world.lines_since(mark);
    assert!(!lines.iter().any(|line| line.starts_with("POST")), "{lines:#?}");
    world.finish().await;
}
