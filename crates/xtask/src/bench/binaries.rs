//! The release's binaries: how large, how soon started, and what `run.sh` takes on top when it has them already.
//!
//! # What the size is made of
//! On x86-64 Linux with musl, in November 2026, as a release links it: `health-check` 3.80 MB, 1.98 MB of it to download.
//! 2.65 MB are code, 0.95 MB constants, 0.17 MB pointers. By crate: ring 0.36 MB (0.15 MB of it a table of P-256), rustls
//! 0.21 MB, h2 0.19 MB, `encoding_rs` 0.16 MB (0.13 MB of it the old character sets of China, Japan and Korea), brotli
//! 0.15 MB (0.12 MB of it the dictionary that the format demands), toml 0.15 MB; ours 0.35 MB. `preview-dns` is 3.40 MB,
//! 1.72 MB of it to download.
//!
//! `deploy-workers` is 5.11 MB, 2.64 MB of it to download, and over the 4 MB: 3.88 MB are code, 1.01 MB constants, 0.20 MB
//! pointers. Of the code 1.04 MB are ours (`deploy-workers` 0.45, core 0.43, `wrangler` 0.16), 0.21 MB rustls, 0.15 MB h2,
//! 0.15 MB toml; none is as large as what is too much. It was 5.64 MB with the globs of `.assetsignore` and of wrangler's
//! rules by `ignore` and `globset`, which bring regular expressions, in place of `gix-ignore`.
//!
//! # What makes it smaller
//! `release::build::SMALL`, in MB, of `health-check` and `deploy-workers`: linked by Debian's compiler 4.59 and 6.88; with
//! relative relocations in a bitmap (RELR) 4.36 and 6.57; with functions of the same code folded 4.30 and 6.46; without
//! the tables for unwinding 3.79 and 5.65. GNU ld discards no tables here (musl's start files refer to them), and knows
//! RELR on arm64 only since 2.44, which is newer than the runners': so it is the linker that Rust brings. arm64 was
//! tried under qemu with a small program; what macOS' linker can leave out was not tried.
//!
//! What is not worth it: the machine outliner (`-enable-machine-outliner`) makes 3 % less of the file and 3 % more of the
//! download, other thresholds for inlining nothing. The standard library's backtraces (0.1 MB) stay whatever is done, as
//! long as it is not built anew, which takes a nightly Rust; the same is true of `-Cforce-unwind-tables=no`.
//!
//! # What the start is made of
//! `--version` has answered within a millisecond. The first request of `health-check` leaves after 5 ms; 3.4 of them go to
//! the folder in which Debian has each of the machine's certificates twice more, beside the one file that has them all:
//! rustls-native-certs reads both, as OpenSSL would. Whoever sets `SSL_CERT_FILE` saves them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::measure::Measured;
use crate::child;
use crate::release::assets::{self, TARGETS};
use crate::release::{build, tree};
use crate::workspace::Workspace;

/// A start takes milliseconds: more runs than of anything else.
const RUNS: usize = 21;
const MB: f64 = 1_000_000.0;
/// What each may take: MB, and milliseconds.
const LARGEST: f64 = 4.0;
const LATEST: f64 = 5.0;
const LONGEST: f64 = 30.0;

/// The figures of one action.
pub(super) struct Binary {
    action: String,
    bytes: u64,
    /// Milliseconds until `--version` has ended.
    start: Measured,
    /// The same by `run.sh`, with the binary in the tool cache: its hash is verified.
    by_run_sh: Measured,
}

/// The binaries of the release build; `None` when there is none.
pub(super) fn rows(workspace: &Workspace, scratch: &Path) -> Result<Option<Vec<Binary>>> {
    let folder = build::built_here(workspace)?;
    let actions = tree::binaries(workspace)?;
    if !actions.iter().all(|action| folder.join(action).is_file()) {
        return Ok(None);
    }
    let row = |action: String| {
        let binary = folder.join(&action);
        let runner = Runner::with(workspace, scratch, &action, &binary)?;
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..RUNS {
            times[0].push((timed(Command::new(&binary).arg("--version"))?, 0));
            times[1].push((timed(&mut runner.run_sh(&action))?, 0));
        }
        let [start, by_run_sh] = times.map(Measured::of);
        let bytes = fs::metadata(binary)?.len();
        Ok(Binary {
            action,
            bytes,
            start,
            by_run_sh,
        })
    };
    actions.into_iter().map(row).collect::<Result<_>>().map(Some)
}

