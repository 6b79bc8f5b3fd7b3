//! One request to GitHub: sent by octocrab, bounded in time, repeated by our own rules.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::Error;
use crate::no_answer::Kind;
use crate::paging::{self, List, MOST_PAGES, Proof, Reading};
use crate::retry::{self, Answer, NoAnswer, Patience, Repeat, Tries, Verdict};

/// Pinned: `2026-03-10` takes fields away.
const API_VERSION: &str = "2022-11-28";
/// What GitHub asks for when a secondary limit was hit and no header says how long to wait.
const SECONDARY_WAIT: Duration = Duration::from_mins(1);

/// Reads one repository.
#[derive(Clone)]
pub struct Reader {
    octocrab: Octocrab,
    /// Where GraphQL is: beside REST, not under it, on GitHub Enterprise Server.
    graphql: String,
    host: String,
    /// The token is an app's installation token, as `GITHUB_TOKEN` is: it has no `/user`.
    pub(super) is_installation: bool,
    /// `owner/name`, percent-encoded where needed.
    pub(super) repository: String,
    pub(super) patience: Patience,
}

/// Changes one repository. Made from a [`Reader`], so that a dry run has none.
#[derive(Clone)]
pub struct Writer(Reader);

impl From<Reader> for Writer {
    fn from(reader: Reader) -> Self {
        Self(reader)
    }
}

impl Writer {
    /// What was read before, and may be read again after an unclear answer.
    pub fn reader(&self) -> &Reader {
        &self.0
    }
}

impl Reader {
    /// A reader of `repository` (`owner/name`) at `api_url` (without a trailing slash).
    ///
    /// # Errors
    /// A token or URL that cannot be used. Must be called within a tokio runtime.
    pub fn new(api_url: &str, token: &SecretString, repository: &str, http: reqwest::Client) -> Result<Self, Error> {
        let graphql = api_url.strip_suffix("/v3").unwrap_or(api_url);
        Self::with_graphql(api_url, &format!("{graphql}/graphql"), token, repository, http)
    }

    /// As [`Reader::new`], with GraphQL at a URL of its own.
    ///
    /// # Errors
    /// As those of [`Reader::new`].
    pub fn with_graphql(
        api_url: &str,
        graphql_url: &str,
        token: &SecretString,
        repository: &str,
        http: reqwest::Client,
    ) -> Result<Self, Error> {
        let uri = |url: &str| url.parse::<http::Uri>().map_err(|_| Error::BaseUrl(url.to_owned()));
        let base = uri(api_url)?;
        let octocrab = assemble(&base, &uri(graphql_url)?, token, http)?;
        Ok(Self {
            octocrab,
            graphql: graphql_url.to_owned(),
            host: base.authority().map(ToString::to_string).unwrap_or_default(),
            is_installation: token.expose_secret().starts_with("ghs_"),
            repository: repository.to_owned(),
            patience: Patience {
                attempt: Duration::from_secs(30),
                ..Patience::default()
            },
        })
    }

    /// The same reader with another patience.
    #[must_use]
    pub fn with_patience(&self, patience: Patience) -> Self {
        let mut reader = self.clone();
        reader.patience = patience;
        reader
    }

