//! A version that is to answer, and which ones answer meanwhile.

use scenarios::World;

use super::servers::{Server, answer};

fn says(version: &str) -> super::servers::Act {
    answer(200, &format!(r#"{{"status":"healthy","version":"{version}"}}"#))
}

#[tokio::test]
async fn the_versions_that_answer_meanwhile_are_counted() {
    let world = World::start().await;
    let server = Server::start(vec![
        says("1.0.0"),
        says("1.0.0"),
        says("1.0.1"),
        says("1.0.0"),
        says("2.0.0"),
    ])
    .await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/health"))
        .input("expect-version", "2.0.0")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let told = "answered: `1.0.0` 3 times, `1.0.1` once, `2.0.0` once";
    assert_eq!(run.report["endpoints"][0]["note"], told, "{run}");
    assert_eq!(run.report["endpoints"][0]["versions"]["1.0.0"], 3);
    assert!(run.summary.contains(told), "{}", run.summary);

    let server = Server::start(vec![says("1.0.0"), says("1.0.1"), says("1.0.0")]).await;
    let run = world
        .run("health-check")
        .input("urls", server.url("/health"))
        .input("expect-version", "2.0.0")
        .input("timeout", "2s")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    let times = run.report["endpoints"][0]["versions"]["1.0.0"].as_u64().unwrap();
    assert!(
        run.error().contains(&format!(
            "version `1.0.0` still answers; `2.0.0` is expected (answered: `1.0.0` {times} times, `1.0.1` once)"
        )),
        "{}",
        run.error()
    );
    world.finish().await;
}
