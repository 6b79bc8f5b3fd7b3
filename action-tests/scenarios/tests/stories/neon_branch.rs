//! Stories of `neon-branch`.

use scenarios::World;

#[tokio::test]
async fn the_world_begins_with_no_requests() {
    let world = World::start().await;
    assert!(world.requests().is_empty());
    world.finish().await;
}
