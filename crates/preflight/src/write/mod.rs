//! `command: write`.

use actions_core::error::fault;
use actions_core::runner::Runner;

use crate::inputs::Inputs;
use crate::world::World;

pub(crate) fn run(_runner: &Runner, _inputs: &Inputs, _world: &World) -> anyhow::Result<()> {
    Err(fault("this version writes no files").hint("use a later one").into())
}
