//! What `deploy-workers validate` refuses, with the same words, before anything is built.

use std::collections::BTreeSet;

use actions_core::manifest::Uploader;
use wrangler::keys;
use wrangler::project::check;
use wrangler::project::problem::Rule;

use super::look::{Look, Subject};
use super::told::{Told, split};
use crate::finding::{Finding, Kind, Severity};
use crate::init::found::running::is_service_worker;

pub(super) const REFUSED: Kind = Kind {
    name: "wrangler-refused",
    severity: Severity::Error,
    what: "A configuration asks for what this uploader does not deploy.",
    why: "A part of the Worker would be missing, so that `deploy-workers` ends before it begins.",
    mend: "Set `uploader = \"wrangler\"` for the service in the manifest, or take the key out.",
};

pub(super) const ACCOUNT: Kind = Kind {
    name: "account-differs",
    severity: Severity::Error,
    what: "A configuration's `account_id` is not the account that the step has.",
    why: "wrangler prefers the configuration's `account_id` to its variable, so that the two would deploy to different accounts.",
    mend: "Take `account_id` out of the configuration, or give the step the same account.",
};

pub(super) const CUSTOM_DOMAIN: Kind = Kind {
    name: "custom-domain-pattern",
    severity: Severity::Error,
    what: "A custom domain has a wildcard or a path.",
    why: "Cloudflare attaches custom domains to whole hostnames: wrangler refuses the configuration, and bundles nothing.",
    mend: "Take `custom_domain` out of a pattern with `*` or `/`, or the pattern out of a custom domain; hostnames are the manifest's.",
};

pub(super) const ISOLATION: Kind = Kind {
    name: "binding-reaches-out",
    severity: Severity::Error,
    what: "An environment uses something outside its Workers that another environment uses, or that all pull requests would share: a KV namespace, a bucket, a database, a queue, another project's Worker.",
    why: "What one environment writes, the other reads: sessions, limits and data of production change with a preview.",
    mend: "Give each environment its own (`kv` of the service, `r2` and `d1` of the environment, a section of the wrangler configuration), or name the binding in the environment's `shared`.",
};

pub(super) const CLASH: Kind = Kind {
    name: "name-clash",
    severity: Severity::Error,
    what: "One name means two things: a variable and a secret, a variable and a binding, texts and other values.",
    why: "A Worker has one value for a name; wrangler lets the variable replace the secret without a word.",
    mend: "Rename one, or take one out.",
};

pub(super) const WITHOUT_ID: Kind = Kind {
    name: "binding-without-id",
    severity: Severity::Error,
    what: "A binding says nothing of what it leads to.",
    why: "wrangler would make a resource of its own for each Worker, which nobody removes; here the manifest says whose it is.",
    mend: "Give the binding an id, or list it in the service's `kv` or the environment's `r2` or `d1`.",
};

pub(super) const WITHOUT_CODE: Kind = Kind {
    name: "worker-without-code",
    severity: Severity::Error,
    what: "A Worker of assets alone is given secrets, variables or namespaces.",
    why: "There is no code that could read them; wrangler refuses most of them.",
    mend: "Take them out of the service, or give the configuration a `main`.",
};

pub(super) const DATE: Kind = Kind {
    name: "compatibility-date-wrong",
    severity: Severity::Error,
    what: "The compatibility date is missing, in the future, or no date.",
    why: "Without one Cloudflare takes 2021-11-02, and the Worker runs as it never did in development; a later one is refused.",
    mend: "Set `compatibility_date` to the day on which the Worker was last tried.",
};

pub(super) const NOT_INHERITED: Kind = Kind {
    name: "binding-not-inherited",
    severity: Severity::Error,
    what: "Variables or bindings stand at the top level only, though an environment is deployed.",
    why: "wrangler's environments inherit none of them; it warns, and deploys a Worker without.",
    mend: "Repeat the key in the environment, or leave it out on purpose with an empty one.",
};

