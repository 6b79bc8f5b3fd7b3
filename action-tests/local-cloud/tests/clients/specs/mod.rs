//! Holds requests and answers against the vendors' own `OpenAPI` documents, which are not part of this repository:
//! `CODEX_SPECS_DIR` names the folder with `cloudflare.json`, `github.json` and `neon.json`. Unset, nothing is
//! checked, and the tests say so.

mod schema;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::truth::known::difference;

/// What a document says about one request or one answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It has no such path, or not this method there.
    NoOperation,
    /// It has the operation, but neither this status nor a catch-all for refusals.
    NoStatus,
    /// It describes it. Each violation with its place in the body; none when all is as described.
    Described(Vec<String>),
}

/// What is wrong with an answer, apart from the known differences; empty when it is not described.
pub(crate) fn violations(provider: &str, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let operation = format!("{provider} {method} {path}");
    match document(provider).map(|document| document.answer(method, path, status, body)) {
        Some(Judged::Described(mut violations)) => {
            violations.retain(|what| difference("answer", &operation, what).is_none());
            violations
        }
        _ => Vec::new(),
    }
}

/// A vendor's document; none when `CODEX_SPECS_DIR` is not set.
#[expect(clippy::print_stderr, reason = "a check that does not run must be seen not to")]
pub(crate) fn document(provider: &str) -> Option<&'static Document> {
    static DOCUMENTS: OnceLock<Mutex<HashMap<String, &'static Document>>> = OnceLock::new();
    let Some(folder) = std::env::var_os("CODEX_SPECS_DIR") else {
        static TOLD: OnceLock<()> = OnceLock::new();
        TOLD.get_or_init(|| {
            eprintln!("CODEX_SPECS_DIR is not set: nothing is held against the vendors' documents");
        });
        return None;
    };
    let mut documents = DOCUMENTS.get_or_init(Mutex::default).lock().unwrap();
    let known = documents.entry(provider.to_owned()).or_insert_with(|| {
        let file = Path::new(&folder).join(format!("{provider}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Box::leak(Box::new(Document::new(&serde_json::from_str(&text).unwrap())))
    });
    Some(known)
}

/// A vendor's `OpenAPI` document, in which schemas have been made JSON Schema.
pub(crate) struct Document {
    /// As it is, for everything but schemas.
    whole: Value,
    registry: Registry<'static>,
    validators: Mutex<HashMap<(String, bool), &'static Validator>>,
}

/// Which of the two readings of a schema: a request lacks what only answers have, and the other way round.
#[derive(Clone, Copy)]
enum Side {
    Request,
    Answer,
}

impl Side {
    fn uri(self) -> &'static str {
        match self {
            Self::Request => "urn:codex:requests",
            Self::Answer => "urn:codex:answers",
        }
    }
}

impl Document {
    pub(crate) fn new(whole: &Value) -> Self {
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(Side::Request.uri(), schema::converted(whole, "readOnly"))
            .and_then(|builder| builder.add(Side::Answer.uri(), schema::converted(whole, "writeOnly")))
            .and_then(jsonschema::RegistryBuilder::prepare)
            .unwrap();
        Self {
            whole: whole.clone(),
            registry,
            validators: Mutex::default(),
        }
    }

    /// Judges an answer to a request whose path is below the provider's base.
    pub(crate) fn answer(&'static self, method: &str, path: &str, status: u16, body: &Value) -> Judged {
        let Some(pointer) = self.operation(method, path) else {
            return Judged::NoOperation;
        };
        let class = format!("{}XX", status / 100);
        let described = [status.to_string(), class, "default".to_owned()]
            .into_iter()
            // `default` stands for refusals; a success that is not listed is none.
            .filter(|key| key != "default" || status >= 400)
            .map(|key| format!("{pointer}/responses/{key}"))
            .find(|pointer| self.whole.pointer(pointer).is_some());
        let Some(response) = described else {
            return Judged::NoStatus;
        };
        let content = format!("{}/content/application~1json/schema", self.resolved(&response));
        Judged::Described(match self.whole.pointer(&content) {
            // Refusals carry more than is described.
            Some(_) => self.errors(Side::Answer, status < 400, &content, body),
            // Documents say nothing of the bodies of some answers (204, redirects).
            None => Vec::new(),
        })
    }

