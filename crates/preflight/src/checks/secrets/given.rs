//! Which secrets are there, and which nobody asks for.

use std::collections::BTreeSet;

use actions_core::runner::Problems;
use actions_core::text::{none, quoted_list};
use indexmap::IndexSet;

use super::{Step, Wanted};
use crate::finding::{Finding, Kind, Severity};
use crate::world::World;

pub(super) const MISSING: Kind = Kind {
    name: "secret-missing",
    severity: Severity::Error,
    what: "A secret of the environment that the run is about is missing or empty, while others of it are there.",
    why: "`deploy-workers` refuses to deploy without it: an empty secret would reach the Worker and fail weeks later.",
    mend: "Set it where the run takes secrets from: the step's `env`, or a line of `WORKER_SECRETS`. In GitHub a secret that is misspelt, or is another environment's, arrives empty.",
};

pub(super) const NOT_GIVEN: Kind = Kind {
    name: "secrets-not-looked-at",
    severity: Severity::Note,
    what: "None of the secrets of an environment, or of several, is in this step, so nobody looked whether they are there.",
    why: "GitHub shows secrets to the jobs that ask for them, and to nobody else.",
    mend: "Give the step what the deployment has: the same `env`, or `worker-secrets`, and name the `environment`.",
};

pub(super) const UNUSED: Kind = Kind {
    name: "secret-unused",
    severity: Severity::Warning,
    what: "`worker-secrets` holds a name that no service takes.",
    why: "`deploy-workers` refuses it: it is misspelt, or a secret lies about that nothing needs.",
    mend: "Correct the name, take the line out, or name it under `secrets` of the service that is to have it.",
};

pub(super) const ONE_FOR_ALL: Kind = Kind {
    name: "secret-one-for-all",
    severity: Severity::Note,
    what: "Pull requests' environments take a secret from the same variable as an environment that exists once.",
    why: "Unless GitHub environments hold different values under that name, every preview has production's secret, and so has the code of every pull request.",
    mend: "Give the previews a variable of their own: `secrets = { NAME = \"PREVIEW_NAME\" }` under `[environments.preview]`; or keep different values in GitHub environments, and silence this.",
};

/// `stated`: the run is about the environments that are looked at, and not only looks at all there are.
pub(super) fn findings(world: &World, step: Step<'_>, wanted: &[Wanted<'_>], stated: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut without: Vec<&Wanted<'_>> = Vec::new();
    for wanted in wanted.iter().filter(|wanted| !wanted.by_variable.is_empty()) {
        let names = || wanted.by_variable.keys().copied();
        let missing: Vec<&str> = names().filter(|name| step.get(name).is_none()).collect();
        if missing.len() == wanted.by_variable.len() {
            without.push(wanted);
        } else if stated {
            findings.extend(
                missing
                    .iter()
                    .map(|variable| self::missing(world, step, wanted, variable)),
            );
        }
    }
    findings.extend(not_given(&without));
    findings.extend(unused(world, step));
    findings.extend(one_for_all(world, wanted));
    findings
}

/// One for all environments that the step has nothing of: it is one step that is to be given something.
fn not_given(without: &[&Wanted<'_>]) -> Option<Finding> {
    let names: Vec<&str> = without.iter().map(|wanted| wanted.environment.name.as_str()).collect();
    let variables: IndexSet<&str> = without
        .iter()
        .flat_map(|wanted| wanted.by_variable.keys().copied())
        .collect();
    let variables: Vec<&str> = variables.into_iter().collect();
    let subject = match &names[..] {
        [] => return None,
        [one] => one,
        _ => "secrets",
    };
    Some(Finding::new(
        &NOT_GIVEN,
        subject,
        format!(
            "{} in this step: {}",
            none(variables.len(), "secret", &format!("of {}", quoted_list(&names))),
            quoted_list(&variables)
        ),
        "give the step the `env` or the `worker-secrets` that the deployment has, and `environment`",
    ))
}

fn missing(world: &World, step: Step<'_>, wanted: &Wanted<'_>, variable: &str) -> Finding {
    let services = wanted.services(variable);
    let noun = if services.len() == 1 { "service" } else { "services" };
    let add = step.pack.map_or("", |_| "add it to `WORKER_SECRETS`, or ");
    let finding = Finding::new(
        &MISSING,
        variable,
        format!(
            "`{variable}` is missing or empty: {noun} {} of `{}` would get no secret",
            quoted_list(&services),
            wanted.environment.name
        ),
        format!("{add}set it in the step's `env`: `{variable}: ${{{{ secrets.{variable} }}}}`"),
    );
    at_secrets(world, finding, services.first().copied())
}

/// At the service's list of secrets in the manifest.
pub(super) fn at_secrets(world: &World, finding: Finding, service: Option<&str>) -> Finding {
    match (&world.document, service) {
        (Some(document), Some(service)) => finding.at(document.place(&["services", service, "secrets"])),
        _ => finding,
    }
}

/// The same sentences as where they are deployed.
fn unused(world: &World, step: Step<'_>) -> Vec<Finding> {
    let (Some(pack), Ok(manifest), Some(environment)) = (step.pack, &world.manifest, world.environments.first()) else {
        return Vec::new();
    };
    let mut problems = Problems::default();
    pack.check(Some(manifest), environment, &declared(world), &mut problems);
    let findings = problems.iter().map(|(input, problem)| {
        let remedy = "until then `deploy-workers` refuses the whole text";
        Finding::new(&UNUSED, input, format!("`{input}`: {problem}"), remedy)
    });
    findings.collect()
}

/// The secrets that wrangler configurations declare, in any of the environments.
fn declared(world: &World) -> BTreeSet<String> {
    let services = world.environments.iter().flat_map(|environment| &environment.services);
    let declared = services.filter_map(|service| {
        let config = world.services.get(&service.key)?.config.as_ref().ok()?;
        let settings = config.settings(service.wrangler_env.as_deref()).ok()?;
        Some(settings.declared_secrets())
    });
    declared.flatten().collect()
}

fn one_for_all(world: &World, wanted: &[Wanted<'_>]) -> Option<Finding> {
    let (previews, others): (Vec<&Wanted<'_>>, Vec<_>) = wanted
        .iter()
        .partition(|wanted| wanted.environment.pull_request.is_some());
    let preview = previews.first()?;
    // Test keys that previews and staging share are meant so, mostly.
    let production: Vec<_> = others
        .iter()
        .filter(|other| other.environment.name == "production")
        .collect();
    let others: Vec<&Wanted<'_>> = if production.is_empty() {
        others
    } else {
        production.into_iter().copied().collect()
    };
    let names = preview.by_variable.keys().copied();
    let shared: Vec<&str> = names
        .filter(|name| others.iter().any(|other| other.by_variable.contains_key(name)))
        .collect();
    let first = shared.first()?;
    let environments: Vec<&str> = others
        .iter()
        .filter(|other| shared.iter().any(|name| other.by_variable.contains_key(name)))
        .map(|other| other.environment.name.as_str())
        .collect();
    let name = &preview.environment.name;
    let finding = Finding::new(
        &ONE_FOR_ALL,
        name,
        format!(
            "`{name}` takes {} from the same {} as {}",
            quoted_list(&shared),
            if shared.len() == 1 { "variable" } else { "variables" },
            quoted_list(&environments)
        ),
        format!(
            "name one of the previews' own under `environments.{name}.secrets`, such as `{first} = \"PREVIEW_{first}\"`, unless GitHub environments hold different values"
        ),
    );
    Some(match &world.document {
        Some(document) => finding.at(document.place(&["environments", name, "secrets"])),
        None => finding,
    })
}
