//! What an environment would share with another one, by the rules that a deployment keeps.

use actions_core::environment::Environment;
use indexmap::IndexMap;
use wrangler::project::unbundled::ReachesOut;
use wrangler::project::{Project, Scope};

use crate::world::World;

/// Everything that an environment has from others or with all pull requests, in the services' order.
pub(super) fn conflicts(world: &World, environment: &Environment) -> Vec<ReachesOut> {
    let configs = world.services.iter();
    let configs = configs.filter_map(|(key, file)| Some((key.clone(), file.config.as_ref().ok()?.clone())));
    let project = Project::written(environment, configs.collect::<IndexMap<_, _>>());
    let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
    project.reaching_out(Scope {
        environment,
        manifest: world.manifest.as_ref().ok(),
        chosen: &chosen,
        shared: &environment.shared,
        account: None,
    })
}
