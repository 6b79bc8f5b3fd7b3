//! Database branches: create, get, delete, reset, restore, checkpoint, run on a copy, diff.

mod commands;
mod inputs;
mod pending;
mod plan;
mod report;
mod script;
mod session;
mod subject;
mod this_run;
mod variables;

use std::process::ExitCode;

use actions_core::runner::signal::Interrupts;
use actions_core::runner::{self, Runner};

use crate::inputs::Inputs;
use crate::session::Session;

fn main() -> ExitCode {
    runner::main("neon-branch", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let inputs = tokio::select! {
        inputs = Inputs::read(&runner.env) => inputs?,
        signal = interrupts.next() => return Err(report::interrupted(signal).into()),
    };
    let mut session = Session::new(runner, &inputs)?;
    // On the heap: it is large, and lives as long as the run.
    let done = Box::pin(commands::run(&mut session, &mut interrupts)).await;
    let settled = pending::settle(&mut session).await;
    session.finish(done.and(settled))
}
