//! The deadline is kept to the second whatever the server does, and nothing that it says does harm.

use std::time::Duration;

use scenarios::World;

use super::servers::{Act, HEALTHY, Server, answer, answer_with};

/// wait-on prints its time-out and hangs on a server that accepts and stays silent.
#[tokio::test]
async fn the_deadline_is_kept() {
    let world = World::start().await;
    for (act, extra) in [
        (Act::Silent, ("attempt-timeout", "30s")),
        (Act::Drip, ("attempt-timeout", "30s")),
        (Act::Circle, ("follow-redirects", "true")),
        (Act::Endless, ("expect-body", "what is never sent")),
    ] {
        let server = Server::start(vec![act]).await;
        let run = world
            .run("health-check")
            .input("urls", server.url("/"))
            .input("timeout", "2s")
            .input(extra.0, extra.1)
            .go()
            .await;
        assert_eq!(run.code, 1, "{run}");
        assert!(run.time < Duration::from_secs(3), "{run}");
        assert_eq!(run.output("healthy"), "false");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_hostile_answer_is_printed_harmlessly() {
    let world = World::start().await;
    let document = "{\"status\":\"unhealthy\",\"checks\":{\"\\n::error::pwned\":\"\\u001b[31m\\n##[error]pwned\"}}";
    let nested = "[".repeat(5_000_000);
    let servers = [
        Server::start(vec![answer(503, document)]).await,
        Server::start(vec![answer(200, &nested)]).await,
        Server::start(vec![answer_with(
            302,
            "location: \u{1b}[2J::add-mask::x##[command]y",
            "",
        )])
        .await,
    ];
    let urls: Vec<String> = servers.iter().map(|server| server.url("/")).collect();
    let run = world
        .run("health-check")
        .input("urls", urls.join("\n"))
        .input("expect-json", "/status = ok")
        .input("timeout", "1s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        !run.stdout.contains('\u{1b}') && !run.stdout.contains("##["),
        "{:?}",
        run.stdout
    );
    let log = run.log();
    let commands: Vec<&str> = log.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert_eq!(commands.len(), 1, "only our own annotation is a command: {commands:?}");
    assert!(run.stdout.contains("::error title=health-check::"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn redirects_are_followed_only_as_asked() {
    let world = World::start().await;
    let there = Server::start(vec![answer(200, HEALTHY)]).await;
    let here = || async {
        Server::start(vec![answer_with(
            302,
            &format!("location: {}", there.url("/health")),
            "",
        )])
        .await
    };
    let at = |server: &Server| {
        world
            .run("health-check")
            .input("urls", server.url("/"))
            .input("timeout", "1s")
    };

    let server = here().await;
    let run = at(&server).go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error().contains("a redirect to `http://127.0.0.1:"),
        "{}",
        run.error()
    );

    let server = here().await;
    let run = at(&server).input("follow-redirects", "true").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("redirected to another host"), "{}", run.error());

    let server = here().await;
    let run = at(&server).input("follow-redirects", "any").go().await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}
