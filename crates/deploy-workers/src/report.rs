//! Every sentence that a user of this action reads.

use std::time::Duration;

use actions_core::error::fault;
use actions_core::health::{Seen, Target, Verdict};
use actions_core::reports::{DeployWorkers, Head, Service, ServiceState, Status};
use actions_core::runner::{Runner, command};
use actions_core::text::{cell, count, elapsed, quoted_list};
use actions_core::wrangler::bundle::Failed;
use indexmap::IndexMap;

use crate::apply::{Done, Outcome};
use crate::inputs::Inputs;
use crate::plan::{Plan, ServicePlan, Upload};
use crate::project::{Built, Size};

/// `12.3 KiB`
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

fn size(size: Size) -> String {
    format!("{}, {} compressed", bytes(size.raw), bytes(size.gzip))
}

/// The first line.
pub(crate) fn opening(inputs: &Inputs) -> String {
    let verb = match inputs.command {
        crate::inputs::Command::Deploy => "deploying",
        crate::inputs::Command::Validate => "validating",
    };
    let some = if inputs.chosen.len() == inputs.environment.services.len() {
        String::new()
    } else {
        format!(" of {}", inputs.environment.services.len())
    };
    format!(
        "{verb} {}{some} of {}",
        count(inputs.chosen.len(), "service"),
        inputs.environment.title()
    )
}

/// A service was bundled.
pub(crate) fn bundled(key: &str, built: &Built) -> String {
    let assets = built.assets.as_ref().map_or_else(String::new, |files| {
        format!(", {} ({})", count(files.assets.len(), "asset"), bytes(files.size()))
    });
    let warnings: Vec<String> = built
        .warnings
        .iter()
        .map(|warning| format!("\n  wrangler warns: {warning}"))
        .collect();
    format!(
        "bundled {key} in {}: {}{assets}{}",
        elapsed(built.took),
        size(built.size),
        warnings.concat()
    )
}

/// Every bundle that failed; what wrangler printed goes to the log, folded.
pub(crate) fn bundling_failed(runner: &Runner, failed: Vec<(String, anyhow::Error)>) -> anyhow::Error {
    for (key, error) in &failed {
        if let Some(failed) = error.downcast_ref::<Failed>().filter(|failed| !failed.log.is_empty()) {
            command::group(&format!("what wrangler printed for {key}"));
            runner.say(&failed.log);
            command::end_group();
        }
    }
    let keys: Vec<&str> = failed.iter().map(|(key, _)| key.as_str()).collect();
    let what = format!("could not bundle {}; nothing was touched", quoted_list(&keys));
    let text = |(key, error): &(String, anyhow::Error)| {
        let text = actions_core::error::render(error).replace('\n', "\n  ");
        format!("{key}: {text}")
    };
    let mut errors = failed;
    if errors.len() == 1 {
        let (_, error) = errors.remove(0);
        return fault(what).because(error).into();
    }
    let all: Vec<String> = errors.iter().map(text).collect();
    fault(what).because(fault(all.join("\n"))).into()
}

/// The waves, when there are several.
pub(crate) fn waves(waves: &[Vec<String>]) -> String {
    let waves: Vec<String> = waves.iter().map(|wave| wave.join(", ")).collect();
    format!("order: {}", waves.join(" → "))
}

/// A wave begins.
pub(crate) fn wave(number: usize, of: usize, keys: &[String]) -> String {
    format!("wave {number} of {of}: {}", keys.join(", "))
}

/// A service was dealt with.
pub(crate) fn service(plan: &ServicePlan, outcome: &Outcome) -> String {
    let took = elapsed(outcome.took);
    let version = outcome.version.as_deref().unwrap_or("unknown");
    match (&outcome.failed, plan.upload, outcome.changed) {
        (Some(problem), _, _) => format!("✗ {}: {}", plan.key, problem.replace('\n', "\n  ")),
        (None, Upload::No, false) => format!("= {}: unchanged, version {version} serves at {}", plan.key, plan.url),
        (None, Upload::No, true) => format!("✓ {}: code unchanged, the rest brought up to date in {took}", plan.key),
        (None, Upload::First, _) => format!(
            "✓ {}: new, version {version} serves at {} after {took}",
            plan.key, plan.url
        ),
        (None, Upload::Again, _) => format!("✓ {}: version {version} serves at {} after {took}", plan.key, plan.url),
    }
}

/// One change of what is known about a service's health.
pub(crate) fn health(target: &Target, verdict: &Verdict, after: Duration) -> String {
    let after = elapsed(after);
    match verdict {
        Verdict::Healthy => format!("  {} is healthy after {after}", target.name),
        Verdict::NotYet(why) => format!("  {} is not healthy yet: {why}", target.name),
        Verdict::NotEver { why, .. } => format!("  {} is not healthy: {why}", target.name),
    }
}

/// A wave did not become healthy.
pub(crate) fn unhealthy(bad: &[&Seen]) -> anyhow::Error {
    let keys: Vec<&str> = bad.iter().map(|seen| seen.target.name.as_str()).collect();
    let verb = if bad.len() == 1 { "is" } else { "are" };
    let lines: Vec<String> = bad
        .iter()
        .map(|seen| {
            format!(
                "{}: {} ({} after {})",
                seen.target.request.shown(),
                seen.why.as_deref().unwrap_or("it is not healthy"),
                count(seen.attempts as usize, "try").replace("trys", "tries"),
                elapsed(seen.elapsed)
            )
        })
        .collect();
    let mut error =
        fault(format!("{} {verb} deployed, but not healthy", quoted_list(&keys))).because(fault(lines.join("\n")));
    if let Some(remedy) = bad.iter().find_map(|seen| seen.remedy.clone()) {
        error = error.hint(remedy);
    }
    error.into()
}