pub(super) const UNREAD: Kind = Kind {
    name: "environment-unread",
    severity: Severity::Error,
    what: "What another environment uses cannot be read from a configuration.",
    why: "Nothing can be compared with it: a preview could use production's data unseen.",
    mend: "Add that environment to the wrangler configuration, or correct its `wrangler-env` in the manifest.",
};

pub(super) const UNUSED: Kind = Kind {
    name: "binding-unknown",
    severity: Severity::Error,
    what: "The manifest's `r2` or `d1` names a binding that no service has.",
    why: "It is probably misspelt, and then the environment uses another one's bucket or database.",
    mend: "Correct the name, or take it out.",
};

/// All of it. What is `broken` (an environment and a service's configuration without it) is told already.
pub(super) fn told(look: &Look<'_>, broken: &BTreeSet<(String, String)>) -> Vec<Told> {
    let mut all = Vec::new();
    for environment in &look.world.environments {
        let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
        let scope = look.scope(environment, &chosen);
        let project = look.project(environment);
        for (key, problem) in project.foresee(scope, look.today) {
            let named = || broken.iter().any(|(_, service)| *service == key);
            if problem.rule == Rule::Unread && named() {
                continue;
            }
            let subject = environment
                .service(&key)
                .and_then(|service| look.subject(environment, service));
            let Some(subject) = subject else { continue };
            let text = look.without_checkout(&problem.text);
            let (mut said, mut remedy) = split(&text);
            let mut place = subject.place(&problem.about);
            match problem.rule {
                Rule::WithoutCode => place = look.in_manifest(&["services", &key]),
                Rule::Date => {
                    remedy = format!(
                        "set it to the day on which the Worker was last tried, such as `{}`",
                        look.today
                    );
                    said = text;
                    // Environments inherit it.
                    place = subject.place_in_file(&problem.about);
                }
                // What an environment inherits is told once.
                Rule::UnknownKey
                    if all
                        .iter()
                        .any(|told: &Told| told.service == key && told.about == problem.about) =>
                {
                    continue;
                }
                Rule::UnknownKey => {
                    let near = keys::meant(&problem.about);
                    let near = near.map(|near| format!("write `{near}` if that is meant, else "));
                    remedy = near.unwrap_or_default() + &remedy;
                }
                _ => {}
            }
            all.push(subject.told(kind(problem.rule), &problem.about, said, remedy, place));
        }
    }
    all
}

/// Sources in the service worker format, which a bundle would tell.
pub(super) fn of_source(subject: &Subject<'_>) -> Option<Told> {
    let main = subject.settings.text("main")?;
    let ours = subject.service.uploader == Uploader::Api;
    (ours && is_service_worker(&subject.config.folder().join(main))).then(|| {
        let (said, remedy) = split(check::SERVICE_WORKER);
        subject.told(&REFUSED, "main", said, remedy, subject.place("main"))
    })
}

/// Bindings of the environments' `r2` and `d1` that no service has.
pub(super) fn unused(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for environment in &look.world.environments {
        let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
        let scope = look.scope(environment, &chosen);
        for problem in look.project(environment).foresee_unused(scope) {
            let map = if problem.text.contains(".r2`") { "r2" } else { "d1" };
            let path = ["environments", &environment.name, map, &problem.about];
            let subject = path.join(".");
            let remedy = "correct the name, or take it out";
            findings.push(Finding::new(&UNUSED, subject, problem.text, remedy).at(look.in_manifest(&path)));
        }
    }
    findings
}

fn kind(rule: Rule) -> &'static Kind {
    match rule {
        Rule::Refused => &REFUSED,
        Rule::Account => &ACCOUNT,
        Rule::CustomDomain => &CUSTOM_DOMAIN,
        Rule::Isolation | Rule::UnknownKey => &ISOLATION,
        Rule::Clash => &CLASH,
        Rule::WithoutId => &WITHOUT_ID,
        Rule::WithoutCode => &WITHOUT_CODE,
        Rule::Date => &DATE,
        Rule::NotInherited => &NOT_INHERITED,
        Rule::Unread => &UNREAD,
        Rule::Unused => &UNUSED,
    }
}
