//! The Workers' secrets: what the step gives, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::environment::{Environment, Secret};
use actions_core::event::Event;
use actions_core::runner::worker_secrets::{self, Pack, value_of};
use actions_core::runner::{Env, Problems};
use actions_core::text::quoted_list;
use secrecy::SecretString;

use super::{Command, Inputs, values};

/// Where secrets come from: the step's variables, and the input `worker-secrets`.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) env: &'a Env,
    pub(super) pack: Option<&'a Pack>,
}

impl Given<'_> {
    /// Two that differ were refused.
    fn secret(self, variable: &str) -> Option<SecretString> {
        let packed = self.pack.and_then(|pack| pack.get(variable)).cloned();
        packed.or_else(|| self.env.get(variable).map(value_of))
    }

    /// The same for a name that comes with the code: it gets no token of the step's own.
    fn declared(self, variable: &str) -> Option<SecretString> {
        let packed = self.pack.and_then(|pack| pack.get(variable)).cloned();
        packed.or_else(|| {
            let value = self.env.get(variable).filter(|_| !is_the_steps(variable));
            value.map(value_of)
        })
    }
}

/// What the input `worker-secrets` holds.
pub(super) fn pack(text: Option<&str>, command: Command, env: &Env, problems: &mut Problems) -> Option<Pack> {
    let pack = Pack::read(text, env, problems);
    if pack.is_some() && matches!(command, Command::Build | Command::Rollback) {
        problems.add(
            worker_secrets::INPUT,
            "goes with `command: deploy` and `command: validate`; nothing else needs them",
        );
    }
    pack
}

/// Where a missing secret is to be put.
fn remedy(pack: Option<&Pack>, variable: &str) -> String {
    let add = pack.map_or("", |_| "add it to `worker-secrets`, or ");
    format!("{add}set it in the step's `env`, such as `{variable}: ${{{{ secrets.{variable} }}}}`")
}

/// One Worker without a list of its secrets has those that `worker-secrets` holds.
pub(super) fn of_lone(environment: Option<&mut Environment>, given: Given<'_>, problems: &mut Problems) {
    let service = environment.and_then(|environment| environment.services.first_mut());
    let (Some(service), Some(pack)) = (service, given.pack) else {
        return;
    };
    if service.secrets.is_empty() {
        worker_secrets::odd_names(pack, values::is_identifier, problems);
        let secret = |name: &str| Secret {
            name: name.to_owned(),
            variable: name.to_owned(),
        };
        service.secrets = pack.names().map(secret).collect();
    }
}

/// The secrets that the step gives the chosen services, and what of them is missing; a deployment alone needs them.
pub(super) fn read(
    environment: Option<&Environment>,
    command: Command,
    chosen: &[String],
    given: Given<'_>,
    event: &Event,
) -> (BTreeMap<String, SecretString>, Problems) {
    let mut missing = Problems::default();
    let found = match (environment, command) {
        (Some(environment), Command::Deploy) => of(environment, chosen, given, event, &mut missing),
        _ => BTreeMap::new(),
    };
    (found, missing)
}

/// The secrets of the chosen services. A missing or empty one would be uploaded as "" and fail weeks later.
fn of(
    environment: &Environment,
    chosen: &[String],
    given: Given<'_>,
    event: &Event,
    problems: &mut Problems,
) -> BTreeMap<String, SecretString> {
    let mut found = BTreeMap::new();
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let services = environment.services.iter();
    for service in services.filter(|service| chosen.contains(&service.key)) {
        for wanted in &service.secrets {
            match given.secret(&wanted.variable) {
                Some(value) => {
                    found.insert(wanted.variable.clone(), value);
                }
                None => missing.entry(&wanted.variable).or_default().push(service.key.clone()),
            }
        }
    }
    for (variable, services) in missing {
        let noun = if services.len() == 1 { "service" } else { "services" };
        let plainly = format!(
            "missing or empty; {noun} {} would get no secret: {}",
            quoted_list(&services),
            remedy(given.pack, variable)
        );
        problems.add(variable, event.missing_secret(&plainly));
    }
    found
}

/// Whether a variable is the step's own, and not one that somebody set for the Workers.
fn is_the_steps(variable: &str) -> bool {
    let own = ["INPUT_", "GITHUB_", "RUNNER_", "ACTIONS_", "CLOUDFLARE_"];
    own.iter().any(|start| variable.starts_with(start))
}

impl Inputs {
    /// Takes in what the configurations declare, by service: the value that the step gives, under the name that the
    /// environment's `secrets` give it, or a secret to be on the Worker already.
    pub(crate) fn declare(&mut self, declared: &BTreeMap<String, Vec<String>>, env: &Env) {
        let spec = self
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.environments.get(&self.environment.name));
        let renamed = spec.map(|spec| &spec.secrets);
        let mut awaited = BTreeMap::new();
        let given = Given {
            env,
            pack: self.worker_secrets.as_ref(),
        };
        for service in &mut self.environment.services {
            let own: BTreeSet<&String> = service.secrets.iter().map(|secret| &secret.name).collect();
            let more = declared.get(&service.key).into_iter().flatten();
            let more: Vec<&String> = more.filter(|name| !own.contains(name)).collect();
            let mut left = Vec::new();
            for name in more {
                let variable = renamed.and_then(|renamed| renamed.get(name)).unwrap_or(name).clone();
                let Some(value) = given.declared(&variable) else {
                    left.push(name.clone());
                    continue;
                };
                self.secrets.entry(variable.clone()).or_insert(value);
                service.secrets.push(Secret {
                    name: name.clone(),
                    variable,
                });
            }
            if !left.is_empty() {
                awaited.insert(service.key.clone(), left);
            }
        }
        self.awaited = awaited;
    }

    /// Holds the names of `worker-secrets` against those that somebody asks for, `declared` by a configuration among
    /// them.
    pub(crate) fn check_names(&self, declared: &BTreeSet<String>, problems: &mut Problems) {
        if let Some(pack) = &self.worker_secrets {
            pack.check(self.manifest.as_ref(), &self.environment, declared, problems);
        }
    }

    /// The names of `worker-secrets` that no chosen service asks for in this environment.
    pub(crate) fn unused_secrets(&self) -> Vec<String> {
        let services = self.environment.services.iter();
        let chosen = services.filter(|service| self.chosen.contains(&service.key));
        let used = chosen.flat_map(|service| service.secrets.iter().map(|secret| secret.variable.as_str()));
        let pack = self.worker_secrets.as_ref();
        pack.map(|pack| pack.without(&used.collect())).unwrap_or_default()
    }

    /// What is wrong where a Worker that has the secrets `there` lacks one that is declared: name and sentence.
    pub(crate) fn undeclared<'a>(&'a self, key: &str, there: &'a [&str]) -> impl Iterator<Item = (&'a String, String)> {
        let worker = self
            .environment
            .service(key)
            .map_or("", |service| service.worker.as_str());
        let awaited = self.awaited.get(key).into_iter().flatten();
        let missing = awaited.filter(|name| !there.contains(&name.as_str()));
        let worker = worker.to_owned();
        missing.map(move |name| {
            let plainly = format!(
                "missing or empty; its wrangler configuration names it in `secrets.required`, and Worker `{worker}` does not have it: {}",
                remedy(self.worker_secrets.as_ref(), name)
            );
            (name, self.event.missing_secret(&plainly))
        })
    }
}
