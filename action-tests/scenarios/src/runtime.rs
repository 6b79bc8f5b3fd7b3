//! The local cloud's Node side: installed once when its packages are missing.

use std::path::PathBuf;

use tokio::process::Command;
use tokio::sync::Mutex;

/// Two stories that start at once must not install at once.
static INSTALLING: Mutex<()> = Mutex::const_new(());

/// The runtime's directory, its packages installed.
pub(crate) async fn ready() -> PathBuf {
    let directory = local_cloud::Options::runtime_beside_this_crate();
    let _one_at_a_time = INSTALLING.lock().await;
    if !directory.join("node_modules").is_dir() {
        let done = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&directory)
            .output()
            .await
            .unwrap_or_else(|error| panic!("stories with Postgres or Workers need Node and npm: {error}"));
        assert!(
            done.status.success(),
            "`npm ci` in `{}` failed, and stories with Postgres or Workers need it: {}",
            directory.display(),
            String::from_utf8_lossy(&done.stderr)
        );
    }
    directory
}
