//! What is told of an environment's Workers, though nothing is refused: a deployment, validation and whoever looks at the
//! configurations beforehand say the same. Pure.

use std::collections::BTreeSet;

use actions_core::environment::Service;
use actions_core::manifest::Routing;
use actions_core::text::quoted_list;
use serde_json::Value;

use super::{PRODUCTION, Project, Scope, expected};
use crate::Settings;

/// What is told of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Its configuration keeps it from workers.dev, and the environment has no other addresses than those.
    Opened,
    /// It has none of these bindings, which it has in `owner`.
    Lacks { names: Vec<String>, owner: String },
}

impl Remark {
    /// The sentence.
    pub fn text(&self) -> String {
        match self {
            Self::Opened => "its wrangler configuration has `workers_dev: false`, and the environment's `routing = \"workers-dev\"` opens it there all the same, where anybody reaches it".to_owned(),
            Self::Lacks { names, owner } => format!(
                "it has no {} {}, which it has in {owner}",
                if names.len() == 1 { "binding" } else { "bindings" },
                quoted_list(names)
            ),
        }
    }
}

impl Project {
    /// All of the chosen services, each with its service's key.
    pub fn remarks(&self, scope: Scope<'_>) -> Vec<(String, Remark)> {
        let mut remarks = Vec::new();
        for service in scope.services() {
            let Some(settings) = self.settings(&service.key) else {
                continue;
            };
            let keeps_closed = settings.get("workers_dev") == Some(&Value::Bool(false));
            let opened = keeps_closed && scope.environment.routing == Routing::WorkersDev;
            let told = opened
                .then_some(Remark::Opened)
                .into_iter()
                .chain(self.lacks(scope, service, &settings));
            remarks.extend(told.map(|remark| (service.key.clone(), remark)));
        }
        remarks
    }

    /// What production binds, or the top level where there is no production.
    fn lacks(&self, scope: Scope<'_>, service: &Service, settings: &Settings<'_>) -> Option<Remark> {
        let manifest = scope.manifest.filter(|_| scope.environment.name != PRODUCTION)?;
        let there = manifest.wrangler_env(PRODUCTION, &service.key);
        let there = self.configs.get(&service.key)?.declared(there).ok()?;
        let names = lacking(service, settings, &there);
        let owner = if manifest.environments.contains_key(PRODUCTION) {
            format!("`{PRODUCTION}`")
        } else {
            "the top level".to_owned()
        };
        (!names.is_empty()).then_some(Remark::Lacks { names, owner })
    }
}

