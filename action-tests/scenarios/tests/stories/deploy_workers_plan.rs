//! Stories of `deploy-workers` before anything happens: all problems at once, builds, and what is printed.

use scenarios::tokens;
use serde_json::json;

use crate::deploy_workers::{MANIFEST, account, deploy, platform, worker};

#[tokio::test]
async fn secrets_bindings_builds_and_budgets_are_told_together() {
    let world = platform().await;
    let manifest = MANIFEST
        .replace(
            "path = \"web\"",
            "path = \"web\"\nbuild = \"echo cannot build >&2; exit 3\"",
        )
        .replace("vars = { ENVIRONMENT", "r2 = { FILES = \"x\" }\nvars = { ENVIRONMENT");
    world.file("codex.toml", &manifest);
    let bucket = json!([{"binding": "STORE", "bucket_name": "files"}]);
    worker(
        &world,
        "api",
        &json!({"r2_buckets": bucket, "queues": {"consumers": [{"queue": "q"}]}, "env": {"production": {"r2_buckets": bucket}}}),
        "export default {}",
    );
    worker(
        &world,
        "auth",
        &json!({"compatibility_date": "2099-01-01", "env": {"production": {"name": "auth-live"}}}),
        "export default {}",
    );
    let run = world
        .run("deploy-workers")
        .input("budget", "10")
        .env("DATABASE_URL", "postgresql://o:s3cret-word@ep-a.neon.tech/neondb")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    let error = run.error();
    for part in [
        "`SESSION_SECRET`: missing or empty; service `auth` would get no secret",
        "`services.api`: `queues.consumers` in the wrangler configuration: this action does not attach queue consumers; `uploader: wrangler` lets the project's wrangler do it",
        "`services.api`: binding `STORE` is production's R2 bucket `files`; give this environment its own in the manifest's `r2`",
        "`services.auth`: `compatibility_date` 2099-01-01 is in the future",
        "`services.api`: its modules have",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
    // What is wrong in the repository is told without a build, which would be for nothing; with all secrets, it is made.
    assert!(!run.stdout.contains("cannot build\n"), "{run}");
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 2, "{run}");
    for part in [
        "`services.web`: could not be built: `echo cannot build >&2; exit 3` ended with status 3",
        "`services.auth`: `compatibility_date` 2099-01-01 is in the future",
    ] {
        assert!(run.error().contains(part), "{part} is not in:\n{}", run.error());
    }
    assert!(
        run.stdout
            .contains("::group::what was printed while web was built\ncannot build\n"),
        "{run}"
    );
    assert!(world.requests().is_empty());

    // A name in the manifest that no configuration knows is a mistake as well.
    world.file(
        "codex.toml",
        &MANIFEST.replace("vars = { ENVIRONMENT", "r2 = { FILES = \"x\" }\nvars = { ENVIRONMENT"),
    );
    let run = deploy(&world, &[]).await;
    assert!(
        run.error()
            .contains("`environments.preview.r2` names `FILES`, and no service has such a binding"),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_service_is_built_without_our_tokens_and_quietly() {
    let world = platform().await;
    let build = "env > seen.txt && echo noise && mkdir -p dist && echo 'export default { fetch: () => new Response(1) }' > dist/index.js";
    world.file(
        "codex.toml",
        &MANIFEST.replace(
            "path = \"web\"",
            &format!("path = \"web\"\nbuild = \"\"\"{build}\"\"\""),
        ),
    );
    std::fs::remove_dir_all(world.workspace().join("web/dist")).unwrap();
    let run = deploy(&world, &[]).await;
    assert_eq!(run.code, 0, "{run}");
    // What it is, but not what it prints.
    assert!(run.stdout.contains("web: built by `env > seen.txt"), "{run}");
    assert!(!run.stdout.lines().any(|line| line == "noise"), "{run}");
    let seen = std::fs::read_to_string(world.workspace().join("web/seen.txt")).unwrap();
    for secret in [tokens::CLOUDFLARE, tokens::GITHUB, tokens::NEON, "npg_s3cret", "INPUT_"] {
        assert!(!seen.contains(secret), "the build saw `{secret}`: {seen}");
    }
    let modules = account(&world)["workers"]["web-preview-42"]["versions"][0]["content"]["modules"].to_string();
    assert!(modules.contains("index.js"), "{modules}");
    let mark = world.mark();
    assert_eq!(deploy(&world, &[]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);

    // A build may write the configuration, too.
    world.file(
        "codex.toml",
        &MANIFEST.replace(
            "path = \"web\"",
            "path = \"web\"\nbuild = \"mv written.json wrangler.json\"",
        ),
    );
    std::fs::rename(
        world.workspace().join("web/wrangler.json"),
        world.workspace().join("web/written.json"),
    )
    .unwrap();
    let run = deploy(&world, &[]).await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");

    // The same without a manifest.
    let run = world
        .run("deploy-workers")
        .input("path", "web")
        .input("worker", "alone")
        .input("build", "exit 4")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("caused by: `exit 4` ended with status 4"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn everything_a_worker_gets_is_printed_before_anything_happens() {
    let world = platform().await;
    let run = deploy(&world, &[("dry-run", "true")]).await;
    assert_eq!(run.code, 0, "{run}");
    let from = run.stdout.find("::group::what each Worker gets").unwrap();
    let text: Vec<&str> = run.stdout[from..]
        .lines()
        .take_while(|line| !line.starts_with("summary"))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    ::group::what each Worker gets
    api: Worker api-preview-42 at https://api-preview-42.example.com
      bindings: CACHE → KV namespace codex-preview-42-CACHE
      secrets: DATABASE_URL
      variables: ENVIRONMENT = preview
    auth: Worker auth-preview-42 at https://auth-preview-42.example.com
      bindings: CACHE → KV namespace codex-preview-42-CACHE
      secrets: DATABASE_URL; SESSION_SECRET
      variables: ENVIRONMENT = preview
    web: Worker web-preview-42 at https://web-preview-42.example.com, after api and auth
      bindings: API → Worker api-preview-42; AUTH → Worker auth-preview-42
      variables: API_URL = https://api-preview-42.example.com; ENVIRONMENT = preview
    ::endgroup::
    plan: 7 to create
    + KV namespace codex-preview-42-CACHE
    + Worker api-preview-42                 service api
    + route api-preview-42.example.com/*   to api-preview-42
    + Worker auth-preview-42                service auth
    + route auth-preview-42.example.com/*  to auth-preview-42
    + Worker web-preview-42                 service web
    + route web-preview-42.example.com/*   to web-preview-42
    ");
    insta::assert_snapshot!(run.summary, @"
    ### Workers of preview 42: planned, nothing was touched

    | | what | name | detail |
    |---|---|---|---|
    | `+` | KV namespace | `codex-preview-42-CACHE` |  |
    | `+` | Worker | `api-preview-42` | service api |
    | `+` | route | `api-preview-42.example.com/*` | to api-preview-42 |
    | `+` | Worker | `auth-preview-42` | service auth |
    | `+` | route | `auth-preview-42.example.com/*` | to auth-preview-42 |
    | `+` | Worker | `web-preview-42` | service web |
    | `+` | route | `web-preview-42.example.com/*` | to web-preview-42 |

    | | service | version | size | time | |
    |---|---|---|---|---|---|
    | 📝 | [web](https://web-preview-42.example.com) |  | 51 B, 74 B compressed |  |  |
    | 📝 | [api](https://api-preview-42.example.com) |  | 51 B, 74 B compressed |  |  |
    | 📝 | [auth](https://auth-preview-42.example.com) |  | 52 B, 75 B compressed |  |  |

    <details><summary>What each Worker of preview 42 gets</summary>

    | service | Worker | |
    |---|---|---|
    | api | `api-preview-42` | bindings: `CACHE → KV namespace codex-preview-42-CACHE`<br>secrets: `DATABASE_URL`<br>variables: `ENVIRONMENT = preview` |
    | auth | `auth-preview-42` | bindings: `CACHE → KV namespace codex-preview-42-CACHE`<br>secrets: `DATABASE_URL`; `SESSION_SECRET`<br>variables: `ENVIRONMENT = preview` |
    | web | `web-preview-42` | bindings: `API → Worker api-preview-42`; `AUTH → Worker auth-preview-42`<br>variables: `API_URL = https://api-preview-42.example.com`; `ENVIRONMENT = preview` |

    </details>
    ");
    assert!(!world.requests().iter().any(|request| request["write"] == true));

    // Nothing is known of Cloudflare here, and nothing need be.
    let run = world
        .run("deploy-workers")
        .input("command", "validate")
        .without("cloudflare-api-token")
        .without("cloudflare-account-id")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("web: Worker web-preview-42 at https://web-preview-42.example.com, after api and auth\n"),
        "{run}"
    );
    assert!(
        run.summary
            .contains("<summary>What each Worker of preview 42 gets</summary>"),
        "{}",
        run.summary
    );
    world.finish().await;
}

#[tokio::test]
async fn a_subset_needs_what_it_calls_to_be_there() {
    let world = platform().await;
    let mark = world.mark();
    let run = deploy(&world, &[("services", "web")]).await;
    assert_eq!(run.code, 1, "{run}");
    for need in ["api", "auth"] {
        assert!(
            run.error().contains(&format!(
                "web: it needs `{need}`, which is not deployed; name both in `services`"
            )),
            "{run}"
        );
    }
    world.assert_only_reads_since(mark);
    assert_eq!(deploy(&world, &[("services", "api, auth")]).await.code, 0);
    let run = deploy(&world, &[("services", "web")]).await;
    assert_eq!(
        (run.code, run.report["services"].as_array().unwrap().len()),
        (0, 1),
        "{run}"
    );
    let mark = world.mark();
    assert_eq!(deploy(&world, &[("services", "web")]).await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
