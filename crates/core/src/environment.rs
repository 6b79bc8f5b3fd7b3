//! One environment, resolved once: every name, hostname and title that belongs to it. Nothing else formats a name.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use crate::manifest::{self, EnvironmentSpec, Manifest, OnLimit, Routing, Uploader, graph};
use crate::naming::{self, Values};
use crate::owner::{Owner, Repository};

/// An environment of the manifest, and the pull request that it is for.
#[derive(Debug, Clone)]
pub struct Environment {
    pub project: String,
    /// `preview`, `production` …
    pub name: String,
    pub pull_request: Option<u64>,
    pub zone: String,
    pub routing: Routing,
    /// One record `*.<label>` for all hostnames.
    pub wildcard: bool,
    /// DNS records beside the hostnames'.
    pub records: Vec<Record>,
    /// The environment of the wrangler configs to build; their top level when unset.
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
    /// Production resources that may be used on purpose, by binding.
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
    /// The full hostname, zone included.
    pub hostname: String,
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
    pub kv: Vec<Kv>,
    /// Names of R2 buckets by binding, where the environment has its own.
    pub r2: IndexMap<String, String>,
    /// Names or ids of D1 databases by binding, where the environment has its own.
    pub d1: IndexMap<String, String>,
    /// Variables, references filled in. The environment's come first, the service's own win.
    pub vars: IndexMap<String, Value>,
    pub checks: Vec<crate::health::Check>,
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

/// A secret of a Worker.
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
            let secret = |name: &String| {
                let variable = spec.secrets.get(name).unwrap_or(name).clone();
                Secret {
                    name: name.clone(),
                    variable,
                }
            };
            let kv = |binding: &String| Kv {
                binding: binding.clone(),
                title: naming::kv_title(&project.name, name, pull_request, binding),
            };
            let vars = spec.vars.iter().chain(&service.vars);
            let own = values_of(manifest, name, key, pull_request);
            let refer = |name: &str| of_service_named(name, &address).or_else(|| naming::value(name, &own));
            let named = |map: &IndexMap<String, String>| of_service(map, key, &own);
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
                r2: named(&spec.r2),
                d1: named(&spec.d1),
                secrets: service.secrets.iter().map(secret).collect(),
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

/// Endings by which a name reads as that of another zone, beside the zone's own.
const ENDINGS: [&str; 7] = ["biz", "co", "com", "info", "io", "net", "org"];

/// The full name of a record: `@` is the zone itself, a name that ends in the zone stays, the rest is relative.
///
/// # Errors
/// The name is another zone's: it ends in a dot, or as domains do, and is not in this zone.
pub fn in_zone(name: &str, zone: &str) -> Result<String, String> {
    let written = name.trim();
    let name = naming::domain(written);
    if written == "@" || name == zone {
        return Ok(zone.to_owned());
    }
    if name.ends_with(&format!(".{zone}")) {
        return Ok(name);
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let own_ending = zone.rsplit('.').next();
    let is_elsewhere = ending.is_some_and(|ending| Some(ending) == own_ending || ENDINGS.contains(&ending));
    if written.ends_with('.') || is_elsewhere {
        return Err(format!(
            "record `{written}` is not in zone `{zone}`; write `{name}.{zone}` if that is meant"
        ));
    }
    Ok(format!("{name}.{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [project]
        name = "codex"
        zone = "Example.com"
        [database]
        parent = "production"
        [environments.preview]
        hostname = "{subdomain}-preview-{pr}"
        worker = "{worker}-preview-{pr}"
        branch = "preview-pr-{pr}"
        expires = "7d"
        records = [{ name = "docs-{pr}", type = "CNAME", content = "{web.hostname}", ttl = "2m" }]
        secrets = { STRIPE_SECRET_KEY = "STRIPE_TEST_KEY" }
        r2 = { FILES = "files-{environment}", "api.FILES" = "{service}-files-{pr}" }
        d1 = { DB = "codex-preview" }
        [environments.production]
        [services.api]
        path = "api"
        secrets = ["STRIPE_SECRET_KEY", "DATABASE_URL"]
        kv = ["CACHE"]
        vars = { WEB = "{web.url}/x" }
        [services.web]
        path = "web"
        subdomain = "app"
        needs = ["api"]
    "#;

    fn resolve(name: &str, pull_request: Option<u64>) -> Result<Environment, Unresolved> {
        let manifest = Manifest::parse(MANIFEST, "codex.toml", PathBuf::new()).unwrap();
        Environment::resolve(&manifest, name, pull_request, &Repository::default())
    }

    #[test]
    fn a_preview_has_names_of_its_own() {
        let preview = resolve("preview", Some(42)).unwrap();
        let api = preview.service("api").unwrap();
        assert_eq!(
            (api.worker.as_str(), api.hostname.as_str()),
            ("api-preview-42", "api-preview-42.example.com")
        );
        assert_eq!(api.vars["WEB"], "https://app-preview-42.example.com/x");
        assert_eq!(api.kv[0].title, "codex-preview-42-CACHE");
        assert_eq!(api.secrets[0].variable, "STRIPE_TEST_KEY");
        assert_eq!(api.secrets[1].variable, "DATABASE_URL");
        assert_eq!(api.r2["FILES"], "api-files-42");
        assert_eq!(preview.service("web").unwrap().r2["FILES"], "files-preview");
        assert_eq!(api.d1["DB"], "codex-preview");
        let docs = &preview.records[0];
        assert_eq!(
            (docs.name.as_str(), docs.content.as_str()),
            ("docs-42.example.com", "app-preview-42.example.com")
        );
        let database = preview.database.as_ref().unwrap();
        assert_eq!((database.branch.as_str(), database.is_own()), ("preview-pr-42", true));
        assert_eq!(preview.waves(&IndexMap::new()).unwrap(), [vec!["api"], vec!["web"]]);
    }

    #[test]
    fn production_uses_the_parent_branch_and_no_number() {
        let production = resolve("production", Some(42)).unwrap();
        assert_eq!(production.pull_request, None);
        assert!(!production.database.as_ref().unwrap().is_own());
        assert_eq!(production.services[0].hostname, "api.example.com");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(resolve("preview", None).unwrap_err().0[0].0, "pull-request");
        let (input, text) = &resolve("previw", Some(1)).unwrap_err().0[0];
        assert_eq!(*input, "environment");
        assert!(text.ends_with("did you mean `preview`?"), "{text}");
    }
}
