//! The answer to a request for which there is no route: loud, and recorded.

use axum::Json;
use axum::Router;
use axum::extract::OriginalUri;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::json;

/// Marks a response, so that the gate records the request as unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unknown;

/// What a vendor has and this double has not, though a route here would take the literal for an id: answered as any other
/// request without a route, in place of a 404 that would be a lie.
pub(crate) fn literals<S: Clone + Send + Sync + 'static>(router: Router<S>, paths: &[&str]) -> Router<S> {
    paths
        .iter()
        .fold(router, |router, path| router.route(path, any(answer)))
}

/// Fallback of every router: 501, with the method and path that are missing here.
pub(crate) async fn answer(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let text = format!("local-cloud has no route for {method} {}", uri.path());
    let body = json!({
        "message": text,
        "success": false,
        "errors": [{"code": 7003, "message": text}],
        "messages": [],
        "result": null,
    });
    let mut response = (StatusCode::NOT_IMPLEMENTED, Json(body)).into_response();
    response.extensions_mut().insert(Unknown);
    response
}
