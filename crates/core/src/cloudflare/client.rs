//! How each call is made: token, retries, envelope, pages.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::envelope::{self, Opened};
use super::error::{Cause, Error};
use super::needs::{Needs, Permission};
use super::window::Window;
use crate::retry::{self, Answer, Doubt, Patience, Repeat, Tries, Verdict, Written};

/// Where Cloudflare's API is.
pub const API: &str = "https://api.cloudflare.com/client/v4";

/// What a call sends.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    /// A body that is rendered already, such as a multipart form; sent again as it is.
    Raw {
        content_type: String,
        bytes: Bytes,
    },
}

/// One call, before it is made.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Body,
    token: Option<SecretString>,
    doing: String,
    pub(super) needs: Option<Needs>,
    repeat: Repeat,
    young: bool,
}

impl Call {
    fn new(method: Method, path: String, doing: impl Into<String>) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: Body::Empty,
            token: None,
            doing: doing.into(),
            needs: None,
            repeat: Repeat::Safe,
            young: false,
        }
    }

    /// A read of `path` (from the API's base, with a leading slash). `doing` reads after "could not".
    pub(crate) fn get(path: String, doing: impl Into<String>) -> Self {
        Self::new(Method::GET, path, doing)
    }

    /// A create: after an unclear failure the thing is looked up before it is sent again (see [`Writer::create`]).
    pub(crate) fn post(path: String, doing: impl Into<String>) -> Self {
        Self {
            repeat: Repeat::Unsafe,
            ..Self::new(Method::POST, path, doing)
        }
    }

    /// A write that names its result.
    pub(crate) fn put(path: String, doing: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, doing)
    }

    /// A change of named fields.
    pub(crate) fn patch(path: String, doing: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path, doing)
    }

    /// A deletion. Already gone is a refusal whose code the caller knows.
    pub(crate) fn delete(path: String, doing: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, doing)
    }

    /// The permission to name when the call is refused.
    #[must_use]
    pub(crate) fn needs(mut self, needs: Needs) -> Self {
        self.needs = Some(needs);
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Sends JSON.
    #[must_use]
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Sends a body.
    #[must_use]
    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Uses another token than the client's, such as that of an upload session.
    #[must_use]
    pub(crate) fn token(mut self, token: SecretString) -> Self {
        self.token = Some(token);
        self
    }

    /// Says that sending it twice does no harm, or that it does.
    #[must_use]
    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// About a Worker that was just uploaded: 404 is "not yet".
    #[must_use]
    pub(crate) fn young(mut self) -> Self {
        self.young = true;
        self
    }

    pub(super) fn error(&self, cause: impl Into<Cause>) -> Error {
        Error {
            doing: self.doing.clone(),
            cause: cause.into(),
        }
    }
}

#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    account: String,
    patience: Patience,
    /// What the run needs to change things, which a refused read names in place of its own level.
    edits: Vec<Permission>,
    /// Of the token: shared by all readers made from one.
    window: Arc<Window>,
}

/// Looks at Cloudflare; can change nothing.
#[derive(Clone)]
pub struct Reader(Arc<Client>);

/// Changes things at Cloudflare. Made from a [`Reader`] only, where a plan is to be carried out.
#[derive(Clone)]
pub struct Writer(Reader);

/// The answer's meaning for another try. 409 is a real conflict here (a hostname or route that is taken), never a
/// reason to ask again.
fn verdict(answer: &Answer, young: bool) -> Verdict {
    match answer.status.as_u16() {
        429 => Verdict::Refused,
        404 if young => Verdict::NotYet,
        408 | 500.. => Verdict::Unclear,
        _ => Verdict::Final,
    }
}

/// How long Cloudflare asks to wait: `Retry-After`, else the `t=` of `Ratelimit: "default";r=0;t=30` on a 429.
fn wait(answer: &Answer) -> Option<Duration> {
    retry::retry_after(answer).or_else(|| {
        let reset = answer
            .header("ratelimit")
            .split(';')
            .find_map(|part| part.trim().strip_prefix("t="));
        let limited = answer.status.as_u16() == 429;
        reset.filter(|_| limited)?.parse().ok().map(Duration::from_secs)
    })
}

impl Reader {
    /// A reader of the API at `base` (without a trailing slash; [`API`]). `account` may be empty for zone calls.
    pub fn new(http: reqwest::Client, base: &str, token: SecretString, account: &str) -> Self {
        Self(Arc::new(Client {
            http,
            base: base.trim_end_matches('/').to_owned(),
            token,
            account: account.to_owned(),
            patience: Patience::default(),
            edits: Vec::new(),
            window: Arc::default(),
        }))
    }

    /// The same reader, with the patience for what must not stay half done: longer than the five minutes for which
    /// Cloudflare refuses a token that has used up its limit.
    #[must_use]
    pub fn patient(&self) -> Self {
        self.with_patience(Patience::to_finish())
    }

    /// The same reader with another patience.
    #[must_use]
    pub fn with_patience(&self, patience: Patience) -> Self {
        Self(Arc::new(Client {
            patience,
            ..Client::clone(&self.0)
        }))
    }

    /// The same reader for a run that will also change things: where a read is refused, its hint names the one of `edits`
    /// that is of its group, so that nobody grants the read and is refused again half-way.
    #[must_use]
    pub fn for_changes(&self, edits: Vec<Permission>) -> Self {
        Self(Arc::new(Client {
            edits,
            ..Client::clone(&self.0)
        }))
    }

    /// A writer to the same account. The only way to get one.
    pub fn writer(&self) -> Writer {
        Writer(self.clone())
    }

