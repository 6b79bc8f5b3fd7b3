//! Tears one environment down: routes and custom domains, Workers, DNS records, KV namespaces, then the database
//! branch. What is not exactly this environment's own is never touched.

mod apply;
mod facts;
mod inputs;
mod outcome;
mod plan;
mod report;
mod subject;
mod unread;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::runner::signal::Interrupts;
use actions_core::runner::{self, Runner, command};

use crate::apply::Writers;
use crate::apply::brake::Brake;
use crate::facts::Readers;
use crate::inputs::Inputs;
use crate::report::Report;

fn main() -> ExitCode {
    runner::main("cleanup", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = Inputs::read(&runner.env).await?;
    let mut interrupts = Interrupts::listen()?;
    let readers = Readers::new(inputs.cloudflare.as_ref(), inputs.neon.as_ref(), inputs.timeout)?;
    let (facts, source) = tokio::select! {
        read = async { tokio::join!(readers.read(&inputs.zone), inputs.inquiry.source()) } => read,
        signal = interrupts.next() => {
            let report = Report::cancelled(&inputs.subject, signal, started.elapsed());
            report.write(runner)?;
            return report.verdict();
        }
    };
    if let Some(note) = source.may_remove()?.or(source.unknown) {
        command::warning("cleanup", &note);
    }
    let decision = plan::decide(&inputs.subject, &facts, inputs.adopt);
    runner.say(&report::opening(&inputs.subject, &decision));
    for line in report::staying(&decision) {
        runner.say(&line);
    }
    let settled = if inputs.dry_run {
        runner.say(&report::plan(&decision).to_string());
        apply::planned(decision)
    } else {
        let brake = Brake::new(inputs.timeout);
        let writers = Writers::new(&readers, &facts);
        apply::apply(&writers, decision, &brake, &mut interrupts).await
    };
    let mut report = Report::new(
        &inputs.subject,
        inputs.dry_run,
        settled,
        inputs.unseen,
        started.elapsed(),
    );
    report.zoneless = inputs.zoneless;
    report.write(runner)?;
    report.verdict()
}

#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod world_tests;
