//! Everything that is known without a request: bundles, checked and rendered, and their order.

use std::collections::BTreeMap;

use actions_core::environment::Service;
use actions_core::runner::{Problems, Runner};
use indexmap::IndexMap;
use wrangler::Sandbox;

use crate::bundles;
use crate::inputs::{Command, Inputs};
use crate::plan::order::{self, Edges, Wave};
use crate::report;
use crate::under_way::{Corral, UnderWay};
use wrangler::project::builds;
use wrangler::project::check;
use wrangler::project::declared;
use wrangler::project::isolation::Foreign;
use wrangler::project::names::Names;
use wrangler::project::render::{self, Context, Known, Rendered};
use wrangler::project::{self, Built, NotBuilt, Progress, Project, Scope};

/// The chosen services, ready to be planned.
pub(crate) struct Bundled {
    pub(crate) built: IndexMap<String, Built>,
    names: Names,
    /// Where wrangler runs; it goes away with this.
    pub(crate) sandbox: Sandbox,
    foreign: Option<Foreign>,
    /// What each chosen service needs, by key.
    pub(crate) needs: BTreeMap<String, Vec<String>>,
    /// The services that each of them binds to, by key.
    calls: Edges,
}

/// At what a service failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Build,
    Bundle,
}

/// A service that could not be bundled.
pub(crate) struct NotBundled {
    pub(crate) key: String,
    pub(crate) stage: Stage,
    /// Whether the manifest has a command that builds it.
    pub(crate) has_build: bool,
    pub(crate) error: anyhow::Error,
}

impl NotBundled {
    fn new(scope: Scope<'_>, stage: Stage, key: String, error: anyhow::Error) -> Self {
        let service = scope.environment.service(&key);
        Self {
            has_build: service.is_some_and(|service| service.build.is_some())
                || scope.manifest.is_some_and(|manifest| manifest.project.build.is_some()),
            key,
            stage,
            error,
        }
    }
}

/// What the services' code comes to.
struct Code {
    project: Project,
    /// The project's own build failed.
    project_failed: Option<anyhow::Error>,
    built: IndexMap<String, Built>,
    failed: Vec<NotBundled>,
}

impl Code {
    /// Builds and bundles, or takes what another job has left.
    async fn make(
        inputs: &mut Inputs,
        runner: &Runner,
        under_way: &UnderWay,
        sandbox: &Sandbox,
        problems: &mut Problems,
    ) -> anyhow::Result<Self> {
        let say = |progress: Progress<'_>| under_way.heed(runner, progress);
        let mut not_built = NotBuilt::default();
        // A build takes its time: where secrets are missing, it is for nothing.
        let mut skipped = false;
        let folder = inputs.bundles.clone().filter(|_| inputs.command == Command::Deploy);
        let corral = Corral::new();
        if folder.is_some() {
            // None of the project's code runs; names and production's resources are those of this checkout.
            not_built.elsewhere = true;
        } else if problems.is_empty() {
            not_built = project::build(inputs.scope(), sandbox, &say).await;
        } else {
            not_built.services = report::builds_skipped(runner, builds::built_by_commands(inputs.scope()));
            skipped = !not_built.services.is_empty();
        }
        let project = Project::read(inputs.scope(), &not_built, problems);
        let taken = match &folder {
            Some(folder) => bundles::take(inputs, folder, problems).await?,
            None => None,
        };
        // A build may have written the configuration, here or where the bundles come from.
        let declared = match &taken {
            Some(taken) => {
                runner.say(&report::taken(taken));
                let all = taken.built.iter();
                all.map(|(key, built)| (key.clone(), built.declared.clone())).collect()
            }
            None => project.declared_secrets(inputs.scope()),
        };
        inputs.declare(&declared, &runner.env);
        let scope = inputs.scope();
        // Else a configuration that could not be read may ask for them.
        if project.is_whole(scope) {
            let mut names = project.declared_by_any();
            names.extend(declared.into_values().flatten());
            inputs.check_names(&names, problems);
        }
        let unused = inputs.unused_secrets();
        if !unused.is_empty() && inputs.command == Command::Deploy {
            runner.say(&report::unused_secrets(&unused));
        }
        let (built, mut not_bundled) = match &folder {
            Some(_) => (taken.map(|taken| taken.built).unwrap_or_default(), Vec::new()),
            None => project.bundle(scope, &not_built, sandbox, &say).await,
        };
        corral.end(runner);
        if skipped {
            // What is not built may be what the others lack.
            not_built.services.clear();
            not_bundled.clear();
        }
        if folder.is_none() {
            project.unbundled(scope, &built, problems);
        }
        let stage = |stage| move |(key, error)| NotBundled::new(scope, stage, key, error);
        let not_bundled = not_bundled.into_iter().map(stage(Stage::Bundle));
        let failed = not_built.services.drain(..).map(stage(Stage::Build));
        Ok(Self {
            failed: failed.chain(not_bundled).collect(),
            project_failed: not_built.project,
            project,
            built,
        })
    }
}

