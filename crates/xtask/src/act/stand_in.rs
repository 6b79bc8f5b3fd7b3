//! What stands in for the actions of others: they cannot be downloaded here, and what they do on a hosted runner is not
//! what is tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::git::{commit_all, git};

/// By `owner/repository/path`: what each does here.
const ACTIONS: [(&str, &str); 5] = [
    ("actions/checkout", include_str!("stand_in/checkout.yml")),
    ("actions/setup-node", include_str!("stand_in/setup-node.yml")),
    ("actions/cache", include_str!("stand_in/cache.yml")),
    ("actions/upload-artifact", include_str!("stand_in/upload-artifact.yml")),
    (
        "actions/download-artifact",
        include_str!("stand_in/download-artifact.yml"),
    ),
];

/// Writes them below `folder`, a git repository each.
pub(super) fn write(folder: &Path) -> Result<()> {
    let mut repositories: BTreeSet<PathBuf> = BTreeSet::new();
    for (name, text) in ACTIONS {
        let repository: PathBuf = name.split('/').take(2).collect();
        let action = folder.join(name);
        fs::create_dir_all(&action)?;
        fs::write(action.join("action.yml"), text)?;
        repositories.insert(repository);
    }
    for repository in &repositories {
        commit_all(&folder.join(repository), "Stand in for an action of somebody else")?;
    }
    Ok(())
}

/// act's arguments that put them in the place of what the workflows and actions of `trees` use, at the refs named there.
///
/// # Errors
/// An action that nothing stands in for.
pub(super) fn arguments(folder: &Path, trees: &[&Path]) -> Result<Vec<String>> {
    let mut used = BTreeMap::new();
    for tree in trees {
        // Documents show workflows of others, too, which nobody runs.
        let listed = git(tree, &["ls-files", "-z", "*.yml", ":!.github/docs"])?;
        for file in listed.split('\0').filter(|file| !file.is_empty()) {
            for target in uses(&fs::read_to_string(tree.join(file))?) {
                let (name, at) = target.rsplit_once('@').unwrap_or((target, ""));
                let ours = name.starts_with("codex/actions") || name.starts_with("./");
                if !ours {
                    let repository = name.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
                    used.insert((repository, at.to_owned()), (name.to_owned(), file.to_owned()));
                }
            }
        }
    }
    let mut arguments = Vec::new();
    for ((repository, at), (name, file)) in used {
        ACTIONS.iter().find(|(known, _)| *known == name).with_context(|| {
            format!("`{file}` uses `{name}`, and nothing stands in for it in xtask's `act/stand_in`")
        })?;
        arguments.extend([
            "--local-repository".to_owned(),
            format!("{repository}@{at}={}", folder.join(&repository).display()),
        ]);
    }
    Ok(arguments)
}

/// What the `uses:` of a file name.
fn uses(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(crate::release::references::of_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_stood_in_for_at_its_ref_or_named() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(&tree).unwrap();
        let workflow = |text: &str| {
            fs::write(tree.join("a.yml"), text).unwrap();
            commit_all(&tree, "x").unwrap();
            arguments(Path::new("/s"), &[&tree])
        };
        let known = workflow("- uses: actions/cache@abc # v6\n- uses: codex/actions/cleanup@v1\n").unwrap();
        assert_eq!(known, ["--local-repository", "actions/cache@abc=/s/actions/cache"]);
        let unknown = workflow("- uses: someone/else/sub@v1\n").unwrap_err().to_string();
        assert!(unknown.contains("`a.yml` uses `someone/else/sub`"), "{unknown}");
    }
}
