//! What `deploy-workers` tells of the Workers and does all the same, with the same words.

use actions_core::text::quoted_list;
use wrangler::project::remarks::Remark;

use super::look::{Look, Subject};
use super::told::Told;
use crate::finding::{Kind, Severity};

pub(super) const OPENED: Kind = Kind {
    name: "workers-dev-opened",
    severity: Severity::Warning,
    what: "An environment at workers.dev opens a Worker whose configuration keeps it closed (`workers_dev: false`).",
    why: "With `routing = \"workers-dev\"` each service of the manifest has an address there: anybody reaches a Worker that only others' bindings, a schedule or a queue were to reach.",
    mend: "Let the Worker refuse what does not come from its callers, or put Cloudflare Access before the address; where it may be reached, set `workers_dev` to true.",
};

pub(super) const LACKS: Kind = Kind {
    name: "binding-missing",
    severity: Severity::Warning,
    what: "A Worker lacks a binding in one environment that it has in production.",
    why: "Environments do not inherit bindings, and one that deploys the top level has what stands there alone: the code reads `undefined`, and fails only where it uses it.",
    mend: "Repeat the binding in that environment of the wrangler configuration, or leave it out on purpose with an empty list.",
};

pub(super) fn told(look: &Look<'_>) -> Vec<Told> {
    let mut all = Vec::new();
    for environment in &look.world.environments {
        let chosen: Vec<String> = environment.services.iter().map(|service| service.key.clone()).collect();
        let remarks = look.project(environment).remarks(look.scope(environment, &chosen));
        let remarks = remarks.into_iter().filter_map(|(key, remark)| {
            let subject = look.subject(environment, environment.service(&key)?)?;
            Some(of(&subject, &remark))
        });
        all.extend(remarks);
    }
    all
}

fn of(subject: &Subject<'_>, remark: &Remark) -> Told {
    let said = remark.text();
    match remark {
        Remark::Opened => {
            let remedy =
                "let it refuse what does not come from its callers, or put Cloudflare Access before that address";
            let place = subject.place("workers_dev");
            subject.told(&OPENED, "", said, remedy.to_owned(), place)
        }
        Remark::Lacks { names, .. } => {
            let section = subject.service.wrangler_env.as_deref();
            let section = section.map_or_else(|| "the top level".to_owned(), |section| format!("`env.{section}`"));
            let remedy = format!(
                "add {} to {section}, or an empty list where that is meant",
                quoted_list(names)
            );
            subject.told(&LACKS, "", said, remedy, subject.place(""))
        }
    }
}
