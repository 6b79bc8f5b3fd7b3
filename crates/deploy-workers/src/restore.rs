//! `command: rollback`: back to what served before a run, or to named versions.

use std::time::Instant;

use actions_core::cloudflare::{Deployment, Share};
use actions_core::environment::Service;
use actions_core::error::fault;
use actions_core::reports;
use actions_core::runner::Runner;
use actions_core::runner::common::CloudflareAccess;
use indexmap::IndexMap;

use crate::apply::gate::{self, Awaited};
use crate::apply::rollback::{self, Decision, PutBack};
use crate::apply::upload::message;
use crate::inputs::{BackTo, Inputs};
use crate::report;

/// One service that was looked at.
pub(crate) struct Restored<'a> {
    pub(crate) service: &'a Service,
    /// What served when the command began.
    pub(crate) before: Option<String>,
    pub(crate) put_back: PutBack,
}

/// Puts the services back, those first that need others.
pub(crate) async fn run(
    runner: &Runner,
    inputs: &Inputs,
    access: &CloudflareAccess,
    started: Instant,
) -> anyhow::Result<()> {
    let Some(back_to) = &inputs.back_to else {
        return Err(fault("there is nothing to go back to").into());
    };
    let writer = access.reader(actions_core::http::client()?).writer();
    let waves = inputs.environment.waves(&IndexMap::new())?;
    let by = message(&inputs.origin);
    let mark = match back_to {
        BackTo::BeforeRun(run) => rollback::mark(run, &by),
        BackTo::Versions(_) => format!("rollback to named versions, {by}"),
    };
    let mut all = Vec::new();
    for key in waves.iter().flatten().rev().filter(|key| inputs.chosen.contains(key)) {
        let Some(service) = inputs.environment.service(key) else {
            continue;
        };
        let deployments = writer.reader().deployments(&service.worker).await?.unwrap_or_default();
        let decision = decide(back_to, key, &deployments, inputs);
        let put_back = if inputs.dry_run {
            report::planned(&decision)
        } else {
            rollback::carry_out(&writer, &service.worker, decision, &mark).await
        };
        runner.say(&report::put_back(key, &put_back));
        all.push(Restored {
            service,
            before: deployments
                .first()
                .and_then(Deployment::only_version)
                .map(str::to_owned),
            put_back,
        });
    }
    all.reverse();
    let mut error = report::rollback_failed(&all);
    if error.is_none() && !inputs.dry_run {
        error = healthy(runner, inputs, &all).await.err();
    }
    let json = report::restored(inputs, &all, started.elapsed().as_secs_f64(), error.as_ref());
    write(runner, &json, &all)?;
    error.map_or(Ok(()), Err)
}

fn decide(back_to: &BackTo, key: &str, deployments: &[Deployment], inputs: &Inputs) -> Decision {
    match back_to {
        BackTo::BeforeRun(run) => rollback::decide_by_run(deployments, run, inputs.new_workers),
        BackTo::Versions(versions) => {
            let Some(version) = versions.get(key) else {
                return Decision::Nothing;
            };
            // A deployment's own id stands for what it served, two versions perhaps.
            let named = deployments.iter().find(|deployment| deployment.id == *version);
            let shares = named.map_or_else(|| vec![Share::all(version)], |named| named.versions.clone());
            match deployments.first() {
                None => Decision::Leave("the Worker is not deployed".to_owned()),
                Some(live) if live.serves(&shares) => Decision::Nothing,
                Some(_) => Decision::Deploy(shares),
            }
        }
    }
}

/// What was put back is to be healthy too.
async fn healthy(runner: &Runner, inputs: &Inputs, all: &[Restored<'_>]) -> anyhow::Result<()> {
    let Some(schedule) = &inputs.health else { return Ok(()) };
    let services: Vec<Awaited<'_>> = all
        .iter()
        .filter_map(|restored| match &restored.put_back {
            PutBack::Back(versions) => Some(Awaited {
                service: restored.service,
                version: versions.first().filter(|_| versions.len() == 1).cloned(),
                replaced: true,
                version_url: None,
            }),
            _ => None,
        })
        .collect();
    if services.is_empty() {
        return Ok(());
    }
    let asked = gate::Asked::Serving;
    gate::wait(&inputs.environment, &services, asked, schedule, runner, |_, _| {}).await
}

fn write(runner: &Runner, json: &reports::DeployWorkers, all: &[Restored<'_>]) -> anyhow::Result<()> {
    let back: Vec<&str> = all
        .iter()
        .filter(|restored| matches!(restored.put_back, PutBack::Back(_) | PutBack::Removed))
        .map(|restored| restored.service.key.as_str())
        .collect();
    runner.summary(&report::restored_markdown(json));
    report::outputs(runner, json, &back)
}
