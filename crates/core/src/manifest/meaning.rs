//! What a well-formed manifest must also mean: templates that can make distinct names and read them back, needs that
//! exist, no name that is both secret and variable.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::check::Problem;
use super::{EnvironmentSpec, Manifest, OnLimit, Routing, ServiceSpec, graph, hosts};
use crate::naming::{self, PLACEHOLDERS};

/// Neon refuses an expiry further ahead.
const LONGEST_EXPIRY: Duration = Duration::from_hours(30 * 24);

/// The seconds that a record which is not proxied may be kept (Cloudflare).
const TTL: std::ops::RangeInclusive<u64> = 60..=86_400;

/// All problems of meaning; `more` are others', by section.
pub(super) fn check(manifest: &Manifest, text: &str, more: Vec<(String, String)>) -> Vec<Problem> {
    let mut found = Found {
        text,
        problems: Vec::new(),
    };
    for (section, problem) in more {
        found.add(&section, problem);
    }
    if manifest.services.is_empty() {
        found.add("[services", "`services` is empty: name at least one Worker".to_owned());
    }
    if !manifest.project.url.contains("{hostname}") {
        found.add("url", "`project.url` is to contain `{hostname}`".to_owned());
    }
    let front = manifest.project.front.as_deref();
    if let Some(front) = front.filter(|front| !manifest.services.contains_key(*front)) {
        found.unknown_service(manifest, "front", "`project.front`", front);
    }
    hosts::zone(manifest, &mut found);
    let others = naming::placeholders(&manifest.project.url);
    for unknown in others.into_iter().filter(|name| *name != "hostname") {
        let text = format!("`project.url`: `{{{unknown}}}` is no placeholder; known: `{{hostname}}`");
        found.add("url", text);
    }
    database_variables(manifest, &mut found);
    for (name, environment) in &manifest.environments {
        templates(manifest, name, environment, &mut found);
        hosts::of_environment(manifest, name, environment, &mut found);
        database(manifest, name, environment, &mut found);
        limit(name, environment, &mut found);
        records(manifest, name, environment, &mut found);
        resources(manifest, name, environment, &mut found);
        let place = format!("environments.{name}");
        variables(manifest, &place, &environment.vars, &[(name, environment)], &mut found);
    }
    let environments: Vec<_> = manifest.environments.iter().collect();
    for (key, service) in &manifest.services {
        references(manifest, key, service, &mut found);
        hosts::of_service(key, service, &mut found);
        let place = format!("services.{key}");
        variables(manifest, &place, &service.vars, &environments, &mut found);
        secrets(manifest, key, service, &mut found);
    }
    for (name, reason) in &manifest.preflight.silence {
        if reason.trim().is_empty() {
            let text = format!("`preflight.silence.{name}`: say why it is meant so");
            found.add("silence", text);
        }
    }
    let needs = manifest
        .services
        .iter()
        .map(|(key, service)| (key.clone(), service.needs.clone()))
        .collect();
    if let Err(cycle) = graph::waves(&needs) {
        found.add("needs", cycle.to_string());
    }
    found.problems.sort_by_key(|problem| problem.at);
    found.problems
}

pub(super) struct Found<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Found<'_> {
    /// Records a problem where `needle` first stands; at the start when it is written in another way.
    pub(super) fn add(&mut self, needle: &str, text: String) {
        self.problems.push(Problem {
            at: self.text.find(needle).unwrap_or(0),
            text,
        });
    }

    /// A service that the manifest does not have.
    pub(super) fn unknown_service(&mut self, manifest: &Manifest, section: &str, place: &str, service: &str) {
        let meant = crate::text::nearest(service, manifest.services.keys().map(String::as_str));
        let meant = meant
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        self.add(section, format!("{place}: there is no service `{service}`{meant}"));
    }

    /// Placeholders that a template of an environment cannot have.
    pub(super) fn unknown_placeholders(&mut self, section: &str, place: &str, template: &str) {
        let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
        let used = naming::placeholders(template);
        for unknown in used.into_iter().filter(|name| !PLACEHOLDERS.contains(name)) {
            self.add(
                section,
                format!("{place}: `{{{unknown}}}` is no placeholder; known: {known}"),
            );
        }
    }
}

