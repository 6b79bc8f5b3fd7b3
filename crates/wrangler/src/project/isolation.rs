//! What is not this environment's own: what isolation is decided by. Pure.
//!
//! An environment owns what its own section of the wrangler configuration names, and what the manifest gives it. What a
//! section names that is nobody's own (local development's, or one that several environments use) is shared by all that
//! use it: where an environment is one per pull request, that is to be said.

use std::collections::BTreeMap;

use actions_core::environment::Environment;
use actions_core::manifest::Manifest;
use actions_core::owner::Repository;
use serde_json::Value;

use super::refused::Exclusive;
use super::render::Known;
use super::{PRODUCTION, Project, Scope};
use crate::{Leads, Resource, ResourceKind, Settings};

/// What belongs to other environments, and what to none.
#[derive(Debug, Default)]
pub struct Foreign {
    /// By whose it is.
    resources: BTreeMap<Resource, String>,
    /// Bindings of kinds that nobody here knows.
    unknown: Vec<(Value, String)>,
    /// What one Worker has for itself.
    exclusive: BTreeMap<(Exclusive, String), String>,
    /// KV namespaces that the manifest gives other environments, by title.
    kv: BTreeMap<String, String>,
    /// D1 databases that the manifest gives other environments, by name or id.
    d1: BTreeMap<String, String>,
    /// The sections that this environment's bindings come from, by service, where they are not its own.
    unowned: BTreeMap<String, String>,
    /// By service: what other environments use and what could not be read, each a sentence.
    unread: Vec<(String, String)>,
}

/// Whose the top level is where the manifest has no production.
const TOP_LEVEL: &str = "the top level";

/// Why a binding may not be used unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Another environment's, by its name.
    Other(String),
    /// Every pull request would share it: the section that names it.
    Nobodys(String),
}

impl Foreign {
    /// Collects it; `None` in production, which owns what it names, and where no manifest says what production is.
    pub fn of(project: &Project, scope: Scope<'_>) -> Option<Self> {
        let environment = scope.environment;
        let manifest = scope.manifest.filter(|_| environment.name != PRODUCTION)?;
        let mut foreign = Self::default();
        for key in project.configs.keys().filter(|_| environment.pull_request.is_some()) {
            let section = unowned(manifest, &environment.name, key);
            foreign.unowned.extend(section.map(|section| (key.clone(), section)));
        }
        // Production comes last: what several have is production's above all. A top level without one is anybody's first.
        let others = manifest.environments.keys().filter(|name| *name != PRODUCTION);
        let mut names: Vec<&str> = others.map(String::as_str).collect();
        let is_there = manifest.environments.contains_key(PRODUCTION);
        names.insert(if is_there { names.len() } else { 0 }, PRODUCTION);
        for name in names {
            foreign.add(project, manifest, environment, name);
        }
        Some(foreign)
    }

    /// What could not be compared, by service: nothing of it may pass for this environment's own.
    pub(super) fn unread(&self) -> &[(String, String)] {
        &self.unread
    }

