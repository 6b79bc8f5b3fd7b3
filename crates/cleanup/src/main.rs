//! Tears one environment down: routes and custom domains, Workers, DNS records, KV namespaces, then the database
//! branch. What is not exactly this environment's own is never touched.

mod apply;
mod facts;
mod inputs;
mod plan;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::runner::{self, Runner, command};

use crate::apply::Writers;
use crate::facts::Readers;
use crate::inputs::Inputs;

fn main() -> ExitCode {
    runner::main("cleanup", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let inputs = Inputs::read(&runner.env).await?;
    let started = Instant::now();
    let readers = Readers::new(&inputs)?;
    let (facts, source) = tokio::join!(Box::pin(readers.read(&inputs.target)), inputs.inquiry.source());
    if let Some(note) = source.may_remove()?.or(source.unknown) {
        command::warning("cleanup", &note);
    }
    let decision = plan::decide(&inputs.target, &facts);
    runner.say(&report::opening(&inputs.target, &decision.plan));
    let outcome = if inputs.dry_run {
        runner.say(&decision.plan.to_string());
        apply::planned(decision)
    } else {
        apply::apply(&Writers::new(&readers, &facts), decision).await
    };
    let report = report::Report::new(&inputs, outcome, started.elapsed());
    runner.summary(&report.markdown());
    runner.output("changed", if report.changed() { "true" } else { "false" })?;
    runner.output("left", &report.left().to_string())?;
    runner.report(&report.json())?;
    runner.say(&report.sentence());
    report.verdict()
}
