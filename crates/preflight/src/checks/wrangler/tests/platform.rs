use std::path::Path;

use super::{in_folder, lines};

#[tokio::test]
async fn the_platform_is_clean() {
    let platform = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../action-tests/platform");
    let platform = std::fs::canonicalize(platform).unwrap();
    insta::assert_snapshot!(lines(&in_folder(&platform, None).await), @"codex.toml:14:1 note hostnames-under-wildcard environments.preview: route `*.revelations.studio/*` of `web` in `production` matches the hostnames of `preview`: `production` answers there while no preview does; reserve such names in the application, so that no tenant takes one");
}
