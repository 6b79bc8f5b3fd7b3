//! From the manifest, a name and a pull request's number to the environment that they mean.

use super::services::{Here, of_service_named};
use super::zone::in_zone;
use super::{Database, Environment, Record, Service};
use crate::manifest::{self, EnvironmentSpec, Manifest, Routing};
use crate::naming::{self, Values};
use crate::owner::{Owner, Repository};

/// What stands in the way of an environment: input and problem.
#[derive(Debug)]
pub struct Unresolved(pub Vec<(&'static str, String)>);

impl Environment {
    /// The environment `name` of the manifest, for `pull_request` when its names contain `{pr}`.
    ///
    /// # Errors
    /// [`Unresolved`] with every problem: an unknown name, a pull request that is missing, names that are too long or
    /// that two services share.
    pub fn resolve(
        manifest: &Manifest,
        name: &str,
        pull_request: Option<u64>,
        repository: &Repository,
    ) -> Result<Self, Unresolved> {
        let Some(spec) = manifest.environments.get(name) else {
            let known: Vec<&String> = manifest.environments.keys().collect();
            let meant = crate::text::nearest(name, known.iter().map(|name| name.as_str()));
            let meant = meant
                .map(|meant| format!("; did you mean `{meant}`?"))
                .unwrap_or_default();
            let text = format!(
                "there is no environment `{name}`; the manifest has {}{meant}",
                crate::text::quoted_list(&known)
            );
            return Err(Unresolved(vec![("environment", text)]));
        };
        let per_pull_request = spec.is_per_pull_request();
        if per_pull_request && pull_request.is_none() {
            let text = format!(
                "missing; environment `{name}` is one per pull request: run on `pull_request`, or pass its number"
            );
            return Err(Unresolved(vec![("pull-request", text)]));
        }
        let pull_request = pull_request.filter(|_| per_pull_request);
        let resolved = Self::build(manifest, name, spec, pull_request, repository);
        let mut problems = resolved.name_problems();
        let wrong = spec
            .records
            .iter()
            .filter_map(|record| in_zone(&record.name, &resolved.zone).err());
        problems.extend(wrong.map(|problem| ("manifest", format!("environment `{name}`: {problem}"))));
        if problems.is_empty() {
            Ok(resolved)
        } else {
            Err(Unresolved(problems))
        }
    }

    fn build(
        manifest: &Manifest,
        name: &str,
        spec: &EnvironmentSpec,
        pull_request: Option<u64>,
        repository: &Repository,
    ) -> Self {
        let project = &manifest.project;
        let zone = naming::domain(&project.zone);
        let here = Here {
            manifest,
            name,
            spec,
            pull_request,
            zone: &zone,
        };
        let address = |key: &str| here.address(key);
        let services = manifest.services.iter();
        let services: Vec<Service> = services.map(|(key, service)| here.service(key, service)).collect();
        let values = Values {
            project: &project.name,
            environment: name,
            pull_request,
            ..Values::default()
        };
        let records = spec.records.iter().map(|record| Record {
            // A name that cannot be in the zone was told by `resolve`.
            name: in_zone(&naming::render(&record.name, &values), &zone).unwrap_or_default(),
            kind: record.kind.clone(),
            content: naming::fill_in(&naming::render(&record.content, &values), |name| {
                of_service_named(name, &address)
            }),
            proxied: record.proxied,
            ttl: record.ttl.as_deref().and_then(crate::duration::parse),
        });
        let database = manifest
            .database
            .as_ref()
            .map(|database| database_of(database, spec, &values));
        let mut resolved = Self {
            project: project.name.clone(),
            name: name.to_owned(),
            pull_request,
            routing: spec.routing,
            wildcard: spec.wildcard,
            records: records.collect(),
            wrangler_env: spec.wrangler_env.clone(),
            database,
            services,
            owner: Owner {
                repository: repository.clone(),
                project: project.name.clone(),
                environment: name.to_owned(),
                pull_request,
            },
            grace: spec.grace.as_deref().and_then(crate::duration::parse),
            limit: spec.limit,
            on_limit: spec.on_limit,
            crons: spec.crons.unwrap_or(pull_request.is_none()),
            shared: spec.shared.clone(),
            root: manifest.root.clone(),
            zone: zone.clone(),
        };
        if let Some(account) = &project.workers_dev {
            resolved.at_workers_dev(account);
        }
        resolved
    }

    /// Names that Cloudflare would refuse, or that two services would share.
    fn name_problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let at_workers_dev = self.routing == Routing::WorkersDev;
        for (at, service) in self.services.iter().enumerate() {
            if at_workers_dev && !naming::is_label(&service.worker) {
                let text = format!(
                    "Worker `{}` of service `{}` is a label of its address at workers.dev: at most 63 lower-case letters, digits and inner dashes",
                    service.worker, service.key
                );
                problems.push(("manifest", text));
            } else if !naming::is_worker(&service.worker) {
                let text = format!(
                    "Worker `{}` of service `{}` is to be at most 63 letters, digits, underscores and dashes, with no dash in front",
                    service.worker, service.key
                );
                problems.push(("manifest", text));
            }
            let wrong = service
                .hostnames()
                .filter(|hostname| !at_workers_dev && !naming::is_hostname(hostname, &self.zone));
            for hostname in wrong {
                let text = format!(
                    "hostname `{hostname}` of service `{}` has a label that DNS refuses: at most 63 letters, digits and inner dashes",
                    service.key
                );
                problems.push(("manifest", text));
            }
            for other in &self.services[..at] {
                if other.worker == service.worker {
                    problems.push((
                        "manifest",
                        format!(
                            "services `{}` and `{}` would both be Worker `{}`",
                            other.key, service.key, service.worker
                        ),
                    ));
                }
                let both = service
                    .hostnames()
                    .find(|hostname| other.hostnames().any(|other| other == *hostname));
                if let Some(hostname) = both.filter(|_| !at_workers_dev) {
                    problems.push((
                        "manifest",
                        format!(
                            "services `{}` and `{}` would both answer at `{hostname}`",
                            other.key, service.key
                        ),
                    ));
                }
            }
        }
        problems
    }
}

/// The database branch that an environment uses.
fn database_of(database: &manifest::Database, spec: &EnvironmentSpec, values: &Values<'_>) -> Database {
    let own = spec
        .branch
        .as_ref()
        .map(|template| naming::branch(&naming::render(template, values)));
    Database {
        branch: own.unwrap_or_else(|| database.parent.clone()),
        parent: database.parent.clone(),
        role: database.role.clone(),
        name: database.name.clone(),
        migrate: database.migrate.clone(),
        variables: database.variables.clone(),
        expires: spec.expires.as_deref().and_then(crate::duration::parse),
    }
}