    fn add(&mut self, project: &Project, manifest: &Manifest, environment: &Environment, name: &str) {
        // One per pull request: nobody could name what is only theirs.
        let resolved = Environment::resolve(manifest, name, None, &Repository::default()).ok();
        if name == environment.name || name != PRODUCTION && resolved.is_none() {
            return;
        }
        // Without it the top level may be what somebody else deploys, or nobody: no preview is to write there unasked,
        // and an environment that is there once owns what it names.
        let is_there = manifest.environments.contains_key(name);
        if !is_there && environment.pull_request.is_none() {
            return;
        }
        let owner = if is_there { name } else { TOP_LEVEL };
        for (key, config) in &project.configs {
            let theirs = manifest.wrangler_env(name, key);
            let is_same = name != PRODUCTION && theirs == manifest.wrangler_env(&environment.name, key);
            if is_same {
                continue;
            }
            let settings = match config.declared(theirs) {
                Ok(settings) => settings,
                Err(problem) => {
                    self.unread.push((key.clone(), unreadable(name, &problem)));
                    continue;
                }
            };
            let of_kind = settings.resources().into_iter();
            self.resources
                .extend(of_kind.map(|resource| (resource, owner.to_owned())));
            for (kind, names) in Exclusive::all(&settings, &config.names()) {
                let all = names.into_iter().map(|it| ((kind, it), owner.to_owned()));
                self.exclusive.extend(all);
            }
            self.unknown.extend(
                settings
                    .unknown()
                    .into_iter()
                    .map(|binding| (binding, owner.to_owned())),
            );
        }
        for service in resolved.iter().flat_map(|resolved| &resolved.services) {
            let buckets = service.r2.values().map(|id| (ResourceKind::R2, id));
            let databases = service.d1.values().map(|id| (ResourceKind::D1, id));
            for (kind, id) in buckets.chain(databases) {
                self.resources
                    .insert(Resource { kind, id: id.clone() }, name.to_owned());
            }
            let titles = service.kv.iter().map(|kv| (kv.title.clone(), name.to_owned()));
            self.kv.extend(titles);
            let databases = service.d1.values().map(|database| (database.clone(), name.to_owned()));
            self.d1.extend(databases);
        }
    }

    /// The environment that has this for one of its Workers alone.
    pub(super) fn has(&self, kind: Exclusive, name: &str) -> Option<&str> {
        self.exclusive.get(&(kind, name.to_owned())).map(String::as_str)
    }

    /// The D1 databases that the manifest gives other environments, by name or id.
    pub fn databases(&self) -> impl Iterator<Item = &String> {
        self.d1.keys()
    }

    /// Whose a thing is that a service names; `None` when it is this environment's own. `known` are the account's ids by
    /// name, as far as they are known.
    pub fn whose(&self, service: &str, resource: &Resource, known: &Known) -> Option<Whose> {
        let by_name = || {
            let (theirs, ids) = match resource.kind {
                ResourceKind::Kv => (&self.kv, &known.kv),
                ResourceKind::D1 => (&self.d1, &known.d1),
                _ => return None,
            };
            let mut all = theirs.iter();
            let found = all.find(|(name, _)| ids.get(*name) == Some(&resource.id));
            found.map(|(_, owner)| owner)
        };
        let other = self.resources.get(resource).or_else(by_name).cloned().map(Whose::Other);
        other.or_else(|| self.nobodys(service))
    }

    fn nobodys(&self, service: &str) -> Option<Whose> {
        self.unowned.get(service).cloned().map(Whose::Nobodys)
    }

    /// Whose a binding of an unknown kind is. One that holds nothing but its type names nothing.
    pub fn whose_unknown(&self, service: &str, binding: &Value) -> Option<Whose> {
        let says_more = binding
            .as_object()
            .is_some_and(|fields| fields.keys().any(|key| key != "type"));
        let other = self.unknown.iter().find(|(theirs, _)| theirs == binding);
        let other = other.map(|(_, name)| Whose::Other(name.clone()));
        other.or_else(|| self.nobodys(service)).filter(|_| says_more)
    }
}

/// The section that a service's bindings in pull requests come from, when it is not their environment's own.
fn unowned(manifest: &Manifest, environment: &str, service: &str) -> Option<String> {
    let Some(own) = manifest.wrangler_env(environment, service) else {
        return Some("the top level of the wrangler configuration".to_owned());
    };
    let mut others = manifest.environments.keys().filter(|name| *name != environment);
    let shared = others.any(|name| manifest.wrangler_env(name, service) == Some(own));
    shared.then(|| format!("`env.{own}` of the wrangler configuration"))
}

fn unreadable(environment: &str, problem: &str) -> String {
    format!(
        "what {environment} uses cannot be read: {problem}; add that environment, or correct `wrangler-env` of {environment} in the manifest"
    )
}

/// Bindings of keys that nobody here knows, and that are not this environment's own: key, name and whose.
pub(super) fn unknown_keys(service: &str, settings: &Settings<'_>, foreign: &Foreign) -> Vec<(String, String, Whose)> {
    let items = settings.unknown_keys();
    items
        .filter_map(|(key, item)| {
            let whose = foreign.whose_unknown(service, &crate::resource::nameless(item))?;
            Some((key.to_owned(), item["binding"].as_str()?.to_owned(), whose))
        })
        .collect()
}

