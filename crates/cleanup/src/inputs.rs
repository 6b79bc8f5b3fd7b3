//! The inputs, checked all at once.

use std::time::Duration;

use actions_core::environment::{Database, Environment};
use actions_core::manifest::Manifest;
use actions_core::runner::common::{CloudflareAccess, GithubAccess, NeonAccess};
use actions_core::runner::{BadInput, Common, Env, Inquiry, Problems, inputs, source};
use serde::Deserialize;

use crate::comment::Teller;
use crate::report::wording;
use crate::subject::Subject;

/// The whole run ends by then. Jobs on `ubuntu-slim` end after 15 minutes, and the report must be out before.
const TIMEOUT: Duration = Duration::from_mins(8);
/// Less would not let one call be repeated.
pub(crate) const SHORTEST: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// One environment goes.
    Environment,
    /// All that this repository left behind goes.
    Sweep,
    /// Of each thing it is said whose it is, and why it would go or stay.
    Explain,
}

impl Command {
    /// The input `command`.
    ///
    /// # Errors
    /// [`BadInput`] when it names none.
    pub(crate) fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let choices = [
            ("environment", Self::Environment),
            ("sweep", Self::Sweep),
            ("explain", Self::Explain),
        ];
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
    alert_issue: Option<String>,
    keep: Option<String>,
    timeout: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Cloudflare,
    Neon,
}

#[expect(clippy::struct_excessive_bools, reason = "each is an input, or follows from one")]
pub(crate) struct Inputs {
    /// The environment that goes.
    pub(crate) subject: Subject,
    /// There is no manifest: markers alone tell what is the environment's, and of which project it is.
    pub(crate) by_markers: bool,
    /// An input names the environment. Else, without a manifest, all that the pull request has are meant.
    pub(crate) is_named: bool,
    pub(crate) zone: String,
    /// The provider that is not looked at, since that was asked for or nothing gives access.
    pub(crate) unseen: Option<&'static str>,
    /// Cloudflare is looked at, and neither manifest nor input names a zone to look into.
    pub(crate) zoneless: bool,
    /// Absent when its Workers, routes, DNS records and KV namespaces are to stay.
    pub(crate) cloudflare: Option<CloudflareAccess>,
    /// Absent when its database branch is to stay.
    pub(crate) neon: Option<NeonAccess>,
    /// Absent without a token.
    pub(crate) github: Option<GithubAccess>,
    /// GitHub's deployments of the environment go, too: not where only one vendor is meant.
    pub(crate) deployments: bool,
    /// Workers that carry nobody's marker go, too, where the manifest names them or they serve our hostnames.
    pub(crate) adopt: bool,
    /// So many restore points of each branch of the repository stay; all do when nobody says how many.
    pub(crate) keep: Option<usize>,
    /// An issue tells that something is left.
    pub(crate) alert: bool,
    /// Who tells it in the comment.
    pub(crate) teller: Teller,
    /// When the run is to have ended.
    pub(crate) timeout: Duration,
    pub(crate) dry_run: bool,
    /// The pull request, asked for its state before what was made for it goes.
    pub(crate) inquiry: Inquiry,
}

/// What a run is given.
pub(crate) enum Given {
    Inputs(Box<Inputs>),
    /// GitHub gives this run no secrets; why.
    NoSecrets(Box<Subject>, &'static str),
}

/// What goes, as far as the inputs tell.
struct Target {
    subject: Subject,
    zone: String,
    /// Whether it has a database branch of its own; unknown without a manifest.
    own_branch: Option<bool>,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Given> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let choices = [("cloudflare", Only::Cloudflare), ("neon", Only::Neon)];
        let only = problems.choice("only", raw.only.as_deref(), &choices, Only::All);
        let by_markers = !common.has_manifest(env);
        let target = if by_markers {
            without_manifest(&common, &mut problems)
        } else {
            common
                .manifest(env, &mut problems)
                .and_then(|manifest| target(&common, &manifest, only, &mut problems))
        };
        let own_branch = target.as_ref().and_then(|target| target.own_branch);
        // A manifest may have dropped its database since the branch was made, and without one nobody knows whether there
        // was any: whoever gives a key has it looked for.
        let with_neon = match only {
            Only::All => own_branch == Some(true) || target.is_some() && common.has_neon(),
            Only::Neon => target.is_some(),
            Only::Cloudflare => false,
        };
        let with_cloudflare = only != Only::Neon;
        // A pull request that closes is no mistake of anybody's; whoever asks for a cleanup otherwise is told what lacks.
        let lacks = with_cloudflare && !common.has_cloudflare() || with_neon && !common.has_neon();
        let withheld = common.event.no_secrets_because();
        let withheld = withheld.filter(|_| lacks && common.event.is_closing());
        let target = match (withheld, target) {
            (Some(because), Some(target)) => return Ok(Given::NoSecrets(Box::new(target.subject), because)),
            (_, target) => target,
        };
        let cloudflare = with_cloudflare.then(|| common.cloudflare(&mut problems));
        let neon = with_neon.then(|| common.neon(&mut problems));
        let adopt = problems.boolean("adopt", raw.adopt.as_deref(), false);
        let alert = problems.boolean("alert-issue", raw.alert_issue.as_deref(), false);
        let keep = problems.number("keep", raw.keep.as_deref());
        if keep == Some(0) {
            problems.add("keep", wording::KEEP_NONE);
        }
        let timeout = problems.duration("timeout", raw.timeout.as_deref()).unwrap_or(TIMEOUT);
        if timeout < SHORTEST {
            problems.add("timeout", wording::too_short(SHORTEST));
        }
        let github = common.github_if_given();
        if alert && github.is_none() {
            problems.add("alert-issue", wording::NO_ALERT_WITHOUT_TOKEN);
        }
        problems.finish()?;
        let target = target.ok_or_else(|| BadInput::one("manifest", "missing"))?;
        let zoneless = |access: &CloudflareAccess| target.zone.is_empty() && access.zone_id.is_none();
        Ok(Given::Inputs(Box::new(Self {
            zoneless: cloudflare.as_ref().is_some_and(zoneless),
            inquiry: common.inquire(common.pull_request, source::Wanted::Closed),
            subject: target.subject,
            by_markers,
            is_named: common.stated_environment().is_some(),
            zone: target.zone,
            unseen: match only {
                Only::All if by_markers && !with_neon => Some("Neon"),
                Only::All => None,
                Only::Cloudflare => Some("Neon"),
                Only::Neon => Some("Cloudflare"),
            },
            cloudflare,
            neon,
            github,
            deployments: only == Only::All,
            adopt,
            keep: keep.map(|keep| usize::try_from(keep).unwrap_or(usize::MAX)),
            alert,
            teller: Teller {
                url: env.run_url(),
                run: common.event.run(),
            },
            timeout,
            dry_run: common.dry_run,
        })))
    }
}

/// What a pull request's markers name.
fn without_manifest(common: &Common, problems: &mut Problems) -> Option<Target> {
    if common.pull_request.is_none() {
        let why = common.unknown_pull_request().unwrap_or(wording::NO_MANIFEST_NO_NUMBER);
        problems.add("pull-request", why);
        return None;
    }
    Some(Target {
        subject: Subject::marked(common.owner("")),
        zone: String::new(),
        own_branch: None,
    })
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
        subject: Subject::of(&environment, &spec.worker),
        own_branch: Some(own_branch),
        zone: environment.zone,
    })
}
