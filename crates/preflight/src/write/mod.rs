//! `command: write`: files for the team, made from the manifest. What people wrote outside of our markers stays.

mod block;
mod documents;
mod facts;
mod files;
mod report;
mod trunk;

use actions_core::runner::Runner;

use self::facts::Facts;
use self::files::Written;
use crate::inputs::Inputs;
use crate::world::World;

pub(crate) use self::block::outside;
pub(crate) use self::documents::Document;

#[cfg(test)]
mod tests;

/// Writes the chosen files; with `check`, says which differ and writes none.
///
/// # Errors
/// The manifest cannot be used, a file cannot be read or written, or (with `check`) one differs.
pub(crate) fn run(runner: &Runner, inputs: &Inputs, world: &World) -> anyhow::Result<()> {
    let facts = Facts::of(inputs, world)?;
    let mut all: Vec<Written> = Vec::new();
    for document in &inputs.documents {
        for wanted in document.wanted(&facts) {
            let written = files::write(&world.workspace, &wanted, inputs.check)?;
            runner.say(&report::line(&written, inputs.check));
            all.push(written);
        }
    }
    report::tell(runner, &all, inputs.check)
}
