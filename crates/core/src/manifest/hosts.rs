//! What a manifest says of hostnames must mean one: a zone where one is needed, names that can be in it.

use super::meaning::Found;
use super::{APEX, BARE, EnvironmentSpec, Manifest, Routing, ServiceSpec};
use crate::naming;

/// A zone is needed for hostnames and records.
pub(super) fn zone(manifest: &Manifest, found: &mut Found<'_>) {
    let project = &manifest.project;
    let needs = |spec: &EnvironmentSpec| spec.routing != Routing::WorkersDev || !spec.records.is_empty();
    if project.zone.trim().is_empty()
        && let Some((name, _)) = manifest.environments.iter().find(|(_, spec)| needs(spec))
    {
        let text = format!(
            "`project.zone` is missing: the Cloudflare zone that all hostnames are in, such as `example.com`; only environments with `routing = \"workers-dev\"` do without, and `{name}` is none"
        );
        found.add("[project]", text);
    }
    if let Some(name) = project.workers_dev.as_deref().filter(|name| !naming::is_label(name)) {
        let text = format!(
            "`project.workers-dev` is the account's name at workers.dev, such as `acme` of `api.acme.workers.dev`, not `{name}`"
        );
        found.add("workers-dev", text);
    }
}

/// What an environment says of hostnames.
pub(super) fn of_environment(manifest: &Manifest, name: &str, spec: &EnvironmentSpec, found: &mut Found<'_>) {
    let section = format!("[environments.{name}]");
    let at_workers_dev = spec.routing == Routing::WorkersDev;
    if at_workers_dev && spec.hostname != BARE {
        let text = format!(
            "`environments.{name}.hostname` names nothing with `routing = \"workers-dev\"`; leave it out, the address is made of `worker`"
        );
        found.add(&section, text);
    }
    for (key, here) in &spec.services {
        let section = format!("[environments.{name}.services.{key}]");
        let place = format!("`environments.{name}.services.{key}.hostnames`");
        if !manifest.services.contains_key(key) {
            found.unknown_service(manifest, &section, &format!("`environments.{name}.services`"), key);
        }
        if at_workers_dev && !here.hostnames.is_empty() {
            let text = format!("{place}: there are no hostnames with `routing = \"workers-dev\"`");
            found.add(&section, text);
        }
        names(&section, &place, &here.hostnames, found);
        for hostname in &here.hostnames {
            found.unknown_placeholders(&section, &place, hostname);
            if hostname.contains("{pr}") != spec.is_per_pull_request() {
                let text = if spec.is_per_pull_request() {
                    format!("{place}: the environment is one per pull request, so `{hostname}` needs `{{pr}}`")
                } else {
                    format!("{place}: there is no `{{pr}}` in an environment that exists once")
                };
                found.add(&section, text);
            }
        }
    }
}

/// What a service says of its hostnames.
pub(super) fn of_service(key: &str, service: &ServiceSpec, found: &mut Found<'_>) {
    let section = format!("[services.{key}]");
    let place = format!("`services.{key}.hostnames`");
    names(&section, &place, &service.hostnames, found);
    // They are for environments that exist once, where nothing is filled in.
    for hostname in service.hostnames.iter().filter(|hostname| hostname.contains('{')) {
        let text = format!(
            "{place}: nothing is filled in in `{hostname}`; what differs by environment stands in `[environments.<name>.services.{key}]`"
        );
        found.add(&section, text);
    }
}

fn names(section: &str, place: &str, hostnames: &[String], found: &mut Found<'_>) {
    if let Some(first) = hostnames.first().filter(|first| first.trim().starts_with('*')) {
        let text = format!(
            "{place}: `{first}` comes first, which is the service's URL; put a hostname without `*` before it, such as `{APEX}` or `www`"
        );
        found.add(section, text);
    }
    for (at, hostname) in hostnames.iter().enumerate() {
        if hostname.trim().is_empty() {
            found.add(section, format!("{place} holds an empty name"));
        } else if hostnames[..at].contains(hostname) {
            found.add(section, format!("{place} names `{hostname}` twice"));
        }
    }
}