/// One conflict, with the way out. `what` is what the binding leads to.
pub fn conflict(binding: &str, what: &str, remedy: &str, whose: &Whose) -> String {
    match whose {
        Whose::Other(name) => format!(
            "binding `{binding}` is {name}'s {what}; {remedy}, or add `{binding}` to the environment's `shared`"
        ),
        Whose::Nobodys(section) => format!(
            "binding `{binding}` is {what} of {section}, which every pull request would share; {remedy}, or add `{binding}` to the environment's `shared`"
        ),
    }
}

/// A Worker that is none of the manifest's. `what` leads to it, and `share` is what `shared` would call that.
pub fn stranger(what: &str, kind: ResourceKind, worker: &str, share: &str) -> String {
    format!(
        "{what} reaches {kind} `{worker}`, which is no service of the manifest and so not this environment's own; add it to `services`, or `{share}` to the environment's `shared`"
    )
}

/// The same for a namespace that the service's `kv` names already, in an environment that exists once.
pub(super) const KEEPS_ID: &str =
    "take its `id` out of that section of the wrangler configuration, so that the service's `kv` makes one";

/// What gives an environment a thing of its own.
pub fn remedy(kind: Option<ResourceKind>, whose: &Whose) -> &'static str {
    match (kind, whose) {
        (Some(ResourceKind::Kv), _) => "list it in the service's `kv`",
        (Some(ResourceKind::R2), _) => "give this environment its own in the manifest's `r2`",
        (Some(ResourceKind::D1), _) => "give this environment its own in the manifest's `d1`",
        (_, Whose::Nobodys(_)) => {
            "name its own in an environment of the wrangler configuration (`wrangler-env` in the manifest)"
        }
        (_, Whose::Other(_)) => "give this environment its own in the wrangler configuration",
    }
}

