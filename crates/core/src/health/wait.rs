//! Asks all targets at once until each is healthy, hopeless or out of time.

use std::future::Future;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::time::Instant;

use super::cookies::Jar;
use super::judge::{of_this_try, shown_version};
use super::line::Line;
use super::target::most;
use super::{Answer, Change, Outcome, Prober, Schedule, Seen, State, Target, Verdict, judge, told};

/// So many probes run at once.
const AT_ONCE: usize = 256;
/// So many different versions are counted.
const MOST_VERSIONS: usize = 10;
/// So many changes of a target's verdict are kept for its timeline: the first ones tell most.
const LONGEST_TIMELINE: usize = 20;

/// Waits for all targets at once; the result keeps their order. `tell` is told each target's verdict when it differs
/// from the one before.
pub async fn wait(
    prober: &Prober,
    targets: &[Target],
    schedule: &Schedule,
    tell: impl Fn(&Target, &Verdict),
) -> Vec<Seen> {
    wait_until(prober, targets, schedule, tell, std::future::pending()).await
}

/// As [`wait`], but ends when `stop` does, with what was seen until then.
pub async fn wait_until(
    prober: &Prober,
    targets: &[Target],
    schedule: &Schedule,
    tell: impl Fn(&Target, &Verdict),
    stop: impl Future<Output = ()>,
) -> Vec<Seen> {
    let start = Instant::now();
    let stop = stop.shared();
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
                versions: Vec::new(),
                timeline: Vec::new(),
            };
            let stop = stop.clone();
            async move { (at, watch.run(prober, stop).await) }
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
    versions: Vec<(String, u32)>,
    timeline: Vec<Change>,
}

impl<F: Fn(&Target, &Verdict)> Watch<'_, F> {
    async fn run(mut self, prober: &Prober, stop: impl Future<Output = ()> + Clone) -> Seen {
        let end = self.start + self.schedule.total;
        let line = prober.line();
        let mut waits = Schedule::waits();
        loop {
            self.attempts += 1;
            // The deadline cuts a probe short too: the total is kept whatever the server does.
            let tried = tokio::select! {
                biased;
                () = stop.clone() => return self.stopped(),
                tried = tokio::time::timeout_at(end, self.ask(&line)) => tried,
            };
            let Ok((verdict, answer)) = tried else {
                return self.out_of_time();
            };
            if let Some(answer) = answer {
                self.count_version(&answer);
                self.last = Some(answer);
            }
            self.note(&verdict);
            let wait = waits.next().unwrap_or_default();
            if let Some(ending) = self.is_over(&verdict, Instant::now() + wait >= end) {
                return self.ended(ending);
            }
            tokio::select! {
                () = stop.clone() => return self.stopped(),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn ask(&self, line: &Line<'_>) -> (Verdict, Option<Answer>) {
        if let Some(sequence) = &self.target.sequence {
            return sequence.ask(line).await;
        }
        // Cookies live as long as one check.
        let outcome = line
            .ask(&self.target.request, &mut Jar::default(), most(self.target))
            .await;
        let verdict = judge(&self.target.expect, &outcome);
        match outcome {
            Outcome::Answered(answer) => (verdict, Some(answer)),
            Outcome::Failed(_) => (verdict, None),
        }
    }

    fn count_version(&mut self, answer: &Answer) {
        let wanted = self.target.expect.version.as_ref();
        let Some(told) = wanted.and_then(|wanted| shown_version(&told(wanted, answer))) else {
            return;
        };
        if let Some((_, times)) = self.versions.iter_mut().find(|(version, _)| *version == told) {
            *times += 1;
        } else if self.versions.len() < MOST_VERSIONS {
            self.versions.push((told, 1));
        }
    }

    fn note(&mut self, verdict: &Verdict) {
        self.in_a_row = if verdict.is_healthy() { self.in_a_row + 1 } else { 0 };
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
            Verdict::Healthy(note) if self.in_a_row >= self.schedule.successes => {
                Some(Ending::Healthy(note.as_ref().map(ToString::to_string)))
            }
            Verdict::NotEver { why, remedy } => {
                let hopeless = self.schedule.fail_fast && self.start.elapsed() >= self.schedule.grace;
                (hopeless || out_of_time).then(|| Ending::Wrong(self.told_last(why), Some(remedy.clone())))
            }
            Verdict::NotYet(why) => out_of_time.then(|| Ending::Wrong(self.told_last(why), None)),
            Verdict::Healthy(_) => out_of_time.then(|| self.as_it_is("")),
        }
    }

    /// The sentence of a verdict that ends the waiting: with what the last try saw, and which versions answered.
    fn told_last(&self, why: &impl std::fmt::Display) -> String {
        let last = self
            .last
            .as_ref()
            .map(|answer| of_this_try(&self.target.expect, answer));
        let versions = if self.versions.is_empty() {
            String::new()
        } else {
            format!(" (answered: {})", self.counted())
        };
        format!("{why}{}{versions}", last.unwrap_or_default())
    }

    /// `` `1.0.0` 12 times, `1.0.1` once ``.
    fn counted(&self) -> String {
        let one = |(version, times): &(String, u32)| match times {
            1 => format!("`{version}` once"),
            times => format!("`{version}` {times} times"),
        };
        self.versions.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn out_of_time(self) -> Seen {
        let ending = self.as_it_is("no answer before the time was over");
        self.ended(ending)
    }

    fn stopped(self) -> Seen {
        let ending = match self.as_it_is("no answer yet") {
            Ending::Wrong(why, remedy) => Ending::Wrong(format!("cancelled: {why}"), remedy),
            healthy @ Ending::Healthy(_) => healthy,
        };
        self.ended(ending)
    }

    /// How it ends when it cannot be asked again; `silent` where nothing was seen of it.
    fn as_it_is(&self, silent: &str) -> Ending {
        match self.timeline.last().map(|change| &change.verdict) {
            Some(Verdict::NotYet(why)) => Ending::Wrong(self.told_last(why), None),
            Some(Verdict::NotEver { why, remedy }) => Ending::Wrong(self.told_last(why), Some(remedy.clone())),
            // Not often enough in a row: else it had ended.
            Some(Verdict::Healthy(_)) => {
                let (seen, wanted) = (self.in_a_row, self.schedule.successes);
                Ending::Wrong(
                    format!("healthy only {seen} of {wanted} times in a row when the time was over"),
                    None,
                )
            }
            None => Ending::Wrong(silent.to_owned(), None),
        }
    }

    fn ended(self, ending: Ending) -> Seen {
        let answered = self.last.is_some();
        let (state, why, remedy, note) = match ending {
            Ending::Healthy(note) => {
                // Others than the expected one answered before.
                let versions = (self.versions.len() > 1).then(|| format!("answered: {}", self.counted()));
                let note: Vec<String> = note.into_iter().chain(versions).collect();
                (State::Healthy, None, None, (!note.is_empty()).then(|| note.join("; ")))
            }
            Ending::Wrong(why, remedy) if answered => (State::Unhealthy, Some(why), remedy, None),
            Ending::Wrong(why, remedy) => (State::Unreachable, Some(why), remedy, None),
        };
        Seen {
            target: self.target.clone(),
            state,
            attempts: self.attempts,
            elapsed: self.start.elapsed(),
            why,
            remedy,
            note,
            last: self.last,
            versions: self.versions,
            timeline: self.timeline,
        }
    }
}

/// How the waiting for a target ended.
enum Ending {
    /// What is to be told of it all the same.
    Healthy(Option<String>),
    /// Why not, and what to do if waiting would not have helped.
    Wrong(String, Option<String>),
}
