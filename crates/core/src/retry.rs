//! The one retry owner: when to ask again, how long to wait, and when not to, because it may have worked.

mod settle;

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use tokio::time::Instant;

use crate::no_answer::Kind;
pub use crate::no_answer::{Cause, NoAnswer};
pub use settle::{Doubt, Written, settled};

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// An earlier try of the same request may have been carried out: "gone already" or "exists already" may be our own
    /// doing.
    pub after_unclear: bool,
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

/// What a vendor's answer means for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Use the answer, good or bad.
    Final,
    /// Refused before anything happened (429, 423 and the like): safe to ask again, whatever the request.
    Refused,
    /// 404 for something that was just made: safe to ask again, for as long as things are young.
    NotYet,
    /// Failed at some unknown point (5xx): safe to ask again only when the request is repeatable.
    Unclear,
}

/// Whether sending a request twice does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Reads, and writes that name their result (PUT, DELETE, PATCH of fixed fields).
    Safe,
    /// Creates: after an unclear failure the thing is looked for by its name or marker first (see [`settled`]).
    Unsafe,
    /// What rests on a reading that another writer may make stale: after any failure it is read again first, and
    /// [`Tries::pause`] waits as long as the answer asked for.
    Once,
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
    /// How long something that was just made may be answered with 404, since the first one.
    pub youth: Duration,
    /// How often a create is asked for in all, when each answer leaves open whether it worked.
    pub creates: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Patience {
    /// What is meant where nobody says otherwise.
    pub const USUAL: Self = Self {
        total: Duration::from_mins(3),
        attempt: Duration::from_mins(1),
        first: Duration::from_millis(250),
        longest: Duration::from_secs(10),
        youth: Duration::from_secs(20),
        creates: 6,
    };

    /// For what must not stay half done, since giving up leaves something broken behind: more than the five minutes for
    /// which Cloudflare refuses a token that has used up its limit (contract sheet of Cloudflare, section 1).
    pub fn to_finish() -> Self {
        Self {
            total: Duration::from_mins(7),
            creates: 20,
            ..Self::default()
        }
    }
}

/// From here on an answer's `Retry-After` is believed.
const LEAST_TOLD: Duration = Duration::from_secs(1);
/// How often a request is made whose host cannot be reached for a reason that waiting does not mend.
const HOPELESS: u32 = 3;

/// The tries of one request: how long it has waited, how long it is to wait, and what is left of its patience. Held as
/// long as the request is not settled, so that a look-up in between resets nothing.
#[derive(Debug)]
pub struct Tries {
    end: Instant,
    attempt: Duration,
    longest: Duration,
    youth: Duration,
    creates: u32,
    waits: ExponentialBackoff,
    /// When something young must have appeared.
    grown_up: Option<Instant>,
    hopeless: u32,
    /// What the last answer asked to wait.
    owed: Option<Duration>,
    unclear: bool,
}

impl Tries {
    /// No try yet; patience begins now.
    pub fn new(patience: &Patience) -> Self {
        let now = Instant::now();
        Self {
            // A patience beyond what the clock can tell is one of a day.
            end: now
                .checked_add(patience.total)
                .unwrap_or_else(|| now + Duration::from_hours(24)),
            attempt: patience.attempt,
            longest: patience.longest,
            youth: patience.youth,
            creates: patience.creates,
            waits: ExponentialBuilder::default()
                .with_jitter()
                .with_min_delay(patience.first)
                .with_max_delay(patience.longest)
                .without_max_times()
                .build(),
            grown_up: None,
            hopeless: 0,
            owed: None,
            unclear: false,
        }
    }

    /// Whether some try so far may have been carried out.
    pub fn are_unclear(&self) -> bool {
        self.unclear
    }

    /// How long to wait before the next try; `None` when it would come too late.
    ///
    /// As long as the last answer asked for: less would only be refused again. But below a second no shorter than our own
    /// wait, which grows: `Retry-After: 0` is no leave to ask without pause.
    fn wait(&mut self, end: Instant) -> Option<Duration> {
        let owed = self.owed.take().unwrap_or_default();
        let delay = if owed < LEAST_TOLD {
            self.waits.next().unwrap_or(self.longest).max(owed)
        } else {
            owed
        };
        let left = end.saturating_duration_since(Instant::now());
        (delay < left).then_some(delay)
    }

