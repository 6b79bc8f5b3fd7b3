//! What lies between a runner and the release's assets, and what a run that is ended there leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::ways::shells;
use super::{ASSET, Answer, BINARY, Release, gzip};
use crate::health_check::proxy::Proxy;

fn packed() -> String {
    format!("/v1.2.3/{ASSET}.gz")
}

/// Without curl, as in a small container.
const WITH_WGET: [&str; 14] = [
    "awk",
    "chmod",
    "gzip",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "sleep",
    "tr",
    "uname",
    "wget",
];

#[tokio::test]
async fn a_download_that_breaks_off_once_is_made_again() {
    let content = gzip(BINARY.as_bytes());
    for with_wget in [false, true] {
        if with_wget && !Path::new("/usr/bin/wget").exists() {
            continue;
        }
        let broken = Answer {
            later: Some(Box::new(Answer::of(content.clone()))),
            ..Answer::half_of(&content)
        };
        let mut release = Release::serving(BTreeMap::from([(packed(), broken)])).await;
        if with_wget {
            release.with_programs(&WITH_WGET);
        }
        release.run().await.is_well();
        assert_eq!(release.server.asked(), [packed(), packed()]);
    }
}

/// Both ways to write a proxy's name are common, and wget reads one of them.
#[tokio::test]
async fn the_jobs_proxy_is_asked() {
    for with_wget in [false, true] {
        if with_wget && !Path::new("/usr/bin/wget").exists() {
            continue;
        }
        for (name, all_but) in [("HTTPS_PROXY", "NO_PROXY"), ("https_proxy", "no_proxy")] {
            let mut release = Release::new().await;
            let proxy = Proxy::to(release.server.address()).await;
            release.set(name, format!("http://{}", proxy.address));
            if with_wget {
                release.with_programs(&WITH_WGET);
            }
            release.run().await.is_well();
            let tunnel = format!("CONNECT {} HTTP/1.1", release.server.address());
            assert_eq!(proxy.asked(), [tunnel.as_str()], "{name}, wget: {with_wget}");

            std::fs::remove_dir_all(release.kept()).unwrap();
            release.set(all_but, "127.0.0.1");
            release.run().await.is_well();
            assert_eq!(proxy.asked().len(), 1, "{all_but}, wget: {with_wget}");
        }
    }
}

/// A server or proxy that takes the connection and then says no more: a job has five minutes perhaps, and is to end with
/// a sentence. The program is the machine's own; only the seconds that it is told to wait are fewer.
#[tokio::test]
async fn what_stalls_is_given_up() {
    let half = || Answer {
        hangs: true,
        ..Answer::half_of(&gzip(BINARY.as_bytes()))
    };
    for (program, option, tries) in [("curl", "--speed-time", 4), ("wget", "-T", 3)] {
        let real = Path::new("/usr/bin").join(program);
        if !real.exists() {
            continue;
        }
        let mut release = Release::serving(BTreeMap::from([(packed(), half())])).await;
        release.with_programs(&WITH_WGET);
        std::fs::remove_file(release.path("bin/wget")).unwrap();
        let script = format!(
            "#!/bin/sh\nbefore=\nfor word; do\n  shift\n  case $before in {option}) echo \"$word\" >>\"$RAN.limit\"; word=2 ;; esac\n  set -- \"$@\" \"$word\"\n  before=$word\ndone\nexec {} \"$@\"\n",
            real.display()
        );
        release.program(program, &script);
        let began = std::time::Instant::now();
        let ended = release.run().await;
        assert!(!ended.ran && ended.status == 1, "{}", ended.told);
        assert!(ended.told.contains("could not be downloaded: "), "{}", ended.told);
        assert_eq!(release.server.asked().len(), tries, "{program}");
        assert!(
            began.elapsed() < Duration::from_mins(2),
            "{program}: {:?}",
            began.elapsed()
        );
        let limits = std::fs::read_to_string(release.path("ran.limit")).unwrap();
        assert!(limits.lines().all(|limit| limit == "20"), "{program}: {limits}");
    }
}

#[tokio::test]
async fn what_a_server_answers_for_the_moment_is_asked_again_and_the_rest_is_final() {
    let answer = |status: u16| Answer {
        status,
        ..Answer::of("no")
    };
    for with_wget in [false, true] {
        if with_wget && !Path::new("/usr/bin/wget").exists() {
            continue;
        }
        for (first, tries) in [(503, 2), (429, 2), (404, 1), (403, 1)] {
            let first = Answer {
                later: Some(Box::new(Answer::of(gzip(BINARY.as_bytes())))),
                ..answer(first)
            };
            let status = first.status;
            let mut release = Release::serving(BTreeMap::from([(packed(), first)])).await;
            if with_wget {
                release.with_programs(&WITH_WGET);
            }
            let ended = release.run().await;
            assert_eq!(release.server.asked().len(), tries, "{status}, wget: {with_wget}");
            assert_eq!(ended.ran, tries == 2, "{status}, wget: {with_wget}: {}", ended.told);
            if with_wget && !ended.ran {
                assert!(ended.told.contains(&format!("ERROR {status}")), "{}", ended.told);
            }
        }
    }
}