/// What a binding leads to, as it is told.
pub fn spoken(leads: &Leads) -> String {
    match leads {
        Leads::To(resource) => format!("{} `{}`", resource.kind, resource.id),
        Leads::Somewhere(binding) => format!("`{}`", binding["type"].as_str().unwrap_or("binding")),
        Leads::Nowhere => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Config;

    /// A key, its item, the type and the fields of the binding in an upload, and what is said of it.
    const KINDS: &[(&str, &str, &str, &str, &str)] = &[
        (
            "kv_namespaces",
            r#"{"id":"k"}"#,
            "kv_namespace",
            r#"{"namespace_id":"k"}"#,
            "KV namespace `k`",
        ),
        (
            "r2_buckets",
            r#"{"bucket_name":"b"}"#,
            "r2_bucket",
            r#"{"bucket_name":"b"}"#,
            "R2 bucket `b`",
        ),
        (
            "d1_databases",
            r#"{"database_id":"d"}"#,
            "d1",
            r#"{"id":"d"}"#,
            "D1 database `d`",
        ),
        (
            "hyperdrive",
            r#"{"id":"h"}"#,
            "hyperdrive",
            r#"{"id":"h"}"#,
            "Hyperdrive configuration `h`",
        ),
        (
            "vectorize",
            r#"{"index_name":"v"}"#,
            "vectorize",
            r#"{"index_name":"v"}"#,
            "Vectorize index `v`",
        ),
        (
            "pipelines",
            r#"{"stream":"s"}"#,
            "pipelines",
            r#"{"stream":"s"}"#,
            "pipeline `s`",
        ),
        (
            "pipelines",
            r#"{"pipeline":"p"}"#,
            "pipelines",
            r#"{"pipeline":"p"}"#,
            "pipeline `p`",
        ),
        ("k2", r#"{"stream":"k"}"#, "k2", r#"{"stream":"k"}"#, "K2 stream `k`"),
        (
            "ratelimits",
            r#"{"namespace_id":"1001"}"#,
            "ratelimit",
            r#"{"namespace_id":"1001"}"#,
            "rate limit namespace `1001`",
        ),
        (
            "analytics_engine_datasets",
            r#"{"dataset":"e"}"#,
            "analytics_engine",
            r#"{"dataset":"e"}"#,
            "Analytics Engine dataset `e`",
        ),
        (
            "analytics_engine_datasets",
            "{}",
            "analytics_engine",
            "{}",
            "Analytics Engine dataset `X`",
        ),
        (
            "secrets_store_secrets",
            r#"{"store_id":"s","secret_name":"n"}"#,
            "secrets_store_secret",
            r#"{"store_id":"s","secret_name":"n"}"#,
            "Secrets Store secret `s/n`",
        ),
        (
            "mtls_certificates",
            r#"{"certificate_id":"c"}"#,
            "mtls_certificate",
            r#"{"certificate_id":"c"}"#,
            "mTLS certificate `c`",
        ),
        (
            "vpc_services",
            r#"{"service_id":"v"}"#,
            "vpc_service",
            r#"{"service_id":"v"}"#,
            "VPC service `v`",
        ),
        (
            "vpc_networks",
            r#"{"tunnel_id":"t"}"#,
            "vpc_network",
            r#"{"tunnel_id":"t"}"#,
            "VPC network `t`",
        ),
        (
            "vpc_networks",
            r#"{"network_id":"n"}"#,
            "vpc_network",
            r#"{"network_id":"n"}"#,
            "VPC network `n`",
        ),
        (
            "ai_search",
            r#"{"instance_name":"a"}"#,
            "ai_search",
            r#"{"instance_name":"a"}"#,
            "AI Search instance `a`",
        ),
        (
            "ai_search_namespaces",
            r#"{"namespace":"a"}"#,
            "ai_search_namespace",
            r#"{"namespace":"a"}"#,
            "AI Search namespace `a`",
        ),
        (
            "agent_memory",
            r#"{"namespace":"m"}"#,
            "agent_memory",
            r#"{"namespace":"m"}"#,
            "Agent Memory namespace `m`",
        ),
        (
            "artifacts",
            r#"{"namespace":"a"}"#,
            "artifacts",
            r#"{"namespace":"a"}"#,
            "Artifacts namespace `a`",
        ),
        (
            "flagship",
            r#"{"app_id":"f"}"#,
            "flagship",
            r#"{"app_id":"f"}"#,
            "Flagship app `f`",
        ),
        (
            "dispatch_namespaces",
            r#"{"namespace":"t"}"#,
            "dispatch_namespace",
            r#"{"namespace":"t"}"#,
            "dispatch namespace `t`",
        ),
    ];

    const MANIFEST: &str = "[project]\nname = \"codex\"\nzone = \"example.com\"\n\
        [environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n\
        [environments.test]\nhostname = \"{subdomain}-t{pr}\"\nworker = \"{worker}-t{pr}\"\nwrangler-env = \"test\"\n\
        [environments.staging]\nhostname = \"{subdomain}-s\"\nworker = \"{worker}-s\"\nwrangler-env = \"staging\"\n\
        [environments.production]\nwrangler-env = \"production\"\n[services.api]\npath = \"api\"\n";

    /// What is foreign to an environment, where the Worker's configuration is this.
    fn foreign(name: &str, config: &Value) -> Foreign {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("api")).unwrap();
        std::fs::write(folder.path().join("api/wrangler.json"), config.to_string()).unwrap();
        std::fs::write(folder.path().join("codex.toml"), MANIFEST).unwrap();
        let manifest = Manifest::load(&folder.path().join("codex.toml")).unwrap();
        let pull_request = matches!(name, "preview" | "test").then_some(42);
        let environment = Environment::resolve(&manifest, name, pull_request, &Repository::default()).unwrap();
        let mut configs = indexmap::IndexMap::new();
        configs.insert("api".to_owned(), Config::find(&folder.path().join("api")).unwrap());
        let project = Project {
            refused: std::collections::BTreeSet::new(),
            configs,
            wrangler_envs: environment
                .services
                .iter()
                .filter_map(|service| Some((service.key.clone(), service.wrangler_env.clone()?)))
                .collect(),
            root: folder.path().to_owned(),
        };
        let scope = Scope {
            environment: &environment,
            manifest: Some(&manifest),
            chosen: &[],
            shared: &[],
            account: None,
        };
        Foreign::of(&project, scope).unwrap()
    }

    fn whose(foreign: &Foreign, binding: &Value) -> Option<Whose> {
        match Leads::of(binding) {
            Leads::Nowhere => None,
            Leads::To(resource) => foreign.whose("api", &resource, &Known::default()),
            Leads::Somewhere(unknown) => foreign.whose_unknown("api", &unknown),
        }
    }

    fn of(config: &Value) -> Config {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("wrangler.json"), config.to_string()).unwrap();
        Config::find(folder.path()).unwrap()
    }

    #[test]
    fn every_kind_of_thing_is_production_s_or_one_s_own() {
        for (key, item, kind, fields, said) in KINDS {
            let mut item: Value = serde_json::from_str(item).unwrap();
            item["binding"] = "X".into();
            let mut binding: Value = serde_json::from_str(fields).unwrap();
            binding["name"] = "X".into();
            binding["type"] = (*kind).into();
            assert_eq!(spoken(&Leads::of(&binding)), *said);
            let config = |of_production: &Value, of_staging: &Value| json!({"name": "api", "env": {"production": of_production, "staging": of_staging, "test": {}}});
            // What is foreseen of it is what a bundle has.
            let lone = of(&json!({"name": "api", *key: [item.clone()]}));
            let expected = super::super::expected::metadata(&lone.settings(None).unwrap());
            assert_eq!(expected["bindings"], json!([binding]), "{key}");
            let has = json!({ *key: [item] });
            let theirs = config(&has, &json!({}));
            for environment in ["staging", "preview", "test"] {
                let whose = whose(&foreign(environment, &theirs), &binding);
                assert_eq!(
                    whose,
                    Some(Whose::Other("production".to_owned())),
                    "{key} of {environment}"
                );
            }
            // An environment's own, and another one's that is not production.
            let ours = config(&json!({}), &has);
            assert_eq!(whose(&foreign("staging", &ours), &binding), None, "{key}");
            let staging = Some(Whose::Other("staging".to_owned()));
            assert_eq!(whose(&foreign("test", &ours), &binding), staging, "{key}");
            // Named by nobody but the top level, from which all pull requests would have it.
            let nobodys = foreign(
                "preview",
                &json!({"name": "api", *key: [item], "env": {"production": {}, "staging": {}, "test": {}}}),
            );
            assert!(matches!(whose(&nobodys, &binding), Some(Whose::Nobodys(_))), "{key}");
        }
    }

    #[test]
    fn a_kind_that_nobody_knows_is_compared_as_a_whole() {
        let odd = |id: &str| json!({"name": "ODD", "type": "odd", "id": id});
        let config = json!({"name": "api", "env": {
            "production": {"unsafe": {"bindings": [odd("live"), {"name": "NEW", "type": "zero"}]}, "tomorrows": [{"binding": "T", "of": "live"}]},
            "staging": {"tomorrows": [{"binding": "U", "of": "live"}, {"binding": "V", "of": "staging"}]},
            "test": {},
        }});
        let foreign = foreign("staging", &config);
        let production = Whose::Other("production".to_owned());
        assert_eq!(whose(&foreign, &odd("live")), Some(production.clone()));
        assert_eq!(whose(&foreign, &odd("staging")), None);
        // It says nothing but its kind.
        assert_eq!(whose(&foreign, &json!({"name": "NEW", "type": "zero"})), None);
        // A key that nobody knows.
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("wrangler.json"), config.to_string()).unwrap();
        let config = Config::find(folder.path()).unwrap();
        let unknown = unknown_keys("api", &config.settings(Some("staging")).unwrap(), &foreign);
        assert_eq!(unknown, [("tomorrows".to_owned(), "U".to_owned(), production)]);
    }
}