/// The names that are bound there and mean nothing here. `r2` and `d1` of the manifest make no binding, `kv` does.
fn lacking(service: &Service, here: &Settings<'_>, there: &Settings<'_>) -> Vec<String> {
    let vars = here.get("vars").and_then(Value::as_object).into_iter().flatten();
    let given = service.secrets.iter().chain(&service.step_vars);
    let mut known: BTreeSet<&str> = vars.map(|(name, _)| name.as_str()).collect();
    known.extend(service.vars.keys().map(String::as_str));
    known.extend(given.map(|secret| secret.name.as_str()));
    known.extend(service.kv.iter().map(|kv| kv.binding.as_str()));
    let declared = here.declared_secrets();
    known.extend(declared.iter().map(String::as_str));
    known.extend(expected::named(here).into_iter().map(|(_, name)| name));
    let lost = here.lost();
    let names = expected::named(there).into_iter();
    // A key at the top level alone is refused as such, and an empty list is meant.
    let names = names
        .filter(|(key, name)| !known.contains(name) && !lost.contains(&key.key) && !expected::is_emptied(here, *key));
    names.map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use actions_core::environment::Environment;
    use actions_core::manifest::Manifest;
    use actions_core::owner::Repository;
    use indexmap::IndexMap;
    use serde_json::json;

    use super::*;
    use crate::Config;

    /// What is told of a Worker with this configuration, in an environment of a manifest with these lines.
    fn told(config: &Value, name: &str, environments: &str, service: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("wrangler.json"), config.to_string()).unwrap();
        let config = Config::find(folder.path()).unwrap();
        let text = format!(
            "[project]\nname = \"shop\"\nzone = \"example.com\"\n{environments}\n[services.api]\npath = \"api\"\n{service}"
        );
        let manifest = Manifest::parse(&text, "codex.toml", std::path::PathBuf::new()).unwrap();
        let number = manifest.environments[name].is_per_pull_request().then_some(42);
        let environment = Environment::resolve(&manifest, name, number, &Repository::default()).unwrap();
        let chosen = ["api".to_owned()];
        let scope = Scope {
            environment: &environment,
            manifest: Some(&manifest),
            chosen: &chosen,
            shared: &[],
            account: None,
        };
        let project = Project::written(&environment, IndexMap::from([("api".to_owned(), config)]));
        let all = project.remarks(scope).into_iter();
        all.map(|(key, remark)| format!("{key}: {}", remark.text())).collect()
    }

    const PREVIEW: &str = "[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n";
    const LIVE: &str = "[environments.production]\nwrangler-env = \"production\"\n";

    #[test]
    fn a_preview_without_productions_bindings_is_told() {
        let production = json!({
            "services": [{"binding": "USERS", "service": "users-production"}],
            "queues": {"producers": [{"binding": "EMAILS", "queue": "emails"}], "consumers": [{"queue": "x"}]},
            "kv_namespaces": [{"binding": "CACHE", "id": "live"}],
            "d1_databases": [{"binding": "DB", "database_id": "live"}],
            "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
            "ai": {"binding": "AI"},
            "vars": {"STAGE": "production"},
        });
        let of = |top: Value, service: &str| {
            let mut config = json!({"name": "api", "env": {"production": production}});
            config.as_object_mut().unwrap().extend(top.as_object().unwrap().clone());
            told(&config, "preview", &format!("{PREVIEW}{LIVE}"), service)
        };
        assert_eq!(
            of(json!({}), ""),
            ["api: it has no bindings `CACHE`, `DB`, `EMAILS`, `USERS`, `ROOM` and `AI`, which it has in `production`"]
        );
        // The manifest's `kv` gives a namespace; a variable, a secret or another kind of binding may stand for one; an
        // empty list is meant.
        let rest = json!({
            "services": [{"binding": "USERS", "service": "users"}], "queues": {"producers": []},
            "vars": {"DB": "local"}, "durable_objects": {"bindings": []},
        });
        assert_eq!(
            of(rest.clone(), "kv = [\"CACHE\"]\n"),
            ["api: it has no binding `AI`, which it has in `production`"]
        );
        assert_eq!(of(rest, "kv = [\"CACHE\"]\nsecrets = [\"AI\"]\n"), [""; 0]);
        let all = json!({"name": "api", "env": {"production": production, "staging": {"services": []}}});
        let staging = "[environments.staging]\nhostname = \"{subdomain}-stg\"\nworker = \"{worker}-stg\"\nwrangler-env = \"staging\"\n";
        let environments = format!("{staging}{LIVE}");
        assert_eq!(told(&all, "staging", &environments, "").len(), 1);
        assert_eq!(told(&all, "production", &environments, ""), [""; 0]);
        // At the top level alone: what is not inherited is refused as such.
        let top = json!({"name": "api", "services": production["services"], "env": {"staging": {}, "production": {"services": production["services"]}}});
        assert_eq!(told(&top, "staging", &environments, ""), [""; 0]);
        // Without a production of the manifest's, the top level is what there is.
        let top = json!({"name": "api", "services": production["services"], "env": {"staging": {"services": [{"binding": "B", "service": "b"}]}}});
        assert_eq!(
            told(&top, "staging", staging, ""),
            ["api: it has no binding `USERS`, which it has in the top level"]
        );
    }

    #[test]
    fn a_worker_that_is_opened_at_workers_dev_is_told() {
        for (config, routing, is_told) in [
            (json!({"name": "api", "workers_dev": false}), "workers-dev", true),
            (json!({"name": "api", "workers_dev": true}), "workers-dev", false),
            (json!({"name": "api"}), "workers-dev", false),
            (json!({"name": "api", "workers_dev": false}), "route", false),
        ] {
            let environments = format!("[environments.production]\nrouting = \"{routing}\"\n");
            let told = told(&config, "production", &environments, "");
            assert_eq!(!told.is_empty(), is_told, "{config} {routing} {told:?}");
        }
    }
}
