//! One probe: a request, its answer read up to a bound, within one time limit whatever the server does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::proxy::matcher::Matcher as Proxies;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::connect::{Clock, Connector, lap};
use super::failure::{Failure, classify};
use super::resolve::Resolver;
use crate::credential::shown_url;

/// Enough for any health document; the rest of a larger body is not read.
const LARGEST_BODY: usize = 1 << 20;
/// Where redirects are followed, a chain of more than these is a circle.
const MOST_REDIRECTS: usize = 10;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: String,
}

impl Request {
    /// A plain GET.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: String::new(),
        }
    }

    /// The URL as people may see it.
    pub fn shown(&self) -> String {
        shown_url(&self.url)
    }
}

/// What one probe met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answered(Answer),
    Failed(Failure),
}

/// An answer, its body cut at 1 MiB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub truncated: bool,
    pub phases: Phases,
    /// Days until the certificate ends; negative when it has.
    pub certificate_days: Option<i64>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// How long each part of a probe took. A connection that was used again has no first three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    pub resolve: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// From the start until the answer's first byte.
    pub first_byte: Duration,
    /// From the start until the body was read.
    pub total: Duration,
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirects {
    /// None: a stale redirect must not pass for health.
    #[default]
    No,
    /// Those that stay on the host.
    SameHost,
    Any,
}

/// How to ask.
#[derive(Debug, Clone)]
pub struct Settings {
    /// One probe ends by then.
    pub limit: Duration,
    /// Sent with every request.
    pub headers: HeaderMap,
    pub redirects: Redirects,
    pub resolver: Resolver,
    /// More certificates to trust, PEM.
    pub ca: Option<String>,
}

impl Settings {
    /// Probes that end after `limit`, with nothing special about them.
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            headers: HeaderMap::new(),
            redirects: Redirects::No,
            resolver: Resolver::default(),
            ca: None,
        }
    }
}

/// Makes probes. What is costly (roots, resolver) is shared; each target has connections of its own.
pub struct Prober {
    limit: Duration,
    headers: HeaderMap,
    redirects: Redirects,
    resolver: Arc<Resolver>,
    proxies: Arc<Proxies>,
    config: rustls::ClientConfig,
}

impl Prober {
    /// # Errors
    /// The given certificates are none, or the platform has none.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        let Settings {
            limit,
            headers,
            redirects,
            resolver,
            ca,
        } = settings;
        let (resolver, proxies) = (Arc::new(resolver), Arc::new(Proxies::from_env()));
        Ok(Self {
            limit,
            headers,
            redirects,
            resolver,
            proxies,
            config: crate::tls::config(ca.as_deref())?,
        })
    }

    /// One target's own connections.
    pub(super) fn line(&self) -> Line<'_> {
        let clock = Clock::default();
        let connector = Connector::new(
            self.resolver.clone(),
            self.proxies.clone(),
            self.config.clone(),
            clock.clone(),
        );
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(1)
            .retry_canceled_requests(false)
            .build(connector);
        Line {
            prober: self,
            client,
            clock,
        }
    }
}

/// The connections of one target.
pub(super) struct Line<'a> {
    prober: &'a Prober,
    client: Client<Connector, Full<Bytes>>,
    clock: Clock,
}

impl Line<'_> {
    /// Asks once, ending within the limit whatever the server does.
    pub(super) async fn ask(&self, request: &Request) -> Outcome {
        let limit = self.prober.limit;
        match tokio::time::timeout(limit, self.follow(request)).await {
            Ok(Ok(answer)) => Outcome::Answered(answer),
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => Outcome::Failed(Failure::TimedOut(limit)),
        }
    }

    async fn follow(&self, request: &Request) -> Result<Answer, Failure> {
        let mut url = request.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(request, &url).await?;
            if self.prober.redirects == Redirects::No || !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let to = answer.header(LOCATION.as_str()).and_then(|to| url.join(to).ok());
            let Some(to) = to else { return Ok(answer) };
            let elsewhere =
                (to.host_str(), to.port_or_known_default()) != (url.host_str(), url.port_or_known_default());
            if elsewhere && self.prober.redirects == Redirects::SameHost {
                return Err(Failure::Redirected(format!(
                    "redirected to another host, `{}`",
                    to.host_str().unwrap_or_default()
                )));
            }
            url = to;
        }
        Err(Failure::Redirected(format!("more than {MOST_REDIRECTS} redirects")))
    }

    async fn once(&self, request: &Request, url: &Url) -> Result<Answer, Failure> {
        lap(&self.clock, |laps| {
            *laps = super::connect::Laps {
                certificate_end: laps.certificate_end,
                ..Default::default()
            }
        });
        let started = Instant::now();
        let sent = self.client.request(self.build(request, url)?).await;
        let response = sent.map_err(|error| classify(&error))?;
        let first_byte = started.elapsed();
        let (parts, mut body) = response.into_parts();
        let (mut read, mut truncated) = (Vec::new(), false);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| classify(&error))?;
            read.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            if read.len() > LARGEST_BODY {
                read.truncate(LARGEST_BODY);
                truncated = true;
                break;
            }
        }
        let mut laps = super::connect::Laps::default();
        lap(&self.clock, |known| laps = *known);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: read,
            truncated,
            phases: Phases {
                resolve: laps.resolve,
                connect: laps.connect,
                tls: laps.tls,
                first_byte,
                total: started.elapsed(),
            },
            certificate_days: laps
                .certificate_end
                .map(|end| (end - jiff::Timestamp::now().as_second()).div_euclid(86_400)),
        })
    }

    fn build(&self, request: &Request, url: &Url) -> Result<http::Request<Full<Bytes>>, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::Other(format!("the request cannot be made: {error}"));
        let mut bare = url.clone();
        bare.set_fragment(None);
        let _ = bare.set_username("").and_then(|()| bare.set_password(None));
        let uri: Uri = bare.as_str().parse().map_err(|error| wrong(&error))?;
        let mut made = http::Request::new(Full::new(Bytes::from(request.body.clone())));
        *made.method_mut() = request.method.clone();
        *made.uri_mut() = uri;
        let headers = made.headers_mut();
        headers.insert(
            USER_AGENT,
            crate::http::user_agent().parse().map_err(|error| wrong(&error))?,
        );
        // Credentials and the user's headers go to the host that was named, not to where it redirects.
        let same = (url.host_str(), url.port_or_known_default())
            == (request.url.host_str(), request.url.port_or_known_default());
        if same {
            if let Some(value) = basic_auth(&request.url) {
                headers.insert(AUTHORIZATION, value);
            }
            for (name, value) in self
                .prober
                .headers
                .iter()
                .chain(&request.headers)
                .filter(|(name, _)| *name != HOST)
            {
                headers.insert(name, value.clone());
            }
        }
        Ok(made)
    }
}

fn basic_auth(url: &Url) -> Option<HeaderValue> {
    use base64::Engine as _;
    let password = url.password();
    if url.username().is_empty() && password.is_none() {
        return None;
    }
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let pair = format!(
        "{}:{}",
        decode(url.username()),
        password.map(decode).unwrap_or_default()
    );
    let mut value = HeaderValue::from_str(&format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    ))
    .ok()?;
    value.set_sensitive(true);
    Some(value)
}
