//! The steps of the Node folders, and what is installed for all others.

use std::process::Command;

use anyhow::Result;

use super::cargo::cargo;
use super::{Passed, command};
use crate::install::{self, Done};
use crate::workspace::Workspace;

pub(super) fn install(workspace: &Workspace, folder: &str) -> Result<Passed> {
    install::npm(workspace, folder).map(told)
}

pub(super) fn install_python(workspace: &Workspace, folder: &str) -> Result<Passed> {
    install::python(workspace, folder).map(told)
}

fn told(done: Done) -> Passed {
    Passed::Ran(match done {
        Done::Installed => String::new(),
        Done::AlreadyThere => "already there".to_owned(),
    })
}

pub(super) fn platform(workspace: &Workspace) -> Result<Passed> {
    let mut log = npm(workspace, "action-tests/platform", &["run", "typecheck"])?;
    log += &npm(workspace, "action-tests/platform", &["test"])?;
    Ok(Passed::Ran(log))
}

pub(super) fn runtime(workspace: &Workspace) -> Result<Passed> {
    let mut npm = Command::new("npm");
    npm.arg("test")
        .current_dir(workspace.path("action-tests/runtime"))
        .env("CI", "true")
        .env("CODEX_ACTIONS_BIN_DIR", &workspace.bin);
    command(&mut npm).map(Passed::Ran)
}

/// Renders what the example prints: every sentence that a comment can hold comes from the code itself.
pub(super) fn comment(workspace: &Workspace) -> Result<Passed> {
    let states = command(cargo(workspace).args([
        "run",
        "--locked",
        "--quiet",
        "--package",
        "actions-comment",
        "--example",
        "states",
    ]))?;
    let scratch = workspace.scratch("comment")?;
    let file = scratch.path().join("states.json");
    std::fs::write(&file, states)?;
    let mut node = Command::new("node");
    node.arg("hostile.mjs")
        .arg(&file)
        .current_dir(workspace.path("action-tests/comment"));
    command(&mut node).map(Passed::Ran)
}

fn npm(workspace: &Workspace, folder: &str, arguments: &[&str]) -> Result<String> {
    command(
        Command::new("npm")
            .args(arguments)
            .current_dir(workspace.path(folder))
            .env("CI", "true"),
    )
}
