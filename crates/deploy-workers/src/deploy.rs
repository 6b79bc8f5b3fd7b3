//! `command: deploy`

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use actions_core::cloudflare::Reader;
use actions_core::reports::Command;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::signal::Interrupts;
use actions_core::runner::{Problems, Runner, command};
use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::apply::Work;
use crate::apply::outcome::Journal;
use crate::bundled::Bundled;
use crate::facts::{self, Facts};
use crate::inputs::Inputs;
use crate::plan::{Plan, Subject};
use crate::report::describe::{self, Described};
use crate::report::{self, Report};
use crate::stop::{Cancelled, Stop, UNTOUCHED};
use crate::under_way::UnderWay;
use wrangler::project::render::Rendered;
use wrangler::project::{NotBuilt, Project};

/// What is known before anything is touched.
struct Prepared {
    bundled: Bundled,
    reader: Reader,
    facts: Facts,
    rendered: BTreeMap<String, Rendered>,
    plan: Plan,
    described: Vec<Described>,
}

impl Prepared {
    /// Bundles, reads and plans.
    async fn new(runner: &Runner, inputs: &mut Inputs, reader: Reader, under_way: &UnderWay) -> anyhow::Result<Self> {
        declared_secrets(runner, inputs, &reader).await?;
        let bundled = Bundled::make(inputs, runner, under_way).await?;
        let inputs = &*inputs;
        let facts = Facts::read(&reader, inputs, &bundled, &bundled.wanted(inputs)).await?;
        let rendered = bundled
            .render(inputs, &facts.known)
            .map_err(|wrong| report::checks_failed(&wrong))?;
        let there = |key: &str| facts.live.get(key).is_some_and(|live| live.deployment.is_some());
        let waves = bundled.order(inputs, there)?;
        report::say_order(runner, &waves);
        let subject = Subject {
            environment: &inputs.environment,
            built: &bundled.built,
            rendered: &rendered,
            waves,
            needs: &bundled.needs,
            inputs,
            overwrite: inputs.overwrite,
        };
        let plan = Plan::new(&subject, &facts);
        let described = describe::describe(inputs, &bundled, &plan.waves, &rendered);
        Ok(Self {
            bundled,
            reader,
            facts,
            rendered,
            plan,
            described,
        })
    }
}

/// Asks for what the Workers have, where their configurations declare secrets that this step does not give: before a
/// build that would be for nothing.
async fn declared_secrets(runner: &Runner, inputs: &mut Inputs, reader: &Reader) -> anyhow::Result<()> {
    let scope = inputs.scope();
    // What cannot be read is told later.
    let project = Project::read(scope, &NotBuilt::default(), &mut Problems::default());
    let declared = project.declared_secrets(scope);
    inputs.declare(&declared, &runner.env);
    let mut missing = Problems::default();
    let asked = inputs.awaited.keys().filter_map(|key| inputs.environment.service(key));
    let there: Vec<(&str, Vec<String>)> = stream::iter(asked)
        .map(|service| async {
            let names = reader.secret_names(&service.worker).await?;
            anyhow::Ok((service.key.as_str(), names.unwrap_or_default()))
        })
        .buffered(facts::AT_ONCE)
        .try_collect()
        .await?;
    for (key, names) in there {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (name, problem) in inputs.undeclared(key, &names) {
            missing.add(name, problem);
        }
    }
    inputs.missing.extend(missing);
    Ok(())
}

