//! What configurations and the manifest name of the account by id or name, and where. Pure.

use actions_core::environment::{Environment, Service};
use indexmap::IndexMap;
use serde_json::Value;

use crate::finding::Place;
use crate::world::World;

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Kv,
    D1,
    Bucket,
}

/// One naming of a thing of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) what: What,
    /// Its id, or its name where that identifies it.
    pub(super) id: String,
    pub(super) binding: String,
    pub(super) service: String,
    pub(super) environment: String,
    pub(super) place: Option<Place>,
}

/// The configuration's list, and what in its items identifies the thing.
const LISTS: [(What, &str, &str); 3] = [
    (What::Kv, "kv_namespaces", "id"),
    (What::D1, "d1_databases", "database_id"),
    (What::Bucket, "r2_buckets", "bucket_name"),
];

/// All of them, each place once. `real` says whether names of pull requests are those of one that exists.
pub(super) fn named(world: &World, real: bool) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    for environment in &world.environments {
        for service in &environment.services {
            for named in of_service(world, environment, service, real) {
                let same =
                    |other: &Named| (other.what, &other.id, &other.place) == (named.what, &named.id, &named.place);
                if !all.iter().any(same) {
                    all.push(named);
                }
            }
        }
    }
    all
}

/// Whether an environment's Workers are bound to buckets.
pub(super) fn has_bucket(world: &World, environment: &str) -> bool {
    let mut all = named(world, true).into_iter();
    all.any(|named| named.what == What::Bucket && named.environment == environment)
}

fn of_service(world: &World, environment: &Environment, service: &Service, real: bool) -> Vec<Named> {
    let file = world.services.get(&service.key);
    let config = file.and_then(|file| file.config.as_ref().ok());
    let wrangler_env = service.wrangler_env.as_deref();
    let Some(settings) = config.and_then(|config| config.declared(wrangler_env).ok()) else {
        return Vec::new();
    };
    let document = file.and_then(|file| file.document.as_ref().ok()?.as_ref());
    let mut all = Vec::new();
    for (what, list, field) in LISTS {
        let items = settings.get(list).and_then(Value::as_array).into_iter().flatten();
        for (at, item) in items.enumerate() {
            let Some(binding) = item.get("binding").and_then(Value::as_str) else {
                continue;
            };
            let place = document.map(|document| {
                let number = at.to_string();
                let below = [list, number.as_str(), field];
                match wrangler_env {
                    Some(name) => document.place(&[&["env", name][..], &below[..]].concat()),
                    None => document.place(&below),
                }
            });
            let given = match what {
                // Those that the manifest gives the environment are made where they are missing.
                What::Kv if service.kv.iter().any(|kv| kv.binding == binding) => continue,
                What::Kv => None,
                What::D1 => service.d1.get(binding).map(|name| (name, "d1")),
                What::Bucket => service.r2.get(binding).map(|name| (name, "r2")),
            };
            // A bucket of a jurisdiction is found by another address than the rest.
            let elsewhere = item.get("jurisdiction").is_some_and(|it| !it.is_null());
            let (id, place) = match given {
                Some((name, key)) => {
                    if !real && is_of_pull_request(world, environment, key, binding, &service.key) {
                        continue;
                    }
                    (
                        name.clone(),
                        in_manifest(world, environment, key, binding, &service.key),
                    )
                }
                None if elsewhere => continue,
                None => match item.get(field).and_then(Value::as_str) {
                    Some(id) => (id.to_owned(), place),
                    None => continue,
                },
            };
            all.push(Named {
                what,
                id,
                binding: binding.to_owned(),
                service: service.key.clone(),
                environment: environment.name.clone(),
                place,
            });
        }
    }
    all
}

fn in_manifest(world: &World, environment: &Environment, key: &str, binding: &str, service: &str) -> Option<Place> {
    let document = world.document.as_ref()?;
    let own = format!("{service}.{binding}");
    let path = |name| ["environments", environment.name.as_str(), key, name];
    let path = if document.get(&path(own.as_str())).is_some() {
        path(own.as_str())
    } else {
        path(binding)
    };
    Some(document.place(&path))
}

fn is_of_pull_request(world: &World, environment: &Environment, key: &str, binding: &str, service: &str) -> bool {
    let spec = world
        .manifest
        .as_ref()
        .ok()
        .and_then(|manifest| manifest.environments.get(&environment.name));
    let map: Option<&IndexMap<String, String>> = spec.map(|spec| if key == "r2" { &spec.r2 } else { &spec.d1 });
    let template = map.and_then(|map| map.get(&format!("{service}.{binding}")).or_else(|| map.get(binding)));
    template.is_some_and(|template| template.contains("{pr}"))
}

/// Whether the service's configuration takes messages from queues.
pub(super) fn consumes(world: &World, service: &str, environment: &Environment) -> bool {
    let config = world.services.get(service).and_then(|file| file.config.as_ref().ok());
    let wrangler_env = environment.service(service).and_then(|it| it.wrangler_env.as_deref());
    let settings = config.and_then(|config| config.declared(wrangler_env).ok());
    settings.is_some_and(|settings| settings.queue_consumers().next().is_some())
}
