//! Everything that is known without a request: bundles, checked and rendered, and their order.

use std::collections::BTreeMap;

use actions_core::environment::Service;
use actions_core::runner::Runner;
use indexmap::IndexMap;
use wrangler::Sandbox;

use crate::inputs::{Command, Inputs};
use crate::plan::order::{self, Edges, Wave};
use crate::report;
use wrangler::project::builds;
use wrangler::project::check;
use wrangler::project::declared;
use wrangler::project::isolation::Foreign;
use wrangler::project::names::Names;
use wrangler::project::render::{self, Context, Known, Rendered};
use wrangler::project::{self, Built, Progress, Project, Scope};

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
            has_build: service.is_some_and(|service| service.build.is_some()),
            key,
            stage,
            error,
        }
    }
}

impl Bundled {
    /// Bundles and checks everything.
    ///
    /// # Errors
    /// Bundles that failed, or every problem in them.
    pub(crate) async fn make(inputs: &mut Inputs, runner: &Runner) -> anyhow::Result<Self> {
        let mut problems = inputs.missing.clone();
        let api_url = inputs
            .cloudflare
            .as_ref()
            .map_or(actions_core::cloudflare::API, |access| &access.api_url);
        let sandbox = Sandbox::new(&runner.env, api_url, &inputs.build_env)?;
        let say = |progress: Progress<'_>| runner.say(&report::progress(progress));
        // A build takes its time: where secrets are missing, it is for nothing.
        let skipped = if problems.is_empty() {
            IndexMap::new()
        } else {
            report::builds_skipped(runner, builds::built_by_commands(inputs.scope()))
        };
        let not_built = if skipped.is_empty() {
            project::build(inputs.scope(), &sandbox, &say).await
        } else {
            IndexMap::new()
        };
        let without = if skipped.is_empty() { &not_built } else { &skipped };
        let project = Project::read(inputs.scope(), without, &mut problems);
        // A build may have written the configuration.
        let declared = project.declared_secrets(inputs.scope());
        inputs.declare(&declared, &runner.env);
        let (inputs, scope) = (&*inputs, inputs.scope());
        let (built, mut not_bundled) = project.bundle(scope, without, &sandbox, &say).await;
        // What is not built may be what the others lack.
        if !skipped.is_empty() {
            not_bundled.clear();
        }
        project.unbundled(scope, &built, &mut problems);
        let stage = |stage| move |(key, error)| NotBundled::new(scope, stage, key, error);
        let not_bundled = not_bundled.into_iter().map(stage(Stage::Bundle));
        let failed: Vec<NotBundled> = not_built
            .into_iter()
            .map(stage(Stage::Build))
            .chain(not_bundled)
            .collect();
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
            // Validation is there to tell.
            for problem in check::not_inherited(built).filter(|_| inputs.command == Command::Validate) {
                problems.add(&format!("services.{key}"), problem);
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
                Err(problems) => wrong.extend(problems.into_iter().map(|problem| (key.clone(), problem))),
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
