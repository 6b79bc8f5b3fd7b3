//! Neon: the key, the project, the parent branch, and room for more branches.

mod facts;
mod judge;
mod kinds;
#[cfg(test)]
mod tests;

use crate::checks::asking;
use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::world::World;

pub(super) const KINDS: &[&Kind] = kinds::ALL;
pub(super) const NOT_READ: &Kind = &kinds::NOT_READ;

pub(super) async fn findings(inputs: &Inputs, world: &World) -> Vec<Finding> {
    // What the manifest alone tells: no request is made for it.
    let mut findings = judge::shared(world);
    let database = world.environments.iter().find_map(|it| it.database.as_ref());
    let access = inputs.neon.as_ref().filter(|_| !inputs.offline);
    if let (Some(access), Some(database)) = (access, database) {
        match facts::Facts::read(access, &database.parent).await {
            Ok(facts) => findings.extend(judge::judge(&facts, world, inputs.pull_request)),
            Err(error) => findings.push(judge::not_read(&asking::told(error.as_ref()))),
        }
    }
    findings
}
