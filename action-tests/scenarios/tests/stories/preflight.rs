//! Stories of `preflight`: clean where all is right, each fault at its place, nothing asked of anybody when it is
//! offline, and the same command on a laptop.

use std::path::{Path, PathBuf};
use std::process::Output;

use scenarios::{Run, Start, World, ids};
use serde_json::{Value, json};
use tokio::process::Command;

/// An address at which nobody answers.
const CLOSED: &str = "http://127.0.0.1:9";

/// The first user's platform, as a checkout has it.
pub(crate) async fn platform() -> World {
    let world = World::start().await;
    let platform = Path::new(env!("CARGO_MANIFEST_DIR")).join("../platform");
    copy(&platform, &world.workspace());
    world
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir()
            && !["node_modules", "dist", ".turbo", ".wrangler"]
                .iter()
                .any(|name| path.ends_with(name))
        {
            copy(&path, &target);
        } else if kind.is_file() {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// A file of the workspace with one text in place of another.
fn edit(world: &World, file: &str, from: &str, to: &str) {
    let path = world.workspace().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "`{file}` has no `{from}`");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// A preview's run with all that its services ask for.
fn preview(world: &World) -> Start<'_> {
    [
        "SESSION_SECRET",
        "BETTER_AUTH_SECRET",
        "STRIPE_TEST_KEY",
        "STRIPE_TEST_WEBHOOK_SECRET",
    ]
    .into_iter()
    .enumerate()
    .fold(world.run("preflight"), |run, (n, name)| {
        let prefix = if name == "STRIPE_TEST_KEY" { "sk_test_" } else { "" };
        run.env(name, format!("{prefix}{n}c0ffee5eed{n}0f7e57s{n}3cr3t{n}0123456789"))
    })
    .env(
        "DATABASE_URL",
        "postgresql://owner:npg_s3cret@ep-a.neon.tech/neondb?sslmode=require",
    )
    .input("environment", "preview")
}

pub(crate) async fn looked(world: &World, run: Start<'_>) -> Run {
    let mark = world.mark();
    let run = run.go().await;
    world.assert_only_reads_since(mark);
    run.assert_no_secret_leaks();
    run
}

/// The findings from this severity on: place or subject, and name.
pub(crate) fn found(run: &Run, severities: &[&str]) -> Vec<String> {
    let findings = run.report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| severities.contains(&finding["severity"].as_str().unwrap()))
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            let place = match &finding["line"] {
                Value::Null => text("subject").to_owned(),
                line => format!("{}:{line}", text("file")),
            };
            format!("{} {place} {}", text("severity"), text("kind"))
        })
        .collect()
}

#[tokio::test]
async fn the_platform_is_clean_and_a_second_run_says_the_same() {
    let world = platform().await;
    let look = || preview(&world).input("offline", "true");
    let first = looked(&world, look()).await;
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(found(&first, &["error", "warning"]), [""; 0], "{first}");
    assert_eq!((first.output("errors"), first.output("warnings")), ("0", "0"));
    assert_eq!(first.report["status"], "done");
    let second = looked(&world, look()).await;
    let without_time = |run: &Run| {
        let mut report = run.report.clone();
        report["seconds"] = Value::Null;
        report
    };
    assert_eq!(without_time(&first), without_time(&second));
    assert_eq!(first.summary, second.summary);
    assert_eq!(world.mark(), 0, "nobody is asked offline");
    world.finish().await;
}

