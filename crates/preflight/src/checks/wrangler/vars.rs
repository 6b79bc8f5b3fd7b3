//! Variables: missing ones, and those that lead to the wrong place. Pure.

use std::collections::BTreeSet;

use actions_core::credential;
use actions_core::environment::{Environment, Service};
use actions_core::text::quoted_list;
use wrangler::{Config, Settings};

use super::look::{Look, Subject};
use super::told::Told;
use super::urls;
use crate::finding::{Kind, Severity};

pub(super) const MISSING: Kind = Kind {
    name: "variable-missing",
    severity: Severity::Warning,
    what: "A Worker lacks a variable in one environment that it has in another.",
    why: "Environments do not inherit `vars`; the code reads `undefined`, and fails only where it uses it.",
    mend: "Set it in that environment of the wrangler configuration, or in the manifest's `vars`.",
};

pub(super) const LOCAL: Kind = Kind {
    name: "variable-of-localhost",
    severity: Severity::Warning,
    what: "A deployed Worker has a variable that leads to `localhost`.",
    why: "The top level of a wrangler configuration is often for `wrangler dev`; on Cloudflare nothing listens there.",
    mend: "Give the environment its own value: `{service.url}` in the manifest's `vars` is the service's address in each.",
};

pub(super) const FOREIGN: Kind = Kind {
    name: "variable-of-another-environment",
    severity: Severity::Warning,
    what: "A Worker's variable leads to a hostname of another environment.",
    why: "A preview that calls production reads and writes production's data, whatever its own database is.",
    mend: "Say `{service.url}` in the manifest's `vars`, which is the service's address in each environment.",
};

pub(super) const SECRET: Kind = Kind {
    name: "secret-in-vars",
    severity: Severity::Warning,
    what: "A variable in plain text looks like a key, a token or a password.",
    why: "`vars` are in the repository's history, and everybody who may see the Worker may read them.",
    mend: "Take it out of `vars`, list it in the service's `secrets`, and make a new value.",
};

pub(super) fn told(look: &Look<'_>, subject: &Subject<'_>) -> Vec<Told> {
    let vars = urls::effective(subject.service, &subject.settings);
    let mut told: Vec<Told> = missing(look, subject).into_iter().collect();
    for (name, value) in vars {
        let hosts = urls::hosts(value);
        let place = || look.place_of_var(subject, name);
        if let Some(host) = hosts.iter().find(|host| urls::is_local(host)) {
            let said = format!("`{name}` leads to `{host}`, where nothing listens for a Worker on Cloudflare");
            told.push(subject.told(&LOCAL, name, said, own_value(look, name), place()));
        }
        let foreign = hosts
            .iter()
            .find_map(|host| Some((host, owner(look, subject.environment, host)?)));
        if let Some((host, (owner, service))) = foreign {
            let said = format!("`{name}` leads to `{host}`, which is `{service}` of `{owner}`");
            let remedy = format!(
                "set `{name} = \"{{{service}.url}}\"` in `services.{}.vars` of the manifest",
                subject.service.key
            );
            told.push(subject.told(&FOREIGN, name, said, remedy, place()));
        }
        if value
            .as_str()
            .is_some_and(|text| credential::reads_as_secret(name, text))
        {
            let said = format!("`{name}` stands in plain text and looks like a secret");
            let remedy = format!(
                "take it out of `vars`, add `{name}` to `services.{}.secrets`, and make a new value",
                subject.service.key
            );
            told.push(subject.told(&SECRET, name, said, remedy, place()));
        }
    }
    told
}

/// The reference that a variable of this name probably wants.
fn own_value(look: &Look<'_>, name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let mut keys = look.manifest.services.keys();
    let meant = keys.find(|key| name.starts_with(key.as_str()));
    let meant = meant.map_or("service", String::as_str);
    format!("give this environment its own value, such as `{{{meant}.url}}` in the manifest's `vars`")
}

/// The other environment that a hostname is of, and the service there. Not this environment's own, whatever others say.
fn owner<'a>(look: &'a Look<'_>, environment: &Environment, host: &str) -> Option<(&'a str, &'a str)> {
    let has = |environment: &'a Environment| {
        let mut services = environment.services.iter();
        services.find(|service| service.hostnames().any(|name| name == host))
    };
    let is_own = environment
        .services
        .iter()
        .any(|service| service.hostnames().any(|name| name == host));
    let mut others = look
        .all
        .iter()
        .filter(|other| other.name != environment.name && !is_own);
    others.find_map(|other| Some((other.name.as_str(), has(other)?.key.as_str())))
}

/// What a Worker reads by name: variables, and secrets that stand for one elsewhere.
fn names(service: &Service, settings: &Settings<'_>) -> BTreeSet<String> {
    let vars = urls::effective(service, settings).into_keys().map(str::to_owned);
    let given = service
        .secrets
        .iter()
        .chain(&service.step_vars)
        .map(|secret| secret.name.clone());
    vars.chain(given).chain(settings.declared_secrets()).collect()
}

fn vars_of(config: &Config, environment: &Environment, key: &str) -> Option<BTreeSet<String>> {
    let service = environment.service(key)?;
    let settings = config.settings(service.wrangler_env.as_deref()).ok()?;
    Some(
        urls::effective(service, &settings)
            .into_keys()
            .map(str::to_owned)
            .collect(),
    )
}

/// Variables that production has, or that production lacks and another environment has beside the top level.
fn missing(look: &Look<'_>, subject: &Subject<'_>) -> Option<Told> {
    // All of them are missing, which is told as such.
    if subject.settings.lost().contains(&"vars") && subject.service.vars.is_empty() {
        return None;
    }
    let (key, here) = (subject.service.key.as_str(), &subject.environment.name);
    let of = |environment: &Environment| vars_of(subject.config, environment, key).unwrap_or_default();
    let top = || {
        let top = subject.config.settings(None).ok();
        let vars = top.and_then(|top| top.get("vars")?.as_object());
        let names = vars.into_iter().flatten().map(|(name, _)| name.clone());
        names.collect::<BTreeSet<String>>()
    };
    let mut others = look.all.iter().filter(|other| other.name != *here);
    let (wanted, owner) = if here == PRODUCTION {
        // What only previews have may be local development's.
        let other = others.find(|other| other.pull_request.is_none())?;
        (&of(other) & &top(), format!("`{}`", other.name))
    } else {
        match others.find(|other| other.name == PRODUCTION) {
            Some(production) => (of(production), format!("`{PRODUCTION}`")),
            None => (top(), "the top level".to_owned()),
        }
    };
    let has = names(subject.service, &subject.settings);
    let lacking: Vec<&String> = wanted.difference(&has).collect();
    if lacking.is_empty() {
        return None;
    }
    let (noun, them) = if lacking.len() == 1 {
        ("variable", "it")
    } else {
        ("variables", "them")
    };
    let said = format!("it lacks {noun} {}, which it has in {owner}", quoted_list(&lacking));
    let section = subject.service.wrangler_env.as_deref();
    let section = section.map_or_else(
        || "`vars` at the top level".to_owned(),
        |section| format!("`env.{section}.vars`"),
    );
    let remedy = format!("add {them} to {section}, or to the manifest's `vars`");
    Some(subject.told(&MISSING, "", said, remedy, subject.place("vars")))
}

/// The environment that the others are held against.
const PRODUCTION: &str = "production";
