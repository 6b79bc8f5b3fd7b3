//! The npm folders that the clients and the runtime come from.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use step::install;

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

/// Other processes wait meanwhile.
fn installed(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .canonicalize()
        .unwrap();
    install::npm(&folder, install::run).unwrap_or_else(|error| panic!("{error:#}"));
    folder
}

/// A Node that is new enough for wrangler: the one from npm, else the machine's.
pub(crate) fn node() -> PathBuf {
    install::node(clients()).unwrap_or_else(|| PathBuf::from("node"))
}
