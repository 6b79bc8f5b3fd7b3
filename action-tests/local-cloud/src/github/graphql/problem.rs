//! Errors of GraphQL, in GitHub's shape. They come with status 200.

use graphql_parser::Pos;
use serde_json::{Map, Value, json};

/// Why a field could not be had while an operation ran.
#[derive(Debug)]
pub(super) struct Failure {
    /// `NOT_FOUND` and the like.
    kind: &'static str,
    message: String,
}

impl Failure {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// One member of `errors`.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    /// `NOT_FOUND` and the like; only what comes up while an operation runs has one.
    kind: Option<&'static str>,
    extensions: Value,
    pub(super) path: Vec<Value>,
    at: Option<Pos>,
    /// Perhaps GitHub knows it: the schema here is a part of its own.
    pub(super) is_unmodelled: bool,
}

impl Problem {
    /// The document is wrong.
    pub(super) fn invalid(code: &str, at: Pos, path: &[Value], message: String) -> Self {
        Self {
            message,
            kind: None,
            extensions: json!({"code": code}),
            path: path.to_vec(),
            at: Some(at),
            is_unmodelled: false,
        }
    }

    pub(super) fn parse(message: String) -> Self {
        Self {
            message,
            kind: None,
            extensions: Value::Null,
            path: Vec::new(),
            at: None,
            is_unmodelled: false,
        }
    }

    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        if self.extensions.is_null() {
            self.extensions = json!({});
        }
        self.extensions[key] = value;
        self
    }

    /// GitHub may have what the schema here has not.
    pub(super) fn unmodelled(mut self) -> Self {
        self.is_unmodelled = true;
        self
    }

    pub(super) fn failed(failure: Failure, at: Pos, path: &[Value]) -> Self {
        Self {
            kind: Some(failure.kind),
            ..Self::parse(failure.message).located(at, path)
        }
    }

    pub(super) fn located(mut self, at: Pos, path: &[Value]) -> Self {
        self.at = Some(at);
        self.path = path.to_vec();
        self
    }

    pub(super) fn json(&self) -> Value {
        let mut shown = Map::new();
        if let Some(kind) = self.kind {
            shown.insert("type".into(), json!(kind));
        }
        if !self.path.is_empty() {
            shown.insert("path".into(), json!(self.path));
        }
        if !self.extensions.is_null() {
            shown.insert("extensions".into(), self.extensions.clone());
        }
        if let Some(at) = self.at {
            shown.insert("locations".into(), json!([{"line": at.line, "column": at.column}]));
        }
        shown.insert("message".into(), json!(self.message));
        Value::Object(shown)
    }
}
