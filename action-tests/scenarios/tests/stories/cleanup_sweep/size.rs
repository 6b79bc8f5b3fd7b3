//! How requests and time grow, and what happens when time is up.

use std::time::Duration;

use super::*;

/// So many environments of two things each, of which every second goes: one page of each list per hundred.
async fn many(environments: u64) -> World {
    let world = world("").await;
    let mut seed = Seed::default();
    for number in 1..=environments {
        let marker = marker(number);
        let name = format!("media-preview-{number}");
        seed.worker(&name, &marker, &json!({}), 9);
        seed.record(&name, &marker);
        seed.route(&name, &name);
        seed.pull(number, if number % 2 == 0 { "open" } else { "closed" });
    }
    seed.pull(42, "open");
    seed.plant(&world).await;
    world
}

#[tokio::test]
async fn requests_grow_with_what_is_deleted() {
    let mut told = Vec::new();
    for environments in [10_u64, 100, 1000] {
        let world = many(environments).await;
        // More than tokens have: a sweep that has used one up goes on in the next run.
        world
            .seed(&json!({"github": {"rate_limit": 100_000}, "cloudflare": {"settings": {"rate_limit": 100_000}}}))
            .await;
        let mark = world.mark();
        let run = ok(sweep(&world)
            .input("max-environments", "500")
            .input("timeout", "100s")
            .go()
            .await);
        let requests = world.since(mark);
        let closed = environments / 2;
        assert_eq!(run.output("removed"), closed.to_string(), "{run}");
        let of = |wanted: &str| {
            let fits = |request: &&Value| {
                let line = format!(
                    "{} {}",
                    request["method"].as_str().unwrap(),
                    request["path"].as_str().unwrap()
                );
                line.starts_with(wanted)
            };
            requests.iter().filter(fits).count() as u64
        };
        // One Worker, one route, one batch of records, one last look each; no list is read twice.
        assert_eq!(of("DELETE /accounts"), closed);
        assert_eq!(of("DELETE /zones"), closed);
        assert_eq!(of("POST /zones"), closed);
        assert_eq!(of("GET /repos/acme/app/pulls/"), closed);
        assert_eq!(
            of("GET /repos/acme/app/issues/"),
            closed,
            "a look whether there is a comment"
        );
        // Whose token it is asks only a person's; `GITHUB_TOKEN` tells it.
        let lists = requests.len() as u64 - 5 * closed - of("GET /user");
        // Two readings of the open ones, a hundred a page; the runs again every ten seconds; and one of each list.
        let pages = (environments / 2).div_ceil(100).max(1) * if environments > 200 { 2 } else { 1 };
        assert!(
            lists <= 16 + pages + 3 * run.time.as_secs().div_ceil(10),
            "{lists} {:#?}",
            world.lines_since(mark).iter().take(40).collect::<Vec<_>>()
        );
        told.push(format!(
            "{environments}: {} requests, {:.1} s",
            requests.len(),
            run.time.as_secs_f64()
        ));
        world.finish().await;
    }
    println!("{}", told.join("\n"));
}

#[tokio::test]
async fn what_the_time_did_not_reach_is_left_to_the_next_run() {
    let world = many(40).await;
    let before = names(&world);
    world.fail(&json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/*", "delay_ms": 4000, "times": null}));
    let run = sweep(&world)
        .input("max-environments", "20")
        .input("timeout", "10s")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.time < Duration::from_secs(18), "{run}");
    let (removed, remaining): (usize, usize) = (
        run.output("removed").parse().unwrap(),
        run.output("remaining").parse().unwrap(),
    );
    assert!(removed > 0 && remaining > 0 && removed + remaining == 20, "{run}");
    assert!(run.stdout.contains("::warning"), "{run}");
    world.heal();
    let next = ok(sweep(&world).input("max-environments", "20").go().await);
    assert_eq!(next.output("remaining"), "0");
    assert_eq!(gone(&before, &world), closed_of(40));
    world.finish().await;
}

#[tokio::test]
async fn when_the_token_is_used_up_the_next_run_goes_on() {
    let world = many(40).await;
    let before = names(&world);
    world.seed(&json!({"github": {"rate_limit": 40}})).await;
    let run = ok(sweep(&world).go().await);
    let (removed, remaining) = (run.output("removed"), run.output("remaining"));
    assert!(removed != "0" && remaining != "0", "{run}");
    let environments = run.report["environments"].as_array().unwrap();
    let left = environments
        .iter()
        .find(|swept| swept["outcome"] == "remaining")
        .unwrap();
    insta::assert_snapshot!(left["detail"].as_str().unwrap(), @"GitHub takes no more requests of this token for now: the next run does it");
    world.seed(&json!({"github": {"rate_limit": 1000}})).await;
    assert_eq!(ok(sweep(&world).go().await).output("remaining"), "0");
    assert_eq!(gone(&before, &world), closed_of(40));
    world.finish().await;
}

/// The names of what goes of so many.
fn closed_of(environments: u64) -> BTreeSet<String> {
    let closed = (1..=environments).step_by(2);
    closed
        .flat_map(|number| {
            let name = format!("media-preview-{number}");
            [
                format!("Worker {name}"),
                format!("record {name}.example.com"),
                format!("route {name}.example.com/*"),
            ]
        })
        .collect()
}

#[tokio::test]
async fn a_run_that_is_killed_or_cancelled_is_finished_by_the_next() {
    for (signal, code) in [("KILL", -1), ("INT", 130), ("TERM", 143)] {
        let world = many(20).await;
        let before = names(&world);
        world.fail(&json!({"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/*", "delay_ms": 300, "times": null}));
        let mut started = sweep(&world).start();
        started.printed("deleted Worker `media-preview-1`").await;
        started.signal(signal).await;
        let run = started.wait().await;
        assert_eq!(run.code, code, "{run}");
        if signal != "KILL" {
            assert!(
                run.error().starts_with(&format!("cancelled (SIG{signal}): removed ")),
                "{run}"
            );
            assert_eq!(run.output("changed"), "true", "{run}");
        }
        world.heal();
        ok(sweep(&world).go().await);
        assert_eq!(gone(&before, &world), closed_of(20), "{signal}");
        let mark = world.mark();
        ok(sweep(&world).go().await);
        world.assert_only_reads_since(mark);
        world.finish().await;
    }
}
