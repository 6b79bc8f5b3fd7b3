//! Certificates that are not there yet, are for another name, have expired, or are a stranger's.

use std::time::Duration;

use scenarios::{Run, World};

use super::servers::{Certificate, HEALTHY, Server, Tls, answer};

async fn check(world: &World, server: &Tls, ca: bool, timeout: &str) -> Run {
    let port = server.address.port();
    let run = world
        .run("health-check")
        .input("urls", format!("https://api.example.com:{port}/health"))
        .input("resolve", format!("api.example.com:{port}:127.0.0.1"))
        .input("grace", "0s")
        .input("timeout", timeout);
    if ca { run.input("ca", server.ca.as_str()) } else { run }.go().await
}

#[tokio::test]
async fn a_certificate_that_comes_later_is_waited_for() {
    let world = World::start().await;
    let server = Tls::start(Certificate::For("api.example.com"), 3).await;
    let run = check(&world, &server, true, "20s").await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.report["endpoints"][0]["attempts"], 4, "{run}");
    // A server that hangs up is seen as an end or as a reset, as the two race.
    let seen = ["TLS failed: no certificate yet", "Connection reset by peer"];
    assert!(seen.iter().any(|text| run.stdout.contains(text)), "{run}");
    assert!(run.report["endpoints"][0]["certificate-days"].as_i64().unwrap() > 365);
    assert!(run.report["endpoints"][0]["phases"]["tls"].is_u64());
    world.finish().await;
}

#[tokio::test]
async fn a_certificate_that_is_wrong_is_told_with_its_remedy() {
    let world = World::start().await;
    for (certificate, trusted, told, remedy) in [
        (
            Certificate::For("other.example.com"),
            true,
            "the certificate is valid, but for other names",
            "order a certificate",
        ),
        (
            Certificate::Expired("api.example.com"),
            true,
            "the certificate has expired",
            "renew the certificate",
        ),
        (
            Certificate::For("api.example.com"),
            false,
            "signed by nobody that is trusted here",
            "pass the private authority's certificate",
        ),
        (
            Certificate::NotYetValid("api.example.com"),
            true,
            "the certificate is not valid yet",
            "look at the certificate's `Not Before`",
        ),
        (
            Certificate::Authority("api.example.com"),
            true,
            "the server shows an authority's certificate (`CA:TRUE`) as its own",
            "make a certificate for the server",
        ),
    ] {
        let server = Tls::start(certificate, 0).await;
        let run = check(&world, &server, trusted, "30s").await;
        assert_eq!(run.code, 1, "{run}");
        assert!(run.time < Duration::from_secs(5), "{run}");
        assert!(
            run.error().contains(told) && run.error().contains(remedy),
            "{}",
            run.error()
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn the_wrong_protocol_is_told_as_such() {
    let world = World::start().await;
    let plain = Server::start(vec![answer(200, HEALTHY)]).await;
    let secure = Tls::start(Certificate::For("api.example.com"), 0).await;
    for (url, told, remedy) in [
        (
            format!("https://{}/health", plain.address),
            "what answers does not speak TLS: the port seems to speak plain HTTP",
            "write `http://`",
        ),
        (
            format!("http://{}/health", secure.address),
            "what answers does not speak HTTP",
            "write `https://`",
        ),
    ] {
        let run = world
            .run("health-check")
            .input("urls", &url)
            .input("grace", "0s")
            .go()
            .await;
        assert_eq!(run.code, 1, "{run}");
        assert!(
            run.error().contains(told) && run.error().contains(remedy),
            "{}",
            run.error()
        );
    }
    world.finish().await;
}
