//! The services of one environment: their names, addresses and variables.

use indexmap::IndexMap;
use serde_json::Value;

use super::zone::hostname_in_zone;
use super::{Environment, Kv, Secret, Service};
use crate::manifest::{self, EnvironmentSpec, Manifest, Routing};
use crate::naming::{self, Values};

/// One environment of a manifest, for one pull request perhaps.
pub(super) struct Here<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) name: &'a str,
    pub(super) spec: &'a EnvironmentSpec,
    pub(super) pull_request: Option<u64>,
    pub(super) zone: &'a str,
}

impl Here<'_> {
    /// What stands for the placeholders of a service's names.
    fn values<'a>(&'a self, key: &'a str) -> Values<'a> {
        values_of(self.manifest, self.name, key, self.pull_request)
    }

    /// The name of a service's Worker.
    fn worker(&self, key: &str) -> String {
        naming::render(&self.spec.worker, &self.values(key))
    }

    /// The hostnames of a service, the main one before the others.
    fn hostnames(&self, key: &str) -> (String, Vec<String>) {
        let (manifest, spec) = (self.manifest, self.spec);
        if spec.routing == Routing::WorkersDev {
            return (Environment::hostname_at_workers_dev(&self.worker(key)), Vec::new());
        }
        let values = self.values(key);
        let full = |name: &str| hostname_in_zone(&naming::render(name, &values), self.zone);
        let here = spec.services.get(key).map(|here| &here.hostnames);
        let service = manifest.services.get(key).filter(|_| spec.has_bare_hostnames());
        let all = service.map(|service| &service.hostnames);
        let named = here.filter(|names| !names.is_empty());
        if let Some([first, more @ ..]) = named.or(all).map(Vec::as_slice) {
            return (full(first), more.iter().map(|name| full(name)).collect());
        }
        let apex = service.is_some_and(|service| service.subdomain.as_deref() == Some(manifest::APEX));
        let name = if apex { manifest::APEX } else { &spec.hostname };
        (full(name), Vec::new())
    }

    fn url(&self, hostname: &str) -> String {
        let url = self.manifest.project.url.replace("{hostname}", hostname);
        url.trim_end_matches('/').to_owned()
    }

    /// A service's URL and main hostname.
    pub(super) fn address(&self, key: &str) -> Option<(String, String)> {
        let hostname = self
            .manifest
            .services
            .contains_key(key)
            .then(|| self.hostnames(key).0)?;
        Some((self.url(&hostname), hostname))
    }

    pub(super) fn service(&self, key: &str, service: &manifest::ServiceSpec) -> Service {
        let (spec, own) = (self.spec, self.values(key));
        let (hostname, more_hostnames) = self.hostnames(key);
        let url = self.url(&hostname);
        let kv = |binding: &String| Kv {
            binding: binding.clone(),
            title: naming::kv_title(&self.manifest.project.name, self.name, self.pull_request, binding),
        };
        let vars = spec.vars.iter().chain(&service.vars);
        let address = |key: &str| self.address(key);
        let refer = |name: &str| of_service_named(name, &address).or_else(|| naming::value(name, &own));
        let named = |map: &IndexMap<String, String>| of_service(map, key, &own);
        Service {
            key: key.to_owned(),
            path: service.path.clone(),
            base: service.worker.clone().unwrap_or_else(|| key.to_owned()),
            worker: self.worker(key),
            wrangler_env: self.manifest.wrangler_env(self.name, key).map(str::to_owned),
            hostname,
            more_hostnames,
            health_url: format!("{url}{}", service.health),
            url,
            needs: service.needs.clone(),
            build: service.build.clone(),
            uploader: service.uploader,
            r2: named(&spec.r2),
            d1: named(&spec.d1),
            secrets: from_step(&service.secrets, &spec.secrets),
            step_vars: from_step(&service.step_vars, &spec.step_vars),
            kv: service.kv.iter().map(kv).collect(),
            vars: vars
                .map(|(name, value)| (name.clone(), filled(value, &refer)))
                .collect(),
            checks: service.checks.clone(),
        }
    }
}

/// What `{service.url}` or `{service.hostname}` stands for; `address` tells a service's URL and hostname.
pub(super) fn of_service_named(name: &str, address: &impl Fn(&str) -> Option<(String, String)>) -> Option<String> {
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