    /// Judges a request: names and types in its query, and its body (of a form: each part that holds JSON).
    pub(crate) fn request(&'static self, method: &str, path: &str, query: &str, kind: &str, body: &Value) -> Judged {
        let Some(pointer) = self.operation(method, path) else {
            return Judged::NoOperation;
        };
        let mut found = self.query(&pointer, query);
        let request = self.resolved(&format!("{pointer}/requestBody"));
        let Some(contents) = self.whole.pointer(&format!("{request}/content")) else {
            if !body.is_null() && body != &json!({}) {
                found.push("a body, and none is described".to_owned());
            }
            return Judged::Described(found);
        };
        let content = |kind: &str| format!("{request}/content/{}/schema", kind.replace('/', "~1"));
        if body.is_null() {
            let is_required = self.whole.pointer(&request).is_some_and(|it| it["required"] == true);
            found.extend(is_required.then(|| "no body, and one is required".to_owned()));
        } else if contents.get(kind).is_none() {
            found.push(format!("a body of type `{kind}`, which is not described"));
        } else if kind == "multipart/form-data" {
            let form = self.resolved(&content(kind));
            for (name, part) in body.as_object().into_iter().flatten() {
                let schema = format!("{form}/properties/{name}");
                if part.get("bytes").is_none() && self.whole.pointer(&schema).is_some() {
                    found.extend(self.errors(Side::Request, true, &schema, part));
                }
            }
        } else {
            found.extend(self.errors(Side::Request, true, &content(kind), body));
        }
        Judged::Described(found)
    }

    fn query(&'static self, operation: &str, query: &str) -> Vec<String> {
        let path = operation.rsplit_once('/').unwrap().0;
        let lists = [format!("{operation}/parameters"), format!("{path}/parameters")];
        let parameters: Vec<String> = lists
            .iter()
            .filter_map(|list| Some((list, self.whole.pointer(list)?.as_array()?.len())))
            .flat_map(|(list, length)| (0..length).map(move |at| self.resolved(&format!("{list}/{at}"))))
            .filter(|parameter| self.whole.pointer(parameter).unwrap()["in"] == "query")
            .collect();
        let name = |parameter: &str| {
            self.whole.pointer(parameter).unwrap()["name"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let given: Vec<(String, String)> = form(query);
        let mut found = Vec::new();
        for parameter in &parameters {
            let is_required = self.whole.pointer(parameter).unwrap()["required"] == true;
            if is_required && given.iter().all(|(key, _)| *key != name(parameter)) {
                found.push(format!("query: `{}` is missing", name(parameter)));
            }
        }
        for (key, text) in &given {
            let Some(parameter) = parameters.iter().find(|parameter| name(parameter) == *key) else {
                found.push(format!("query: `{key}` is not described"));
                continue;
            };
            // A number in a query is text, and so is what only looks like one; either reading will do.
            let schema = format!("{parameter}/schema");
            let readings = [
                serde_json::from_str(text).unwrap_or_default(),
                json!(text),
                json!([text]),
            ];
            let errors = |value: &Value| self.errors(Side::Request, true, &schema, value);
            if !readings.iter().any(|value| errors(value).is_empty()) {
                found.push(format!("query: {key}={text}: {}", errors(&readings[1]).join(", ")));
            }
        }
        found
    }

    /// Pointer to the operation whose template fits; one with fewer parameters comes first.
    fn operation(&self, method: &str, path: &str) -> Option<String> {
        let asked: Vec<&str> = path.trim_matches('/').split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.trim_matches('/').split('/').collect();
            let is_same = |(part, asked): (&&str, &&str)| part.starts_with('{') || part == asked;
            // A file's path has slashes, which a template has not.
            let is_long = parts.last() == Some(&"{path}") && asked.len() > parts.len();
            (parts.len() == asked.len() || is_long) && parts.iter().zip(&asked).all(is_same)
        };
        let templates = self.whole["paths"]
            .as_object()?
            .keys()
            .filter(|template| fits(template));
        let template = templates.min_by_key(|template| template.matches('{').count())?;
        let pointer = format!("/paths/{}/{}", template.replace('/', "~1"), method.to_lowercase());
        self.whole.pointer(&pointer).map(|_| pointer)
    }

    /// Where a pointer leads, references followed.
    fn resolved(&self, pointer: &str) -> String {
        match self.whole.pointer(pointer).and_then(|it| it["$ref"].as_str()) {
            Some(reference) => self.resolved(&reference[1..]),
            None => pointer.to_owned(),
        }
    }

    fn errors(&'static self, side: Side, closed: bool, pointer: &str, value: &Value) -> Vec<String> {
        let fragment = pointer
            .split('/')
            .map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string());
        let reference = format!("{}#{}", side.uri(), fragment.collect::<Vec<_>>().join("/"));
        let validator = {
            let mut validators = self.validators.lock().unwrap();
            *validators
                .entry((reference, closed))
                .or_insert_with_key(|(reference, closed)| {
                    let options = jsonschema::options()
                        .with_draft(Draft::Draft202012)
                        .with_registry(&self.registry)
                        .should_validate_formats(true);
                    let mut schema = json!({"$ref": reference});
                    if *closed {
                        schema = schema::closed(schema);
                    }
                    Box::leak(Box::new(
                        options
                            .build(&schema)
                            .unwrap_or_else(|error| panic!("{reference}: {error}")),
                    ))
                })
        };
        told(&validator.iter_errors(value).collect::<Vec<_>>())
    }
}

