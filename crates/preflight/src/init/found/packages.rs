//! The packages of a repository, and who installs them.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use super::folder_of;

/// A `package.json`.
#[derive(Debug, Clone, Default)]
pub(in crate::init) struct Package {
    /// `.` is the manifest's folder.
    pub(in crate::init) folder: String,
    pub(in crate::init) name: Option<String>,
    pub(in crate::init) scripts: IndexMap<String, String>,
    /// Of every kind, by name.
    pub(in crate::init) dependencies: BTreeSet<String>,
    /// Whether a Worker's configuration lies beside it.
    pub(in crate::init) is_worker: bool,
    manager: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Json {
    name: Option<String>,
    package_manager: Option<String>,
    scripts: IndexMap<String, String>,
    dependencies: IndexMap<String, serde_json::Value>,
    dev_dependencies: IndexMap<String, serde_json::Value>,
    peer_dependencies: IndexMap<String, serde_json::Value>,
    optional_dependencies: IndexMap<String, serde_json::Value>,
}

/// All that can be read, by folder.
pub(super) fn read(root: &Path, files: &BTreeSet<String>) -> Vec<Package> {
    let named = files
        .iter()
        .filter(|file| file.rsplit('/').next() == Some("package.json"));
    let mut all: Vec<Package> = named
        .filter_map(|file| {
            let text = std::fs::read_to_string(root.join(file)).ok()?;
            // One that npm would not read says nothing; what is wrong with it is not for us to say.
            let json: Json = serde_json::from_str(&text).ok()?;
            let dependencies = [
                json.dependencies,
                json.dev_dependencies,
                json.peer_dependencies,
                json.optional_dependencies,
            ];
            Some(Package {
                folder: folder_of(file).to_owned(),
                name: json.name.filter(|name| !name.is_empty()),
                scripts: json.scripts,
                dependencies: dependencies.into_iter().flat_map(IndexMap::into_keys).collect(),
                is_worker: false,
                manager: json.package_manager,
            })
        })
        .collect();
    all.sort_by(|a, b| a.folder.cmp(&b.folder));
    all
}

/// The packages that one needs, at whatever distance, in the workspace; itself not. Other Workers are not followed:
/// what is taken of them is types.
pub(super) fn needed<'a>(package: &Package, all: &'a [Package]) -> Vec<&'a Package> {
    let mut found: Vec<&Package> = Vec::new();
    let mut open = vec![&package.dependencies];
    while let Some(names) = open.pop() {
        let of_names = all.iter().filter(|other| {
            let named = other.name.as_ref().is_some_and(|name| names.contains(name));
            // What helps tests is no part of a Worker.
            let tests = ["test", "mock", "e2e", "fixture"];
            let name = other.folder.rsplit('/').next().unwrap_or_default();
            named && !other.is_worker && other.folder != package.folder && !tests.iter().any(|part| name.contains(part))
        });
        for other in of_names {
            if !found.iter().any(|seen| seen.folder == other.folder) {
                found.push(other);
                open.push(&other.dependencies);
            }
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

/// Who installs packages and runs their scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::init) enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

impl Manager {
    /// By the root's `packageManager`, else by the lock file, else npm.
    pub(super) fn of(packages: &[Package], files: &BTreeSet<String>) -> Self {
        let root = packages.iter().find(|package| package.folder == ".");
        let said = root.and_then(|package| package.manager.as_deref());
        let by_name = said.and_then(|said| match said.split('@').next().unwrap_or_default() {
            "npm" => Some(Self::Npm),
            "pnpm" => Some(Self::Pnpm),
            "yarn" => Some(Self::Yarn),
            "bun" => Some(Self::Bun),
            _ => None,
        });
        let locks = [
            ("pnpm-lock.yaml", Self::Pnpm),
            ("pnpm-workspace.yaml", Self::Pnpm),
            ("yarn.lock", Self::Yarn),
            ("bun.lock", Self::Bun),
            ("bun.lockb", Self::Bun),
        ];
        let by_lock = || {
            locks
                .iter()
                .find(|(lock, _)| files.contains(*lock))
                .map(|(_, manager)| *manager)
        };
        by_name.or_else(by_lock).unwrap_or(Self::Npm)
    }

    /// The command that runs a script of the package in the current folder.
    pub(in crate::init) fn run(self, script: &str) -> String {
        match self {
            Self::Npm => format!("npm run {script}"),
            Self::Pnpm => format!("pnpm run {script}"),
            Self::Yarn => format!("yarn run {script}"),
            Self::Bun => format!("bun run {script}"),
        }
    }

    /// The command that runs a script of a package of the workspace, from its root.
    pub(in crate::init) fn run_in(self, package: &Package, script: &str) -> String {
        match (self, package.name.as_deref()) {
            (Self::Pnpm, Some(name)) => format!("pnpm --filter {name} {script}"),
            (Self::Yarn, Some(name)) => format!("yarn workspace {name} run {script}"),
            (Self::Bun, Some(name)) => format!("bun run --filter '{name}' {script}"),
            (Self::Npm, _) => format!("npm run {script} --prefix {}", package.folder),
            (manager, None) => format!("cd {} && {}", package.folder, manager.run(script)),
        }
    }

    /// The command that runs a tool of a package, from the workspace's root.
    pub(in crate::init) fn execute_in(self, folder: &str, tool: &str) -> String {
        let there = if folder == "." {
            String::new()
        } else {
            format!("cd {folder} && ")
        };
        match self {
            Self::Npm => format!("{there}npx {tool}"),
            Self::Pnpm => format!("{there}pnpm exec {tool}"),
            Self::Yarn => format!("{there}yarn exec {tool}"),
            Self::Bun => format!("{there}bunx {tool}"),
        }
    }
}