/// Of Debian's and Ubuntu's, `-T` ends in a segmentation fault. It knows no cipher of this server's, so that is as far as
/// it gets here.
#[tokio::test]
async fn busyboxs_wget_is_asked_for_nothing_that_kills_it() {
    if !Path::new("/usr/bin/busybox").exists() {
        return;
    }
    let mut release = Release::new().await;
    release.with_programs(&WITH_WGET);
    std::fs::remove_file(release.path("bin/wget")).unwrap();
    std::os::unix::fs::symlink("/usr/bin/busybox", release.path("bin/wget")).unwrap();
    let ended = release.run().await;
    assert!(ended.ran || ended.told.contains("downloaded: wget: "), "{}", ended.told);
    assert_eq!(ended.told.lines().count(), usize::from(!ended.ran), "{}", ended.told);
}

#[tokio::test]
async fn the_reason_is_told_once_by_whichever_program() {
    for with_wget in [false, true] {
        if with_wget && !Path::new("/usr/bin/wget").exists() {
            continue;
        }
        let mut release = Release::new().await;
        if with_wget {
            release.with_programs(&WITH_WGET);
        }
        // A certificate that nobody vouches for.
        let nobody = release.path("nobody").display().to_string();
        std::fs::write(&nobody, "").unwrap();
        release.set("CURL_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt");
        release.set("WGETRC", nobody);
        let ended = release.run().await;
        assert!(
            !ended.ran && ended.status == 1 && ended.told.lines().count() == 1,
            "{}",
            ended.told
        );
        if with_wget {
            assert!(ended.told.contains("certificate"), "{}", ended.told);
            assert!(!ended.told.contains("no-check-certificate"), "{}", ended.told);
        } else {
            assert!(
                ended.told.contains("downloaded: <curl's reason>; run"),
                "{}",
                ended.told
            );
        }
    }
}

#[tokio::test]
async fn what_a_person_has_told_curl_is_not_obeyed() {
    let mut release = Release::new().await;
    std::fs::write(release.path(".curlrc"), "include\n").unwrap();
    let home = release.folder.path().display().to_string();
    release.set("HOME", home);
    release.run().await.is_well();
}

#[tokio::test]
async fn a_mirrors_password_is_not_told() {
    let mut release = Release::serving(BTreeMap::new()).await;
    let mirror = release.server.url().replace("https://", "https://me:hunter2@");
    release.set("CODEX_ACTIONS_MIRROR", mirror);
    let ended = release.run().await;
    assert!(!ended.ran && ended.status == 1);
    assert!(
        ended.told.contains("`https://server/v1.2.3/") && !ended.told.contains("hunter2"),
        "{}",
        ended.told
    );
    release.set("CODEX_ACTIONS_MIRROR", "http://me:hunter2@mirror.example");
    let ended = release.run().await;
    assert!(
        ended.told.contains("`http://mirror.example/v1.2.3/") && !ended.told.contains("hunter2"),
        "{}",
        ended.told
    );
}

#[tokio::test]
async fn a_run_that_is_ended_in_the_middle_of_a_download_leaves_nothing() {
    for shell in shells() {
        let half = Answer {
            hangs: true,
            ..Answer::half_of(&gzip(BINARY.as_bytes()))
        };
        let release = Release::serving(BTreeMap::from([(packed(), half)])).await;
        let mut command = release.command(&shell, "health-check");
        let mut run = command.process_group(0).spawn().unwrap();
        let has_part = || std::fs::read_dir(release.kept()).is_ok_and(|mut all| all.next().is_some());
        for _ in 0..500 {
            if has_part() && !release.server.asked().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(has_part(), "{shell:?}");
        // As a runner does: all of the step's processes.
        let group = format!("-{}", run.id().unwrap());
        let ended = tokio::process::Command::new("kill")
            .args(["-TERM", "--", &group])
            .status();
        assert!(ended.await.unwrap().success());
        assert!(!run.wait().await.unwrap().success());
        for _ in 0..500 {
            if !has_part() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!has_part(), "{shell:?}");
        assert!(!release.path("ran").exists());
    }
}
