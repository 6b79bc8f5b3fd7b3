//! `[services.<key>]`. Pure.

use actions_core::text::quoted_list;

use super::with_main;
use crate::init::proposal::Plan;
use crate::init::proposal::hosts::{Hosts, StageHosts};
use crate::init::proposal::links::Links;
use crate::init::proposal::toml::{Section, bare, list, quoted};
use crate::init::proposal::{links, running, secrets};

/// `is_opened`: its configuration keeps it from workers.dev, where the environments are.
pub(super) fn service(plan: &Plan<'_>, worker: usize, links: &Links, needs: &[String], is_opened: bool) -> String {
    let found = &plan.found.workers[worker];
    let key = &plan.names.keys[worker];
    let mut section = Section::new(format!("services.{key}"));
    if let Some(part) = found.shown_in() {
        section.comment(&format!(
            "Look here: it is in `{part}`, whose Workers are usually shown, not deployed. It is proposed since there is no other."
        ));
    }
    section.text("path", &found.folder);
    if plan.names.bases[worker] != *key {
        section.text("worker", &plan.names.bases[worker]);
    }
    if is_opened {
        section.comment("Look here: its configuration has `workers_dev: false`, and it gets an address at workers.dev, where anybody reaches it.");
    }
    if let Some(hosts) = &plan.hosts {
        let production = plan.stages.len() - 1;
        hostnames(hosts, &hosts.stages[production], worker, key, &mut section);
    }
    section.list("needs", needs);
    let builds = running::builds(plan);
    if let Some(build) = &builds.services[worker] {
        section.text("build", build);
    } else if builds.unknown.contains(&worker) {
        let folders = found.folder.split('/').filter(|folder| *folder != ".").count();
        let (said, command) = if running::root_builds(plan.found) {
            let up = vec![".."; folders].join("/");
            let said =
                "What its configuration names is built, and its package has no script `build`. The root has one:";
            (said, format!("cd {up} && {}", plan.found.manager.run("build")))
        } else {
            let said = "What its configuration names is built, and no script `build` was found:";
            (said, "npm run build".to_owned())
        };
        section.comment(said);
        section.off("build", &quoted(&command));
    }
    if running::needs_wrangler(plan, worker) {
        section
            .comment("It has what only the project's wrangler deploys, such as the consumer of a queue or a workflow.");
        section.text("uploader", "wrangler");
    } else if found.listens {
        section.comment("It is written in the service worker format, which only the project's wrangler deploys. With `export default { fetch }` this line can go.");
        section.text("uploader", "wrangler");
    }
    if !running::is_assets_only(found) {
        secrets_of(plan, worker, links, &mut section);
        section.list("kv", &namespaces(plan, worker));
        variables_of(plan, worker, links, &mut section);
    }
    let health = running::health(found);
    if let Some(why) = health.guessed {
        section.comment(why);
    }
    if health.path != "/health" {
        section.text("health", &health.path);
    }
    section.finish()
}

/// So many names are told; more are counted.
const MOST: usize = 6;

fn some(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST);
    if more < 2 {
        return quoted_list(names);
    }
    let first: Vec<String> = names[..MOST].iter().map(|name| format!("`{name}`")).collect();
    format!("{} and {more} more", first.join(", "))
}

fn secrets_of(plan: &Plan<'_>, worker: usize, links: &Links, section: &mut Section) {
    let secrets = secrets::secrets(plan, worker, links);
    let perhaps = some(&secrets.perhaps);
    if let Some(files) = &secrets.guessed {
        section.comment(&format!("guessed: read in {files}, and set by no configuration"));
    }
    if secrets.perhaps.is_empty() {
        section.list("secrets", &secrets.names);
    } else if secrets.names.is_empty() {
        section.comment(&format!(
            "It, or a package that it needs, knows {perhaps}, which no configuration sets: secrets, variables, or not needed"
        ));
        section.off("secrets", &list(&secrets.perhaps[..1]));
    } else {
        section.comment(&format!(
            "It, or a package that it needs, also knows {perhaps}: secrets, variables, or not needed"
        ));
        section.list("secrets", &secrets.names);
    }
}

fn variables_of(plan: &Plan<'_>, worker: usize, links: &Links, section: &mut Section) {
    let mut comments: Vec<String> = links.vars.iter().filter_map(|var| var.why.clone()).collect();
    for (name, value) in &links.open {
        comments.push(format!(
            "Look here: `{name}` is left to the configuration: `{value}` would still lead previews to production"
        ));
    }
    for (name, value) in &links.literal {
        comments.push(format!(
            "Look here: previews get `{name}` from the configuration, which is `{value}`"
        ));
    }
    if !links.missing.is_empty() {
        comments.push(format!(
            "Look here: previews get no {}, which production's configuration sets",
            quoted_list(&links.missing)
        ));
    }
    let vars: Vec<(&str, &str)> = links
        .vars
        .iter()
        .map(|var| (var.name.as_str(), var.value.as_str()))
        .collect();
    section.table("vars", &vars, &comments);
    if !vars.is_empty() {
        return;
    }
    for comment in &comments {
        section.comment(comment);
    }
    let address = || {
        let key = plan.names.keys.first().map_or("", String::as_str);
        quoted(&format!("{{{key}.url}}"))
    };
    let mut open = links.open.iter().chain(&links.literal);
    let value = match (open.next(), links.missing.first()) {
        (Some((name, _)), _) => Some((name, address())),
        (None, Some(name)) => Some((name, links::of_production(plan, worker, name).unwrap_or_else(address))),
        (None, None) => None,
    };
    if let Some((name, value)) = value {
        section.off("vars", &format!("{{ {} = {value} }}", bare(name)));
    }
}

fn hostnames(hosts: &Hosts, production: &StageHosts, worker: usize, key: &str, section: &mut Section) {
    let (names, subdomain) = (&production.names[worker], &hosts.subdomains[worker]);
    if names.is_empty() {
        let elsewhere = &hosts.elsewhere[worker];
        let has = if elsewhere.is_empty() {
            "no hostname".to_owned()
        } else {
            format!("{} alone, which this manifest cannot have", quoted_list(elsewhere))
        };
        section.comment(&format!(
            "Look here: production's configuration has {has}, and it gets `{subdomain}.{}`, where anybody reaches it.",
            hosts.zone
        ));
    }
    if names[..] == ["@".to_owned()] {
        section.text("subdomain", "@");
        return;
    }
    if subdomain != key {
        section.text("subdomain", subdomain);
    }
    if !names.is_empty() && names[..] != [subdomain.clone()] {
        if production.by_variables[worker] {
            section.comment("guessed: the first is the service's URL, and variables name that one");
        }
        section.list("hostnames", &with_main(names, subdomain));
    }
}

/// The KV bindings of any section.
fn namespaces(plan: &Plan<'_>, worker: usize) -> Vec<String> {
    let config = &plan.found.workers[worker].config;
    let sections = std::iter::once(None).chain(config.environments().into_iter().map(Some));
    let mut names: Vec<String> = Vec::new();
    for section in sections {
        let Ok(settings) = config.settings(section) else {
            continue;
        };
        let list = settings.get("kv_namespaces").and_then(|list| list.as_array());
        for name in list.into_iter().flatten().filter_map(|item| item["binding"].as_str()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}
