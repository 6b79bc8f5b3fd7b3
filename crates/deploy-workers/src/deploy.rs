//! `command: deploy`

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actions_core::cloudflare::Reader;
use actions_core::error::fault;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::{Runner, signal};

use crate::apply::{self, Done, Work};
use crate::facts::Facts;
use crate::inputs::Inputs;
use crate::plan::{Plan, Subject};
use crate::project::bundled::Bundled;
use crate::project::render::Rendered;
use crate::report::{self, Report, describe};

/// How long a request may take to arrive after a run was cancelled. The runner gives ten seconds in all.
const STILL_ARRIVES: Duration = Duration::from_secs(1);

/// Deploys: bundles, reads, plans, carries out, and puts back what it did when it fails.
pub(crate) async fn run(
    runner: &Runner,
    inputs: &Inputs,
    access: &CloudflareAccess,
    started: Instant,
) -> anyhow::Result<()> {
    let prepared = async {
        let bundled = Bundled::make(inputs, runner).await?;
        let reader = access.reader(actions_core::http::client()?);
        let facts = Facts::read(&reader, inputs, &bundled.built, &bundled.wanted(inputs)).await?;
        anyhow::Ok((bundled, reader, facts))
    };
    let (bundled, reader, facts) = tokio::select! {
        prepared = prepared => prepared?,
        signal = signal::cancelled() => return Err(fault(format!("cancelled ({}) before anything was touched", signal.name())).into()),
    };
    let rendered = bundled
        .render(inputs, &facts.known)
        .map_err(|wrong| report::checks_failed(&wrong))?;
    let subject = Subject {
        environment: &inputs.environment,
        built: &bundled.built,
        rendered: &rendered,
        waves: bundled.waves.clone(),
        needs: &bundled.needs,
        overwrite: inputs.overwrite,
        more_hostnames: &inputs.more_hostnames,
    };
    let plan = Plan::new(&subject, &facts);
    if !plan.conflicts.is_empty() {
        return Err(report::checks_failed(&plan.conflicts));
    }
    let described = describe::describe(inputs, &bundled, &rendered);
    describe::say(runner, &described);
    runner.say(&report::plan(&plan));
    let mut done = Done::default();
    if !inputs.dry_run {
        carry_out(runner, inputs, &reader, &bundled, &facts, &plan, rendered, &mut done).await;
    }
    let report = Report {
        inputs,
        plan: &plan,
        done: &done,
        described: &described,
        seconds: started.elapsed().as_secs_f64(),
    };
    report.write(runner)?;
    done.error.map_or(Ok(()), Err)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the pieces of one deployment, borrowed for its length"
)]
async fn carry_out(
    runner: &Runner,
    inputs: &Inputs,
    reader: &Reader,
    bundled: &Bundled,
    facts: &Facts,
    plan: &Plan,
    rendered: BTreeMap<String, Rendered>,
    done: &mut Done,
) {
    let work = Work {
        writer: reader.writer(),
        inputs,
        plan,
        facts,
        built: &bundled.built,
        sandbox: &bundled.sandbox,
        runner,
        journal: RefCell::default(),
    };
    let result = tokio::select! {
        result = all(&work, bundled, rendered, &mut done.kv) => result,
        signal = signal::cancelled() => {
            // A request that was on its way may still arrive: what serves is looked at after that.
            tokio::time::sleep(STILL_ARRIVES).await;
            Err(fault(format!("cancelled ({})", signal.name())).into())
        }
    };
    done.services = work.journal.take();
    if let Err(error) = result {
        done.error = Some(error);
        if inputs.put_back {
            work.put_back(done).await;
        }
    }
}

/// Namespaces first, since uploads name their ids; then wave after wave.
async fn all(
    work: &Work<'_>,
    bundled: &Bundled,
    rendered: BTreeMap<String, Rendered>,
    made: &mut Vec<String>,
) -> anyhow::Result<()> {
    if work.plan.kv.is_empty() {
        return work.waves(&rendered).await;
    }
    let mut known = work.facts.known.clone();
    known.kv.extend(apply::kv(&work.writer, &work.plan.kv, made).await?);
    let rendered = bundled
        .render(work.inputs, &known)
        .map_err(|wrong| report::checks_failed(&wrong))?;
    work.waves(&rendered).await
}
