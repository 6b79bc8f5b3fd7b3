//! What was tampered with, broke on the way, or cannot be: one sentence, and nothing runs.

use std::collections::BTreeMap;

use super::ways::shells;
use super::{ASSET, Answer, BINARY, Ended, Release, gzip, released};

/// Nothing ran, and one annotation tells why.
#[track_caller]
fn refused(ended: &Ended) -> &str {
    assert!(
        !ended.ran && ended.status == 1 && ended.out.is_empty(),
        "{} {}",
        ended.status,
        ended.out
    );
    assert_eq!(
        ended.told.matches("::error title=health-check::").count(),
        1,
        "{}",
        ended.told
    );
    &ended.told
}

async fn served(answer: Answer) -> Ended {
    let release = Release::serving(BTreeMap::from([(format!("/v1.2.3/{ASSET}.gz"), answer)])).await;
    let ended = release.run().await;
    // Nor is anything kept that a later step could find.
    assert_eq!(std::fs::read_dir(release.kept()).unwrap().count(), 0);
    ended
}

#[tokio::test]
async fn a_wrong_byte() {
    let mut packed = gzip(BINARY.as_bytes());
    let last = packed.len() - 1;
    packed[last] ^= 1;
    insta::assert_snapshot!(refused(&served(Answer::of(packed)).await), @"::error title=health-check::what `https://server/v1.2.3/health-check-x86_64-unknown-linux-musl.gz` gave is not the binary of this release (its SHA-256 is not the one of binaries.lock): a proxy's page, a broken download, or something worse; nothing of it was run");
}

#[tokio::test]
async fn another_binary() {
    let other = served(Answer::of(gzip(b"#!/bin/sh\ntouch \"$RAN\"\n"))).await;
    assert!(refused(&other).contains("is not the binary of this release"));
}

/// Where shells differ is when they end: at a failure of a function, and at one inside of a substitution.
#[tokio::test]
async fn every_shell_refuses_alike() {
    for shell in shells() {
        let other = Answer::of(gzip(b"other"));
        let release = Release::serving(BTreeMap::from([(format!("/v1.2.3/{ASSET}.gz"), other)])).await;
        let ended = release.run_in(&shell).await;
        assert!(
            refused(&ended).contains("is not the binary of this release"),
            "{shell:?}"
        );
        std::fs::write(release.path("tree/binaries.lock"), "version v1.2.3\n").unwrap();
        let ended = release.run_in(&shell).await;
        assert!(refused(&ended).contains("names no single SHA-256"), "{shell:?}");
    }
}

#[tokio::test]
async fn a_download_that_breaks_off() {
    let half = Answer::half_of(&gzip(BINARY.as_bytes()));
    insta::assert_snapshot!(refused(&served(half).await), @"::error title=health-check::`https://server/v1.2.3/health-check-x86_64-unknown-linux-musl.gz` could not be downloaded: <curl's reason>; run the job again, or set CODEX_ACTIONS_MIRROR or CODEX_ACTIONS_BIN_DIR");
}

#[tokio::test]
async fn a_web_page_with_status_200() {
    let page = served(Answer::of("<!doctype html><title>Sign in</title>")).await;
    assert!(refused(&page).contains("a proxy's page"));
}

#[tokio::test]
async fn an_asset_that_is_not_there() {
    let release = Release::serving(BTreeMap::new()).await;
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::`https://server/v1.2.3/health-check-x86_64-unknown-linux-musl.gz` could not be downloaded: <curl's reason>; run the job again, or set CODEX_ACTIONS_MIRROR or CODEX_ACTIONS_BIN_DIR");
}

#[tokio::test]
async fn a_redirect_to_plain_http() {
    let redirect = Answer {
        status: 302,
        location: Some("http://127.0.0.1:9/x".to_owned()),
        ..Answer::of("")
    };
    let told = served(redirect).await;
    assert!(refused(&told).contains("could not be downloaded"), "{}", told.told);
}

#[tokio::test]
async fn a_mirror_without_tls() {
    let mut release = Release::new().await;
    release.set("CODEX_ACTIONS_MIRROR", "http://mirror.example");
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::binaries are downloaded over https:// only, and the address is `http://mirror.example/v1.2.3/health-check-x86_64-unknown-linux-musl.gz`");
}

#[tokio::test]
async fn locks_that_name_no_single_hash() {
    let release = Release::new().await;
    let file = release.path("tree/binaries.lock");
    let good = std::fs::read_to_string(&file).unwrap();
    let row = good.lines().find(|line| line.ends_with(ASSET)).unwrap();
    let broken = [
        good.replace(row, ""),
        format!("{good}{row}\n"),
        format!("{good}{}  {ASSET}\n", "0".repeat(64)),
        good.replace(row, &format!("{}  {ASSET}", "0".repeat(63))),
        good.replace(row, &format!("{}  {ASSET}", "G".repeat(64))),
        String::new(),
    ];
    for lock in broken {
        std::fs::write(&file, &lock).unwrap();
        let ended = release.run().await;
        let told = refused(&ended);
        insta::allow_duplicates! { insta::assert_snapshot!(told, @"::error title=health-check::binaries.lock of this release names no single SHA-256 for `health-check-x86_64-unknown-linux-musl`; use another release"); }
    }
    assert!(release.server.asked().is_empty());
}

