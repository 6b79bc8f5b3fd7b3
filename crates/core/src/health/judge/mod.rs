//! What the outcome of one probe means. No I/O: a table of cases, each with its sentence.

mod content;
mod failed;
mod said;
mod status;
#[cfg(test)]
mod tests;
mod version;
mod walls;

use std::fmt;

pub(super) use content::at_pointer;
pub(super) use version::shown as shown_version;
pub use version::{can_be_a_version_id, tells, told};
pub(super) use walls::is_login_page;

use super::document::Found;
use super::{Answer, Document, Expect, Outcome};

/// What a probe's outcome means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All that was expected is there; what is to be told all the same.
    Healthy(Option<Reason>),
    /// It may still become so: why it is not.
    NotYet(Reason),
    /// Waiting will not help: why, and what to do.
    NotEver { why: Reason, remedy: String },
}

impl Verdict {
    pub fn is_healthy(&self) -> bool {
        matches!(self, Self::Healthy(_))
    }

    fn not_yet(why: impl Into<Reason>) -> Self {
        Self::NotYet(why.into())
    }

    fn never(why: impl Into<Reason>, remedy: impl Into<String>) -> Self {
        Self::NotEver {
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// One sentence. Two are equal when they tell the same state: a found value or a message may differ on each try, and
/// is no news.
#[derive(Debug, Clone)]
pub struct Reason {
    text: String,
    /// What stays the same from try to try.
    state: String,
}

impl Reason {
    /// A sentence with something in it that may differ on each try; `state` is what does not.
    fn varying(text: String, state: String) -> Self {
        Self { text, state }
    }

    /// The same, of one step of a sequence.
    pub(super) fn of_step(self, name: &str) -> Self {
        let of = |text: &str| format!("step `{name}`: {text}");
        Self::varying(of(&self.text), of(&self.state))
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state
    }
}

impl Eq for Reason {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self {
            state: text.clone(),
            text,
        }
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Judges one outcome.
pub fn judge(expect: &Expect, outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Failed(failure) => failed::meaning(failure),
        Outcome::Answered(answer) => answered(expect, answer),
    }
}

fn answered(expect: &Expect, answer: &Answer) -> Verdict {
    if let Some(wall) = walls::in_front(expect, answer) {
        return wall;
    }
    let found = Document::find(answer, expect.document);
    if !expect.status.contains(answer.status) {
        return status::wrong(answer, &found);
    }
    if let Some(problem) = answer.problem.as_ref().filter(|_| expect.reads_body(&answer.path)) {
        return Verdict::not_yet(problem.as_str());
    }
    let mut notes = Vec::new();
    if let Some(verdict) = said::judge(expect, answer, &found, &mut notes) {
        return verdict;
    }
    if let Some(parked) = walls::parked(expect, answer) {
        return parked;
    }
    if let Some(why) = version::wrong(expect, answer).or_else(|| content::wrong(expect, answer)) {
        return Verdict::NotYet(why);
    }
    if let Some(verdict) = content::wrong_certificate(expect, answer) {
        return verdict;
    }
    notes.extend(answer.problem.as_deref().map(Reason::from));
    if answer.truncated {
        let read = answer.body.len().div_ceil(1 << 20);
        notes.push(format!("only the first {read} MiB of its body were read").into());
    }
    Verdict::Healthy(notes.into_iter().next())
}

/// What of an answer differs on each try, for the sentence that ends the waiting: its ray, how long it took.
pub(super) fn of_this_try(expect: &Expect, answer: &Answer) -> String {
    let ray = answer
        .header("cf-ray")
        .map(|ray| format!(", ray {}", crate::text::shorten(ray, 40)));
    let slow = expect.max_latency.filter(|limit| answer.phases.total > *limit);
    let took = slow.map(|_| format!(" ({} ms)", answer.phases.total.as_millis()));
    took.unwrap_or_default() + &ray.unwrap_or_default()
}

/// Whether an answer is taken for a health document, and says that it is not healthy.
fn says_unhealthy(found: &Found) -> Option<Reason> {
    match found {
        Found::Document(document) => said::unhealthy(document),
        Found::Unreadable(_) | Found::Other => None,
    }
}

/// The document of an answer, for reports: read as the check reads it.
pub(super) fn document(expect: &Expect, answer: &Answer) -> Option<Document> {
    match Document::find(answer, expect.document) {
        Found::Document(document) => Some(document),
        Found::Unreadable(_) | Found::Other => None,
    }
}
