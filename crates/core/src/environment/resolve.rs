//! From the manifest, a name and a pull request's number to the environment that they mean.

use indexmap::IndexMap;
use serde_json::Value;

use super::zone::in_zone;
use super::{Database, Environment, Kv, Record, Secret, Service};
use crate::manifest::{self, EnvironmentSpec, Manifest};
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
        let per_pull_request = spec.hostname.contains("{pr}");
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
        let values = |key: &str| -> (String, String) {
            let values = values_of(manifest, name, key, pull_request);
            let hostname = naming::domain(&format!("{}.{zone}", naming::render(&spec.hostname, &values)));
            (naming::render(&spec.worker, &values), hostname)
        };
        let url_of = |hostname: &str| {
            project
                .url
                .replace("{hostname}", hostname)
                .trim_end_matches('/')
                .to_owned()
        };
        let address = |key: &str| {
            let hostname = manifest.services.contains_key(key).then(|| values(key).1)?;
            Some((url_of(&hostname), hostname))
        };
        let services = manifest.services.iter().map(|(key, service)| {
            let (worker, hostname) = values(key);
            let url = url_of(&hostname);
            let kv = |binding: &String| Kv {
                binding: binding.clone(),
                title: naming::kv_title(&project.name, name, pull_request, binding),
            };
            let vars = spec.vars.iter().chain(&service.vars);
            let own = values_of(manifest, name, key, pull_request);
            let refer = |name: &str| of_service_named(name, &address).or_else(|| naming::value(name, &own));
            let own_of = |map: &IndexMap<String, String>| of_service(map, key, &own);
            Service {
                key: key.clone(),
                path: service.path.clone(),
                base: service.worker.clone().unwrap_or_else(|| key.clone()),
                worker,
                hostname,
                health_url: format!("{url}{}", service.health),
                url,
                needs: service.needs.clone(),
                build: service.build.clone(),
                uploader: service.uploader,
                r2: own_of(&spec.r2),
                d1: own_of(&spec.d1),
                secrets: from_step(&service.secrets, &spec.secrets),
                step_vars: from_step(&service.step_vars, &spec.step_vars),
                kv: service.kv.iter().map(kv).collect(),
                vars: vars
                    .map(|(name, value)| (name.clone(), filled(value, &refer)))
                    .collect(),
                checks: service.checks.clone(),
            }
        });
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
        Self {
            project: project.name.clone(),
            name: name.to_owned(),
            pull_request,
            routing: spec.routing,
            wildcard: spec.wildcard,
            records: records.collect(),
            wrangler_env: spec.wrangler_env.clone(),
            database,
            services: services.collect(),
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
            zone,
        }
    }

    /// Names that Cloudflare would refuse, or that two services would share.
    fn name_problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let suffix = format!(".{}", self.zone);
        for (at, service) in self.services.iter().enumerate() {
            if !naming::is_label(&service.worker) {
                let text = format!(
                    "Worker `{}` of service `{}` is to be at most 63 lower-case letters, digits and inner dashes",
                    service.worker, service.key
                );
                problems.push(("manifest", text));
            }
            let labels = service.hostname.strip_suffix(&suffix).unwrap_or_default();
            if !labels.split('.').all(naming::is_label) {
                let text = format!(
                    "hostname `{}` of service `{}` has a label that DNS refuses: at most 63 letters, digits and inner dashes",
                    service.hostname, service.key
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
                if other.hostname == service.hostname {
                    problems.push((
                        "manifest",
                        format!(
                            "services `{}` and `{}` would both answer at `{}`",
                            other.key, service.key, service.hostname
                        ),
                    ));
                }
            }
        }
        problems
    }
}

/// What `{service.url}` or `{service.hostname}` stands for; `address` tells a service's URL and hostname.
fn of_service_named(name: &str, address: &impl Fn(&str) -> Option<(String, String)>) -> Option<String> {
    let (service, part) = name.split_once('.')?;
    let (url, hostname) = address(service)?;
    match part {
        "url" => Some(url),
        "hostname" => Some(hostname),
        _ => None,
    }
}

/// A value with the references in its texts filled in.
fn filled(value: &Value, refer: &impl Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => naming::fill_in(text, refer).into(),
        Value::Array(items) => items.iter().map(|item| filled(item, refer)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, item)| (name.clone(), filled(item, refer)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// What the step's variables give a Worker, by its names for them; `renamed` has those that the step calls otherwise.
fn from_step(names: &[String], renamed: &IndexMap<String, String>) -> Vec<Secret> {
    let one = |name: &String| Secret {
        name: name.clone(),
        variable: renamed.get(name).unwrap_or(name).clone(),
    };
    names.iter().map(one).collect()
}

/// What stands for the placeholders of a service's names.
fn values_of<'a>(manifest: &'a Manifest, environment: &'a str, key: &'a str, pull_request: Option<u64>) -> Values<'a> {
    Values {
        project: &manifest.project.name,
        environment,
        service: key,
        worker: manifest.worker_of(key),
        subdomain: manifest.subdomain_of(key),
        pull_request,
    }
}

/// What a map from `BINDING` or `service.BINDING` to a name says about one service; its own entries win.
fn of_service(map: &IndexMap<String, String>, key: &str, values: &Values<'_>) -> IndexMap<String, String> {
    let all = map.iter().filter(|(binding, _)| !binding.contains('.'));
    let own = map.iter().filter_map(|(binding, name)| {
        let (service, binding) = binding.split_once('.')?;
        Some((binding, name)).filter(|_| service == key)
    });
    all.map(|(binding, name)| (binding.as_str(), name))
        .chain(own)
        .map(|(binding, name)| (binding.to_owned(), naming::render(name, values)))
        .collect()
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
