//! Redirects, as a browser follows them.

use scenarios::World;

use super::assert_told;
use super::servers::{Certificate, HEALTHY, Server, Tls, site};

fn to(location: &str, more: &str) -> (u16, String, Vec<u8>) {
    (302, format!("location: {location}\r\n{more}"), Vec::new())
}

fn healthy() -> (u16, String, Vec<u8>) {
    (200, String::new(), HEALTHY.into())
}

#[tokio::test]
async fn cookies_are_kept_within_one_check() {
    let world = World::start().await;
    // A consent page, an A/B gate: without its cookie it is a circle.
    let gate = site(|request| {
        if request.contains("cookie: seen=1") {
            healthy()
        } else {
            to("/health", "set-cookie: seen=1; Path=/; HttpOnly\r\n")
        }
    });
    let server = Server::start(vec![gate]).await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/health"))
        .input("follow-redirects", "true")
        .input("successes", "2")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    // Each check begins without.
    assert_eq!(server.requests(), 4, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_circle_is_named_as_one() {
    let world = World::start().await;
    let circle = site(|request| {
        if request.starts_with("GET /a?") {
            to("/b", "")
        } else {
            to("/a?nonce=1", "")
        }
    });
    let server = Server::start(vec![circle]).await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/start"))
        .input("follow-redirects", "true")
        .input("grace", "0s")
        .go()
        .await;
    assert_told(&run, "it redirects in a circle: /a → /b → /a");
    assert!(server.requests() <= 8, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_post_that_is_redirected_asks_by_get() {
    let world = World::start().await;
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let there = format!("{method} /there ");
        let server = Server::start(vec![site(move |request| {
            if request.starts_with("POST /login ") {
                (status, "location: /there\r\n".to_owned(), Vec::new())
            } else if request.starts_with(&there) && (method == "POST") == request.ends_with("name=x") {
                healthy()
            } else {
                (405, String::new(), Vec::new())
            }
        })])
        .await;
        let checks = format!(
            "[[checks]]\nname = \"login\"\nurl = \"{}\"\nmethod = \"POST\"\nbody = \"name=x\"\n",
            server.url("/login")
        );
        let run = world
            .run("health-check")
            .input("checks", checks)
            .input("follow-redirects", "true")
            .input("timeout", "2s")
            .go()
            .await;
        assert_eq!(run.code, 0, "{status} {run}");
    }
    world.finish().await;
}

#[tokio::test]
async fn http_may_become_https_on_the_same_host_and_not_the_other_way() {
    let world = World::start().await;
    let secure = Tls::start(Certificate::For("api.example.com"), 0).await;
    let port = secure.address.port();
    let plain = Server::start(vec![site(move |_| {
        to(&format!("https://api.example.com:{port}/health"), "")
    })])
    .await;
    let run = world
        .run("health-check")
        .input(
            "urls",
            format!("http://api.example.com:{}/health", plain.address.port()),
        )
        .input(
            "resolve",
            format!(
                "api.example.com:{port}:127.0.0.1\napi.example.com:{}:127.0.0.1",
                plain.address.port()
            ),
        )
        .input("ca", secure.ca.as_str())
        .input("follow-redirects", "true")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.report["endpoints"][0]["certificate-days"].is_i64(), "{run}");

    let plain = Server::start(vec![site(|_| healthy())]).await;
    let back = plain.address.port();
    let secure = Tls::with(
        Certificate::For("api.example.com"),
        0,
        site(move |_| to(&format!("http://api.example.com:{back}/health"), "")),
    )
    .await;
    let port = secure.address.port();
    let run = world
        .run("health-check")
        .input("urls", format!("https://api.example.com:{port}/health"))
        .input("resolve", format!("api.example.com:{port}:127.0.0.1"))
        .input("ca", secure.ca.as_str())
        .input("follow-redirects", "true")
        .input("grace", "0s")
        .go()
        .await;
    assert_told(&run, "redirected from https to http, on `api.example.com`");
    assert_eq!(plain.requests(), 0);
    world.finish().await;
}
