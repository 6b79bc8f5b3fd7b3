//! Which release this is. The release workflow tells it to the compiler; a build from source belongs to none.

/// `v1.2.3`
pub const VERSION: Option<&str> = option_env!("CODEX_ACTIONS_VERSION");
/// The commit that was built.
const COMMIT: Option<&str> = option_env!("CODEX_ACTIONS_COMMIT");

/// What `--version` answers, and the first line of an action's log.
pub fn line(action: &str) -> String {
    match (VERSION, COMMIT) {
        (Some(version), Some(commit)) => format!("{action} {version} ({commit})"),
        _ => format!("{action} {} (built from source)", env!("CARGO_PKG_VERSION")),
    }
}
