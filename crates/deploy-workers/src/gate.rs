//! Waits until a wave is healthy, by the version that was deployed wherever the Worker tells it.

use std::time::Instant;

use actions_core::environment::{Environment, Service};
use actions_core::health::{
    self, Expect, Prober, Schedule, Seen, Settings, State, Target, Verdict, Version, VersionPlace,
};
use actions_core::runner::Runner;
use anyhow::Context as _;
use reqwest::Url;

use crate::report;

/// Who is asked: everybody's version, or the one that was just uploaded, whatever its share of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Serving,
    Uploaded,
}

/// Pins a request to a version of the current deployment, even one without traffic (Cloudflare).
const OVERRIDES: &str = "cloudflare-workers-version-overrides";

/// Waits for services to become healthy; each comes with the version that is to answer.
///
/// # Errors
/// One of them does not, in time.
pub(crate) async fn wait(
    environment: &Environment,
    services: &[(&Service, Option<String>)],
    asked: Asked,
    schedule: &Schedule,
    runner: &Runner,
) -> anyhow::Result<()> {
    // A Worker without a manifest may have no health path.
    let with_path = services.iter().filter(|(service, _)| !service.health_url.is_empty());
    let services: Vec<(&Service, Option<String>)> = with_path.cloned().collect();
    if services.is_empty() {
        return Ok(());
    }
    let prober = Prober::new(Settings::new(schedule.attempt))?;
    let started = Instant::now();
    let tell = |target: &Target, verdict: &Verdict| runner.say(&report::health(target, verdict, started.elapsed()));
    let targets = services.iter().map(|(service, version)| {
        let mut target = target(environment, service)?;
        if let (Asked::Uploaded, Some(version)) = (asked, version) {
            let pin = format!("{}=\"{version}\"", service.worker);
            target.request.headers.insert(OVERRIDES, pin.parse()?);
        }
        Ok(target)
    });
    let targets: Vec<Target> = targets.collect::<anyhow::Result<_>>()?;
    let mut seen = health::wait(&prober, &targets, schedule, tell).await;
    // Not every Worker tells its version. Of one that does, an old version's 200 is no success.
    let old: Vec<Target> = seen
        .iter()
        .zip(&services)
        .filter_map(|(seen, (_, version))| still_old(seen, version.as_deref()?))
        .collect();
    if !old.is_empty() {
        let rest = Schedule {
            total: schedule.total.saturating_sub(started.elapsed()),
            ..schedule.clone()
        };
        let again = health::wait(&prober, &old, &rest, tell).await;
        for newer in again {
            if let Some(place) = seen.iter_mut().find(|seen| seen.target.name == newer.target.name) {
                *place = newer;
            }
        }
    }
    let bad: Vec<&Seen> = seen.iter().filter(|seen| seen.state != State::Healthy).collect();
    if bad.is_empty() {
        Ok(())
    } else {
        Err(report::unhealthy(&bad))
    }
}

fn target(environment: &Environment, service: &Service) -> anyhow::Result<Target> {
    let url = Url::parse(&service.health_url)
        .with_context(|| format!("`{}` of service `{}` is no URL", service.health_url, service.key))?;
    let expect = Expect {
        // A health path that is a page is to answer with success; any other is a health document.
        document: !service.health_url.ends_with('/'),
        service: Some(service.key.clone()),
        environment: Some(environment.name.clone()),
        ..Expect::default()
    };
    Ok(Target::get(service.key.clone(), url, expect))
}

/// The target again, its version expected, when a healthy one told another version.
fn still_old(seen: &Seen, wanted: &str) -> Option<Target> {
    if seen.state != State::Healthy {
        return None;
    }
    let told = seen.document()?.version?;
    if told == wanted {
        return None;
    }
    let mut target = seen.target.clone();
    target.expect.version = Some(Version {
        wanted: wanted.to_owned(),
        place: VersionPlace::Document,
    });
    Some(target)
}
