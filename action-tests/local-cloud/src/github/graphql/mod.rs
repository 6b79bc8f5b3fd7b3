//! GraphQL, as far as `schema.graphql` goes: comments above all, since the most used actions that comment speak it.

mod check;
mod mutations;
mod objects;
mod pages;
mod problem;
mod run;
mod schema;
mod values;

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use graphql_parser::query::{Definition, Document, OperationDefinition, SelectionSet, VariableDefinition};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::check::{Checker, Fragments};
use self::objects::{Object, World};
use self::problem::Problem;
use self::run::Runner;
use super::door::{Call, decode};
use super::model::At;
use crate::lock::lock;
use crate::unknown::Unknown;

#[derive(Deserialize)]
struct Request {
    query: String,
    variables: Option<Map<String, Value>>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

/// An operation's parts that matter.
struct Operation<'d, 'a> {
    root: Object,
    path: String,
    variables: &'d [VariableDefinition<'a, &'a str>],
    selection: &'d SelectionSet<'a, &'a str>,
}

pub(super) async fn answer(call: Call, body: Bytes) -> Response {
    let request: Request = match decode(&body) {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    match run(&call, &request) {
        Ok((data, problems)) if problems.is_empty() => Json(json!({"data": data})).into_response(),
        Ok((data, problems)) => Json(json!({"data": data, "errors": shown(&problems)})).into_response(),
        Err(problems) => {
            let body = Json(json!({"errors": shown(&problems)}));
            if problems.iter().any(|problem| problem.is_unmodelled) {
                let mut response = (StatusCode::NOT_IMPLEMENTED, body).into_response();
                response.extensions_mut().insert(Unknown);
                return response;
            }
            body.into_response()
        }
    }
}

fn shown(problems: &[Problem]) -> Vec<Value> {
    problems.iter().map(Problem::json).collect()
}

fn run(call: &Call, request: &Request) -> Result<(Value, Vec<Problem>), Vec<Problem>> {
    let document =
        graphql_parser::parse_query::<&str>(&request.query).map_err(|error| vec![Problem::parse(error.to_string())])?;
    let fragments: Fragments = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name, fragment)),
            Definition::Operation(_) => None,
        })
        .collect();
    let operation =
        choose(&document, request.operation_name.as_deref()).map_err(|message| vec![Problem::parse(message)])?;
    let given = request.variables.clone().unwrap_or_default();
    let variables = values::variables(operation.variables, &given)?;
    let mut checker = Checker {
        fragments: &fragments,
        variables: &variables,
        declared: operation.variables.iter().map(|variable| variable.name).collect(),
        within: Vec::new(),
        problems: Vec::new(),
    };
    checker.selection(
        operation.selection,
        operation.root.type_name(),
        &[json!(operation.path)],
    );
    if !checker.problems.is_empty() {
        return Err(checker.problems);
    }
    let mut state = lock(&call.cloud.state);
    let mut runner = Runner {
        fragments: &fragments,
        variables: &variables,
        world: World {
            state: &mut state,
            token: &call.token,
            now: At::of(call.cloud.ground.clock.now()),
        },
        problems: Vec::new(),
    };
    let data = runner.object(&operation.root, operation.selection, &[]);
    Ok((data, runner.problems))
}

/// The operation that was named, or the only one.
fn choose<'d, 'a>(document: &'d Document<'a, &'a str>, name: Option<&str>) -> Result<Operation<'d, 'a>, String> {
    let mut found = document.definitions.iter().filter_map(|definition| {
        let Definition::Operation(operation) = definition else {
            return None;
        };
        let known = match operation {
            OperationDefinition::Query(operation) => operation.name,
            OperationDefinition::Mutation(operation) => operation.name,
            OperationDefinition::Subscription(operation) => operation.name,
            OperationDefinition::SelectionSet(_) => None,
        };
        (name.is_none() || known == name).then_some(operation)
    });
    let (Some(operation), None) = (found.next(), found.next()) else {
        return Err(match name {
            Some(name) => format!("No operation named \"{name}\""),
            None => "An operation name is required".to_owned(),
        });
    };
    let path = |kind: &str, name: Option<&str>| name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"));
    Ok(match operation {
        OperationDefinition::SelectionSet(selection) => Operation {
            root: Object::Query,
            path: path("query", None),
            variables: &[],
            selection,
        },
        OperationDefinition::Query(query) => Operation {
            root: Object::Query,
            path: path("query", query.name),
            variables: &query.variable_definitions,
            selection: &query.selection_set,
        },
        OperationDefinition::Mutation(mutation) => Operation {
            root: Object::Mutation,
            path: path("mutation", mutation.name),
            variables: &mutation.variable_definitions,
            selection: &mutation.selection_set,
        },
        OperationDefinition::Subscription(_) => {
            return Err("Schema is not configured for subscriptions".to_owned());
        }
    })
}
