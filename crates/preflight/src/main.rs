//! Says what is missing or wrong before anything is touched: tokens, secrets, configuration.

mod catalogue;
mod checks;
mod document;
mod finding;
mod init;
mod inputs;
mod report;
mod world;
mod write;

use std::process::ExitCode;

use actions_core::runner::{self, Runner};

use crate::inputs::Inputs;
use crate::world::World;

fn main() -> ExitCode {
    runner::main("preflight", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let inputs = Inputs::read(&runner.env).await?;
    if runner.env.get("INPUT_COMMAND") == Some("init") {
        return init::run(runner, &inputs);
    }
    let world = World::read(&inputs, &runner.env);
    if runner.env.get("INPUT_COMMAND") == Some("write") {
        return write::run(runner, &inputs, &world);
    }
    let findings = checks::all(&inputs, &world).await;
    report::tell(runner, &inputs, &findings)
}
