//! What every answer of GitHub carries: its id, the rate limit, an `ETag`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::model::At;
use super::refusal::Refusal;
use super::secondary;
use crate::gate;
use crate::github::state::Github;
use crate::lock::lock;
use crate::text::hex;

/// Requests per hour of a workflow's token: 1,000 per repository, of which there is one here.
pub(super) const LIMIT: u64 = 1000;
const HOUR: i64 = 3600;

/// What a token has used of its hour.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    pub(super) used: u64,
    /// Seconds since 1970.
    pub(super) reset: i64,
}

impl Usage {
    pub(super) fn fresh(now: At) -> Self {
        Self {
            used: 0,
            reset: now.epoch() + HOUR,
        }
    }

    fn json(self, limit: u64) -> Value {
        json!({"limit": limit, "used": self.used, "remaining": limit.saturating_sub(self.used), "reset": self.reset})
    }
}

/// `GET /rate_limit`: free of charge.
pub(super) async fn rate_limit(call: super::door::Call) -> super::door::Answer {
    let now = At::of(call.cloud.ground.clock.now());
    let mut state = lock(&call.cloud.state);
    let limit = state.rate_limit;
    let core = state.usage(&call.token.value, now).json(limit);
    let other = Usage::fresh(now).json(LIMIT);
    Ok(super::door::Reply::ok(
        json!({"resources": {"core": core, "graphql": other, "search": Usage::fresh(now).json(30)}, "rate": core}),
    ))
}

/// Refuses beyond the limit, counts, and adds the headers. A 304 does not count.
pub(super) async fn wrap(Shared(cloud): Shared<Arc<Github>>, request: Request, next: Next) -> Response {
    let token = gate::token(request.headers()).unwrap_or_default();
    let is_get = request.method() == Method::GET;
    let free = request.uri().path() == "/rate_limit";
    let known_etag = request.headers().get(header::IF_NONE_MATCH).cloned();
    let now = At::of(cloud.ground.clock.now());
    let (usage, limit, slow_down) = {
        let mut state = lock(&cloud.state);
        let slow_down = secondary::check(&mut state, &token, request.method(), request.uri().path(), now);
        (state.usage(&token, now), state.rate_limit, slow_down)
    };
    let mut response = if !request.headers().contains_key(header::USER_AGENT) {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        )
        .into_response()
    } else if usage.used >= limit && !free {
        Refusal::new(StatusCode::FORBIDDEN, "API rate limit exceeded for installation.").into_response()
    } else if let Some(refusal) = slow_down {
        refusal
    } else {
        let response = next.run(request).await;
        if is_get && response.status() == StatusCode::OK {
            tag(response, known_etag.as_ref()).await
        } else {
            response
        }
    };
    let usage = {
        let mut state = lock(&cloud.state);
        let counts = !free && response.status() != StatusCode::NOT_MODIFIED && usage.used < limit;
        state.count(&token, now, u64::from(counts))
    };
    add_headers(response.headers_mut(), usage, limit);
    response
}

/// Adds the `ETag`, or answers 304 when the client knows it.
async fn tag(response: Response, known: Option<&HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, gate::BODY_LIMIT).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    let Ok(etag) = HeaderValue::from_str(&format!("W/\"{}\"", hex(&digest))) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    // Weak comparison: with or without `W/`.
    let bare = |value: &HeaderValue| value.to_str().unwrap_or_default().trim_start_matches("W/").to_owned();
    let matches = known.is_some_and(|known| bare(known) == bare(&etag));
    parts.headers.insert(header::ETAG, etag);
    parts.headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=60, s-maxage=60"),
    );
    if matches {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn add_headers(headers: &mut HeaderMap, usage: Usage, limit: u64) {
    let id = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
    let pairs = [
        (
            "x-github-request-id",
            format!("{}:{}:{}", &id[..4], &id[4..8], &id[8..20]),
        ),
        ("x-github-api-version-selected", "2022-11-28".to_owned()),
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", limit.saturating_sub(usage.used).to_string()),
        ("x-ratelimit-used", usage.used.to_string()),
        ("x-ratelimit-reset", usage.reset.to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
    ];
    for (name, value) in pairs {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