#[tokio::test]
async fn locks_that_are_not_whole() {
    let release = Release::new().await;
    let file = release.path("tree/binaries.lock");
    let good = std::fs::read_to_string(&file).unwrap();
    let from = good.lines().find(|line| line.starts_with("from ")).unwrap();
    for (lock, row) in [
        (good.replace("version v1.2.3\n", ""), "version"),
        (
            good.replace("version v1.2.3\n", "version v1.2.3\nversion v1.2.4\n"),
            "version",
        ),
        (good.replace(from, ""), "from"),
    ] {
        std::fs::write(&file, lock).unwrap();
        let told = format!(
            "::error title=health-check::binaries.lock of this release names no single `{row}`; use another release\n"
        );
        assert_eq!(refused(&release.run().await), told);
    }
    assert!(release.server.asked().is_empty());

    // Both hashes are hashes, of two binaries.
    let raw = good.lines().find(|line| line.ends_with(ASSET)).unwrap();
    let other = format!("{}  {ASSET}", "0".repeat(64));
    std::fs::write(&file, good.replace(raw, &other)).unwrap();
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::binaries.lock of this release contradicts itself: `health-check-x86_64-unknown-linux-musl` is not what `health-check-x86_64-unknown-linux-musl.gz` holds; use another release");
    let kept = release.path("cache/codex-actions").join("0".repeat(64));
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0);
}

#[tokio::test]
async fn a_disk_without_room() {
    for (program, what) in [("mktemp", "temporary"), ("gzip", "unpacked"), ("mv", "placed")] {
        let mut release = Release::new().await;
        release.with_programs(&[
            "awk",
            "chmod",
            "curl",
            "gzip",
            "mkdir",
            "mktemp",
            "mv",
            "rm",
            "sed",
            "sha256sum",
            "sh",
            "sleep",
            "tr",
        ]);
        std::fs::remove_file(release.path("bin").join(program)).unwrap();
        release.program(
            program,
            &format!("#!/bin/sh\necho '{program}: No space left on device' >&2\nexit 1\n"),
        );
        let ended = release.run().await;
        insta::assert_snapshot!(format!("a_disk_without_room_{what}"), refused(&ended));
        assert_eq!(ended.told.lines().count(), 1, "{}", ended.told);
        // All that is left is empty.
        assert_eq!(std::fs::read_dir(release.kept()).unwrap().count(), 0, "{program}");
    }
}

#[tokio::test]
async fn a_name_that_no_release_has() {
    let release = Release::new().await;
    let ended = release.end(release.command(&["/bin/sh"], "../../bin/evil")).await;
    assert!(!ended.ran && ended.status == 1);
    insta::assert_snapshot!(ended.told, @"::error title=../../bin/evil::binaries.lock of this release names no single SHA-256 for `../../bin/evil-x86_64-unknown-linux-musl`; use another release");
}

#[tokio::test]
async fn a_poisoned_cache() {
    let release = Release::new().await;
    release.run().await.is_well();
    std::fs::write(release.kept().join("health-check"), format!("{BINARY}# and more\n")).unwrap();
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::`…/cache/codex-actions/<hash>/health-check` was changed since it was downloaded, and is not the binary of this release; find out who can write there, and delete it");
}

#[tokio::test]
async fn a_kept_binary_that_may_not_be_executed() {
    use std::os::unix::fs::PermissionsExt as _;
    let release = Release::new().await;
    release.run().await.is_well();
    let kept = release.kept().join("health-check");
    std::fs::set_permissions(kept, std::fs::Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::`…/cache/codex-actions/<hash>/health-check` may not be executed; delete it, and see that its folder is not mounted with `noexec`, or set CODEX_ACTIONS_BIN_DIR");
}

#[tokio::test]
async fn a_machine_without_a_folder_of_the_runners() {
    let mut release = Release::new().await;
    release.set("RUNNER_TOOL_CACHE", "").set("RUNNER_TEMP", "");
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::there is no folder to keep the binary in; set RUNNER_TEMP to one that can be written");
}

#[tokio::test]
async fn links_in_the_cache() {
    let release = Release::new().await;
    std::fs::create_dir_all(release.kept()).unwrap();
    std::fs::write(release.path("elsewhere"), BINARY).unwrap();
    std::os::unix::fs::symlink(release.path("elsewhere"), release.kept().join("health-check")).unwrap();
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::`…/cache/codex-actions/<hash>/health-check` is a symbolic link, and may lead anywhere; delete it");

    let release = Release::new().await;
    let kept = release.kept();
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(release.path("temp"), &kept).unwrap();
    assert!(refused(&release.run().await).contains("is a symbolic link"));
}

#[tokio::test]
async fn machines_for_which_there_is_no_binary() {
    let mut release = Release::new().await;
    release.set("RUNNER_OS", "Windows");
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::these actions run on Linux and macOS, not on Windows; give the job `runs-on: ubuntu-latest`");
    release.set("RUNNER_OS", "Linux").set("RUNNER_ARCH", "ARM");
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::these actions run on x64 and arm64, not on ARM");
    // Of macOS there is none in this lock.
    release.set("RUNNER_OS", "macOS").set("RUNNER_ARCH", "ARM64");
    assert!(refused(&release.run().await).contains("`health-check-aarch64-apple-darwin`"));
}

#[tokio::test]
async fn a_machine_that_cannot_download_or_verify() {
    let mut release = Release::new().await;
    let tools = ["awk", "dirname", "gzip", "mkdir", "mktemp", "rm", "sed", "tr", "uname"];
    release.with_programs(&tools);
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::neither sha256sum nor shasum is here, so the binary cannot be verified; install coreutils");
    release.with_programs(&["sha256sum"]);
    insta::assert_snapshot!(refused(&release.run().await), @"::error title=health-check::neither curl nor wget is here, so the binary cannot be downloaded; install one, or set CODEX_ACTIONS_BIN_DIR");
}

#[tokio::test]
async fn a_line_of_the_runners_own_in_an_address() {
    let mut release = Release::serving(released()).await;
    release.set("CODEX_ACTIONS_MIRROR", "http://x\n::add-path::/evil");
    let ended = release.run().await;
    assert!(refused(&ended).lines().count() == 1, "{}", ended.told);
}
