//! What a probe is made of: its request, how it is made, what it meets.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use hyper_util::client::proxy::matcher::Matcher as Proxies;
use url::Url;

use super::failure::Failure;
use super::line::Line;
use super::resolve::Resolver;
use crate::credential::shown_url;

/// Variables that name proxies, as curl and hyper-util read them.
const PROXY_VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

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

    /// What an endpoint is called that has no name of its own: host, port and path.
    pub fn name(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = self.url.path().trim_end_matches('/');
        format!("{}{port}{path}", self.url.host_str().unwrap_or_default())
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

/// An answer, its body without content encoding and in UTF-8, cut at a bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body goes on after what was read.
    pub truncated: bool,
    /// Why the body cannot be read.
    pub problem: Option<String>,
    /// The path that was asked last, after redirects.
    pub path: String,
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

    /// Every header of this name.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str())
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
    /// Those that stay on the host, where http may become https.
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
    pub(super) limit: Duration,
    pub(super) headers: HeaderMap,
    pub(super) redirects: Redirects,
    pub(super) resolver: Arc<Resolver>,
    pub(super) proxies: Arc<Proxies>,
    pub(super) config: rustls::ClientConfig,
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
        for proxy in PROXY_VARIABLES.iter().filter_map(|name| std::env::var(name).ok()) {
            let url = Url::parse(&proxy).ok();
            url.as_ref()
                .and_then(Url::password)
                .into_iter()
                .for_each(crate::secret::mask);
        }
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
        Line::new(self)
    }
}
