//! The admin API: faults are real, the log is whole, a reset is one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http;
use crate::world::{TOKEN, World, ZONE};

#[tokio::test]
async fn a_dropped_answer_is_a_closed_connection() {
    let world = World::new().await;
    let path = format!("/zones/{ZONE}/dns_records");
    let url = format!("{}{path}", world.cloud.cloudflare);
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let body = r#"{"type":"TXT","name":"a","content":"1"}"#;
    for (drop, left) in [("before", 0), ("after", 1)] {
        let rule = json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records", "drop": drop});
        assert_eq!(world.admin("POST", "/faults", &rule).await.status, 200);
        assert!(http::send("POST", &url, &headers, body).await.is_err(), "{drop}");
        assert_eq!(world.zone()["records"].as_array().unwrap().len(), left, "{drop}");
    }
    let log = world.admin("GET", "/requests", &Value::Null).await.json();
    assert_eq!((&log[0]["status"], &log[0]["fault"]), (&Value::Null, &json!(true)));
    let rules = world.admin("GET", "/faults", &Value::Null).await.json();
    assert_eq!(rules[1]["times"], 0);
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_fault_answers_in_place_of_the_handler_or_after_it() {
    let world = World::new().await;
    let path = format!("/zones/{ZONE}/dns_records");
    let body = json!({"type": "TXT", "name": "a", "content": "1"});
    world
        .cloud
        .fault(&json!([
            {"method": "POST", "path": "/zones/**", "status": 502, "body": "<html>", "headers": {"x-test": "1"}},
            {"method": "POST", "path": "/zones/**", "status": 503, "after": true},
            {"method": "GET", "path": "/zones/**", "delay_ms": 60},
        ]))
        .unwrap();
    let first = world.api("POST", &path, &body).await;
    assert_eq!(
        (first.status, first.text(), first.header("x-test")),
        (502, "<html>".into(), "1".into())
    );
    assert_eq!(world.zone()["records"], json!([]));
    let second = world.api("POST", &path, &body).await;
    assert_eq!((second.status, second.code()), (503, 10013));
    assert!(!second.header("cf-ray").is_empty());
    assert_eq!(world.zone()["records"].as_array().unwrap().len(), 1);
    let started = Instant::now();
    assert_eq!(world.api("GET", &path, &Value::Null).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(60));
    world.cloud.stop().await;
}

#[tokio::test]
async fn an_unknown_route_is_loud_and_recorded() {
    let world = World::new().await;
    let answer = world.api("GET", "/radar/bgp", &Value::Null).await;
    assert_eq!(answer.status, 501);
    assert!(answer.text().contains("GET /client/v4/radar/bgp"));
    let other = world.api("PUT", "/zones", &Value::Null).await;
    assert_eq!(other.status, 501);
    let log = world.cloud.requests().unwrap();
    assert_eq!(
        (&log[0]["unknown"], &log[0]["path"], &log[0]["token"]),
        (&json!(true), &json!("/radar/bgp"), &json!(TOKEN))
    );
    assert_eq!((&log[1]["unknown"], &log[1]["write"]), (&json!(true), &json!(true)));
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_reset_brings_the_default_world_back() {
    let world = World::new().await;
    world
        .seed(json!({"workers": [{"name": "api", "workers_dev": true}], "kv": [{"title": "cache"}]}))
        .await;
    world
        .cloud
        .seed(&json!({"latency_ms": 1, "edge": {"hosts": {"api.acme.workers.dev": {"status": 522, "times": 1}}}}))
        .await
        .unwrap();
    assert_eq!(world.visit("api.acme.workers.dev", "/").await.status, 522);
    assert_eq!(world.visit("api.acme.workers.dev", "/").await.status, 200);
    assert_eq!(world.admin("POST", "/reset", &Value::Null).await.status, 200);
    assert_eq!(world.account()["workers"], json!({}));
    assert_eq!(world.account()["kv"], json!([]));
    assert_eq!(world.visit("api.acme.workers.dev", "/").await.status, 530);
    let bad = world
        .admin("POST", "/seed", &json!({"cloudflare": {"workrs": []}}))
        .await;
    assert_eq!(bad.status, 400);
    assert!(bad.text().contains("workrs"), "{}", bad.text());
    world.cloud.stop().await;
}

/// A client that has enough of waiting, as an action that is cancelled does.
async fn hangs_up(world: &World, path: &str, name: &str) {
    let url = format!("{}{path}", world.cloud.cloudflare);
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let body = json!({"type": "TXT", "name": name, "content": "1"}).to_string();
    let asked = http::send("POST", &url, &headers, body);
    let ended = tokio::time::timeout(Duration::from_millis(100), asked).await;
    assert!(ended.is_err(), "`{name}` was answered");
}

fn records(world: &World) -> usize {
    world.zone()["records"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_client_that_hangs_up_is_served_all_the_same() {
    let world = World::new().await;
    let path = format!("/zones/{ZONE}/dns_records");
    world
        .cloud
        .fault(&json!([
            {"method": "POST", "path": "/zones/**", "delay_ms": 300},
            {"method": "POST", "path": "/zones/**", "delay_after_ms": 300},
        ]))
        .unwrap();
    hangs_up(&world, &path, "late").await;
    assert_eq!(records(&world), 0, "the delay comes before the commit");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(records(&world), 1, "nobody waits for it any more");
    hangs_up(&world, &path, "early").await;
    assert_eq!(records(&world), 2, "the delay comes after the commit");
    tokio::time::sleep(Duration::from_millis(400)).await;
    for entry in world.cloud.requests().unwrap().as_array().unwrap() {
        assert_eq!(
            (&entry["client_gone"], &entry["status"], &entry["answered"]),
            (&json!(true), &json!(200), &Value::Null)
        );
    }
    world.cloud.stop().await;
}

#[tokio::test]
async fn the_log_has_times() {
    let world = World::new().await;
    let path = format!("/zones/{ZONE}/dns_records");
    world
        .cloud
        .fault(&json!({"path": "/zones/**", "delay_after_ms": 60}))
        .unwrap();
    for _ in 0..2 {
        assert_eq!(world.api("GET", &path, &Value::Null).await.status, 200);
    }
    let log = world.cloud.requests().unwrap();
    let time = |at: usize, key: &str| log[at][key].as_u64().unwrap();
    assert!(time(0, "answered") >= time(0, "received") + 60, "{log:#}");
    assert!(time(0, "ms") >= 60);
    assert!(time(1, "received") >= time(0, "answered"), "{log:#}");
    assert_eq!(log[0]["client_gone"], json!(false));
    world.cloud.stop().await;
}
