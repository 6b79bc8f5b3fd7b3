//! The double does not lie: what it has not is answered 501 and recorded, what it refuses is refused in the vendor's
//! own shape.

use serde_json::{Value, json};

use crate::github_world;
use crate::http::{self, Answer};
use crate::neon_world::{PRODUCTION, PROJECT};
use crate::world::{World, ZONE};

/// A request as any client might send it, held against no description.
async fn ask(world: &World, base: &str, method: &str, path: &str, body: &str) -> Answer {
    let base = match base {
        "github" => &world.cloud.github,
        "cloudflare" => &world.cloud.cloudflare,
        _ => &world.cloud.neon,
    };
    let headers = [
        ("authorization", "Bearer any"),
        ("user-agent", "tests"),
        ("content-type", "application/json"),
    ];
    http::send(method, &format!("{base}{path}"), &headers, body.to_owned())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_path_of_the_vendors_is_not_taken_for_an_id() {
    let world = World::new().await;
    let zone = format!("/zones/{ZONE}");
    let project = format!("/projects/{PROJECT}");
    let branch = format!("{project}/branches/{PRODUCTION}");
    let asked = [
        ("github", "GET", "/repos/acme/app/issues/comments".to_owned()),
        ("github", "GET", "/repos/acme/app/issues/events".to_owned()),
        ("github", "GET", "/repos/acme/app/pulls/comments".to_owned()),
        ("cloudflare", "GET", format!("{zone}/dns_records/export")),
        ("cloudflare", "POST", format!("{zone}/dns_records/import")),
        ("cloudflare", "GET", format!("{zone}/dns_records/usage")),
        ("cloudflare", "GET", format!("{zone}/ssl/certificate_packs/quota")),
        ("cloudflare", "POST", format!("{zone}/ssl/certificate_packs/order")),
        ("neon", "GET", "/projects/recoverable".to_owned()),
        // Masking and snapshots, below projects and branches that are there.
        ("neon", "POST", format!("{project}/branch_anonymized")),
        ("neon", "GET", format!("{branch}/masking_rules")),
        ("neon", "POST", format!("{branch}/anonymize")),
        ("neon", "GET", format!("{branch}/anonymized_status")),
        ("neon", "POST", format!("{branch}/snapshot")),
        ("neon", "GET", format!("{project}/snapshots")),
    ];
    for (base, method, path) in &asked {
        let answer = ask(&world, base, method, path, "").await;
        assert_eq!(answer.status, 501, "{path}: {}", answer.text());
        assert!(answer.text().contains("local-cloud has no route"), "{path}");
    }
    let log = world.cloud.requests().unwrap();
    let unknown = log.as_array().unwrap().iter().filter(|it| it["unknown"] == true);
    assert_eq!(unknown.count(), asked.len());
    // What only looks like such a path is still an id that is not there.
    let answer = ask(&world, "github", "GET", "/repos/acme/app/issues/commentz", "").await;
    assert_eq!(answer.status, 404);
    world.cloud.stop().await;
}

/// Is it the vendor's shape of an error?
fn is_own(base: &str, body: &Value) -> bool {
    match base {
        "github" => body["message"].is_string() && body["documentation_url"].is_string(),
        "cloudflare" => body["success"] == false && body["errors"][0]["code"].is_u64(),
        _ => body["message"].is_string() && body["code"].is_string() && body["request_id"].is_string(),
    }
}

#[tokio::test]
async fn no_refusal_has_the_web_frameworks_text() {
    let world = World::new().await;
    let asked = [
        // Paths that cannot be read as text.
        ("github", "GET", "/repos/acme/app/contents/%FF", ""),
        ("cloudflare", "GET", "/zones/%FF/dns_records", ""),
        ("neon", "GET", "/projects/%FF/branches", ""),
        // Queries and bodies of the wrong kind.
        ("github", "GET", "/repos/acme/app/pulls?per_page=two", ""),
        ("neon", "GET", "/projects?limit=two", ""),
        (
            "neon",
            "GET",
            "/projects/quiet-river-12345678/connection_uri?pooled=perhaps",
            "",
        ),
        ("github", "POST", "/repos/acme/app/issues", "{"),
        (
            "cloudflare",
            "POST",
            "/zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records",
            "{",
        ),
        ("neon", "POST", "/projects/quiet-river-12345678/branches", "{"),
    ];
    for (base, method, path, body) in asked {
        let answer = ask(&world, base, method, path, body).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(is_own(base, &answer.json()), "{base} {path}: {}", answer.text());
        assert!(!answer.text().contains("deserialize"), "{path}: {}", answer.text());
    }
    let answer = ask(&world, "neon", "GET", "/projects?limit=two", "").await;
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("invalid request: decode params: query:"),
        "{message}"
    );
    world.cloud.stop().await;
}

#[tokio::test]
async fn a_form_that_is_not_modelled_is_not_answered_in_another() {
    let world = World::new().await;
    let pull = "/repos/acme/app/pulls/42";
    let with = async |path: &str, accept: &str| {
        let url = format!("{}{path}", world.cloud.github);
        let headers = [
            ("authorization", "Bearer any"),
            ("user-agent", "tests"),
            ("accept", accept),
        ];
        http::send("GET", &url, &headers, "").await.unwrap()
    };
    let diff = with(pull, "application/vnd.github.v3.diff").await;
    assert_eq!(diff.status, 200);
    assert!(diff.header("content-type").starts_with("application/vnd.github.diff"));
    assert!(
        diff.text().starts_with("diff --git a/README.md b/README.md\n"),
        "{}",
        diff.text()
    );
    github_world::seed(
        &world,
        json!({"pulls": [{"number": 42, "diff": "diff --git a/x b/x\n"}]}),
    )
    .await;
    assert_eq!(
        with(pull, "application/vnd.github.diff").await.text(),
        "diff --git a/x b/x\n"
    );
    assert_eq!(with(pull, "application/vnd.github.v3+json").await.json()["number"], 42);
    for (path, accept) in [
        (pull, "application/vnd.github.patch"),
        ("/repos/acme/app/issues/42/comments", "application/vnd.github.full+json"),
        ("/repos/acme/app/issues/42", "application/vnd.github.diff"),
    ] {
        assert_eq!(with(path, accept).await.status, 501, "{path} as {accept}");
    }
    world.cloud.stop().await;
}
