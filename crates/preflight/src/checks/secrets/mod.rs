//! The services' secrets: whether this step has them, and whether their values can be right. No value is ever told.

mod given;
mod values;

use std::collections::BTreeSet;

use actions_core::environment::Environment;
use actions_core::runner::Env;
use actions_core::runner::worker_secrets::{self, Pack};
use indexmap::IndexMap;
use secrecy::ExposeSecret;

use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::world::World;

pub(super) const KINDS: &[&Kind] = &[
    &given::MISSING,
    &given::NOT_GIVEN,
    &given::UNUSED,
    &given::ONE_FOR_ALL,
    &values::PLACEHOLDER,
    &values::WHITESPACE,
    &values::SHORT,
    &values::SHARED,
    &values::LIVE_IN_PREVIEW,
    &values::TEST_IN_PRODUCTION,
];

pub(super) fn findings(inputs: &Inputs, world: &World) -> Vec<Finding> {
    let step = Step {
        env: &world.env,
        pack: inputs.worker_secrets.as_ref(),
    };
    let wanted: Vec<Wanted<'_>> = world.environments.iter().map(Wanted::of).collect();
    let mut findings = given::findings(world, step, &wanted, !inputs.environments.is_empty());
    findings.extend(values::findings(world, step, &wanted));
    findings
}

/// The step's variables that an environment's services take secrets from.
pub(super) fn variables(environment: &Environment) -> Vec<&str> {
    Wanted::of(environment).by_variable.into_keys().collect()
}

/// Where this step's secrets are.
#[derive(Clone, Copy)]
struct Step<'a> {
    env: &'a Env,
    pack: Option<&'a Pack>,
}

impl<'a> Step<'a> {
    /// The value of a variable, masked, unless it is blank. The same order as where they are deployed.
    fn get(self, variable: &str) -> Option<&'a str> {
        let packed = self.pack.and_then(|pack| pack.get(variable));
        packed.map(ExposeSecret::expose_secret).or_else(|| {
            let value = self.env.get(variable)?;
            worker_secrets::value_of(value);
            Some(value)
        })
    }
}

/// The secrets that an environment's services are to have from a step: the services by the step's variable.
struct Wanted<'a> {
    environment: &'a Environment,
    by_variable: IndexMap<&'a str, Vec<&'a str>>,
}

impl<'a> Wanted<'a> {
    /// What leads to the database is none of them: `neon-branch` gives it, for each run anew.
    fn of(environment: &'a Environment) -> Self {
        let database = environment.database.iter().flat_map(|database| &database.variables);
        let database: BTreeSet<&str> = match &environment.database {
            Some(_) => database.map(String::as_str).chain(["DATABASE_URL"]).collect(),
            None => BTreeSet::new(),
        };
        let mut by_variable: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for service in &environment.services {
            let secrets = service.secrets.iter();
            for secret in secrets.filter(|secret| !database.contains(secret.variable.as_str())) {
                by_variable.entry(&secret.variable).or_default().push(&service.key);
            }
        }
        Self {
            environment,
            by_variable,
        }
    }

    /// The services that one of them is for, as a list for a sentence.
    fn services(&self, variable: &str) -> Vec<&'a str> {
        self.by_variable.get(variable).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
