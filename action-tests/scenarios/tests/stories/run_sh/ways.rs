//! The ways on which a binary comes to a runner.

use std::path::Path;

use super::{ASSET, BINARY, Release, sha256};

/// Every shell of this machine that may be a runner's `sh`, and those that are stricter than most about what POSIX says.
///
/// macOS' bash is 3.2.57, which no Linux distribution has: `CODEX_BASH_32` names one. Built of what Apple publishes
/// (github.com/apple-oss-distributions/bash, tag bash-140) it passes, as of November 2026.
pub(super) fn shells() -> Vec<Vec<String>> {
    let all = [
        "/bin/sh",
        "/usr/bin/dash",
        "/bin/bash",
        "/bin/bash --posix",
        "/usr/bin/busybox sh",
        "/bin/mksh",
        "/usr/bin/posh",
        "/usr/bin/yash",
    ];
    let old = std::env::var("CODEX_BASH_32").into_iter();
    let old = old.flat_map(|bash| [bash.clone(), format!("{bash} --posix")]);
    let all = all.into_iter().map(str::to_owned).chain(old);
    all.map(|line| line.split(' ').map(str::to_owned).collect())
        .filter(|shell: &Vec<String>| Path::new(&shell[0]).exists())
        .collect()
}

#[tokio::test]
async fn one_anonymous_download_then_none() {
    for shell in shells() {
        let release = Release::new().await;
        let first = release.run_in(&shell).await;
        first.is_well();
        assert_eq!(first.told, "", "{shell:?}");
        assert_eq!(release.server.asked(), [format!("/v1.2.3/{ASSET}.gz")], "{shell:?}");
        release.run_in(&shell).await.is_well();
        assert_eq!(release.server.asked().len(), 1, "{shell:?}");
        let kept: Vec<_> = std::fs::read_dir(release.kept()).unwrap().collect();
        assert_eq!(kept.len(), 1, "only the binary is left: {kept:?}");
    }
}

#[tokio::test]
async fn without_gzip_the_asset_comes_as_it_is_and_without_curl_by_wget() {
    let tools = [
        "awk",
        "chmod",
        "dirname",
        "mkdir",
        "mktemp",
        "mv",
        "rm",
        "sed",
        "sha256sum",
        "touch",
        "tr",
        "uname",
    ];
    let mut release = Release::new().await;
    release.with_programs(&tools);
    release.with_programs(&["curl"]);
    release.run().await.is_well();
    assert_eq!(release.server.asked(), [format!("/v1.2.3/{ASSET}")]);

    if Path::new("/usr/bin/wget").exists() {
        let mut release = Release::new().await;
        release.with_programs(&tools);
        release.with_programs(&["wget", "gzip"]);
        release.run().await.is_well();
        assert_eq!(release.server.asked(), [format!("/v1.2.3/{ASSET}.gz")]);
    }
}

/// Its commands are the job's own: a migration that reads `version` or needs UTF-8 must find what the job has set.
#[tokio::test]
async fn the_binary_finds_the_jobs_environment_as_it_was() {
    let lines = |text: &str| -> Vec<String> {
        let ours = [
            "name", "version", "url", "hash", "asset", "here", "LC_ALL", "LANG", "part",
        ];
        let of = |line: &&str| ours.iter().any(|name| line.contains(&format!(" {name}=")));
        let mut found: Vec<String> = text
            .lines()
            .filter(of)
            .map(|line| line.replace(['\'', '"'], ""))
            .collect();
        found.sort();
        found
    };
    for shell in shells() {
        let mut release = Release::new().await;
        release.set("LANG", "C.UTF-8");
        let ended = release.run_in(&shell).await;
        ended.is_well();
        assert_eq!(lines(&ended.environment), ["export LANG=C.UTF-8"], "{shell:?}");
        let own = [("version", "7"), ("url", "u"), ("hash", "h"), ("LC_ALL", "C.UTF-8")];
        for (name, value) in own {
            release.set(name, value);
        }
        // By a download, and out of the cache.
        for _ in 0..2 {
            let ended = release.run_in(&shell).await;
            ended.is_well();
            let expected = ["LANG=C.UTF-8", "LC_ALL=C.UTF-8", "hash=h", "url=u", "version=7"];
            assert_eq!(
                lines(&ended.environment),
                expected.map(|all| format!("export {all}")),
                "{shell:?}"
            );
            let _ = std::fs::remove_dir_all(release.kept());
        }
    }
}

#[tokio::test]
async fn a_mirror_serves_what_the_lock_names() {
    let mut release = Release::new().await;
    let mirror = release.server.url();
    std::fs::write(
        release.path("tree/binaries.lock"),
        super::lock("https://nowhere.invalid"),
    )
    .unwrap();
    release.set("CODEX_ACTIONS_MIRROR", mirror + "/");
    release.run().await.is_well();
}

