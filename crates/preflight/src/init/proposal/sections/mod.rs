//! The manifest's text, section by section, and every comment in it. Pure.

mod environment;
mod service;

use actions_core::manifest::{graph, schema};
use indexmap::IndexMap;
use wrangler::project::remarks::Remark;

use super::data::Data;
use super::links::{self, Links};
use super::toml::{Section, comment};
use super::{Plan, database, needs, running};

/// The whole manifest. `data` is what each environment says of bindings.
pub(super) fn text(plan: &Plan<'_>, data: &[Data]) -> String {
    let links: Vec<Links> = (0..plan.names.keys.len())
        .map(|worker| links::links(plan, worker))
        .collect();
    let front = running::front(plan.found);
    let needs = needs::needs(plan, &links, front);
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
        text.push_str(&environment::environment(
            plan,
            at,
            stage,
            &data[at],
            database.is_some(),
        ));
    }
    for worker in in_order(plan, &needs) {
        let key = &plan.names.keys[worker];
        let mut remarks = data.iter().flat_map(|data| &data.remarks);
        let is_opened = remarks.any(|(service, remark)| service == key && *remark == Remark::Opened);
        text.push_str(&service::service(
            plan,
            worker,
            &links[worker],
            &needs[worker],
            is_opened,
        ));
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
    if let Some(migrate) = &database.migrate {
        if !migrate.certain {
            section.comment("guessed: no script migrates");
        }
        section.text("migrate", &migrate.command);
    } else {
        section.comment("No script was found that migrates the database:");
        section.off("migrate", "\"npm run db:migrate\"");
    }
    section.finish()
}

/// The first hostname is the URL, so that a wildcard cannot be.
fn with_main(names: &[String], made: &str) -> Vec<String> {
    let main = names
        .first()
        .filter(|name| name.starts_with('*'))
        .map(|_| made.to_owned());
    main.into_iter().chain(names.iter().cloned()).collect()
}
