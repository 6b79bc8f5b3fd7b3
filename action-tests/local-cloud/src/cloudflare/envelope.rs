//! The envelope of every answer: `{success, errors, messages, result, result_info?}`.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::unknown::Unknown;

/// What a handler answers.
pub(super) type Answer = Result<Reply, Refusal>;

/// A success.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    result: Value,
    info: Option<Value>,
    messages: Vec<Value>,
}

impl Reply {
    /// 200 with a result.
    pub(super) fn of(result: impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            result: serde_json::to_value(result).unwrap_or_default(),
            info: None,
            messages: Vec::new(),
        }
    }

    /// 200 with `result: null`, as deletes answer.
    pub(super) fn null() -> Self {
        Self::of(Value::Null)
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The result as the one member of an object.
    pub(super) fn within(mut self, key: &str) -> Self {
        self.result = json!({key: self.result});
        self
    }

    /// `result_info` of a list that pages in a way of its own.
    pub(super) fn info(mut self, info: Value) -> Self {
        self.info = Some(info);
        self
    }

    pub(super) fn message(mut self, code: u32, text: &str) -> Self {
        self.messages.push(json!({"code": code, "message": text, "type": null}));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut body = json!({
            "result": self.result,
            "success": true,
            "errors": [],
            "messages": self.messages,
        });
        if let Some(info) = self.info {
            body["result_info"] = info;
        }
        (self.status, Json(body)).into_response()
    }
}

/// The answer to a fault rule that names a status alone.
pub(super) fn usual(status: u16, reason: &str) -> Value {
    let (code, message) = match status {
        401 | 403 => (10000, "Authentication error"),
        429 => (
            10429,
            "Rate limited. Please wait and consider throttling your request speed",
        ),
        500.. => (
            10013,
            "An unknown error has occurred. If this issue persists, please contact support.",
        ),
        _ => (1000, reason),
    };
    json!({"success": false, "errors": [{"code": code, "message": message}], "messages": [], "result": null})
}

/// An error as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
    /// The useful code of older errors is in here.
    pub(super) chain: Vec<(u32, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            chain: Vec::new(),
        }
    }

    /// The same error with its cause in `error_chain`.
    pub(super) fn because(mut self, code: u32, message: impl Into<String>) -> Self {
        self.chain.push((code, message.into()));
        self
    }

    /// DNS hides what is wrong with a record behind code 1004.
    pub(super) fn dns(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, 1004, "DNS Validation Error").because(code, message)
    }

    /// Cloudflare has it, this double has not.
    pub(super) fn unmodelled(what: &str) -> Self {
        Self::new(501, 7003, format!("local-cloud does not model {what}"))
    }

    /// The id in the path is no id at all, or the path is none of the API's.
    pub(super) fn no_route(path: &str) -> Self {
        Self::new(
            404,
            7003,
            format!("Could not route to {path}, perhaps your object identifier is invalid?"),
        )
        .because(7000, "No route for that URI")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({"code": self.code, "message": self.message});
        if !self.chain.is_empty() {
            error["error_chain"] = self
                .chain
                .iter()
                .map(|(code, message)| json!({"code": code, "message": message}))
                .collect();
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json!({"result": null, "success": false, "errors": [error], "messages": []});
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::NOT_IMPLEMENTED {
            response.extensions_mut().insert(Unknown);
        }
        response
    }
}

/// A JSON body, or a 400 with the resource's own code for a bad one.
pub(super) fn parse<T: DeserializeOwned>(body: &Bytes, code: u32) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(400, code, format!("could not parse request body: {error}")))
}

/// `page` and `per_page` of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    page: usize,
    per_page: usize,
}

impl Paging {
    /// Reads the query's pairs; values out of range are brought into it.
    pub(super) fn read(query: &[(String, String)], default: usize, max: usize) -> Self {
        let number = |name: &str| {
            query
                .iter()
                .find(|(key, _)| key == name)
                .and_then(|(_, value)| value.parse::<usize>().ok())
        };
        Self {
            page: number("page").unwrap_or(1).max(1),
            per_page: number("per_page").unwrap_or(default).clamp(1, max),
        }
    }

    /// The page's items with `result_info`.
    pub(super) fn reply<T: Serialize>(self, all: &[T]) -> Reply {
        let first = (self.page - 1).saturating_mul(self.per_page).min(all.len());
        let end = first.saturating_add(self.per_page).min(all.len());
        let items = &all[first..end];
        let mut reply = Reply::of(items);
        reply.info = Some(json!({
            "page": self.page,
            "per_page": self.per_page,
            "count": items.len(),
            "total_count": all.len(),
            "total_pages": all.len().div_ceil(self.per_page),
        }));
        reply
    }
}

/// One value of a query.
pub(super) fn pick<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// A query flag such as `force=true`.
pub(super) fn flag(query: &[(String, String)], name: &str) -> bool {
    matches!(pick(query, name), Some("true" | "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_past_the_end_is_empty_and_still_counts() {
        let query = vec![("page".into(), "3".into()), ("per_page".into(), "2".into())];
        let reply = Paging::read(&query, 20, 50).reply(&[1, 2, 3]);
        assert_eq!(reply.result, json!([]));
        assert_eq!(
            reply.info.unwrap(),
            json!({"page": 3, "per_page": 2, "count": 0, "total_count": 3, "total_pages": 2})
        );
    }

    #[test]
    fn per_page_is_capped() {
        let query = vec![("per_page".into(), "1000".into())];
        let reply = Paging::read(&query, 20, 2).reply(&[1, 2, 3]);
        assert_eq!(reply.result, json!([1, 2]));
    }
}