#[tokio::test]
async fn steps_that_start_at_once_do_not_disturb_each_other() {
    let release = Release::new().await;
    let runs: Vec<_> = (0..8)
        .map(|_| release.command(&["/bin/sh"], "health-check").output())
        .collect();
    for run in runs {
        let done = run.await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    assert_eq!(std::fs::read_dir(release.kept()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_tool_cache_that_cannot_be_written_is_passed_over() {
    let mut release = Release::new().await;
    // A file, so that it holds for root as well.
    std::fs::write(release.path("file"), "").unwrap();
    let file = release.path("file").display().to_string();
    release.set("RUNNER_TOOL_CACHE", file);
    release.run().await.is_well();
    let kept = release.path("temp/codex-actions").join(sha256(BINARY.as_bytes()));
    assert!(kept.join("health-check").is_file());
}

#[tokio::test]
async fn a_folder_of_ones_own_needs_no_download_and_holds_the_releases_binary() {
    let mut release = Release::new().await;
    release.with_programs(&["awk", "dirname", "sed", "sha256sum", "sh", "touch", "tr", "uname"]);
    release.program("health-check", BINARY);
    let bin = release.path("bin").display().to_string();
    release.set("CODEX_ACTIONS_BIN_DIR", bin);
    release.run().await.is_well();
    assert!(release.server.asked().is_empty());

    // A build of one's own is another binary: only when that is said.
    release.program("health-check", &format!("{BINARY}# mine\n"));
    let refused = release.run().await;
    assert!(
        !refused.ran && refused.told.contains("is not the binary of this release"),
        "{}",
        refused.told
    );
    release.set("CODEX_ACTIONS_BUILD", "1");
    release.run().await.is_well();
}

#[tokio::test]
async fn a_ref_without_a_release_is_built_only_when_asked_and_once_for_each_state() {
    let mut release = Release::new().await;
    release.of_sources(&["Cargo.toml", "Cargo.lock", "crates/x/src/main.rs"]);
    release.with_programs(&[
        "awk",
        "cat",
        "dirname",
        "find",
        "mkdir",
        "mktemp",
        "rm",
        "sed",
        "sh",
        "sha256sum",
        "sort",
        "touch",
        "tr",
        "uname",
        "chmod",
    ]);
    let plain = release.run().await;
    insta::assert_snapshot!(plain.told, @"::error title=health-check::this ref has no released binaries; name a release, such as `@v1`, or set CODEX_ACTIONS_BUILD=1 to build it with the runner's cargo, or CODEX_ACTIONS_BIN_DIR to a folder that holds `health-check`");
    assert!(!plain.ran && plain.status == 1);
    release.set("CODEX_ACTIONS_BUILD", "1");
    let no_cargo = release.run().await;
    insta::assert_snapshot!(no_cargo.told, @"::error title=health-check::CODEX_ACTIONS_BUILD is set, and there is no cargo here; install Rust, or name a release");
    assert!(!no_cargo.ran && no_cargo.status == 1);

    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"${{RAN}}.cargo\"\nwhile [ \"$1\" != --target-dir ]; do shift; done\nmkdir -p \"$2/release\"\ncat >\"$2/release/health-check\" <<'EOF'\n{BINARY}EOF\nchmod 755 \"$2/release/health-check\"\n"
    );
    release.program("cargo", &script);
    let built = release.run().await;
    built.is_well();
    insta::assert_snapshot!(built.told, @"::notice title=health-check::building `health-check` from source, which takes minutes; a release would be downloaded");
    let again = release.run().await;
    again.is_well();
    assert_eq!(again.told, "");
    std::fs::write(release.path("crates/x/src/main.rs"), "changed").unwrap();
    release.run().await.is_well();
    // What a file is called counts, too.
    std::fs::rename(
        release.path("crates/x/src/main.rs"),
        release.path("crates/x/src/other.rs"),
    )
    .unwrap();
    release.run().await.is_well();
    // So does an action, which `preflight` has built in.
    std::fs::create_dir_all(release.path("actions/x")).unwrap();
    std::fs::write(release.path("actions/x/action.yml"), "name: x").unwrap();
    release.run().await.is_well();
    let calls = std::fs::read_to_string(release.path("ran.cargo")).unwrap();
    assert_eq!(calls.lines().count(), 4, "{calls}");
    assert!(
        calls
            .lines()
            .all(|call| call.starts_with("build --release --locked ") && call.ends_with("--package health-check"))
    );

    // A link where a build is kept could lead to anything.
    for kept in std::fs::read_dir(release.path("cache/codex-actions")).unwrap() {
        let binary = kept.unwrap().path().join("release/health-check");
        std::fs::rename(&binary, release.path("elsewhere")).unwrap();
        std::os::unix::fs::symlink(release.path("elsewhere"), &binary).unwrap();
    }
    let linked = release.run().await;
    assert!(
        !linked.ran && linked.told.contains("is a symbolic link"),
        "{}",
        linked.told
    );
}
