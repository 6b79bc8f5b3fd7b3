//! Variables: missing ones, ones that lead to another environment or to nowhere, secrets in plain text.

use actions_core::credential::{carries, looks_drawn};
use actions_core::environment::Environment;
use actions_core::manifest::Routing;
use actions_core::text::quoted_list;
use serde_json::Value;

use super::looked::Looked;
use crate::finding::{Finding, Kind, Severity};
use crate::world::World;

pub(super) const MISSING: Kind = Kind {
    name: "variable-missing",
    severity: Severity::Warning,
    what: "An environment's Worker lacks a variable that production's has.",
    why: "wrangler environments inherit no `vars`: the code finds `undefined` there, and only there.",
    mend: "Add it to `vars` of that environment in the wrangler configuration, or to the manifest's `vars`.",
};

pub(super) const ELSEWHERE: Kind = Kind {
    name: "variable-of-another-environment",
    severity: Severity::Warning,
    what: "A variable holds a hostname of another environment.",
    why: "A preview that calls production's address reads and writes production's data.",
    mend: "Let the manifest fill it in: `vars = { NAME = \"{service.url}\" }` of the service.",
};

pub(super) const LOCALHOST: Kind = Kind {
    name: "variable-of-localhost",
    severity: Severity::Warning,
    what: "A variable of an environment that is deployed leads to localhost.",
    why: "There is nothing at localhost for a Worker at Cloudflare. Pull requests take the top level's `vars`, which are often local development's.",
    mend: "Let the manifest fill it in: `vars = { NAME = \"{service.url}\" }` of the service, or `vars` of the environment.",
};

pub(super) const SECRET: Kind = Kind {
    name: "secret-in-vars",
    severity: Severity::Warning,
    what: "A variable in a wrangler configuration looks like a secret.",
    why: "It stands in the repository, in the dashboard and in every bundle, for everybody who may read one of them.",
    mend: "Make a new value at whoever issues it, name it under `secrets` of the service, and take it out of `vars`.",
};

pub(super) const SIBLING_BY_URL: Kind = Kind {
    name: "sibling-by-url",
    severity: Severity::Note,
    what: "A Worker has a sibling's URL in a variable and no service binding to it, in an environment whose hostnames are routes.",
    why: "If the Worker calls that URL with `fetch`, the sibling does not answer: a Worker's `fetch` to a route of its own zone goes past Workers. To a custom domain it works; for links, redirects and CORS it does not matter.",
    mend: "Call the sibling by a service binding (`services` in the wrangler configuration, `env.NAME.fetch(request)`): `deploy-workers` points it at the same environment. Or use `routing = \"custom-domain\"`.",
};

pub(super) fn of_service(world: &World, looked: &Looked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(missing(world, looked));
    let others = hostnames_of_others(world, looked.environment);
    for (name, value) in looked.configured() {
        findings.extend(leads(looked, name, value, &others));
        findings.extend(secret(looked, name, value));
    }
    findings.extend(siblings(looked));
    findings
}

/// What production has and this environment has not.
fn missing(world: &World, looked: &Looked<'_>) -> Option<Finding> {
    let production = world
        .environments
        .iter()
        .find(|environment| environment.name == "production")?;
    if looked.environment.name == production.name {
        return None;
    }
    let theirs = Looked::of(world, production, production.service(&looked.service.key)?)?;
    let ours = looked.vars();
    let service = looked.service;
    let given = |name: &str| {
        service
            .secrets
            .iter()
            .chain(&service.step_vars)
            .any(|given| given.name == name)
    };
    let missing: Vec<&str> = theirs
        .vars()
        .into_keys()
        .filter(|name| !ours.contains_key(name) && !given(name))
        .collect();
    let first = missing.first()?;
    let name = &looked.environment.name;
    let said = format!(
        "`{}` would be without {} in `{name}`, which it has in production",
        service.key,
        quoted_list(&missing)
    );
    let remedy = format!(
        "add `\"{first}\": …` to `vars` of {}, or to `vars` of the manifest",
        looked.section()
    );
    Some(looked.finding(&MISSING, &["vars"], said, remedy))
}

/// Hostnames of the other environments that exist once, with the environment's and the service's name.
fn hostnames_of_others(world: &World, environment: &Environment) -> Vec<(String, String, String)> {
    let own: Vec<&str> = environment
        .services
        .iter()
        .flat_map(|service| service.hostnames())
        .collect();
    let others = world
        .environments
        .iter()
        .filter(|other| other.name != environment.name && other.pull_request.is_none());
    let mut found = Vec::new();
    for other in others {
        for service in &other.services {
            let hosts = service
                .hostnames()
                .filter(|host| !host.starts_with('*') && !own.contains(host));
            found.extend(hosts.map(|host| (host.to_owned(), other.name.clone(), service.key.clone())));
        }
    }
    found
}

