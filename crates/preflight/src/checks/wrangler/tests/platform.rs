use std::path::Path;

use super::told_in;

#[tokio::test]
async fn the_platform_is_clean() {
    let platform = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../action-tests/platform");
    let platform = std::fs::canonicalize(platform).unwrap();
    insta::assert_snapshot!(told_in(&platform, None).await, @r#"
    codex.toml:17:1 note sibling-by-url environments.preview: in `preview`, `API_URL` and `WEB_APP_URL` of `identity-api`, `API_URL` and `WEB_APP_URL` of `content-api`, `API_URL` and `WEB_APP_URL` of `auth`, `WEB_APP_URL` of `stripe-webhook-handler` and `API_URL` of `web` lead to siblings that a `fetch` from a Worker does not reach; leave them for links and CORS, and give a Worker that fetches one a service binding
    codex.toml:71:1 warning domain-behind-wildcard environments.staging: `identity-api-staging.revelations.studio`, `content-api-staging.revelations.studio`, `auth-staging.revelations.studio`, `api-staging.revelations.studio` and `codex-staging.revelations.studio` of `staging` are matched by route `*.revelations.studio/*` of `web` in `production`, and routes go before custom domains; set `routing = "route"` for `environments.staging`: the more specific route goes first
    "#);
}
