//! The variables of Workers that come from the step, the manifest's `step-vars`: of its `env`, or of the input of that
//! name, which a called workflow fills with `toJSON(vars)`. They are no secrets, and nothing of them is masked.

use std::collections::BTreeMap;

use actions_core::environment::Environment;
use actions_core::runner::pairs::{self, Pair};
use actions_core::runner::{Env, Problems};

use super::Command;

const INPUT: &str = "step-vars";

/// What the input holds. A name that no service asks for is left alone: all variables of a repository may stand there.
pub(super) struct StepVars {
    /// By name; blank ones count as unset.
    values: BTreeMap<String, String>,
    is_given: bool,
}

impl StepVars {
    /// Reads the input; what is wrong is recorded.
    pub(super) fn read(text: Option<&str>, command: Command, has_manifest: bool, problems: &mut Problems) -> Self {
        let read = text.map(|text| pairs::read(text, |_| ()));
        let pairs = match read {
            Some(Ok(pairs)) => pairs,
            Some(Err(wrong)) => {
                for wrong in wrong {
                    problems.add(INPUT, wrong);
                }
                Vec::new()
            }
            None => Vec::new(),
        };
        if text.is_some() && command == Command::Rollback {
            problems.add(INPUT, "goes not with `command: rollback`, which needs none");
        }
        if text.is_some() && !has_manifest {
            problems.add(
                INPUT,
                "goes with a manifest alone, whose services name theirs in `step-vars`",
            );
        }
        let mut places: BTreeMap<&str, &str> = BTreeMap::new();
        for Pair { name, place, .. } in &pairs {
            if let Some(first) = places.insert(name, place) {
                problems.add(INPUT, format!("has `{name}` twice, in {first} and {place}"));
            }
        }
        let values = pairs.into_iter().filter(|pair| !pair.value.trim().is_empty());
        Self {
            values: values.map(|pair| (pair.name, pair.value)).collect(),
            is_given: text.is_some(),
        }
    }

    /// What the builds of the chosen services see of it, by the step's names: of a step's `env` they see such variables
    /// only where `build-env` names them.
    pub(super) fn of_builds(&self, environment: &Environment, chosen: &[String]) -> Vec<(String, String)> {
        let services = environment.services.iter();
        let wanted = services
            .filter(|service| chosen.contains(&service.key))
            .flat_map(|service| &service.step_vars);
        let found = wanted.filter_map(|wanted| self.values.get_key_value(&wanted.variable));
        let found: BTreeMap<_, _> = found.collect();
        found
            .into_iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Gives the chosen services their variables; the input counts before the step's `env`, part of which may be the
    /// runner's. `missing` is what a deployment, and nothing else, cannot do without.
    pub(super) fn fill(
        &self,
        environment: &mut Environment,
        command: Command,
        chosen: &[String],
        env: &Env,
        missing: &mut Problems,
    ) {
        if !matches!(command, Command::Deploy | Command::Validate) {
            return;
        }
        let services = environment.services.iter_mut();
        for service in services.filter(|service| chosen.contains(&service.key)) {
            for wanted in &service.step_vars {
                let variable = &wanted.variable;
                let given = self.values.get(variable).map(String::as_str);
                if let Some(value) = given.or_else(|| env.get(variable)) {
                    service.vars.insert(wanted.name.clone(), value.into());
                } else if command == Command::Deploy {
                    let remedy = self.remedy(variable);
                    let key = &service.key;
                    let text = format!("missing or empty; service `{key}` would not get its variable: {remedy}");
                    missing.add(variable, text);
                }
            }
        }
    }

    fn remedy(&self, variable: &str) -> String {
        let add = if self.is_given {
            "make it a variable of the repository, add it to `step-vars`, or "
        } else {
            ""
        };
        format!("{add}set it in the step's `env`, such as `{variable}: ${{{{ vars.{variable} }}}}`")
    }
}
