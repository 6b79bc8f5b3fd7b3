//! The inputs, checked all at once.

use std::collections::BTreeMap;
use std::time::Duration;

use actions_core::environment::Environment;
use actions_core::health::Schedule;
use actions_core::manifest::Manifest;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::{BadInput, Common, Env, Problems, inputs};
use actions_core::secret::secret;
use actions_core::text::quoted_list;
use secrecy::SecretString;
use serde::Deserialize;

/// A gate waits this long for a wave unless told otherwise.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(90);

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    services: Option<String>,
    shared: Option<String>,
    build_env: Option<String>,
    health: Option<String>,
    health_timeout: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Deploy,
    Validate,
}

pub(crate) struct Inputs {
    pub(crate) command: Command,
    pub(crate) environment: Environment,
    pub(crate) manifest: Manifest,
    /// Absent for `validate`, which makes no request.
    pub(crate) cloudflare: Option<CloudflareAccess>,
    pub(crate) dry_run: bool,
    /// Keys of the services to deploy, in the manifest's order.
    pub(crate) chosen: Vec<String>,
    /// Production resources that may be used on purpose: `BINDING` or `service.BINDING`.
    pub(crate) shared: Vec<String>,
    /// Variables that builds may see beside the harmless ones.
    pub(crate) build_env: Vec<(String, String)>,
    /// Secrets by the step's variable.
    pub(crate) secrets: BTreeMap<String, SecretString>,
    /// How long a wave may take to become healthy; `None`: it is not asked.
    pub(crate) health: Option<Schedule>,
    pub(crate) origin: Origin,
}

/// Which commit is deployed by whom: the annotation of each version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) sha: Option<String>,
    pub(crate) pull_request: Option<u64>,
    pub(crate) run: Option<String>,
    pub(crate) actor: Option<String>,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every wrong one.
    pub(crate) fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems)?;
        let commands = [("deploy", Command::Deploy), ("validate", Command::Validate)];
        let command = problems.choice("command", raw.command.as_deref(), &commands, Command::Deploy);
        let cloudflare = (command != Command::Validate).then(|| common.cloudflare(&mut problems));
        let manifest = common.manifest(env, &mut problems);
        let environment = manifest
            .as_ref()
            .and_then(|_| common.environment(env, &mut Problems::default()));
        // The environment's own problems; the manifest's were told above.
        if manifest.is_some() && environment.is_none() {
            common.environment(env, &mut problems);
        }
        let chosen = environment
            .as_ref()
            .map(|environment| chosen(environment, raw.services.as_deref(), &mut problems))
            .unwrap_or_default();
        let secrets = match (&environment, command) {
            (Some(environment), Command::Deploy) => secrets(environment, &chosen, env, &mut problems),
            _ => BTreeMap::new(),
        };
        let build_env = build_env(raw.build_env.as_deref(), env, &mut problems);
        let health = health(&raw, &mut problems);
        problems.finish()?;
        let (Some(manifest), Some(environment)) = (manifest, environment) else {
            return Err(BadInput::one("manifest", "cannot be used").into());
        };
        let mut shared = inputs::list(raw.shared.as_deref());
        shared.extend(environment.shared.iter().cloned());
        let event = &common.event;
        let run = event.run_id.as_ref().map(|run| {
            let attempt = event.run_attempt.as_deref().unwrap_or("1");
            format!("{run}.{attempt}")
        });
        Ok(Self {
            command,
            cloudflare,
            dry_run: common.dry_run,
            chosen,
            shared,
            build_env,
            secrets,
            health,
            origin: Origin {
                sha: event.sha.clone(),
                pull_request: common.pull_request,
                run,
                actor: event.actor.clone(),
            },
            environment,
            manifest,
        })
    }
}

/// The services to deploy: all, or those that `services` names.
fn chosen(environment: &Environment, value: Option<&str>, problems: &mut Problems) -> Vec<String> {
    let keys: Vec<&str> = environment
        .services
        .iter()
        .map(|service| service.key.as_str())
        .collect();
    let Some(value) = value else {
        return keys.into_iter().map(str::to_owned).collect();
    };
    let asked = inputs::list(Some(value));
    for name in asked.iter().filter(|name| !keys.contains(&name.as_str())) {
        let meant = actions_core::text::nearest(name, keys.iter().copied());
        let meant = meant
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        problems.add("services", format!("`{name}` is none of {}{meant}", quoted_list(&keys)));
    }
    if asked.is_empty() {
        problems.add("services", "names no service; leave it out to deploy all");
    }
    let chosen = keys.into_iter().filter(|key| asked.iter().any(|name| name == key));
    chosen.map(str::to_owned).collect()
}

/// The secrets of the chosen services. A missing or empty one would be uploaded as "" and fail weeks later.
fn secrets(
    environment: &Environment,
    chosen: &[String],
    env: &Env,
    problems: &mut Problems,
) -> BTreeMap<String, SecretString> {
    let mut found = BTreeMap::new();
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for service in environment
        .services
        .iter()
        .filter(|service| chosen.contains(&service.key))
    {
        for wanted in &service.secrets {
            match env.get(&wanted.variable) {
                Some(value) => {
                    found.entry(wanted.variable.clone()).or_insert_with(|| value_of(value));
                }
                None => missing.entry(&wanted.variable).or_default().push(service.key.clone()),
            }
        }
    }
    for (variable, services) in missing {
        let noun = if services.len() == 1 { "service" } else { "services" };
        problems.add(
            variable,
            format!(
                "missing or empty; {noun} {} would get no secret: set it in the step's `env`, such as `{variable}: ${{{{ secrets.{variable} }}}}`",
                quoted_list(&services)
            ),
        );
    }
    found
}

/// A database URL's password is masked beside the URL.
fn value_of(value: &str) -> SecretString {
    if value.contains("://") {
        actions_core::secret::database_url(value)
    } else {
        secret(value)
    }
}

/// The variables that builds are to see, by name. A name that is a secret of the manifest's is refused: builds run
/// the project's own code and that of all its dependencies.
fn build_env(value: Option<&str>, env: &Env, problems: &mut Problems) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for name in inputs::list(value) {
        let ours = name.starts_with("INPUT_")
            || name.starts_with("CLOUDFLARE_")
            || name.starts_with("WRANGLER_")
            || name == "HOME";
        match env.get(&name) {
            _ if ours => problems.add("build-env", format!("`{name}` is not passed on to builds")),
            Some(value) => found.push((name, value.to_owned())),
            None => problems.add("build-env", format!("`{name}` is not set in the step's `env`")),
        }
    }
    found
}

fn health(raw: &Raw, problems: &mut Problems) -> Option<Schedule> {
    let on = problems.boolean("health", raw.health.as_deref(), true);
    let timeout = problems
        .duration("health-timeout", raw.health_timeout.as_deref())
        .unwrap_or(HEALTH_TIMEOUT);
    if timeout.is_zero() {
        problems.add(
            "health-timeout",
            "is to be longer than nothing; to skip the gate, set `health: false`",
        );
    }
    on.then(|| Schedule {
        total: timeout,
        ..Schedule::default()
    })
}