    /// Sends a request to `path` (from the base URL, or absolute) until it is answered for good. Any status is an
    /// answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<Answer, Error> {
        self.ask_in(method, path, body, repeat, &mut self.tries()).await
    }

    fn tries(&self) -> Tries {
        Tries::new(&self.patience)
    }

    /// No try yet of a create. A list may be a little behind what was written, so the waits before looking are longer.
    pub fn tries_of_create(&self) -> Tries {
        Tries::new(&Patience {
            first: Duration::from_secs(1),
            ..self.patience.clone()
        })
    }

    /// As [`Reader::ask`], as one or more of `tries`.
    pub(super) async fn ask_in(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        repeat: Repeat,
        tries: &mut Tries,
    ) -> Result<Answer, Error> {
        let host = || self.host.clone();
        let answer = retry::repeated(tries, repeat, verdict, wait, host, async || {
            self.once(&method, path, body).await
        });
        Ok(answer.await?)
    }

    /// A GraphQL query: `data`, or the refusal. Errors come with status 200.
    pub(super) async fn graphql(&self, doing: &'static str, query: &str) -> Result<Value, Error> {
        let body = serde_json::json!({ "query": query });
        let answer = self.ask(Method::POST, &self.graphql, Some(&body), Repeat::Safe).await?;
        let value: Value = read(doing, &answer)?;
        match value.pointer("/errors/0/message").and_then(Value::as_str) {
            Some(message) => Err(Error::unreadable(doing, &answer, message)),
            None => Ok(value.get("data").cloned().unwrap_or_default()),
        }
    }

    /// All of a list, each thing once. GitHub tells no total: when one that is listed goes from a page while the next
    /// one is on its way, another may be missed.
    pub(super) async fn pages(&self, doing: &'static str, path: &str) -> Result<Vec<Value>, Error> {
        self.pages_of(doing, path, Proof::Told).await
    }

    /// The same, as sure as it has to be.
    pub(super) async fn pages_of(&self, doing: &'static str, path: &str, proof: Proof) -> Result<Vec<Value>, Error> {
        let id = |item: &Value| item["id"].to_string();
        match paging::settled(proof, id, async || self.reading(doing, path).await).await? {
            List::Proven(all) => Ok(all),
            List::Unproven => Err(Error::Unproven { doing }),
        }
    }

    /// The first pages of a list that is not wanted whole, and whether it goes on.
    pub(super) async fn first_pages(
        &self,
        doing: &'static str,
        path: &str,
        most: u64,
    ) -> Result<(Vec<Value>, bool), Error> {
        let reading = self.reading_at_most(doing, path, most).await?;
        Ok((reading.pages.into_iter().flatten().collect(), !reading.ended))
    }

    async fn reading(&self, doing: &'static str, path: &str) -> Result<Reading<Value>, Error> {
        let reading = self.reading_at_most(doing, path, MOST_PAGES).await?;
        // Longer than any list: its `next` leads in circles.
        if reading.ended {
            Ok(reading)
        } else {
            Err(Error::Unproven { doing })
        }
    }

    async fn reading_at_most(&self, doing: &'static str, path: &str, most: u64) -> Result<Reading<Value>, Error> {
        let mut reading = Reading {
            pages: Vec::new(),
            total: None,
            moved: false,
            ended: false,
        };
        let mut next = path.to_owned();
        for _ in 0..most {
            let answer = self.ask(Method::GET, &next, None, Repeat::Safe).await?;
            reading.pages.push(read(doing, &answer)?);
            let Some(path) = next_page(answer.header("link")) else {
                reading.ended = true;
                break;
            };
            path.clone_into(&mut next);
        }
        Ok(reading)
    }

    async fn once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, NoAnswer> {
        let sent = async {
            let request = http::Request::builder().method(method).uri(path);
            let request = self.octocrab.build_request(request, body)?;
            let (parts, body) = self.octocrab.execute(request).await?.into_parts();
            let body: Bytes = body.collect().await?.to_bytes();
            Ok::<_, octocrab::Error>(Answer {
                status: parts.status,
                headers: parts.headers,
                body,
                after_unclear: false,
            })
        };
        match tokio::time::timeout(self.patience.attempt, sent).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.lost(method, path, &error)),
            Err(elapsed) => Err(self.ambiguous(method, path, elapsed)),
        }
    }

    fn lost(&self, method: &Method, path: &str, error: &octocrab::Error) -> NoAnswer {
        // The innermost cause says it best: the layers above repeat it, with a backtrace or the URL.
        let mut innermost: &(dyn std::error::Error + 'static) = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        NoAnswer::new(
            Kind::of(error),
            innermost.to_string(),
            &self.host,
            method.as_str(),
            bare(path),
        )
    }

    fn ambiguous(&self, method: &Method, path: &str, source: impl Into<retry::Cause>) -> NoAnswer {
        NoAnswer::new(Kind::Ambiguous, source, &self.host, method.as_str(), bare(path))
    }
}

