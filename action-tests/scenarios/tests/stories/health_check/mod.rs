//! Stories of `health-check`: servers that misbehave in one way each, and what is said of them.

mod bodies;
mod cancelled;
mod classes;
mod deadline;
mod documents;
mod expectations;
pub(crate) mod proxy;
mod redirects;
mod sequences;
pub(crate) mod servers;
mod tls;
mod versions;
mod walls;

use scenarios::{Run, World};
use servers::{Act, HEALTHY, Server, answer};

/// Checks one path of a server that always does the same, for a second unless the inputs say otherwise.
pub(crate) async fn check(world: &World, act: Act, path: &str, inputs: &[(&str, &str)]) -> Run {
    let server = Server::start(vec![act]).await;
    let run = world
        .run("health-check")
        .input("urls", server.url(path))
        .input("timeout", "1s");
    let given = inputs.iter().fold(run, |run, (name, value)| run.input(name, *value));
    given.go().await
}

/// The error of a run that fails, which holds this.
pub(crate) fn assert_told(run: &Run, told: &str) {
    assert_eq!(run.code, 1, "{told}: {run}");
    assert!(run.error().contains(told), "{told}: {}", run.error());
}

#[tokio::test]
async fn a_lone_check_of_two_urls() {
    let world = World::start().await;
    let (api, page) = (
        Server::start(vec![answer(200, HEALTHY)]).await,
        Server::start(vec![answer(204, "")]).await,
    );
    let run = world
        .run("health-check")
        .input("urls", format!("{}\n{}", api.url("/health"), page.url("/")))
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!((run.output("healthy"), run.output("failed")), ("true", ""));
    assert_eq!(run.report["endpoints"][0]["checks"]["database"], "ok");
    assert_eq!(run.report["endpoints"][1]["status"], 204);
    assert!(run.summary.contains("✅ 2 endpoints healthy"), "{}", run.summary);
    assert_eq!((api.requests(), page.requests()), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn an_environment_is_checked_by_its_manifest() {
    let world = World::start().await;
    let server = Server::start(vec![answer(200, HEALTHY)]).await;
    let port = server.address.port();
    world.file(
        "codex.toml",
        &format!(
            r#"
        [project]
        name = "codex"
        zone = "shop.localhost"
        url = "http://{{hostname}}:{port}"
        [environments.preview]
        hostname = "{{subdomain}}-preview-{{pr}}"
        worker = "{{worker}}-preview-{{pr}}"
        [services.api]
        path = "api"
        [[services.api.checks]]
        name = "database"
        path = "/items"
        json = {{ "/checks/database" = "ok" }}
        "#
        ),
    );
    let run = world.run("health-check").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.report["environment"], "preview");
    assert_eq!(
        run.report["endpoints"][0]["url"],
        format!("http://api-preview-42.shop.localhost:{port}/health")
    );
    assert_eq!(run.report["endpoints"][1]["name"], "api: database");
    world.finish().await;
}

#[tokio::test]
async fn every_wrong_input_is_told_before_anything_is_asked() {
    let world = World::start().await;
    let run = world
        .run("health-check")
        .input("urls", "ftp://example.com\nhttps://user:hunter22@\nexample.com")
        .input("timeout", "soon")
        .input("successes", "0")
        .input("expect-status", "fine")
        .input("expect-json", "status = ok")
        .input("expect-body", "/(/")
        .input("headers", "s3cret-without-a-name")
        .input("resolve", "a:b")
        .input("follow-redirects", "always")
        .input("ca", "missing.pem")
        .input("checks", "[[checks]]\nurll = \"x\"")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @r"
    13 inputs are wrong; nothing was touched
    - `expect-status`: `fine` is no status; write `200`, `200-299`, `2xx` or several with commas
    - `expect-body`: `/(/` is no regular expression: found open group without closing ')'
    - `expect-json`: `status` is no JSON pointer: it starts with `/`, such as `/data/0/id`
    - `urls`: `ftp://example.com/` is not an http or https URL, such as `https://example.com/health`
    - `urls`: `…@` is not an http or https URL, such as `https://example.com/health`
    - `urls`: `example.com` is not an http or https URL, such as `https://example.com/health`
    - `checks`: checks:2:1: unknown key `checks[0].urll`; did you mean `url`?
    - `timeout`: `soon` is not a duration, such as `90s`, `5m` or `7d`
    - `successes`: `0` would check nothing; give `1` or more
    - `resolve`: `a:b` is not `host:port:address`, such as `api.example.com:443:127.0.0.1`
    - `follow-redirects`: `always` is none of `false`, `true`, `same-host` and `any`
    - `headers`: each line is to be `Name: value`; one is not (not shown: it may be a secret)
    - `ca`: is neither PEM text nor a readable file: No such file or directory (os error 2)
    ");
    assert!(
        !run.log().contains("hunter22") && !run.log().contains("s3cret"),
        "{run}"
    );
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn without_urls_and_manifest_it_says_what_to_give() {
    let world = World::start().await;
    let run = world.run("health-check").go().await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("`urls`: missing; give one URL per line"),
        "{}",
        run.error()
    );
    world.finish().await;
}

#[tokio::test]
async fn credentials_are_shown_nowhere() {
    let world = World::start().await;
    let server = Server::start(vec![answer(401, "")]).await;
    let url = format!("http://user:hunter22@{}/health", server.address);
    let run = world
        .run("health-check")
        .input("urls", url)
        .input(
            "headers",
            "CF-Access-Client-Secret: s3cr3t-value\nX-Api-Key: an0ther-s3cret\nX-Debug: true",
        )
        .input("grace", "0s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    run.assert_no_secret_leaks();
    for secret in ["hunter22", "s3cr3t-value", "an0ther-s3cret"] {
        let told = format!("{}{}{}", run.log(), run.summary, run.report);
        assert!(!told.contains(secret), "{told}");
        assert!(
            run.masks().iter().any(|mask| mask == secret),
            "`{secret}` is not masked"
        );
    }
    world.finish().await;
}
