//! Every sentence that a user of this action reads: here the log and the errors, in [`describe`] what
//! comes before, in [`output`] what comes after.

mod back;
mod builds;
mod commands;
pub(crate) mod describe;
mod hostnames;
mod output;

use std::collections::BTreeSet;
use std::time::Duration;

use actions_core::error::fault;
use actions_core::health::{Seen, Target, Verdict};
use actions_core::runner::{Runner, command};
use actions_core::text::{bytes, count, elapsed, quoted_list};
use indexmap::IndexMap;
use wrangler::Failed;

pub(crate) use back::{
    not_removed, nothing_of_run, planned, put_back, putting_back, rollback_failed, still_bound, undone,
};
pub(crate) use builds::{
    builds_skipped, bundling_failed, commit_not_known, cut_short, left, left_running, lost, not_bundled, progress,
    project_not_built, project_not_built_either, taken, unused_secrets, work,
};
pub(crate) use commands::{restored, restored_markdown, validated, validated_markdown};
pub(crate) use hostnames::{
    domain_taken, given_up, given_up_before, no_workers_dev, not_given_up, not_replaced, other_workers_dev, route_taken,
};
pub(crate) use output::{Back, Report, outputs, untouched};

use crate::apply::outcome::Outcome;
use crate::inputs::Inputs;
use crate::plan::first::First;
use crate::plan::order::Wave;
use crate::plan::{Plan, ServicePlan, Upload};
use wrangler::project::Size;

fn size(size: Size) -> String {
    format!("{}, {} compressed", bytes(size.raw), bytes(size.gzip))
}

/// The first line.
pub(crate) fn opening(inputs: &Inputs) -> String {
    let verb = match inputs.command {
        crate::inputs::Command::Deploy => "deploying",
        crate::inputs::Command::Validate => "validating",
        crate::inputs::Command::Build => "building",
        crate::inputs::Command::Rollback => "putting back",
    };
    let some = if inputs.chosen.len() == inputs.environment.services.len() {
        String::new()
    } else {
        format!(" of {}", inputs.environment.services.len())
    };
    format!(
        "{verb} {}{some} of {}",
        count(inputs.chosen.len(), "service"),
        inputs.environment.title()
    )
}

/// wrangler could not upload a service, or did so only in part.
pub(crate) fn wrangler_failed(runner: &Runner, service: &ServicePlan, failed: Failed) -> anyhow::Error {
    if !failed.log.is_empty() {
        command::group(&format!("what wrangler printed when it uploaded {}", service.key));
        runner.say(&actions_core::secret::redact(&failed.log));
        command::end_group();
    }
    let refused = failed.reason.contains("code 10000") || failed.reason.contains("code: 10000");
    let fault = fault(format!("wrangler could not deploy Worker `{}`", service.worker)).because(failed);
    if refused {
        return fault.hint("the token lacks a permission that wrangler needs: Account → Workers Scripts → Edit, or what the configuration uses beside it, such as Account → Queues → Edit").into();
    }
    fault.into()
}

/// The order, when there is one.
pub(crate) fn say_order(runner: &Runner, waves: &[Wave]) {
    let steps = waves.iter().flat_map(|wave| {
        let first = wave.first.iter().map(|key| format!("{key} (a first version)"));
        first.chain([wave.services.join(", ")]).filter(|step| !step.is_empty())
    });
    let steps: Vec<String> = steps.collect();
    if steps.len() > 1 {
        runner.say(&format!("order: {}", steps.join(" → ")));
    }
}

/// What a Worker of a circle lacks at first.
pub(crate) fn without(first: &First) -> String {
    if first.without.is_empty() {
        "with all its bindings".to_owned()
    } else {
        format!(
            "without {}, which {} not there yet",
            quoted_list(&first.without),
            if first.without.len() == 1 {
                "leads to a Worker that is"
            } else {
                "lead to Workers that are"
            }
        )
    }
}

/// A service was given its first version.
pub(crate) fn first_version(service: &ServicePlan, first: &First, version: &str) -> String {
    format!(
        "✓ {}: a first version, {version}, {}: others bind to it, and it binds to them",
        service.key,
        without(first)
    )
}

/// What the report says of a service that was deployed twice, or was to be.
pub(crate) fn in_two_steps(first: &First, whole: bool) -> String {
    let without = without(first);
    if whole {
        format!("deployed twice, since services bind each other: first {without}")
    } else {
        format!("only its first version was deployed, {without}")
    }
}

