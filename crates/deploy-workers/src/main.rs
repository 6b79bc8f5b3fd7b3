//! Deploys all Workers of an environment, in the order in which they need each other.

mod apply;
mod facts;
mod fingerprint;
mod gate;
mod hostnames;
mod inputs;
mod names;
mod plan;
mod project;
mod render;
mod report;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use actions_core::cloudflare::Reader;
use actions_core::environment::Service;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::{self, Problems, Runner};
use actions_core::wrangler::{Resource, Sandbox};
use indexmap::IndexMap;
use std::collections::BTreeSet;

use crate::apply::{Done, Work};
use crate::facts::Facts;
use crate::inputs::{Command, Inputs};
use crate::names::Names;
use crate::plan::{Plan, Subject};
use crate::project::{Built, Project};
use crate::render::{Context, Rendered};
use crate::report::Report;

fn main() -> ExitCode {
    runner::main("deploy-workers", run)
}

async fn run(runner: &Runner) -> anyhow::Result<()> {
    let started = Instant::now();
    let inputs = Inputs::read(&runner.env)?;
    runner.say(&report::opening(&inputs));
    let bundled = Bundled::make(&inputs, runner).await?;
    match (inputs.command, &inputs.cloudflare) {
        (Command::Deploy, Some(access)) => deploy(runner, &inputs, &bundled, access, started).await,
        _ => Ok(()),
    }
}

/// Everything that is known without a request.
struct Bundled {
    built: IndexMap<String, Built>,
    names: Names,
    production: Option<BTreeSet<Resource>>,
    /// What each chosen service needs, by key.
    needs: BTreeMap<String, Vec<String>>,
    /// The chosen services.
    waves: Vec<Vec<String>>,
}

impl Bundled {
    async fn make(inputs: &Inputs, runner: &Runner) -> anyhow::Result<Self> {
        let project = Project::read(inputs)?;
        let api_url = inputs
            .cloudflare
            .as_ref()
            .map_or(actions_core::cloudflare::API, |access| &access.api_url);
        let sandbox = Sandbox::new(&runner.env, api_url, &inputs.build_env)?;
        let built = project.bundle(inputs, &sandbox, runner).await?;
        let names = Names::new(&inputs.environment, &inputs.manifest, &project.names());
        let mut needs = BTreeMap::new();
        let mut bindings = IndexMap::new();
        for (key, built) in &built {
            let callees = render::callees(&built.metadata, key, &names);
            let declared = inputs
                .environment
                .service(key)
                .map(|service| service.needs.clone())
                .unwrap_or_default();
            let mut all = declared;
            all.extend(
                callees
                    .iter()
                    .filter(|callee| {
                        !inputs
                            .environment
                            .service(key)
                            .is_some_and(|service| service.needs.contains(*callee))
                    })
                    .cloned(),
            );
            needs.insert(key.clone(), all);
            bindings.insert(key.clone(), callees);
        }
        let mut problems = Problems::default();
        let waves = inputs.environment.waves(&bindings).unwrap_or_else(|cycle| {
            problems.add("services", cycle.to_string());
            Vec::new()
        });
        let bundled = Self {
            production: project.production(inputs),
            waves: waves
                .into_iter()
                .map(|wave| {
                    wave.into_iter()
                        .filter(|key| built.contains_key(key))
                        .collect::<Vec<_>>()
                })
                .filter(|wave| !wave.is_empty())
                .collect(),
            built,
            names,
            needs,
        };
        // Whatever is wrong with bindings, variables and secrets, before the first request.
        if let Err(wrong) = bundled.render(inputs, &BTreeMap::new()) {
            for (key, problem) in wrong {
                problems.add(&format!("services.{key}"), problem);
            }
        }
        problems.finish()?;
        if bundled.waves.len() > 1 {
            runner.say(&report::waves(&bundled.waves));
        }
        Ok(bundled)
    }