fn templates(manifest: &Manifest, name: &str, environment: &EnvironmentSpec, found: &mut Found<'_>) {
    let section = format!("[environments.{name}]");
    let per_pull_request = environment.is_per_pull_request();
    let templates = [
        ("hostname", Some(&environment.hostname)),
        ("worker", Some(&environment.worker)),
        ("branch", environment.branch.as_ref()),
    ];
    for (key, template) in templates {
        let Some(template) = template else { continue };
        // At workers.dev it names nothing.
        if key == "hostname" && environment.routing == Routing::WorkersDev {
            continue;
        }
        let place = format!("`environments.{name}.{key}`");
        found.unknown_placeholders(&section, &place, template);
        // A template with {pr} beside one without would make pull requests share a resource, or leave one behind.
        if template.contains("{pr}") != per_pull_request {
            found.add(
                &section,
                format!("{place}: use `{{pr}}` in all of hostname, worker and branch, or in none"),
            );
        }
        let per_service = ["{subdomain}", "{worker}", "{service}"]
            .iter()
            .any(|p| template.contains(p));
        if key != "branch" && manifest.services.len() > 1 && !per_service {
            let use_one = "use `{subdomain}`, `{worker}` or `{service}`";
            found.add(&section, format!("{place} gives all services one name; {use_one}"));
        }
    }
}

