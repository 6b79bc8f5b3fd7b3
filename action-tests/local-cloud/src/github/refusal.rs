//! Answers that are no success, in GitHub's shape.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::account::Level;
use crate::unknown::Unknown;

/// The answer to a fault rule that names a status alone.
pub(super) fn usual(status: u16, reason: &str) -> Value {
    json!({"message": reason, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()})
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// Details of a validation error.
    errors: Vec<Value>,
    /// `X-Accepted-GitHub-Permissions`.
    permissions: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            errors: Vec::new(),
            permissions: None,
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(super) fn bad_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    /// 403: the token lacks a permission. The text does not say which.
    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Resource not accessible by integration")
    }

    /// The same, for a request that takes one of these permissions: the header says which.
    pub(super) fn forbidden_without(keys: &[&str], level: Level) -> Self {
        let word = if level == Level::Write { "write" } else { "read" };
        let asked = keys.iter().map(|key| format!("{}={word}", key.replace('-', "_")));
        Self {
            permissions: Some(asked.collect::<Vec<_>>().join("; ")),
            ..Self::forbidden()
        }
    }

    pub(super) fn gone(message: &str) -> Self {
        Self::new(StatusCode::GONE, message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 422 `Validation Failed` for one field of a resource.
    pub(super) fn invalid(resource: &str, field: &str, code: &str, message: Option<&str>) -> Self {
        let mut error = json!({"resource": resource, "code": code, "field": field});
        if let Some(message) = message {
            error["message"] = json!(message);
        }
        Self {
            errors: vec![error],
            ..Self::unprocessable("Validation Failed")
        }
    }

    /// GitHub has it, this double has not.
    pub(super) fn unmodelled(what: &str) -> Self {
        let message = format!("local-cloud does not model {what}");
        Self::new(StatusCode::NOT_IMPLEMENTED, message)
    }

    /// The innermost text: a validation error's own, where it has one.
    pub(super) fn detail(&self) -> String {
        let inner = self.errors.first().and_then(|error| error["message"].as_str());
        inner.unwrap_or(&self.message).to_owned()
    }

    /// 422 for a body without a field that it must have.
    pub(super) fn not_supplied(field: &str) -> Self {
        Self::unprocessable(format!("Invalid request.\n\n\"{field}\" wasn't supplied."))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.as_u16().to_string(),
        });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        let mut response = (self.status, Json(body)).into_response();
        let asked = self.permissions.and_then(|asked| HeaderValue::from_str(&asked).ok());
        if let Some(asked) = asked {
            response.headers_mut().insert("x-accepted-github-permissions", asked);
        }
        if self.status == StatusCode::NOT_IMPLEMENTED {
            response.extensions_mut().insert(Unknown);
        }
        response
    }
}
