//! What bindings of a configuration reach out of the environment, as far as it can be told without a bundle. Pure.

use serde_json::Value;

use super::isolation::{self, Whose};
use super::names::Names;
use super::render::Known;
use super::{Project, Scope};
use crate::resource::NAMINGS;
use crate::{Leads, Resource, ResourceKind};

/// A binding that gives access to what is not this environment's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachesOut {
    /// The service's key.
    pub service: String,
    pub binding: String,
    /// Absent where it is a Worker that is no service.
    pub whose: Option<Whose>,
    /// The place in its configuration, below the environment: keys, and the number of the item.
    pub place: Vec<String>,
    pub resource: Resource,
    /// In one sentence, with the way out.
    pub problem: String,
}

impl Project {
    /// The bindings of the chosen services that a deployment would refuse: another environment's, or what all pull
    /// requests would share. What the manifest gives the environment itself is none of them.
    pub fn reaching_out(&self, scope: Scope<'_>) -> Vec<ReachesOut> {
        let Some(foreign) = self.foreign(scope) else {
            return Vec::new();
        };
        let names = Names::new(scope.environment, scope.manifest, &self.names());
        let mut found = Vec::new();
        for service in scope.services() {
            let Some(settings) = self.settings(&service.key) else {
                continue;
            };
            for (binding, place, resource) in settings.bindings() {
                let is_given = service.r2.contains_key(&binding)
                    || service.d1.contains_key(&binding)
                    || service.kv.iter().any(|kv| kv.binding == binding);
                if is_given || scope.shares(service, &binding) {
                    continue;
                }
                let (whose, problem) = if resource.kind.means_worker() {
                    if names.service(&resource.id).is_some() {
                        continue;
                    }
                    let what = format!("binding `{binding}`");
                    (None, isolation::stranger(&what, resource.kind, &resource.id, &binding))
                } else {
                    let Some(whose) = foreign.whose(&service.key, &resource, &Known::default()) else {
                        continue;
                    };
                    let what = isolation::spoken(&Leads::To(resource.clone()));
                    let remedy = isolation::remedy(Some(resource.kind), &whose);
                    let problem = isolation::conflict(&binding, &what, remedy, &whose);
                    (Some(whose), problem)
                };
                found.push(ReachesOut {
                    service: service.key.clone(),
                    binding,
                    whose,
                    place,
                    resource,
                    problem,
                });
            }
        }
        found
    }
}

impl crate::Settings<'_> {
    /// The bindings to things outside the Worker: name, place in the configuration, and the thing.
    pub fn bindings(&self) -> Vec<(String, Vec<String>, Resource)> {
        let mut found = Vec::new();
        for naming in NAMINGS {
            // A consumer of logs is no binding, and what only forwards them is told elsewhere.
            if naming.kind == ResourceKind::LogForwarder {
                continue;
            }
            for (number, item) in naming.items(self).enumerate() {
                let name = item.get("binding").or_else(|| item.get("name")).and_then(Value::as_str);
                let id = naming.id(item, |(field, _)| field);
                if let (Some(name), Some(id)) = (name, id) {
                    let inner = Some(naming.inner.to_owned()).filter(|inner| !inner.is_empty());
                    let place = std::iter::once(naming.key.to_owned())
                        .chain(inner)
                        .chain([number.to_string()]);
                    let resource = Resource { kind: naming.kind, id };
                    found.push((name.to_owned(), place.collect(), resource));
                }
            }
        }
        found
    }
}