/// Deploys: bundles, reads, plans, carries out, and puts back what it did when it fails. However it ends, the outputs
/// say what was done.
pub(crate) async fn run(
    runner: &Runner,
    mut inputs: Inputs,
    access: &CloudflareAccess,
    started: Instant,
) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let reader = access.reader_of(actions_core::http::client()?, runner.action, !inputs.dry_run);
    let addressed = tokio::select! {
        addressed = facts::workers_dev(&reader, &inputs) => addressed,
        interrupt = interrupts.next() => Err(Cancelled(interrupt).error(UNTOUCHED)),
    };
    match addressed {
        Ok(account) => account
            .iter()
            .for_each(|account| inputs.environment.at_workers_dev(account)),
        Err(error) => {
            report::untouched(runner, &inputs, Command::Deploy, &error, started)?;
            return Err(error);
        }
    }
    // Asked beside it, so that nothing is bundled to the end for a pull request that is closed.
    let inquiry = inputs.inquiry.clone();
    let source = async {
        let source = inquiry.source().await;
        source.may_make()?;
        anyhow::Ok(source)
    };
    let under_way = UnderWay::default();
    let prepared = tokio::select! {
        prepared = try_join(Prepared::new(runner, &mut inputs, reader, &under_way), source) => prepared,
        interrupt = interrupts.next() => Err(Cancelled(interrupt).error(&report::cut_short(UNTOUCHED, &under_way.now()))),
    };
    let (prepared, source) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            report::untouched(runner, &inputs, Command::Deploy, &error, started)?;
            return Err(error);
        }
    };
    if let Some(unknown) = &source.unknown {
        command::warning(runner.action, unknown);
    }
    inputs.origin.sha = source.commit;
    let inputs = &inputs;
    let conflicts = &prepared.plan.conflicts;
    let mut ended = Ended::default();
    if conflicts.is_empty() {
        if let Some(text) = report::left_behind(&prepared.facts.left_behind) {
            command::warning(runner.action, &text);
        }
        describe::say(runner, &prepared.described);
        runner.say(&report::plan(&prepared.plan));
        if !inputs.dry_run {
            ended = carry_out(runner, inputs, &prepared, &mut interrupts, started).await;
        }
    } else {
        ended.error = Some(report::checks_failed(conflicts));
    }
    prepared.report(inputs, &ended, started).write(runner)?;
    ended.error.map_or(Ok(()), Err)
}

/// How a run has ended.
#[derive(Default)]
struct Ended {
    journal: Journal,
    error: Option<anyhow::Error>,
}

impl Prepared {
    fn report<'a>(&'a self, inputs: &'a Inputs, ended: &'a Ended, started: Instant) -> Report<'a> {
        Report {
            inputs,
            plan: &self.plan,
            journal: &ended.journal,
            error: ended.error.as_ref(),
            described: &self.described,
            seconds: started.elapsed().as_secs_f64(),
        }
    }
}

async fn carry_out(
    runner: &Runner,
    inputs: &Inputs,
    prepared: &Prepared,
    interrupts: &mut Interrupts,
    started: Instant,
) -> Ended {
    let stop = Stop::default();
    let work = Work {
        hasty: prepared.reader.writer(),
        patient: prepared.reader.patient().writer(),
        inputs,
        plan: &prepared.plan,
        facts: &prepared.facts,
        built: &prepared.bundled.built,
        sandbox: &prepared.bundled.sandbox,
        runner,
        stop: &stop,
        journal: RefCell::default(),
    };
    // Whatever comes now, the runner may kill: the outputs tell first what was done until here.
    let first = |cancelled: Cancelled| {
        runner.say(report::CANCELLED);
        let ended = Ended {
            journal: work.journal.borrow().clone(),
            error: Some(cancelled.error("")),
        };
        if let Err(error) = prepared.report(inputs, &ended, started).outputs(runner) {
            runner.say(&format!("{error:#}"));
        }
    };
    // Boxed: it is the whole deployment, tens of kilobytes.
    let result = stop.changing(interrupts, Box::pin(all(&work, prepared)), first).await;
    let error = match (stop.check(), result) {
        (Err(cancelled), _) => Some(cancelled.error("")),
        (Ok(()), result) => result.and_then(Result::err),
    };
    if error.is_some() {
        let back = async {
            if inputs.put_back {
                work.put_back().await;
            } else {
                work.settle_all().await;
            }
        };
        if stop.ending(interrupts, back, first).await.is_none() {
            work.out_of_time();
        }
    }
    Ended {
        journal: work.journal.take(),
        error,
    }
}

/// Namespaces first, since uploads name their ids; then wave after wave.
async fn all(work: &Work<'_>, prepared: &Prepared) -> anyhow::Result<()> {
    if work.plan.kv.is_empty() {
        return work.waves(&prepared.rendered).await;
    }
    let mut known = work.facts.known.clone();
    known.kv.extend(work.kv().await?);
    let rendered = prepared
        .bundled
        .render(work.inputs, &known)
        .map_err(|wrong| report::checks_failed(&wrong))?;
    work.waves(&rendered).await
}
