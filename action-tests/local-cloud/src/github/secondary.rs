//! The secondary limit on what is created: so many comments, issues and deployments a minute, whatever is left of the
//! hour.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::model::At;
use super::refusal::Refusal;
use super::state::State;

/// Creations that a token may ask for in a minute.
pub(super) const PER_MINUTE: usize = 80;
const MINUTE: i64 = 60;

fn creates(method: &Method, path: &str) -> bool {
    method == Method::POST
        && ["/comments", "/issues", "/deployments"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// Counts a creation, or refuses it.
pub(super) fn check(state: &mut State, token: &str, method: &Method, path: &str, now: At) -> Option<Response> {
    if !creates(method, path) {
        return None;
    }
    let most = state.content_per_minute;
    let before = state.created.entry(token.to_owned()).or_default();
    before.retain(|at| now.epoch() - at < MINUTE);
    if before.len() < most {
        before.push(now.epoch());
        return None;
    }
    let oldest = before.first().copied().unwrap_or_else(|| now.epoch());
    let message = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. \
                   Please retry your request again later.";
    let mut response = Refusal::new(StatusCode::FORBIDDEN, message).into_response();
    let wait = HeaderValue::from(oldest + MINUTE - now.epoch());
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    Some(response)
}
