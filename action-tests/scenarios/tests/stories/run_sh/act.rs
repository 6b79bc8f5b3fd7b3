//! A stranger's workflow line, run by act: `uses: codex/actions/health-check@v1` on the tree of a release.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::assets::{Answer, AssetServer};
use super::{ASSET, BINARY};

const WORKFLOW: &str = r#"on: push
permissions: {}
jobs:
  smoke:
    runs-on: ubuntu-latest
    steps:
      - id: short
        uses: codex/actions/health-check@v1
        with: { urls: "${{ vars.URL }}", ca: "${{ vars.CA }}", document: strict }
      - id: long
        uses: codex/actions/actions/health-check@v1
        with: { urls: "${{ vars.URL }}", ca: "${{ vars.CA }}", document: strict }
      - run: echo "short says $SHORT, long says $LONG"
        env:
          SHORT: ${{ steps.short.outputs.healthy }}
          LONG: ${{ steps.long.outputs.healthy }}
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Where cargo put the binaries: this test lies in `deps` beside them.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join(name)
}

async fn run(command: &mut Command) -> String {
    let done = command.output().await.unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(done.status.success(), "{command:?}\n{text}");
    text
}

#[tokio::test]
async fn a_strangers_workflow_downloads_verifies_and_runs_the_binary() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["assets", "cache", "home", "app"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    // Without debug information, as a release is; the other actions are not started.
    run(Command::new("strip")
        .arg("-o")
        .arg(path("assets").join(ASSET))
        .arg(built("health-check")))
    .await;
    for action in std::fs::read_dir(root().join("actions")).unwrap() {
        let name = action.unwrap().file_name().into_string().unwrap();
        // Some compose actions and have no binary.
        let has_binary = root().join("crates").join(&name).join("src/main.rs").is_file();
        if has_binary && name != "health-check" {
            std::fs::write(path("assets").join(ASSET.replace("health-check", &name)), BINARY).unwrap();
        }
    }
    run(Command::new(built("xtask")).arg("release-assets").arg(path("assets"))).await;
    // As whoever downloads by hand does.
    let mut check = Command::new("sha256sum");
    run(check
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(path("assets")))
    .await;
    run(Command::new(built("xtask"))
        .arg("release-tree")
        .arg(path("tree"))
        .arg("--assets")
        .arg(path("assets"))
        .args([
            "--version",
            "v1.2.3",
            "--commit",
            "5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1",
        ]))
    .await;

    let packed = std::fs::read(path("assets").join(format!("{ASSET}.gz"))).unwrap();
    let answers = BTreeMap::from([
        (format!("/v1.2.3/{ASSET}.gz"), Answer::of(packed)),
        ("/health".to_owned(), Answer::of(r#"{"status":"healthy"}"#)),
    ]);
    let server = AssetServer::start(answers).await;
    std::fs::write(path("ca.pem"), &server.ca).unwrap();
    std::fs::create_dir_all(path("app/.github/workflows")).unwrap();
    std::fs::write(path("app/.github/workflows/smoke.yml"), WORKFLOW).unwrap();
    for arguments in [vec!["init", "--quiet"], vec!["add", "."]] {
        run(Command::new("git").args(arguments).current_dir(path("app"))).await;
    }
    run(Command::new("git")
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "commit",
            "--quiet",
            "--message",
            "x",
        ])
        .current_dir(path("app")))
    .await;

    let ca = path("ca.pem").display().to_string();
    let mut act = Command::new(root().join("action-tests/tools/.venv/bin/act"));
    act.args(["push", "--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"])
        .arg("--local-repository")
        .arg(format!("codex/actions@v1={}", path("tree").display()))
        .args([
            "--var",
            &format!("URL={}/health", server.url()),
            "--var",
            &format!("CA={ca}"),
        ])
        .args(["--env", &format!("CURL_CA_BUNDLE={ca}")])
        .args(["--env", &format!("CODEX_ACTIONS_MIRROR={}", server.url())])
        .args(["--env", &format!("RUNNER_TOOL_CACHE={}", path("cache").display())])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", path("home"))
        .env("XDG_CACHE_HOME", path("home/.cache"))
        .current_dir(path("app"));
    let log = run(&mut act).await;
    assert!(log.contains("short says true, long says true"), "{log}");
    // Both forms of the name run the same bytes, which were downloaded once.
    let asked = server.asked();
    let downloads = asked.iter().filter(|path| path.contains(".gz")).count();
    assert_eq!(downloads, 1, "{asked:?}");
    assert_eq!(asked.iter().filter(|path| *path == "/health").count(), 2, "{asked:?}");
}