#[tokio::test]
async fn planted_faults_are_told_at_their_places() {
    let world = platform().await;
    let api = "workers/identity-api/wrangler.jsonc";
    edit(
        &world,
        api,
        "f58218d9b41be52b14fd540b46efcc16",
        "3ee090b619f155d39f1b4ef78231a931",
    );
    edit(&world, api, "2026-07-01", "2021-07-01");
    // A namespace that the manifest does not make for each environment.
    edit(&world, "codex.toml", "kv = [\"RATE_LIMIT_KV\"]\n", "");
    let content = "workers/content-api/wrangler.jsonc";
    edit(&world, content, "        \"DB_METHOD\": \"BRANCH\",\n", "");
    let auth = "workers/auth/wrangler.jsonc";
    edit(
        &world,
        auth,
        "auth-staging.revelations.studio\"",
        "*-staging.revelations.studio\"",
    );
    edit(&world, auth, "\"observability\": { \"enabled\": true },\n", "");
    world.file(
        ".github/workflows/preview.yml",
        "name: preview\non:\n  pull_request:\n    types: [opened, synchronize]\njobs:\n  deploy:\n    \
         runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v5\n      - uses: codex/actions/deploy-workers@v1\n",
    );
    let run = looked(
        &world,
        world
            .run("preflight")
            .input("offline", "true")
            .input("sarif", "out/found.sarif"),
    )
    .await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(found(&run, &["error", "warning", "note"]).join("\n"));
    // Each at its place in the pull request's files, too.
    let errors: Vec<String> = run.report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error" && finding["line"].is_u64())
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            let (line, column) = (&finding["line"], &finding["column"]);
            format!(
                "::error file={},line={line},col={column},title=preflight%3A {}::",
                text("file"),
                text("kind")
            )
        })
        .collect();
    assert!(!errors.is_empty() && errors.len() < 10, "{run}");
    for error in errors {
        assert!(
            run.stdout.lines().any(|line| line.starts_with(&error)),
            "{error}\n{}",
            run.stdout
        );
    }
    assert_eq!(run.output("sarif"), "out/found.sarif");
    let sarif = std::fs::read_to_string(world.workspace().join("out/found.sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let told = run.report["findings"].as_array().unwrap().len();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), told);
    assert_eq!(world.mark(), 0);
    world.finish().await;
}

#[tokio::test]
async fn what_is_silenced_fails_nothing_and_is_listed_with_its_reason() {
    let world = platform().await;
    edit(&world, "workers/auth/wrangler.jsonc", "2026-07-01", "2021-07-01");
    let run = |fail_on: &'static str| {
        let run = world
            .run("preflight")
            .input("offline", "true")
            .input("fail-on", fail_on);
        looked(&world, run)
    };
    let strict = run("note").await;
    assert_eq!(strict.code, 1, "{strict}");
    let never = run("never").await;
    assert_eq!(never.code, 0, "{never}");
    // All that is told, each by its name; and one that is told of nothing.
    let names: std::collections::BTreeSet<String> = never.report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| format!("\"{}\" = \"it is meant so\"", finding["kind"].as_str().unwrap()))
        .collect();
    assert!(!names.is_empty());
    let silence = names.into_iter().collect::<Vec<_>>().join(", ");
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    let silenced = |more: &str| format!("{manifest}\n[preflight]\nsilence = {{ {silence}{more} }}\n");
    world.file("codex.toml", &silenced(""));
    let quiet = run("note").await;
    assert_eq!(quiet.code, 0, "{quiet}");
    assert_eq!(quiet.report["findings"], json!([]), "{quiet}");
    let listed = quiet.report["silenced"].as_array().unwrap();
    assert_eq!(
        listed.len(),
        never.report["findings"].as_array().unwrap().len(),
        "{quiet}"
    );
    assert!(listed.iter().all(|silenced| silenced["reason"] == "it is meant so"));
    assert!(quiet.summary.contains("it is meant so") && quiet.log().contains("it is meant so"));
    world.file("codex.toml", &silenced(", \"manifest-misssing\" = \"a slip\""));
    let slip = run("never").await;
    assert_eq!(
        found(&slip, &["warning"]),
        ["warning codex.toml:79 silence-unknown"],
        "{slip}"
    );
    world.file("codex.toml", &silenced(", \"silence-unused\" = \"\""));
    let blank = run("error").await;
    assert_eq!(blank.code, 1, "{blank}");
    assert!(blank.log().contains("say why it is meant so"), "{blank}");
    world.finish().await;
}

#[tokio::test]
async fn offline_asks_nobody() {
    let world = platform().await;
    let urls = ["cloudflare-api-url", "neon-api-url", "github-api-url"];
    // A run whose event leaves its pull request to be asked for.
    world.event(&json!({"workflow_run": {"head_sha": ids::HEAD_SHA, "head_branch": "x", "event": "pull_request", "pull_requests": []},
        "repository": {"id": 1_296_269, "full_name": ids::REPOSITORY}}));
    let run = preview(&world)
        .env("GITHUB_EVENT_NAME", "workflow_run")
        .input("offline", "true");
    let run = urls.into_iter().fold(run, |run, url| run.input(url, CLOSED));
    let run = looked(&world, run).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.time.as_secs() < 5, "{run}");
    let unseen: Vec<&str> = run.report["unseen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unseen| unseen["area"].as_str().unwrap())
        .collect();
    assert_eq!(unseen, ["cloudflare", "neon", "github"]);
    assert!(
        run.log()
            .contains("not looked at: cloudflare, neon and github, since `offline` is set"),
        "{run}"
    );
    assert_eq!(world.mark(), 0);
    world.finish().await;
}