    /// Renders every service's metadata, with these KV namespaces.
    fn render(
        &self,
        inputs: &Inputs,
        kv: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Rendered>, Vec<(String, String)>> {
        let context = Context {
            environment: &inputs.environment,
            names: &self.names,
            kv,
            secrets: &inputs.secrets,
            production: self.production.as_ref(),
            shared: &inputs.shared,
        };
        let (mut all, mut wrong) = (BTreeMap::new(), Vec::new());
        for (key, built) in &self.built {
            let Some(service) = inputs.environment.service(key) else {
                continue;
            };
            match render::render(service, &built.metadata, &context) {
                Ok(rendered) => {
                    all.insert(key.clone(), rendered);
                }
                Err(problems) => wrong.extend(problems.into_iter().map(|problem| (key.clone(), problem))),
            }
        }
        if wrong.is_empty() { Ok(all) } else { Err(wrong) }
    }

    /// The chosen services, and those that they need.
    fn wanted<'a>(&self, inputs: &'a Inputs) -> Vec<&'a Service> {
        let needed =
            |key: &String| self.built.contains_key(key) || self.needs.values().flatten().any(|need| need == key);
        inputs
            .environment
            .services
            .iter()
            .filter(|service| needed(&service.key))
            .collect()
    }
}

async fn deploy(
    runner: &Runner,
    inputs: &Inputs,
    bundled: &Bundled,
    access: &CloudflareAccess,
    started: Instant,
) -> anyhow::Result<()> {
    let reader = Reader::new(
        actions_core::http::client()?,
        &access.api_url,
        access.token.clone(),
        &access.account_id,
    );
    let facts = Facts::read(&reader, inputs, &bundled.built, &bundled.wanted(inputs)).await?;
    let rendered = bundled
        .render(inputs, &facts.kv)
        .map_err(|wrong| report::checks_failed(&wrong))?;
    let subject = Subject {
        environment: &inputs.environment,
        built: &bundled.built,
        rendered: &rendered,
        waves: bundled.waves.clone(),
        needs: &bundled.needs,
    };
    let plan = Plan::new(subject, &facts);
    if !plan.conflicts.is_empty() {
        return Err(report::checks_failed(&plan.conflicts));
    }
    let changes = plan.changes();
    runner.say(&format!("plan: {}", changes.headline()));
    if !plan.is_empty() {
        runner.say(&changes.to_string());
    }
    let mut done = Done::default();
    if !inputs.dry_run {
        let writer = reader.writer();
        let work = Work {
            writer,
            inputs,
            plan: &plan,
            facts: &facts,
            built: &bundled.built,
            runner,
        };
        carry_out(&work, bundled, rendered, &mut done).await;
    }
    let report = Report {
        inputs,
        plan: &plan,
        done: &done,
        seconds: started.elapsed().as_secs_f64(),
    };
    let json = report.json();
    runner.summary(&report.markdown());
    let urls: serde_json::Map<_, _> = json
        .services
        .iter()
        .map(|service| (service.service.clone(), service.url.clone().into()))
        .collect();
    let versions: serde_json::Map<_, _> = json
        .services
        .iter()
        .map(|service| (service.service.clone(), service.version_id.clone().into()))
        .collect();
    runner.output("urls", &serde_json::Value::Object(urls).to_string())?;
    runner.output("versions", &serde_json::Value::Object(versions).to_string())?;
    runner.output("changed", if json.head.changed { "true" } else { "false" })?;
    runner.report(&json)?;
    done.error.map_or(Ok(()), Err)
}

async fn carry_out(work: &Work<'_>, bundled: &Bundled, rendered: BTreeMap<String, Rendered>, done: &mut Done) {
    let rendered = if work.plan.kv.is_empty() {
        rendered
    } else {
        let made = match apply::kv(&work.writer, &work.plan.kv, done).await {
            Ok(made) => made,
            Err(error) => {
                done.error = Some(error);
                return;
            }
        };
        let mut ids = work.facts.kv.clone();
        ids.extend(made);
        match bundled.render(work.inputs, &ids) {
            Ok(rendered) => rendered,
            Err(wrong) => {
                done.error = Some(report::checks_failed(&wrong));
                return;
            }
        }
    };
    work.waves(&rendered, done).await;
}
