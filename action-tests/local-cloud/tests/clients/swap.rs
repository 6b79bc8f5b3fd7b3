//! A platform of Workers of real size, and clients that give up: every client that waits is served while a deploy swaps.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http;
use crate::world::{ACCOUNT, TOKEN, World};

const WORKERS: usize = 14;
const ROUNDS: usize = 8;
/// How long the impatient wait; a browser's reload, a health check's time-out of a second.
const PATIENCE: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(1),
];

/// Code as a bundler leaves it, of about `megabytes`: tables and functions that differ, all of them reachable.
fn source(version: &str, megabytes: usize) -> String {
    let mut text = String::with_capacity((megabytes + 1) << 20);
    let mut seed = 42_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 8
    };
    let mut functions = 0;
    while text.len() < megabytes << 20 {
        let (a, b, c) = (next(), next(), next());
        writeln!(
            text,
            "const table{functions} = {{ id: {a}, name: \"entry {b:x}\", parts: [{a}, {b}, {c}] }};\n\
             function step{functions}(value) {{\n  const next = (value ^ {b}) + table{functions}.parts[value % 3];\n  \
             if (next % 7 === 0) return {{ value: next, name: table{functions}.name }};\n  return {{ value: next + {c}, \
             name: `step of ${{value}}` }};\n}}"
        )
        .unwrap();
        functions += 1;
    }
    text.push_str("const steps = [");
    for n in 0..functions {
        write!(text, "step{n},").unwrap();
    }
    write!(
        text,
        "];\nexport default {{ fetch() {{\n  let value = 1;\n  for (const step of steps.slice(0, 50)) value = step(value \
         % 1000).value;\n  return new Response(\"{version} \" + (typeof value));\n}} }};\n"
    )
    .unwrap();
    text
}

fn name(number: usize) -> String {
    format!("worker-{number}")
}

async fn deploy(world: &World, number: usize, version: &str) {
    let metadata = json!({"main_module": "index.js", "compatibility_date": "2026-07-01"});
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n{metadata}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"index.js\"; filename=\"index.js\"\r\n\
         Content-Type: application/javascript+module\r\n\r\n{}\r\n--x--\r\n",
        source(version, 1 + number % 3),
    );
    let url = format!(
        "{}/accounts/{ACCOUNT}/workers/scripts/{}",
        world.cloud.cloudflare,
        name(number)
    );
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let answer = http::send("PUT", &url, &headers, body).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn visit(edge: String, number: usize) -> (Duration, u16, String) {
    let start = Instant::now();
    let host = format!("{}.acme.workers.dev", name(number));
    let answer = http::send("GET", &format!("{edge}/"), &[("host", &host)], "")
        .await
        .unwrap();
    (start.elapsed(), answer.status, answer.text())
}

#[tokio::test]
async fn every_client_is_served_while_workers_of_real_size_are_swapped() {
    let world = World::with_runtime().await;
    let edge = || world.cloud.edge.clone();
    for number in 0..WORKERS {
        deploy(&world, number, "v0").await;
        let subdomain = format!("/accounts/{ACCOUNT}/workers/scripts/{}/subdomain", name(number));
        world.api("POST", &subdomain, &json!({"enabled": true})).await;
    }
    // The first set of all, asked for by clients that give up only: none of them is there when it serves.
    let mut tries = 0;
    let first = Instant::now();
    while tokio::time::timeout(PATIENCE[0], visit(edge(), 0)).await.is_err() {
        tries += 1;
        assert!(first.elapsed() < Duration::from_mins(1), "never served");
    }
    let first = first.elapsed();
    assert!(tries > 0, "the first set was there at once: this test shows nothing");

    let (mut swaps, mut others) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let changed = round % WORKERS;
        let version = format!("v{round}");
        deploy(&world, changed, &version).await;
        let impatient: Vec<_> = PATIENCE
            .into_iter()
            .map(|patience| {
                let edge = edge();
                tokio::spawn(async move {
                    let start = Instant::now();
                    loop {
                        if let Ok(visit) = tokio::time::timeout(patience, visit(edge.clone(), changed)).await {
                            return visit;
                        }
                        assert!(start.elapsed() < Duration::from_mins(1), "{patience:?} is never enough");
                    }
                })
            })
            .collect();
        let patient: Vec<_> = (0..WORKERS).map(|number| tokio::spawn(visit(edge(), number))).collect();
        for (number, visit) in patient.into_iter().enumerate() {
            let (took, status, text) = visit.await.unwrap();
            assert_eq!(status, 200, "{}: {text}", name(number));
            if number == changed {
                assert_eq!(text, format!("{version} number"));
                swaps.push(took);
            } else {
                assert!(text.ends_with(" number"), "{text}");
                others.push(took);
            }
        }
        for visit in impatient {
            let (_, status, text) = visit.await.unwrap();
            assert_eq!((status, text), (200, format!("{version} number")));
        }
    }
    swaps.sort();
    others.sort();
    let p99 = |all: &[Duration]| all[(all.len() * 99).div_ceil(100) - 1].as_millis();
    world.tell(&format!(
        "{WORKERS} Workers of 1 to 3 MB: first set after {} ms; of {ROUNDS} swaps p50 {} ms, p99 {} ms; meanwhile the \
         other Workers answered in p50 {} ms, p99 {} ms",
        first.as_millis(),
        swaps[swaps.len() / 2].as_millis(),
        p99(&swaps),
        others[others.len() / 2].as_millis(),
        p99(&others),
    ));
    // Who is not concerned does not wait for the new set, but at most for the old one's end.
    assert!(others[others.len() / 2] < swaps[swaps.len() / 2]);
    world.cloud.stop().await;
}
