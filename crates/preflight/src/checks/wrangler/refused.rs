//! What `deploy-workers` would refuse, in its own words, and bindings that a Worker would lack.

use actions_core::environment::Environment;
use actions_core::text::quoted_list;
use indexmap::IndexMap;
use jiff::civil::Date;
use wrangler::project::{Project, Scope, check};

use super::looked::Looked;
use crate::finding::{Finding, Kind, Severity};
use crate::world::World;

pub(super) const UNREADABLE: Kind = Kind {
    name: "wrangler-unreadable",
    severity: Severity::Error,
    what: "A service's wrangler configuration is not there, or cannot be parsed.",
    why: "Nothing can be bundled without it.",
    mend: "Correct `path` of the service in the manifest, or the file at the place that is named.",
};

pub(super) const NO_ENVIRONMENT: Kind = Kind {
    name: "wrangler-environment-missing",
    severity: Severity::Error,
    what: "The manifest names an environment (`wrangler-env`) that a service's wrangler configuration does not have.",
    why: "wrangler would fall back to the top level with a warning, and deploy local development's settings; `deploy-workers` refuses.",
    mend: "Add the environment under `env`, or name another one: `wrangler-env` of the environment, or of one service in `[environments.<name>.services.<key>]`.",
};

pub(super) const REFUSED: Kind = Kind {
    name: "wrangler-refused",
    severity: Severity::Error,
    what: "A wrangler configuration has something that `deploy-workers` does not deploy.",
    why: "The deployment ends before anything is touched.",
    mend: "Do what the sentence says; `uploader: wrangler` lets the project's own wrangler deploy what our client does not.",
};

pub(super) const REACHES_OUT: Kind = Kind {
    name: "binding-reaches-out",
    severity: Severity::Error,
    what: "A binding gives an environment access to what is another environment's, or to what all pull requests would share: the same KV id, bucket, database or queue.",
    why: "A preview or a staging environment would read and write production's data; `deploy-workers` refuses it.",
    mend: "Let the manifest make one per environment (`kv`), name the environment's own (`r2`, `d1`, or its section of the wrangler configuration), or say that it is on purpose with `shared`.",
};

pub(super) const NOT_INHERITED: Kind = Kind {
    name: "binding-not-inherited",
    severity: Severity::Error,
    what: "Bindings stand at the top level of a wrangler configuration only, and the environment that is deployed does not inherit them.",
    why: "wrangler says so in a warning and deploys the Worker without them; it fails where it uses one.",
    mend: "Repeat them in the environment, let the manifest give them (`kv`), or leave them out on purpose with an empty list.",
};

pub(super) const COMPATIBILITY_DATE: Kind = Kind {
    name: "compatibility-date-wrong",
    severity: Severity::Error,
    what: "A `compatibility_date` is missing, no date, or in the future.",
    why: "Cloudflare refuses a date to come, and takes 2021-11-02 where there is none.",
    mend: "Write the date of the day on which you last tested the Worker, such as today's.",
};

/// Configurations that cannot be read, and environments that they do not have.
pub(super) fn unreadable(world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, file) in &world.services {
        let subject = format!("services.{key}");
        let (problem, place) = match (&file.config, &file.document) {
            (Ok(_), _) => continue,
            (Err(_), Err(unreadable)) => (unreadable.problem.clone(), Some(unreadable.place.clone())),
            (Err(problem), Ok(_)) => (problem.clone(), in_manifest(world, &["services", key, "path"])),
        };
        let remedy = "correct it, or `path` of the service in the manifest";
        let finding = Finding::new(
            &UNREADABLE,
            subject,
            format!("the wrangler configuration of `{key}` cannot be read: {problem}"),
            remedy,
        );
        findings.push(placed(finding, place));
    }
    for environment in &world.environments {
        for service in &environment.services {
            let config = world
                .services
                .get(&service.key)
                .and_then(|file| file.config.as_ref().ok());
            let Some(Err(problem)) = config.map(|config| config.settings(service.wrangler_env.as_deref())) else {
                continue;
            };
            let name = &environment.name;
            let own = ["environments", name, "services", &service.key, "wrangler-env"];
            let all = ["environments", name, "wrangler-env"];
            let has_own = world
                .document
                .as_ref()
                .is_some_and(|document| document.get(&own).is_some());
            let place = in_manifest(world, if has_own { &own } else { &all });
            let said = format!("`{name}` cannot deploy `{}`: {problem}", service.key);
            let remedy = "add that environment, or name another one as `wrangler-env`";
            findings.push(placed(
                Finding::new(&NO_ENVIRONMENT, format!("services.{}", service.key), said, remedy),
                place,
            ));
        }
    }
    findings
}

