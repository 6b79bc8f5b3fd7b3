//! git, without the developer's own configuration, and with commits that come out the same each time.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::child;

const LIMIT: Duration = Duration::from_mins(1);
/// The tree's one commit has a fixed author and time, so that the same content always has the same id.
const IDENTITY: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "Codex Actions"),
    ("GIT_AUTHOR_EMAIL", "actions@users.noreply.github.com"),
    ("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
    ("GIT_COMMITTER_NAME", "Codex Actions"),
    ("GIT_COMMITTER_EMAIL", "actions@users.noreply.github.com"),
    ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
];

/// Makes `folder` a git repository whose one commit holds all that is in it, and answers the commit's id.
pub(crate) fn commit_all(folder: &Path, subject: &str) -> Result<String> {
    // Also where GIT_DEFAULT_HASH says otherwise.
    let init = ["init", "--quiet", "--initial-branch=main", "--object-format=sha1"];
    git(folder, &init)?;
    commit(folder, subject)
}

/// Commits all that changed in `folder`, and answers the commit's id.
pub(crate) fn commit(folder: &Path, subject: &str) -> Result<String> {
    git(folder, &["add", "--all"])?;
    git(
        folder,
        &[
            "commit",
            "--quiet",
            "--allow-empty",
            "--no-gpg-sign",
            "--message",
            subject,
        ],
    )?;
    Ok(git(folder, &["rev-parse", "HEAD"])?.trim().to_owned())
}

/// Runs git in `folder`, without the developer's own configuration and hooks, and answers what it prints.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    command
        .args(arguments)
        .current_dir(folder)
        .envs(IDENTITY)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        // Set when a git hook runs us, and then about another repository.
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE");
    let done = child::run(&mut command, LIMIT)?;
    if !done.status.success() {
        bail!(
            "`git {}` failed in `{}`\n{}",
            arguments.join(" "),
            folder.display(),
            done.both().trim_end()
        );
    }
    Ok(done.stdout)
}
