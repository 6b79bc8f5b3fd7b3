//! `cargo xtask check-tree`: what no other linter asks of this repository's files.

mod code;
mod layers;
pub(crate) mod links;
mod locks;
mod readme;
mod yaml;

use std::fmt;
use std::fs;

use anyhow::{Result, bail};

use crate::git::git;
use crate::workspace::Workspace;

/// One finding; `line` counts from 1, or is 0 when it is about the whole file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    path: String,
    line: usize,
    what: String,
}

impl Problem {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.path, self.what)
        } else {
            write!(f, "{}:{}: {}", self.path, self.line, self.what)
        }
    }
}

/// Checks all files that git knows or would add; answers how many were read, or fails with every problem.
pub(crate) fn check(workspace: &Workspace) -> Result<String> {
    let listed = git(
        &workspace.root,
        &["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    )?;
    let mut problems = Vec::new();
    let mut read = 0;
    let mut rust = Vec::new();
    let mut markdown = Vec::new();
    for path in listed.split('\0') {
        let Some(checks) = checks_for(path) else { continue };
        // Deleted, and the deletion not staged yet.
        let Ok(text) = fs::read_to_string(workspace.path(path)) else {
            continue;
        };
        read += 1;
        for check in checks {
            problems.extend(check(path, &text));
        }
        match extension(path) {
            "rs" => rust.push((path.to_owned(), text)),
            "md" => markdown.push((path.to_owned(), text)),
            _ => {}
        }
    }
    problems.extend(links::check(&markdown, |path| workspace.path(path).exists()));
    for package in &layers::PACKAGES {
        problems.extend(layers::check(package, &rust));
    }
    let shown = fs::read_to_string(workspace.path("README.md"))?;
    for workflow in readme::WORKFLOWS {
        let text = fs::read_to_string(workspace.path(workflow))?;
        problems.extend(readme::shows_the_tested_workflow(&shown, workflow, &text));
    }
    problems.extend(crate::docs::stale(workspace)?.iter().map(|path| {
        Problem::new(
            path,
            0,
            "its tables are not what action.yml says; `cargo xtask docs` writes them",
        )
    }));
    if !problems.is_empty() {
        bail!(
            "{}",
            problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
        );
    }
    Ok(format!("{read} files, no problem"))
}

type Check = fn(&str, &str) -> Vec<Problem>;

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn checks_for(path: &str) -> Option<&'static [Check]> {
    let workflow = path.starts_with(".github/workflows/") || path.starts_with("action-tests/workflows/");
    let extension = extension(path);
    if extension == "yml" && workflow {
        Some(&[
            yaml::no_default_permissions,
            yaml::reasons_of_grants,
            yaml::versions_of_commits,
            yaml::timeouts,
        ])
    } else if extension == "yml" && path.starts_with("actions/") {
        Some(&[yaml::versions_of_commits])
    } else if extension == "rs" && path.starts_with("crates/") {
        Some(&[code::short_file])
    } else if path.ends_with("package-lock.json") {
        Some(&[locks::no_download_host])
    } else if extension == "md" {
        // Checked together: a link leads from one to another.
        Some(&[])
    } else {
        None
    }
}
