//! The one retry owner: when to ask again, how long to wait, and when not to, because it may have worked.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use tokio::time::Instant;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header as text, or "" when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as text, for error messages: at most `max` characters, on one line.
    pub fn excerpt(&self, max: usize) -> String {
        let text = String::from_utf8_lossy(&self.body);
        crate::text::shorten(&text.split_whitespace().collect::<Vec<_>>().join(" "), max)
    }
}

/// Why there is no answer; never with the URL, whose query may carry a secret.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// No answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The request never arrived: no connection could be made.
    #[error("could not reach `{host}`")]
    Unreachable { host: String, source: Cause },
    /// The request may have been carried out, but no answer came back. Look the thing up before asking again.
    #[error("`{host}` gave no answer to `{method} {path}`; it may have been carried out")]
    Ambiguous {
        host: String,
        method: String,
        path: String,
        source: Cause,
    },
}

/// What a vendor's answer means for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Use the answer, good or bad.
    Final,
    /// Refused before anything happened (429, 423 and the like): safe to ask again, whatever the request.
    Refused,
    /// Failed at some unknown point (5xx): safe to ask again only when the request is repeatable.
    Unclear,
}

/// Whether sending a request twice does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Reads, and writes that name their result (PUT, DELETE, PATCH of fixed fields).
    Safe,
    /// Creates: after an unclear failure the caller looks the thing up by its name or marker first.
    Unsafe,
}

/// How patiently to ask.
#[derive(Debug, Clone)]
pub struct Patience {
    /// All tries and waits together end by then.
    pub total: Duration,
    /// One try ends by then.
    pub attempt: Duration,
    /// The first wait; it doubles, with jitter, up to `longest`.
    pub first: Duration,
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            total: s(180),
            attempt: s(60),
            first: Duration::from_millis(250),
            longest: s(10),
        }
    }
}

/// Sends a request until its answer is final, it may not be repeated, or patience ends; then the last answer is
/// returned as it is. `build` makes the request anew for each try.
///
/// A `Retry-After` (seconds) is obeyed when it fits into what is left of the patience; else the answer is returned at
/// once, since waiting for less would only be refused again.
pub async fn send(
    patience: &Patience,
    repeat: Repeat,
    verdict: impl Fn(&Answer) -> Verdict,
    wait: impl Fn(&Answer) -> Option<Duration>,
    build: impl Fn() -> RequestBuilder,
) -> Result<Answer, NoAnswer> {
    let host = || host_of(&build());
    repeated(patience, repeat, verdict, wait, host, async || {
        once(patience.attempt, build()).await
    })
    .await
}

/// As [`send`], for a client that sends on its own (octocrab): `attempt` asks once, within `patience.attempt`; `host`
/// names who is asked.
pub async fn repeated(
    patience: &Patience,
    repeat: Repeat,
    verdict: impl Fn(&Answer) -> Verdict,
    wait: impl Fn(&Answer) -> Option<Duration>,
    host: impl Fn() -> String,
    attempt: impl AsyncFn() -> Result<Answer, NoAnswer>,
) -> Result<Answer, NoAnswer> {
    let end = Instant::now() + patience.total;
    let mut waits = ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(patience.first)
        .with_max_delay(patience.longest)
        .without_max_times()
        .build();
    loop {
        let outcome = attempt().await;
        let (again, asked) = match &outcome {
            Ok(answer) => match verdict(answer) {
                Verdict::Final => (false, None),
                Verdict::Refused => (true, wait(answer)),
                Verdict::Unclear => (repeat == Repeat::Safe, wait(answer)),
            },
            Err(NoAnswer::Unreachable { .. }) => (true, None),
            Err(NoAnswer::Ambiguous { .. }) => (repeat == Repeat::Safe, None),
        };
        let delay = asked.or_else(|| waits.next()).unwrap_or(patience.longest);
        if !again || Instant::now() + delay >= end {
            return outcome;
        }
        let what = match &outcome {
            Ok(answer) => format!("{} answered {}", host(), answer.status.as_u16()),
            Err(error) => error.to_string(),
        };
        tracing::info!("{what}; asking again in {}", crate::text::elapsed(delay));
        tokio::time::sleep(delay).await;
    }
}

/// `Retry-After` in seconds, when the header holds them. Dates are rare and left to our own backoff.
pub fn retry_after(answer: &Answer) -> Option<Duration> {
    answer
        .header("retry-after")
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

async fn once(limit: Duration, request: RequestBuilder) -> Result<Answer, NoAnswer> {
    let (client, request) = request.timeout(limit).build_split();
    let (host, method, path) = request.as_ref().map_or_else(
        |_| (String::new(), String::new(), String::new()),
        |request| {
            (
                host(request.url()),
                request.method().to_string(),
                request.url().path().to_owned(),
            )
        },
    );
    let lost = |source: reqwest::Error| {
        // The URL may carry a secret in its query; host and path say enough.
        let source = source.without_url();
        if source.is_connect() || source.is_builder() {
            NoAnswer::Unreachable {
                host: host.clone(),
                source: source.into(),
            }
        } else {
            NoAnswer::Ambiguous {
                host: host.clone(),
                method: method.clone(),
                path: path.clone(),
                source: source.into(),
            }
        }
    };
    let response = client.execute(request.map_err(&lost)?).await.map_err(&lost)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(&lost)?;
    tracing::debug!("{method} {path} -> {}", status.as_u16());
    Ok(Answer { status, headers, body })
}

fn host(url: &reqwest::Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

fn host_of(request: &RequestBuilder) -> String {
    request
        .try_clone()
        .and_then(|request| request.build().ok())
        .map_or_else(|| "the API".to_owned(), |request| host(request.url()))
}
