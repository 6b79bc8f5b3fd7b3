//! What `init` says: what the manifest changes for the repository, made from the manifest as it was read back, and the
//! commands that come next.

mod changes;

use std::collections::BTreeSet;

use actions_core::environment::{Environment, Service};
use actions_core::text::quoted_list;

use self::changes::changes;
use super::{Found, Proposal};
use crate::finding::{Finding, Severity};

pub(super) fn is_there(file: &str) -> String {
    format!(
        "`{file}` is there, and is not written over; `preflight init --stdout` prints what would be proposed, to compare it"
    )
}

pub(super) fn no_folder(folder: &str) -> String {
    format!("there is no folder `{folder}` to write it into")
}

pub(super) fn not_written(file: &str, error: &std::io::Error) -> String {
    format!("`{file}` could not be written: {error}")
}

pub(super) fn nothing(found: &Found) -> String {
    let what = match &found.left_out[..] {
        [] => "there is no Worker here: no `wrangler.jsonc`, `wrangler.json` or `wrangler.toml` in this folder or below it (what `.gitignore` names is not looked at); `npm create cloudflare@latest` makes one".to_owned(),
        [one] => format!("there is no Worker here that can be deployed: `{}` {}", one.file, one.why),
        several => {
            let all: Vec<String> = several.iter().map(|one| format!("`{}` {}", one.file, one.why)).collect();
            format!("there is no Worker here that can be deployed: {}", all.join("; "))
        }
    };
    format!("nothing was written: {what}")
}

/// The log, line by line.
pub(super) fn written(file: &str, found: &Found, proposal: &Proposal) -> Vec<String> {
    let mut lines = vec![format!(
        "{file} is written: {}. Read its comments: `guessed` is to be checked, `Look here` to be decided.",
        actions_core::text::count(found.workers.len(), "service")
    )];
    for environment in &proposal.world.environments {
        lines.push(String::new());
        lines.push(head(environment));
        for service in &environment.services {
            lines.push(format!("  {}: {}", service.key, described(service)));
        }
    }
    let changes = changes(proposal);
    for (title, items) in [
        ("What changes", changes),
        ("What stays", stays(proposal)),
        ("What a deployment would refuse as it stands", refused(proposal)),
        ("What will hurt", hurting(file, proposal)),
        ("What comes next", next(file, proposal)),
    ] {
        if !items.is_empty() {
            lines.push(String::new());
            lines.push(format!("{title}:"));
            lines.extend(items.into_iter().map(|item| format!("- {item}")));
        }
    }
    lines
}

/// The step's summary: the same, and the manifest itself.
pub(super) fn summary(file: &str, found: &Found, proposal: &Proposal) -> String {
    let lines = written(file, found, proposal).join("\n");
    let (log, manifest) = (
        actions_core::text::fenced("text", &lines),
        actions_core::text::fenced("toml", &proposal.text),
    );
    format!("### A manifest is proposed\n\n{log}\n\n{manifest}\n")
}

fn head(environment: &Environment) -> String {
    match environment.pull_request {
        Some(number) => format!("{}, here for pull request {number}:", environment.name),
        None => format!("{}:", environment.name),
    }
}

fn described(service: &Service) -> String {
    let hosts: Vec<&str> = service.hostnames().collect();
    format!("Worker `{}` at {}", service.worker, hosts.join(", "))
}

/// What the checks found that a deployment would refuse, in their words.
fn refused(proposal: &Proposal) -> Vec<String> {
    let told: Vec<String> = of_severity(proposal, Severity::Error).map(told).collect();
    match &proposal.world.manifest {
        Err(wrong) if told.is_empty() => vec![wrong.to_string()],
        _ => told,
    }
}

/// Of what only hurts, the manifest's own; of the configurations, which are as they were before, how much there is.
fn hurting(file: &str, proposal: &Proposal) -> Vec<String> {
    let own = |finding: &&Finding| finding.place.as_ref().is_some_and(|place| place.file == file);
    let (own, others): (Vec<&Finding>, Vec<&Finding>) = of_severity(proposal, Severity::Warning).partition(own);
    let mut hurting: Vec<String> = own.into_iter().map(told).collect();
    if !others.is_empty() {
        let kinds: BTreeSet<&str> = others.iter().map(|finding| finding.kind.name).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        hurting.push(format!(
            "`preflight` has {} about the wrangler configurations as they are: {}",
            actions_core::text::count(others.len(), "warning"),
            quoted_list(&kinds)
        ));
    }
    hurting
}

fn of_severity(proposal: &Proposal, severity: Severity) -> impl Iterator<Item = &Finding> {
    proposal
        .findings
        .iter()
        .filter(move |finding| finding.kind.severity == severity)
}

fn told(finding: &Finding) -> String {
    let place = finding
        .place
        .as_ref()
        .map(|place| format!("{place}: "))
        .unwrap_or_default();
    format!("{place}{}; {}", finding.said, finding.remedy)
}

fn stays(proposal: &Proposal) -> Vec<String> {
    let mut stays = vec![
        "the wrangler configurations, which deployments go on reading: bindings, variables that the manifest does not set, compatibility, assets, schedules".to_owned(),
    ];
    let once: Vec<&Environment> = proposal
        .world
        .environments
        .iter()
        .filter(|it| it.pull_request.is_none())
        .collect();
    if once
        .iter()
        .any(|it| it.services.iter().any(|service| !service.kv.is_empty()))
    {
        stays.push("KV namespaces whose ids the configurations name, in environments that exist once; each pull request gets its own".to_owned());
    }
    stays.push("secrets on live Workers that the manifest does not name".to_owned());
    stays.push("routes and domains of today, until the manifest's are deployed".to_owned());
    stays
}

fn next(file: &str, proposal: &Proposal) -> Vec<String> {
    let mut next: Vec<String> = proposal
        .to_make
        .iter()
        .map(|command| format!("make what previews have for themselves: `{command}`"))
        .collect();
    next.push("`preflight`: tokens, secrets and configuration, before anything is touched".to_owned());
    next.push(
        "`deploy-workers` with `command: validate`: builds and checks everything, with no request and no token"
            .to_owned(),
    );
    next.push(format!("commit `{file}`"));
    next.push(
        "`preflight write`: the list of tokens and secrets to set up, and the workflows that deploy with the manifest"
            .to_owned(),
    );
    next
}
