//! Stories of `preflight` about tokens: whatever is wrong with one is one row, nothing is written at any vendor, and no
//! part of a token is told.

use std::time::Instant;

use scenarios::{Run, Start, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::{self, MANIFEST};

/// All that the platform's environments need of a Cloudflare token, as the local cloud names it.
const NEEDED: [(&str, &str); 5] = [
    ("zone:read", "Zone → Zone"),
    ("dns:edit", "Zone → DNS"),
    ("routes:edit", "Zone → Workers Routes"),
    ("workers:edit", "Account → Workers Scripts"),
    ("kv:edit", "Account → Workers KV Storage"),
];

/// Like nothing else that is told.
const CLOUDFLARE: &str = "Qm3zT7wLk9XcV5bN2sDfHj8R";
const NEON: &str = "x4Gp6Yt1Wq0Zr8Kd3Jv5Bn7M";
const GITHUB: &str = "u9Ls2Ce6Xa4Po1Ti8Fy3Hg5E";

async fn world() -> World {
    let world = World::start().await;
    deploy_workers::write_platform(&world);
    let preview = "[environments.preview]\nbranch = \"preview-pr-{pr}\"";
    let manifest = MANIFEST.replace("[environments.preview]", preview);
    world.file(
        "codex.toml",
        &format!("{manifest}\n[database]\nparent = \"production\"\n"),
    );
    let key = json!({"key": NEON, "organization": true});
    world.seed(&json!({"neon": {"api_keys": [key]}})).await;
    cloudflare(&world, &json!({"permissions": NEEDED.map(|(name, _)| name)})).await;
    world
}

/// The Cloudflare token of the runs is this one.
async fn cloudflare(world: &World, token: &Value) {
    let seed = json!({"cloudflare": {"tokens": {CLOUDFLARE: token}}});
    world.seed(&seed).await;
}

fn start(world: &World) -> Start<'_> {
    laptop(world)
        .env("DATABASE_URL", deploy_workers::DATABASE_URL)
        .env("SESSION_SECRET", "session-secret-of-tests-1")
}

/// With the tokens, and none of the services' secrets.
fn laptop(world: &World) -> Start<'_> {
    world
        .run("preflight")
        .input("cloudflare-api-token", CLOUDFLARE)
        .input("neon-api-key", NEON)
        .input("github-token", GITHUB)
}

/// A run that wrote nothing anywhere, and told no part of a token.
async fn looked(world: &World, run: Start<'_>) -> Run {
    let mark = world.mark();
    let run = run.go().await;
    world.assert_only_reads_since(mark);
    run.assert_no_secret_leaks();
    let told = format!("{}{}{}", run.log(), run.summary, run.report);
    for token in [CLOUDFLARE, NEON, GITHUB] {
        // Nor a beginning, by which people would recognize it.
        let parts = (0..=token.len() - 6).map(|at| &token[at..at + 6]);
        parts.for_each(|part| assert!(!told.contains(part), "`{part}`: {told}"));
    }
    run
}

/// What vendors' areas say: severity, kind and subject, one per line.
fn rows(run: &Run) -> Vec<String> {
    let findings = run.report["findings"].as_array().unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let of_vendor = |kind: &str| {
        ["cloudflare-", "neon-", "github-"]
            .iter()
            .any(|start| kind.starts_with(start))
    };
    let rows = findings
        .iter()
        .filter(|finding| of_vendor(&text(finding, "kind")))
        .map(|finding| {
            let (severity, kind, subject) = (
                text(finding, "severity"),
                text(finding, "kind"),
                text(finding, "subject"),
            );
            format!("{severity} {kind} {subject}")
        });
    rows.collect()
}

const UNPROVEN: &str = "note cloudflare-permission-unproven CLOUDFLARE_API_TOKEN";

