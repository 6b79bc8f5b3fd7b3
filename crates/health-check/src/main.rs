//! Waits until endpoints are truly healthy, and says why they are not.

mod inputs;
mod plan;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::health::{self, Prober};
use actions_core::runner::{self, Runner};

use crate::inputs::Inputs;

fn main() -> ExitCode {
    runner::main("health-check", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let inputs = Inputs::read(&runner.env)?;
    let targets = plan::targets(&inputs.subject);
    let started = Instant::now();
    runner.say(&report::opening(&targets, &inputs.schedule));
    let prober = Prober::new(inputs.schedule.attempt, inputs.headers)?;
    let tell = |target: &health::Target, verdict: &health::Verdict| {
        runner.say(&report::line(target, verdict, started.elapsed()));
    };
    let seen = health::wait(&prober, &targets, &inputs.schedule, tell).await;

    let report = report::Report::new(&inputs.subject, &seen, started.elapsed());
    runner.summary(&report.markdown());
    runner.output("healthy", if report.healthy() { "true" } else { "false" })?;
    runner.output("failed", &report.failed().join(","))?;
    runner.report(&report.json())?;
    report.verdict()
}
