//! What is borne while an environment comes up, and what is given up.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use scenarios::World;
use tokio::net::TcpListener;

use super::servers::{Act, HEALTHY, Server, answer, answer_with, serve};

/// The answers of an edge that does not serve the hostname yet. jtalk/url-health-check-action gives up at 522, 525 and
/// 530 at once.
#[tokio::test]
async fn what_comes_up_later_is_waited_for() {
    let world = World::start().await;
    let cases = [
        answer(404, ""),
        answer(404, "error code: 1042"),
        answer(429, ""),
        answer(500, "error code: 1101"),
        answer(502, "<html>"),
        answer(503, r#"{"status":"unhealthy","checks":{"database":"error"}}"#),
        answer(504, ""),
        answer(522, ""),
        answer(523, ""),
        answer(525, ""),
        answer(526, ""),
        answer(530, "error code: 1016"),
        Act::HangUp,
    ];
    let mut servers = Vec::new();
    for case in cases {
        servers.push(Server::start(vec![case.clone(), case, answer(200, HEALTHY)]).await);
    }
    let urls: Vec<String> = servers.iter().map(|server| server.url("/health")).collect();
    let run = world
        .run("health-check")
        .input("urls", urls.join("\n"))
        .input("timeout", "20s")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(servers.iter().all(|server| server.requests() == 3), "{run}");
    for line in [
        "the edge does not know the hostname yet",
        "too many requests",
        "the Worker threw an exception",
        "database: error",
    ] {
        assert!(run.stdout.contains(line), "{line}: {run}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_port_that_opens_later_is_waited_for() {
    let world = World::start().await;
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut run = world
        .run("health-check")
        .input("urls", format!("http://{address}/"))
        .start();
    run.printed("the connection was refused").await;
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(serve(
        listener,
        vec![answer(200, HEALTHY)],
        Arc::new(AtomicUsize::new(0)),
    ));
    let run = run.wait().await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

/// A name that does not exist at first, seen through DNS-over-HTTPS: the system's negative cache has no say.
#[tokio::test]
async fn a_name_that_appears_later_is_waited_for() {
    let world = World::start().await;
    let site = Server::start(vec![answer(200, HEALTHY)]).await;
    let none = answer(200, r#"{"Status":3}"#);
    let found = answer(
        200,
        r#"{"Status":0,"Answer":[{"data":"other.example."},{"data":"127.0.0.1"}]}"#,
    );
    // Each look-up asks twice, for IPv4 and IPv6.
    let dns = Server::start(vec![none.clone(), none.clone(), none.clone(), none, found]).await;
    let run = world
        .run("health-check")
        .input("urls", format!("http://new.example.com:{}/health", site.address.port()))
        .input("dns-over-https", dns.url("/dns-query"))
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("does not resolve (no address for `new.example.com` yet)"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn an_address_can_be_given_as_curl_has_it() {
    let world = World::start().await;
    let site = Server::start(vec![answer(200, HEALTHY)]).await;
    let port = site.address.port();
    let run = world
        .run("health-check")
        .input("urls", format!("http://not-yet.example.com:{port}/health"))
        .input("resolve", format!("not-yet.example.com:{port}:127.0.0.1"))
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn what_never_becomes_right_is_given_up_after_the_grace() {
    let world = World::start().await;
    let login = Server::start(vec![answer_with(403, "cf-ray: 8a1b2c", "")]).await;
    let run = world
        .run("health-check")
        .input("urls", login.url("/health"))
        .input("grace", "1s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.time < Duration::from_secs(5), "{run}");
    assert!(login.requests() > 1, "the grace is there to be used");
    insta::assert_snapshot!(run.error().replace(&login.address.to_string(), "HOST"), @r"
    1 of 1 endpoint not healthy: `HOST/health`
    caused by: HOST/health: it answered 403: the endpoint wants a login, ray 8a1b2c
    hint: let the health path through, or pass the credentials it wants as a header
    ");
    world.finish().await;
}

#[tokio::test]
async fn with_fail_fast_off_it_is_waited_for_all_the_same() {
    let world = World::start().await;
    let login = Server::start(vec![answer(401, ""), answer(401, ""), answer(200, HEALTHY)]).await;
    let start = || {
        world
            .run("health-check")
            .input("urls", login.url("/health"))
            .input("grace", "0s")
    };
    let run = start().input("fail-fast", "false").go().await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn another_environments_answer_is_no_success() {
    let world = World::start().await;
    let server = Server::start(vec![answer(200, &HEALTHY.replace("preview", "production"))]).await;
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"shop.localhost\"\nurl = \"http://{{hostname}}:{}\"\n\
         [environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\ngrace = \"0s\"\n\
         [services.api]\npath = \"api\"\n",
            server.address.port()
        ),
    );
    let run = world.run("health-check").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("environment `production` answers where `preview` is expected"),
        "{}",
        run.error()
    );
    assert!(
        run.error()
            .contains("hint: another environment's route or record serves this hostname"),
        "{}",
        run.error()
    );
    world.finish().await;
}

#[tokio::test]
async fn a_flapping_endpoint_needs_its_successes_in_a_row() {
    let world = World::start().await;
    let (good, bad) = (answer(200, HEALTHY), answer(503, ""));
    let server = Server::start(vec![good.clone(), bad.clone(), good.clone(), good.clone(), bad, good]).await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/"))
        .input("successes", "3")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(server.requests(), 8, "{run}");
    world.finish().await;
}
