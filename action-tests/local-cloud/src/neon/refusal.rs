//! Answers that are no success, in Neon's shape: `{request_id, code, message}`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What a locked project answers.
const LOCKED: &str = "project already has running conflicting operations, scheduling of new ones is prohibited";

/// The answer to a fault rule that names a status alone.
pub(super) fn usual(status: u16, reason: &str) -> Value {
    let message = if status == 423 { LOCKED } else { reason };
    json!({"request_id": "00000000-0000-4000-8000-000000000000", "code": "", "message": message})
}

/// Why a request is refused. Travels in the response's extensions to [`super::door::envelope`],
/// which knows the request's id and writes the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// Empty for most refusals; clients branch on it for plan limits.
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400: the request itself is wrong.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "", message)
    }

    /// 401.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "",
            "supplied credentials do not pass authentication",
        )
    }

    /// 403.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "", message)
    }

    /// 404: `what` is a noun, such as `branch`.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "", format!("{what} not found"))
    }

    /// 409.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "", message)
    }

    /// 412: the account or project does not allow it.
    pub(crate) fn precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "", message)
    }

    /// 422 without a code. Neon documents no status for what it refuses because of a branch's role
    /// (default, protected, parent, expiring): this one is chosen.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "", message)
    }

    /// 422 with the code of a plan limit.
    pub(crate) fn limit(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 423: operations are under way in the project.
    pub(crate) fn locked() -> Self {
        Self::new(StatusCode::LOCKED, "", LOCKED)
    }

    /// 500: the double's own parts (a database) failed.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
