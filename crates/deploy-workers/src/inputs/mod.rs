//! The inputs, checked all at once.

pub(crate) mod lone;
mod secrets;
mod step_vars;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use actions_core::environment::{Environment, Service};
use actions_core::event::Event;
use actions_core::health::Schedule;
use actions_core::manifest::Manifest;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::worker_secrets::Pack;
use actions_core::runner::{BadInput, Common, Env, Inquiry, Problems, Wanted, inputs};
use actions_core::text::quoted_list;
use secrecy::SecretString;
use serde::Deserialize;
use wrangler::project::Scope;

use self::secrets::Given;
use self::step_vars::StepVars;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    services: Option<String>,
    uploader: Option<String>,
    shared: Option<String>,
    drop_secrets: Option<String>,
    build_env: Option<String>,
    bundles: Option<String>,
    bundles_digest: Option<String>,
    health: Option<String>,
    health_timeout: Option<String>,
    health_version: Option<String>,
    on_failure: Option<String>,
    new_workers: Option<String>,
    replace_canary: Option<String>,
    force_foreign: Option<String>,
    budget: Option<String>,
    rollout: Option<String>,
    bake: Option<String>,
    run: Option<String>,
    versions: Option<String>,
    worker_secrets: Option<String>,
    step_vars: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Deploy,
    Validate,
    Build,
    Rollback,
}

/// What happens to Workers that the run made, when it is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewWorkers {
    Keep,
    Remove,
}

/// What `command: rollback` goes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BackTo {
    /// What served before this run of the workflow.
    BeforeRun {
        run: String,
        /// Somebody means that it has deployed something. A workflow that names its own run may not know.
        is_known: bool,
    },
    /// These versions, or what these deployments served, by service.
    Versions(BTreeMap<String, String>),
}

/// What may be deployed over, though somebody else may mean it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overwrite {
    /// A deployment of two versions.
    pub(crate) canary: bool,
    /// A Worker of another environment.
    pub(crate) foreign: bool,
}

pub(crate) struct Inputs {
    pub(crate) command: Command,
    pub(crate) environment: Environment,
    /// The environment's name, where the user stated it: what a health document is to say, if it says any.
    pub(crate) stated_environment: Option<String>,
    /// Absent when one Worker is deployed from plain inputs.
    pub(crate) manifest: Option<Manifest>,
    /// Absent for `validate` and `build`, which ask nothing of Cloudflare.
    pub(crate) cloudflare: Option<CloudflareAccess>,
    pub(crate) dry_run: bool,
    /// Keys of the services to deploy, in the manifest's order.
    pub(crate) chosen: Vec<String>,
    /// What others have as well and that may be used on purpose: `BINDING` or `service.BINDING`.
    pub(crate) shared: Vec<String>,
    /// Secrets to take from Workers: `NAME` or `service.NAME`.
    pub(crate) drop_secrets: Vec<String>,
    /// Variables that builds may see beside the harmless ones.
    pub(crate) build_env: Vec<(String, String)>,
    /// Where `build` leaves bundles, and `deploy` takes them from; without it, it builds them itself.
    pub(crate) bundles: Option<PathBuf>,
    /// The SHA-256 of the bundles' manifest, where the workflow tells it.
    pub(crate) bundles_digest: Option<String>,
    /// What the input `worker-secrets` holds.
    pub(crate) worker_secrets: Option<Pack>,
    /// Secrets by the step's variable.
    pub(crate) secrets: BTreeMap<String, SecretString>,
    /// Secrets that are not there: told together with what is wrong in the repository.
    pub(crate) missing: Problems,
    /// Secrets that configurations declare and this step does not give, by service: the Workers are to have them.
    pub(crate) awaited: BTreeMap<String, Vec<String>>,
    /// Says why a secret may be missing.
    event: Event,
    /// How long a wave may take to become healthy; `None`: it is not asked.
    pub(crate) health: Option<Schedule>,
    /// Whether a health document may tell the commit or the tag that is deployed as its version.
    pub(crate) commit_is_version: bool,
    /// Whether Workers are put back when a wave fails or the run is cancelled.
    pub(crate) put_back: bool,
    pub(crate) new_workers: NewWorkers,
    pub(crate) overwrite: Overwrite,
    /// Bytes that a service's modules may have, compressed.
    pub(crate) budget: Option<u64>,
    /// The shares of traffic that new versions get one after another, the last one 100.
    pub(crate) rollout: Vec<u8>,
    /// How long each share but the last is watched.
    pub(crate) bake: Duration,
    /// For `rollback`.
    pub(crate) back_to: Option<BackTo>,
    pub(crate) origin: Origin,
    /// The pull request and the commit that the run is about.
    pub(crate) inquiry: Inquiry,
}

