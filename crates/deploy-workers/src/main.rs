//! Deploys all Workers of an environment, in the order in which they need each other.

mod apply;
mod attach;
mod bundled;
mod by_wrangler;
mod cancel;
mod changes;
mod check;
mod claims;
mod conflicts;
mod content;
mod deploy;
mod facts;
mod fingerprint;
mod gate;
mod hostnames;
mod inputs;
mod lone;
mod names;
mod plan;
mod project;
mod refused;
mod render;
mod report;
mod restore;
mod rollback;
mod rollout;
mod settings;
mod upload;
mod validate;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::runner::{self, Runner};

use crate::inputs::{Command, Inputs};

fn main() -> ExitCode {
    runner::main("deploy-workers", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = Inputs::read(&runner.env)?;
    runner.say(&report::opening(&inputs));
    match (inputs.command, &inputs.cloudflare) {
        (Command::Deploy, Some(access)) => deploy::run(runner, &inputs, access, started).await,
        (Command::Rollback, Some(access)) => restore::run(runner, &inputs, access, started).await,
        _ => validate::run(runner, &inputs, started).await,
    }
}
