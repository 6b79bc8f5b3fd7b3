//! Everything that is known without a request: bundles, checked and rendered, and their order.

use std::collections::BTreeMap;

use actions_core::environment::Service;
use actions_core::runner::Runner;
use indexmap::IndexMap;
use wrangler::Sandbox;

use crate::bundles;
use crate::inputs::{Command, Inputs};
use crate::report;
use crate::under_way::{Corral, UnderWay};
use wrangler::project::check;
use wrangler::project::isolation::Foreign;
use wrangler::project::names::Names;
use wrangler::project::render::{self, Context, Known, Rendered};
use wrangler::project::{self, Built, NotBuilt, Progress, Project};

/// The chosen services, ready to be planned.
pub(crate) struct Bundled {
    pub(crate) built: IndexMap<String, Built>,
    names: Names,
    /// Where wrangler runs; it goes away with this.
    pub(crate) sandbox: Sandbox,
    foreign: Option<Foreign>,
    /// What each chosen service needs, by key.
    pub(crate) needs: BTreeMap<String, Vec<String>>,
    /// The chosen services.
    pub(crate) waves: Vec<Vec<String>>,
}

impl Bundled {
    /// Bundles and checks everything.
    ///
    /// # Errors
    /// Bundles that failed, or every problem in them.
    pub(crate) async fn make(inputs: &Inputs, runner: &Runner, under_way: &UnderWay) -> anyhow::Result<Self> {
        let mut problems = inputs.missing.clone();
        let api_url = inputs
            .cloudflare
            .as_ref()
            .map_or(actions_core::cloudflare::API, |access| &access.api_url);
        let sandbox = Sandbox::new(&runner.env, api_url, &inputs.build_env)?;
        let scope = inputs.scope();
        let say = |progress: Progress<'_>| under_way.heed(runner, progress);
        let mut not_built = NotBuilt::default();
        let (project, built, not_bundled) =
            if let Some(folder) = inputs.bundles.as_ref().filter(|_| inputs.command == Command::Deploy) {
                // None of the project's code runs; names and production's resources are those of this checkout.
                not_built.elsewhere = true;
                let project = Project::read(scope, &not_built, &mut problems);
                let taken = bundles::take(inputs, folder, &mut problems).await?;
                if let Some(taken) = &taken {
                    runner.say(&report::taken(taken));
                }
                (project, taken.map(|taken| taken.built).unwrap_or_default(), Vec::new())
            } else {
                let corral = Corral::new();
                not_built = project::build(scope, &sandbox, &say).await;
                let project = Project::read(scope, &not_built, &mut problems);
                let (built, not_bundled) = project.bundle(scope, &not_built, &sandbox, &say).await;
                corral.end(runner);
                (project, built, not_bundled)
            };
        let failed: Vec<(String, anyhow::Error)> = not_built.services.drain(..).chain(not_bundled).collect();
        let names = Names::new(&inputs.environment, inputs.manifest.as_ref(), &project.names());
        let mut needs = BTreeMap::new();
        let mut called = IndexMap::new();
        for (key, built) in &built {
            let callees = render::callees(&built.metadata, key, &names);
            let declared = inputs.environment.service(key).map(|service| service.needs.as_slice());
            let mut all = declared.unwrap_or_default().to_vec();
            all.extend(callees.iter().cloned());
            all.sort();
            all.dedup();
            needs.insert(key.clone(), all);
            called.insert(key.clone(), callees);
        }
        let waves = inputs.environment.waves(&called).unwrap_or_else(|cycle| {
            problems.add("services", cycle.to_string());
            Vec::new()
        });
        let chosen =
            |wave: Vec<String>| -> Vec<String> { wave.into_iter().filter(|key| built.contains_key(key)).collect() };
        let bundled = Self {
            foreign: project.foreign(scope),
            waves: waves.into_iter().map(chosen).filter(|wave| !wave.is_empty()).collect(),
            built,
            names,
            needs,
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
        if let Some(error) = not_built.project.take() {
            if problems.is_empty() {
                return Err(report::project_not_built(runner, error));
            }
            problems.add("project.build", report::project_not_built_either(runner, &error));
        }
        if problems.is_empty() && !failed.is_empty() {
            return Err(report::bundling_failed(runner, failed));
        }
        for (key, error) in &failed {
            problems.add(&format!("services.{key}"), report::not_bundled(runner, key, error));
        }
        problems.finish()?;
        if bundled.waves.len() > 1 {
            runner.say(&report::waves(&bundled.waves));
        }
        Ok(bundled)
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
                Ok(rendered) => {
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