fn leads(looked: &Looked<'_>, name: &str, value: &Value, others: &[(String, String, String)]) -> Option<Finding> {
    let text = value.as_str()?;
    let host = host(text)?;
    let here = &looked.environment.name;
    let key = &looked.service.key;
    let path = ["vars", name];
    if matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0") {
        let said = format!("`{name}` of `{key}` would be `{text}` in `{here}`");
        let remedy =
            format!("give it a value in the manifest: `{name} = \"{{<service>.url}}\"` in `vars` of `services.{key}`");
        return Some(looked.finding(&LOCALHOST, &path, said, remedy));
    }
    let (_, theirs, sibling) = others.iter().find(|(other, _, _)| other == host)?;
    let said = format!("`{name}` of `{key}` would lead `{here}` to `{host}`, which is `{sibling}` of `{theirs}`");
    let remedy = format!("write `{name} = \"{{{sibling}.url}}\"` in `vars` of `services.{key}` in the manifest");
    Some(looked.finding(&ELSEWHERE, &path, said, remedy))
}

/// The host of a URL.
fn host(text: &str) -> Option<&str> {
    let rest = ["https://", "http://", "wss://", "ws://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    if authority.starts_with('[') {
        return Some(&authority[..=authority.find(']')?]);
    }
    authority.split(':').next()
}

fn secret(looked: &Looked<'_>, name: &str, value: &Value) -> Option<Finding> {
    let text = value.as_str()?;
    let has_password = text.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    let is_key = [
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "whsec_",
        "ghp_",
        "github_pat_",
        "xoxb-",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    if !(has_password || is_key || carries(name) && looks_drawn(text)) {
        return None;
    }
    let said = format!(
        "`{name}` of `{}` looks like a secret, and stands in the repository",
        looked.service.key
    );
    let remedy = format!(
        "make a new value, name `{name}` under `secrets` of `services.{}`, and take it out of `vars`",
        looked.service.key
    );
    Some(looked.finding(&SECRET, &["vars", name], said, remedy))
}

/// Siblings that the Worker knows by URL alone, where a `fetch` would not reach them.
fn siblings(looked: &Looked<'_>) -> Option<Finding> {
    if looked.environment.routing != Routing::Route {
        return None;
    }
    let vars = looked.vars();
    let bound: Vec<String> = looked
        .settings
        .bindings()
        .into_iter()
        .map(|(_, _, resource)| resource.id)
        .collect();
    let mut named = Vec::new();
    let mut siblings = Vec::new();
    for (name, value) in &vars {
        let Some(host) = value.as_str().and_then(host) else {
            continue;
        };
        let sibling = looked
            .environment
            .services
            .iter()
            .find(|sibling| sibling.hostnames().any(|own| own == host));
        let Some(sibling) = sibling.filter(|sibling| sibling.key != looked.service.key) else {
            continue;
        };
        let is_bound = bound.iter().any(|worker| {
            *worker == sibling.worker || *worker == sibling.base || worker.starts_with(&format!("{}-", sibling.base))
        });
        if !is_bound {
            named.push(*name);
            siblings.push(sibling.key.as_str());
        }
    }
    siblings.dedup();
    if named.is_empty() {
        return None;
    }
    let (name, key) = (&looked.environment.name, &looked.service.key);
    let said = format!(
        "`{key}` knows {} by URL alone ({}): in `{name}`, where hostnames are routes, a `fetch` to it would not reach the Worker",
        quoted_list(&siblings),
        quoted_list(&named)
    );
    let remedy = "if the code calls it with `fetch`, bind it under `services` of the wrangler configuration; links, redirects and CORS are fine".to_owned();
    Some(looked.finding(&SIBLING_BY_URL, &["vars"], said, remedy))
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_of_urls() {
        for (text, expected) in [
            ("https://api.example.com/x?y", Some("api.example.com")),
            ("http://localhost:8787", Some("localhost")),
            ("wss://me:pw@a.example.com:1/x", Some("a.example.com")),
            ("http://[::1]:80/", Some("[::1]")),
            ("api.example.com", None),
            ("production", None),
        ] {
            assert_eq!(host(text), expected, "{text}");
        }
    }
}
