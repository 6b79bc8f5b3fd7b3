//! From what a repository has to the manifest that it is proposed: text with a comment where something was guessed. The
//! rules of isolation are asked what environments would share, and the checks what is wrong with the proposal.

mod conflicts;
mod data;
mod database;
mod hosts;
mod links;
mod names;
mod needs;
mod running;
mod secrets;
mod sections;
mod stages;
mod toml;

use actions_core::runner::Env;

pub(super) use self::conflicts::remarks;
use self::data::Data;
use self::hosts::Hosts;
pub(super) use self::links::shown;
use self::names::{Moved, Names};
pub(super) use self::stages::PRODUCTION;
use self::stages::{Kind, Stage};
use super::found::Found;
use crate::checks;
use crate::finding::Finding;
use crate::inputs::Inputs;
use crate::world::World;

/// Names of packages that say nothing of what is in them.
const NAMELESS: [&str; 7] = ["app", "monorepo", "my-app", "project", "root", "web", "workspace"];

/// What all of a proposal is made of.
pub(super) struct Plan<'a> {
    found: &'a Found,
    /// The project's name.
    project: String,
    stages: Vec<Stage>,
    /// Environments of the configurations that are taken to be for development.
    local: Vec<String>,
    names: Names,
    /// `None`: everything is at workers.dev.
    hosts: Option<Hosts>,
    /// The account's name at workers.dev, where a variable tells it.
    account: Option<String>,
}

/// A manifest to be looked at.
pub(super) struct Proposal {
    pub(super) text: String,
    /// The repository with it.
    pub(super) world: World,
    /// What the checks find of it as it stands.
    pub(super) findings: Vec<Finding>,
    /// Workers that the manifest calls otherwise than today: environment, today's name, the other.
    pub(super) moved: Vec<(String, String, String)>,
    /// The commands that make the buckets and databases that previews have for themselves.
    pub(super) to_make: Vec<String>,
}

/// The proposal for the manifest's folder.
pub(super) fn propose(found: &Found, inputs: &Inputs, env: &Env) -> Proposal {
    let plan = Plan::of(found);
    // Asked of a manifest that says nothing of bindings, the rules of isolation tell what there is to say.
    let nothing = vec![Data::default(); plan.stages.len()];
    let silent = World::of_text(&sections::text(&plan, &nothing), inputs, env);
    let of_stage = plan.stages.iter().map(|stage| {
        let environment = silent
            .environments
            .iter()
            .find(|environment| environment.name == stage.name);
        let conflicts = environment.map(|environment| conflicts::conflicts(&silent, environment));
        let mut data = data::data(&plan, stage.kind, &conflicts.unwrap_or_default());
        data.remarks = environment.map_or_else(Vec::new, |environment| remarks(&silent, environment));
        data
    });
    let data: Vec<Data> = of_stage.collect();
    let text = sections::text(&plan, &data);
    let world = World::of_text(&text, inputs, env);
    let to_make = data.iter().flat_map(|data| {
        let buckets = data
            .r2
            .iter()
            .map(|(_, name)| format!("npx wrangler r2 bucket create {name}"));
        buckets.chain(data.d1.iter().map(|(_, name)| format!("npx wrangler d1 create {name}")))
    });
    let mut to_make: Vec<String> = to_make.collect();
    to_make.sort();
    to_make.dedup();
    let moved = plan.names.moved.iter();
    let moved =
        moved.map(|Moved { stage, today, then, .. }| (plan.stages[*stage].name.clone(), today.clone(), then.clone()));
    Proposal {
        moved: moved.collect(),
        to_make,
        text,
        findings: checks::of_manifest(&world),
        world,
    }
}

/// The project's name: the root package's, or its scope's where that says nothing of what is in it.
fn project(package: Option<&str>, called: &str) -> String {
    let (scope, name) = package.map_or(("", ""), |name| name.rsplit_once('/').unwrap_or(("", name)));
    let says = [name, scope.trim_start_matches('@'), called];
    let mut says = says
        .into_iter()
        .filter(|name| !name.is_empty() && !NAMELESS.contains(name));
    says.next().unwrap_or(called).to_owned()
}

impl<'a> Plan<'a> {
    fn of(found: &'a Found) -> Self {
        let (stages, local) = stages::stages(found);
        let names = names::names(found, &stages);
        let hosts = hosts::hosts(found, &stages, &names.keys);
        let package = found.root_package().and_then(|package| package.name.as_deref());
        let project = names::label(&project(package, &found.called));
        let mut plan = Self {
            found,
            project: if project.is_empty() {
                "project".to_owned()
            } else {
                project
            },
            stages,
            local,
            names,
            hosts,
            account: None,
        };
        plan.account = plan.account_at_workers_dev();
        plan
    }

    /// The main hostname of a Worker in an environment that exists once, as the manifest makes it.
    fn address(&self, stage: usize, worker: usize) -> Option<String> {
        self.stages.get(stage).filter(|stage| stage.kind != Kind::Preview)?;
        let Some(hosts) = &self.hosts else {
            let worker = self.names.templates[stage].replace("{worker}", &self.names.bases[worker]);
            return Some(format!("{worker}.{}.workers.dev", self.account.as_ref()?));
        };
        let made = || {
            hosts.stages[stage]
                .template
                .replace("{subdomain}", &hosts.subdomains[worker])
        };
        let name = hosts.stages[stage].names[worker]
            .iter()
            .find(|name| !name.starts_with('*'));
        let name = name.cloned().unwrap_or_else(made);
        Some(if name == "@" {
            hosts.zone.clone()
        } else {
            format!("{name}.{}", hosts.zone)
        })
    }

    /// The account's name in a variable that holds the address of one of the Workers.
    fn account_at_workers_dev(&self) -> Option<String> {
        let names: Vec<String> = self
            .found
            .workers
            .iter()
            .flat_map(|worker| worker.config.names())
            .collect();
        let account = |text: &str| -> Option<String> {
            let host = text.strip_prefix("https://")?.split('/').next()?;
            let (worker, account) = host.strip_suffix(".workers.dev")?.split_once('.')?;
            names.iter().any(|name| name == worker).then(|| account.to_owned())
        };
        self.found.workers.iter().find_map(|worker| {
            let config = &worker.config;
            let sections = std::iter::once(None).chain(config.environments().into_iter().map(Some));
            let mut vars =
                sections.filter_map(|section| config.settings(section).ok()?.get("vars")?.as_object().cloned());
            vars.find_map(|vars| vars.values().filter_map(|value| value.as_str()).find_map(account))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::project;

    #[test]
    fn a_project_is_called_what_says_something() {
        for (package, name) in [
            (Some("shop"), "shop"),
            (Some("@acme/shop"), "shop"),
            (Some("@acme/root"), "acme"),
            (Some("monorepo"), "folder"),
            (None, "folder"),
        ] {
            assert_eq!(project(package, "folder"), name, "{package:?}");
        }
    }
}
