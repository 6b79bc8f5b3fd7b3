//! What every request to a provider or to the edge passes: latency, fault rules, the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::face::Face;
use crate::faults::{Asked, Hangup, Rule};
use crate::ground::Ground;
use crate::lock::lock;
use crate::log::{self, Entry, Outcome, Provider};
use crate::traffic;
use crate::unknown::Unknown;
use crate::wire::Scissors;

/// Largest request body that is read: a Worker may weigh 64 MiB, base64 assets more.
pub(crate) const BODY_LIMIT: usize = 200 << 20;

/// The faces behind one listener.
#[derive(Clone)]
pub(crate) struct Gate {
    ground: Arc<Ground>,
    faces: Arc<[Arc<Face>]>,
}

impl Gate {
    pub(crate) fn new(ground: Arc<Ground>, faces: impl IntoIterator<Item = Face>) -> Self {
        Self {
            ground,
            faces: faces.into_iter().map(Arc::new).collect(),
        }
    }
}

/// Every request to a listener. What none of its faces is asked (`/_cloud`) is neither recorded nor faulted.
pub(crate) async fn enter(
    State(gate): State<Gate>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let found = gate.faces.iter().find_map(|face| {
        let rest = path.strip_prefix(face.base)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| (face.clone(), rest.to_owned()))
    });
    match found {
        Some((face, path)) => pass(&gate.ground, face, path, &scissors, request, next).await,
        None => next.run(request).await,
    }
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
    ground: &Arc<Ground>,
    face: Arc<Face>,
    path: String,
    scissors: &Scissors,
    request: Request,
    next: Next,
) -> Response {
    let received = Instant::now();
    let provider = face.provider;
    let host = if provider == Provider::Edge {
        host(&request)
    } else {
        None
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return face.refuse(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let method = parts.method.clone();
    let token = token(&parts.headers);
    let rule = lock(&ground.faults).take(&Asked {
        provider,
        method: method.as_str(),
        path: &path,
        host: host.as_deref(),
    });
    let asked = ground
        .traffic
        .as_ref()
        .filter(|_| provider != Provider::Edge)
        .map(|_| traffic::Asked::new(provider, &path, &parts, body.clone()));
    let seq = ground.log.open(Entry {
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
        ground: ground.clone(),
        face: face.clone(),
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
    handled.unwrap_or_else(|_| face.refuse(StatusCode::INTERNAL_SERVER_ERROR))
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
    ground: Arc<Ground>,
    face: Arc<Face>,
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
        pause(self.ground.latency_ms.load(Ordering::Relaxed) + before).await;
        let (mut response, hung_up) = answer(&self.face, self.rule.as_ref(), request, next).await;
        pause(after).await;
        if hung_up {
            self.scissors.cut();
        }
        (self.face.stamp)(self.token.as_deref(), response.headers_mut());
        if let (Some(traffic), Some(asked)) = (&self.ground.traffic, self.asked) {
            response = traffic.note(asked, self.rule.is_some(), response).await;
        }
        let client_gone = self.client_gone.load(Ordering::Acquire);
        self.ground.log.close(
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
async fn answer(face: &Face, rule: Option<&Rule>, request: Request, next: Next) -> (Response, bool) {
    let Some(rule) = rule else {
        return (face.own(next.run(request).await), false);
    };
    match (rule.drop, rule.status) {
        (Some(Hangup::Before), _) => (StatusCode::OK.into_response(), true),
        (Some(Hangup::After), _) => (face.own(next.run(request).await), true),
        (None, Some(status)) => {
            if rule.after {
                next.run(request).await;
            }
            (face.fault(status, rule), false)
        }
        (None, None) => (face.own(next.run(request).await), false),
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
