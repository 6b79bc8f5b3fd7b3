//! Says what is missing or wrong before anything is touched: tokens, secrets, configuration.

mod catalogue;
mod checks;
mod document;
mod finding;
mod init;
mod inputs;
mod laptop;
mod origin;
mod report;
mod repository;
mod silence;
mod world;
mod write;

use std::process::ExitCode;
use std::time::Instant;

use actions_core::runner::{self, Env, Runner};

use crate::inputs::{Command, Inputs};
use crate::world::World;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let folder = std::env::current_dir().unwrap_or_else(|_| ".".into());
    match laptop::env(&arguments, Env::of_process(), &folder) {
        Ok(env) => runner::command_line("preflight", env, run),
        // Also what `--help` and `--version` answer.
        Err(told) => {
            // A closed stream is not worth another status.
            let _ = told.print();
            ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2))
        }
    }
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = Inputs::read(&runner.env).await?;
    // It is what makes a manifest: there is nothing to look at before.
    if inputs.command == Command::Init {
        return init::run(runner, &inputs);
    }
    let world = World::read(&inputs, &runner.env);
    inputs::check_environments(&world)?;
    if inputs.command == Command::Write {
        return write::run(runner, &inputs, &world);
    }
    let seen = checks::all(&inputs, &world).await;
    let judged = silence::judge(seen, world.document.as_ref(), inputs.environments.is_empty());
    report::tell(runner, &inputs, &world, &judged, started.elapsed())
}
