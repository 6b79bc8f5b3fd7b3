//! What is read is what was sent: encodings, character sets, long bodies, many headers.

use scenarios::{Run, World};

use super::servers::{Act, Server};
use super::{assert_told, check};

async fn read(world: &World, headers: &str, body: Vec<u8>, inputs: &[(&str, &str)]) -> Run {
    let headers = headers.lines().map(|line| format!("{line}\r\n")).collect();
    check(world, Act::Answer(200, headers, body), "/health", inputs).await
}

const JSON: &str = "content-type: application/json";

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_packed_or_foreign_text_is_read_before_it_is_judged() {
    let world = World::start().await;
    let sick = r#"{"status":"unhealthy","checks":{"database":"döwn: error"}}"#;
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let bodies = [
        ("content-encoding: gzip", gzip(sick.as_bytes())),
        ("content-type: application/json; charset=utf-16be", utf16(sick)),
        (JSON, utf16(&format!("\u{feff}{sick}"))),
        (JSON, format!("\u{feff}{sick}").into_bytes()),
    ];
    for (headers, body) in bodies {
        let run = read(&world, headers, body, &[]).await;
        assert_told(&run, "it says it is unhealthy");
    }
    let well = r#"{"status":"healthy","data":{"name":"grüße"}}"#;
    let run = read(
        &world,
        "content-encoding: gzip\ncontent-type: application/json",
        gzip(well.as_bytes()),
        &[("expect-json", "/data/name = grüße"), ("expect-body", "grüße")],
    )
    .await;
    assert_eq!(run.code, 0, "{run}");
    let run = read(&world, "content-encoding: zstd", vec![0x28, 0xb5, 0x2f, 0xfd], &[]).await;
    assert_told(&run, "encoded as `zstd`, which is not read");
    world.finish().await;
}

#[tokio::test]
async fn a_long_body_is_read_as_far_as_an_expectation_needs_it() {
    let world = World::start().await;
    let mut body = vec![b'x'; 3 << 20];
    body.extend_from_slice(b"the end");
    let run = read(
        &world,
        "content-type: text/plain",
        body.clone(),
        &[("expect-body", "the end")],
    )
    .await;
    assert_eq!(run.code, 0, "{run}");
    let run = read(
        &world,
        "content-type: text/plain",
        body.clone(),
        &[("document", "none")],
    )
    .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout.contains("only the first 1 MiB of its body were read"),
        "{run}"
    );
    body.resize(17 << 20, b'y');
    let run = read(
        &world,
        "content-type: text/plain",
        body,
        &[("expect-body", "not there")],
    )
    .await;
    assert!(
        run.error()
            .contains("the body does not hold `not there` in its first 16 MiB; the rest was not read"),
        "{}",
        run.error()
    );
    world.finish().await;
}

#[tokio::test]
async fn many_headers_and_repeated_ones_are_seen() {
    let world = World::start().await;
    let many: String = (0..120).map(|at| format!("x-number-{at}: {at}\n")).collect();
    let headers = format!("{many}cache-control: public\ncache-control: max-age=60");
    let expect = [("expect-header", "cache-control: max-age=60\nX-Number-119: 119")];
    let run = read(&world, &headers, Vec::new(), &expect).await;
    assert_eq!(run.code, 0, "{run}");

    // A refusal looks at all of them.
    let lets_in = "access-control-allow-origin: https://app.example.com\r\naccess-control-allow-origin: *\r\n";
    let server = Server::start(vec![Act::Answer(200, lets_in.to_owned(), Vec::new())]).await;
    let checks = format!(
        "[[checks]]\nurl = \"{}\"\nname = \"api\"\ncors = {{ refuse = [\"https://evil.example\"] }}",
        server.url("/items")
    );
    let run = world
        .run("health-check")
        .input("checks", checks)
        .input("timeout", "1s")
        .go()
        .await;
    assert_told(
        &run,
        "header `access-control-allow-origin` is `*`, which it must not be",
    );
    world.finish().await;
}

#[tokio::test]
async fn a_host_header_is_refused_with_the_way_to_do_it() {
    let world = World::start().await;
    let run = world
        .run("health-check")
        .input("urls", "http://127.0.0.1:1/health")
        .input("headers", "Host: api.example.com")
        .input(
            "checks",
            "[[checks]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/\"\nsend = { host = \"x\" }",
        )
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @r"
    2 inputs are wrong; nothing was touched
    - `checks`: check `a`: `Host` follows from the URL, as do route and certificate; write the hostname in the URL and its address in `resolve`
    - `headers`: `Host` follows from the URL, as do route and certificate; write the hostname in the URL and its address in `resolve`
    ");
    world.finish().await;
}
