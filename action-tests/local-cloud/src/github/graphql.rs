//! The few GraphQL operations that REST has no counterpart for. Errors come with status 200.

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::Level;
use super::comments;
use super::door::{Call, decode};
use super::model::Comment;
use super::refusal::Refusal;
use crate::lock::lock;
use crate::unknown::Unknown;

const CLASSIFIERS: [&str; 6] = ["ABUSE", "DUPLICATE", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM"];

#[derive(Deserialize)]
struct Query {
    query: String,
    #[serde(default)]
    variables: Map<String, Value>,
}

pub(super) async fn answer(call: Call, body: Bytes) -> Response {
    let Query { query, variables } = match decode(&body) {
        Ok(query) => query,
        Err(refusal) => return refusal.into_response(),
    };
    let result = if query.contains("unminimizeComment") {
        minimize(&call, &query, &variables, false)
    } else if query.contains("minimizeComment") {
        minimize(&call, &query, &variables, true)
    } else if fields(&query) == ["viewer"] {
        Ok(json!({"viewer": {"login": call.token.account().login}}))
    } else {
        let text = "local-cloud knows `viewer`, `minimizeComment` and `unminimizeComment` alone";
        let body = Json(json!({"data": null, "errors": [{"message": text}]}));
        let mut response = (axum::http::StatusCode::NOT_IMPLEMENTED, body).into_response();
        response.extensions_mut().insert(Unknown);
        return response;
    };
    let body = match result {
        Ok(data) => json!({"data": data}),
        Err((kind, message)) => json!({
            "data": null,
            "errors": [{"type": kind, "message": message, "path": ["minimizeComment"]}],
        }),
    };
    Json(body).into_response()
}

/// The names of the fields that an operation asks for at its top. A query that asks for more than is modelled must not
/// be answered with the part that is.
fn fields(query: &str) -> Vec<&str> {
    let (mut depth, mut parentheses) = (0_usize, 0_usize);
    let mut found = Vec::new();
    let mut start = None;
    for (at, character) in query.char_indices() {
        let part_of_name = character.is_ascii_alphanumeric() || character == '_';
        if part_of_name && depth == 1 && parentheses == 0 {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            found.push(&query[start..at]);
        }
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
    }
    found
}

type Failure = (&'static str, String);

/// Hides or shows a comment by its node id.
fn minimize(call: &Call, query: &str, variables: &Map<String, Value>, hide: bool) -> Result<Value, Failure> {
    if !call.token.may(&comments::KEYS, Level::Write) {
        return Err(("FORBIDDEN", Refusal::forbidden().message));
    }
    let id = argument(query, variables, "subjectId").unwrap_or_default();
    let classifier = argument(query, variables, "classifier").unwrap_or_default();
    if hide && !CLASSIFIERS.contains(&classifier.as_str()) {
        return Err((
            "argumentLiteralsIncompatible",
            format!("`{classifier}` is no ReportedContentClassifiers"),
        ));
    }
    let mut state = lock(&call.cloud.state);
    let comments = state
        .repositories
        .iter_mut()
        .flat_map(|repository| &mut repository.comments);
    let comment: &mut Comment = comments
        .into_iter()
        .find(|comment| comments::node_id(comment.id) == id)
        .ok_or_else(|| {
            (
                "NOT_FOUND",
                format!("Could not resolve to a node with the global id of '{id}'"),
            )
        })?;
    comment.minimized = hide.then(|| classifier.to_lowercase().replace('_', "-"));
    let (payload, field) = if hide {
        ("minimizeComment", "minimizedComment")
    } else {
        ("unminimizeComment", "unminimizedComment")
    };
    let shown = json!({"isMinimized": hide, "minimizedReason": comment.minimized});
    Ok(json!({payload: {field: shown, "clientMutationId": null}}))
}

/// The value of an argument: written in the query, or in a variable, or in the variable `input`.
fn argument(query: &str, variables: &Map<String, Value>, name: &str) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(value) = variables.get("input").and_then(|input| input.get(name)).and_then(text) {
        return Some(value);
    }
    let (_, rest) = query
        .split_once(&format!("{name}:"))
        .or_else(|| query.split_once(&format!("{name} :")))?;
    let rest = rest.trim_start();
    if let Some(variable) = rest.strip_prefix('$') {
        let end = variable
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(variable.len());
        return variables.get(&variable[..end]).and_then(text);
    }
    if let Some(literal) = rest.strip_prefix('"') {
        return literal.split('"').next().map(str::to_owned);
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_found_wherever_they_are() {
        let none = Map::new();
        let inline = r#"mutation { minimizeComment(input: {subjectId: "IC_1", classifier: OUTDATED}) { x } }"#;
        assert_eq!(argument(inline, &none, "subjectId").as_deref(), Some("IC_1"));
        assert_eq!(argument(inline, &none, "classifier").as_deref(), Some("OUTDATED"));
        let Value::Object(variables) = json!({"id": "IC_2", "input": {"classifier": "SPAM"}}) else {
            panic!("not an object");
        };
        let by_variable = "mutation($id:ID!){minimizeComment(input:{subjectId:$id,classifier:OUTDATED}){x}}";
        assert_eq!(argument(by_variable, &variables, "subjectId").as_deref(), Some("IC_2"));
        assert_eq!(
            argument("mutation($input: X!)", &variables, "classifier").as_deref(),
            Some("SPAM")
        );
    }

    #[test]
    fn a_query_is_known_by_all_the_fields_at_its_top() {
        assert_eq!(fields("query { viewer { login } }"), ["viewer"]);
        let sticky = "query($repo: String!, $n: Int!) { viewer { login } repository(name: $repo) { id } }";
        assert_eq!(fields(sticky), ["viewer", "repository"]);
    }
}
