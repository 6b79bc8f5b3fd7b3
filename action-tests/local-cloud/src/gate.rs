//! What every request to a provider or to the edge passes: latency, fault rules, the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::cloud::{Cloud, lock};
use crate::cloudflare;
use crate::faults::{Asked, Hangup, Rule};
use crate::log::{self, Entry, Outcome, Provider};
use crate::neon;
use crate::traffic;
use crate::unknown::Unknown;
use crate::wire::Scissors;

/// Largest request body that is read: a Worker may weigh 64 MiB, base64 assets more.
pub(crate) const BODY_LIMIT: usize = 200 << 20;

/// Base path of each provider on the API listener.
const BASES: [(&str, Provider); 3] = [
    ("/github", Provider::Github),
    ("/client/v4", Provider::Cloudflare),
    ("/api/v2", Provider::Neon),
];

/// Gate of the API listener: `/_cloud` itself is neither recorded nor faulted.
pub(crate) async fn apis(
    State(cloud): State<Arc<Cloud>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let found = BASES.into_iter().find_map(|(base, provider)| {
        let rest = path.strip_prefix(base)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| (provider, rest.to_owned()))
    });
    match found {
        Some((provider, path)) => pass(&cloud, provider, path, &scissors, request, next).await,
        None => next.run(request).await,
    }
}

/// Gate of the edge listener.
pub(crate) async fn edge(
    State(cloud): State<Arc<Cloud>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    pass(&cloud, Provider::Edge, path, &scissors, request, next).await
}

/// The Host header (or the authority of an absolute URI) in lower case, without its port.
pub(crate) fn host(request: &Request) -> Option<String> {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str))?;
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) {
            name
        } else {
            host
        }
    });
    Some(name.trim_end_matches('.').to_ascii_lowercase())
}

async fn pass(
    cloud: &Arc<Cloud>,
    provider: Provider,
    path: String,
    scissors: &Scissors,
    request: Request,
    next: Next,
) -> Response {
    let received = Instant::now();
    let host = if provider == Provider::Edge {
        host(&request)
    } else {
        None
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let method = parts.method.clone();
    let token = token(&parts.headers);
    let rule = lock(&cloud.faults).take(&Asked {
        provider,
        method: method.as_str(),
        path: &path,
        host: host.as_deref(),
    });
    let asked = cloud
        .traffic
        .as_ref()
        .filter(|_| provider != Provider::Edge)
        .map(|_| traffic::Asked::new(provider, &path, &parts, body.clone()));
    let seq = cloud.log.open(Entry {
        seq: 0,
        provider,
        method: method.to_string(),
        host,
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        user_agent: text(&parts.headers, &header::USER_AGENT),
        token: token.clone(),
        status: None,
        write: !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS),
        unknown: false,
        fault: rule.is_some(),
        client_gone: false,
        received: log::now(),
        answered: None,
        ms: 0,
        body: json_body(&parts.headers, &body),
    });
    let handling = Handling {
        cloud: cloud.clone(),
        provider,
        rule,
        asked,
        scissors: scissors.clone(),
        token,
        seq,
        received,
        client_gone: Arc::default(),
    };
    let client_gone = handling.client_gone.clone();
    let mut waiting = Waiting(Some(client_gone));
    // A server that has read a request carries it out, whether or not anybody still waits for the answer; hyper drops
    // this future when its client hangs up, but not a task.
    let handled = tokio::spawn(handling.run(Request::from_parts(parts, Body::from(body)), next)).await;
    waiting.0 = None;
    handled.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Notes that the client did not wait for its answer.
struct Waiting(Option<Arc<AtomicBool>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(gone) = &self.0 {
            gone.store(true, Ordering::Release);
        }
    }
}

/// A request that was read whole.
struct Handling {
    cloud: Arc<Cloud>,
    provider: Provider,
    rule: Option<Rule>,
    asked: Option<traffic::Asked>,
    scissors: Scissors,
    token: Option<String>,
    seq: u64,
    received: Instant,
    client_gone: Arc<AtomicBool>,
}

impl Handling {
    async fn run(self, request: Request, next: Next) -> Response {
        let (before, after) = self
            .rule
            .as_ref()
            .map_or((0, 0), |rule| (rule.delay_ms, rule.delay_after_ms));
        pause(self.cloud.latency_ms.load(Ordering::Relaxed) + before).await;
        let (mut response, hung_up) = answer(self.provider, self.rule.as_ref(), request, next).await;
        pause(after).await;
        if hung_up {
            self.scissors.cut();
        }
        if self.provider == Provider::Cloudflare {
            cloudflare::stamp(&self.cloud, self.token.as_deref(), response.headers_mut());
        }
        if let (Some(traffic), Some(asked)) = (&self.cloud.traffic, self.asked) {
            response = traffic.note(asked, self.rule.is_some(), response).await;
        }
        let client_gone = self.client_gone.load(Ordering::Acquire);
        self.cloud.log.close(
            self.seq,
            &Outcome {
                status: (!hung_up).then(|| response.status().as_u16()),
                unknown: response.extensions().get::<Unknown>().is_some(),
                fault: self.rule.is_some(),
                client_gone,
                answered: (!hung_up && !client_gone).then(log::now),
                ms: u64::try_from(self.received.elapsed().as_millis()).unwrap_or(u64::MAX),
            },
        );
        response
    }
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// The answer under a rule, and whether the connection is cut in place of sending it.
async fn answer(provider: Provider, rule: Option<&Rule>, request: Request, next: Next) -> (Response, bool) {
    let Some(rule) = rule else {
        return (next.run(request).await, false);
    };
    match (rule.drop, rule.status) {
        (Some(Hangup::Before), _) => (StatusCode::OK.into_response(), true),
        (Some(Hangup::After), _) => (next.run(request).await, true),
        (None, Some(status)) => {
            if rule.after {
                next.run(request).await;
            }
            (fault(provider, status, rule), false)
        }
        (None, None) => (next.run(request).await, false),
    }
}

/// The answer of a `status` rule: its own body, or the provider's usual shape of an error.
fn fault(provider: Provider, status: u16, rule: &Rule) -> Response {
    let (kind, body) = match &rule.body {
        Value::String(text) => ("text/html; charset=UTF-8", text.clone()),
        Value::Null => match usual_error(provider, status) {
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

fn usual_error(provider: Provider, status: u16) -> Value {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    match provider {
        Provider::Cloudflare => {
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
        Provider::Github => {
            json!({"message": reason, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()})
        }
        Provider::Neon => {
            let message = if status == 423 { neon::LOCKED } else { reason };
            json!({"request_id": "00000000-0000-4000-8000-000000000000", "code": "", "message": message})
        }
        Provider::Edge => Value::String(format!("error code: {status}")),
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The token of `Authorization: Bearer …` (or GitHub's `token …`).
pub(crate) fn token(headers: &HeaderMap) -> Option<String> {
    let value = text(headers, &header::AUTHORIZATION)?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token"))
        .then(|| token.trim().to_owned())
        .filter(|token| !token.is_empty())
}

fn json_body(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    if body.is_empty() || kind.starts_with("multipart/") {
        return None;
    }
    serde_json::from_slice(body).ok()
}
