//! Where things are in a checkout of this repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::act::Selection;

#[derive(Clone)]
pub(crate) struct Workspace {
    /// The repository's top folder.
    pub(crate) root: PathBuf,
    /// Where cargo puts the dev binaries.
    pub(crate) bin: PathBuf,
    /// Where the binaries of the actions are that stories and act run: there, unless a release is tried.
    pub(crate) actions: PathBuf,
    /// Which stories of workflows are played.
    pub(crate) stories: Selection,
}

impl Workspace {
    /// To be asked for once, at the start: a later `cargo build` may replace the file that runs now,
    /// and its path with it.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("the xtask package is not at crates/xtask")?
            .to_path_buf();
        let bin = std::env::current_exe()
            .context("could not tell where this program is")?
            .parent()
            .context("this program is in no folder")?
            .to_path_buf();
        let actions = bin.clone();
        Ok(Self {
            root,
            bin,
            actions,
            stories: Selection::default(),
        })
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A lint tool that [`crate::install::python`] put in place.
    pub(crate) fn python_tool(&self, name: &str) -> PathBuf {
        self.path(crate::install::PYTHON_FOLDER).join(".venv/bin").join(name)
    }

    /// An empty folder beside the build results, so that hard links from the checkout work;
    /// removed with all it holds when dropped.
    pub(crate) fn scratch(&self, purpose: &str) -> Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix(&format!("{purpose}-"))
            .tempdir_in(self.bin.parent().unwrap_or(&self.bin))
            .context("could not make a scratch folder")
    }
}
