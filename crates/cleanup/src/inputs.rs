//! The inputs, checked all at once.

use actions_core::environment::{Database, Environment};
use actions_core::manifest::Manifest;
use actions_core::runner::common::{CloudflareAccess, NeonAccess};
use actions_core::runner::{BadInput, Common, Env, Problems, inputs};
use serde::Deserialize;

use crate::report;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    only: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Cloudflare,
    Neon,
}

/// The environment that goes.
pub(crate) struct Target {
    pub(crate) environment: Environment,
    /// What its Workers' names were made from.
    pub(crate) worker_template: String,
    /// Its Workers, routes, DNS records and KV namespaces are to go.
    pub(crate) with_cloudflare: bool,
    /// Its database branch is to go.
    pub(crate) with_neon: bool,
}

pub(crate) struct Inputs {
    pub(crate) target: Target,
    pub(crate) cloudflare: Option<CloudflareAccess>,
    pub(crate) neon: Option<NeonAccess>,
    pub(crate) dry_run: bool,
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
        let choices = [("cloudflare", Only::Cloudflare), ("neon", Only::Neon)];
        let only = problems.choice("only", raw.only.as_deref(), &choices, Only::All);
        let target = common
            .manifest(env, &mut problems)
            .and_then(|manifest| target(&common, &manifest, only, &mut problems));
        let with_cloudflare = only != Only::Neon;
        // Without a manifest we cannot know whether there is a database: one problem less to tell.
        let with_neon = target.as_ref().is_some_and(|target| target.with_neon);
        let cloudflare = with_cloudflare.then(|| common.cloudflare(&mut problems));
        let neon = with_neon.then(|| common.neon(&mut problems));
        problems.finish()?;
        Ok(Self {
            target: target.ok_or_else(|| BadInput::one("manifest", "missing"))?,
            cloudflare,
            neon,
            dry_run: common.dry_run,
        })
    }
}

fn target(common: &Common, manifest: &Manifest, only: Only, problems: &mut Problems) -> Option<Target> {
    let name = common.environment_name(manifest, problems)?;
    let environment = match Environment::resolve(manifest, &name, common.pull_request, &common.event.identity()) {
        Ok(environment) => environment,
        Err(wrong) => {
            for (input, problem) in wrong.0 {
                problems.add(input, problem);
            }
            return None;
        }
    };
    if environment.pull_request.is_none() {
        problems.add("environment", report::permanent(&name));
        return None;
    }
    let own_branch = environment.database.as_ref().is_some_and(Database::is_own);
    if only == Only::Neon && !own_branch {
        problems.add("only", report::no_branch(&name));
    }
    let spec = manifest.environments.get(&name)?;
    Some(Target {
        worker_template: spec.worker.clone(),
        with_cloudflare: only != Only::Neon,
        with_neon: only != Only::Cloudflare && own_branch,
        environment,
    })
}
