//! The tree that a release publishes, and that users name: `uses: codex/actions/health-check@v1`.
//!
//! In this repository the actions lie in `actions/`; a user's `uses:` counts from the top of the released tree. So each
//! action is there twice, at `<name>` and at `actions/<name>`: the second is what a fork of the name
//! `owner/codex-actions` and `$/actions/<name>` in our own workflows resolve to. `run.sh` and `binaries.lock` are beside
//! the actions in both: `"$GITHUB_ACTION_PATH/../run.sh"`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::REPOSITORY;
use super::assets;
use super::documents::Documents;
use super::lock::Release;
use super::references::References;
use crate::git::{commit_all, git};
use crate::workspace::Workspace;

/// Where the actions lie in this repository, and in the tree once more.
pub(super) const ACTIONS: &str = "actions/";

/// What users read, where it is there.
const TOP: [&str; 5] = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
];

/// What becomes of a tree.
pub(crate) struct Options {
    /// `owner/name`: where the release is, and what its references and links name.
    pub(crate) repository: String,
    pub(crate) references: References,
    /// The release, and the folder of its assets; without them the tree has no binaries, as an unreleased ref has none.
    pub(crate) release: Option<(Release, PathBuf)>,
}

impl Options {
    /// Reads the command line behind the folder's name.
    pub(crate) fn parse(args: &mut impl Iterator<Item = String>) -> Result<Self> {
        let (mut assets, mut version, mut commit, mut tag) = (None, None, None, false);
        let mut repository = REPOSITORY.to_owned();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("`{arg}` needs a value"));
            match arg.as_str() {
                "--assets" => assets = Some(PathBuf::from(value()?)),
                "--version" => version = Some(value()?),
                "--commit" => commit = Some(value()?),
                "--repository" => {
                    repository = value()?;
                    let parts: Vec<&str> = repository.split('/').collect();
                    if parts.len() != 2 || parts.contains(&"") {
                        bail!("`--repository` is `owner/name`, not `{repository}`");
                    }
                }
                "--references" => match value()?.as_str() {
                    "self" => tag = false,
                    "tag" => tag = true,
                    other => bail!("`--references` is `self` or `tag`, not `{other}`"),
                },
                _ => bail!("`release-tree` has no option `{arg}`"),
            }
        }
        let release = match (assets, version, commit) {
            (Some(assets), Some(version), Some(commit)) => {
                let from = format!("https://github.com/{repository}/releases/download");
                Some((Release { version, commit, from }, assets))
            }
            (None, None, None) => None,
            _ => bail!("`--assets`, `--version` and `--commit` go together"),
        };
        let references = match (tag, &release) {
            (false, _) => References::SelfRepository,
            (true, Some((release, _))) => References::Tag {
                repository: repository.clone(),
                tag: release.version.clone(),
            },
            (true, None) => bail!("`--references tag` needs the tag: `--version`"),
        };
        Ok(Self {
            repository,
            references,
            release,
        })
    }

    /// Refuses assets that are not what a release has: of each target that is there, all binaries.
    pub(crate) fn check(&self, workspace: &Workspace) -> Result<()> {
        let Some((_, folder)) = &self.release else {
            return Ok(());
        };
        assets::raw(folder, &binaries(workspace)?).map(|_| ())
    }

    /// The tree of an unreleased ref in which our own are named by tag, for runners that do not know `$/`.
    pub(crate) fn tagged(tag: &str) -> Self {
        Self {
            references: References::tagged(tag),
            ..Self::unreleased()
        }
    }

    /// The tree of an unreleased ref.
    pub(crate) fn unreleased() -> Self {
        Self {
            repository: REPOSITORY.to_owned(),
            references: References::SelfRepository,
            release: None,
        }
    }
}

