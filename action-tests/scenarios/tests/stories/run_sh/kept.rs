//! Where binaries are kept from job to job, and what others have left there.

use std::time::{Duration, SystemTime};

use super::{BINARY, Release, sha256};

/// All that a hit needs: nothing that writes, nothing that downloads.
const READING: [&str; 6] = ["awk", "rm", "sed", "sh", "sha256sum", "tr"];

#[tokio::test]
async fn what_is_there_is_run_whether_or_not_anything_can_be_written() {
    for folder in ["cache", "temp"] {
        let mut release = Release::new().await;
        let kept = release
            .path(folder)
            .join("codex-actions")
            .join(sha256(BINARY.as_bytes()));
        release.run().await.is_well();
        if folder == "temp" {
            // By an earlier step, when the tool cache could not be written.
            std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
            std::fs::rename(release.kept(), &kept).unwrap();
        }
        release.with_programs(&READING);
        release.run().await.is_well();
        assert_eq!(release.server.asked().len(), 1, "{folder}");
    }
}

#[tokio::test]
async fn a_place_that_another_user_has_taken_is_passed_over() {
    let release = Release::new().await;
    // A file, so that it holds for root as well.
    std::fs::create_dir_all(release.kept().parent().unwrap()).unwrap();
    std::fs::write(release.kept(), "").unwrap();
    let ended = release.run().await;
    ended.is_well();
    assert_eq!(ended.told, "");
    let kept = release.path("temp/codex-actions").join(sha256(BINARY.as_bytes()));
    assert!(kept.join("health-check").is_file());
}

#[tokio::test]
async fn what_killed_runs_have_left_goes_after_a_day() {
    let release = Release::new().await;
    let other = release.path("cache/codex-actions/other");
    let (old, young) = (other.join("part.old"), other.join("part.young"));
    for (part, hours) in [(&old, 49), (&young, 1)] {
        std::fs::create_dir_all(part).unwrap();
        std::fs::write(part.join("asset.gz"), "half").unwrap();
        let when = SystemTime::now() - Duration::from_secs(hours * 3600);
        std::fs::File::open(part).unwrap().set_modified(when).unwrap();
    }
    release.run().await.is_well();
    assert!(!old.exists() && young.exists());
}

#[tokio::test]
async fn options_that_the_job_gives_gzip_are_not_ours() {
    let mut release = Release::new().await;
    release.set("GZIP", "-k");
    let ended = release.run().await;
    ended.is_well();
    assert!(ended.environment.contains("GZIP="), "the binary still finds it");
    assert_eq!(ended.told, "");
}

/// A release without a lock, its sources, and a cargo that notes how it was started.
async fn sources() -> Release {
    let mut release = Release::new().await;
    release.of_sources(&[
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        "crates/x/src/main.rs",
    ]);
    std::fs::create_dir(release.path("job")).unwrap();
    release.with_programs(&[
        "cat",
        "chmod",
        "find",
        "mkdir",
        "mktemp",
        "rm",
        "sed",
        "sh",
        "sha256sum",
        "sort",
        "tr",
    ]);
    release.program(
        "cargo",
        &format!(
            "#!/bin/sh\necho \"in $(pwd -P) for ${{CARGO_BUILD_TARGET-any}}\" >>\"$RAN.cargo\"\nwhile [ \"$1\" != --target-dir ]; do shift; done\nmkdir -p \"$2/${{INTO:-release}}\"\ncat >\"$2/${{INTO:-release}}/health-check\" <<'EOF'\n{BINARY}EOF\nchmod 755 \"$2/${{INTO:-release}}/health-check\"\n"
        ),
    );
    release.set("CODEX_ACTIONS_BUILD", "1");
    release
}

impl Release {
    /// As a step does, in the folder of the job's own repository.
    async fn run_in_job(&self) -> super::Ended {
        let mut command = self.command(&["/bin/sh"], "health-check");
        command.current_dir(self.path("job"));
        self.end(command).await
    }

    fn cargo_calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.path("ran.cargo")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_build_goes_by_our_own_rules_and_not_by_the_jobs() {
    let mut release = sources().await;
    release.set("CARGO_BUILD_TARGET", "wasm32-unknown-unknown");
    release.run_in_job().await.is_well();
    let here = release.folder.path().canonicalize().unwrap();
    assert_eq!(release.cargo_calls(), [format!("in {} for any", here.display())]);
    release.run_in_job().await.is_well();
    assert_eq!(release.cargo_calls().len(), 1);
    // Another Rust makes another binary.
    std::fs::write(release.path("rust-toolchain.toml"), "changed").unwrap();
    release.run_in_job().await.is_well();
    assert_eq!(release.cargo_calls().len(), 2);
}

#[tokio::test]
async fn a_build_that_cargo_puts_elsewhere_is_told() {
    let mut release = sources().await;
    release.set("INTO", "wasm32-unknown-unknown/release");
    let ended = release.run_in_job().await;
    assert!(!ended.ran && ended.status == 1, "{}", ended.status);
    let error = ended.told.lines().last().unwrap();
    assert!(
        error.starts_with(
            "::error title=health-check::cargo has built `health-check`, and not to `…/cache/codex-actions/source-"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_is_built_where_it_cannot_be_kept() {
    let mut release = sources().await;
    release.set("RUNNER_TOOL_CACHE", "").set("RUNNER_TEMP", "");
    let ended = release.run_in_job().await;
    assert!(!ended.ran && ended.status == 1 && release.cargo_calls().is_empty());
    insta::assert_snapshot!(ended.told, @"::error title=health-check::there is no folder to keep the binary in; set RUNNER_TEMP to one that can be written");
}
