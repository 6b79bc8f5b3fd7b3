//! Which variables lead to another service. Pure.

use actions_core::credential::reads_as_secret;
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use super::Plan;
use super::stages::{Kind, Stage};
use super::toml::quoted;

/// Variables by which code tells where it runs; the environment of previews sets them.
pub(super) const WHERE: [&str; 5] = ["ENVIRONMENT", "APP_ENV", "ENV", "STAGE", "DEPLOY_ENV"];

/// A variable of a service that its manifest is to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Var {
    pub(super) name: String,
    pub(super) value: String,
    /// What was guessed, or differs.
    pub(super) why: Option<String>,
}

/// What a Worker's variables are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) vars: Vec<Var>,
    /// Variables that a preview would have from the configuration, and that lead to production or to a developer's
    /// machine: name and value.
    pub(super) literal: Vec<(String, String)>,
    /// Variables that lead to services and to more of production: name, and the value with what is known.
    pub(super) open: Vec<(String, String)>,
    /// Variables that production's section sets, and that a preview would lack.
    pub(super) missing: Vec<String>,
}

/// The variables of a Worker's section, by name.
fn variables(plan: &Plan<'_>, worker: usize, section: Option<&str>) -> IndexMap<String, String> {
    let config = &plan.found.workers[worker].config;
    let vars = config
        .settings(section)
        .ok()
        .and_then(|settings| settings.get("vars")?.as_object().cloned());
    let texts = vars.into_iter().flatten();
    texts
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        })
        .collect()
}

