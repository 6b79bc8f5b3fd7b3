//! Waits until a wave is healthy, by the version that was deployed: an old version's 200 is no success.
//!
//! A Worker that tells its version in the health document is taken at its word. One that does not is asked at its
//! version's own URL, where it has one; else it has to be healthy many times in a row, for longer than a new version
//! takes to reach the edge, and the log says what would prove it sooner.

use std::time::{Duration, Instant};

use actions_core::credential::shown;
use actions_core::environment::Service;
use actions_core::health::{
    self, Expect, Prober, Reading, Schedule, Seen, Settings, State, Target, Verdict, Version, VersionPlace,
};
use actions_core::runner::Runner;
use actions_core::secret;
use anyhow::Context as _;
use futures_util::future;
use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::inputs::Inputs;
use crate::report;

/// Who is asked: everybody's version, or the one that was just uploaded, whatever its share of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Serving,
    Uploaded,
    /// As `Uploaded`, of versions that were proven before: whether they still are healthy.
    Watched,
}

/// A service that is to become healthy.
pub(crate) struct Awaited<'a> {
    pub(crate) service: &'a Service,
    /// The version that is to answer, when this run knows it.
    pub(crate) version: Option<String>,
    /// What else stands for it in a health document: the commit and the tag that are deployed.
    pub(crate) also: Vec<String>,
    /// Another version served before, and may still answer.
    pub(crate) replaced: bool,
    /// The version's own URL.
    pub(crate) version_url: Option<String>,
}

/// Pins a request to a version of the current deployment, even one without traffic (Cloudflare). It is ignored until
/// that deployment has reached the edge, so it proves nothing by itself.
const OVERRIDES: &str = "cloudflare-workers-version-overrides";
/// Healthy answers in a row that stand for a version that nobody tells: about ten seconds of them. New deployments reach
/// the edge within seconds (contract sheet of Cloudflare, section 5).
const IN_A_ROW: u32 = 18;

/// Waits for services to become healthy; `sick` is told of each that does not, and why.
///
/// # Errors
/// One of them does not, in time.
pub(crate) async fn wait(
    inputs: &Inputs,
    services: &[Awaited<'_>],
    asked: Asked,
    schedule: &Schedule,
    runner: &Runner,
    sick: impl Fn(&str, &str),
) -> anyhow::Result<()> {
    // A Worker without a manifest may have no health path.
    let with_path = |awaited: &&Awaited<'_>| !awaited.service.health_url.is_empty();
    let services: Vec<&Awaited<'_>> = services.iter().filter(with_path).collect();
    if services.is_empty() {
        return Ok(());
    }
    let gate = Gate {
        prober: Prober::new(Settings::new(schedule.attempt))?,
        schedule,
        started: Instant::now(),
        runner,
    };
    let targets = services.iter().map(|awaited| target(inputs, awaited, asked));
    let targets: Vec<Target> = targets.collect::<anyhow::Result<_>>()?;
    // Each by itself: a slow one does not use up the time in which another is to be healthy many times in a row.
    let proofs = targets
        .iter()
        .zip(&services)
        .map(|(target, awaited)| gate.prove(target, awaited, asked));
    let seen: Vec<Seen> = future::join_all(proofs).await.into_iter().flatten().collect();
    let bad: Vec<&Seen> = seen.iter().filter(|seen| seen.state != State::Healthy).collect();
    for seen in &bad {
        sick(&seen.target.name, seen.why.as_deref().unwrap_or_default());
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(report::unhealthy(&bad))
    }
}

/// One waiting, from its start.
struct Gate<'a> {
    prober: Prober,
    schedule: &'a Schedule,
    started: Instant,
    runner: &'a Runner,
}

