//! A provider as the gate sees it: where it is addressed, how it refuses, and what is on each of its answers.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::faults::Rule;
use crate::log::Provider;

/// One of the faces of the cloud: where it is addressed, and how it answers.
pub(crate) struct Face {
    pub(crate) provider: Provider,
    /// Base path on the API listener; empty for the edge, which has a listener of its own.
    pub(crate) base: &'static str,
    /// The usual body of an error: by its status and the status' name.
    pub(crate) error: fn(u16, &str) -> Value,
    /// Puts on an answer what every answer has, given the request's token.
    pub(crate) stamp: Box<Stamp>,
}

type Stamp = dyn Fn(Option<&str>, &mut HeaderMap) + Send + Sync;

impl Face {
    /// An error of the usual shape.
    pub(crate) fn refuse(&self, status: StatusCode) -> Response {
        match self.usual_error(status.as_u16()) {
            Value::String(text) => (status, text).into_response(),
            body => (status, Json(body)).into_response(),
        }
    }

    /// No vendor answers with this web framework's own text: what it refuses by itself (a path or a body that it cannot
    /// read) is refused in the provider's shape. Deployed Workers may answer as they like.
    pub(crate) fn own(&self, response: Response) -> Response {
        let status = response.status();
        let is_json = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if self.provider == Provider::Edge || is_json || !(status.is_client_error() || status.is_server_error()) {
            return response;
        }
        let mut own = self.refuse(status);
        for (name, value) in response
            .headers()
            .iter()
            .filter(|(name, _)| *name != header::CONTENT_LENGTH)
        {
            own.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        own
    }

    fn usual_error(&self, status: u16) -> Value {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        (self.error)(status, reason)
    }

    /// The answer of a `status` rule: its own body, or the provider's usual shape of an error.
    pub(crate) fn fault(&self, status: u16, rule: &Rule) -> Response {
        let (kind, body) = match &rule.body {
            Value::String(text) => ("text/html; charset=UTF-8", text.clone()),
            Value::Null => match self.usual_error(status) {
                Value::String(text) => ("text/plain; charset=UTF-8", text),
                body => ("application/json", body.to_string()),
            },
            body => ("application/json", body.to_string()),
        };
        let mut response = body.into_response();
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        for (name, value) in &rule.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        response
    }
}
