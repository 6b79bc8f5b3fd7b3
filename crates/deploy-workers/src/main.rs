//! Deploys all Workers of an environment, in the order in which they need each other.

mod apply;
mod bundled;
mod bundles;
mod deploy;
mod facts;
mod history;
mod inputs;
mod plan;
mod report;
mod restore;
mod stop;
mod under_way;
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
    let mut inputs = Inputs::read(&runner.env).await?;
    runner.say(&report::opening(&inputs));
    match (inputs.command, inputs.cloudflare.clone()) {
        (Command::Deploy, Some(access)) => Box::pin(deploy::run(runner, inputs, &access, started)).await,
        (Command::Rollback, Some(access)) => {
            inputs.origin.sha = inputs.inquiry.source().await.commit;
            let reader = access.reader(actions_core::http::client()?);
            if let Some(account) = facts::workers_dev(&reader, &inputs).await? {
                inputs.environment.at_workers_dev(&account);
            }
            restore::run(runner, &inputs, &access, started).await
        }
        _ => validate::run(runner, &mut inputs, started).await,
    }
}
