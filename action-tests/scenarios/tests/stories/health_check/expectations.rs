//! Expectations about the content, and deeper checks.

use scenarios::World;

use super::check;
use super::servers::{HEALTHY, Server, answer_with};

#[tokio::test]
async fn each_expectation_holds_or_is_told() {
    let world = World::start().await;
    let document = || answer_with(200, "content-type: application/json\r\nx-version: 2.1.0", HEALTHY);
    for inputs in [
        [("expect-status", "200"), ("expect-body", "healthy")],
        [
            ("expect-body", "/\"status\":\"h.*y\"/"),
            ("expect-header", "Content-Type: /json/"),
        ],
        [("expect-json", "/checks/database = ok"), ("expect-version", "996445bc")],
        [("expect-version", "X-Version: 2.1.0"), ("max-latency", "1s")],
    ] {
        let run = check(&world, document(), "/health", &inputs).await;
        assert_eq!(run.code, 0, "{inputs:?} {run}");
    }
    for (input, value, told) in [
        ("expect-status", "204", "it answered 200"),
        ("expect-body", "welcome", "the body does not hold `welcome`"),
        (
            "expect-header",
            "X-Frame-Options: DENY",
            "header `X-Frame-Options` is missing; `DENY` is expected",
        ),
        (
            "expect-json",
            "/checks/kv = ok",
            "there is nothing at `/checks/kv`; `ok` is expected",
        ),
        (
            "expect-version",
            "deadbeef",
            "version `996445bc-a0df-4656-b356-8f9baf681df5` still answers; `deadbeef` is expected",
        ),
        (
            "certificate-days",
            "14",
            "there is no certificate to look at: the URL is not https",
        ),
    ] {
        let run = check(&world, document(), "/health", &[(input, value), ("grace", "0s")]).await;
        assert_eq!(run.code, 1, "{input} {run}");
        assert!(run.error().contains(told), "{input}: {}", run.error());
    }
    world.finish().await;
}

#[tokio::test]
async fn deeper_checks_with_cors_and_security_headers() {
    let world = World::start().await;
    let headers = "access-control-allow-origin: https://app.example.com\r\nx-content-type-options: nosniff\r\n\
                   strict-transport-security: max-age=31536000\r\nreferrer-policy: no-referrer\r\ncontent-security-policy: default-src 'self'";
    let server = Server::start(vec![answer_with(200, headers, HEALTHY)]).await;
    let checks = |refuse: &str| {
        format!(
            "[[checks]]\nname = \"api\"\nurl = \"{}\"\nsecurity-headers = true\n\
             cors = {{ allow = [\"https://app.example.com\"], refuse = [\"{refuse}\"] }}\n",
            server.url("/items")
        )
    };
    let run = world
        .run("health-check")
        .input("checks", checks("https://evil.example"))
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.report["endpoints"][2]["name"], "api refuses https://evil.example");

    let start = world
        .run("health-check")
        .input("checks", checks("https://app.example.com"))
        .input("timeout", "1s");
    let run = start.go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error()
            .contains("header `access-control-allow-origin` is `https://app.example.com`, which it must not be"),
        "{}",
        run.error()
    );
    world.finish().await;
}
