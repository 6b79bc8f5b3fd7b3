//! The npm folders that stories need, installed as their lock files say.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use step::install;

/// The local cloud's Node side: workerd and Postgres.
pub(crate) fn runtime() -> &'static Path {
    static RUNTIME: OnceLock<PathBuf> = OnceLock::new();
    RUNTIME.get_or_init(|| installed("runtime"))
}

/// `action-tests/clients`: the vendors' own programs.
pub fn clients() -> &'static Path {
    static CLIENTS: OnceLock<PathBuf> = OnceLock::new();
    CLIENTS.get_or_init(|| installed("clients"))
}

/// `action-tests/wranglers`: older wranglers, and package managers.
pub fn wranglers() -> &'static Path {
    static WRANGLERS: OnceLock<PathBuf> = OnceLock::new();
    WRANGLERS.get_or_init(|| installed("wranglers"))
}

/// `action-tests/projects`: the frameworks that projects are built with, and the templates that make such projects.
pub fn projects() -> &'static Path {
    static PROJECTS: OnceLock<PathBuf> = OnceLock::new();
    PROJECTS.get_or_init(|| installed("projects"))
}

/// `action-tests/platform`: the platform's own tools, Turborepo among them.
pub fn platform() -> &'static Path {
    static PLATFORM: OnceLock<PathBuf> = OnceLock::new();
    PLATFORM.get_or_init(|| installed("platform"))
}

/// A Node that is new enough for all of them: the one from npm, else the machine's.
pub fn node() -> PathBuf {
    install::node(clients()).unwrap_or_else(|| PathBuf::from("node"))
}

/// A `PATH` on which that Node comes first.
pub fn path_with_node() -> String {
    let folder = node().parent().map(|folder| folder.display().to_string());
    let machine = std::env::var("PATH").unwrap_or_default();
    format!("{}:{machine}", folder.unwrap_or_default())
}

/// A folder beside this package, installed as its lock file says. Others wait meanwhile.
fn installed(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    install::npm(&folder, install::run).unwrap_or_else(|error| panic!("this story needs Node and npm: {error:#}"));
    folder
}
