//! One environment, resolved once: every name, hostname and title that belongs to it. Nothing else formats a name.

pub(crate) mod collisions;
mod resolve;
mod services;
mod workers_dev;
mod zone;

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

pub use self::resolve::Unresolved;
pub use self::zone::in_zone;
use crate::manifest::{OnLimit, Routing, Uploader, graph};
use crate::owner::Owner;

/// An environment of the manifest, and the pull request that it is for.
#[derive(Debug, Clone)]
pub struct Environment {
    pub project: String,
    /// `preview`, `production` …
    pub name: String,
    pub pull_request: Option<u64>,
    /// Empty where everything is at workers.dev.
    pub zone: String,
    pub routing: Routing,
    /// One record `*.<label>` for all hostnames.
    pub wildcard: bool,
    /// DNS records beside the hostnames'.
    pub records: Vec<Record>,
    /// The environment of wrangler configurations, as the whole environment has it; a service may say another.
    pub wrangler_env: Option<String>,
    pub database: Option<Database>,
    /// In the manifest's order.
    pub services: Vec<Service>,
    pub owner: Owner,
    /// How long a wrong answer is borne while the environment comes up.
    pub grace: Option<Duration>,
    pub limit: Option<u64>,
    pub on_limit: OnLimit,
    /// Whether Workers run on the schedules of their configuration.
    pub crons: bool,
    /// What others have as well and that may be used on purpose, by binding.
    pub shared: Vec<String>,
    /// The manifest's folder.
    pub root: PathBuf,
}

/// The database branch of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The branch's name.
    pub branch: String,
    /// The branch it is copied from. Equal to `branch` when the environment uses the parent itself.
    pub parent: String,
    pub role: String,
    pub name: String,
    pub migrate: Option<String>,
    /// Beside `DATABASE_URL`: what leads tools to the database.
    pub variables: Vec<String>,
    /// How long the branch lives after each push.
    pub expires: Option<Duration>,
}

impl Database {
    /// Whether the branch is made for the environment, and so may be deleted with it.
    pub fn is_own(&self) -> bool {
        self.branch != self.parent
    }
}

/// One Worker of an environment.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its key in the manifest.
    pub key: String,
    /// Its folder, from the manifest's.
    pub path: PathBuf,
    /// The Worker's name in this environment.
    pub worker: String,
    /// Its name without an environment, as its wrangler configuration has it.
    pub base: String,
    /// The environment of its wrangler configuration; the top level when unset.
    pub wrangler_env: Option<String>,
    /// The full hostname, zone included: where people reach it. Empty when it has none.
    pub hostname: String,
    /// Hostnames that it answers at beside that one; some may be wildcards.
    pub more_hostnames: Vec<String>,
    /// Where people reach it.
    pub url: String,
    /// The URL of its health document.
    pub health_url: String,
    /// Keys of the services that must be up first, as the manifest says (service bindings come on top).
    pub needs: Vec<String>,
    /// The command that builds it, run in its folder.
    pub build: Option<String>,
    pub uploader: Uploader,
    pub secrets: Vec<Secret>,
    /// Variables that the step gives, which are no secrets.
    pub step_vars: Vec<Secret>,
    pub kv: Vec<Kv>,
    /// Names of R2 buckets by binding, where the environment has its own.
    pub r2: IndexMap<String, String>,
    /// Names or ids of D1 databases by binding, where the environment has its own.
    pub d1: IndexMap<String, String>,
    /// Variables, references filled in. The environment's come first, the service's own win.
    pub vars: IndexMap<String, Value>,
    pub checks: Vec<crate::health::Check>,
}

impl Service {
    /// All hostnames that the Worker answers at, the main one first.
    pub fn hostnames(&self) -> impl Iterator<Item = &str> {
        let main = std::iter::once(&self.hostname).filter(|hostname| !hostname.is_empty());
        main.chain(&self.more_hostnames).map(String::as_str)
    }
}

/// A DNS record that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The full name, zone included.
    pub name: String,
    /// `A`, `AAAA`, `CNAME` or `TXT`.
    pub kind: String,
    pub content: String,
    pub proxied: bool,
    pub ttl: Option<Duration>,
}

/// A secret of a Worker, or a variable that comes from the step as one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The Worker's name for it.
    pub name: String,
    /// The variable of the step that holds its value.
    pub variable: String,
}

/// A KV binding with a namespace of this environment's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kv {
    pub binding: String,
    /// The namespace's title.
    pub title: String,
}

impl Environment {
    /// What a service may call itself: by key, by Worker, by the Worker's base name; and what only others are called.
    pub fn names(&self, service: &Service) -> (Vec<String>, Vec<String>) {
        let of = |service: &Service| {
            let mut names = vec![service.key.clone(), service.base.clone(), service.worker.clone()];
            names.dedup();
            names
        };
        let own = of(service);
        let others = self.services.iter().filter(|other| other.key != service.key);
        let others = others.flat_map(of).filter(|name| !own.contains(name)).collect();
        (own, others)
    }

    /// The service with this key.
    pub fn service(&self, key: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.key == key)
    }

    /// The waves in which services come up, from the manifest's `needs` and what `more` adds (service bindings).
    ///
    /// # Errors
    /// [`graph::Cycle`] with the path.
    pub fn waves(&self, more: &IndexMap<String, Vec<String>>) -> Result<Vec<Vec<String>>, graph::Cycle> {
        let needs = self.services.iter().map(|service| {
            let extra = more.get(&service.key).into_iter().flatten();
            (
                service.key.clone(),
                service.needs.iter().chain(extra).cloned().collect(),
            )
        });
        graph::waves(&needs.collect())
    }

    /// `preview 42`, or `production`.
    pub fn title(&self) -> String {
        self.pull_request
            .map_or_else(|| self.name.clone(), |pr| format!("{} {pr}", self.name))
    }
}

#[cfg(test)]
mod tests;
