//! The manifest's text, section by section, and every comment in it. Pure.

use actions_core::manifest::{graph, schema};
use actions_core::text::quoted_list;
use indexmap::IndexMap;

use super::data::Data;
use super::hosts::{Hosts, StageHosts};
use super::links::{self, Links};
use super::running;
use super::secrets;
use super::stages::{Kind, Stage};
use super::toml::{Section, bare, comment, list, quoted};
use super::{Plan, database};

/// The whole manifest. `data` is what each environment says of bindings.
pub(super) fn text(plan: &Plan<'_>, data: &[Data]) -> String {
    let links: Vec<Links> = (0..plan.names.keys.len())
        .map(|worker| links::links(plan, worker))
        .collect();
    let front = running::front(plan.found);
    let needs = links::needs(plan, &links, front);
    let database = database::database(plan.found);
    let mut text = format!("#:schema {}\n", schema::URL);
    text.push_str(&comment("What Codex Actions deploys, where, and in which order. `preflight init` proposed it from the wrangler configurations: read the comments, above all those that say `guessed`."));
    for left_out in &plan.found.left_out {
        text.push_str(&comment(&format!("Left out: `{}` {}.", left_out.file, left_out.why)));
    }
    text.push_str(&project(plan, front));
    if let Some(database) = &database {
        text.push_str(&of_database(database));
    }
    for (at, stage) in plan.stages.iter().enumerate() {
        text.push_str(&environment(plan, at, stage, &data[at], database.is_some()));
    }
    for worker in in_order(plan, &needs) {
        text.push_str(&service(plan, worker, &links[worker], &needs[worker]));
    }
    text
}

/// Those that others need come first: people read from the top.
fn in_order(plan: &Plan<'_>, needs: &[Vec<String>]) -> Vec<usize> {
    let keys = &plan.names.keys;
    let graph: IndexMap<String, Vec<String>> = keys.iter().cloned().zip(needs.iter().cloned()).collect();
    let waves = graph::waves(&graph).unwrap_or_else(|_| vec![keys.clone()]);
    let all = waves.into_iter().flatten();
    all.filter_map(|key| keys.iter().position(|other| *other == key))
        .collect()
}

fn project(plan: &Plan<'_>, front: Option<usize>) -> String {
    let mut section = Section::new("project");
    section.text("name", &plan.project);
    match (&plan.hosts, &plan.account) {
        (Some(hosts), _) => {
            if let Some(why) = hosts.guessed {
                section.comment(why);
            }
            for left_out in &hosts.left_out {
                section.comment(&format!("Not taken over: {left_out}."));
            }
            section.text("zone", &hosts.zone);
        }
        (None, Some(account)) => {
            section.text("workers-dev", account);
        }
        (None, None) => {
            section.comment("No configuration has a hostname, so all is at workers.dev. `health-check` needs your account's name there, the `acme` of `api.acme.workers.dev`:");
            section.off("workers-dev", "\"acme\"");
        }
    }
    let builds = running::builds(plan);
    if let Some(build) = &builds.project {
        section.text("build", build);
    }
    // Its health is a page: then it is the front anyway.
    let page = |at: usize| running::health(&plan.found.workers[at]).path == "/";
    if let Some(front) = front.filter(|at| plan.names.keys.len() > 1 && !page(*at)) {
        section.text("front", &plan.names.keys[front]);
    }
    section.finish()
}

fn of_database(database: &database::Database) -> String {
    let mut section = Section::new("database");
    if let Some(why) = &database.guessed {
        section.comment(&format!("guessed to be at Neon: {why}. Elsewhere, take out this section, and `branch` and `limit` of the environments."));
    }
    section.comment("guessed: Neon's console calls a project's first branch `production`, its API `main`. Previews are copied from it.");
    section.text("parent", "production");
    match &database.migrate {
        Some(migrate) => {
            if !migrate.certain {
                section.comment("guessed: no script migrates");
            }
            section.text("migrate", &migrate.command);
        }
        None => {
            section.comment("No script was found that migrates the database:");
            section.off("migrate", "\"npm run db:migrate\"");
        }
    }
    section.finish()
}

