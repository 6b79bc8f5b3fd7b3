//! Health documents of others: what they say counts, in their words.

use scenarios::{Run, World};

use super::servers::{Server, answer, answer_with};
use super::{assert_told, check};

async fn ask(world: &World, path: &str, status: u16, body: &str, inputs: &[(&str, &str)]) -> Run {
    let act = answer_with(status, "content-type: application/json", body);
    check(world, act, path, inputs).await
}

const TERMINUS: &str = r#"{"status":"error","info":{"mail":{"status":"up"}},"error":{"database":{"status":"down","message":"refused"}},"details":{"mail":{"status":"up"},"database":{"status":"down","message":"refused"}}}"#;

#[tokio::test]
async fn an_unhealthy_word_is_heard_whatever_is_around_it() {
    let world = World::start().await;
    for (path, body, told) in [
        (
            "/health",
            r#"{"status":"unhealthy","checks":{"database":{"status":"down"}}}"#,
            "it says it is unhealthy (database: down)",
        ),
        (
            "/health",
            r#"{"status":"unhealthy","version":7,"checks":[]}"#,
            "it says it is unhealthy",
        ),
        (
            "/health",
            "\u{feff}{\"status\":\"DOWN\"}",
            "it says it is unhealthy (`DOWN`)",
        ),
        ("/", TERMINUS, "it says it is unhealthy (database: down, refused)"),
        (
            "/actuator/health",
            r#"{"status":"UP","components":{"db":{"status":"DOWN"}}}"#,
            "it says it is healthy, but a check is not ok (db: DOWN)",
        ),
    ] {
        let run = ask(&world, path, 200, body, &[]).await;
        assert_told(&run, told);
    }
    world.finish().await;
}

#[tokio::test]
async fn words_of_other_makers_are_healthy_too() {
    let world = World::start().await;
    for body in [
        r#"{"status":"ok"}"#,
        r#"{"status":"UP"}"#,
        r#"{"status":"pass","checks":{"a:b":[{"status":"pass"}]}}"#,
        "Healthy",
        r#"{"status":"healthy","version":"1.0.0","checks":{"database":{"status":"ok"}}}"#,
    ] {
        let run = ask(&world, "/health", 200, body, &[]).await;
        assert_eq!(run.code, 0, "{body} {run}");
    }
    // An order is no health document.
    let run = ask(&world, "/orders/7", 200, r#"{"id":7,"status":"failed"}"#, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_word_that_nobody_knows_is_told_and_the_status_decides() {
    let world = World::start().await;
    let run = ask(&world, "/health", 200, r#"{"status":"flooble"}"#, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    let told = "what it says is not understood (`flooble`); its status 200 decides";
    assert!(run.stdout.contains(told), "{run}");
    assert_eq!(run.report["endpoints"][0]["note"], told);
    assert!(run.summary.contains(told), "{}", run.summary);
    let run = ask(
        &world,
        "/health",
        200,
        r#"{"status":"flooble"}"#,
        &[("document", "strict")],
    )
    .await;
    assert_told(&run, "it says `flooble` of itself, which is not understood");
    world.finish().await;
}

#[tokio::test]
async fn a_degraded_service_is_a_choice() {
    let world = World::start().await;
    let body = r#"{"status":"Degraded","entries":{"queue":{"status":"Degraded","description":"slow"}}}"#;
    let run = ask(&world, "/hc", 200, body, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("it says it is degraded (queue: Degraded, slow), which counts as healthy"),
        "{run}"
    );
    let run = ask(&world, "/hc", 200, body, &[("warn", "fail")]).await;
    assert_told(&run, "it says it is degraded (queue: Degraded, slow)");
    world.finish().await;
}

#[tokio::test]
async fn what_is_expected_outranks_what_is_read() {
    let world = World::start().await;
    let body = r#"{"status":"unhealthy","mode":"maintenance"}"#;
    for inputs in [[("expect-status", "503")], [("document", "none")]] {
        let status = if inputs[0].0 == "document" { 200 } else { 503 };
        let run = ask(&world, "/health", status, body, &inputs).await;
        assert_eq!(run.code, 0, "{inputs:?} {run}");
    }
    let json = ("expect-json", "/mode = maintenance");
    let run = ask(&world, "/health", 200, body, &[json]).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("it says it is unhealthy, but what is expected decides"),
        "{run}"
    );
    // Both, where both are asked for.
    let run = ask(&world, "/health", 200, body, &[json, ("document", "auto")]).await;
    assert_eq!(run.code, 1, "{run}");
    world.finish().await;
}

/// The second life of the platform that this is made for: nested checks, the Worker's base name, a version of its own.
#[tokio::test]
async fn an_environments_documents_are_read_as_they_are() {
    let world = World::start().await;
    let document = |status: &str, database: &str| {
        format!(
            r#"{{"status":"{status}","service":"auth-worker","version":"1.0.0","timestamp":"2026-11-27T00:00:00Z","checks":{{"database":{database},"kv":{{"status":"ok","details":[]}}}}}}"#
        )
    };
    let manifest = |server: &Server| {
        format!(
            "[project]\nname = \"codex\"\nzone = \"shop.localhost\"\nurl = \"http://{{hostname}}:{}\"\n\
             [environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\ngrace = \"0s\"\n\
             [services.auth]\npath = \"auth\"\nworker = \"auth-worker\"\n",
            server.address.port()
        )
    };
    let well = Server::start(vec![answer(200, &document("healthy", r#"{"status":"ok"}"#))]).await;
    world.file("codex.toml", &manifest(&well));
    let run = world.run("health-check").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.report["endpoints"][0]["checks"]["database"], "ok");

    let sick = answer(
        503,
        &document("unhealthy", r#"{"status":"error","message":"no connection"}"#),
    );
    let sick = Server::start(vec![sick]).await;
    world.file("codex.toml", &manifest(&sick));
    let run = world.run("health-check").input("timeout", "1s").go().await;
    assert_eq!(run.code, 1, "{run}");
    let line = "it says it is unhealthy (database: error, no connection) (status 503)";
    assert!(run.error().contains(line), "{}", run.error());
    // Every line names the URL.
    let url = format!("http://auth-42.shop.localhost:{}/health", sick.address.port());
    assert!(run.stdout.contains(&format!("… auth ({url}): {line}")), "{run}");
    assert!(run.error().contains(&format!("auth ({url}): ")), "{}", run.error());

    let other = document("healthy", r#"{"status":"ok"}"#).replace("auth-worker", "who-knows");
    let other = Server::start(vec![answer(200, &other)]).await;
    world.file("codex.toml", &manifest(&other));
    let run = world.run("health-check").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        !run.error().contains("another Worker serves this hostname"),
        "{}",
        run.error()
    );
    world.finish().await;
}

/// A probe a second for a minute is no reason for sixty lines.
#[tokio::test]
async fn the_log_has_a_line_a_change_not_a_line_a_try() {
    let world = World::start().await;
    let at = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(vec![super::servers::site(move |_| {
        let at = at.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let body = format!(
            r#"{{"status":"unhealthy","checks":{{"database":{{"status":"down","message":"no answer in {at} ms"}}}}}}"#
        );
        (503, format!("cf-ray: {at}abc-FRA\r\n"), body.into_bytes())
    })])
    .await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/health"))
        .input("timeout", "2s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert!(server.requests() >= 4, "{run}");
    assert_eq!(run.stdout.matches("… http://").count(), 1, "{run}");
    // The last try is told at the end, with its ray.
    assert!(run.error().contains("abc-FRA"), "{}", run.error());
    world.finish().await;
}
