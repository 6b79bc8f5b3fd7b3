//! GitHub: the token of this job, the repository's environments, and the names of its secrets.

mod asked;
mod expected;
mod facts;
mod judge;
mod kinds;
mod scopes;
#[cfg(test)]
mod tests;

pub(super) use self::expected::{Expected, Scope};
use crate::checks::{asking, workflows};
use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::world::World;

pub(super) const KINDS: &[&Kind] = kinds::ALL;
pub(super) const NOT_READ: &Kind = &kinds::NOT_READ;

pub(super) async fn findings(inputs: &Inputs, world: &World) -> Vec<Finding> {
    let Some(access) = inputs.github.as_ref().filter(|_| !inputs.offline) else {
        return Vec::new();
    };
    let expected = workflows::expected(world);
    match facts::Facts::read(access, world, expected.as_ref()).await {
        Ok(facts) => judge::judge(&facts, world, expected.as_ref(), &asked::asked(world)),
        Err(error) => vec![judge::not_read(&asking::told(error.as_ref()))],
    }
}