fn environment(plan: &Plan<'_>, at: usize, stage: &Stage, data: &Data, database: bool) -> String {
    let mut section = Section::new(format!("environments.{}", bare(&stage.name)));
    if stage.kind == Kind::Production && !plan.local.is_empty() {
        section.comment(&format!(
            "{} of the wrangler configurations {} taken to be for development, and left out: `wrangler-env` in an environment of its own brings {} in.",
            quoted_list(&plan.local.iter().map(|name| format!("env.{name}")).collect::<Vec<_>>()),
            if plan.local.len() == 1 { "is" } else { "are" },
            if plan.local.len() == 1 { "it" } else { "them" },
        ));
    }
    let hosts = plan.hosts.as_ref().map(|hosts| (hosts, &hosts.stages[at]));
    if let Some((_, here)) = hosts {
        if !here.certain {
            section.comment("guessed: no configuration has a hostname here");
        }
        section.text("hostname", &here.template);
    }
    for moved in plan.names.moved.iter().filter(|moved| moved.stage == at) {
        section.comment(&format!(
            "Look here: Worker `{}` becomes `{}`, a new Worker; the other one stays until somebody deletes it.",
            moved.today, moved.then
        ));
    }
    section.text("worker", &plan.names.templates[at]);
    if let Some(usual) = stage.usual() {
        section.text("wrangler-env", usual);
    }
    if database && stage.kind == Kind::Preview {
        section.text("branch", "preview-pr-{pr}");
    } else if database && stage.kind == Kind::Once {
        section.comment("guessed: a database branch of its own. Without this line it uses production's.");
        section.text("branch", &stage.name);
    }
    match hosts {
        Some((_, here)) => {
            if !here.mixed.is_empty() {
                let names = quoted_list(&here.mixed);
                section.comment(&if here.routing == "custom-domain" {
                    format!("Look here: {names} are led here by routes today. Cloudflare refuses a custom domain where a DNS record stands: the records have to go first.")
                } else {
                    format!("Look here: {names} are custom domains today, and stay so beside the routes until somebody detaches them.")
                });
            }
            section.text("routing", here.routing);
        }
        None => {
            section.text("routing", "workers-dev");
        }
    }
    if stage.kind == Kind::Preview {
        section.text("expires", "7d");
        if database {
            section.raw("limit", "20");
        }
        preview_variables(plan, stage, &mut section);
    }
    bindings(data, &mut section);
    let mut text = section.finish();
    for worker in 0..plan.names.keys.len() {
        text.push_str(&here(plan, at, stage, worker));
    }
    text
}

/// The variable that tells a Worker where it runs, and secrets of which previews may want others.
fn preview_variables(plan: &Plan<'_>, stage: &Stage, section: &mut Section) {
    let told = links::WHERE.iter().find(|name| {
        let mut workers = 0..plan.names.keys.len();
        workers.any(|worker| !stage.has_section(worker) && links::set(plan, worker).contains(**name))
    });
    if let Some(name) = told {
        section.comment(&format!("guessed: the code may know other values of `{name}`"));
        section.table("vars", &[((*name).to_owned(), "preview".to_owned())], &[]);
    }
    let mut live: Vec<String> = Vec::new();
    for worker in 0..plan.names.keys.len() {
        let all = secrets::secrets(plan, worker, &links::links(plan, worker)).names;
        live.extend(all.into_iter().filter(|name| name.starts_with("STRIPE_")));
    }
    live.dedup();
    if let Some(name) = live.first() {
        let test = name.replacen("STRIPE_", "STRIPE_TEST_", 1);
        section.comment(
            "Where a preview is not to have production's value: the Worker's name for it = the step's variable",
        );
        section.off("secrets", &format!("{{ {name} = {} }}", quoted(&test)));
    }
}

fn bindings(data: &Data, section: &mut Section) {
    if !(data.r2.is_empty() && data.d1.is_empty()) {
        section
            .comment("guessed names, of what all previews share and no other environment has: it has to be made first");
    }
    section.table("r2", &data.r2, &[]);
    section.table("d1", &data.d1, &[]);
    for (name, said) in &data.shared {
        section.comment(&format!("`{name}`: {said}, and this environment uses it as well"));
    }
    let names: Vec<&String> = data.shared.iter().map(|(name, _)| name).collect();
    section.list("shared", &names);
    if !data.open.is_empty() {
        section.comment("Look here: a deployment refuses this until it has its own in a section of the wrangler configuration (`wrangler-env`), or is shared on purpose:");
        for (name, said) in &data.open {
            section.comment(&format!("`{name}`: {said}"));
        }
        let names: Vec<&String> = data.shared.iter().chain(&data.open).map(|(name, _)| name).collect();
        section.off("shared", &list(&names));
    }
}

