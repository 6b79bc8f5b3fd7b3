//! The process environment, read once: whatever decides takes an [`Env`], so that tests can give their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Environment variables by name. Blank ones count as unset: a composite action passes each unset input as `""`.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The variables of this process. Those that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The variable's value, unless it is unset or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// Every variable that is set and not blank.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(_, value)| !value.trim().is_empty())
    }

    /// `GITHUB_WORKSPACE`, or the current directory outside a runner.
    pub fn workspace(&self) -> PathBuf {
        self.get("GITHUB_WORKSPACE")
            .map_or_else(|| PathBuf::from("."), PathBuf::from)
    }

    /// `path` from the workspace, unless it is absolute.
    pub fn in_workspace(&self, path: impl AsRef<Path>) -> PathBuf {
        self.workspace().join(path)
    }

    /// The URL of this workflow run, when a runner told enough to build it.
    pub fn run_url(&self) -> Option<String> {
        Some(format!(
            "{}/actions/runs/{}",
            self.repository_url()?,
            self.get("GITHUB_RUN_ID")?
        ))
    }

    /// The URL of the repository that the workflow is of.
    pub fn repository_url(&self) -> Option<String> {
        let (server, repository) = (self.get("GITHUB_SERVER_URL")?, self.get("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}"))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        Self(
            vars.into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}
