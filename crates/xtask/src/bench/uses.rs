//! An action's step, as a bench starts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use step::{ActionYml, Files, Job, Step, Way};

use super::measure::once;
use crate::demo::cloud::Cloud;
use crate::demo::world::REPOSITORY;
use crate::workspace::Workspace;

/// `uses:` with its `with:` and `env:`.
pub(super) struct Uses {
    action: ActionYml,
    binaries: PathBuf,
    job: Job,
    with: BTreeMap<String, String>,
    /// Where the step's files are.
    folder: PathBuf,
}

impl Uses {
    /// In `folder` as the checkout; a job that no pull request has started, and without a token of GitHub's.
    pub(super) fn new(workspace: &Workspace, action: &str, folder: &Path) -> Result<Self> {
        Ok(Self {
            action: ActionYml::read(&workspace.path("actions"), action)?,
            binaries: workspace.bin.clone(),
            job: Job::new()
                .set("GITHUB_API_URL", "https://api.github.com")
                .set("GITHUB_REPOSITORY", REPOSITORY)
                .set("GITHUB_WORKSPACE", folder.display().to_string()),
            with: BTreeMap::new(),
            folder: folder.join(".step"),
        })
    }

    pub(super) fn with(mut self, input: &str, value: &str) -> Self {
        self.with.insert(input.to_owned(), value.to_owned());
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.job = self.job.set(name, value);
        self
    }

    /// The command, and the step's files, emptied.
    pub(super) fn command(&self) -> Result<(Command, Files)> {
        let files = Files::create(&self.folder)?;
        let step = Step {
            action: &self.action,
            job: &self.job,
            binaries: &self.binaries,
            way: Way::Binary,
        };
        Ok((step.command(&self.with, &files)?, files))
    }

    /// What the step has set.
    pub(super) fn outputs(&self, files: &Files) -> Result<BTreeMap<String, String>> {
        self.action.made(&files.left()?.outputs)
    }

    /// Plays the step: milliseconds from start to end, and the requests that the cloud saw.
    pub(super) fn once(&self, cloud: &Cloud) -> Result<(f64, usize)> {
        let (mut command, files) = self.command()?;
        let measured = once(cloud, &mut command)?;
        self.outputs(&files)?;
        Ok(measured)
    }
}