/// What an environment says of one service: other hostnames than the template's, another section of its configuration.
fn here(plan: &Plan<'_>, at: usize, stage: &Stage, worker: usize) -> String {
    let head = format!(
        "environments.{}.services.{}",
        bare(&stage.name),
        plan.names.keys[worker]
    );
    let mut section = Section::new(head);
    let mut said = false;
    if let Some((hosts, here)) = plan.hosts.as_ref().map(|hosts| (hosts, &hosts.stages[at]))
        && stage.kind == Kind::Once
    {
        let names = &here.names[worker];
        let made = here.template.replace("{subdomain}", &hosts.subdomains[worker]);
        if !names.is_empty() && names[..] != [made.clone()] {
            said = true;
            section.list("hostnames", &with_main(names, &made));
        }
    }
    let own = stage.sections[worker].as_deref();
    if own != stage.usual() {
        said = true;
        if own.is_none() {
            section.comment(&format!(
                "Its configuration has no `env.{}`: the top level is deployed.",
                stage.usual().unwrap_or_default()
            ));
        }
        section.text("wrangler-env", own.unwrap_or_default());
    }
    if said { section.finish() } else { String::new() }
}

/// The first hostname is the URL, so that a wildcard cannot be.
fn with_main(names: &[String], made: &str) -> Vec<String> {
    let main = names
        .first()
        .filter(|name| name.starts_with('*'))
        .map(|_| made.to_owned());
    main.into_iter().chain(names.iter().cloned()).collect()
}

fn service(plan: &Plan<'_>, worker: usize, links: &Links, needs: &[String]) -> String {
    let found = &plan.found.workers[worker];
    let key = &plan.names.keys[worker];
    let mut section = Section::new(format!("services.{key}"));
    section.text("path", &found.folder);
    if plan.names.bases[worker] != *key {
        section.text("worker", &plan.names.bases[worker]);
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
        section.comment("What its configuration names is built, and no script `build` was found:");
        section.off("build", "\"npm run build\"");
    }
    if running::needs_wrangler(plan, worker) {
        section
            .comment("It has what only the project's wrangler deploys, such as the consumer of a queue or a workflow.");
        section.text("uploader", "wrangler");
    }
    if !running::is_assets_only(found) {
        secrets_of(plan, worker, links, &mut section);
        section.list("kv", &namespaces(plan, worker));
        variables_of(plan, links, &mut section);
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

fn secrets_of(plan: &Plan<'_>, worker: usize, links: &Links, section: &mut Section) {
    let secrets = secrets::secrets(plan, worker, links);
    let perhaps = quoted_list(&secrets.perhaps);
    if let Some(files) = &secrets.guessed {
        section.comment(&format!("guessed: read in {files}, and set by no configuration"));
    }
    if secrets.perhaps.is_empty() {
        section.list("secrets", &secrets.names);
    } else if secrets.names.is_empty() {
        section.comment(&format!(
            "Its code reads {perhaps}, which no configuration sets: secrets, variables, or not needed"
        ));
        section.off("secrets", &list(&secrets.perhaps));
    } else {
        section.comment(&format!("It also reads {perhaps}: secrets, variables, or not needed"));
        section.list("secrets", &secrets.names);
    }
}

fn variables_of(plan: &Plan<'_>, links: &Links, section: &mut Section) {
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
    let open = links.open.iter().chain(&links.literal).map(|(name, _)| name);
    let open = open.chain(&links.missing).next();
    if let Some(name) = open.filter(|_| vars.is_empty()) {
        for comment in &comments {
            section.comment(comment);
        }
        let value = plan
            .names
            .keys
            .first()
            .map_or_else(String::new, |key| format!("{{{key}.url}}"));
        section.off("vars", &format!("{{ {} = {} }}", bare(name), quoted(&value)));
    }
}

fn hostnames(hosts: &Hosts, production: &StageHosts, worker: usize, key: &str, section: &mut Section) {
    let (names, subdomain) = (&production.names[worker], &hosts.subdomains[worker]);
    if names.is_empty() {
        section.comment(&format!(
            "Look here: production's configuration has no hostname, and it gets `{subdomain}.{}`.",
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
