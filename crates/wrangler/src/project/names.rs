//! Which Worker names mean which service of the manifest. Pure.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::environment::Environment;
use actions_core::manifest::Manifest;

/// The names that wrangler configurations and other environments give to the manifest's services.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Collects the names of each service: in this environment, in those of the manifest that exist once, in its own
    /// wrangler configuration (`configured`, by key), and its base name. A name that two services have means neither.
    pub fn new(
        environment: &Environment,
        manifest: Option<&Manifest>,
        configured: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let mut means: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |name: &str, key: &str| {
            means.entry(name.to_owned()).or_default().insert(key.to_owned());
        };
        let others = manifest.into_iter().flat_map(|manifest| {
            let names = manifest.environments.keys();
            names.filter_map(|name| {
                Environment::resolve(manifest, name, None, &actions_core::owner::Repository::default()).ok()
            })
        });
        for resolved in others {
            for service in &resolved.services {
                add(&service.worker, &service.key);
            }
        }
        for service in &environment.services {
            add(
                manifest.map_or(&service.key, |manifest| manifest.worker_of(&service.key)),
                &service.key,
            );
            for name in configured.get(&service.key).into_iter().flatten() {
                add(name, &service.key);
            }
        }
        let mut names: BTreeMap<String, String> = means
            .into_iter()
            .filter_map(|(name, keys)| {
                let mut keys = keys.into_iter();
                Some((name, keys.next()?)).filter(|_| keys.next().is_none())
            })
            .collect();
        // This environment's own names are certain.
        for service in &environment.services {
            names.insert(service.worker.clone(), service.key.clone());
        }
        Self(names)
    }

    /// The service that a Worker name means.
    pub fn service(&self, worker: &str) -> Option<&str> {
        self.0.get(worker).map(String::as_str)
    }
}