/// A path without its query, which may carry a secret.
fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// octocrab on `http`. Its own `build_with_reqwest` puts the same layers together, but appends our `User-Agent` to a
/// first one of its own, which then is the one that GitHub reads, and panics on a token that no header can carry.
///
/// The token goes to the hosts of these two URLs only.
fn assemble(
    base: &http::Uri,
    graphql: &http::Uri,
    token: &SecretString,
    http: reqwest::Client,
) -> Result<Octocrab, Error> {
    let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .ok()
        .filter(|_| !token.expose_secret().is_empty())
        .ok_or(Error::Token)?;
    authorization.set_sensitive(true);
    let agent = HeaderValue::from_str(&crate::http::user_agent()).map_err(|error| Error::Client(error.into()))?;
    let headers = vec![
        (header::USER_AGENT, agent),
        (header::ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
        (
            HeaderName::from_static("x-github-api-version"),
            HeaderValue::from_static(API_VERSION),
        ),
    ];
    OctocrabBuilder::new_empty()
        .with_service(ReqwestConnector::new(http))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
        .with_layer(&BaseUriLayer::new(base.clone()))
        .with_layer(&AuthHeaderLayer::new(
            Some(authorization),
            base.clone(),
            graphql.clone(),
        ))
        .with_auth(AuthState::None)
        .build()
        .map_err(|error| Error::Client(error.into()))
}

/// The body of an answer of 2xx; else the refusal.
pub(super) fn read<T: serde::de::DeserializeOwned>(doing: &'static str, answer: &Answer) -> Result<T, Error> {
    if !answer.status.is_success() {
        return Err(Error::refused(doing, answer));
    }
    serde_json::from_slice(&answer.body).map_err(|error| Error::unreadable(doing, answer, error))
}

/// Whether an answer asks to slow down. A bare 403 is a missing permission: asking again does not help.
pub(super) fn is_limit(answer: &Answer) -> bool {
    let slow_down = || {
        !answer.header("retry-after").is_empty()
            || answer.header("x-ratelimit-remaining") == "0"
            || answer.excerpt(300).contains("secondary rate limit")
    };
    answer.status == StatusCode::TOO_MANY_REQUESTS || (answer.status == StatusCode::FORBIDDEN && slow_down())
}

fn verdict(answer: &Answer) -> Verdict {
    if is_limit(answer) {
        Verdict::Refused
    } else if answer.status.is_server_error() && answer.status != StatusCode::NOT_IMPLEMENTED {
        Verdict::Unclear
    } else {
        Verdict::Final
    }
}

/// How long GitHub asks to wait: `Retry-After`, else until the limit's reset, else a minute.
fn wait(answer: &Answer) -> Option<Duration> {
    if let Some(wait) = retry::retry_after(answer) {
        return Some(wait);
    }
    if !is_limit(answer) {
        return None;
    }
    let reset = answer.header("x-ratelimit-reset").parse::<i64>().ok();
    let until = reset.map(|reset| reset.saturating_sub(jiff::Timestamp::now().as_second()));
    Some(match until {
        Some(seconds) if answer.header("x-ratelimit-remaining") == "0" => {
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0) + 1)
        }
        _ => SECONDARY_WAIT,
    })
}

