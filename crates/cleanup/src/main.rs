//! Takes environments down: routes and custom domains, Workers, DNS records, KV namespaces, then the database branch.
//! What is not exactly an environment's own is never touched.

mod alert;
mod apply;
mod bound;
mod comment;
mod environment;
mod facts;
mod inputs;
mod outcome;
mod plan;
mod report;
mod subject;
mod sweep;
mod unread;

use std::process::ExitCode;

use actions_core::runner::{self, Runner};

use crate::inputs::Command;

fn main() -> ExitCode {
    runner::main("cleanup", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    match Command::read(&runner.env)? {
        Command::Environment => Box::pin(environment::run(runner)).await,
        Command::Sweep => Box::pin(sweep::sweep(runner)).await,
        Command::Explain => Box::pin(sweep::explain(runner)).await,
    }
}

#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod world_tests;
