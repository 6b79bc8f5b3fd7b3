//! How each call is made: token, retries, envelope, pages.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::envelope::{self, Opened, Page};
use super::error::{Cause, Error};
use super::needs::Needs;
use crate::paging::{self, List, MOST_PAGES, Proof, Reading};
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
    needs: Option<Needs>,
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

    fn error(&self, cause: impl Into<Cause>) -> Error {
        Error {
            doing: self.doing.clone(),
            cause: cause.into(),
        }
    }
}

struct Client {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    account: String,
    patience: Patience,
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
            http: self.0.http.clone(),
            base: self.0.base.clone(),
            token: self.0.token.clone(),
            account: self.0.account.clone(),
            patience,
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

    async fn send(&self, call: &Call, page: Option<(u64, u64)>, tries: &mut Tries) -> Result<Answer, Error> {
        let verdict = |answer: &Answer| verdict(answer, call.young);
        retry::send(tries, call.repeat, verdict, wait, || self.request(call, page))
            .await
            .map_err(|lost| call.error(lost))
    }

    fn tries(&self) -> Tries {
        Tries::new(&self.0.patience)
    }

    /// Makes a call and returns the envelope's result.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        debug_assert!(call.method == Method::GET, "a reader only reads");
        self.result(&call, &mut self.tries()).await
    }

    async fn result<T: DeserializeOwned>(&self, call: &Call, tries: &mut Tries) -> Result<T, Error> {
        let answer = self.send(call, None, tries).await?;
        let opened: Opened<T> = envelope::open(&answer, call.needs.as_ref()).map_err(|cause| call.error(cause))?;
        Ok(opened.result)
    }

    /// All of a list, whole and each thing once, also when it changes meanwhile.
    ///
    /// # Errors
    /// Beside refusals: a list of several pages that never held still, or told more than it gave.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        call: Call,
        per_page: u64,
        proof: Proof,
        id: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, Error> {
        match paging::settled(proof, id, async || self.reading(&call, per_page).await).await? {
            List::Proven(all) => Ok(all),
            List::Unproven => Err(call.error(Cause::Unproven)),
        }
    }

    /// One reading. Some lists have no pages at all: they answer whole, without `result_info`.
    async fn reading<T: DeserializeOwned>(&self, call: &Call, per_page: u64) -> Result<Reading<T>, Error> {
        let mut reading = Reading {
            pages: Vec::new(),
            total: None,
            moved: false,
            ended: false,
        };
        let mut sum = 0;
        for page in 1..=MOST_PAGES {
            let answer = self.send(call, Some((page, per_page)), &mut self.tries()).await?;
            let opened: Opened<Vec<T>> =
                envelope::open(&answer, call.needs.as_ref()).map_err(|cause| call.error(cause))?;
            let found = opened.result.len() as u64;
            let Some(info) = opened.page else {
                return Ok(Reading::whole(opened.result));
            };
            // A list that knows no pages answers whole each time: its second answer would be the first again.
            if page > 1 && info.number != Some(page) {
                reading.ended = true;
                return Ok(reading);
            }
            sum += found;
            reading.moved |= page > 1 && info.total_count != reading.total;
            reading.total = info.total_count;
            if found > 0 {
                reading.pages.push(opened.result);
            }
            match end(info, page, found, sum, per_page) {
                End::NotYet => {}
                End::ByTotal => return Ok(reading),
                End::Told => {
                    reading.ended = true;
                    return Ok(reading);
                }
            }
        }
        Err(call.error(Cause::Unproven))
    }
}

/// Whether a page ends its list.
#[derive(Debug, PartialEq, Eq)]
enum End {
    NotYet,
    /// As many as there are were told.
    ByTotal,
    /// Nothing can follow.
    Told,
}

/// By `total_count`, else by `total_pages`, else with the first page that is not full; an empty one ends any list.
fn end(info: Page, page: u64, found: u64, sum: u64, per_page: u64) -> End {
    let full = info.size.filter(|told| *told > 0).unwrap_or(per_page);
    match (info.total_count, info.total_pages) {
        _ if found == 0 => End::Told,
        (Some(total), _) if sum >= total => End::ByTotal,
        (None, Some(pages)) if page >= pages => End::ByTotal,
        (None, None) if found < full.min(per_page) => End::Told,
        _ => End::NotYet,
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
        retry::settled(&mut self.0.tries(), ask, doubt, look).await
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

    #[test]
    fn a_list_ends_by_what_it_tells() {
        let info = |total_count, total_pages, size| Page {
            number: None,
            size,
            total_count,
            total_pages,
        };
        for (told, page, found, sum, expected) in [
            (info(Some(3), Some(2), None), 1, 2, 2, End::NotYet),
            (info(Some(3), Some(2), None), 2, 1, 3, End::ByTotal),
            // Fewer than it says: what is missing may follow.
            (info(Some(3), Some(1), None), 1, 2, 2, End::NotYet),
            (info(Some(3), Some(1), None), 2, 0, 2, End::Told),
            (info(None, Some(2), None), 1, 1, 1, End::NotYet),
            (info(None, Some(2), None), 2, 2, 4, End::ByTotal),
            (info(None, None, None), 1, 2, 2, End::NotYet),
            (info(None, None, None), 2, 1, 3, End::Told),
            // Asked for two at once, given one: a full page.
            (info(None, None, Some(1)), 1, 1, 1, End::NotYet),
        ] {
            assert_eq!(end(told, page, found, sum, 2), expected, "{told:?}, page {page}");
        }
    }

    #[test]
    fn the_wait_is_cloudflares() {
        let seconds = |status, name, value| wait(&answer(status, Some((name, value)))).map(|wait| wait.as_secs());
        assert_eq!(seconds(429, "retry-after", "7"), Some(7));
        assert_eq!(seconds(429, "ratelimit", "\"default\";r=0;t=30"), Some(30));
        assert_eq!(seconds(503, "ratelimit", "\"default\";r=0;t=30"), None);
    }
}