/// A wave begins.
pub(crate) fn wave(number: usize, of: usize, keys: &[String]) -> String {
    format!("wave {number} of {of}: {}", keys.join(", "))
}

/// New versions have a share of the traffic, and are watched.
pub(crate) fn share(keys: &[&str], share: u8, bake: Duration) -> String {
    let watched = if bake.is_zero() {
        String::new()
    } else {
        format!(", watched for {}", elapsed(bake))
    };
    format!(
        "  {share} % of the traffic to the new version of {}{watched}",
        keys.join(", ")
    )
}

/// A service was dealt with.
pub(crate) fn service(plan: &ServicePlan, outcome: &Outcome) -> String {
    let took = elapsed(outcome.took);
    let version = outcome.version.as_deref().unwrap_or("unknown");
    // A Worker without a manifest may have no hostname.
    let at = if plan.url.is_empty() {
        String::new()
    } else {
        format!(" at {}", plan.url)
    };
    if outcome.cut {
        return format!("✗ {}: {}", plan.key, cut(outcome));
    }
    match (&outcome.failed, plan.upload, outcome.changed()) {
        (Some(problem), _, _) => format!("✗ {}: {}", plan.key, problem.replace('\n', "\n  ")),
        (None, Upload::No, false) => format!("= {}: unchanged, version {version} serves{at}", plan.key),
        (None, Upload::No, true) => format!("✓ {}: code unchanged, the rest brought up to date in {took}", plan.key),
        (None, Upload::First, _) => format!("✓ {}: new, version {version} serves{at} after {took}", plan.key),
        (None, Upload::Again, _) => format!("✓ {}: version {version} serves{at} after {took}", plan.key),
    }
}

/// The account has no room for more schedules.
pub(crate) fn no_schedules(error: actions_core::cloudflare::Error) -> String {
    let error = fault("its schedules were not set").because(error).hint(
        "the account has as many cron triggers as its plan allows: take some away, or leave them out here with `crons = false` in the environment",
    );
    actions_core::error::render(&error.into()).replace('\n', "; ")
}

/// The run was cancelled in the middle of a service.
pub(crate) fn cut(outcome: &Outcome) -> &'static str {
    if outcome.changed() {
        "the run was cancelled before it was done with"
    } else {
        "the run was cancelled before it was touched"
    }
}

/// One change of what is known about a service's health.
pub(crate) fn health(target: &Target, verdict: &Verdict, after: Duration) -> String {
    let (after, url) = (elapsed(after), target.request.shown());
    match verdict {
        Verdict::Healthy(None) => format!("  {} is healthy after {after}", target.name),
        Verdict::Healthy(Some(note)) => format!("  {} is healthy after {after}: {note}", target.name),
        Verdict::NotYet(why) => format!("  {} is not healthy yet: {why} ({url})", target.name),
        Verdict::NotEver { why, .. } => format!("  {} is not healthy: {why} ({url})", target.name),
    }
}

/// A Worker that was updated does not say which of its versions answers.
pub(crate) fn tells_no_version(key: &str) -> String {
    format!(
        "  {key} does not tell its version, so the old one may have answered: it has to stay healthy for about ten seconds, or as long as `health-timeout` lets it; let its health document tell `version` (from the `version_metadata` binding) to be sure at once"
    )
}

/// The very version was asked.
pub(crate) fn healthy_at_version_url(key: &str) -> String {
    format!("  {key} does not tell its version, but is healthy at its version's own URL")
}

/// Why a service failed, though its code was deployed.
pub(crate) fn not_healthy(why: &str) -> String {
    format!("it is not healthy: {why}")
}

/// A wave did not become healthy.
pub(crate) fn unhealthy(bad: &[&Seen]) -> anyhow::Error {
    let keys: Vec<&str> = bad.iter().map(|seen| seen.target.name.as_str()).collect();
    let verb = if bad.len() == 1 { "is" } else { "are" };
    let lines: Vec<String> = bad
        .iter()
        .map(|seen| {
            format!(
                "{}: {} ({} after {})",
                seen.target.request.shown(),
                seen.why.as_deref().unwrap_or("it is not healthy"),
                count(seen.attempts as usize, "try"),
                elapsed(seen.elapsed)
            )
        })
        .collect();
    let mut error =
        fault(format!("{} {verb} deployed, but not healthy", quoted_list(&keys))).because(fault(lines.join("\n")));
    if let Some(remedy) = bad.iter().find_map(|seen| seen.remedy.clone()) {
        error = error.hint(remedy);
    }
    error.into()
}

