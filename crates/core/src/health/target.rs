//! What is waited for, and what was seen of it.

use std::time::Duration;

use url::Url;

use super::steps::Sequence;
use super::{Answer, Document, Expect, Request, Verdict, judge};

/// Enough for any health document; the rest of a larger body is not read unless it is needed.
const LARGEST_BODY: usize = 1 << 20;
/// Where an expectation looks into the body.
const LARGEST_NEEDED_BODY: usize = 16 << 20;

/// One endpoint to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The service's key, the check's name, or the URL's host and path.
    pub name: String,
    pub request: Request,
    pub expect: Expect,
    /// Where it is a sequence: its steps; request and expectations above are then the last one's.
    pub sequence: Option<Sequence>,
}

impl Target {
    /// An endpoint that is asked by a plain GET.
    pub fn get(name: impl Into<String>, url: Url, expect: Expect) -> Self {
        Self {
            name: name.into(),
            request: Request::get(url),
            expect,
            sequence: None,
        }
    }
}

impl Target {
    /// Its URL as people may see it.
    pub fn shown(&self) -> String {
        let sequence = self.sequence.as_ref().map(|sequence| sequence.shown().to_owned());
        sequence.unwrap_or_else(|| self.request.shown())
    }
}

/// How an endpoint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Healthy,
    /// It answered, but not as expected.
    Unhealthy,
    /// It never answered.
    Unreachable,
}

/// When a target's verdict changed, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// From the start.
    pub at: Duration,
    pub verdict: Verdict,
}

/// What was seen of one target.
#[derive(Debug, Clone)]
pub struct Seen {
    pub target: Target,
    pub state: State,
    pub attempts: u32,
    /// From the start until it was healthy, or was given up.
    pub elapsed: Duration,
    /// Why it is not healthy, in one sentence, with what was seen by the last try.
    pub why: Option<String>,
    /// What is to be told of a healthy one.
    pub note: Option<String>,
    /// What to do about it, when waiting would not have helped.
    pub remedy: Option<String>,
    /// The last answer.
    pub last: Option<Answer>,
    /// Which versions answered, where one is expected, and how often each; in the order in which they came.
    pub versions: Vec<(String, u32)>,
    /// Each change of verdict, at most twenty.
    pub timeline: Vec<Change>,
}

impl Seen {
    /// The health document of the last answer.
    pub fn document(&self) -> Option<Document> {
        judge::document(&self.target.expect, self.last.as_ref()?)
    }
}

/// How many bytes of a target's body are read.
pub(super) fn most(target: &Target) -> usize {
    if target.expect.reads_body(target.request.url.path()) {
        LARGEST_NEEDED_BODY
    } else {
        LARGEST_BODY
    }
}