/// A runner on which a release was used before.
struct Runner {
    tree: PathBuf,
    cache: PathBuf,
}

impl Runner {
    fn with(workspace: &Workspace, scratch: &Path, action: &str, binary: &Path) -> Result<Self> {
        let place = |name: &str| scratch.join("run-sh").join(action).join(name);
        let (tree, cache, released) = (place("tree"), place("cache"), place("assets"));
        fs::create_dir_all(&tree)?;
        fs::create_dir_all(&released)?;
        // Of every target, whichever `run.sh` takes this machine for.
        for target in TARGETS {
            fs::copy(binary, released.join(format!("{action}-{target}")))?;
        }
        let hashes = assets::hashes(&released)?;
        fs::write(tree.join("binaries.lock"), assets::rows(&hashes))?;
        fs::copy(workspace.path("actions/run.sh"), tree.join("run.sh"))?;
        let (_, hash) = hashes.first().context("there is no target")?;
        let kept = cache.join("codex-actions").join(hash);
        fs::create_dir_all(&kept)?;
        fs::copy(binary, kept.join(action))?;
        Ok(Self { tree, cache })
    }

    fn run_sh(&self, action: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .arg(self.tree.join("run.sh"))
            .args([action, "--version"])
            .env("RUNNER_TOOL_CACHE", &self.cache);
        command
    }
}

fn timed(command: &mut Command) -> Result<f64> {
    child::scrub(command);
    let start = Instant::now();
    let done = command.stdin(Stdio::null()).output()?;
    let took = start.elapsed().as_secs_f64() * 1000.0;
    ensure!(
        done.status.success(),
        "`--version` ended with {}\n{}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(took)
}

impl Binary {
    #[expect(clippy::cast_precision_loss, reason = "a size in MB with two digits")]
    fn megabytes(&self) -> f64 {
        self.bytes as f64 / MB
    }

    /// Milliseconds that `run.sh` takes beyond the binary.
    fn overhead(&self) -> f64 {
        self.by_run_sh.median_ms() - self.start.median_ms()
    }

    pub(super) fn json(&self) -> Value {
        let tenth = |ms: f64| (ms * 10.0).round() / 10.0;
        json!({
            "job": "binary", "action": self.action, "bytes": self.bytes,
            "start_ms": tenth(self.start.median_ms()), "run_sh_ms": tenth(self.overhead()),
        })
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell = |value: f64, unit: &str, limit: f64| {
            let over = if value > limit {
                format!(", more than {limit:.0}")
            } else {
                String::new()
            };
            format!("{value:.1} {unit}{over}")
        };
        write!(
            f,
            "| {} | {} | {} | {} |",
            self.action,
            cell(self.megabytes(), "MB", LARGEST),
            cell(self.start.median_ms(), "ms", LATEST),
            cell(self.overhead(), "ms", LONGEST),
        )
    }
}

/// The rows as a Markdown table.
pub(super) fn table(rows: &[Binary]) -> String {
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    format!(
        "The release build that is there, on this machine; medians of {RUNS} runs.\n\n\
         | action | size (≤ {LARGEST:.0} MB) | start to `--version` (≤ {LATEST:.0} ms) | `run.sh` beyond it, binary kept (≤ {LONGEST:.0} ms) |\n\
         |---|---|---|---|\n{lines}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_its_limit_says_so() {
        let row = Binary {
            action: "cleanup".to_owned(),
            bytes: 4_200_000,
            start: Measured::of(vec![(3.0, 0)]),
            by_run_sh: Measured::of(vec![(20.5, 0)]),
        };
        let table = table(&[row]);
        let last = "| cleanup | 4.2 MB, more than 4 | 3.0 ms | 17.5 ms |\n";
        assert!(table.ends_with(last), "{table}");
    }
}
