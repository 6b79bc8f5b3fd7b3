//! One probe: requests from redirect to redirect, each answer read up to a bound, within one time limit whatever the
//! server does.

use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, PROXY_AUTHORIZATION, SET_COOKIE, USER_AGENT};
use http::{HeaderValue, Method, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::body::decode;
use super::connect::{Clock, Connector, lap};
use super::cookies::Jar;
use super::failure::{Failure, classify};
use super::judge::is_login_page;
use super::probe::{Answer, Outcome, Phases, Prober, Redirects, Request};

/// Where redirects are followed, no more than these.
const MOST_REDIRECTS: usize = 10;
/// hyper's own bound is 100: pages with long policies and a header for each preload have more.
const MOST_HEADERS: usize = 1000;
/// A list of headers in HTTP/2, in bytes; hyper's own bound is 16 KiB.
const LARGEST_HEADERS: u32 = 256 << 10;

/// The connections of one target.
pub(super) struct Line<'a> {
    prober: &'a Prober,
    client: Client<Connector, Full<Bytes>>,
    clock: Clock,
}

impl<'a> Line<'a> {
    pub(super) fn new(prober: &'a Prober) -> Self {
        let clock = Clock::default();
        let connector = Connector::new(
            prober.resolver.clone(),
            prober.proxies.clone(),
            prober.config.clone(),
            clock.clone(),
        );
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(1)
            .retry_canceled_requests(false)
            .http1_max_headers(MOST_HEADERS)
            .http2_max_header_list_size(LARGEST_HEADERS)
            .build(connector);
        Self { prober, client, clock }
    }

    /// Asks once, ending within the limit whatever the server does. At most `most` bytes of a body are read.
    pub(super) async fn ask(&self, request: &Request, jar: &mut Jar, most: usize) -> Outcome {
        let limit = self.prober.limit;
        match tokio::time::timeout(limit, self.follow(request, jar, most)).await {
            Ok(Ok(answer)) => Outcome::Answered(answer),
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => Outcome::Failed(Failure::TimedOut(limit)),
        }
    }

    async fn follow(&self, request: &Request, jar: &mut Jar, most: usize) -> Result<Answer, Failure> {
        let mut now = request.clone();
        let mut been = vec![(now.clone(), jar.clone())];
        loop {
            let answer = self.once(request, &now, jar, most).await?;
            for cookie in answer.headers(SET_COOKIE.as_str()) {
                jar.take(&now.url, cookie);
            }
            if self.prober.redirects == Redirects::No || !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let to = answer.header(LOCATION.as_str()).and_then(|to| now.url.join(to).ok());
            let to = to.filter(|to| matches!(to.scheme(), "http" | "https") && !is_login_page(to));
            let Some(to) = to else { return Ok(answer) };
            if self.prober.redirects == Redirects::SameHost && !stays(&now.url, &to) {
                return Err(Failure::Redirected(elsewhere(&now.url, &to)));
            }
            now = redirected(now, to, answer.status);
            let state = (now.clone(), jar.clone());
            if been.contains(&state) {
                return Err(Failure::Circle(circle(&been, &now)));
            }
            if been.len() > MOST_REDIRECTS {
                let again = been.iter().any(|(request, _)| request.url == now.url);
                return Err(if again {
                    Failure::Circle(circle(&been, &now))
                } else {
                    Failure::Redirected(format!("more than {MOST_REDIRECTS} redirects"))
                });
            }
            been.push(state);
        }
    }

