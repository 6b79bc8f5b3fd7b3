//! Which secrets a Worker is given: what its configuration declares, else what its code reads and nothing sets. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Plan;
use super::links::{self, Links, Var};
use crate::init::found::sources::{How, Read};

/// The secrets of a Worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    pub(super) names: Vec<String>,
    /// Where they were found, when nothing declares them.
    pub(super) guessed: Option<String>,
    /// Names that the code reads, and that may or may not be wanted.
    pub(super) perhaps: Vec<String>,
}

/// Parts of names by which a value is secret.
const SECRET: [&str; 18] = [
    "ACCESS_KEY",
    "API_KEY",
    "APIKEY",
    "AUTH_KEY",
    "CONNECTION_STRING",
    "CREDENTIAL",
    "DATABASE_URL",
    "DB_URL",
    "DSN",
    "ENCRYPTION",
    "PASSPHRASE",
    "PASSWORD",
    "POSTGRES_URL",
    "PRIVATE_KEY",
    "REDIS_URL",
    "SECRET",
    "SIGNING_KEY",
    "TOKEN",
];

pub(super) fn secrets(plan: &Plan<'_>, worker: usize, links: &Links) -> Secrets {
    let config = &plan.found.workers[worker].config;
    let mut declared: Vec<String> = Vec::new();
    for section in plan.stages.iter().map(|stage| stage.sections[worker].as_deref()) {
        let settings = config.settings(section).ok();
        for name in settings.iter().flat_map(wrangler::Settings::declared_secrets) {
            if !declared.contains(&name) {
                declared.push(name);
            }
        }
    }
    if !declared.is_empty() {
        return Secrets {
            names: declared,
            ..Secrets::default()
        };
    }
    let taken = taken(plan, worker, links);
    let open = || {
        plan.found.workers[worker]
            .sources
            .reads
            .iter()
            .filter(|read| !taken.contains(&read.name) && !links::WHERE.contains(&read.name.as_str()))
    };
    let sure = |read: &&Read| match read.how {
        _ if read.name.contains("LOCAL") => false,
        How::Example { local } => !local && !links::is_address(&read.name) || is_secret(&read.name),
        How::Declared => !links::is_address(&read.name) || is_secret(&read.name),
        How::Used => is_secret(&read.name),
        // A shared package may read what only some of its users have.
        How::Below => read.name == "DATABASE_URL",
        How::Optional => false,
    };
    let (names, perhaps): (Vec<&Read>, Vec<&Read>) = open().partition(sure);
    let files: BTreeSet<&str> = names.iter().map(|read| read.file.as_str()).collect();
    let files: Vec<String> = files.into_iter().map(|file| format!("`{file}`")).collect();
    Secrets {
        guessed: (!names.is_empty()).then(|| files.join(", ")),
        names: names.into_iter().map(|read| read.name.clone()).collect(),
        // Settings that only shared packages read are nobody's worry.
        perhaps: perhaps
            .into_iter()
            .filter(|read| {
                is_secret(&read.name) && !read.name.contains("LOCAL")
                    || plan.found.workers[worker].sources.own.contains(&read.name)
            })
            .map(|read| read.name.clone())
            .collect(),
    }
}

pub(super) fn is_secret(name: &str) -> bool {
    let public = name.contains("PUBLISHABLE") || name.contains("PUBLIC_KEY");
    !public && (name.ends_with("_KEY") || SECRET.iter().any(|part| name.contains(part)))
}

/// What a Worker has under a name already: variables and bindings of any section, and what the manifest sets.
fn taken(plan: &Plan<'_>, worker: usize, links: &Links) -> BTreeSet<String> {
    let mut taken: BTreeSet<String> = links::set(plan, worker).into_iter().collect();
    taken.extend(links.vars.iter().map(|Var { name, .. }| name.clone()));
    let config = &plan.found.workers[worker].config;
    for section in std::iter::once(None).chain(config.environments().into_iter().map(Some)) {
        let Ok(settings) = config.settings(section) else {
            continue;
        };
        for key in settings.keys() {
            bindings(settings.get(key), &mut taken);
        }
        let durable = settings
            .get("durable_objects")
            .and_then(|it| it.get("bindings")?.as_array());
        let names = durable.into_iter().flatten().filter_map(|it| it.get("name")?.as_str());
        taken.extend(names.map(str::to_owned));
    }
    taken
}

/// Every `binding` in a value.
fn bindings(value: Option<&Value>, found: &mut BTreeSet<String>) {
    match value {
        Some(Value::Array(items)) => items.iter().for_each(|item| bindings(Some(item), found)),
        Some(Value::Object(fields)) => {
            found.extend(fields.get("binding").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|item| bindings(Some(item), found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_that_its_value_is_secret() {
        for name in [
            "STRIPE_SECRET_KEY",
            "RESEND_API_KEY",
            "DATABASE_URL",
            "JWT_SIGNING_KEY",
            "GH_TOKEN",
            "SENTRY_DSN",
            "SMTP_PASSWORD",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "LOG_LEVEL",
            "API_URL",
            "STRIPE_PUBLISHABLE_KEY",
            "JWT_PUBLIC_KEY",
            "KEYBOARD",
            "REGION",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
