//! Every sentence that a user of health-check reads.

use std::time::Duration;

use actions_core::error::fault;
use actions_core::health::{Phases, Schedule, Seen, State, Target, Verdict};
use actions_core::markdown::{link, text_cell};
use actions_core::reports::{self, Command, Endpoint, Head, Health, HealthCheck, Status};
use actions_core::runner::signal::Interrupt;
use actions_core::text::{count, elapsed, quoted_list};

use crate::inputs::Subject;

/// The first line of the log.
pub(crate) fn opening(targets: &[Target], schedule: &Schedule) -> String {
    let endpoints = count(targets.len(), "endpoint");
    format!(
        "waiting up to {} for {endpoints}, at most {} a try",
        elapsed(schedule.total),
        elapsed(schedule.attempt)
    )
}

/// A line each time a target's state changes.
pub(crate) fn line(target: &Target, verdict: &Verdict, since: Duration) -> String {
    let (at, place) = (elapsed(since), place(target));
    match verdict {
        Verdict::Healthy(None) => format!("✓ {place}: healthy after {at}"),
        Verdict::Healthy(Some(note)) => format!("✓ {place}: healthy after {at} ({note})"),
        Verdict::NotYet(why) => format!("… {place}: {why} ({at})"),
        Verdict::NotEver { why, .. } => format!("✗ {place}: {why} ({at})"),
    }
}

/// A target's name with its URL; the URL alone where the name is made of it.
fn place(target: &Target) -> String {
    let url = target.shown();
    if target.request.name() == target.name {
        url
    } else {
        format!("{} ({url})", target.name)
    }
}

pub(crate) struct Report<'a> {
    subject: &'a Subject,
    seen: &'a [Seen],
    took: Duration,
    /// The waiting was cut short.
    cancelled: Option<Interrupt>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(subject: &'a Subject, seen: &'a [Seen], took: Duration, cancelled: Option<Interrupt>) -> Self {
        Self {
            subject,
            seen,
            took,
            cancelled,
        }
    }

    pub(crate) fn healthy(&self) -> bool {
        self.seen.iter().all(|seen| seen.state == State::Healthy)
    }

    /// The names of the endpoints that are not healthy.
    pub(crate) fn failed(&self) -> Vec<String> {
        self.sick().map(|seen| seen.target.name.clone()).collect()
    }

    fn sick(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| seen.state != State::Healthy)
    }

    /// `Ok` when all is healthy, else what is not, why and what to do.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        if self.healthy() {
            return Ok(());
        }
        let reasons: Vec<String> = self
            .sick()
            .map(|seen| {
                // A name that is made of the URL says host and path already.
                let target = &seen.target;
                let own = target.request.name() == target.name;
                let place = if own { target.name.clone() } else { place(target) };
                format!("{place}: {}", reason(seen))
            })
            .collect();
        let what = format!(
            "{} of {} not healthy{}: {}",
            reasons.len(),
            count(self.seen.len(), "endpoint"),
            self.when_cancelled(),
            quoted_list(&self.failed())
        );
        let mut error = fault(what).because(anyhow::anyhow!(reasons.join("\n")));
        if let Some(signal) = self.cancelled {
            error = error.exit(signal.exit_status());
        }
        if let Some(remedy) = self.sick().find_map(|seen| seen.remedy.clone()) {
            error = error.hint(remedy);
        }
        Err(error.into())
    }

    fn when_cancelled(&self) -> String {
        let signal = self
            .cancelled
            .map(|signal| format!(" when the run was cancelled ({})", signal.name()));
        signal.unwrap_or_default()
    }

    /// The step summary.
    pub(crate) fn markdown(&self) -> String {
        let head = if self.healthy() {
            format!(
                "### ✅ {} healthy after {}",
                count(self.seen.len(), "endpoint"),
                elapsed(self.took)
            )
        } else {
            format!(
                "### ❌ {} of {} not healthy after {}{}",
                self.sick().count(),
                count(self.seen.len(), "endpoint"),
                elapsed(self.took),
                self.when_cancelled()
            )
        };
        let rows: String = self.seen.iter().map(row).collect();
        format!(
            "{head}\n\n| | endpoint | status | tries | time | timeline | |\n|---|---|---|---|---|---|---|\n{rows}{}",
            self.remedies()
        )
    }

    /// What to do, once for each remedy.
    fn remedies(&self) -> String {
        let mut remedies: Vec<&String> = self.sick().filter_map(|seen| seen.remedy.as_ref()).collect();
        remedies.dedup();
        remedies
            .into_iter()
            .fold(String::new(), |text, remedy| text + "\n> 💡 " + remedy + "\n")
    }

    /// The output `report`.
    pub(crate) fn json(&self) -> HealthCheck {
        let (environment, pull_request) = match self.subject {
            Subject::Environment(environment) => (environment.name.clone(), environment.pull_request),
            Subject::Urls => (String::new(), None),
        };
        HealthCheck {
            head: Head {
                command: Command::Check,
                environment,
                pull_request,
                status: if self.healthy() { Status::Done } else { Status::Failed },
                seconds: seconds(self.took),
                error: self.verdict().err().map(|error| actions_core::error::render(&error)),
                ..Head::default()
            },
            healthy: self.healthy(),
            endpoints: self.seen.iter().map(endpoint).collect(),
        }
    }
}

