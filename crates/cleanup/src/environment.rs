//! `command: environment`: one environment goes.

use std::time::Instant;

use actions_core::runner::signal::Interrupts;
use actions_core::runner::{Runner, command};

use crate::apply::brake::Brake;
use crate::apply::{self, Teardown, Writers};
use crate::facts::Readers;
use crate::inputs::Inputs;
use crate::plan;
use crate::report::{self, Report};

pub(crate) async fn run(runner: &Runner) -> anyhow::Result<()> {
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
        let teardown = Teardown::of(decision);
        apply::until_stopped(teardown.carry_out(&writers, &brake), &brake, &mut interrupts).await;
        teardown.settled(&brake)
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
