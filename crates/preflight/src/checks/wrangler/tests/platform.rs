use std::path::Path;

use super::{in_folder, lines};

#[tokio::test]
async fn the_platform_is_clean() {
    let platform = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../action-tests/platform");
    let platform = std::fs::canonicalize(platform).unwrap();
    insta::assert_snapshot!(lines(&in_folder(&platform, None).await), @r#"
    codex.toml:14:1 note hostnames-under-wildcard environments.preview: route `*.revelations.studio/*` of `web` in `production` matches the hostnames of `preview`: `production` answers there while no preview does; reserve such names in the application, so that no tenant takes one
    codex.toml:29:1 warning domain-behind-wildcard environments.staging: route `*.revelations.studio/*` of `web` in `production` matches `identity-api-staging.revelations.studio`, `content-api-staging.revelations.studio`, `auth-staging.revelations.studio`, `api-staging.revelations.studio` and `codex-staging.revelations.studio` of `staging`, and routes go before custom domains; set `routing = "route"` for `environments.staging`: the more specific route goes first
    "#);
}