/// One line of the summary's table.
fn row(seen: &Seen) -> String {
    let mark = if seen.state == State::Healthy { "✅" } else { "❌" };
    let status = seen
        .last
        .as_ref()
        .map_or_else(|| "–".to_owned(), |answer| answer.status.to_string());
    let detail = match seen.document() {
        _ if seen.state != State::Healthy => reason(seen).to_owned(),
        Some(document) => {
            let checks = document
                .checks
                .iter()
                .map(|part| format!("{} {}", part.name, part.word.text));
            checks.chain(seen.note.clone()).collect::<Vec<_>>().join(", ")
        }
        None => seen.note.clone().unwrap_or_default(),
    };
    let phases = seen
        .last
        .as_ref()
        .map(|answer| phases(&answer.phases))
        .unwrap_or_default();
    let detail = match (detail.is_empty(), phases.is_empty()) {
        (_, true) => text_cell(&detail),
        (true, false) => phases,
        (false, false) => format!("{} <sub>{phases}</sub>", text_cell(&detail)),
    };
    let name = link(&text_cell(&seen.target.name), &seen.target.shown());
    let (tries, time) = (seen.attempts, elapsed(seen.elapsed));
    format!(
        "| {mark} | {name} | {status} | {tries} | {time} | {} | {detail} |\n",
        timeline(seen)
    )
}

/// `🟠 0.0 s → 🟢 1.2 s`: when the verdict changed, and to what.
fn timeline(seen: &Seen) -> String {
    let steps = seen.timeline.iter().map(|change| {
        let mark = match change.verdict {
            Verdict::Healthy(_) => "🟢",
            Verdict::NotYet(_) => "🟠",
            Verdict::NotEver { .. } => "🔴",
        };
        format!("{mark} {}", elapsed(change.at))
    });
    steps.collect::<Vec<_>>().join(" → ")
}

/// `resolve 1 ms, connect 2 ms, TLS 12 ms, first byte 30 ms, total 31 ms`, without what a used connection has not.
fn phases(phases: &Phases) -> String {
    let parts = [
        ("resolve", phases.resolve),
        ("connect", phases.connect),
        ("TLS", phases.tls),
    ];
    let always = [("first byte", Some(phases.first_byte)), ("total", Some(phases.total))];
    let told = parts
        .iter()
        .chain(&always)
        .filter_map(|(name, took)| Some(format!("{name} {} ms", (*took)?.as_millis())));
    told.collect::<Vec<_>>().join(", ")
}