    /// One request and its answer. `first` is what was asked for, `now` where that has led.
    async fn once(&self, first: &Request, now: &Request, jar: &Jar, most: usize) -> Result<Answer, Failure> {
        lap(&self.clock, |laps| {
            *laps = super::connect::Laps {
                certificate_end: laps.certificate_end,
                ..Default::default()
            }
        });
        let started = Instant::now();
        let sent = self.client.request(self.build(first, now, jar)?).await;
        let response = sent.map_err(|error| classify(&error))?;
        let first_byte = started.elapsed();
        let (parts, mut body) = response.into_parts();
        let (mut read, mut cut) = (Vec::new(), false);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| classify(&error))?;
            read.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            if read.len() > most {
                read.truncate(most);
                cut = true;
                break;
            }
        }
        let total = started.elapsed();
        let body = decode(read, cut, &parts.headers, most);
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
            body: body.text,
            truncated: body.cut,
            problem: body.problem,
            path: now.url.path().to_owned(),
            phases: Phases {
                resolve: laps.resolve,
                connect: laps.connect,
                tls: laps.tls,
                first_byte,
                total,
            },
            certificate_days: laps
                .certificate_end
                .map(|end| (end - jiff::Timestamp::now().as_second()).div_euclid(86_400)),
        })
    }

    fn build(&self, first: &Request, now: &Request, jar: &Jar) -> Result<http::Request<Full<Bytes>>, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::Other(format!("the request cannot be made: {error}"));
        let mut bare = now.url.clone();
        bare.set_fragment(None);
        let _ = bare.set_username("").and_then(|()| bare.set_password(None));
        let uri: Uri = bare.as_str().parse().map_err(|error| wrong(&error))?;
        let mut made = http::Request::new(Full::new(Bytes::from(now.body.clone())));
        *made.method_mut() = now.method.clone();
        *made.uri_mut() = uri.clone();
        let headers = made.headers_mut();
        headers.insert(
            USER_AGENT,
            crate::http::user_agent().parse().map_err(|error| wrong(&error))?,
        );
        // Credentials and the user's headers go to the host that was named, not to where it redirects.
        if stays(&first.url, &now.url) {
            if let Some(value) = basic_auth(&first.url) {
                headers.insert(AUTHORIZATION, value);
            }
            for (name, value) in self.prober.headers.iter().chain(&now.headers) {
                headers.insert(name, value.clone());
            }
        }
        let given = headers
            .get(COOKIE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        if let Some(cookies) = jar.header(&now.url, given.as_deref()) {
            let mut value = HeaderValue::from_str(&cookies).map_err(|error| wrong(&error))?;
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
        // A tunnel logs in by itself; a request in plain goes to the proxy as it is.
        if uri.scheme_str() == Some("http")
            && let Some(proxy) = self.prober.proxies.intercept(&uri)
            && let Some(auth) = proxy.basic_auth()
        {
            headers.insert(PROXY_AUTHORIZATION, auth.clone());
        }
        Ok(made)
    }
}

/// Whether a redirect stays where it was: the same host and port, or from http to https on the same host.
fn stays(from: &Url, to: &Url) -> bool {
    let same_host = from.host_str() == to.host_str();
    let same_port = from.port_or_known_default() == to.port_or_known_default();
    match (from.scheme(), to.scheme()) {
        ("http", "https") => same_host,
        (before, after) => same_host && same_port && before == after,
    }
}

fn elsewhere(from: &Url, to: &Url) -> String {
    let host = to.host_str().unwrap_or_default();
    if from.scheme() == "https" && to.scheme() == "http" && from.host_str() == to.host_str() {
        return format!("redirected from https to http, on `{host}`");
    }
    let port = to.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("redirected to another host, `{host}{port}`")
}

/// The next request, as browsers make it (RFC 9110 §15.4): 303 asks by GET, and so do 301 and 302 after a POST.
fn redirected(before: Request, to: Url, status: u16) -> Request {
    let by_get = match status {
        303 => before.method != Method::HEAD,
        301 | 302 => before.method == Method::POST,
        _ => false,
    };
    let mut next = Request { url: to, ..before };
    if by_get {
        next.method = Method::GET;
        next.body.clear();
        next.headers.remove(CONTENT_TYPE);
    }
    next
}

/// `/a → /b → /a`: the part that comes again.
fn circle(been: &[(Request, Jar)], now: &Request) -> String {
    let start = been.iter().position(|(request, _)| request.url == now.url).unwrap_or(0);
    let urls: Vec<&Url> = been[start..]
        .iter()
        .map(|(request, _)| &request.url)
        .chain([&now.url])
        .collect();
    let origin = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port());
    let one_host = urls.iter().all(|url| origin(url) == origin(urls[0]));
    let shown: Vec<String> = urls
        .iter()
        .map(|url| {
            let mut url = (*url).clone();
            url.set_query(None);
            url.set_fragment(None);
            if one_host {
                url.path().to_owned()
            } else {
                crate::credential::shown_url(&url)
            }
        })
        .collect();
    shown.join(" → ")
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
