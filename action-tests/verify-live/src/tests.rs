//! local-cloud on both sides: what differs is told, and nothing is left.

use serde_json::json;

use super::*;

const NAME: &str = "codex-verify-0badcafe";

/// Two clouds, of which the first stands for the vendor.
struct Sides {
    vendor: Running,
    double: Running,
}

impl Sides {
    async fn new() -> Self {
        Self {
            vendor: start().await.unwrap(),
            double: start().await.unwrap(),
        }
    }

    async fn verify(&self, provider: &str) -> Verdict {
        let scenario = scenario::all().into_iter().find(|it| it.provider == provider).unwrap();
        let client = client().unwrap();
        let door = |cloud| double(provider, NAME, cloud, &client);
        verify(&scenario, &mut door(&self.vendor), &mut door(&self.double)).await
    }

    fn assert_nothing_is_left(&self) {
        for cloud in [&self.vendor, &self.double] {
            let state = cloud.state().unwrap();
            for provider in ["github", "cloudflare"] {
                assert!(!state[provider].to_string().contains(NAME), "{provider}: {state:#}");
            }
            let branches = state["neon"].to_string();
            assert!(!branches.contains(&format!("\"name\":\"{NAME}")), "{branches}");
        }
    }
}

#[tokio::test]
async fn the_same_cloud_on_both_sides_does_not_differ() {
    let sides = Sides::new().await;
    for provider in ["cloudflare", "neon", "github"] {
        let verdict = sides.verify(provider).await;
        assert!(verdict.differences.is_empty(), "{provider}: {:#?}", verdict.differences);
        assert!(verdict.left.is_empty(), "{provider}: {:#?}", verdict.left);
    }
    sides.assert_nothing_is_left();
}

#[tokio::test]
async fn a_changed_answer_is_told() {
    let sides = Sides::new().await;
    sides
        .double
        .fault(&json!({
            "provider": "cloudflare", "method": "GET", "path": "/accounts/*/workers/scripts/*/deployments",
            "status": 200, "body": {"success": true, "errors": [], "messages": [], "result": {"items": []}},
        }))
        .unwrap();
    let verdict = sides.verify("cloudflare").await;
    assert_eq!(
        verdict.differences,
        [
            "its deployments.body.result: the vendor has `deployments`, the double has not",
            "its deployments.body.result: the double has `items`, the vendor has not",
        ]
    );
    sides.assert_nothing_is_left();
}

#[tokio::test]
async fn whatever_fails_nothing_is_left() {
    let sides = Sides::new().await;
    // Made, though nobody was told; and made, before what follows fails.
    for (provider, rule) in [
        (
            "cloudflare",
            json!({"method": "POST", "path": "/zones/*/dns_records", "drop": "after"}),
        ),
        (
            "cloudflare",
            json!({"method": "POST", "path": "/accounts/*/storage/kv/namespaces", "status": 200, "after": true, "body": {}}),
        ),
        (
            "github",
            json!({"method": "POST", "path": "/repos/*/*/deployments", "drop": "after"}),
        ),
        (
            "neon",
            json!({"method": "POST", "path": "/projects/*/branches", "status": 502, "after": true, "body": "<html>"}),
        ),
    ] {
        sides.vendor.fault(&rule).unwrap();
        let verdict = sides.verify(provider).await;
        assert!(
            verdict
                .differences
                .iter()
                .any(|it| it.starts_with("the vendor's side ended early")),
            "{rule}: {:#?}",
            verdict.differences
        );
        assert!(verdict.left.is_empty(), "{rule}: {:#?}", verdict.left);
        sides.assert_nothing_is_left();
        sides.vendor.heal();
    }
}

#[tokio::test]
async fn what_cannot_be_removed_is_named() {
    let sides = Sides::new().await;
    sides
        .vendor
        .fault(&json!([
            {"method": "DELETE", "path": "/accounts/*/workers/scripts/*", "status": 403, "times": null},
            {"method": "GET", "path": "/accounts/*/workers/scripts", "status": 403, "times": null},
        ]))
        .unwrap();
    let verdict = sides.verify("cloudflare").await;
    assert_eq!(verdict.left.len(), 1, "{:#?}", verdict.left);
    assert!(
        verdict.left[0].contains(NAME) && verdict.left[0].contains("by hand"),
        "{}",
        verdict.left[0]
    );
}

#[tokio::test]
async fn no_more_is_made_than_the_cap_allows() {
    let sides = Sides::new().await;
    let comment = || {
        let body = scenario::Body::Json(json!({"body": "{name}"}));
        scenario::step("comment", "POST", "/repos/{repository}/issues/{issue}/comments", body).makes()
    };
    let mut greedy = scenario::all().into_iter().find(|it| it.provider == "github").unwrap();
    greedy.steps = (0..12).map(|_| comment()).collect();
    let mut door = double("github", NAME, &sides.vendor, &client().unwrap());
    let (played, left) = side(&mut door, &greedy).await;
    assert_eq!(played.answers.len(), 10);
    assert_eq!(
        played.stopped.as_deref(),
        Some("comment of github: more than 10 things would be made")
    );
    assert!(left.is_empty(), "{left:?}");
    sides.assert_nothing_is_left();
}