/// The URL of the next page in a `Link` header.
pub(super) fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|part| {
        let (url, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then_some(url)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        });
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            after_unclear: false,
        }
    }

    #[test]
    fn a_bare_403_is_final_and_a_limited_one_waits() {
        let forbidden = answer(403, &[], r#"{"message":"Resource not accessible by integration"}"#);
        assert_eq!(verdict(&forbidden), Verdict::Final);
        let limited = answer(403, &[("retry-after", "7")], "");
        assert_eq!(
            (verdict(&limited), wait(&limited)),
            (Verdict::Refused, Some(Duration::from_secs(7)))
        );
        let secondary = answer(403, &[], "You have exceeded a secondary rate limit.");
        assert_eq!(
            (verdict(&secondary), wait(&secondary)),
            (Verdict::Refused, Some(SECONDARY_WAIT))
        );
        let used_up = answer(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")], "");
        assert_eq!(wait(&used_up), Some(Duration::from_secs(1)));
        assert_eq!(verdict(&answer(502, &[], "<html>")), Verdict::Unclear);
        assert_eq!(verdict(&answer(404, &[], "{}")), Verdict::Final);
    }

    fn reader(port: u16) -> Reader {
        let token = SecretString::from("t".to_owned());
        let url = format!("http://127.0.0.1:{port}/api/v3");
        let mut reader = Reader::new(&url, &token, "acme/app", crate::http::client().unwrap()).unwrap();
        reader.patience = Patience {
            total: Duration::from_millis(400),
            attempt: Duration::from_millis(200),
            ..reader.patience
        };
        reader
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_not_waited_for_and_not_asked_twice_to_create() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reader = reader(server.local_addr().unwrap().port());
        assert_eq!(
            reader.graphql,
            format!("http://{}/api/graphql", server.local_addr().unwrap())
        );
        let asked = reader.ask(Method::POST, "/repos/acme/app/issues/42/comments", None, Repeat::Unsafe);
        let error = asked.await.unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
        // One connection, which nobody ever read from; no second one.
        assert!(server.accept().await.is_ok());
        let second = tokio::time::timeout(Duration::from_millis(300), server.accept()).await;
        assert!(second.is_err());
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_has_done_nothing() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reader = reader(server.local_addr().unwrap().port());
        drop(server);
        let asked = reader.ask(Method::POST, "/repos/acme/app/issues/42/comments", None, Repeat::Unsafe);
        let error = asked.await.unwrap_err();
        assert!(
            matches!(error, Error::NoAnswer(NoAnswer::Unreachable { .. })),
            "{error:?}"
        );
        assert!(!error.is_ambiguous());
    }

    #[tokio::test]
    async fn a_token_that_no_header_can_carry_is_an_error() {
        let token = SecretString::from("two\nlines".to_owned());
        let reader = Reader::new(
            "https://api.github.com",
            &token,
            "acme/app",
            crate::http::client().unwrap(),
        );
        assert!(matches!(reader, Err(Error::Token)));
    }

    #[test]
    fn the_next_page_is_the_one_that_says_so() {
        let link = r#"<https://api.github.com/repositories/1/issues/42/comments?page=1>; rel="prev", <https://api.github.com/repositories/1/issues/42/comments?page=3>; rel="next""#;
        assert_eq!(
            next_page(link),
            Some("https://api.github.com/repositories/1/issues/42/comments?page=3")
        );
        assert_eq!(next_page(r#"<https://a/b>; rel="last""#), None);
        assert_eq!(next_page(""), None);
    }

    #[test]
    fn refusals_tell_details_and_remedy() {
        let answer = answer(
            403,
            &[
                ("x-github-request-id", "C0DE:1"),
                ("x-accepted-github-permissions", "issues=write; pull_requests=write"),
            ],
            r#"{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com"}"#,
        );
        let error = Error::refused("write a comment", &answer);
        assert!(error.is_forbidden());
        insta::assert_snapshot!(crate::error::render(&error.into()), @r"
        GitHub answered 403 (request C0DE:1) to write a comment: Resource not accessible by integration
        hint: add `permissions: { contents: read, pull-requests: write }` to the job (GitHub asks for issues=write or pull_requests=write): naming one permission takes all others away; a pull request from a fork or by Dependabot has a token that can only read
        ");
    }

    #[test]
    fn the_reasons_in_errors_are_told() {
        let long = r#"{"message":"Validation Failed","errors":[{"resource":"IssueComment","code":"unprocessable","field":"data","message":"Body is too long (maximum is 65536 characters)"}]}"#;
        let error = Error::refused("write a comment", &answer(422, &[], long));
        assert_eq!(
            error.to_string(),
            "GitHub answered 422 to write a comment: Validation Failed: Body is too long (maximum is 65536 characters)"
        );
        assert!(error.hint().unwrap().contains("65,536"));
        let html = Error::refused("read the comments", &answer(502, &[], "<html>\n bad gateway"));
        assert_eq!(
            html.to_string(),
            "GitHub answered 502 to read the comments: <html> bad gateway"
        );
        assert!(html.is_ambiguous());
    }
}