impl Gate<'_> {
    /// Waits until one is healthy, and it is the awaited version that says so; that it is, is told once.
    async fn prove(&self, target: &Target, awaited: &Awaited<'_>, asked: Asked) -> Option<Seen> {
        let seen = self.proven(target, awaited, asked).await?;
        // A watched one was told to be healthy before.
        if seen.state == State::Healthy && asked != Asked::Watched {
            let healthy = Verdict::Healthy(seen.note.clone().map(Into::into));
            self.runner
                .say(&report::health(&seen.target, &healthy, self.started.elapsed()));
        }
        Some(seen)
    }

    async fn proven(&self, target: &Target, awaited: &Awaited<'_>, asked: Asked) -> Option<Seen> {
        let mut seen = self.ask(target, 1).await?;
        if let Some(old) = awaited.expected().and_then(|wanted| still_old(&seen, wanted)) {
            seen = self.ask(&old, 1).await?;
        }
        if asked != Asked::Watched && tells_no_version(&seen, awaited) && !self.at_version_url(awaited).await {
            self.runner.say(&report::tells_no_version(&target.name));
            let in_a_row = fitting(self.schedule.total.saturating_sub(self.started.elapsed()));
            return self.ask(&seen.target, in_a_row).await;
        }
        Some(seen)
    }

    /// Asks until it is healthy so many times in a row, or the time of the whole gate is over.
    async fn ask(&self, target: &Target, successes: u32) -> Option<Seen> {
        let rest = Schedule {
            total: self.schedule.total.saturating_sub(self.started.elapsed()),
            successes,
            ..self.schedule.clone()
        };
        let tell = |target: &Target, verdict: &Verdict| {
            // One healthy answer may not be the last word.
            if !matches!(verdict, Verdict::Healthy(_)) {
                self.runner
                    .say(&report::health(target, verdict, self.started.elapsed()));
            }
        };
        let asked = std::slice::from_ref(target);
        health::wait(&self.prober, asked, &rest, tell).await.pop()
    }

    /// Whether the version is healthy at its own URL. Whatever else it answers there proves nothing: a Worker may know
    /// its hostnames only, or have an access policy in front.
    async fn at_version_url(&self, awaited: &Awaited<'_>) -> bool {
        let path = awaited
            .service
            .health_url
            .strip_prefix(&awaited.service.url)
            .unwrap_or("/");
        let url = awaited
            .version_url
            .as_ref()
            .and_then(|url| Url::parse(&format!("{url}{path}")).ok());
        let Some(url) = url else { return false };
        let target = Target::get(awaited.service.key.clone(), url, expect(&awaited.service.health_url));
        let once = Schedule {
            total: self
                .schedule
                .attempt
                .min(self.schedule.total.saturating_sub(self.started.elapsed())),
            ..self.schedule.clone()
        };
        let seen = health::wait(&self.prober, &[target], &once, |_, _| {}).await;
        let healthy = seen.iter().all(|seen| seen.state == State::Healthy);
        if healthy {
            self.runner.say(&report::healthy_at_version_url(&awaited.service.key));
        }
        healthy
    }
}

/// So many healthy answers in a row, or as many as there is time for: between two of them there is less than a second.
fn fitting(rest: Duration) -> u32 {
    u32::try_from(rest.as_secs()).unwrap_or(IN_A_ROW).clamp(1, IN_A_ROW)
}

fn target(inputs: &Inputs, awaited: &Awaited<'_>, asked: Asked) -> anyhow::Result<Target> {
    let service = awaited.service;
    let url = secret::url(&service.health_url).with_context(|| {
        format!(
            "`{}` of service `{}` is no URL",
            shown(&service.health_url),
            service.key
        )
    })?;
    let (names, others) = inputs.environment.names(service);
    let expect = Expect {
        // Without a manifest nobody said what the Worker calls itself.
        service: inputs.manifest.as_ref().map(|_| names).unwrap_or_default(),
        other_services: others,
        environment: inputs.stated_environment.clone(),
        ..expect(&service.health_url)
    };
    let mut target = Target::get(service.key.clone(), url, expect);
    if let (Asked::Uploaded | Asked::Watched, Some(version)) = (asked, &awaited.version) {
        let pin = HeaderValue::from_str(&format!("{}=\"{version}\"", service.worker))?;
        target.request.headers.insert(OVERRIDES, pin);
    }
    Ok(target)
}

/// A health path that is a page is to answer with success; any other is a health document.
fn expect(health_url: &str) -> Expect {
    Expect {
        document: if health_url.ends_with('/') {
            Reading::Auto
        } else {
            Reading::Strict
        },
        ..Expect::default()
    }
}

/// The target again, its version expected, when a healthy one told another version.
fn still_old(seen: &Seen, wanted: Version) -> Option<Target> {
    if seen.state != State::Healthy || tells(seen, &wanted) != Some(false) {
        return None;
    }
    let mut target = seen.target.clone();
    target.expect.version = Some(wanted);
    Some(target)
}

/// Whether a healthy answer may be the old version's: one served before, and the answer does not say which it was.
fn tells_no_version(seen: &Seen, awaited: &Awaited<'_>) -> bool {
    seen.state == State::Healthy
        && awaited.replaced
        && awaited.expected().is_some_and(|wanted| tells(seen, &wanted).is_none())
}

impl Awaited<'_> {
    /// The version that is to be told, if any is.
    fn expected(&self) -> Option<Version> {
        Some(Version {
            wanted: self.version.clone()?,
            also: self.also.clone(),
            // The new version may say nothing of itself, though the old one did.
            place: VersionPlace::DocumentIfTold,
        })
    }
}

/// Whether an answer tells the version, where what it tells can be one of Cloudflare's or a commit that stands for it: an
/// application's own (`1.0.0`) says nothing.
fn tells(seen: &Seen, wanted: &Version) -> Option<bool> {
    health::tells(wanted, seen.last.as_ref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_gate_asks_as_often_as_it_can() {
        assert_eq!(fitting(Duration::from_secs(89)), IN_A_ROW);
        assert_eq!(fitting(Duration::from_millis(5_900)), 5);
        assert_eq!(fitting(Duration::ZERO), 1);
    }
}
