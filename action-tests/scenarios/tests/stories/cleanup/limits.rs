//! A run ends in time and tells what it did: an API that is down, a signal.

use std::time::Duration;

use serde_json::json;

use super::*;

#[tokio::test]
async fn an_api_that_is_down_does_not_keep_the_rest_waiting() {
    let world = world().await;
    world.fail(&json!([
        {"provider": "cloudflare", "method": "DELETE", "path": "/zones/*/workers/routes/*", "status": 500, "times": null},
        {"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/*", "status": 500, "times": null},
    ]));
    let run = world.run("cleanup").input("timeout", "30s").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    assert!(run.time < Duration::from_secs(40), "{run}");
    let gone: Vec<String> = outcomes(&run)
        .into_iter()
        .filter(|line| line.starts_with("deleted"))
        .collect();
    insta::assert_snapshot!(gone.join("\n"), @"
    deleted dns-record identity-preview-42.example.com
    deleted dns-record content-preview-42.example.com
    deleted dns-record web-preview-42.example.com
    ");
    // Three Workers would have been tried one after another: the second failure was enough.
    assert!(
        run.log().contains("not tried: 2 others of the kind failed before"),
        "{run}"
    );
    insta::assert_snapshot!(run.error().lines().next().unwrap(), @"8 things of preview 42 left: route `identity-preview-42.example.com/*`, route `content-preview-42.example.com/*`, route `web-preview-42.example.com/*`, Worker `web-preview-42`, Worker `content-preview-42` and 3 more");
    world.heal();
    let again = clean(&world).await;
    assert_eq!((again.code, again.output("left")), (0, "0"), "{again}");
    world.finish().await;
}

#[tokio::test]
async fn the_time_limit_holds_whatever_hangs() {
    let world = world().await;
    world.fail(&json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/*", "delay_ms": 60_000, "times": null}));
    let run = world.run("cleanup").input("timeout", "10s").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.time < Duration::from_secs(17), "{run}");
    // It is not known whether they are gone, and what came after was not begun.
    assert!(
        run.report["results"]
            .to_string()
            .contains("was being deleted when the time limit of 10 s was reached; it may be gone"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_list_that_does_not_come_does_not_keep_the_job() {
    let world = world().await;
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts", "delay_ms": 60_000, "times": null}));
    let run = world.run("cleanup").input("timeout", "10s").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "false"), "{run}");
    assert!(run.time < Duration::from_secs(15), "{run}");
    assert!(
        run.report["results"]
            .to_string()
            .contains("not tried: the time limit of 10 s was reached"),
        "{run}"
    );
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_run_tells_what_it_did_and_the_next_one_finishes() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let world = world().await;
        world.fail(&json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/web-preview-42", "delay_ms": 500, "times": 1}));
        let mut started = world.run("cleanup").start();
        started.printed("deleted route `web-preview-42.example.com/*`").await;
        started.signal(signal).await;
        let run = started.wait().await;
        assert_eq!((run.code, run.output("changed")), (status, "true"), "{run}");
        assert!(run.time < Duration::from_secs(8), "{run}");
        // What was under way came to its end; what was not begun is left.
        let told = outcomes(&run);
        assert!(told.contains(&"deleted worker web-preview-42".to_owned()), "{run}");
        assert!(told.contains(&"failed branch preview-pr-42".to_owned()), "{run}");
        assert!(
            run.report["results"]
                .to_string()
                .contains(&format!("not tried: the run was cancelled (SIG{signal})")),
            "{run}"
        );
        assert!(
            run.error().starts_with(&format!("cancelled (SIG{signal}): ")),
            "{}",
            run.error()
        );
        let again = clean(&world).await;
        assert_eq!((again.code, again.output("left")), (0, "0"), "{again}");
        world.finish().await;
    }
}
