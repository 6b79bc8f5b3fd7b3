//! What `init` says: what the manifest changes for the repository, made from the manifest as it was read back, and the
//! commands that come next.

use std::collections::BTreeSet;

use actions_core::environment::{Environment, Service};
use actions_core::text::quoted_list;
use wrangler::Config;

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

/// What is other than a `wrangler deploy` of today.
fn changes(proposal: &Proposal) -> Vec<String> {
    let mut changes = Vec::new();
    for (environment, today, then) in &proposal.moved {
        changes.push(format!(
            "{environment}: Worker `{today}` is left alone, and `{then}` is made in its place"
        ));
    }
    for environment in proposal
        .world
        .environments
        .iter()
        .filter(|it| it.pull_request.is_none())
    {
        let at_workers_dev = environment.routing == actions_core::manifest::Routing::WorkersDev;
        for service in environment.services.iter().filter(|_| !at_workers_dev) {
            let today = patterns(environment, service);
            let new: Vec<&str> = service
                .hostnames()
                .filter(|hostname| !today.iter().any(|pattern| pattern == hostname))
                .collect();
            if !new.is_empty() {
                changes.push(format!(
                    "{}: {} {} to `{}`, which no configuration says today",
                    environment.name,
                    quoted_list(&new),
                    if new.len() == 1 { "leads" } else { "lead" },
                    service.worker
                ));
            }
        }
        for service in &environment.services {
            if environment.wrangler_env.is_some() && service.wrangler_env.is_none() {
                changes.push(format!(
                    "{}: `{}` is deployed from the top level of its configuration, which has no section for it",
                    environment.name, service.key
                ));
            }
            changes.extend(overridden(environment, service));
            let made: Vec<&str> = without_namespace(environment, service);
            if !made.is_empty() {
                changes.push(format!(
                    "{}: `{}` gets a KV namespace of the environment's for {}, which its configuration gives none",
                    environment.name,
                    service.key,
                    quoted_list(&made)
                ));
            }
        }
    }
    changes.extend(previews(proposal));
    changes
}

/// Variables that get another value than the configuration gives them.
fn overridden(environment: &Environment, service: &Service) -> Vec<String> {
    let Ok(config) = Config::of_user(&environment.root.join(&service.path)) else {
        return Vec::new();
    };
    let Ok(settings) = config.settings(service.wrangler_env.as_deref()) else {
        return Vec::new();
    };
    let today = settings.get("vars");
    let changed = service.vars.iter().filter_map(|(name, value)| {
        let today = today.and_then(|vars| vars.get(name));
        if today == Some(value) {
            return None;
        }
        let was = today.map_or_else(|| "has none".to_owned(), |today| format!("says `{}`", shown(today)));
        Some(format!(
            "{}: `{name}` of `{}` is `{}`; its configuration {was}",
            environment.name,
            service.key,
            shown(value)
        ))
    });
    changed.collect()
}

fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What previews have that is not as the configuration says.
fn previews(proposal: &Proposal) -> Vec<String> {
    let mut told = Vec::new();
    for environment in proposal
        .world
        .environments
        .iter()
        .filter(|it| it.pull_request.is_some())
    {
        // Services that are given the same variables are told in one line.
        let mut sets: Vec<(Vec<&String>, Vec<&str>)> = Vec::new();
        for service in environment.services.iter().filter(|service| !service.vars.is_empty()) {
            let names: Vec<&String> = service.vars.keys().collect();
            match sets.iter_mut().find(|(known, _)| *known == names) {
                Some((_, services)) => services.push(&service.key),
                None => sets.push((names, vec![&service.key])),
            }
        }
        for (names, services) in sets {
            told.push(format!(
                "{}: the manifest sets {} of {}",
                environment.name,
                quoted_list(&names),
                quoted_list(&services)
            ));
        }
        let with_crons = environment.services.iter().filter(|service| {
            let config = Config::of_user(&environment.root.join(&service.path)).ok();
            let settings = config
                .as_ref()
                .and_then(|config| config.settings(service.wrangler_env.as_deref()).ok());
            settings
                .and_then(|settings| settings.crons())
                .is_some_and(|crons| !crons.is_empty())
        });
        let with_crons: Vec<&str> = with_crons.map(|service| service.key.as_str()).collect();
        if !environment.crons && !with_crons.is_empty() {
            told.push(format!(
                "{}: {} without schedules",
                environment.name,
                quoted_list(&with_crons)
            ));
        }
    }
    told
}

/// The hostnames that a service's configuration has for the environment.
fn patterns(environment: &Environment, service: &Service) -> Vec<String> {
    let Ok(config) = Config::of_user(&environment.root.join(&service.path)) else {
        return Vec::new();
    };
    let Ok(settings) = config.settings(service.wrangler_env.as_deref()) else {
        return Vec::new();
    };
    let listed = settings
        .get("routes")
        .and_then(|routes| routes.as_array())
        .into_iter()
        .flatten();
    let patterns = listed
        .chain(settings.get("route"))
        .filter_map(|route| route.as_str().or_else(|| route["pattern"].as_str()));
    patterns
        .flat_map(|pattern| {
            let name = pattern.split('/').next().unwrap_or_default();
            match name.strip_prefix('*') {
                Some(rest) if !rest.starts_with('.') => vec![rest.to_owned(), format!("*.{rest}")],
                _ => vec![name.to_owned()],
            }
        })
        .map(|name| {
            if name.starts_with('*') {
                name.to_lowercase()
            } else {
                actions_core::naming::domain(&name)
            }
        })
        .collect()
}

/// KV bindings that the configuration has nothing for in this environment.
fn without_namespace<'a>(environment: &Environment, service: &'a Service) -> Vec<&'a str> {
    let config = Config::of_user(&environment.root.join(&service.path)).ok();
    let settings = config
        .as_ref()
        .and_then(|config| config.settings(service.wrangler_env.as_deref()).ok());
    let list = settings.and_then(|settings| settings.get("kv_namespaces")?.as_array());
    let has = |binding: &str| {
        let mut items = list.into_iter().flatten();
        items.any(|item| item["binding"] == *binding && item["id"].is_string())
    };
    service
        .kv
        .iter()
        .map(|kv| kv.binding.as_str())
        .filter(|binding| !has(binding))
        .collect()
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
    next.push(format!(
        "commit `{file}`, and add the workflows: `.github/docs/workflows.md` of Codex Actions has them"
    ));
    next.push("`preflight write`: the list of tokens and secrets to set up, for the team".to_owned());
    next
}
