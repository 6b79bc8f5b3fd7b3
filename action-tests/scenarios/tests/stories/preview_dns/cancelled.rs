//! A run that is cancelled tells what it did.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_batch_that_was_on_its_way_is_told() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let world = nine_services().await;
        // It is carried out, and its answer comes too late.
        world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "delay_after_ms": 20_000, "times": 1}));
        let run = dns(&world, "apply").start();
        while zone(&world).len() < 12 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        run.signal(signal).await;
        let run = run.wait().await;
        assert_eq!((run.code, run.output("changed")), (code, "true"), "{run}");
        assert!(run.time < Duration::from_secs(7), "{run}");
        assert_eq!(run.report["records"].as_array().unwrap().len(), 9, "{run}");
        assert_eq!(
            run.error().lines().next().unwrap(),
            format!("cancelled (SIG{signal}) while records were being changed: they may or may not be")
        );
        let again = dns(&world, "apply").go().await;
        assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_answer_that_comes_in_time_is_waited_for_and_nothing_is_begun_after_a_signal() {
    let world = nine_services().await;
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "delay_after_ms": 700, "times": 1}));
    let run = dns(&world, "apply").start();
    while zone(&world).len() < 12 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    run.signal("INT").await;
    let run = run.wait().await;
    // All was done: there is nothing that a cancellation could have kept from being.
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    world.finish().await;

    let world = nine_services().await;
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/zones/*/dns_records", "delay_ms": 1500, "times": 1}));
    let mark = world.mark();
    let run = dns(&world, "apply").start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.signal("INT").await;
    let run = run.wait().await;
    assert_eq!((run.code, run.output("changed")), (130, "false"), "{run}");
    insta::assert_snapshot!(run.error(), @"
    cancelled (SIGINT) before all was done; what the report tells as changed is changed, nothing else is
    hint: run it again: it goes on from what is there
    ");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn records_whose_fate_is_unknown_are_told_as_changed() {
    let world = nine_services().await;
    // The batch is carried out, its answer is lost, and the look is refused.
    world.fail(&json!([
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "drop": "after", "times": 1},
        {"provider": "cloudflare", "method": "GET", "path": "/zones/*/dns_records", "status": 403, "skip": 1, "times": 9,
            "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}},
    ]));
    let run = dns(&world, "apply").go().await;
    assert_eq!((run.code, run.output("changed")), (1, "true"), "{run}");
    assert_eq!(zone(&world).len(), 12);
    assert!(
        run.error().contains("could not list the DNS records"),
        "{}",
        run.error()
    );
    world.finish().await;
}
