//! `[environments.<name>]`. Pure.

use actions_core::text::quoted_list;
use wrangler::project::remarks::Remark;

use super::with_main;
use crate::init::proposal::Plan;
use crate::init::proposal::data::Data;
use crate::init::proposal::links;
use crate::init::proposal::secrets;
use crate::init::proposal::stages::{Kind, Stage};
use crate::init::proposal::toml::{Section, bare, list, quoted};

pub(super) fn environment(plan: &Plan<'_>, at: usize, stage: &Stage, data: &Data, database: bool) -> String {
    let mut section = Section::new(format!("environments.{}", bare(&stage.name)));
    if stage.kind == Kind::Production && !plan.local.is_empty() {
        section.comment(&format!(
            "{} of the wrangler configurations {} left out, since {} for development, or of few Workers: `wrangler-env` in an environment of its own brings {} in.",
            quoted_list(&plan.local.iter().map(|name| format!("env.{name}")).collect::<Vec<_>>()),
            if plan.local.len() == 1 { "is" } else { "are" },
            if plan.local.len() == 1 { "it is" } else { "they are" },
            if plan.local.len() == 1 { "it" } else { "them" },
        ));
    }
    let hosts = plan.hosts.as_ref().map(|hosts| (hosts, &hosts.stages[at]));
    if let Some((_, here)) = hosts {
        if let Some(why) = here.guessed {
            section.comment(why);
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
            if here.behind_wildcard {
                section.comment("Look here: by custom domain today. Production's route `*` goes before custom domains, and would answer: a route of its own is more specific.");
            } else if !here.mixed.is_empty() {
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
    lacking(data, stage, &mut section);
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

/// Bindings that only production's sections have. Environments that exist once are today as they are.
fn lacking(data: &Data, stage: &Stage, section: &mut Section) {
    if stage.kind != Kind::Preview {
        return;
    }
    let mut is_told = false;
    for (service, remark) in &data.remarks {
        if let Remark::Lacks { names, owner } = remark {
            section.comment(&format!(
                "Look here: `{service}` gets no {} {}, which it has in {owner}.",
                if names.len() == 1 { "binding" } else { "bindings" },
                quoted_list(names)
            ));
            is_told = true;
        }
    }
    if is_told && stage.usual().is_none() {
        section.comment("Previews deploy the top level of the wrangler configurations. A section `env.preview` there can have what they need, and is named here:");
        section.off("wrangler-env", "\"preview\"");
    }
}

fn bindings(data: &Data, section: &mut Section) {
    if !(data.r2.is_empty() && data.d1.is_empty()) {
        section
            .comment("guessed names, of what all previews share and no other environment has: it has to be made first");
    }
    section.table("r2", &data.r2, &[]);
    section.table("d1", &data.d1, &[]);
    for (_, said) in &data.shared {
        section.comment(&format!("Shared, and named so: {said}"));
    }
    let names: Vec<&String> = data.shared.iter().map(|(name, _)| name).collect();
    section.list("shared", &names);
    if !data.open.is_empty() {
        section.comment("Look here: a deployment refuses this until it has its own in a section of the wrangler configuration (`wrangler-env`), or is shared on purpose:");
        for (_, said) in &data.open {
            section.comment(&format!("- {said}"));
        }
        if !data.shared.is_empty() {
            section.comment("With all of it shared, this line stands in place of the one above:");
        }
        let mut names: Vec<&String> = Vec::new();
        for (name, _) in data.shared.iter().chain(&data.open) {
            // One binding may lead to several things, each told for itself.
            if !names.contains(&name) {
                names.push(name);
            }
        }
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
