//! `turbo.json`: which variables tasks see, and what their cache knows of. As Turborepo 2 documents it, and 1 where the
//! file is of that form.

mod cache;
mod environment;
mod names;
pub(super) mod reads;
mod shape;
mod tasks;
mod workspace;

#[cfg(test)]
mod tests;

use self::workspace::Workspace;
use crate::finding::{Finding, Kind};
use crate::world::World;

pub(super) const KINDS: &[&Kind] = &[
    &shape::UNREADABLE,
    &shape::PIPELINE,
    &shape::EXTENDS,
    &environment::UNDECLARED,
    &environment::PLAYWRIGHT,
    &environment::DEPLOYMENT,
    &cache::TASK,
    &cache::OUTPUTS,
    &cache::INPUTS,
    &cache::DOTENV,
];

pub(super) fn findings(world: &World) -> Vec<Finding> {
    let manifest = world.manifest.as_ref().ok();
    let root = manifest.map_or(&*world.workspace, |manifest| &*manifest.root);
    let Some(workspace) = Workspace::read(&world.workspace, root) else {
        return Vec::new();
    };
    let known = names::known(&workspace, manifest, &world.environments);
    of(&workspace, &known)
}

fn of(workspace: &Workspace, known: &names::Known) -> Vec<Finding> {
    let mut findings = shape::findings(workspace);
    if workspace.root.is_some() {
        findings.extend(environment::findings(workspace, known));
        findings.extend(cache::findings(workspace));
    }
    findings
}
