//! Waits until endpoints are truly healthy, and says why they are not.

mod inputs;
mod lone;
mod plan;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::health::{self, Prober};
use actions_core::runner::{self, Runner, signal};

use crate::inputs::Inputs;

fn main() -> ExitCode {
    runner::main("health-check", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let Inputs {
        subject,
        targets,
        schedule,
        settings,
    } = Inputs::read(&runner.env).await?;
    let prober = Prober::new(settings)?;
    runner.say(&report::opening(&targets, &schedule));
    let started = Instant::now();
    let tell = |target: &health::Target, verdict: &health::Verdict| {
        runner.say(&report::line(target, verdict, started.elapsed()));
    };
    let mut cancelled = None;
    let stop = async { cancelled = Some(signal::cancelled().await) };
    let seen = health::wait_until(&prober, &targets, &schedule, tell, stop).await;

    let report = report::Report::new(&subject, &seen, started.elapsed(), cancelled);
    runner.summary(&report.markdown());
    runner.output("healthy", if report.healthy() { "true" } else { "false" })?;
    runner.output("failed", &report.failed().join("\n"))?;
    runner.report(report.json())?;
    report.verdict()
}
