//! A run that is cancelled tells what it has seen.

use scenarios::World;

use super::servers::{HEALTHY, Server, answer};

#[tokio::test]
async fn what_was_seen_is_told_when_the_run_is_cancelled() {
    let world = World::start().await;
    let (well, sick) = (
        Server::start(vec![answer(200, HEALTHY)]).await,
        Server::start(vec![answer(502, "")]).await,
    );
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut run = world
            .run("health-check")
            .input("urls", format!("{}\n{}", well.url("/health"), sick.url("/health")))
            .start();
        run.printed("it answered 502").await;
        run.printed("healthy after").await;
        run.signal(signal).await;
        let run = run.wait().await;
        assert_eq!(run.code, status, "{run}");
        assert_eq!(run.output("healthy"), "false");
        assert_eq!(run.output("failed"), format!("{}/health", sick.address));
        assert_eq!(run.report["endpoints"][0]["state"], "healthy", "{run}");
        assert_eq!(run.report["endpoints"][1]["status"], 502, "{run}");
        let error = run.error();
        assert!(
            error.contains(&format!("not healthy when the run was cancelled (SIG{signal})")),
            "{error}"
        );
        assert!(error.contains("cancelled: it answered 502"), "{error}");
        assert!(run.summary.contains("when the run was cancelled"), "{}", run.summary);
    }
    world.finish().await;
}
