//! The services' secrets on their way to the step that deploys, and production's where they do not belong.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::environment::Environment;
use actions_core::text::quoted_list;

use super::Facts;
use super::ours;
use super::uses::{Named, Use, text_of};
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Severity};

/// What `neon-branch` leads a step to the database by.
const DATABASE: &str = "DATABASE_URL";

pub(super) const MISSING: Kind = Kind {
    name: "workflow-secret-missing",
    severity: Severity::Error,
    what: "A step deploys, and nothing gives it a secret, or a variable of `step-vars`, that a service of the manifest needs; or a called workflow is not given what it needs.",
    why: "Nothing is deployed without it. A secret is in a job only where `env` or `with` names it.",
    mend: "Add it to `env` of the step, or give all of them as one by `worker-secrets`, and variables by `step-vars`.",
};

pub(super) const PRODUCTION: Kind = Kind {
    name: "workflow-production-secret",
    severity: Severity::Warning,
    what: "A job that makes previews is given a secret whose name says that it is production's.",
    why: "A preview runs the code of a pull request that nobody has merged: with production's key it sends real mail, or charges real cards.",
    mend: "Give previews a key of their own, and name it in `secrets` of the environment.",
};

pub(super) const ENVIRONMENT: Kind = Kind {
    name: "workflow-environment-production",
    severity: Severity::Warning,
    what: "A job that makes previews is in the GitHub environment of an environment that exists once.",
    why: "It has that environment's secrets and variables, and each preview counts as a deployment of it; where the environment asks for reviewers, every pull request waits for them.",
    mend: "Give previews a GitHub environment of their own, or none.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for used in &facts.uses {
        findings.extend(token(used));
        findings.extend(missing(facts, used));
        if facts.makes_preview(used) {
            findings.extend(production(used));
            findings.extend(environment(facts, used));
        }
    }
    findings
}

/// The environment that a use deploys to, when that is known.
fn environment_of<'a>(facts: &Facts<'a>, used: &Use<'_>) -> Option<&'a Environment> {
    let name = match used.environment() {
        Named::Given(name) => name,
        Named::Default if used.starts_on_pull_requests() => "preview".to_owned(),
        Named::Default | Named::Unknown => return None,
    };
    facts.environments.iter().find(|environment| environment.name == name)
}

fn missing(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let environment = environment_of(facts, used)?;
    if !used.deploys() || used.input("path").is_some() {
        return None;
    }
    if used.ours.is_workflow {
        of_call(environment, used)
    } else {
        of_step(facts, environment, used)
    }
}

/// Cloudflare's, without which none of the called workflows does anything but test.
fn token(used: &Use<'_>) -> Option<Finding> {
    const TOKEN: &str = "CLOUDFLARE_API_TOKEN";
    let (_, job) = used.holder()?;
    let secrets = job.get("secrets");
    let passes = secrets.is_some_and(|secrets| secrets.text().is_some() || secrets.get(TOKEN).is_some());
    if !used.ours.is_workflow || !used.ours.secrets.contains(TOKEN) || passes {
        return None;
    }
    let said = format!("`{}.yml` is not given `{TOKEN}`", used.ours.name);
    let remedy = format!("pass `{TOKEN}: ${{{{ secrets.{TOKEN} }}}}` under `secrets`");
    Some(Finding::new(&MISSING, TOKEN, said, remedy).at(used.place("secrets")?))
}

/// A called workflow takes them as one text; its own steps have the database's.
fn of_call(environment: &Environment, used: &Use<'_>) -> Option<Finding> {
    let (_, job) = used.holder()?;
    let is_passed = |secrets: &Node| secrets.text().is_some() || secrets.get("WORKER_SECRETS").is_some();
    let names: BTreeSet<&str> = environment
        .services
        .iter()
        .flat_map(|service| &service.secrets)
        .map(|secret| secret.variable.as_str())
        .filter(|name| *name != DATABASE)
        .collect();
    if names.is_empty() || job.get("secrets").is_some_and(is_passed) {
        return None;
    }
    let said = format!(
        "`{}.yml` is not given {}, which services of `{}` need",
        used.ours.name,
        quoted_list(&names.into_iter().collect::<Vec<_>>()),
        environment.name
    );
    let remedy =
        "pass `WORKER_SECRETS: ${{ secrets.WORKER_SECRETS }}` under `secrets`, with a line `NAME=value` for each";
    Some(Finding::new(&MISSING, used.file(), said, remedy).at(used.place("secrets")?))
}