/// What is refused of a whole environment.
pub(super) fn of_environment(world: &World, environment: &Environment) -> Vec<Finding> {
    let Ok(manifest) = &world.manifest else {
        return Vec::new();
    };
    let looked: IndexMap<String, Looked<'_>> = Looked::all(world, environment)
        .into_iter()
        .map(|looked| (looked.service.key.clone(), looked))
        .collect();
    let configs = looked.iter().map(|(key, looked)| (key.clone(), looked.config.clone()));
    let project = Project::written(environment, configs.collect());
    let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
    let scope = Scope {
        environment,
        manifest: Some(manifest),
        chosen: &chosen,
        shared: &environment.shared,
        account: world.account.as_deref(),
    };
    let name = &environment.name;
    let mut findings = Vec::new();
    for (key, problem) in project.refusals(scope) {
        // The key of the configuration that is meant stands first in such a sentence, in code.
        let at = problem
            .split('`')
            .nth(1)
            .unwrap_or_default()
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned();
        let said = format!("`{name}` cannot deploy `{key}`: {problem}");
        let remedy = "until then `deploy-workers` refuses it, before anything is touched".to_owned();
        findings.extend(
            looked
                .get(&key)
                .map(|looked| looked.finding(&REFUSED, &[at.as_str()], said, remedy)),
        );
    }
    for reach in project.reaching_out(scope) {
        let Some(looked) = looked.get(&reach.service) else {
            continue;
        };
        let place: Vec<&str> = reach.place.iter().map(String::as_str).collect();
        let (what, remedy) = reach.problem.split_once("; ").unwrap_or((&reach.problem, ""));
        findings.push(looked.finding(&REACHES_OUT, &place, format!("in `{name}`, {what}"), remedy.to_owned()));
    }
    findings
}

/// What a service would lack, or Cloudflare refuse.
pub(super) fn of_service(looked: &Looked<'_>, today: Date) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (service, name) = (looked.service, &looked.environment.name);
    let made_up = |key: &&str| match *key {
        "kv_namespaces" => !service.kv.is_empty(),
        "r2_buckets" => !service.r2.is_empty(),
        "d1_databases" => !service.d1.is_empty(),
        // Told one by one, by what other environments have.
        "vars" | "define" | "secrets" => true,
        _ => false,
    };
    let lost: Vec<&str> = looked.settings.lost().into_iter().filter(|key| !made_up(key)).collect();
    if let Some(first) = lost.first() {
        let said = format!(
            "{} of `{}` {} at the top level only, and {} does not inherit: in `{name}` the Worker would be without",
            quoted_list(&lost),
            service.key,
            if lost.len() == 1 { "stands" } else { "stand" },
            looked.section()
        );
        let remedy = format!(
            "repeat what it needs in {}, or write `\"{first}\": []` there on purpose",
            looked.section()
        );
        findings.push(looked.finding(&NOT_INHERITED, &[], said, remedy));
    }
    if let Some(problem) = check::compatibility(looked.settings.text("compatibility_date"), today) {
        let said = format!("of `{}`, {problem}", service.key);
        let remedy = format!("write `\"compatibility_date\": \"{today}\"`, and test the Worker with it");
        findings.push(looked.finding(&COMPATIBILITY_DATE, &["compatibility_date"], said, remedy));
    }
    findings
}

fn in_manifest(world: &World, path: &[&str]) -> Option<crate::finding::Place> {
    Some(world.document.as_ref()?.place(path))
}

fn placed(finding: Finding, place: Option<crate::finding::Place>) -> Finding {
    match place {
        Some(place) => finding.at(place),
        None => finding,
    }
}