/// The names of the actions, in order.
pub(crate) fn actions(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace.path("actions"))? {
        let entry = entry?;
        if entry.path().join("action.yml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The names of those that have a binary, in order: the others compose actions.
pub(crate) fn binaries(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = actions(workspace)?;
    names.retain(|name| workspace.path("crates").join(name).join("src/main.rs").is_file());
    Ok(names)
}

/// Writes the tree to `folder`, a git repository with one commit, and answers the commit's id.
pub(crate) fn write(workspace: &Workspace, folder: &Path, options: &Options) -> Result<String> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty", folder.display());
    }
    let lock = options.release.as_ref();
    let lock = lock.map(|(release, assets)| release.lock(assets)).transpose()?;
    fs::create_dir_all(folder)?;
    let files = files(workspace)?;
    let commit = options.release.as_ref().map(|(release, _)| release.commit.as_str());
    let documents = Documents::new(files.iter().map(|(file, _)| file.as_str()), &options.repository, commit);
    for (file, places) in &files {
        for place in places {
            put(workspace, file, folder, place, &options.references)?;
            if is_document(file) {
                let text = fs::read_to_string(workspace.path(file))?;
                let is_folder = |path: &str| workspace.path(path).is_dir();
                fs::write(folder.join(place), documents.render(&text, file, place, is_folder))?;
            }
        }
    }
    for place in lock.iter().flat_map(|_| ["", "actions"]) {
        fs::write(
            folder.join(place).join("binaries.lock"),
            lock.as_deref().unwrap_or_default(),
        )?;
    }
    commit_all(folder, "The actions, as released")
}

