//! The branch whose pushes deploy production.

use std::fs::read_to_string;
use std::path::Path;

use crate::document::Document;
use crate::repository;

/// What such branches are mostly called, the likeliest first.
const USUAL: [&str; 3] = ["main", "master", "trunk"];

/// The branch that `caller`, the file that deploys production, names already; else the repository's default branch, as
/// far as `.git` tells; else `main`.
///
/// A checkout for a run of GitHub Actions has one commit and no branch: there the file alone can say.
pub(super) fn of(workspace: &Path, caller: &str) -> String {
    named(workspace, caller)
        .or_else(|| default(workspace))
        .unwrap_or_else(|| USUAL[0].to_owned())
}

/// The one branch of `on.push.branches`.
fn named(workspace: &Path, caller: &str) -> Option<String> {
    let document = Document::read(workspace, caller).ok().flatten()?;
    let branches: Vec<_> = document.get(&["on", "push", "branches"])?.items().collect();
    match branches[..] {
        [branch] => branch.text().map(str::to_owned),
        _ => None,
    }
}

/// What the remote called its default branch when it was cloned; else the one of the usual names that there is; else the
/// branch of a repository without commits.
fn default(workspace: &Path) -> Option<String> {
    let git = repository::common(&repository::top(workspace)?)?;
    let leads = |file: &str, to: &str| {
        let text = read_to_string(git.join(file)).ok()?;
        text.trim().strip_prefix("ref: ")?.strip_prefix(to).map(str::to_owned)
    };
    let packed = read_to_string(git.join("packed-refs")).unwrap_or_default();
    let is_there = |branch: &&str| {
        ["refs/heads/", "refs/remotes/origin/"].iter().any(|folder| {
            let name = format!("{folder}{branch}");
            git.join(&name).is_file() || packed.lines().any(|line| line.split(' ').nth(1) == Some(&name))
        })
    };
    leads("refs/remotes/origin/HEAD", "refs/remotes/origin/")
        .or_else(|| USUAL.iter().copied().find(is_there).map(str::to_owned))
        .or_else(|| leads("HEAD", "refs/heads/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_that_deploys_production() {
        const CALLER: &str = ".github/workflows/production.yml";
        let pushes = |branches: &str| format!("on: {{ push: {{ branches: {branches} }} }}\n");
        for (what, files, expected) in [
            ("no repository", vec![], "main"),
            (
                "a new one",
                vec![(".git/HEAD", "ref: refs/heads/develop\n".to_owned())],
                "develop",
            ),
            (
                "of a usual name, while another is worked on",
                vec![
                    (".git/HEAD", "ref: refs/heads/topic\n".to_owned()),
                    (".git/refs/heads/topic", "1\n".to_owned()),
                    (".git/packed-refs", "# pack-refs\n1234 refs/heads/master\n".to_owned()),
                ],
                "master",
            ),
            (
                "what the remote says",
                vec![
                    (".git/refs/heads/main", "1\n".to_owned()),
                    (
                        ".git/refs/remotes/origin/HEAD",
                        "ref: refs/remotes/origin/live/eu\n".to_owned(),
                    ),
                ],
                "live/eu",
            ),
            (
                "what the file says",
                vec![
                    (
                        ".git/refs/remotes/origin/HEAD",
                        "ref: refs/remotes/origin/main\n".to_owned(),
                    ),
                    (CALLER, pushes("[release]")),
                ],
                "release",
            ),
            ("a file of several", vec![(CALLER, pushes("[a, b]"))], "main"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(folder.path().join(".git")).unwrap();
            for (path, text) in files {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            assert_eq!(of(folder.path(), CALLER), expected, "{what}");
        }
    }
}