fn of_step(facts: &Facts<'_>, environment: &Environment, used: &Use<'_>) -> Option<Finding> {
    if used.command("deploy").as_deref() != Some("deploy") || is_given_unseen(facts, used) {
        return None;
    }
    let chosen = used.input("services");
    let is_chosen = |key: &str| {
        let list = chosen.as_deref();
        list.is_none_or(|list| list.split([',', '\n', ' ']).any(|name| name.trim() == key))
    };
    let given = variables(used);
    // By the step's variable, where such a value comes from.
    let mut wanted: BTreeMap<&str, String> = BTreeMap::new();
    for service in environment.services.iter().filter(|service| is_chosen(&service.key)) {
        for (list, from) in [(&service.secrets, "secrets"), (&service.step_vars, "vars")] {
            // Which ones the input gives, the run alone knows.
            if from == "vars" && used.input("step-vars").is_some() {
                continue;
            }
            let missing = list.iter().filter(|one| !given.contains(one.variable.as_str()));
            wanted.extend(missing.map(|one| (one.variable.as_str(), format!("{from}.{}", one.variable))));
        }
    }
    if let Some(from) = wanted.get_mut(DATABASE) {
        // The connection string is made by the run.
        let branch = used.before.iter().find_map(|step| {
            let name = step.node.get("uses").and_then(Node::text)?;
            let ours = ours::named(facts.repository, name)?;
            step.node
                .get("id")
                .and_then(Node::text)
                .filter(|_| ours.name == "neon-branch")
        });
        *from = format!("steps.{}.outputs.database-url-pooled", branch.unwrap_or("branch"));
    }
    let (first, from) = wanted.first_key_value()?;
    let names: Vec<&str> = wanted.keys().copied().collect();
    let pronoun = if names.len() == 1 { "it" } else { "them" };
    let said = format!(
        "nothing gives this step {}, which services of `{}` need",
        quoted_list(&names),
        environment.name
    );
    let remedy = format!("add {pronoun} to `env` of the step, such as `{first}: ${{{{ {from} }}}}`");
    Some(Finding::new(&MISSING, used.file(), said, remedy).at(used.place("env")?))
}

/// Whether variables may come from where nobody sees them: the one text of all secrets, an earlier step.
fn is_given_unseen(facts: &Facts<'_>, used: &Use<'_>) -> bool {
    if used.input("worker-secrets").is_some() || used.input("services").is_some_and(|list| list.contains("${{")) {
        return true;
    }
    // A whole table from an expression.
    if envs(used).iter().any(|(_, env)| env.text().is_some()) {
        return true;
    }
    used.before.iter().any(|step| {
        let run = step.node.get("run").and_then(Node::text).unwrap_or_default();
        let action = step.node.get("uses").and_then(Node::text).unwrap_or_default();
        let is_quiet =
            action.is_empty() || action.starts_with("actions/") || ours::named(facts.repository, action).is_some();
        run.contains("GITHUB_ENV") || !is_quiet
    })
}

/// Every `env` that reaches a step.
fn envs<'a>(used: &Use<'a>) -> Vec<(&'a Document, &'a Node)> {
    let around = used.chain.iter().flat_map(|job| {
        [
            (job.workflow, job.workflow.get(&["env"])),
            (job.workflow, job.node.get("env")),
        ]
    });
    // A job's container has variables of its own.
    let containers = used.chain.iter().map(|job| {
        let container = job.node.get("container");
        (job.workflow, container.and_then(|container| container.get("env")))
    });
    let around = around.chain(containers);
    let steps = used.steps.iter().map(|step| (step.document, step.node.get("env")));
    let all = around.chain(steps);
    all.filter_map(|(document, node)| Some((document, node?))).collect()
}

fn variables<'a>(used: &Use<'a>) -> BTreeSet<&'a str> {
    envs(used)
        .into_iter()
        .flat_map(|(_, env)| env.entries())
        .map(|(name, _)| name)
        .collect()
}

/// The words that say that a key is production's.
const WORDS: [&str; 3] = ["PRODUCTION", "PROD", "LIVE"];

fn production(used: &Use<'_>) -> Vec<Finding> {
    let mut given: Vec<(&Document, &str, &Node)> = Vec::new();
    for (document, env) in envs(used) {
        given.extend(env.entries().map(|(key, node)| (document, key, node)));
    }
    if let Some((document, holder)) = used.holder() {
        for key in ["with", "secrets"] {
            let table = holder.get(key).into_iter().flat_map(Node::entries);
            given.extend(table.map(|(key, node)| (document, key, node)));
        }
    }
    let mut findings = Vec::new();
    for (document, key, node) in given {
        let text = text_of(node).unwrap_or_default();
        // Which of two it is, is decided by the run.
        if text.contains("&&") || text.contains("||") {
            continue;
        }
        let secret = names(&text).find(|name| {
            name.split('_')
                .any(|word| WORDS.contains(&word.to_uppercase().as_str()))
        });
        if let Some(secret) = secret {
            let said = format!("a preview is given `secrets.{secret}` as `{key}`");
            let remedy = format!(
                "give previews a value of their own, such as `secrets.{}`",
                of_preview(secret)
            );
            findings.push(Finding::new(&PRODUCTION, secret, said, remedy).at(document.place_of(node)));
        }
    }
    findings
}

/// The secrets that an expression names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let name = |rest: &str| {
        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len())
    };
    text.split("secrets.").skip(1).map(move |rest| &rest[..name(rest)])
}

fn of_preview(secret: &str) -> String {
    let words = secret.split('_').map(|word| {
        if WORDS.contains(&word.to_uppercase().as_str()) {
            "PREVIEW"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join("_")
}

fn environment(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let given = used.input("github-environment");
    let by_job = used.chain.iter().find_map(|job| {
        let node = job.node.get("environment")?;
        let name = text_of(node.get("name").unwrap_or(node))?;
        Some((name, job.workflow.place_of(node)))
    });
    let by_input = given.and_then(|name| Some((name, used.place("with")?)));
    let (name, place) = by_input.or(by_job)?;
    let spec = facts
        .manifest
        .and_then(|manifest| manifest.environments.get(name.trim()));
    let is_once = spec.map_or(name.trim().eq_ignore_ascii_case("production"), |spec| {
        !spec.is_per_pull_request()
    });
    if !is_once {
        return None;
    }
    let said = format!("previews are made in the GitHub environment `{name}`");
    let remedy = "give previews a GitHub environment of their own, or none";
    Some(Finding::new(&ENVIRONMENT, used.file(), said, remedy).at(place))
}