/// The files of the tree: where each lies in this repository, and where it goes.
fn files(workspace: &Workspace) -> Result<Vec<(String, Vec<String>)>> {
    // What git knows or would add: no editor's backup, no build result.
    let listed = git(
        &workspace.root,
        &["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    )?;
    let mut files = Vec::new();
    // Deleted, and the deletion not staged yet: not there.
    for file in listed.split('\0').filter(|file| workspace.path(file).is_file()) {
        if let Some(inside) = file.strip_prefix(ACTIONS) {
            files.push((file.to_owned(), vec![file.to_owned(), inside.to_owned()]));
        } else if TOP.contains(&file) || file.starts_with(".github/docs/") || is_reusable_workflow(workspace, file)? {
            files.push((file.to_owned(), vec![file.to_owned()]));
        }
    }
    Ok(files)
}

/// The workflows that other repositories call, in order.
pub(crate) fn reusable_workflows(workspace: &Workspace) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(workspace.path(".github/workflows"))? {
        let file = format!(".github/workflows/{}", entry?.file_name().to_string_lossy());
        if is_reusable_workflow(workspace, &file)? {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether other repositories call this workflow.
fn is_reusable_workflow(workspace: &Workspace, file: &str) -> Result<bool> {
    let is_workflow = file.starts_with(".github/workflows/") && is_yaml(file);
    Ok(is_workflow
        && fs::read_to_string(workspace.path(file))?
            .lines()
            .any(|line| line.trim() == "workflow_call:"))
}

fn is_yaml(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "yml")
}

fn is_document(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "md")
}

/// Documents: their workflows are read and copied, with the references that people write, and called by nobody.
const SHOWN: &str = ".github/docs/";

fn put(workspace: &Workspace, name: &str, folder: &Path, place: &str, references: &References) -> Result<()> {
    let (from, to) = (workspace.path(name), folder.join(place));
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    // Copies the executable bit too.
    fs::copy(&from, &to).with_context(|| format!("could not copy `{name}`"))?;
    if is_yaml(name) && !name.starts_with(SHOWN) {
        let text = references.render(&fs::read_to_string(from)?);
        references.check(name, &text)?;
        fs::write(to, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::links;

    #[test]
    fn the_actions_are_at_the_top_beside_run_sh_and_the_commit_is_reproducible() {
        let workspace = Workspace::find().unwrap();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let commits = folders
            .each_ref()
            .map(|folder| write(&workspace, folder.path(), &Options::unreleased()).unwrap());
        assert_eq!(commits[0], commits[1]);
        let mode = git(folders[0].path(), &["ls-tree", "HEAD", "run.sh"]).unwrap();
        assert!(mode.starts_with("100755 blob "), "{mode}");
        for action in actions(&workspace).unwrap() {
            for place in ["", "actions"] {
                let yml = folders[0].path().join(place).join(&action).join("action.yml");
                assert!(yml.is_file(), "{}", yml.display());
            }
        }
        let top = git(folders[0].path(), &["ls-tree", "--name-only", "HEAD"]).unwrap();
        assert!(!top.contains("crates") && !top.contains("binaries.lock"), "{top}");
    }

    /// Each document of a tree, with its path in it.
    fn documents_of(tree: &Path) -> Vec<(String, String)> {
        let listed = git(tree, &["ls-files", "-z", "*.md"]).unwrap();
        let read = |file: &str| (file.to_owned(), fs::read_to_string(tree.join(file)).unwrap());
        listed.split('\0').filter(|file| !file.is_empty()).map(read).collect()
    }

    #[test]
    fn every_link_of_every_document_leads_somewhere_in_the_tree_or_to_the_commit() {
        let workspace = Workspace::find().unwrap();
        let (folder, assets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(assets.path().join("cleanup-x86_64-unknown-linux-musl"), "x").unwrap();
        let commit = "5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1";
        let options = Options {
            release: Some((release(commit), assets.path().to_owned())),
            ..Options::unreleased()
        };
        write(&workspace, folder.path(), &options).unwrap();
        let documents = documents_of(folder.path());
        let problems = links::check(&documents, |path| folder.path().join(path).exists());
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [""; 0]);
        // Both copies were read, and what is not in the tree is named by the commit, where it is.
        let of_commit = format!("https://github.com/{REPOSITORY}/");
        for action in actions(&workspace).unwrap() {
            for place in ["", ACTIONS] {
                let name = format!("{place}{action}/README.md");
                assert!(documents.iter().any(|(path, _)| *path == name), "{name}");
            }
        }
        let mut followed = 0;
        for (path, text) in &documents {
            for (_, rest) in text
                .match_indices(&of_commit)
                .map(|(at, found)| text.split_at(at + found.len()))
            {
                let rest = rest.split([')', '#', ' ']).next().unwrap_or_default();
                let Some(file) = ["blob", "tree"]
                    .iter()
                    .find_map(|kind| rest.strip_prefix(&format!("{kind}/{commit}/")))
                else {
                    continue;
                };
                assert!(workspace.path(file).exists(), "{path}: {file}");
                followed += 1;
            }
        }
        assert!(followed > 0);
    }

    fn release(commit: &str) -> Release {
        Release {
            version: "v1.2.3".to_owned(),
            commit: commit.to_owned(),
            from: "https://github.com/codex/actions/releases/download".to_owned(),
        }
    }

    #[test]
    fn a_release_has_its_lock_beside_both_scripts() {
        let workspace = Workspace::find().unwrap();
        let (folder, assets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(assets.path().join("cleanup-x86_64-unknown-linux-musl"), "x").unwrap();
        let options = Options {
            release: Some((
                release("5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1"),
                assets.path().to_owned(),
            )),
            ..Options::unreleased()
        };
        write(&workspace, folder.path(), &options).unwrap();
        let locks =
            ["", "actions"].map(|place| fs::read_to_string(folder.path().join(place).join("binaries.lock")).unwrap());
        assert_eq!(locks[0], locks[1]);
        assert!(
            locks[0].ends_with("  cleanup-x86_64-unknown-linux-musl\n"),
            "{}",
            locks[0]
        );
    }

    #[test]
    fn a_mirrors_release_names_the_mirror() {
        let workspace = Workspace::find().unwrap();
        let (folder, assets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(assets.path().join("cleanup-x86_64-unknown-linux-musl"), "x").unwrap();
        let line = format!(
            "--assets {} --version v1.2.3 --commit 5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1 --references tag --repository acme/our-actions",
            assets.path().display()
        );
        let options = Options::parse(&mut line.split(' ').map(str::to_owned)).unwrap();
        // The command itself asks for all binaries of a target.
        assert!(options.check(&workspace).is_err());
        write(&workspace, folder.path(), &options).unwrap();
        let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(read("binaries.lock").contains("\nfrom https://github.com/acme/our-actions/releases/download\n"));
        let workflow = read(".github/workflows/preview.yml");
        assert!(workflow.contains("uses: acme/our-actions/actions/deploy-workers@v1.2.3"));
        assert!(!workflow.contains("uses: codex/actions/"), "{workflow}");
        for wrong in ["acme", "acme/", "a/b/c"] {
            let words = ["--repository", wrong].map(str::to_owned);
            assert!(Options::parse(&mut words.into_iter()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_form_for_faults_offers_every_action() {
        let workspace = Workspace::find().unwrap();
        let form = fs::read_to_string(workspace.path(".github/ISSUE_TEMPLATE/bug.yml")).unwrap();
        let options = form.lines().find_map(|line| line.trim().strip_prefix("options: ["));
        let options: Vec<&str> = options.unwrap().trim_end_matches(']').split(", ").collect();
        let mut expected = actions(&workspace).unwrap();
        expected.push("run.sh".to_owned());
        assert_eq!(options, expected);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let workspace = Workspace::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine"), "").unwrap();
        assert!(write(&workspace, folder.path(), &Options::unreleased()).is_err());
        assert!(folder.path().join("mine").exists());
    }
}
