//! One probe: a GET, its answer read up to a bound, within one time limit.

use std::error::Error as _;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::HeaderMap;

/// Enough for any health document; the rest of a larger body is not read.
const LARGEST_BODY: usize = 1 << 20;

/// What one probe met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answered(Answer),
    Failed(Failure),
}

/// An answer, its body cut at 1 MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub truncated: bool,
}

impl Answer {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The name does not resolve.
    Dns(String),
    /// Nothing listens there.
    Refused,
    /// No certificate yet, or one that is not valid for the name.
    Tls(String),
    /// The whole probe took longer than this.
    TimedOut(Duration),
    Other(String),
}

/// Asks endpoints. Cloning it shares its connections.
#[derive(Debug, Clone)]
pub struct Prober {
    client: reqwest::Client,
    limit: Duration,
    headers: HeaderMap,
}

impl Prober {
    /// A prober whose probes end after `limit`. Redirects are not followed: a stale one must not pass for health.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(limit: Duration, headers: HeaderMap) -> anyhow::Result<Self> {
        let client = crate::http::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, limit, headers })
    }

    /// Asks once, ending within the limit whatever the server does.
    pub async fn ask(&self, url: &str) -> Outcome {
        match tokio::time::timeout(self.limit, self.get(url)).await {
            Ok(Ok(answer)) => Outcome::Answered(answer),
            Ok(Err(error)) => Outcome::Failed(classify(&error, self.limit)),
            Err(_) => Outcome::Failed(Failure::TimedOut(self.limit)),
        }
    }

    async fn get(&self, url: &str) -> reqwest::Result<Answer> {
        let response = self.client.get(url).headers(self.headers.clone()).send().await?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect();
        let (mut body, mut truncated) = (Vec::new(), false);
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > LARGEST_BODY {
                body.truncate(LARGEST_BODY);
                truncated = true;
                break;
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
            truncated,
        })
    }
}

fn classify(error: &reqwest::Error, limit: Duration) -> Failure {
    if error.is_timeout() {
        return Failure::TimedOut(limit);
    }
    let mut deepest = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return Failure::Refused;
        }
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Failure::Tls(tls.to_string());
        }
        deepest = inner.to_string();
        if deepest.contains("dns error") || deepest.contains("failed to lookup address") {
            return Failure::Dns("no such host".to_owned());
        }
        cause = inner.source();
    }
    Failure::Other(deepest)
}
