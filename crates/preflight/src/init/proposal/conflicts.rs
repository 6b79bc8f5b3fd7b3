//! What an environment would share with another one, by the rules that a deployment keeps, and what it would be told.

use actions_core::environment::Environment;
use indexmap::IndexMap;
use wrangler::project::problem::Rule;
use wrangler::project::remarks::Remark;
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
    let configs = configs(world);
    let problems = asked(world, environment, |project, scope| {
        project.foresee(scope, check::today())
    });
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

/// What a deployment would tell of an environment's services.
pub(in crate::init) fn remarks(world: &World, environment: &Environment) -> Vec<(String, Remark)> {
    asked(world, environment, Project::remarks)
}

fn configs(world: &World) -> IndexMap<String, Config> {
    let configs = world.services.iter();
    let configs = configs.filter_map(|(key, file)| Some((key.clone(), file.config.as_ref().ok()?.clone())));
    configs.collect()
}

/// What the configurations say when they are asked about an environment.
fn asked<T>(world: &World, environment: &Environment, ask: impl FnOnce(&Project, Scope<'_>) -> T) -> T {
    let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
    let scope = Scope {
        environment,
        manifest: world.manifest.as_ref().ok(),
        chosen: &chosen,
        shared: &environment.shared,
        account: None,
    };
    ask(&Project::written(environment, configs(world)), scope)
}
