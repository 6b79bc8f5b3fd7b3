//! What an environment would share with another one, by the rules that a deployment keeps.

use actions_core::environment::Environment;
use indexmap::IndexMap;
use wrangler::project::problem::Rule;
use wrangler::project::{Project, Scope, check};
use wrangler::{Config, Resource};

use crate::world::World;

/// What leads out of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict {
    /// The service, by key.
    pub(super) service: String,
    /// What `shared` would call it.
    pub(super) name: String,
    /// What a binding leads to; absent where it is none, such as the queue that a Worker consumes.
    pub(super) resource: Option<Resource>,
    /// What is said of it when it is refused, without the way out.
    pub(super) said: String,
}

/// Everything that an environment has from others or with all pull requests, in the services' order.
pub(super) fn conflicts(world: &World, environment: &Environment) -> Vec<Conflict> {
    let configs = world.services.iter();
    let configs = configs.filter_map(|(key, file)| Some((key.clone(), file.config.as_ref().ok()?.clone())));
    let configs: IndexMap<String, Config> = configs.collect();
    let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
    let scope = Scope {
        environment,
        manifest: world.manifest.as_ref().ok(),
        chosen: &chosen,
        shared: &environment.shared,
        account: None,
    };
    let problems = Project::written(environment, configs.clone()).foresee(scope, check::today());
    let problems = problems
        .into_iter()
        .filter(|(_, problem)| problem.rule == Rule::Isolation);
    problems
        .map(|(service, problem)| {
            let section = environment
                .service(&service)
                .and_then(|service| service.wrangler_env.as_deref());
            let settings = configs.get(&service).and_then(|config| config.settings(section).ok());
            let bound = settings.as_ref().map(wrangler::Settings::bound).unwrap_or_default();
            let resource = bound.into_iter().find(|(name, _)| *name == problem.about);
            Conflict {
                resource: resource.map(|(_, resource)| resource),
                said: problem.text.split("; ").next().unwrap_or_default().to_owned(),
                name: problem.about,
                service,
            }
        })
        .collect()
}