/// A wave has ended: `Err` when one of its services failed.
pub(crate) fn wave_ended(number: usize, of: usize, outcomes: &IndexMap<String, Outcome>) -> anyhow::Result<()> {
    let failed: Vec<(&String, &String)> = outcomes
        .iter()
        .filter_map(|(key, outcome)| Some((key, outcome.failed.as_ref()?)))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = failed.iter().map(|(key, _)| key.as_str()).collect();
    let place = if of > 1 {
        format!(" (wave {number} of {of})")
    } else {
        String::new()
    };
    let causes: Vec<String> = failed
        .iter()
        .map(|(key, text)| {
            if failed.len() == 1 {
                (*text).clone()
            } else {
                format!("{key}: {text}")
            }
        })
        .collect();
    Err(fault(format!("could not deploy {}{place}", quoted_list(&keys)))
        .because(fault(causes.join("\n")))
        .into())
}

/// Workers of the environment that are no service's; `None`: none.
pub(crate) fn left_behind(workers: &[String]) -> Option<String> {
    let (verb, it, serves) = match workers {
        [] => return None,
        [_] => ("is", "it", "serves"),
        _ => ("are", "they", "serve"),
    };
    let names: Vec<&str> = workers.iter().map(String::as_str).collect();
    let what = if workers.len() == 1 { "Worker" } else { "Workers" };
    Some(format!(
        "{what} {} {verb} of this environment, and of no service in the manifest: {it} {serves} on, with hostnames, schedules and secrets; delete {} under Workers & Pages where nobody needs {} any more",
        quoted_list(&names),
        if workers.len() == 1 { "it" } else { "them" },
        if workers.len() == 1 { "it" } else { "them" },
    ))
}

/// What a person should know of a service.
fn note(key: &str, note: &str) -> String {
    format!("note: {key}: {note}")
}

/// The plan.
pub(crate) fn plan(plan: &Plan) -> String {
    let changes = plan.changes();
    let mut text = format!("plan: {}", changes.headline());
    if !plan.is_empty() {
        text.push_str(&format!("\n{changes}"));
    }
    for service in plan.services.values() {
        for note in &service.notes {
            text.push_str(&format!("\n{}", self::note(&service.key, note)));
        }
    }
    text
}

/// Checks that failed before anything was touched.
pub(crate) fn checks_failed(conflicts: &[(String, String)]) -> anyhow::Error {
    let lines: Vec<String> = conflicts.iter().map(|(key, text)| format!("- {key}: {text}")).collect();
    fault(format!(
        "{} before the first upload; nothing was touched\n{}",
        if conflicts.len() == 1 {
            "one check failed".to_owned()
        } else {
            format!("{} checks failed", conflicts.len())
        },
        lines.join("\n")
    ))
    .into()
}

/// The signal has come.
pub(crate) const CANCELLED: &str =
    "cancelled: nothing new is begun; what is on its way comes to its end, as far as there is time";

/// Why a Worker was not put back, though nothing else serves than before.
pub(crate) const STILL_ON_ITS_WAY: &str = "its upload was not answered in the time of a cancelled run, and may still be carried out: look at what serves, or run again";

/// The runner kills what it has cancelled.
pub(crate) const OUT_OF_TIME: &str =
    "the time of a cancelled run was over before Cloudflare had answered: look at what serves, or run again";

/// What is said of a Worker that a cancelled rollback did not come to the end of.
pub(crate) const NOT_COME_TO: &str = "the run was cancelled before it was put back";

/// Everything is valid.
pub(crate) fn valid(inputs: &Inputs) -> String {
    format!(
        "{} valid; no request was made{}",
        count(inputs.chosen.len(), "service"),
        needed(inputs)
    )
}

/// The variables that a deployment needs.
fn needed(inputs: &Inputs) -> String {
    let services = &inputs.environment.services;
    let variables: BTreeSet<&str> = services
        .iter()
        .filter(|service| inputs.chosen.contains(&service.key))
        .flat_map(|service| service.secrets.iter().chain(&service.step_vars))
        .map(|wanted| wanted.variable.as_str())
        .collect();
    if variables.is_empty() {
        return String::new();
    }
    let variables: Vec<&str> = variables.into_iter().collect();
    format!(
        "\na deployment needs these variables in the step's `env`: {}",
        quoted_list(&variables)
    )
}
