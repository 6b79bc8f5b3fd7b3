//! The tree that a release publishes, and that users name: `uses: codex/actions/health-check@v1`.
//!
//! In this repository the actions lie in `actions/`; a user's `uses:` counts from the top of the released tree.
//! So a release is not this repository's tree but the content of `actions/`, and `run.sh` is beside the actions
//! in both: `"$GITHUB_ACTION_PATH/../run.sh"`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::workspace::Workspace;

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

/// Writes the tree to `folder`, a git repository with one commit, and answers the commit's id.
pub(crate) fn write(workspace: &Workspace, folder: &Path) -> Result<String> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty", folder.display());
    }
    fs::create_dir_all(folder)?;
    let actions = workspace.path("actions");
    // What git knows or would add: no editor's backup, no build result.
    let listed = git(
        &actions,
        &["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    )?;
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        // Deleted, and the deletion not staged yet.
        if !actions.join(file).is_file() {
            continue;
        }
        let target = folder.join(file);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        // Copies the executable bit too.
        fs::copy(actions.join(file), &target).with_context(|| format!("could not copy `actions/{file}`"))?;
    }
    commit_all(folder, "The actions, as released")
}

/// Makes `folder` a git repository whose one commit holds all that is in it, and answers the commit's id.
pub(crate) fn commit_all(folder: &Path, subject: &str) -> Result<String> {
    git(folder, &["init", "--quiet", "--initial-branch=main"])?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_actions_are_at_the_top_beside_run_sh_and_the_commit_is_reproducible() {
        let workspace = Workspace::find().unwrap();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let commits = folders
            .each_ref()
            .map(|folder| write(&workspace, folder.path()).unwrap());
        assert_eq!(commits[0], commits[1]);
        let mode = git(folders[0].path(), &["ls-tree", "HEAD", "run.sh"]).unwrap();
        assert!(mode.starts_with("100755 blob "), "{mode}");
        for action in [
            "neon-branch",
            "preview-dns",
            "deploy-workers",
            "health-check",
            "pr-comment",
            "cleanup",
        ] {
            assert!(folders[0].path().join(action).join("action.yml").is_file(), "{action}");
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let workspace = Workspace::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine"), "").unwrap();
        assert!(write(&workspace, folder.path()).is_err());
        assert!(folder.path().join("mine").exists());
    }
}
