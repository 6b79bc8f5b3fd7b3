//! Says what is missing or wrong before anything is touched: tokens, secrets, configuration.

mod catalogue;
mod checks;
mod document;
mod finding;
mod init;
mod inputs;
mod report;
mod silence;
mod world;
mod write;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::runner::{self, Runner};

use crate::inputs::{Command, Inputs};
use crate::world::World;

fn main() -> ExitCode {
    runner::main("preflight", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = Inputs::read(&runner.env).await?;
    // It is what makes a manifest: there is nothing to look at before.
    if inputs.command == Command::Init {
        return init::run(runner, &inputs);
    }
    let world = World::read(&inputs, &runner.env);
    if inputs.command == Command::Write {
        return write::run(runner, &inputs, &world);
    }
    let seen = checks::all(&inputs, &world).await;
    let judged = silence::judge(seen, world.document.as_ref(), inputs.environments.is_empty());
    report::tell(runner, &inputs, &judged, started.elapsed())
}
