//! `command: init`.

use actions_core::error::fault;
use actions_core::runner::Runner;

use crate::inputs::Inputs;

pub(crate) fn run(_runner: &Runner, _inputs: &Inputs) -> anyhow::Result<()> {
    Err(fault("this version proposes no manifest")
        .hint("use a later one")
        .into())
}
