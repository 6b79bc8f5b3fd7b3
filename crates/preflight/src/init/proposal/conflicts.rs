//! What an environment would share with another one, by the rules that a deployment keeps, and what the manifest is to
//! say of it. Asked of a manifest that says nothing yet.

use actions_core::environment::{Environment, Service};
use actions_core::manifest::Manifest;
use actions_core::owner::Repository;
use actions_core::runner::Problems;
use serde_json::Value;
use wrangler::project::builds::NotBuilt;
use wrangler::project::isolation::{self, Whose};
use wrangler::project::render::Known;
use wrangler::project::{Project, Scope};
use wrangler::{Config, Leads, Resource, ResourceKind};

use crate::world::STAND_IN;

/// A binding that leads out of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict {
    /// The service, by key.
    pub(super) service: String,
    pub(super) binding: String,
    pub(super) resource: Resource,
    /// Whose it is, behind its name.
    pub(super) whose: String,
    /// How a deployment refuses it.
    pub(super) refusal: String,
}

/// The environment, for a stand-in of a pull request where it is one per pull request.
pub(super) fn resolved(manifest: &Manifest, name: &str) -> Result<Environment, Vec<String>> {
    let number = manifest
        .environments
        .get(name)
        .is_some_and(actions_core::manifest::EnvironmentSpec::is_per_pull_request);
    Environment::resolve(manifest, name, number.then_some(STAND_IN), &Repository::default())
        .map_err(|wrong| wrong.0.into_iter().map(|(_, problem)| problem).collect())
}

/// The configurations of an environment, and what is wrong with them.
pub(super) fn project(manifest: &Manifest, environment: &Environment) -> (Project, Vec<String>) {
    let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
    let mut problems = Problems::default();
    let as_they_stand = NotBuilt {
        elsewhere: true,
        ..NotBuilt::default()
    };
    let project = Project::read(scope(manifest, environment, &chosen), &as_they_stand, &mut problems);
    let told = problems.iter().map(|(input, problem)| format!("{input}: {problem}"));
    (project, told.collect())
}

pub(super) fn scope<'a>(manifest: &'a Manifest, environment: &'a Environment, chosen: &'a [String]) -> Scope<'a> {
    Scope {
        environment,
        manifest: Some(manifest),
        chosen,
        shared: &environment.shared,
        account: None,
    }
}

/// Everything that an environment has from others or with all pull requests, in the services' order.
pub(super) fn conflicts(manifest: &Manifest, environment: &Environment) -> Vec<Conflict> {
    let (project, _) = project(manifest, environment);
    let names = project.names();
    let Some(foreign) = project.foreign(scope(manifest, environment, &[])) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for service in &environment.services {
        let folder = environment.root.join(&service.path);
        let Ok(config) = Config::of_user(&folder) else { continue };
        let Ok(settings) = config.settings(service.wrangler_env.as_deref()) else {
            continue;
        };
        let mut add = |binding: &str, resource: Resource, whose: String, refusal: String| {
            if !is_settled(environment, service, binding) {
                found.push(Conflict {
                    service: service.key.clone(),
                    binding: binding.to_owned(),
                    resource,
                    whose,
                    refusal,
                });
            }
        };
        let is_known = |worker: &str| names.values().flatten().any(|name| name == worker);
        let stranger = "is no service of this manifest".to_owned();
        for (binding, resource) in settings.bound() {
            let kind = resource.kind;
            if kind.means_worker() {
                if !is_known(&resource.id) {
                    let refusal = isolation::stranger(&format!("binding `{binding}`"), kind, &resource.id, binding);
                    add(binding, resource, stranger.clone(), refusal);
                }
                continue;
            }
            let is_own_kv = kind == ResourceKind::Kv && environment.pull_request.is_some();
            let is_own_kv = is_own_kv && service.kv.iter().any(|kv| kv.binding == binding);
            let whose = foreign.whose(&service.key, &resource, &Known::default());
            let Some(whose) = whose.filter(|_| !is_own_kv) else {
                continue;
            };
            let what = isolation::spoken(&Leads::To(resource.clone()));
            let refusal = isolation::conflict(binding, &what, isolation::remedy(Some(kind), &whose), &whose);
            let said = match whose {
                Whose::Other(name) => format!("is {name}'s"),
                Whose::Nobodys(section) => format!("stands at {section}, and all previews would share it"),
            };
            add(binding, resource, said, refusal);
        }
        for (list, what) in [
            ("tail_consumers", "tail consumer"),
            ("streaming_tail_consumers", "streaming tail consumer"),
        ] {
            let consumers = settings.get(list).and_then(Value::as_array).into_iter().flatten();
            let workers = consumers.filter_map(|consumer| consumer["service"].as_str());
            for worker in workers.filter(|worker| !is_known(worker)) {
                let resource = Resource {
                    kind: ResourceKind::Worker,
                    id: worker.to_owned(),
                };
                let refusal = isolation::stranger(&format!("{what} `{worker}`"), ResourceKind::Worker, worker, worker);
                add(worker, resource, stranger.clone(), refusal);
            }
        }
    }
    found
}

/// Whether the manifest says what the environment has under this name.
fn is_settled(environment: &Environment, service: &Service, binding: &str) -> bool {
    let full = format!("{}.{binding}", service.key);
    environment
        .shared
        .iter()
        .any(|shared| shared == binding || *shared == full)
        || service.r2.contains_key(binding)
        || service.d1.contains_key(binding)
}