/// Which commit is deployed by whom: the annotation of each version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// Known once [`Inputs::inquiry`] has answered.
    pub(crate) sha: Option<String>,
    /// The git tag that the run is of.
    pub(crate) tag: Option<String>,
    pub(crate) pull_request: Option<u64>,
    pub(crate) run: Option<String>,
    pub(crate) actor: Option<String>,
}

impl Origin {
    fn of(common: &Common, env: &Env) -> Self {
        let is_tag = env.get("GITHUB_REF_TYPE") == Some("tag");
        let event = &common.event;
        let attempt = event.run_attempt.as_deref().unwrap_or("1");
        Self {
            sha: None,
            tag: env.get("GITHUB_REF_NAME").filter(|_| is_tag).map(str::to_owned),
            pull_request: common.pull_request,
            run: event.run_id.as_ref().map(|run| format!("{run}.{attempt}")),
            actor: event.actor.clone(),
        }
    }

    /// The run's id without its attempt.
    pub(crate) fn run_id(&self) -> Option<&str> {
        self.run.as_deref()?.split('.').next()
    }
}

const COMMANDS: [(&str, Command); 4] = [
    ("deploy", Command::Deploy),
    ("validate", Command::Validate),
    ("build", Command::Build),
    ("rollback", Command::Rollback),
];

impl Inputs {
    /// Variables that are meant for this service, not for all of the environment.
    pub(crate) fn own_vars<'a>(&'a self, service: &'a Service) -> Vec<&'a String> {
        match &self.manifest {
            Some(manifest) => {
                let own = manifest.services.get(&service.key);
                own.into_iter().flat_map(|own| own.vars.keys()).collect()
            }
            None => service.vars.keys().collect(),
        }
    }