/// The value that production's configuration gives a variable, as TOML; `None` where previews are to have another one, or
/// a line cannot hold it: an address, what looks like a secret, a table.
pub(super) fn of_production(plan: &Plan<'_>, worker: usize, name: &str) -> Option<String> {
    let section = plan.stages.last()?.sections[worker].as_deref();
    let settings = plan.found.workers[worker].config.settings(section).ok()?;
    match settings.get("vars")?.get(name)? {
        Value::String(text) => {
            let is_address = is_address(name) || text.contains("://") || names_zone(plan, text);
            let usable = !is_address && !reads_as_secret(name, text) && !text.contains(['{', '}']);
            usable.then(|| quoted(text))
        }
        value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// Every variable that some section of a Worker's configuration sets.
pub(super) fn set(plan: &Plan<'_>, worker: usize) -> IndexSet<String> {
    let config = &plan.found.workers[worker].config;
    let sections = std::iter::once(None).chain(config.environments().into_iter().map(Some));
    let all = sections.filter_map(|section| config.settings(section).ok()?.get("vars")?.as_object().cloned());
    all.flatten().map(|(name, _)| name).collect()
}

/// The variables of a Worker that lead to services.
pub(super) fn links(plan: &Plan<'_>, worker: usize) -> Links {
    let sections: Vec<IndexMap<String, String>> = plan
        .stages
        .iter()
        .map(|stage| variables(plan, worker, stage.sections[worker].as_deref()))
        .collect();
    let production = plan.stages.len() - 1;
    let mut links = Links::default();
    let mut names = set(plan, worker);
    let read = plan.found.workers[worker].sources.reads.iter();
    names.extend(read.map(|read| read.name.clone()).filter(|name| is_address(name)));
    for name in names {
        let once = || {
            (0..=production)
                .rev()
                .filter(|at| plan.stages[*at].kind != Kind::Preview)
        };
        let told = once().find_map(|at| Some((at, sections[at].get(&name)?)));
        let made = told.and_then(|(at, value)| Some((at, template(plan, at, value)?)));
        if let Some((at, value)) = made {
            if names_zone(plan, &value) {
                links.open.push((name, value));
                continue;
            }
            let mut why = Vec::new();
            for other in once().filter(|other| *other != at) {
                let then = filled(plan, other, &value);
                if let Some(today) = sections[other].get(&name).filter(|today| Some(*today) != then.as_ref()) {
                    why.push(format!(
                        "Look here: `{name}` is `{}` in {} today",
                        shown(today),
                        plan.stages[other].name
                    ));
                }
            }
            let why = (!why.is_empty()).then(|| why.join("; "));
            links.vars.push(Var { name, value, why });
            continue;
        }
        // A section that says nothing of it, or an address on a developer's machine.
        let here = sections[0].get(&name);
        if told.is_none_or(|(_, value)| is_local(value))
            && let Some((sibling, why)) = guessed(plan, worker, &name, here.or(told.map(|(_, value)| value)))
        {
            let is_host = name.ends_with("_HOST") || name.ends_with("_HOSTNAME");
            let part = if is_host { "hostname" } else { "url" };
            links.vars.push(Var {
                value: format!("{{{}.{part}}}", plan.names.keys[sibling]),
                why: Some(why),
                name,
            });
            continue;
        }
        let of_production = told.is_some_and(|(_, value)| names_zone(plan, value));
        match here {
            Some(value) if names_zone(plan, value) || of_production && is_local(value) => {
                links.literal.push((name, shown(value)));
            }
            _ => {}
        }
    }
    links.missing = missing(plan, worker, &links);
    links
}

/// What production's section sets and that of previews does not, whatever kind of value it is.
fn missing(plan: &Plan<'_>, worker: usize, links: &Links) -> Vec<String> {
    let config = &plan.found.workers[worker].config;
    let names = |stage: &Stage| -> Vec<String> {
        let settings = config.settings(stage.sections[worker].as_deref()).ok();
        let vars = settings.and_then(|settings| settings.get("vars")?.as_object());
        vars.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let (Some(preview), Some(production)) = (plan.stages.first(), plan.stages.last()) else {
        return Vec::new();
    };
    let here = names(preview);
    let set = |name: &String| {
        let known = links.vars.iter().map(|var| &var.name);
        here.contains(name)
            || known
                .chain(links.open.iter().map(|(name, _)| name))
                .any(|known| known == name)
    };
    let told = |name: &String| preview.kind == Kind::Preview && WHERE.contains(&name.as_str());
    names(production)
        .into_iter()
        .filter(|name| !set(name) && !told(name))
        .collect()
}

/// A value with its services' addresses as references; `None` where it has none. Braces that it has are doubled.
fn template(plan: &Plan<'_>, stage: usize, value: &str) -> Option<String> {
    let mut made = value.replace('{', "{{").replace('}', "}}");
    let mut found = false;
    let mut addresses: Vec<(usize, String)> = (0..plan.names.keys.len())
        .filter_map(|worker| Some((worker, plan.address(stage, worker)?)))
        .collect();
    // The longest first: one may be the end of another.
    addresses.sort_by_key(|(_, host)| std::cmp::Reverse(host.len()));
    for (worker, host) in addresses {
        let key = &plan.names.keys[worker];
        for (text, reference) in [
            (format!("https://{host}"), format!("{{{key}.url}}")),
            (host.clone(), format!("{{{key}.hostname}}")),
        ] {
            let replaced = replaced(&made, &text, &reference);
            found |= replaced != made;
            made = replaced;
        }
    }
    found.then_some(made)
}

/// Replaces a hostname or URL where it is whole.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let begins = from.starts_with("https://") || !before.chars().last().is_some_and(|c| inside(c) || c == '@');
        let is_whole = begins && !after.chars().next().is_some_and(|c| inside(c) || c == ':');
        made.push_str(before);
        made.push_str(if is_whole { to } else { from });
        rest = after;
    }
    made + rest
}

/// A template's value in an environment that exists once; `None` where an address is not known.
fn filled(plan: &Plan<'_>, stage: usize, template: &str) -> Option<String> {
    let keys = &plan.names.keys;
    let mut known = true;
    let address = |name: &str| {
        let (key, part) = name.split_once('.')?;
        let host = plan.address(stage, keys.iter().position(|other| other == key)?)?;
        Some(if part == "url" { format!("https://{host}") } else { host })
    };
    for reference in actions_core::naming::references(template) {
        known &= address(reference).is_some();
    }
    known.then(|| actions_core::naming::fill_in(template, address))
}

/// The service that a variable means by a developer's port, or by its name.
fn guessed(plan: &Plan<'_>, worker: usize, name: &str, local: Option<&String>) -> Option<(usize, String)> {
    let port = local
        .filter(|value| is_local(value))
        .and_then(|value| value.rsplit_once(':')?.1.trim_end_matches('/').parse::<u64>().ok());
    if let Some(port) = port
        && let Some(sibling) = (0..plan.names.keys.len()).find(|other| dev_port(plan, *other) == Some(port))
    {
        let why = format!("guessed: `{name}` by the port {port} of `{}`", plan.names.keys[sibling]);
        return Some((sibling, why));
    }
    let is_read = plan.found.workers[worker].sources.own.contains(name);
    if !(is_address(name) && (is_read || local.is_some())) {
        return None;
    }
    let stem = stem(name);
    let means = |key: &str, base: &str| {
        let all = [
            key,
            base,
            key.strip_suffix("-api").unwrap_or(key),
            base.strip_suffix("-worker").unwrap_or(base),
        ];
        all.contains(&stem.as_str()) || key == "web" && ["app", "frontend", "site", "web-app"].contains(&stem.as_str())
    };
    let found = (0..plan.names.keys.len()).find(|at| means(&plan.names.keys[*at], &plan.names.bases[*at]));
    found.map(|sibling| (sibling, format!("guessed: `{name}` by its name")))
}

fn dev_port(plan: &Plan<'_>, worker: usize) -> Option<u64> {
    let settings = plan.found.workers[worker].config.settings(None).ok()?;
    settings.get("dev")?.get("port")?.as_u64()
}

fn is_local(value: &str) -> bool {
    [
        "http://localhost",
        "http://127.0.0.1",
        "http://0.0.0.0",
        "http://lvh.me",
    ]
    .iter()
    .any(|local| value.starts_with(local))
}

/// Whether a variable's name says that it holds an address.
pub(super) fn is_address(name: &str) -> bool {
    ["_BASE_URL", "_ENDPOINT", "_HOST", "_HOSTNAME", "_ORIGIN", "_URL"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// What is left of such a name: `auth` of `AUTH_WORKER_URL`.
fn stem(name: &str) -> String {
    let endings = [
        "_BASE_URL",
        "_URL",
        "_ENDPOINT",
        "_HOSTNAME",
        "_HOST",
        "_ORIGIN",
        "_WORKER",
        "_SERVICE",
    ];
    let bare = endings
        .iter()
        .fold(name, |name, ending| name.strip_suffix(ending).unwrap_or(name));
    bare.to_lowercase().replace('_', "-")
}

/// A variable's value as it may be told: an address without who calls and the word for it.
pub(in crate::init) fn shown(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return value.to_owned();
    };
    match rest.split_once('@') {
        Some((caller, host)) if !caller.contains('/') => format!("{scheme}://…@{}", shown(host)),
        _ => value.to_owned(),
    }
}

/// Whether a value holds a name of the zone.
fn names_zone(plan: &Plan<'_>, value: &str) -> bool {
    let zone = plan.hosts.as_ref().map(|hosts| hosts.zone.as_str());
    zone.is_some_and(|zone| value.contains(zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_replaced_where_it_is_whole() {
        for (text, made) in [
            ("https://api.example.com", "{api.url}"),
            (
                "https://api.example.com/v1,https://www.example.com",
                "{api.url}/v1,https://www.example.com",
            ),
            ("https://api.example.com.evil.org", "https://api.example.com.evil.org"),
            ("https://api.example.com:8443", "https://api.example.com:8443"),
        ] {
            assert_eq!(replaced(text, "https://api.example.com", "{api.url}"), made);
        }
        assert_eq!(
            replaced("x-api.example.com api.example.com", "api.example.com", "H"),
            "x-api.example.com H"
        );
    }

    #[test]
    fn who_calls_is_not_told() {
        for (value, told) in [
            ("https://api.example.com/@me", "https://api.example.com/@me"),
            (
                "https://bot:hush@api.example.com,https://b:c@d",
                "https://…@api.example.com,https://…@d",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(shown(value), told);
        }
    }

    #[test]
    fn a_name_says_whose_address_it_holds() {
        for (name, bare) in [
            ("AUTH_WORKER_URL", "auth"),
            ("MEDIA_API_URL", "media-api"),
            ("WEB_APP_URL", "web-app"),
            ("IDENTITY_BASE_URL", "identity"),
        ] {
            assert_eq!(stem(name), bare);
        }
    }
}