/// Each error once, by its place. Fields count as not described, too, when the part that describes them has another
/// fault, so that this is told only of what is otherwise as it should be.
fn told(errors: &[ValidationError<'_>]) -> Vec<String> {
    let is_extra =
        |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::UnevaluatedProperties { .. });
    let place = |error: &ValidationError<'_>| format!("{}/", error.instance_path().as_str());
    let is_caused = |error: &ValidationError<'_>| {
        let below = place(error);
        let causes = |other: &&ValidationError<'_>| {
            place(other).starts_with(&below) && (!is_extra(other) || place(other) != below)
        };
        is_extra(error) && errors.iter().any(|other| causes(&other))
    };
    let mut told: Vec<String> = errors
        .iter()
        .filter(|error| !is_caused(error))
        .map(|error| {
            let path = error.instance_path().as_str();
            let named = path
                .split('/')
                .map(|part| if part.parse::<usize>().is_ok() { "*" } else { part });
            // Without the value: one sentence a fault, however many values have it.
            format!("${}: {}", named.collect::<Vec<_>>().join("."), error.masked())
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

/// The pairs of a query.
fn form(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced)
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

#[test]
fn deviations_are_found() {
    let document: &'static Document = Box::leak(Box::new(Document::new(&json!({
        "paths": {"/things/{id}": {"get": {"responses": {"200": {"$ref": "#/components/Thing"}, "4XX": {}}}}},
        "components": {"Thing": {"content": {"application/json": {"schema": {
            "allOf": [
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^[a-z0-9-]{1,60}$"}}},
                {"type": "object", "properties": {
                    "state": {"type": "string", "enum": ["new"]},
                    "sizes": {"type": "array", "items": {"type": "integer"}},
                    "born": {"type": "string", "format": "date-time", "nullable": true},
                }},
            ],
        }}}}},
    }))));
    let judged = |body: Value| document.answer("GET", "/things/1", 200, &body);
    let fine = json!({"id": "a", "state": "new", "sizes": [1], "born": null});
    assert_eq!(judged(fine), Judged::Described(Vec::new()));
    let wrong = json!({"state": "old", "sizes": ["1"], "sise": 2, "born": "yesterday"});
    let Judged::Described(found) = judged(wrong) else {
        panic!("not described")
    };
    assert_eq!(
        found,
        [
            "$.born: value is not a \"date-time\"",
            "$.sizes.*: value is not of type \"integer\"",
            "$.state: value is not one of \"new\"",
            "$: \"id\" is a required property",
        ]
    );
    let misspelt = json!({"id": "a", "sise": 2});
    let found = ["$: Unevaluated properties are not allowed ('sise' was unexpected)".to_owned()];
    assert_eq!(judged(misspelt), Judged::Described(found.to_vec()));
    assert_eq!(document.answer("GET", "/things/1", 500, &json!({})), Judged::NoStatus);
    assert_eq!(
        document.answer("PUT", "/things/1", 200, &json!({})),
        Judged::NoOperation
    );
}

#[test]
fn a_request_is_judged_by_its_query_and_its_body() {
    let document: &'static Document = Box::leak(Box::new(Document::new(&json!({
        "paths": {"/things": {"post": {
            "parameters": [
                {"name": "dry", "in": "query", "required": true, "schema": {"type": "boolean"}},
                {"name": "x-id", "in": "header", "schema": {"type": "string"}},
            ],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
                "type": "object", "required": ["id", "name"],
                "properties": {"id": {"type": "integer", "readOnly": true}, "name": {"type": "string"}},
            }}}},
        }}},
    }))));
    let judged = |query: &str, body: Value| document.request("POST", "/things", query, "application/json", &body);
    assert_eq!(judged("dry=true", json!({"name": "a"})), Judged::Described(Vec::new()));
    let Judged::Described(found) = judged("dri=yes", json!({"nane": "a"})) else {
        panic!("not described")
    };
    assert_eq!(
        found,
        [
            "query: `dry` is missing",
            "query: `dri` is not described",
            "$: \"name\" is a required property",
        ]
    );
    assert_eq!(
        judged("dry=yes", Value::Null),
        Judged::Described(vec![
            "query: dry=yes: $: value is not of type \"boolean\"".to_owned(),
            "no body, and one is required".to_owned(),
        ])
    );
}