    /// What of the project is looked at.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            environment: &self.environment,
            manifest: self.manifest.as_ref(),
            chosen: &self.chosen,
            shared: &self.shared,
            account: self.cloudflare.as_ref().map(|access| access.account_id.as_str()),
        }
    }

    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let command = problems.choice("command", raw.command.as_deref(), &COMMANDS, Command::Deploy);
        let asks = matches!(command, Command::Deploy | Command::Rollback);
        let cloudflare = asks.then(|| common.cloudflare(&mut problems));
        let (manifest, mut environment) = subject(env, &common, &mut problems)?;
        let chosen = environment
            .as_ref()
            .map(|environment| chosen(environment, raw.services.as_deref(), &mut problems))
            .unwrap_or_default();
        let worker_secrets = secrets::pack(raw.worker_secrets.as_deref(), command, env, &mut problems);
        let given = Given {
            env,
            pack: worker_secrets.as_ref(),
        };
        if manifest.is_none() {
            secrets::of_lone(environment.as_mut(), given, &mut problems);
        }
        let (secrets, mut missing) = secrets::read(environment.as_ref(), command, &chosen, given, &common.event);
        let step_vars = StepVars::read(raw.step_vars.as_deref(), command, manifest.is_some(), &mut problems);
        let mut build_env = values::build_env(raw.build_env.as_deref(), env, &mut problems);
        if let Some(environment) = &mut environment {
            build_env.extend(step_vars.of_builds(environment, &chosen));
            step_vars.fill(environment, command, &chosen, env, &mut missing);
        }
        let drop_secrets = values::drop_secrets(raw.drop_secrets.as_deref(), environment.as_ref(), &mut problems);
        let shared = environment.as_ref();
        let shared = shared.map(|environment| values::shared(raw.shared.as_deref(), environment, &mut problems));
        let shared = shared.unwrap_or_default();
        let bundles = values::bundles(&raw, command, env, &mut problems);
        let health = values::health(&raw, &mut problems);
        let commit_is_version = values::commit_is_version(&raw, &mut problems);
        let put_back = values::put_back(&raw, &mut problems);
        let kinds = [("keep", NewWorkers::Keep), ("remove", NewWorkers::Remove)];
        let new_workers = problems.choice("new-workers", raw.new_workers.as_deref(), &kinds, NewWorkers::Keep);
        let overwrite = Overwrite {
            canary: problems.boolean("replace-canary", raw.replace_canary.as_deref(), false),
            foreign: problems.boolean("force-foreign", raw.force_foreign.as_deref(), false),
        };
        let rollout = values::rollout(raw.rollout.as_deref(), &mut problems);
        let bake = problems.duration("bake", raw.bake.as_deref()).unwrap_or_default();
        if raw.bake.is_some() && rollout.len() < 2 {
            problems.add("bake", "goes with `rollout`, such as `10,50,100`");
        }
        if let Some(environment) = &mut environment {
            values::uploader(&raw, environment, &chosen, rollout.len() > 1, &mut problems);
            values::bundled_uploader(environment, &chosen, bundles.is_some(), &mut problems);
        }
        let budget = values::budget(raw.budget.as_deref(), &mut problems);
        let back_to = (command == Command::Rollback)
            .then(|| values::back_to(&raw, &common, &chosen, &mut problems))
            .flatten();
        if !problems.is_empty() {
            problems.extend(missing.clone());
        }
        problems.finish()?;
        let Some(environment) = environment else {
            return Err(BadInput::one("manifest", "cannot be used").into());
        };
        let stated_environment = match manifest {
            Some(_) => Some(environment.name.clone()),
            None => common.stated_environment().map(str::to_owned),
        };
        let wanted = match command {
            Command::Deploy => Wanted::CommitAndOpen,
            _ => Wanted::Commit,
        };
        Ok(Self {
            inquiry: common.inquire(environment.pull_request, wanted),
            command,
            cloudflare,
            dry_run: common.dry_run,
            chosen,
            shared,
            drop_secrets,
            build_env,
            bundles,
            bundles_digest: raw.bundles_digest.map(|digest| digest.trim().to_owned()),
            worker_secrets,
            secrets,
            missing,
            awaited: BTreeMap::new(),
            event: common.event.clone(),
            health,
            commit_is_version,
            put_back,
            new_workers,
            overwrite,
            budget,
            rollout,
            bake,
            back_to,
            origin: Origin::of(&common, env),
            environment,
            stated_environment,
            manifest,
        })
    }
}

/// The manifest's environment, or one that is made from plain inputs.
fn subject(
    env: &Env,
    common: &Common,
    problems: &mut Problems,
) -> anyhow::Result<(Option<Manifest>, Option<Environment>)> {
    let raw: lone::Raw = inputs::read(env)?;
    if raw.path.is_some() {
        return Ok((None, lone::environment(&raw, common, env, problems)));
    }
    let there = common.manifest_path(env).is_file();
    if lone::refuse(&raw, there, problems) && !there {
        return Ok((None, None));
    }
    let manifest = common.manifest(env, problems);
    // The manifest's own problems were told: the environment's come now.
    let environment = manifest.as_ref().and_then(|_| common.environment(env, problems));
    Ok((manifest, environment))
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