fn reason(seen: &Seen) -> &str {
    seen.why.as_deref().unwrap_or("healthy")
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

fn endpoint(seen: &Seen) -> Endpoint {
    let document = seen.document();
    Endpoint {
        name: seen.target.name.clone(),
        url: seen.target.shown(),
        state: match seen.state {
            State::Healthy => Health::Healthy,
            State::Unhealthy => Health::Unhealthy,
            State::Unreachable => Health::Unreachable,
        },
        attempts: seen.attempts,
        seconds: seconds(seen.elapsed),
        detail: seen.why.clone(),
        note: seen.note.clone(),
        remedy: seen.remedy.clone(),
        phases: seen.last.as_ref().map(|answer| milliseconds(&answer.phases)),
        certificate_days: seen.last.as_ref().and_then(|answer| answer.certificate_days),
        version: document
            .as_ref()
            .and_then(|document| document.version().map(str::to_owned)),
        versions: seen.versions.iter().cloned().collect(),
        checks: document
            .map(|document| {
                document
                    .checks
                    .into_iter()
                    .map(|part| (part.name, part.word.text))
                    .collect()
            })
            .unwrap_or_default(),
        status: seen.last.as_ref().map(|answer| answer.status),
    }
}

fn milliseconds(phases: &Phases) -> reports::Phases {
    let ms = |took: Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    reports::Phases {
        resolve: phases.resolve.map(ms),
        connect: phases.connect.map(ms),
        tls: phases.tls.map(ms),
        first_byte: ms(phases.first_byte),
        total: ms(phases.total),
    }
}

#[cfg(test)]
mod tests {
    use actions_core::health::{Answer, Change, Expect};

    use super::*;

    fn seen(name: &str, state: State, why: Option<&str>, body: &str) -> Seen {
        let url = format!("https://user:secret@{name}.example.com/health")
            .parse()
            .unwrap();
        let phases = Phases {
            first_byte: Duration::from_millis(30),
            total: Duration::from_millis(31),
            ..Phases::default()
        };
        let last = Answer {
            status: 200,
            body: body.into(),
            path: "/health".to_owned(),
            phases,
            ..Answer::default()
        };
        let verdict = why.map_or(Verdict::Healthy(None), |why| Verdict::NotYet(why.into()));
        Seen {
            target: Target::get(name, url, Expect::default()),
            state,
            attempts: 3,
            elapsed: Duration::from_millis(1200),
            why: why.map(str::to_owned),
            remedy: why.map(|_| "look at the log".to_owned()),
            note: None,
            versions: Vec::new(),
            last: (state != State::Unreachable).then_some(last),
            timeline: vec![Change {
                at: Duration::from_millis(1200),
                verdict,
            }],
        }
    }

    #[test]
    fn a_summary_with_both_sides() {
        let all = [
            seen(
                "api",
                State::Healthy,
                None,
                r#"{"status":"healthy","checks":{"database":"ok","kv":"ok"}}"#,
            ),
            seen("web", State::Unreachable, Some("the connection was refused"), ""),
        ];
        let report = Report::new(&Subject::Urls, &all, Duration::from_secs(90), None);
        insta::assert_snapshot!(report.markdown(), @r"
        ### ❌ 1 of 2 endpoints not healthy after 1 min 30 s

        | | endpoint | status | tries | time | timeline | |
        |---|---|---|---|---|---|---|
        | ✅ | [api](https://api.example.com/health) | 200 | 3 | 1.2 s | 🟢 1.2 s | database ok, kv ok <sub>first byte 30 ms, total 31 ms</sub> |
        | ❌ | [web](https://web.example.com/health) | – | 3 | 1.2 s | 🟠 1.2 s | the connection was refused |

        > 💡 look at the log
        ");
        insta::assert_snapshot!(actions_core::error::render(&report.verdict().unwrap_err()), @r"
        1 of 2 endpoints not healthy: `web`
        caused by: web (https://web.example.com/health): the connection was refused
        hint: look at the log
        ");
    }
}
