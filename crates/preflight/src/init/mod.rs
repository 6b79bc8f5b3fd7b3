//! `preflight init`: proposes a manifest from what a repository has.

pub(crate) mod found;
mod proposal;
mod report;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::Path;

use actions_core::error::fault;
use actions_core::runner::{BadInput, Runner};

use self::found::Found;
use self::proposal::{Proposal, propose};
use crate::inputs::Inputs;
use crate::world::from;

/// Writes the proposal where the manifest is to be, and says what it changes; with `stdout` prints it alone.
pub(crate) fn run(runner: &Runner, inputs: &Inputs) -> anyhow::Result<()> {
    let file = from(&inputs.workspace, &inputs.manifest);
    let root = inputs
        .manifest
        .parent()
        .filter(|root| !root.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if !inputs.stdout && inputs.manifest.exists() {
        return Err(BadInput::one("manifest", report::is_there(&file)).into());
    }
    if !root.is_dir() {
        return Err(BadInput::one("manifest", report::no_folder(&from(&inputs.workspace, root))).into());
    }
    let found = Found::read(root, inputs.repository.name.rsplit('/').next().unwrap_or_default());
    if found.workers.is_empty() {
        return Err(fault(report::nothing(&found)).into());
    }
    let proposal = propose(&found, inputs, &runner.env);
    if inputs.stdout {
        runner.say(proposal.text.trim_end());
        return Ok(());
    }
    write(&inputs.manifest, &proposal.text).map_err(|error| fault(report::not_written(&file, &error)))?;
    for line in report::written(&file, &found, &proposal) {
        runner.say(&line);
    }
    runner.output("changed", &file)?;
    runner.summary(&report::summary(&file, &found, &proposal));
    Ok(())
}

/// A file that came to be in the meantime is not written over.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