#[tokio::test]
async fn without_a_manifest_init_is_named() {
    let world = World::start().await;
    let run = looked(&world, world.run("preflight").input("offline", "true")).await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(found(&run, &["error"]), ["error codex.toml manifest-missing"], "{run}");
    assert!(run.summary.contains("`preflight init`"), "{}", run.summary);
    assert_eq!(world.mark(), 0);
    world.finish().await;
}

#[tokio::test]
async fn an_input_that_is_wrong_is_told_before_anything_is_read() {
    let world = World::start().await;
    let run = world
        .run("preflight")
        .input("command", "chek")
        .input("fail-on", "all")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.error().contains("did you mean `check`?") && run.error().contains("`never`"),
        "{run}"
    );
    assert_eq!(world.mark(), 0);
    world.finish().await;
}

/// The binary as a person starts it: in a folder, with arguments, without anything of a runner.
async fn laptop(folder: &Path, arguments: &[&str]) -> Output {
    let beside = std::env::current_exe().unwrap();
    let binary = std::env::var_os("CODEX_ACTIONS_BIN_DIR")
        .map_or_else(|| beside.ancestors().nth(2).unwrap().to_path_buf(), PathBuf::from)
        .join("preflight");
    Command::new(binary)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_laptop_needs_nothing_of_a_runner() {
    let world = platform().await;
    let top = world.workspace();
    world.file(
        ".git/config",
        "[remote \"origin\"]\n\turl = git@github.com:acme/app.git\n",
    );
    // From a package, where the manifest is found above.
    let run = laptop(&top.join("workers/auth"), &["--offline", "--environment", "preview"]).await;
    let log = text(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{log}{}", text(&run.stderr));
    assert!(
        !log.contains("::") && !log.contains('\u{1b}'),
        "neither commands nor colours: {log}"
    );
    assert!(!log.contains("report: {"), "outputs are for steps: {log}");
    assert!(
        log.contains("not looked at: cloudflare, neon and github, since `offline` is set"),
        "{log}"
    );
    // A name that the manifest does not have is a wrong argument, of whichever command.
    for command in ["check", "write"] {
        let run = laptop(&top, &[command, "--offline", "true", "--environment", "nope"]).await;
        let told = text(&run.stdout) + &text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{command}: {told}");
        assert!(
            told.contains("there is no environment `nope`; the manifest has "),
            "{told}"
        );
    }
    // The faults of the checkout, with places from its top.
    edit(&world, "codex.toml", "routing = \"route\"", "routng = \"route\"");
    let run = laptop(&top.join("workers/auth"), &["--offline"]).await;
    let log = text(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{log}");
    assert!(
        log.contains("codex.toml:17:1: unknown key `environments.preview.routng`; write `routing` [manifest-invalid]"),
        "{log}"
    );
    assert_eq!(world.mark(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_laptops_tokens_come_from_a_file_and_never_from_arguments() {
    let world = platform().await;
    let file =
        "CLOUDFLARE_API_TOKEN=t0ken-of-the-file-a1b2c3\nCLOUDFLARE_ACCOUNT_ID=0123456789abcdef0123456789abcdef\n";
    world.file(".env", file);
    let arguments = ["--env-file", ".env", "--cloudflare-api-url", &world.cloud.cloudflare];
    let run = laptop(&world.workspace(), &arguments).await;
    let log = text(&run.stdout);
    assert_eq!(
        run.status.code(),
        Some(1),
        "a token that Cloudflare does not know: {log}"
    );
    assert!(world.mark() > 0 && !log.contains("t0ken-of-the-file"), "{log}");
    world.assert_only_reads_since(0);
    let mark = world.mark();
    let refused = laptop(&world.workspace(), &["--cloudflare-api-token=t0ken-of-the-arguments"]).await;
    assert_eq!(refused.status.code(), Some(2));
    let why = text(&refused.stderr);
    assert!(why.contains("CLOUDFLARE_API_TOKEN") && !why.contains("t0ken"), "{why}");
    let unknown = laptop(&world.workspace(), &["--enviroment", "preview"]).await;
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("--environment"),
        "{}",
        text(&unknown.stderr)
    );
    for (argument, says) in [("--help", "Usage: preflight"), ("--version", "preflight ")] {
        let run = laptop(&world.workspace(), &[argument]).await;
        assert_eq!(run.status.code(), Some(0));
        assert!(text(&run.stdout).contains(says));
    }
    assert_eq!(world.mark(), mark);
    world.finish().await;
}
