//! The edge: serves deployed Workers by Host header.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::cloud::Cloud;

/// What the edge knows by itself.
#[derive(Debug, Default)]
pub(crate) struct Edge {}

impl Edge {
    pub(crate) fn seed(&self, _value: &Value) -> anyhow::Result<()> {
        Ok(())
    }

    pub(crate) fn reset(&self) {}
}

/// Answers any request by the Worker of its host.
pub(crate) async fn serve(State(_cloud): State<Arc<Cloud>>, _request: Request) -> Response {
    let status = StatusCode::from_u16(530).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, "error code: 1016").into_response()
}