/// A wave failed while it was deployed.
pub(crate) fn wave_failed(number: usize, of: usize, outcomes: &IndexMap<String, Outcome>) -> anyhow::Error {
    let failed: Vec<(&String, &String)> = outcomes
        .iter()
        .filter_map(|(key, outcome)| Some((key, outcome.failed.as_ref()?)))
        .collect();
    let keys: Vec<&str> = failed.iter().map(|(key, _)| key.as_str()).collect();
    let place = if of > 1 {
        format!(" (wave {number} of {of})")
    } else {
        String::new()
    };
    let causes: Vec<String> = failed
        .iter()
        .map(|(key, text)| {
            if failed.len() == 1 {
                (*text).clone()
            } else {
                format!("{key}: {text}")
            }
        })
        .collect();
    fault(format!("could not deploy {}{place}", quoted_list(&keys)))
        .because(fault(causes.join("\n")))
        .into()
}

/// Checks that failed before anything was touched.
pub(crate) fn checks_failed(conflicts: &[(String, String)]) -> anyhow::Error {
    let lines: Vec<String> = conflicts.iter().map(|(key, text)| format!("- {key}: {text}")).collect();
    fault(format!(
        "{} before the first upload; nothing was touched\n{}",
        if conflicts.len() == 1 {
            "one check failed".to_owned()
        } else {
            format!("{} checks failed", conflicts.len())
        },
        lines.join("\n")
    ))
    .into()
}

/// What the action tells the next ones, and the run's summary.
pub(crate) struct Report<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) plan: &'a Plan,
    pub(crate) done: &'a Done,
    pub(crate) seconds: f64,
}

impl Report<'_> {
    fn status(&self) -> Status {
        match &self.done.error {
            Some(_) => Status::Failed,
            None if self.inputs.dry_run => Status::Planned,
            None => Status::Done,
        }
    }

    fn service(&self, plan: &ServicePlan) -> Service {
        let outcome = self.done.services.get(&plan.key);
        let state = match outcome {
            _ if self.inputs.dry_run => ServiceState::Planned,
            None => ServiceState::Skipped,
            Some(outcome) if outcome.failed.is_some() => ServiceState::Failed,
            Some(outcome) if outcome.changed => ServiceState::Deployed,
            Some(_) => ServiceState::Unchanged,
        };
        Service {
            service: plan.key.clone(),
            worker: plan.worker.clone(),
            url: plan.url.clone(),
            hostname: plan.hostname.clone(),
            version_id: outcome.map_or_else(|| plan.previous.clone(), |outcome| outcome.version.clone()),
            previous_version_id: plan.previous.clone(),
            state,
            detail: outcome
                .and_then(|outcome| outcome.failed.clone())
                .or_else(|| Some(plan.notes.join("; ")).filter(|notes| !notes.is_empty())),
            size: Some(plan.size.raw),
            gzip: Some(plan.size.gzip),
            seconds: outcome.map_or(0.0, |outcome| outcome.took.as_secs_f64()),
        }
    }

    /// The output `report`.
    pub(crate) fn json(&self) -> DeployWorkers {
        DeployWorkers {
            head: Head {
                command: "deploy".to_owned(),
                environment: self.inputs.environment.name.clone(),
                pull_request: self.inputs.environment.pull_request,
                status: self.status(),
                changed: self.done.changed(),
                seconds: (self.seconds * 1000.0).round() / 1000.0,
                error: self.done.error.as_ref().map(actions_core::error::render),
            },
            services: self.plan.services.values().map(|plan| self.service(plan)).collect(),
        }
    }

    /// The step's summary.
    pub(crate) fn markdown(&self) -> String {
        let title = self.inputs.environment.title();
        let changed = self.done.services.values().filter(|outcome| outcome.changed).count();
        let head = match self.status() {
            Status::Failed => format!("### Workers of {title}: failed\n"),
            Status::Planned => format!(
                "### Workers of {title}: planned, nothing was touched\n\n{}\n",
                self.plan.changes().markdown()
            ),
            _ if changed == 0 => format!("### Workers of {title}: unchanged\n"),
            _ => format!("### Workers of {title}: {} deployed\n", count(changed, "service")),
        };
        let rows: String = self
            .plan
            .services
            .values()
            .map(|plan| row(&self.service(plan)))
            .collect();
        format!("{head}\n| | service | version | size | |\n|---|---|---|---|---|\n{rows}")
    }
}

fn row(service: &Service) -> String {
    let mark = match service.state {
        ServiceState::Deployed => "✅",
        ServiceState::Unchanged => "➖",
        ServiceState::Failed => "❌",
        ServiceState::Planned => "📝",
        ServiceState::Skipped | ServiceState::Unknown => "⏭️",
    };
    let version = service
        .version_id
        .as_deref()
        .map_or_else(String::new, |id| format!("`{}`", &id[..id.len().min(8)]));
    let size = service.size.map_or_else(String::new, bytes);
    let detail = service.detail.as_deref().map(cell).unwrap_or_default();
    format!(
        "| {mark} | [{}]({}) | {version} | {size} | {detail} |\n",
        cell(&service.service),
        service.url
    )
}
