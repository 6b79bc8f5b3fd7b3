//! The inputs of `sweep` and `explain`, checked all at once.

use std::time::Duration;

use actions_core::manifest::{EnvironmentSpec, Manifest};
use actions_core::naming;
use actions_core::owner::Repository;
use actions_core::runner::common::{CloudflareAccess, GithubAccess, NeonAccess};
use actions_core::runner::{Common, Env, Problems, inputs};
use serde::Deserialize;

use super::report::wording;
use crate::comment::Teller;
use crate::inputs::SHORTEST;

/// The whole run ends by then: jobs on `ubuntu-slim` end after 15 minutes.
const TIMEOUT: Duration = Duration::from_mins(12);

#[derive(Debug, Default, Deserialize)]
struct Raw {
    only: Option<String>,
    adopt: Option<String>,
    pull_request: Option<String>,
    dry_run: Option<String>,
    max_environments: Option<String>,
    idle: Option<String>,
    timeout: Option<String>,
    alert_issue: Option<String>,
    keep: Option<String>,
}

pub(crate) struct Inputs {
    pub(crate) repository: Repository,
    pub(crate) manifest: Option<Manifest>,
    /// The one environment that is looked at, of all pull requests; else all.
    pub(crate) only: Option<String>,
    /// Empty where no manifest names one.
    pub(crate) zone: String,
    /// Neither manifest nor input names a zone to look into: everything is at workers.dev.
    pub(crate) zoneless: bool,
    pub(crate) cloudflare: CloudflareAccess,
    /// Absent where nothing says that there is a database.
    pub(crate) neon: Option<NeonAccess>,
    pub(crate) github: GithubAccess,
    /// How many environments may go, as far as somebody said so.
    pub(crate) most: Option<usize>,
    pub(crate) idle: Option<Duration>,
    pub(crate) timeout: Duration,
    /// As far as somebody said so.
    pub(crate) dry_run: Option<bool>,
    /// The event that started the run.
    pub(crate) event: String,
    /// The file's name of the workflow that runs.
    pub(crate) workflow: Option<String>,
    /// The run itself.
    pub(crate) run: Option<u64>,
    pub(crate) teller: Teller,
    /// How many restore points of each branch stay; all of them unless somebody says so.
    pub(crate) keep: Option<usize>,
    /// An issue tells that a sweep failed, while that lasts.
    pub(crate) alert: bool,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`actions_core::runner::BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        for (input, given) in [
            ("only", &raw.only),
            ("adopt", &raw.adopt),
            ("pull-request", &raw.pull_request),
        ] {
            if given.is_some() {
                problems.add(input, wording::NOT_OF_A_SWEEP);
            }
        }
        // One that is lost is no mistake here, since markers tell enough; one that was named and is not there is.
        let has_manifest = common.has_manifest(env);
        let manifest = if has_manifest {
            common.manifest(env, &mut problems)
        } else {
            None
        };
        let only = common.stated_environment().map(str::to_owned);
        let spec = manifest.as_ref().zip(only.as_deref());
        let spec = spec.and_then(|(manifest, only)| manifest.environments.get(only));
        if let (Some(only), Some(false)) = (&only, spec.map(EnvironmentSpec::is_per_pull_request)) {
            problems.add("environment", crate::report::wording::permanent(only));
        }
        let cloudflare = common.cloudflare(&mut problems);
        let zone = manifest
            .as_ref()
            .map_or_else(String::new, |manifest| naming::domain(&manifest.project.zone));
        let zoneless = zone.is_empty() && cloudflare.zone_id.is_none();
        if zoneless && !has_manifest {
            problems.add("cloudflare-zone-id", wording::ZONE_OF_NO_MANIFEST);
        }
        let has_branches = manifest.as_ref().is_some_and(|manifest| {
            let mut environments = manifest.environments.values();
            environments.any(|spec| spec.is_per_pull_request() && spec.branch.is_some())
        });
        let neon = (has_branches || common.has_neon()).then(|| common.neon(&mut problems));
        let timeout = problems.duration("timeout", raw.timeout.as_deref()).unwrap_or(TIMEOUT);
        if timeout < SHORTEST {
            problems.add("timeout", crate::report::wording::too_short(SHORTEST));
        }
        let keep = problems.number("keep", raw.keep.as_deref());
        if keep == Some(0) {
            problems.add("keep", crate::report::wording::KEEP_NONE);
        }
        let most = problems.number("max-environments", raw.max_environments.as_deref());
        let repository = common.event.identity();
        if !repository.is_known() {
            problems.add("github-token", wording::NO_REPOSITORY);
        }
        let read = Self {
            repository,
            zone,
            zoneless,
            neon,
            github: common.github(&mut problems),
            most: most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            keep: keep.map(|keep| usize::try_from(keep).unwrap_or(usize::MAX)),
            idle: problems.duration("idle", raw.idle.as_deref()),
            timeout,
            dry_run: raw.dry_run.as_ref().map(|_| common.dry_run),
            event: common.event.name.clone(),
            workflow: env.get("GITHUB_WORKFLOW_REF").and_then(workflow_file),
            run: common.event.run().map(|run| run.id),
            alert: problems.boolean("alert-issue", raw.alert_issue.as_deref(), false),
            teller: Teller {
                url: env.run_url(),
                run: common.event.run(),
            },
            manifest,
            only,
            cloudflare,
        };
        problems.finish()?;
        Ok(read)
    }

    /// Whether environments of this name are looked at.
    pub(crate) fn is_swept(&self, environment: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == environment)
    }

    /// The provider that is not looked at, since nothing gives access.
    pub(crate) fn unseen(&self) -> Option<&'static str> {
        self.neon.is_none().then_some("Neon")
    }

    /// What the issue that tells that this sweep fails is about.
    pub(crate) fn alarm(&self) -> String {
        let project = self.manifest.as_ref().map_or("*", |manifest| &manifest.project.name);
        format!("sweep/{project}/{}", self.only.as_deref().unwrap_or("*"))
    }

    /// The environments of the manifest that are one per pull request.
    pub(crate) fn environments(&self) -> Vec<&str> {
        let environments = self.manifest.iter().flat_map(|manifest| &manifest.environments);
        let swept = environments.filter(|(name, spec)| spec.is_per_pull_request() && self.is_swept(name));
        swept.map(|(name, _)| name.as_str()).collect()
    }
}

/// `sweep.yml` of `acme/app/.github/workflows/sweep.yml@refs/heads/main`: the caller's file, also in a workflow that it
/// calls.
fn workflow_file(reference: &str) -> Option<String> {
    let path = reference.split('@').next()?;
    let file = path.rsplit('/').next()?;
    (!file.is_empty() && file != path).then(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflows_file() {
        for (reference, file) in [
            (
                "acme/app/.github/workflows/sweep.yml@refs/heads/main",
                Some("sweep.yml"),
            ),
            ("acme/app/.github/workflows/sweep.yml@refs/heads/a@b", Some("sweep.yml")),
            ("sweep", None),
            ("acme/app/@refs/heads/main", None),
            ("", None),
        ] {
            assert_eq!(workflow_file(reference).as_deref(), file, "{reference}");
        }
    }
}
