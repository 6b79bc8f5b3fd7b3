//! Asks all targets at once until each is healthy, hopeless or out of time.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{Answer, Document, Expect, Outcome, Prober, Schedule, Verdict, judge};

/// So many probes run at once.
const AT_ONCE: usize = 256;

/// One endpoint to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The service's key, or the URL's host.
    pub name: String,
    pub url: String,
    pub expect: Expect,
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
}

impl Seen {
    /// The health document of the last answer.
    pub fn document(&self) -> Option<Document> {
        Document::read(&self.last.as_ref()?.body)
    }
}

/// Waits for all targets at once; the result keeps their order. `on_change` is told each target's verdict when it
/// differs from the one before, and the result of each target as it ends.
pub async fn wait(
    prober: &Prober,
    targets: &[Target],
    schedule: &Schedule,
    tell: impl Fn(&Target, &Verdict),
) -> Vec<Seen> {
    let start = Instant::now();
    let mut seen: Vec<(usize, Seen)> = stream::iter(targets.iter().enumerate())
        .map(|(at, target)| {
            let tell = &tell;
            async move { (at, wait_for(prober, target, schedule, start, tell).await) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    seen.sort_by_key(|(at, _)| *at);
    seen.into_iter().map(|(_, seen)| seen).collect()
}

async fn wait_for(
    prober: &Prober,
    target: &Target,
    schedule: &Schedule,
    start: Instant,
    tell: impl Fn(&Target, &Verdict),
) -> Seen {
    let end = start + schedule.total;
    let mut waits = Schedule::waits();
    let (mut attempts, mut in_a_row) = (0, 0);
    let mut told: Option<Verdict> = None;
    let mut last: Option<Answer> = None;
    loop {
        attempts += 1;
        // The deadline cuts a probe short too: the total is kept whatever the server does.
        let outcome = tokio::time::timeout_at(end, prober.ask(&target.url)).await;
        let Ok(outcome) = outcome else {
            let why = match told {
                Some(Verdict::NotYet(why) | Verdict::NotEver { why, .. }) => why,
                _ => "no answer before the time was over".to_owned(),
            };
            return ended(target, attempts, start, Some((why, None)), last);
        };
        let verdict = judge(&target.expect, &outcome);
        if let Outcome::Answered(answer) = outcome {
            last = Some(answer);
        }
        if told.as_ref() != Some(&verdict) {
            tell(target, &verdict);
        }
        in_a_row = if verdict == Verdict::Healthy { in_a_row + 1 } else { 0 };
        let wait = waits.next().unwrap_or_default();
        let over = Instant::now() + wait >= end;
        match &verdict {
            Verdict::Healthy if in_a_row >= schedule.successes => return ended(target, attempts, start, None, last),
            Verdict::NotEver { why, remedy } if over || start.elapsed() >= schedule.grace => {
                return ended(target, attempts, start, Some((why.clone(), Some(remedy.clone()))), last);
            }
            Verdict::NotYet(why) if over => return ended(target, attempts, start, Some((why.clone(), None)), last),
            Verdict::Healthy if over => {
                let why = format!(
                    "healthy only {in_a_row} times in a row of {} before the time was over",
                    schedule.successes
                );
                return ended(target, attempts, start, Some((why, None)), last);
            }
            _ => {}
        }
        told = Some(verdict);
        tokio::time::sleep(wait).await;
    }
}

fn ended(
    target: &Target,
    attempts: u32,
    start: Instant,
    wrong: Option<(String, Option<String>)>,
    last: Option<Answer>,
) -> Seen {
    let state = match (&wrong, &last) {
        (None, _) => State::Healthy,
        (Some(_), Some(_)) => State::Unhealthy,
        (Some(_), None) => State::Unreachable,
    };
    let (why, remedy) = wrong.map_or((None, None), |(why, remedy)| (Some(why), remedy));
    Seen {
        target: target.clone(),
        state,
        attempts,
        elapsed: start.elapsed(),
        why,
        remedy,
        last,
    }
}
