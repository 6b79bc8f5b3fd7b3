//! The steps that cargo does.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::{Passed, command, in_ci};
use crate::child;
use crate::release::build;
use crate::workspace::Workspace;

pub(super) fn fmt(workspace: &Workspace) -> Result<Passed> {
    optional("fmt", "rustfmt", "rustfmt")?.map_or_else(
        || {
            Ok(Passed::Ran(command(cargo(workspace).args([
                "fmt",
                "--all",
                "--",
                "--check",
                "--color=never",
            ]))?))
        },
        |why| Ok(Passed::Skipped(why)),
    )
}

pub(super) fn clippy(workspace: &Workspace) -> Result<Passed> {
    optional("clippy", "clippy", "rust-clippy")?.map_or_else(
        || {
            let arguments = [
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ];
            Ok(Passed::Ran(command(cargo(workspace).args(arguments))?))
        },
        |why| Ok(Passed::Skipped(why)),
    )
}

pub(super) fn build(workspace: &Workspace) -> Result<Passed> {
    build_binaries(workspace).map(Passed::Ran)
}

const BUILD: [&str; 7] = [
    "build",
    "--locked",
    "--workspace",
    "--bins",
    "--exclude",
    "xtask",
    "--quiet",
];

/// Dev builds of the six actions and local-cloud: no LTO, so that they are soon there.
pub(crate) fn build_binaries(workspace: &Workspace) -> Result<String> {
    command(cargo(workspace).args(BUILD))
}

/// The same, optimized as a release is.
pub(crate) fn build_release_binaries(workspace: &Workspace) -> Result<String> {
    let flags = build::flags(&workspace.root, &build::host()?)?;
    command(
        cargo(workspace)
            .args(BUILD)
            .arg("--release")
            .env("CARGO_ENCODED_RUSTFLAGS", flags),
    )
}

pub(super) fn test(workspace: &Workspace) -> Result<Passed> {
    let traffic = traffic(workspace);
    if traffic.exists() {
        std::fs::remove_dir_all(&traffic)?;
    }
    // Stories wait for clocks and for each other's answers: 42 of cleanup's need 6 seconds of one core in 56.
    let threads = std::thread::available_parallelism().map_or(4, |cores| 2 * cores.get());
    let log = command(
        cargo(workspace)
            .args(["test", "--locked", "--workspace", "--no-fail-fast"])
            .env("RUST_TEST_THREADS", threads.to_string())
            .env("LOCAL_CLOUD_TRAFFIC", traffic)
            .env("CODEX_ACTIONS_BIN_DIR", &workspace.actions)
            // A snapshot that differs fails the test; nothing is written beside it.
            .env("INSTA_UPDATE", "no"),
    )?;
    Ok(Passed::Ran(log))
}

/// Where the tests' clouds write what they were asked, for [`truth`].
fn traffic(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/traffic")
}

/// Names the folder with the vendors' descriptions, which are not part of this repository.
const SPECS: &str = "CODEX_SPECS_DIR";

pub(super) fn truth(workspace: &Workspace) -> Result<Passed> {
    let log = command(
        cargo(workspace)
            .args(["test", "--locked", "--workspace", "--test", "clients", "truth::"])
            .env("CODEX_TRAFFIC_DIR", traffic(workspace)),
    )?;
    Ok(match std::env::var_os(SPECS) {
        Some(_) => Passed::Ran(log),
        None => Passed::Skipped(format!(
            "in part: {SPECS} is not set, so nothing was held against the vendors' descriptions"
        )),
    })
}

pub(super) fn cargo(workspace: &Workspace) -> Command {
    let mut command = child::cargo();
    command.current_dir(&workspace.root).env("CARGO_TERM_COLOR", "never");
    command
}

/// A part of the toolchain that distributions package by itself: why the step is skipped, when it is not there.
fn optional(subcommand: &str, rustup: &str, debian: &str) -> Result<Option<String>> {
    let there = Command::new("cargo")
        .args([subcommand, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if there {
        return Ok(None);
    }
    let why = format!(
        "skipped: cargo has no `{subcommand}` here; `rustup component add {rustup}` or, on Debian, `apt install {debian}`"
    );
    // What checks every change must not be skipped unseen.
    if in_ci() {
        bail!("{why}");
    }
    Ok(Some(why))
}
