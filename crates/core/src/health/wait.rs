//! Asks all targets at once until each is healthy, hopeless or out of time.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;
use url::Url;

use super::{Answer, Document, Expect, Outcome, Prober, Request, Schedule, Verdict, judge};

/// So many probes run at once.
const AT_ONCE: usize = 256;
/// So many changes of a target's verdict are kept for its timeline: the first ones tell most.
const LONGEST_TIMELINE: usize = 20;

/// One endpoint to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The service's key, the check's name, or the URL's host and path.
    pub name: String,
    pub request: Request,
    pub expect: Expect,
}

impl Target {
    /// An endpoint that is asked by a plain GET.
    pub fn get(name: impl Into<String>, url: Url, expect: Expect) -> Self {
        Self {
            name: name.into(),
            request: Request::get(url),
            expect,
        }
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
    /// Why it is not healthy, in one sentence.
    pub why: Option<String>,
    /// What to do about it, when waiting would not have helped.
    pub remedy: Option<String>,
    /// The last answer.
    pub last: Option<Answer>,
    /// Each change of verdict, at most twenty.
    pub timeline: Vec<Change>,
}

impl Seen {
    /// The health document of the last answer.
    pub fn document(&self) -> Option<Document> {
        Document::read(&self.last.as_ref()?.body)
    }
}

/// Waits for all targets at once; the result keeps their order. `tell` is told each target's verdict when it differs
/// from the one before.
pub async fn wait(
    prober: &Prober,
    targets: &[Target],
    schedule: &Schedule,
    tell: impl Fn(&Target, &Verdict),
) -> Vec<Seen> {
    let start = Instant::now();
    let mut seen: Vec<(usize, Seen)> = stream::iter(targets.iter().enumerate())
        .map(|(at, target)| {
            let watch = Watch {
                target,
                schedule,
                start,
                tell: &tell,
                attempts: 0,
                in_a_row: 0,
                last: None,
                timeline: Vec::new(),
            };
            async move { (at, watch.run(prober).await) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    seen.sort_by_key(|(at, _)| *at);
    seen.into_iter().map(|(_, seen)| seen).collect()
}

/// The waiting for one target.
struct Watch<'a, F> {
    target: &'a Target,
    schedule: &'a Schedule,
    start: Instant,
    tell: &'a F,
    attempts: u32,
    in_a_row: u32,
    last: Option<Answer>,
    timeline: Vec<Change>,
}

impl<F: Fn(&Target, &Verdict)> Watch<'_, F> {
    async fn run(mut self, prober: &Prober) -> Seen {
        let end = self.start + self.schedule.total;
        let line = prober.line();
        let mut waits = Schedule::waits();
        loop {
            self.attempts += 1;
            // The deadline cuts a probe short too: the total is kept whatever the server does.
            let Ok(outcome) = tokio::time::timeout_at(end, line.ask(&self.target.request)).await else {
                return self.out_of_time();
            };
            let verdict = judge(&self.target.expect, &outcome);
            if let Outcome::Answered(answer) = outcome {
                self.last = Some(answer);
            }
            self.note(&verdict);
            let wait = waits.next().unwrap_or_default();
            if let Some(ending) = self.is_over(&verdict, Instant::now() + wait >= end) {
                return self.ended(ending);
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn note(&mut self, verdict: &Verdict) {
        self.in_a_row = if *verdict == Verdict::Healthy {
            self.in_a_row + 1
        } else {
            0
        };
        if self.timeline.last().is_some_and(|last| last.verdict == *verdict) {
            return;
        }
        (self.tell)(self.target, verdict);
        if self.timeline.len() == LONGEST_TIMELINE {
            self.timeline.pop();
        }
        self.timeline.push(Change {
            at: self.start.elapsed(),
            verdict: verdict.clone(),
        });
    }

    /// How the waiting ends after this verdict, if it does.
    fn is_over(&self, verdict: &Verdict, out_of_time: bool) -> Option<Ending> {
        match verdict {
            Verdict::Healthy if self.in_a_row >= self.schedule.successes => Some(Ending::Healthy),
            Verdict::NotEver { why, remedy } => {
                let hopeless = self.schedule.fail_fast && self.start.elapsed() >= self.schedule.grace;
                (hopeless || out_of_time).then(|| Ending::Wrong(why.clone(), Some(remedy.clone())))
            }
            Verdict::NotYet(why) => out_of_time.then(|| Ending::Wrong(why.clone(), None)),
            Verdict::Healthy => out_of_time.then(|| {
                let (seen, wanted) = (self.in_a_row, self.schedule.successes);
                Ending::Wrong(
                    format!("healthy only {seen} of {wanted} times in a row when the time was over"),
                    None,
                )
            }),
        }
    }

    fn out_of_time(self) -> Seen {
        let (why, remedy) = match self.timeline.last().map(|change| change.verdict.clone()) {
            Some(Verdict::NotYet(why)) => (why, None),
            Some(Verdict::NotEver { why, remedy }) => (why, Some(remedy)),
            _ => ("no answer before the time was over".to_owned(), None),
        };
        self.ended(Ending::Wrong(why, remedy))
    }

    fn ended(self, ending: Ending) -> Seen {
        let (state, why, remedy) = match ending {
            Ending::Healthy => (State::Healthy, None, None),
            Ending::Wrong(why, remedy) if self.last.is_some() => (State::Unhealthy, Some(why), remedy),
            Ending::Wrong(why, remedy) => (State::Unreachable, Some(why), remedy),
        };
        let Self {
            target,
            attempts,
            start,
            last,
            timeline,
            ..
        } = self;
        Seen {
            target: target.clone(),
            state,
            attempts,
            elapsed: start.elapsed(),
            why,
            remedy,
            last,
            timeline,
        }
    }
}

/// How the waiting for a target ended.
enum Ending {
    Healthy,
    /// Why not, and what to do if waiting would not have helped.
    Wrong(String, Option<String>),
}
