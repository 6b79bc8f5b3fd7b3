//! The inputs, checked all at once.

use std::time::Duration;

use actions_core::environment::{Database, Environment};
use actions_core::manifest::Manifest;
use actions_core::runner::common::{CloudflareAccess, NeonAccess};
use actions_core::runner::{BadInput, Common, Env, Inquiry, Problems, inputs, source};
use serde::Deserialize;

use crate::report::wording;
use crate::subject::Subject;

/// The whole run ends by then. Jobs on `ubuntu-slim` end after 15 minutes, and the report must be out before.
const TIMEOUT: Duration = Duration::from_mins(8);
/// Less would not let one call be repeated.
const SHORTEST: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// One environment goes.
    Environment,
}

impl Command {
    /// The input `command`.
    ///
    /// # Errors
    /// [`BadInput`] when it names none.
    pub(crate) fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let choices = [("environment", Self::Environment)];
        let command = problems.choice("command", raw.command.as_deref(), &choices, Self::Environment);
        problems.finish()?;
        Ok(command)
    }
}

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    only: Option<String>,
    adopt: Option<String>,
    timeout: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Cloudflare,
    Neon,
}

pub(crate) struct Inputs {
    /// The environment that goes.
    pub(crate) subject: Subject,
    pub(crate) zone: String,
    /// The provider that is not looked at, since that was asked for.
    pub(crate) unseen: Option<&'static str>,
    /// Cloudflare is looked at, and neither manifest nor input names a zone to look into.
    pub(crate) zoneless: bool,
    /// Absent when its Workers, routes, DNS records and KV namespaces are to stay.
    pub(crate) cloudflare: Option<CloudflareAccess>,
    /// Absent when its database branch is to stay.
    pub(crate) neon: Option<NeonAccess>,
    /// Workers that carry nobody's marker go, too, where the manifest names them or they serve our hostnames.
    pub(crate) adopt: bool,
    /// When the run is to have ended.
    pub(crate) timeout: Duration,
    pub(crate) dry_run: bool,
    /// The pull request, asked for its state before what was made for it goes.
    pub(crate) inquiry: Inquiry,
}

/// What the manifest says of the environment.
struct Target {
    environment: Environment,
    worker_template: String,
    with_neon: bool,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let choices = [("cloudflare", Only::Cloudflare), ("neon", Only::Neon)];
        let only = problems.choice("only", raw.only.as_deref(), &choices, Only::All);
        let target = common
            .manifest(env, &mut problems)
            .and_then(|manifest| target(&common, &manifest, only, &mut problems));
        // Without a manifest we cannot know whether there is a database: one problem less to tell. A manifest may have
        // dropped its database since the branch was made: whoever gives a key has it looked for.
        let with_neon = target
            .as_ref()
            .is_some_and(|target| target.with_neon || only == Only::All && common.has_neon());
        let cloudflare = (only != Only::Neon).then(|| common.cloudflare(&mut problems));
        let neon = with_neon.then(|| common.neon(&mut problems));
        let adopt = problems.boolean("adopt", raw.adopt.as_deref(), false);
        let timeout = problems.duration("timeout", raw.timeout.as_deref()).unwrap_or(TIMEOUT);
        if timeout < SHORTEST {
            problems.add("timeout", wording::too_short(SHORTEST));
        }
        problems.finish()?;
        let Target {
            environment,
            worker_template,
            ..
        } = target.ok_or_else(|| BadInput::one("manifest", "missing"))?;
        let zoneless = |access: &CloudflareAccess| environment.zone.is_empty() && access.zone_id.is_none();
        Ok(Self {
            zoneless: cloudflare.as_ref().is_some_and(zoneless),
            inquiry: common.inquire(common.pull_request, source::Wanted::Closed),
            subject: Subject::of(&environment, &worker_template),
            zone: environment.zone,
            unseen: match only {
                Only::All => None,
                Only::Cloudflare => Some("Neon"),
                Only::Neon => Some("Cloudflare"),
            },
            cloudflare,
            neon,
            adopt,
            timeout,
            dry_run: common.dry_run,
        })
    }
}

fn target(common: &Common, manifest: &Manifest, only: Only, problems: &mut Problems) -> Option<Target> {
    let name = common.environment_name(manifest, problems)?;
    let environment = match Environment::resolve(manifest, &name, common.pull_request, &common.event.identity()) {
        Ok(environment) => environment,
        Err(wrong) => {
            common.tell(wrong, problems);
            return None;
        }
    };
    if environment.pull_request.is_none() {
        problems.add("environment", wording::permanent(&name));
        return None;
    }
    let own_branch = environment.database.as_ref().is_some_and(Database::is_own);
    if only == Only::Neon && !own_branch {
        problems.add("only", wording::no_branch(&name));
    }
    let spec = manifest.environments.get(&name)?;
    Some(Target {
        worker_template: spec.worker.clone(),
        with_neon: only != Only::Cloudflare && own_branch,
        environment,
    })
}
