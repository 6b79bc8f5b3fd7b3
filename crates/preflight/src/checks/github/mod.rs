use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::world::World;

pub(super) const KINDS: &[&Kind] = &[];

pub(super) async fn findings(_inputs: &Inputs, _world: &World) -> Vec<Finding> {
    Vec::new()
}
