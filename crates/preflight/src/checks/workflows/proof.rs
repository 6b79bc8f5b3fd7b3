//! Whether a deployment is proven, and what can be undone when it was wrong.

use super::uses::{Named, Use, steps};
use super::{Facts, beside};
use crate::finding::{Finding, Kind, Severity};

pub(super) const HEALTH: Kind = Kind {
    name: "workflow-health-off",
    severity: Severity::Warning,
    what: "A step deploys with `health: false`, and no `health-check` in its workflow asks afterwards.",
    why: "A Worker that throws at its first request is deployed like any other: the run is green, and nobody is told but the people who use it. Nor is anything rolled back.",
    mend: "Take `health` out, or add a step with `health-check` behind it.",
};

pub(super) const ROLLBACK: Kind = Kind {
    name: "workflow-rollback-off",
    severity: Severity::Warning,
    what: "A step deploys to an environment that exists once with `on-failure: keep`.",
    why: "When a later Worker does not become healthy, those that were deployed before stay: two halves of two versions serve together until somebody acts.",
    mend: "Take `on-failure` out: what a failed run has deployed is then rolled back.",
};

pub(super) const RESTORE: Kind = Kind {
    name: "workflow-restore-point-missing",
    severity: Severity::Warning,
    what: "A workflow migrates the database that an environment shares with its parent, production's, and makes no restore point before.",
    why: "A migration that destroyed something cannot be undone by deploying the former code. Neon's history goes back some hours or days; a restore point stays until it is replaced.",
    mend: "Add a step with `neon-branch` and `command: checkpoint` in front of it, or call `production.yml`, which tries the migration on a copy first, too.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for used in facts.uses.iter().filter(|used| !used.ours.is_workflow) {
        findings.extend(health(facts, used));
        findings.extend(rollback(facts, used));
        findings.extend(migration(facts, used));
        findings.extend(script(facts, used));
    }
    findings
}

/// Whether another step of ours is in a workflow that this one is in.
fn has_beside(facts: &Facts<'_>, used: &Use<'_>, is_it: impl Fn(&Use<'_>) -> bool) -> bool {
    facts
        .uses
        .iter()
        .any(|other| other.file() == used.file() && is_it(other))
}

fn health(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let is_off = used.input("health").is_some_and(|text| text.trim() == "false");
    if !used.deploys() || !is_off || has_beside(facts, used, |other| other.ours.name == "health-check") {
        return None;
    }
    let said = format!("job `{}` deploys, and nothing asks whether it answers", used.job()?.key);
    let remedy = "take `health: false` out, or add a step with `health-check` behind it";
    at_input(used, "health", Finding::new(&HEALTH, used.file(), said, remedy))
}

fn rollback(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let keeps = used.input("on-failure").is_some_and(|text| text.trim() == "keep");
    if !used.deploys() || !keeps || facts.is_per_pull_request(used) != Some(false) {
        return None;
    }
    let said = format!("job `{}` leaves half of a failed deployment in place", used.job()?.key);
    let finding = Finding::new(&ROLLBACK, used.file(), said, "take `on-failure: keep` out");
    at_input(used, "on-failure", finding)
}

/// By `neon-branch`.
fn migration(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let migrates = used.ours.name == "neon-branch" && used.command("create").as_deref() == Some("migrate");
    if !migrates || used.is_on("dry-run") || used.input("branch").is_some() {
        return None;
    }
    let environment = shares_parent(facts, used)?;
    if is_kept(facts, used) {
        return None;
    }
    at_input(used, "command", unkept(used, &environment))
}

/// By the manifest's own command, in a step before the deployment that is given the database by a secret.
fn script(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let environment = shares_parent(facts, used).filter(|_| used.deploys())?;
    let migrate = facts.manifest?.database.as_ref()?.migrate.as_deref()?;
    if is_kept(facts, used) {
        return None;
    }
    // In a job that this one waits for and that has the environment's secrets, too; others test.
    let own = used.job()?;
    let jobs = beside::needed(&own)
        .into_iter()
        .filter(|job| job.key == own.key || job.node.get("environment").is_some());
    let (document, run) = jobs.into_iter().find_map(|job| {
        steps(job.node).find_map(|step| {
            let run = step
                .get("run")
                .filter(|run| run.text().is_some_and(|text| text.contains(migrate)))?;
            let holders = [Some(step), Some(job.node), Some(&job.workflow.root)];
            let url = holders
                .into_iter()
                .flatten()
                .find_map(|it| it.get("env")?.get("DATABASE_URL")?.text())?;
            is_lasting(url).then_some((job.workflow, run))
        })
    })?;
    Some(unkept(used, &environment).at(document.place_of(run)))
}

/// Whether an expression is a secret that is no test's: what a step tells is a branch that this run has made.
fn is_lasting(url: &str) -> bool {
    let name = url.split_once("secrets.").map(|(_, name)| name.to_ascii_uppercase());
    let words = ["TEST", "STAGING", "PREVIEW", "DEV"];
    name.is_some_and(|name| !words.iter().any(|word| name.contains(word)))
}

/// The environment, where it exists once and has no branch of its own.
fn shares_parent(facts: &Facts<'_>, used: &Use<'_>) -> Option<String> {
    let Named::Given(name) = used.environment() else {
        return None;
    };
    let manifest = facts.manifest?;
    manifest.database.as_ref()?;
    let spec = manifest.environments.get(&name)?;
    (spec.branch.is_none() && !spec.is_per_pull_request()).then_some(name)
}

/// Whether a restore point is made in the same workflow, or may be: what an expression says is not known here.
fn is_kept(facts: &Facts<'_>, used: &Use<'_>) -> bool {
    has_beside(facts, used, |other| {
        let command = other.command("create");
        other.ours.name == "neon-branch" && command.is_none_or(|command| command == "checkpoint")
    })
}

fn unkept(used: &Use<'_>, environment: &str) -> Finding {
    let said = format!("the database of `{environment}` is migrated, and no restore point is made before");
    let remedy = "add a step with `neon-branch` and `command: checkpoint` in front of it, or call `production.yml`";
    Finding::new(&RESTORE, used.file(), said, remedy)
}

fn at_input(used: &Use<'_>, input: &str, finding: Finding) -> Option<Finding> {
    let (document, _) = used.holder()?;
    let node = used.with()?.get(input)?;
    Some(finding.at(document.place_of(node)))
}
