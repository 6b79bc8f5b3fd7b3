//! Cloudflare's API.

use std::sync::Arc;

use axum::Router;
use serde::Serialize;
use serde_json::Value;

use crate::cloud::Cloud;
use crate::unknown;

/// What Cloudflare knows.
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
