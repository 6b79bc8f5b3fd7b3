//! What validation would refuse, as far as the configurations tell it: nothing is built or bundled, and no wrangler runs.

use jiff::civil::Date;
use serde_json::Value;

use super::isolation::Foreign;
use super::names::Names;
use super::problem::{Problem, Rule};
use super::render::{self, Context, Known};
use super::{Project, Scope, check, expected, not_inherited, refused, routes};
use crate::{Config, Settings};
use actions_core::environment::{Environment, Service};
use indexmap::IndexMap;

impl Project {
    /// The configurations as people wrote them, by service; without those that could not be read.
    pub fn written(environment: &Environment, mut configs: IndexMap<String, Config>) -> Self {
        let section = |key: &str| environment.service(key)?.wrangler_env.clone();
        configs.retain(|key, config| config.settings(section(key).as_deref()).is_ok());
        Self::of(environment, configs)
    }

    /// Every problem of the chosen services, each with its service's key. Configurations that cannot be read, or lack
    /// the environment, are left out.
    pub fn foresee(&self, scope: Scope<'_>, today: Date) -> Vec<(String, Problem)> {
        let foreign = self.foreign(scope);
        let mut found = Vec::new();
        for (key, text) in foreign.iter().flat_map(Foreign::unread) {
            found.push((key.clone(), Problem::new(Rule::Unread, "", text)));
        }
        let names = Names::new(scope.environment, scope.manifest, &self.names());
        let context = Context {
            environment: scope.environment,
            names: &names,
            known: &Known::default(),
            secrets: &std::collections::BTreeMap::new(),
            foreign: foreign.as_ref(),
            shared: scope.shared,
        };
        for service in scope.services() {
            let Some(settings) = self.settings(&service.key) else {
                continue;
            };
            let names = self.configs[&service.key].names();
            let mut problems = refused::refused(scope, service, &settings, &names, foreign.as_ref());
            problems.extend(routes::wrong(&settings));
            problems.extend(of_settings(scope, service, &settings, today));
            // Without a service's configuration nobody knows by which names others call it.
            if self.is_whole(scope) {
                let rendered = render::render(service, &expected::metadata(&settings), settings.migrations(), &context);
                problems.extend(rendered.err().into_iter().flatten());
            }
            found.extend(problems.into_iter().map(|problem| (service.key.clone(), problem)));
        }
        found
    }

    /// Names in the environment's `r2` and `d1` for which no service has a binding.
    pub fn foresee_unused(&self, scope: Scope<'_>) -> Vec<Problem> {
        if !self.is_whole(scope) {
            return Vec::new();
        }
        check::unused(scope.environment, |key, binding| {
            let settings = self.settings(key);
            settings.is_some_and(|settings| {
                let metadata = expected::metadata(&settings);
                let bindings = metadata["bindings"].as_array().into_iter().flatten();
                bindings.into_iter().any(|found| found["name"] == binding)
            })
        })
    }
}

/// What does not depend on the other services.
fn of_settings(scope: Scope<'_>, service: &Service, settings: &Settings<'_>, today: Date) -> Vec<Problem> {
    let mut problems = Vec::new();
    let date = check::compatibility(settings.text("compatibility_date"), today);
    problems.extend(date.map(|text| Problem::new(Rule::Date, "compatibility_date", text)));
    let lost = not_inherited(service, settings).into_iter();
    problems.extend(lost.map(|key| {
        let text = check::lost(&key);
        Problem::new(Rule::NotInherited, key, text)
    }));
    if has_assets(settings) && settings.text("main").is_none() {
        let own = scope.manifest.and_then(|manifest| manifest.services.get(&service.key));
        let own_vars: Vec<&String> = match own {
            Some(own) => own.vars.keys().collect(),
            None => service.vars.keys().collect(),
        };
        problems.extend(check::idle(service, &own_vars));
    }
    problems
}

fn has_assets(settings: &Settings<'_>) -> bool {
    settings
        .get("assets")
        .and_then(|assets| assets.get("directory"))
        .is_some_and(Value::is_string)
}