    /// The account's id.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// `/accounts/<id>` and `rest`.
    pub(crate) fn account_path(&self, rest: &str) -> String {
        format!("/accounts/{}{rest}", self.0.account)
    }

    fn request(&self, call: &Call, page: Option<(u64, u64)>) -> RequestBuilder {
        let token = call.token.as_ref().unwrap_or(&self.0.token);
        let mut request = self
            .0
            .http
            .request(call.method.clone(), format!("{}{}", self.0.base, call.path))
            .bearer_auth(token.expose_secret());
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some((page, per_page)) = page {
            request = request.query(&[("page", page), ("per_page", per_page)]);
        }
        match &call.body {
            Body::Empty => request,
            Body::Json(value) => request.json(value),
            Body::Raw { content_type, bytes } => request.header("content-type", content_type).body(bytes.clone()),
        }
    }

    pub(super) async fn send(&self, call: &Call, page: Option<(u64, u64)>, tries: &mut Tries) -> Result<Answer, Error> {
        let verdict = |answer: &Answer| verdict(answer, call.young);
        self.0.window.room().await;
        let answer = retry::send(tries, call.repeat, verdict, wait, || self.request(call, page)).await;
        let answer = answer.map_err(|lost| call.error(lost))?;
        self.0.window.observe(&answer);
        Ok(answer)
    }

    pub(super) fn tries(&self) -> Tries {
        Tries::new(&self.0.patience)
    }

    /// Makes a call and returns the envelope's result.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        debug_assert!(call.method == Method::GET, "a reader only reads");
        self.result(&call, &mut self.tries()).await
    }

    async fn result<T: DeserializeOwned>(&self, call: &Call, tries: &mut Tries) -> Result<T, Error> {
        let answer = self.send(call, None, tries).await?;
        let opened: Opened<T> =
            envelope::open(&answer, self.needs(call).as_ref()).map_err(|cause| call.error(cause))?;
        Ok(opened.result)
    }

    /// What a refusal of the call is for want of.
    pub(super) fn needs(&self, call: &Call) -> Option<Needs> {
        let mut needs = call.needs.clone()?;
        let edit = self
            .0
            .edits
            .iter()
            .find(|edit| edit.group() == needs.permission.group());
        needs.permission = edit.copied().unwrap_or(needs.permission);
        Some(needs)
    }
}

impl Writer {
    /// The reader that it was made from.
    pub fn reader(&self) -> &Reader {
        &self.0
    }

    /// The same writer, with the patience of [`Reader::patient`].
    #[must_use]
    pub fn patient(&self) -> Self {
        Self(self.0.patient())
    }

    /// Makes a call and returns the envelope's result.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        self.0.result(&call, &mut self.0.tries()).await
    }

    /// Asks for something that must not be made twice. `open` reads the result; where a failure leaves it in `doubt`,
    /// `look` says whether the thing is there before it is asked for again.
    pub(crate) async fn create<R: DeserializeOwned, T>(
        &self,
        call: &Call,
        open: impl Fn(R) -> T,
        doubt: impl Fn(&Error) -> Doubt,
        look: impl AsyncFn() -> Result<Option<T>, Error>,
    ) -> Result<Written<T>, Error> {
        let ask = async |tries: &mut Tries| self.0.result(call, tries).await.map(&open);
        let mut tries = self.0.tries();
        let made = retry::settled(&mut tries, ask, doubt, look).await;
        // Where the look was refused, it is the refusal that is told; that the thing may be there goes with it.
        made.map_err(|error| {
            if tries.are_unclear() {
                error.after_unclear()
            } else {
                error
            }
        })
    }

    /// A deletion: whether the thing was there, and is not any more. One that is gone after an answer that left open
    /// whether it was deleted was deleted by us.
    pub(crate) async fn remove(&self, call: Call, is_gone: impl Fn(&Error) -> bool) -> Result<bool, Error> {
        match self.ask::<IgnoredAny>(call).await {
            Ok(_) => Ok(true),
            Err(error) if is_gone(&error) => Ok(error.is_after_unclear()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, header: Option<(&'static str, &str)>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::new(),
            after_unclear: false,
        }
    }

    #[test]
    fn a_conflict_is_an_answer() {
        for (status, expected) in [
            (200, Verdict::Final),
            (403, Verdict::Final),
            (409, Verdict::Final),
            (429, Verdict::Refused),
            (500, Verdict::Unclear),
            (522, Verdict::Unclear),
        ] {
            assert_eq!(verdict(&answer(status, None), false), expected, "{status}");
        }
        assert_eq!(verdict(&answer(404, None), false), Verdict::Final);
        assert_eq!(verdict(&answer(404, None), true), Verdict::NotYet);
    }

    #[tokio::test]
    async fn what_is_half_done_outlasts_a_used_up_limit() {
        let token = SecretString::from("t".to_owned());
        let reader = Reader::new(crate::http::client().unwrap(), API, token, "");
        let block = Duration::from_mins(5);
        assert!(reader.0.patience.total < block);
        assert!(reader.writer().patient().reader().0.patience.total > block);
    }

    #[test]
    fn the_wait_is_cloudflares() {
        let seconds = |status, name, value| wait(&answer(status, Some((name, value)))).map(|wait| wait.as_secs());
        assert_eq!(seconds(429, "retry-after", "7"), Some(7));
        assert_eq!(seconds(429, "ratelimit", "\"default\";r=0;t=30"), Some(30));
        assert_eq!(seconds(503, "ratelimit", "\"default\";r=0;t=30"), None);
    }
}
