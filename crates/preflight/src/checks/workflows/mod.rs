//! The repository's workflows, where they use these actions or call these workflows: what starts them, what may run beside
//! what, what they may do, and what they are given.

mod beside;
mod concurrency;
mod danger;
mod inputs;
mod leaving;
mod levels;
mod ours;
mod permissions;
mod pins;
mod proof;
mod read;
mod secrets;
mod shape;
mod triggers;
mod uses;

#[cfg(test)]
mod tests;

use actions_core::environment::Environment;
use actions_core::manifest::Manifest;

use self::read::Repository;
use self::uses::Use;
use crate::checks::github::Expected;
use crate::finding::{Finding, Kind, Severity};
use crate::world::World;

pub(super) const KINDS: &[&Kind] = &[
    &UNREADABLE,
    &shape::INVALID,
    &leaving::CLOSED_MISSING,
    &leaving::CLOSED_FILTERED,
    &leaving::MERGED_ONLY,
    &leaving::SWALLOWED,
    &leaving::NO_SWEEP,
    &concurrency::MISSING,
    &concurrency::CANCELS,
    &concurrency::GROUP,
    &concurrency::DEADLOCK,
    &proof::HEALTH,
    &proof::ROLLBACK,
    &proof::RESTORE,
    &permissions::MISSING,
    &permissions::NARROW,
    &permissions::WIDE,
    &pins::THIRD_PARTY,
    &pins::TAG,
    &danger::TARGET_CHECKOUT,
    &danger::TARGET,
    &danger::AFTER_RUN,
    &danger::INJECTION,
    &inputs::UNKNOWN,
    &inputs::CALL,
    &inputs::MISSING,
    &secrets::MISSING,
    &secrets::PRODUCTION,
    &secrets::ENVIRONMENT,
    &beside::FORK,
    &beside::OTHERS,
];

pub(super) const UNREADABLE: Kind = Kind {
    name: "workflow-unreadable",
    severity: Severity::Warning,
    what: "A workflow or a local action is no YAML that can be read.",
    why: "GitHub starts no run of a workflow that it cannot parse, and tells so on the page of the workflow alone. Nothing in it was looked at here.",
    mend: "Mend the YAML at the place that is named.",
};

pub(super) fn findings(world: &World) -> Vec<Finding> {
    let repository = Repository::read(&world.workspace);
    Facts::of(world, &repository).findings()
}

/// What the actions in the job of this step need of its token, as far as its workflow's file does not withhold it. `None`
/// outside of a job, and in one that no workflow of this repository has: of a called workflow of another one, say.
pub(super) fn expected(world: &World) -> Option<Expected> {
    let job = world.env.get("GITHUB_JOB")?;
    // `acme/app/.github/workflows/preview.yml@refs/pull/42/merge`: of the workflow that was started.
    let reference = world.env.get("GITHUB_WORKFLOW_REF")?;
    let file = reference.split('@').next()?.splitn(3, '/').nth(2)?;
    let repository = Repository::read(&world.workspace);
    let facts = Facts::of(world, &repository);
    let here = |used: &&Use<'_>| {
        let of_job = used.job().is_some_and(|it| it.key == job);
        used.file() == file && of_job && !used.ours.is_workflow
    };
    let all: Vec<&Use<'_>> = facts.uses.iter().filter(here).collect();
    permissions::undenied(&facts, &all)
}

/// What is looked at.
struct Facts<'a> {
    repository: &'a Repository,
    /// Everything of ours that is used, from each workflow that starts it.
    uses: Vec<Use<'a>>,
    manifest: Option<&'a Manifest>,
    environments: &'a [Environment],
}

impl<'a> Facts<'a> {
    fn of(world: &'a World, repository: &'a Repository) -> Self {
        Self {
            uses: uses::all(repository),
            repository,
            manifest: world.manifest.as_ref().ok(),
            environments: &world.environments,
        }
    }
}

impl Facts<'_> {
    fn findings(&self) -> Vec<Finding> {
        let unreadable = self.repository.unreadable.iter().map(|wrong| {
            Finding::new(
                &UNREADABLE,
                &wrong.place.file,
                wrong.problem.clone(),
                "mend the YAML there",
            )
            .at(wrong.place.clone())
        });
        let mut findings: Vec<Finding> = unreadable.collect();
        findings.extend(shape::findings(self.repository));
        findings.extend(leaving::findings(self));
        findings.extend(concurrency::findings(self));
        findings.extend(proof::findings(self));
        findings.extend(permissions::findings(self));
        findings.extend(pins::findings(self));
        findings.extend(danger::findings(self));
        findings.extend(inputs::findings(self));
        findings.extend(secrets::findings(self));
        findings.extend(beside::findings(self));
        // What two workflows call is found once for each.
        let mut once: Vec<Finding> = Vec::new();
        for finding in findings {
            let same = |other: &Finding| {
                other.kind == finding.kind && other.place == finding.place && other.subject == finding.subject
            };
            if !once.iter().any(same) {
                once.push(finding);
            }
        }
        once
    }

    /// Whether a use makes, changes or removes what exists once per pull request. `None`: nobody can tell from here.
    fn is_per_pull_request(&self, used: &Use<'_>) -> Option<bool> {
        match used.environment() {
            uses::Named::Unknown => None,
            uses::Named::Default => used.starts_on_pull_requests().then_some(true),
            uses::Named::Given(name) => {
                let spec = self.manifest.and_then(|manifest| manifest.environments.get(&name));
                match spec {
                    Some(spec) => Some(spec.is_per_pull_request()),
                    // The name that the actions take where none is given.
                    None if name == "preview" => Some(true),
                    None => (!used.starts_on_pull_requests()).then_some(false),
                }
            }
        }
    }

    fn makes_preview(&self, used: &Use<'_>) -> bool {
        used.deploys() && !used.is_called_from_elsewhere() && self.is_per_pull_request(used) == Some(true)
    }
}
