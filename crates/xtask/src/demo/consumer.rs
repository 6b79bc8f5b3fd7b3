//! A scratch copy of `action-tests/platform`: the repository of a team that uses the actions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::git::{commit, commit_all, git};
use crate::workspace::Workspace;

const PLATFORM: &str = "action-tests/platform";
/// The web app's page, a static asset of its Worker.
const PAGE: &str = "apps/web/public/index.html";
/// `.localhost` names are loopback for every browser (RFC 6761), so the previews' URLs can be clicked.
pub(crate) const ZONE: &str = "revelations.localhost";

pub(crate) struct Consumer {
    pub(crate) folder: PathBuf,
    pub(crate) base_sha: String,
    /// The pull request's branch: its tip.
    pub(crate) head_sha: String,
    pub(crate) head_ref: &'static str,
    /// What the last commit added to the web app's page.
    pub(crate) offers: String,
}

impl Consumer {
    /// Copies the platform to `folder`, and commits it as `main`.
    pub(crate) fn create(workspace: &Workspace, folder: &Path, edge_port: &str) -> Result<Self> {
        let platform = workspace.path(PLATFORM);
        let listed = git(
            &platform,
            &["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        )?;
        for file in listed.split('\0').filter(|file| !file.is_empty()) {
            let target = folder.join(file);
            fs::create_dir_all(target.parent().unwrap_or(folder))?;
            fs::copy(platform.join(file), target).with_context(|| format!("could not copy `{file}`"))?;
        }
        // Links cost no time and no space; npm's own links inside are relative and keep pointing into the copy.
        link_tree(&platform.join("node_modules"), &folder.join("node_modules"))
            .context("could not link the platform's node_modules")?;
        // The workflow that such a repository has: the one of the README.
        let workflows = folder.join(".github/workflows");
        fs::create_dir_all(&workflows)?;
        fs::copy(
            workspace.path("action-tests/workflows/smallest.yml"),
            workflows.join("preview.yml"),
        )?;
        let manifest = folder.join("codex.toml");
        fs::write(&manifest, local(&fs::read_to_string(&manifest)?, edge_port))?;
        let base_sha = commit_all(folder, "The platform")?;
        // What `actions/checkout` leaves, and what tells tools which repository this is.
        git(folder, &["remote", "add", "origin", "https://github.com/acme/app"])?;
        Ok(Self {
            folder: folder.to_path_buf(),
            head_sha: base_sha.clone(),
            base_sha,
            head_ref: "feature/checkout",
            offers: String::new(),
        })
    }

    /// A branch with one commit of its own, as a developer opens a pull request from.
    pub(crate) fn branch_off(&mut self) -> Result<()> {
        git(&self.folder, &["switch", "--quiet", "--create", self.head_ref])?;
        self.push("Checkout: pay once")
    }

    /// A migration, as `drizzle-kit generate` leaves it.
    pub(crate) fn migration(&self, sql: &str) -> Result<()> {
        let folder = self.folder.join("packages/database/migrations");
        let journal_file = folder.join("meta/_journal.json");
        let mut journal: Value = serde_json::from_str(&fs::read_to_string(&journal_file)?)?;
        let name = journalled(&mut journal)?;
        fs::write(&journal_file, serde_json::to_string_pretty(&journal)?)?;
        Ok(fs::write(folder.join(name), sql)?)
    }

    /// One more commit on the branch, as a developer pushes it.
    pub(crate) fn push(&mut self, subject: &str) -> Result<()> {
        let notes = self.folder.join("CHANGES.md");
        let before = fs::read_to_string(&notes).unwrap_or_default();
        fs::write(&notes, format!("{before}- {subject}\n"))?;
        // A migration of its own: the branch gets it, production must not.
        let number = before.lines().count() + 1;
        self.migration(&format!("CREATE TABLE checkout_{number} (id uuid PRIMARY KEY);\n"))?;
        let page = self.folder.join(PAGE);
        let text = fs::read_to_string(&page)?;
        fs::write(
            &page,
            text.replace("</main>", &format!("  <p class=\"lead\">{subject}</p>\n    </main>")),
        )?;
        subject.clone_into(&mut self.offers);
        self.head_sha = commit(&self.folder, subject)?;
        Ok(())
    }
}

/// Adds an entry to drizzle-kit's journal; answers the name of its file.
fn journalled(journal: &mut Value) -> Result<String> {
    let entries = journal["entries"]
        .as_array_mut()
        .context("the journal has no entries")?;
    let last = entries.last().and_then(|entry| entry["when"].as_u64());
    let index = entries.len();
    let tag = format!("{index:04}_checkout");
    entries.push(json!({
        "idx": index, "version": "7", "when": last.context("the journal's last entry has no time")? + 1000,
        "tag": tag, "breakpoints": true,
    }));
    Ok(format!("{tag}.sql"))
}

/// The manifest with the demo's zone, and with URLs that reach the local edge.
fn local(manifest: &str, edge_port: &str) -> String {
    let mut table = "";
    let mut lines = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            table = line.trim();
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        match (table, key) {
            ("[project]", "zone") => {
                lines.push(format!("zone = \"{ZONE}\""));
                lines.push(format!("url = \"http://{{hostname}}:{edge_port}\""));
            }
            ("[project]", "url") => {}
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

/// Hard-links all files of `from` into a new folder `to`; symbolic links stay what they are.
fn link_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            link_tree(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, target)?;
        } else if fs::hard_link(&source, &target).is_err() {
            // Another file system: a copy serves as well.
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_gets_the_local_zone_and_urls() {
        let manifest = "[project]\nname = \"codex\"\nzone = \"a.example\" # ours\n\n[services.web]\nzone = \"kept\"\n";
        assert_eq!(
            local(manifest, "81"),
            "[project]\nname = \"codex\"\nzone = \"revelations.localhost\"\nurl = \"http://{hostname}:81\"\n\n\
             [services.web]\nzone = \"kept\"\n"
        );
    }

    #[test]
    fn a_migration_comes_after_the_last_one() {
        let mut journal = json!({"entries": [{"idx": 0, "when": 5000, "tag": "0000_platform"}]});
        assert_eq!(journalled(&mut journal).unwrap(), "0001_checkout.sql");
        assert_eq!(journal["entries"][1]["when"], 6000);
        assert!(journalled(&mut json!({"entries": []})).is_err());
    }

    #[test]
    fn links_share_files_and_keep_symbolic_links() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("inner")).unwrap();
        fs::write(from.join("inner/file"), "text").unwrap();
        std::os::unix::fs::symlink("../sibling", from.join("link")).unwrap();
        link_tree(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("inner/file")).unwrap(), "text");
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("../sibling"));
    }
}