#[tokio::test]
async fn tokens_that_may_what_is_needed_are_asked_a_few_times_and_written_with_never() {
    let world = world().await;
    let mark = world.mark();
    let first = looked(&world, start(&world)).await;
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(rows(&first), [UNPROVEN], "{first}");
    let mut asked = world.lines_since(mark);
    asked.sort_unstable();
    insta::assert_snapshot!(asked.join("\n"), @"
    GET /accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces 200
    GET /accounts/0123456789abcdef0123456789abcdef/tokens/verify 401
    GET /accounts/0123456789abcdef0123456789abcdef/workers/domains 200
    GET /accounts/0123456789abcdef0123456789abcdef/workers/scripts 200
    GET /auth 200
    GET /projects/quiet-river-12345678 200
    GET /projects/quiet-river-12345678/branches 200
    GET /projects/quiet-river-12345678/branches 200
    GET /projects/quiet-river-12345678/branches/br-quiet-sun-a1b2c3d4/databases 200
    GET /projects/quiet-river-12345678/branches/br-quiet-sun-a1b2c3d4/roles 200
    GET /repos/acme/app 200
    GET /repos/acme/app/actions/organization-secrets 403
    GET /repos/acme/app/actions/secrets 403
    GET /repos/acme/app/environments 200
    GET /user/tokens/ed17574386854bf78a67040be0a770b0 403
    GET /user/tokens/verify 200
    GET /zones 200
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records 200
    GET /zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes 200
    ");
    // Another run says the same, and so does one that may read what its token may do: all is there.
    let second = looked(&world, start(&world)).await;
    assert_eq!(second.report["findings"], first.report["findings"]);
    let mut all = NEEDED.map(|(name, _)| name).to_vec();
    all.push("tokens:read");
    for kind in ["user", "account"] {
        cloudflare(&world, &json!({"permissions": all, "kind": kind})).await;
        let proven = looked(&world, start(&world)).await;
        assert_eq!(rows(&proven), [""; 0], "{proven}");
    }
    world.finish().await;
}

#[tokio::test]
async fn each_permission_that_a_token_lacks_is_one_row_with_its_menus() {
    let world = world().await;
    for (lacking, group) in NEEDED {
        let rest = NEEDED.iter().map(|(name, _)| *name).filter(|name| *name != lacking);
        cloudflare(&world, &json!({"permissions": rest.collect::<Vec<_>>()})).await;
        let run = looked(&world, start(&world)).await;
        assert_eq!(run.code, 1, "{run}");
        let rows = rows(&run);
        let errors: Vec<&String> = rows.iter().filter(|row| row.starts_with("error ")).collect();
        assert_eq!(
            errors,
            [&format!("error cloudflare-permission-missing {group}")],
            "{run}"
        );
        assert!(run.log().contains(&format!("the token lacks `{group} → ")), "{run}");
    }
    // A read where an edit is needed: only a token that may read itself tells it.
    let mut reads: Vec<String> = NEEDED.iter().map(|(name, _)| name.replace("edit", "read")).collect();
    cloudflare(&world, &json!({"permissions": reads})).await;
    let run = looked(&world, start(&world)).await;
    assert_eq!((run.code, rows(&run)), (0, vec![UNPROVEN.to_owned()]), "{run}");
    reads.push("tokens:read".to_owned());
    cloudflare(&world, &json!({"permissions": reads})).await;
    let run = looked(&world, start(&world)).await;
    assert_eq!((run.code, rows(&run).len()), (1, 4), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_cloudflare_token_that_is_none_or_ends_is_told_alone() {
    let world = world().await;
    for (token, row) in [
        (
            json!({"status": "invalid"}),
            "error cloudflare-token-invalid CLOUDFLARE_API_TOKEN",
        ),
        (
            json!({"status": "disabled"}),
            "error cloudflare-token-inactive CLOUDFLARE_API_TOKEN",
        ),
        (
            json!({"status": "expired", "expires_on": "2026-01-01T00:00:00Z"}),
            "error cloudflare-token-inactive CLOUDFLARE_API_TOKEN",
        ),
    ] {
        cloudflare(&world, &token).await;
        let mark = world.mark();
        let run = looked(&world, start(&world)).await;
        assert_eq!((run.code, rows(&run)), (1, vec![row.to_owned()]), "{run}");
        let asked = world.lines_since(mark);
        let asked = asked
            .iter()
            .filter(|line| line.contains("/accounts/") || line.contains("/zones"))
            .count();
        assert!(asked <= 2, "a dead token is asked for nothing more: {asked}");
    }
    let soon = jiff::Timestamp::now()
        .checked_add(jiff::SignedDuration::from_hours(75))
        .unwrap();
    let names = NEEDED.map(|(name, _)| name);
    cloudflare(&world, &json!({"permissions": names, "expires_on": soon.to_string()})).await;
    let run = looked(&world, start(&world)).await;
    assert_eq!(
        rows(&run),
        ["warning cloudflare-token-expires CLOUDFLARE_API_TOKEN", UNPROVEN],
        "{run}"
    );
    assert!(run.log().contains("the API token expires in 3 days"), "{run}");

    // Of another account, and limited to another zone.
    cloudflare(
        &world,
        &json!({"permissions": names, "zones": ["revelations.localhost"]}),
    )
    .await;
    let run = looked(&world, start(&world)).await;
    assert!(
        rows(&run).contains(&"error cloudflare-zone-unseen project.zone".to_owned()),
        "{run}"
    );
    cloudflare(&world, &json!({"permissions": names})).await;
    let other = "ffffffffffffffffffffffffffffffff";
    let run = looked(&world, start(&world).input("cloudflare-account-id", other)).await;
    assert!(
        rows(&run).contains(&"error cloudflare-zone-mismatch project.zone".to_owned()),
        "{run}"
    );
    assert!(
        !rows(&run).iter().any(|row| row.contains("permission-missing")),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn what_a_neon_key_does_not_reach_is_told() {
    let world = world().await;
    let with = async |key: &str| looked(&world, start(&world).input("neon-api-key", key)).await;
    let seed = json!({"neon": {
        "api_keys": [
            {"key": "revoked-key-1", "valid": false}, {"key": "elsewhere-key-1", "project": "late-lake-87654321"},
            {"key": "project-key-1", "project": ids::NEON_PROJECT},
        ],
        "projects": [{"id": "late-lake-87654321", "name": "other"}],
    }});
    world.seed(&seed).await;
    for (key, row) in [
        ("revoked-key-1", "error neon-key-invalid NEON_API_KEY"),
        ("elsewhere-key-1", "error neon-project-unseen NEON_PROJECT_ID"),
        ("persons-key-1", "note neon-key-personal NEON_API_KEY"),
    ] {
        let run = with(key).await;
        assert_eq!(run.code, i32::from(row.starts_with("error")), "{run}");
        let rows: Vec<String> = rows(&run).into_iter().filter(|row| row.contains(" neon-")).collect();
        assert_eq!(rows, [row], "{run}");
        assert!(!run.log().contains(key), "{run}");
    }
    assert_eq!(rows(&with("project-key-1").await), [UNPROVEN]);

    // The parent, its role and its database, the plan's room.
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    let wrong = manifest.replace("parent = \"production\"", "parent = \"producton\"");
    world.file("codex.toml", &wrong);
    let run = with("project-key-1").await;
    assert!(
        rows(&run).contains(&"error neon-parent-missing database.parent".to_owned()),
        "{run}"
    );
    assert!(run.log().contains("write `parent = \"production\"`"), "{run}");
    world.file("codex.toml", &format!("{manifest}role = \"app\"\nname = \"shop\"\n"));
    let run = with("project-key-1").await;
    let lacking = [
        "error neon-role-missing database.role",
        "error neon-database-missing database.name",
    ];
    let mut errors: Vec<String> = rows(&run).into_iter().filter(|row| row.starts_with("error")).collect();
    errors.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(errors, lacking, "{run}");
    world.file("codex.toml", &manifest);
    world
        .seed(&json!({"neon": {"settings": {"branches_limit": 1, "history_retention_seconds": 21600}}}))
        .await;
    let run = with("project-key-1").await;
    let expected = [
        "error neon-branches-used-up NEON_PROJECT_ID",
        UNPROVEN,
        "note neon-history-short NEON_PROJECT_ID",
    ];
    let mut found = rows(&run);
    found.sort_unstable();
    assert_eq!(found, expected, "{run}");
    world.finish().await;
}

/// A job with `pr-comment`, to which its file grants all that it needs.
const WORKFLOW: &str = "on:\n  pull_request:\n    types: [opened, synchronize, reopened, closed]\njobs:\n  comment:\n    runs-on: ubuntu-latest\n    permissions: { contents: read, pull-requests: write, deployments: write }\n    steps:\n      - uses: codex/actions/actions/preflight@v1\n      - uses: codex/actions/actions/pr-comment@v1\n        with: { environment: preview, deployment: true }\n";

#[tokio::test]
async fn what_the_jobs_token_lacks_at_github_is_told() {
    let world = world().await;
    world.file(".github/workflows/preview.yml", WORKFLOW);
    let reference = "acme/app/.github/workflows/preview.yml@refs/pull/42/merge";
    let run = || {
        let run = start(&world).env("GITHUB_JOB", "comment");
        run.env("GITHUB_WORKFLOW_REF", reference)
    };
    let token = async |token: Value| {
        let mut all = json!({"token": GITHUB});
        all.as_object_mut().unwrap().extend(token.as_object().unwrap().clone());
        world.seed(&json!({"github": {"tokens": [all], "private": true}})).await;
        let run = looked(&world, run()).await;
        let github: Vec<String> = rows(&run).into_iter().filter(|row| row.contains(" github-")).collect();
        (github, run)
    };
    let granted = json!({"contents": "read", "pull-requests": "write", "deployments": "write"});
    let (sound, run) = token(json!({"permissions": granted})).await;
    assert_eq!((sound.len(), run.code), (0, 0), "{run}");
    let (lacking, run) = token(json!({"permissions": {"contents": "read", "pull-requests": "write"}})).await;
    assert_eq!(lacking, ["error github-permission-missing GITHUB_TOKEN"], "{run}");
    assert!(
        run.log()
            .contains("the token of job `comment` lacks `deployments: write`"),
        "{run}"
    );
    assert_eq!(run.code, 1);
    assert_eq!(
        token(json!({"valid": false})).await.0,
        ["error github-token-invalid GITHUB_TOKEN"]
    );
    let (unseen, _) = token(json!({"repositories": ["acme/other"]})).await;
    assert_eq!(unseen, ["error github-repository-unseen GITHUB_REPOSITORY"]);
    world.finish().await;
}

#[tokio::test]
async fn a_persons_token_tells_which_secrets_there_are_by_their_names() {
    let world = world().await;
    let step = "on: push\njobs:\n  deploy:\n    runs-on: x\n    environment: production\n    permissions: {}\n    steps:\n      - uses: codex/actions/actions/deploy-workers@v1\n        with: { environment: production, cloudflare-api-token: \"${{ secrets.CLOUDFLARE_API_TOKEN }}\" }\n        env: { DATABASE_URL: \"${{ secrets.DATABASE_URL }}\", SESSION_SECRET: \"${{ secrets.LIVE_SESSION }}\" }\n";
    world.file(".github/workflows/production.yml", step);
    let github = json!({
        "tokens": [{"token": GITHUB, "login": "octocat"}], "organization_secrets": ["CLOUDFLARE_API_TOKEN", "DATABASE_URL"],
        "environments": [{"name": "production"}],
    });
    world.seed(&json!({"github": github})).await;
    let of_github =
        |run: &Run| -> Vec<String> { rows(run).into_iter().filter(|row| row.contains(" github-")).collect() };
    let run = looked(&world, laptop(&world)).await;
    let unprotected = "note github-environment-unprotected environments.production";
    assert_eq!(
        of_github(&run),
        ["warning github-secret-unset LIVE_SESSION", unprotected],
        "{run}"
    );
    let github =
        json!({"environments": [{"name": "production", "reviewers": ["octocat"], "secrets": ["LIVE_SESSION"]}]});
    world.seed(&json!({"github": github})).await;
    let run = looked(&world, laptop(&world)).await;
    assert_eq!(of_github(&run), [""; 0], "{run}");
    world.finish().await;
}

#[tokio::test]
async fn vendors_in_trouble_are_a_warning_each_and_no_fault_of_the_tokens() {
    let world = world().await;
    let page = "<html><body><h1>Bad gateway</h1></body></html>";
    for fault in [
        json!({"status": 502, "body": page, "times": null}),
        json!({"status": 429, "headers": {"retry-after": "600"}, "times": null}),
    ] {
        let rule = |provider: &str| {
            let mut rule = json!({"provider": provider, "path": "/**"});
            rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
            rule
        };
        world.fail(&json!([rule("cloudflare"), rule("neon"), rule("github")]));
        let began = Instant::now();
        let run = looked(&world, start(&world)).await;
        assert!(began.elapsed().as_secs() < 60, "{run}");
        assert_eq!(run.code, 0, "{run}");
        let expected = [
            "warning cloudflare-not-read cloudflare",
            "warning github-not-read github",
            "warning neon-not-read neon",
        ];
        let mut found = rows(&run);
        found.sort_unstable();
        // A row for each reason.
        found.dedup();
        assert_eq!(found, expected, "{run}");
        world.heal();
    }
    world.finish().await;
}

#[tokio::test]
async fn a_firewalls_page_says_nothing_of_the_token() {
    let world = world().await;
    let page = "<html><body><h1>Sorry, you have been blocked</h1></body></html>";
    world.fail(&json!([{"provider": "cloudflare", "path": "/**", "status": 403, "body": page, "times": null}]));
    let run = looked(&world, start(&world)).await;
    assert_eq!(run.code, 0, "{run}");
    let found = rows(&run);
    let of_cloudflare = |row: &&String| row.contains(" cloudflare-");
    assert!(
        found
            .iter()
            .filter(of_cloudflare)
            .all(|row| row == "warning cloudflare-not-read cloudflare"),
        "{run}"
    );
    assert!(
        found.iter().any(|row| row == "warning cloudflare-not-read cloudflare"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_made_up_about_the_platform() {
    let world = world().await;
    let platform = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../platform");
    let workers = ["auth", "content-api", "identity-api"];
    let mut files = workers
        .map(|worker| format!("workers/{worker}/wrangler.jsonc"))
        .to_vec();
    let more = [
        "codex.toml",
        "apps/web/wrangler.jsonc",
        "workers/stripe-webhook-handler/wrangler.toml",
    ];
    files.extend(more.map(str::to_owned));
    for file in files {
        world.file(&file, &std::fs::read_to_string(platform.join(&file)).unwrap());
    }
    let zone = json!({"name": "revelations.studio", "account_id": ids::ACCOUNT});
    world.seed(&json!({"cloudflare": {"zones": [zone]}})).await;
    let run = looked(&world, start(&world)).await;
    assert_eq!(rows(&run), [UNPROVEN], "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_token_with_scopes_is_told_to_be_wider_than_the_jobs() {
    let world = world().await;
    let body = json!({"full_name": "acme/app", "private": true});
    let with = async |headers: Value| {
        let answer = json!({"provider": "github", "method": "GET", "path": "/repos/acme/app", "status": 200, "headers": headers, "body": body});
        world.fail(&answer);
        let run = looked(&world, start(&world)).await;
        let classic: Vec<String> = rows(&run)
            .into_iter()
            .filter(|row| row.contains("token-classic"))
            .collect();
        (classic, run)
    };
    let (told, run) = with(json!({"x-oauth-scopes": "repo, workflow"})).await;
    assert_eq!((told.len(), run.code), (1, 0), "{run}");
    assert!(
        run.log()
            .contains("the token has the scopes `repo` and `workflow`, for every repository"),
        "{run}"
    );
    // A classic token may have none; and a fine-grained one has no such header.
    assert!(with(json!({"x-oauth-scopes": ""})).await.0.is_empty());
    assert!(with(json!({})).await.0.is_empty());
    world.finish().await;
}
