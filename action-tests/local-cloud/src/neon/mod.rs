//! Neon's API.

use std::sync::Arc;

use axum::Router;
use serde::Serialize;
use serde_json::Value;

use crate::cloud::Cloud;
use crate::unknown;

/// What Neon knows.
#[derive(Debug, Default, Serialize)]
pub(crate) struct State {}

pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    Router::new()
        .fallback(unknown::answer)
        .method_not_allowed_fallback(unknown::answer)
        .with_state(cloud)
}

/// Merges a seed into the state.
pub(crate) fn seed(_state: &mut State, _value: &Value) -> anyhow::Result<()> {
    Ok(())
}

/// Brings what lies outside the state (databases, proxies, expired branches) in line with it. Called
/// at the start and after each reset, seed and move of the clock.
#[expect(
    clippy::unused_async,
    reason = "databases are created here once the runtime is on"
)]
pub(crate) async fn settle(_cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    Ok(())
}