    /// Waits as long as the last answer asked for, and at least as long as we do on our own. `false`, at once, when
    /// patience would end before.
    pub async fn pause(&mut self) -> bool {
        let Some(delay) = self.wait(self.end) else {
            return false;
        };
        tokio::time::sleep(delay).await;
        true
    }

    /// Whether this outcome calls for another try, and until when.
    fn again(&mut self, verdict: Result<Verdict, &NoAnswer>, repeat: Repeat) -> Option<Instant> {
        match verdict {
            Ok(Verdict::Final) | Err(NoAnswer::Unsendable { .. }) => None,
            Ok(Verdict::Refused) | Err(NoAnswer::Unreachable { .. }) => (repeat != Repeat::Once).then_some(self.end),
            Ok(Verdict::NotYet) if repeat == Repeat::Once => None,
            Ok(Verdict::NotYet) => {
                let youth = self.youth;
                let grown_up = *self.grown_up.get_or_insert_with(|| Instant::now() + youth);
                Some(grown_up.min(self.end))
            }
            Ok(Verdict::Unclear) | Err(NoAnswer::Ambiguous { .. }) => {
                self.unclear = true;
                (repeat == Repeat::Safe).then_some(self.end)
            }
            Err(NoAnswer::NoSuchHost { .. } | NoAnswer::Untrusted { .. }) => {
                self.hopeless += 1;
                (repeat != Repeat::Once && self.hopeless < HOPELESS).then_some(self.end)
            }
        }
    }
}

/// Sends a request until its answer is final, it may not be repeated, or patience ends; then the last answer is
/// returned as it is. `build` makes the request anew for each try.
///
/// A `Retry-After` is obeyed when it fits into what is left of the patience; else the answer is returned at once, since
/// waiting for less would only be refused again.
pub async fn send(
    tries: &mut Tries,
    repeat: Repeat,
    verdict: impl Fn(&Answer) -> Verdict,
    wait: impl Fn(&Answer) -> Option<Duration>,
    build: impl Fn() -> RequestBuilder,
) -> Result<Answer, NoAnswer> {
    let limit = tries.attempt;
    let host = || host_of(&build());
    repeated(tries, repeat, verdict, wait, host, async || once(limit, build()).await).await
}

/// As [`send`], for a client that sends on its own (octocrab): `attempt` asks once, within `patience.attempt`; `host`
/// names who is asked.
pub async fn repeated(
    tries: &mut Tries,
    repeat: Repeat,
    verdict: impl Fn(&Answer) -> Verdict,
    wait: impl Fn(&Answer) -> Option<Duration>,
    host: impl Fn() -> String,
    attempt: impl AsyncFn() -> Result<Answer, NoAnswer>,
) -> Result<Answer, NoAnswer> {
    loop {
        let after_unclear = tries.unclear;
        let outcome = attempt().await.map(|answer| Answer {
            after_unclear,
            ..answer
        });
        tries.owed = outcome.as_ref().ok().and_then(&wait);
        let Some(end) = tries.again(outcome.as_ref().map(&verdict), repeat) else {
            return outcome;
        };
        let Some(delay) = tries.wait(end) else {
            return outcome;
        };
        let what = match &outcome {
            Ok(answer) => format!("{} answered {}", host(), answer.status.as_u16()),
            Err(error) => error.to_string(),
        };
        tracing::info!("{what}; asking again in {}", crate::text::elapsed(delay));
        tokio::time::sleep(delay).await;
    }
}

/// `Retry-After`: in seconds, or as the time until a date, by the server's own clock where it tells it.
pub fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after").trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = http_date(text)?;
    let now = http_date(answer.header("date")).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// RFC 9110 §5.6.7: a date of RFC 2822 in GMT. The two older formats, which nobody sends any more, are not read.
fn http_date(text: &str) -> Option<Timestamp> {
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok()
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
    // The URL may carry a secret in its query; host and path say enough.
    let lost = |error: reqwest::Error| {
        let error = error.without_url();
        NoAnswer::new(Kind::of(&error), error, &host, &method, &path)
    };
    let response = client.execute(request.map_err(&lost)?).await.map_err(&lost)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(&lost)?;
    tracing::debug!("{method} {path} -> {}", status.as_u16());
    Ok(Answer {
        status,
        headers,
        body,
        after_unclear: false,
    })
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

#[cfg(test)]
#[path = "retry/tests.rs"]
mod tests;