impl Bundled {
    /// Bundles and checks everything.
    ///
    /// # Errors
    /// Bundles that failed, or every problem in them.
    pub(crate) async fn make(inputs: &mut Inputs, runner: &Runner, under_way: &UnderWay) -> anyhow::Result<Self> {
        let mut problems = inputs.missing.clone();
        let api_url = inputs
            .cloudflare
            .as_ref()
            .map_or(actions_core::cloudflare::API, |access| &access.api_url);
        let sandbox = Sandbox::new(&runner.env, api_url, &inputs.build_env)?;
        let Code {
            project,
            project_failed,
            mut built,
            failed,
        } = Code::make(inputs, runner, under_way, &sandbox, &mut problems).await?;
        let (inputs, scope) = (&*inputs, inputs.scope());
        for (key, remark) in project.remarks(scope) {
            // Bundles that another job has left may bring it.
            let told = remark.text();
            if let Some(built) = built.get_mut(&key).filter(|built| !built.told.contains(&told)) {
                built.told.push(told);
            }
        }
        let names = Names::new(&inputs.environment, inputs.manifest.as_ref(), &project.names());
        let mut needs = BTreeMap::new();
        let mut calls = Edges::new();
        for (key, built) in &built {
            let callees = render::callees(&built.metadata, key, &names);
            let declared = inputs.environment.service(key).map(|service| service.needs.as_slice());
            let mut all = declared.unwrap_or_default().to_vec();
            all.extend(callees.iter().cloned());
            all.sort();
            all.dedup();
            needs.insert(key.clone(), all);
            calls.insert(key.clone(), callees);
        }
        let bundled = Self {
            foreign: project.foreign(scope),
            built,
            names,
            needs,
            calls,
            sandbox,
        };
        for (key, built) in &bundled.built {
            for problem in check::bundle(built, inputs.budget, check::today()) {
                problems.add(&format!("services.{key}"), problem);
            }
            if let Some(service) = inputs.environment.service(key) {
                for problem in check::without_code(service, built, &inputs.own_vars(service)) {
                    problems.add(&format!("services.{key}"), problem);
                }
            }
            for lost in check::not_inherited(built) {
                // Validation is there to tell; else wrangler warns, where it bundles.
                if inputs.command == Command::Validate {
                    problems.add(&format!("services.{key}"), lost);
                } else if built.bundled_by.is_none() {
                    runner.say(&report::lost(key, &lost));
                }
            }
        }
        for problem in check::unused_names(&inputs.environment, &bundled.built) {
            problems.add("manifest", problem);
        }
        // Without a service's configuration nobody knows by which names others call it.
        let rendered = bundled.render(inputs, &Known::default());
        for (key, problem) in rendered.err().into_iter().flatten().filter(|_| project.is_whole(scope)) {
            problems.add(&format!("services.{key}"), problem);
        }
        if let Some(error) = project_failed {
            if problems.is_empty() {
                return Err(report::project_not_built(runner, error));
            }
            problems.add("project.build", report::project_not_built_either(runner, &error));
        }
        if problems.is_empty() && !failed.is_empty() {
            return Err(report::bundling_failed(runner, failed));
        }
        for failed in &failed {
            problems.add(&format!("services.{}", failed.key), report::not_bundled(runner, failed));
        }
        problems.finish()?;
        Ok(bundled)
    }

    /// The chosen services in the order of their deployment; `there` says whether the Worker of a service exists.
    ///
    /// # Errors
    /// Services that need each other by the manifest, which refuses that itself.
    pub(crate) fn order(&self, inputs: &Inputs, there: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Wave>> {
        let services = inputs.environment.services.iter();
        let needs = services.map(|service| (service.key.clone(), service.needs.clone()));
        let waves = order::waves(&needs.collect(), &self.calls, there)?;
        Ok(order::of_chosen(waves, |key| self.built.contains_key(key)))
    }

    /// The D1 databases that the manifest gives other environments, by name or id.
    pub(crate) fn other_databases(&self) -> impl Iterator<Item = &String> {
        self.foreign.iter().flat_map(Foreign::databases)
    }

    /// Renders every service's metadata, with these ids.
    ///
    /// # Errors
    /// Every problem, by service.
    pub(crate) fn render(
        &self,
        inputs: &Inputs,
        known: &Known,
    ) -> Result<BTreeMap<String, Rendered>, Vec<(String, String)>> {
        let context = Context {
            environment: &inputs.environment,
            names: &self.names,
            known,
            secrets: &inputs.secrets,
            foreign: self.foreign.as_ref(),
            shared: &inputs.shared,
        };
        let (mut all, mut wrong) = (BTreeMap::new(), Vec::new());
        for (key, built) in &self.built {
            let Some(service) = inputs.environment.service(key) else {
                continue;
            };
            match render::render(service, &built.metadata, &built.migrations, &context) {
                Ok(mut rendered) => {
                    declared::inherit(&mut rendered.metadata, &built.declared);
                    all.insert(key.clone(), rendered);
                }
                Err(problems) => wrong.extend(problems.into_iter().map(|problem| (key.clone(), problem.text))),
            }
        }
        if wrong.is_empty() { Ok(all) } else { Err(wrong) }
    }

    /// The chosen services, and those that they need.
    pub(crate) fn wanted<'a>(&self, inputs: &'a Inputs) -> Vec<&'a Service> {
        let needed =
            |key: &String| self.built.contains_key(key) || self.needs.values().flatten().any(|need| need == key);
        let services = inputs.environment.services.iter();
        services.filter(|service| needed(&service.key)).collect()
    }
}
