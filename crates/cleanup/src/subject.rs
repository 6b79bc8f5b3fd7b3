//! What goes: an owner, and the names that a manifest gives to its things.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::environment::{Database, Environment, Service as OfEnvironment};
use actions_core::manifest::Routing;
use actions_core::naming::{self, Values};
use actions_core::owner::{Claim, Owner};
use indexmap::IndexMap;

use crate::facts::Facts;

/// An owner, and what its things are called.
pub(crate) struct Subject {
    pub(crate) owner: Owner,
    /// `preview 42`
    pub(crate) title: String,
    pub(crate) names: Names,
}

/// The names of an environment's things, where a manifest knows them; none of them proves whose a thing is.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) services: Vec<Service>,
    /// The Workers by level, those first that others do not bind to.
    pub(crate) levels: Vec<Vec<String>>,
    pub(crate) branch: Option<Branch>,
    /// Its hostnames are custom domains, or some are.
    pub(crate) custom_domains: bool,
    /// How titles of this environment's KV namespaces begin.
    kv_prefix: String,
    project: String,
    worker_template: String,
}

/// The names of one service.
pub(crate) struct Service {
    pub(crate) worker: String,
    pub(crate) hostnames: Vec<String>,
    /// Titles of the KV namespaces that it binds.
    pub(crate) kv: Vec<String>,
}

/// The environment's own database branch.
pub(crate) struct Branch {
    pub(crate) name: String,
    /// What it is copied from.
    pub(crate) parent: String,
}

impl Subject {
    /// An environment of a manifest; its Workers' names are made from `worker_template`.
    pub(crate) fn of(environment: &Environment, worker_template: &str) -> Self {
        let services = environment.services.iter().map(|service| Service {
            worker: service.worker.clone(),
            hostnames: service.hostnames().map(str::to_owned).collect(),
            kv: service.kv.iter().map(|kv| kv.title.clone()).collect(),
        });
        // Waves begin with what needs nobody: it goes last.
        let waves = environment.waves(&IndexMap::new()).unwrap_or_default();
        let named = |keys: Vec<String>| -> Vec<String> {
            let workers = keys.iter().filter_map(|key| environment.service(key));
            workers.map(|service| service.worker.clone()).collect()
        };
        let mut hosts = environment.services.iter().flat_map(OfEnvironment::hostnames);
        let branch = environment.database.as_ref().filter(|database| database.is_own());
        Self {
            owner: environment.owner.clone(),
            title: environment.title(),
            names: Names {
                services: services.collect(),
                levels: waves.into_iter().rev().map(named).collect(),
                branch: branch.map(|Database { branch, parent, .. }| Branch {
                    name: branch.clone(),
                    parent: parent.clone(),
                }),
                custom_domains: hosts.any(|host| environment.routing.of(host) == Routing::CustomDomain),
                kv_prefix: naming::kv_title(&environment.project, &environment.name, environment.pull_request, ""),
                project: environment.project.clone(),
                worker_template: worker_template.to_owned(),
            },
        }
    }

    /// An owner that only markers tell of: no name is known, so nothing goes but what is marked, and what leads to that.
    pub(crate) fn marked(owner: Owner) -> Self {
        let number = owner.pull_request.map(|number| format!(" {number}"));
        Self {
            title: format!("{}{}", owner.environment, number.unwrap_or_default()),
            names: Names {
                kv_prefix: naming::kv_title(&owner.project, &owner.environment, owner.pull_request, ""),
                ..Names::default()
            },
            owner,
        }
    }

    /// The environments that markers tell of, of the repository and pull request of `wanted`, whatever project they are
    /// of, and of its name where somebody gave it (`is_named`): what is left when no manifest tells. Without any, `wanted`
    /// itself.
    pub(crate) fn told_by_markers(facts: &Facts, wanted: &Owner, is_named: bool) -> Vec<Self> {
        let mut found: BTreeMap<(String, String), Owner> = BTreeMap::new();
        for claim in facts.claims() {
            let Claim::Marked(marker) = claim else { continue };
            let owner = marker.owner_in(&wanted.repository).filter(|owner| {
                owner.pull_request == wanted.pull_request && (!is_named || owner.environment == wanted.environment)
            });
            if let Some(owner) = owner {
                found.insert((owner.project.clone(), owner.environment.clone()), owner);
            }
        }
        if found.is_empty() {
            return vec![Self::marked(wanted.clone())];
        }
        found.into_values().map(Self::marked).collect()
    }

    /// Stands for things whose names could not be read: there may be some.
    pub(crate) fn any(&self) -> String {
        format!("any of {}", self.title)
    }

    /// Whether a Worker is named by the manifest.
    pub(crate) fn names_worker(&self, name: &str) -> bool {
        self.names.services.iter().any(|service| service.worker == name)
    }

    /// Whether a Worker's name could be one of this environment's: of a service that the manifest has forgotten.
    pub(crate) fn could_name_worker(&self, name: &str) -> bool {
        let values = Values {
            project: &self.names.project,
            environment: &self.owner.environment,
            pull_request: self.owner.pull_request,
            ..Values::default()
        };
        naming::is_of_pull_request(&self.names.worker_template, &values, name)
    }

    /// Whether a hostname is one of this environment's.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        let mut hostnames = self.names.services.iter().flat_map(|service| &service.hostnames);
        hostnames.any(|hostname| hostname.eq_ignore_ascii_case(host))
    }

    /// The titles of the environment's KV namespaces. Services share one by naming the same binding.
    pub(crate) fn kv_titles(&self) -> BTreeSet<&str> {
        let titles = self.names.services.iter().flat_map(|service| &service.kv);
        titles.map(String::as_str).collect()
    }

    /// How titles of its KV namespaces begin.
    pub(crate) fn kv_prefix(&self) -> &str {
        &self.names.kv_prefix
    }

    /// Whether a title reads like this environment's, of a binding that the manifest has forgotten.
    pub(crate) fn could_title(&self, title: &str) -> bool {
        !self.names.kv_prefix.is_empty() && title.starts_with(&self.names.kv_prefix)
    }
}
