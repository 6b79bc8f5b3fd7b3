//! SQL over HTTP, as the serverless driver asks it (`POST /sql`): one query, or several in one transaction. The
//! connection string in a header names the compute, whatever host was asked.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::guest::Guest;
use super::message::{Fatal, Startup};
use super::query::{Conversation, Refused};
use super::visit::Visit;
use super::{login, socket, values};
use crate::neon::settings::Flaw;
use crate::unknown;

const CONNECTION: &str = "neon-connection-string";
const RAW: &str = "neon-raw-text-output";
const ARRAYS: &str = "neon-array-mode";
const ISOLATION: HeaderName = HeaderName::from_static("neon-batch-isolation-level");
const READ_ONLY: HeaderName = HeaderName::from_static("neon-batch-read-only");
const DEFERRABLE: HeaderName = HeaderName::from_static("neon-batch-deferrable");
/// Largest request and answer, in bytes.
const LONGEST: usize = 10 << 20;

pub(super) fn router(visit: Visit) -> Router {
    Router::new()
        .route("/sql", post(answer).options(preflight))
        .route("/v2", any(socket::open))
        .fallback(unknown::answer)
        .method_not_allowed_fallback(unknown::answer)
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(visit)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    One(Query),
    Many { queries: Vec<Query> },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    #[serde(rename = "query")]
    sql: String,
    #[serde(default)]
    params: Vec<Value>,
    array_mode: Option<bool>,
}

/// Why there is no result, and with which status that is said.
struct Failure(StatusCode, Refused);

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            Refused::new(&format!("{error:#}"), None),
        )
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self(StatusCode::BAD_REQUEST, refused)
    }
}

impl From<Fatal> for Failure {
    fn from(fatal: Fatal) -> Self {
        // What the front itself says has no code, and quotes of its own.
        let refused = match fatal.code.as_str() {
            "XX000" | "28P01" => Refused::new(&fatal.message.replace('"', "'"), None),
            code => Refused::new(&fatal.message, Some(code)),
        };
        Self(StatusCode::BAD_REQUEST, refused)
    }
}

fn bad(message: &str) -> Failure {
    Failure(StatusCode::BAD_REQUEST, Refused::new(message, None))
}

async fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, \
             Neon-Batch-Read-Only, Neon-Batch-Isolation-Level, Neon-Batch-Deferrable",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::OK, allowed).into_response()
}

async fn answer(State(visit): State<Visit>, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = match run(&visit, &headers, &body).await {
        Ok(result) => axum::Json(result).into_response(),
        Err(Failure(status, refused)) => (status, axum::Json(refused.0)).into_response(),
    };
    let said = response.headers_mut();
    said.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    for name in [ISOLATION, READ_ONLY, DEFERRABLE] {
        if let Some(value) = headers.get(&name) {
            said.insert(name, value.clone());
        }
    }
    response
}

async fn run(visit: &Visit, headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    let place = place(headers)?;
    let begin = begin(headers)?;
    let asked: Asked =
        serde_json::from_slice(body).map_err(|error| bad(&format!("could not parse the body: {error}")))?;
    let (flaw, _) = visit.settings()?;
    let expected = visit.expect(Some(&place.host), &place.user, &place.database, flaw)?;
    if expected.password != place.password {
        return Err(Fatal::wrong_password(&place.user).into());
    }
    match flaw {
        Flaw::NeverWakes => std::future::pending().await,
        Flaw::HangsUp => return Err(Failure::from(anyhow::anyhow!("connection closed"))),
        Flaw::NoDatabase => return Err(Fatal::no_database(&place.database).into()),
        _ => {}
    }
    visit.wake(&expected).await?;
    let Some(target) = &expected.target else {
        return Err(Fatal::no_database(&place.database).into());
    };
    if !visit.has_databases() {
        return Err(Failure::from(anyhow::anyhow!(
            "local-cloud has no databases without its runtime"
        )));
    }
    let _guest = Guest::enter(&visit.cloud, expected.number);
    let session = login::reach(&visit.cloud, &Startup::of(&place.user), target).await??;
    let mut conversation = Conversation::begin(session.server, &session.words).await?;

    let is_true = |name: &str| headers.get(name).is_some_and(|value| value == "true");
    let (raw, arrays) = (is_true(RAW), is_true(ARRAYS));
    let result = match &asked {
        Asked::One(query) => one(&mut conversation, query, raw, arrays).await?,
        Asked::Many { queries } => {
            conversation.ask(&begin, &[]).await??;
            let mut results = Vec::new();
            for query in queries {
                // The transaction ends with the session.
                results.push(one(&mut conversation, query, raw, arrays).await?);
            }
            conversation.ask("COMMIT", &[]).await??;
            json!({"results": results})
        }
    };
    conversation.end().await?;
    Ok(result)
}

async fn one(conversation: &mut Conversation, query: &Query, raw: bool, arrays: bool) -> Result<Value, Failure> {
    let parameters: Vec<Option<String>> = query.params.iter().map(values::parameter).collect();
    let outcome = conversation.ask(&query.sql, &parameters).await??;
    Ok(values::answer(&outcome, raw, query.array_mode.unwrap_or(arrays)))
}

/// What a connection string says.
struct Place {
    host: String,
    user: String,
    password: String,
    database: String,
}

fn place(headers: &HeaderMap) -> Result<Place, Failure> {
    let text = headers
        .get(CONNECTION)
        .ok_or_else(|| bad("missing header: neon-connection-string"))?;
    let url = text.to_str().ok().and_then(|text| Url::parse(text).ok());
    let url = url.filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let found = url.and_then(|url| {
        Some(Place {
            host: url.host_str()?.to_owned(),
            user: Some(decoded(url.username())).filter(|user| !user.is_empty())?,
            password: decoded(url.password()?),
            database: decoded(url.path().trim_start_matches('/')),
        })
    });
    found.ok_or_else(|| bad("invalid header: neon-connection-string"))
}

/// The statement that begins the transaction of several queries.
fn begin(headers: &HeaderMap) -> Result<String, Failure> {
    let mut sql = "BEGIN".to_owned();
    if let Some(level) = headers.get(&ISOLATION) {
        let level = match level.as_bytes() {
            b"ReadUncommitted" => "READ UNCOMMITTED",
            b"ReadCommitted" => "READ COMMITTED",
            b"RepeatableRead" => "REPEATABLE READ",
            b"Serializable" => "SERIALIZABLE",
            _ => return Err(bad("invalid isolation level")),
        };
        sql.push_str(&format!(" ISOLATION LEVEL {level}"));
    }
    for (name, words) in [(READ_ONLY, " READ ONLY"), (DEFERRABLE, " DEFERRABLE")] {
        if headers.get(&name).is_some_and(|value| value == "true") {
            sql.push_str(words);
        }
    }
    Ok(sql)
}