/// Names that a process can have, and none that is the runner's or already said.
fn database_variables(manifest: &Manifest, found: &mut Found<'_>) {
    let names = manifest.database.iter().flat_map(|database| &database.variables);
    for name in names {
        let mut chars = name.chars();
        let is_name = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        let theirs = ["INPUT_", "GITHUB_", "RUNNER_", "ACTIONS_"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        let problem = if !is_name {
            "is no name of a variable"
        } else if theirs || name == "PATH" {
            "is the runner's own"
        } else {
            continue;
        };
        found.add("variables", format!("`database.variables`: `{name}` {problem}"));
    }
}

/// A limit that nobody would keep is a promise that nobody keeps.
fn limit(name: &str, environment: &EnvironmentSpec, found: &mut Found<'_>) {
    let section = format!("[environments.{name}]");
    let place = format!("`environments.{name}");
    if let Some(limit) = environment.limit {
        if limit == 0 {
            found.add(&section, format!("{place}.limit` is to be at least 1"));
        }
        let counted = environment
            .branch
            .as_ref()
            .is_some_and(|branch| branch.contains("{pr}"));
        if !counted {
            found.add(
                &section,
                format!(
                    "{place}.limit` counts database branches, one per pull request: it needs a `branch` with `{{pr}}`"
                ),
            );
        }
    }
    if environment.on_limit == OnLimit::EvictOldest && environment.limit.is_none() {
        found.add(
            &section,
            format!("{place}.on-limit` says what happens beyond `limit`, and there is none: give one"),
        );
    }
}

fn database(manifest: &Manifest, name: &str, environment: &EnvironmentSpec, found: &mut Found<'_>) {
    let section = format!("[environments.{name}]");
    let place = format!("`environments.{name}");
    match (&environment.branch, &manifest.database) {
        (Some(_), None) => found.add(&section, format!("{place}.branch` needs a `[database]` to copy from")),
        (Some(branch), Some(database)) if *branch == database.parent => {
            found.add(
                &section,
                format!("{place}.branch` is `database.parent` itself; leave it out to use that branch"),
            );
        }
        _ => {}
    }
    let expires = environment.expires.as_deref().and_then(crate::duration::parse);
    if expires.is_some_and(|expires| expires.is_zero() || expires > LONGEST_EXPIRY) {
        found.add(
            &section,
            format!("{place}.expires` is to be more than nothing and at most `30d`, Neon's longest"),
        );
    }
}

fn records(manifest: &Manifest, name: &str, environment: &EnvironmentSpec, found: &mut Found<'_>) {
    let section = format!("[environments.{name}]");
    for record in &environment.records {
        let place = format!("`environments.{name}.records`, `{}`", record.name);
        let known = |name: &&str| {
            PLACEHOLDERS.contains(name)
                || name
                    .split_once('.')
                    .is_some_and(|(key, _)| manifest.services.contains_key(key))
        };
        let used = [
            naming::placeholders(&record.name),
            naming::placeholders(&record.content),
        ]
        .concat();
        for unknown in used.into_iter().filter(|name| !known(name)) {
            found.add(
                &section,
                format!("{place}: `{{{unknown}}}` is no placeholder and names no service"),
            );
        }
        // Without the number, one pull request's record would be the next one's, too.
        if environment.is_per_pull_request() && !record.name.contains("{pr}") {
            found.add(
                &section,
                format!("{place}: the environment is one per pull request, so its name needs `{{pr}}`"),
            );
        }
        let ttl = record.ttl.as_deref().and_then(crate::duration::parse);
        if ttl.is_some_and(|ttl| !TTL.contains(&ttl.as_secs())) {
            found.add(&section, format!("{place}: `ttl` is to be from `60s` to `1d`"));
        }
        if record.proxied && record.kind == "TXT" {
            found.add(&section, format!("{place}: a TXT record cannot be proxied"));
        }
    }
}

/// `r2` and `d1`: names by binding, or by service and binding.
fn resources(manifest: &Manifest, name: &str, environment: &EnvironmentSpec, found: &mut Found<'_>) {
    let section = format!("[environments.{name}]");
    let maps = [("r2", &environment.r2), ("d1", &environment.d1)];
    for (key, (binding, template)) in maps
        .iter()
        .flat_map(|(key, map)| map.iter().map(move |item| (key, item)))
    {
        let place = format!("`environments.{name}.{key}.{binding}`");
        if let Some((service, _)) = binding.split_once('.')
            && !manifest.services.contains_key(service)
        {
            found.unknown_service(manifest, &section, &place, service);
        }
        found.unknown_placeholders(&section, &place, template);
        if template.trim().is_empty() {
            found.add(&section, format!("{place} is empty"));
        }
    }
}

fn references(manifest: &Manifest, key: &str, service: &ServiceSpec, found: &mut Found<'_>) {
    let section = format!("[services.{key}]");
    for need in service
        .needs
        .iter()
        .filter(|need| !manifest.services.contains_key(*need))
    {
        found.unknown_service(manifest, &section, &format!("`services.{key}.needs`"), need);
    }
    if !service.health.starts_with('/') {
        found.add(&section, format!("`services.{key}.health` is to start with `/`"));
    }
}

/// Variables: every reference means something, in each of the environments that they are for.
fn variables(
    manifest: &Manifest,
    place: &str,
    vars: &IndexMap<String, Value>,
    environments: &[(&String, &EnvironmentSpec)],
    found: &mut Found<'_>,
) {
    let section = format!("[{place}]");
    let of_services = manifest
        .services
        .keys()
        .flat_map(|key| ["url", "hostname"].map(|part| format!("{key}.{part}")));
    let known: Vec<String> = of_services.chain(PLACEHOLDERS.map(str::to_owned)).collect();
    for (var, value) in vars {
        let mut used = Vec::new();
        texts(value, &mut |text| used.extend(naming::references(text)));
        for unknown in used.iter().filter(|name| !known.iter().any(|known| known == *name)) {
            let meant = crate::text::nearest(unknown, known.iter().map(String::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{{{meant}}}`?"));
            let text = format!(
                "`{place}.vars.{var}`: `{{{unknown}}}` is no placeholder and names no service{}",
                meant.unwrap_or_else(|| format!("; `{{{{{unknown}}}}}` is the text itself"))
            );
            found.add(&section, text);
        }
        let without = environments
            .iter()
            .find(|(_, environment)| !environment.is_per_pull_request());
        if let Some((name, _)) = without.filter(|_| used.contains(&"pr")) {
            let text = format!(
                "`{place}.vars.{var}`: there is no `{{pr}}` in environment `{name}`, which exists once; say it in the `vars` of the environments that are one per pull request"
            );
            found.add(&section, text);
        }
    }
}

/// Every text in a value.
fn texts<'a>(value: &'a Value, found: &mut impl FnMut(&'a str)) {
    match value {
        Value::String(text) => found(text),
        Value::Array(items) => {
            for item in items {
                texts(item, found);
            }
        }
        Value::Object(fields) => {
            for item in fields.values() {
                texts(item, found);
            }
        }
        _ => {}
    }
}

/// A Worker cannot have a name both as a secret and as a variable: the later upload fails with "already in use". Nor can
/// two places say what a variable is.
fn secrets(manifest: &Manifest, key: &str, service: &ServiceSpec, found: &mut Found<'_>) {
    let section = format!("[services.{key}]");
    let secrets = service.secrets.iter().map(|name| (name, "a secret", "secrets"));
    let from_step = service
        .step_vars
        .iter()
        .map(|name| (name, "a variable of the step", "step-vars"));
    for (name, what, of) in secrets.chain(from_step) {
        let environments = manifest
            .environments
            .iter()
            .filter(|(_, environment)| environment.vars.contains_key(name));
        let environments =
            environments.map(|(environment, _)| format!("a variable in `environments.{environment}.vars`"));
        let own = service
            .vars
            .contains_key(name)
            .then(|| format!("a variable in `services.{key}.vars`"));
        let both = (of == "step-vars" && service.secrets.contains(name))
            .then(|| format!("a secret in `services.{key}.secrets`"));
        for other in environments.chain(own).chain(both) {
            let text = format!("`{name}` is {what} in `services.{key}.{of}` and {other}");
            found.add(&section, format!("{text}; a Worker can have it only once"));
        }
    }
}
