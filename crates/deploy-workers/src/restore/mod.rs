//! `command: rollback`: back to what served before a run, or to named versions.

mod choice;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use actions_core::cloudflare::{Deployment, Reader, Version, Writer, Zone};
use actions_core::environment::Service;
use actions_core::error::fault;
use actions_core::reports;
use actions_core::runner::Runner;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::signal::Interrupts;
use futures_util::{StreamExt as _, stream};

use self::choice::{mistaken, order};
use crate::apply::decide::{self, Decision};
use crate::apply::gate::{self, Awaited};
use crate::apply::held::held;
use crate::apply::rollback::{Back, PutBack, Undone};
use crate::apply::{AT_ONCE, record};
use crate::history::History;
use crate::inputs::{BackTo, Inputs};
use crate::plan::claims;
use crate::report;
use crate::stop::{Cancelled, Stop, UNTOUCHED};

/// One service that was looked at.
#[derive(Clone)]
pub(crate) struct Restored<'a> {
    pub(crate) service: &'a Service,
    /// What served when the command began.
    pub(crate) before: Option<String>,
    pub(crate) put_back: PutBack,
    /// What led to it, and does no longer.
    pub(crate) undone: Vec<Undone>,
    /// The hostnames that the run which is undone gave up.
    pub(crate) given_up: Vec<String>,
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
    let mut interrupts = Interrupts::listen()?;
    let reader = access.reader_of(actions_core::http::client()?, runner.action, !inputs.dry_run);
    let histories = tokio::select! {
        histories = read(&reader, inputs) => histories,
        interrupt = interrupts.next() => {
            let error = Cancelled(interrupt).error(UNTOUCHED);
            report::untouched(runner, inputs, reports::Command::Rollback, &error, started)?;
            return Err(error);
        }
    };
    let stop = Stop::default();
    let work = Restore {
        runner,
        inputs,
        back_to,
        stop: &stop,
        zone_id: access.zone_id.as_deref(),
        writer: reader.patient().writer(),
        current: RefCell::default(),
        done: RefCell::default(),
        started,
    };
    let first = |cancelled: Cancelled| {
        runner.say(report::CANCELLED);
        if let Err(error) = work.outputs(Some(&cancelled.error(""))) {
            runner.say(&format!("{error:#}"));
        }
    };
    let result = stop.ending(&mut interrupts, work.all(histories), first).await;
    let error = match (stop.check(), result) {
        (Err(cancelled), _) => Some(cancelled.error("")),
        (Ok(()), result) => result.and_then(Result::err),
    };
    let json = work.outputs(error.as_ref())?;
    runner.summary(&report::restored_markdown(&json));
    error.map_or(Ok(()), Err)
}

/// The history of each chosen service, or why it could not be read.
async fn read<'a>(reader: &Reader, inputs: &'a Inputs) -> Vec<(&'a Service, anyhow::Result<History>)> {
    let chosen = inputs.environment.services.iter();
    let chosen = chosen.filter(|service| inputs.chosen.contains(&service.key));
    let mut found: Vec<_> = stream::iter(chosen)
        .map(|service| async move { (service, History::read(reader, &service.worker).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    found.sort_by_key(|(service, _)| inputs.chosen.iter().position(|key| *key == service.key));
    found
}

struct Restore<'a> {
    runner: &'a Runner,
    inputs: &'a Inputs,
    back_to: &'a BackTo,
    stop: &'a Stop,
    zone_id: Option<&'a str>,
    writer: Writer,
    /// The one that is being put back.
    current: RefCell<Option<Restored<'a>>>,
    /// In the order in which it was done.
    done: RefCell<Vec<Restored<'a>>>,
    started: Instant,
}

impl<'a> Restore<'a> {
    async fn all(&self, histories: Vec<(&'a Service, anyhow::Result<History>)>) -> anyhow::Result<()> {
        let by = record::origin(&self.inputs.origin);
        let mark = match self.back_to {
            BackTo::BeforeRun { run, .. } => record::mark(run, &by),
            BackTo::Versions(_) => format!("rollback to named versions, {by}"),
        };
        let order = order(self.inputs, &histories);
        let mistaken = mistaken(self.back_to, &histories);
        let mut histories: BTreeMap<&str, _> = histories
            .into_iter()
            .map(|(service, history)| (service.key.as_str(), (service, history)))
            .collect();
        let held = if self.inputs.dry_run {
            self.held(histories.values()).await
        } else {
            BTreeMap::new()
        };
        for key in order.iter().rev() {
            let Some((service, history)) = histories.remove(key.as_str()) else {
                continue;
            };
            self.stop.check()?;
            let live = history.as_ref().ok().and_then(History::live);
            let current = Restored {
                service,
                before: live.and_then(Deployment::only_version).map(str::to_owned),
                put_back: PutBack::Unanswered,
                undone: Vec::new(),
                given_up: self.given_up(service).await,
            };
            self.current.replace(Some(current.clone()));
            let put_back = match history {
                Err(error) => PutBack::failed(error),
                Ok(history) => self.one(service, &history, &mark, &held).await,
            };
            let current = self.current.take().unwrap_or(current);
            self.runner
                .say(&report::put_back(&service.key, &put_back, &current.undone));
            if let Some(told) = report::given_up_before(&current.given_up) {
                self.runner.say(&format!("  {told}"));
            }
            self.done.borrow_mut().push(Restored { put_back, ..current });
        }
        self.bound().await;
        if let Some(error) = report::rollback_failed(&self.done.borrow()) {
            return Err(error);
        }
        // Of unchanged code, a hostname that was given up is the run's only trace.
        let gave_up = self.done.borrow().iter().any(|restored| !restored.given_up.is_empty());
        if let Some(run) = mistaken.filter(|_| !gave_up) {
            return Err(report::nothing_of_run(run, self.inputs));
        }
        if self.inputs.dry_run {
            return Ok(());
        }
        let done = self.done.borrow().clone();
        self.stop.unless(healthy(self.runner, self.inputs, &done)).await
    }

    /// Tries those again that others were still bound to.
    async fn bound(&self) {
        let workers = |restored: &Restored<'_>| {
            let bound = matches!(restored.put_back, PutBack::Bound(_));
            bound.then(|| (restored.service.worker.clone(), Vec::new()))
        };
        let bound: Vec<_> = self.done.borrow().iter().filter_map(workers).collect();
        if bound.is_empty() {
            return;
        }
        let zone = match self.zone(&Decision::Remove).await {
            Ok(zone) => zone,
            // They stay as they were told to be.
            Err(error) => return tracing::warn!("{error}"),
        };
        let note = |worker: &str, undone| self.undone(worker, undone);
        for (worker, put_back) in self.back(zone.as_ref(), &note).remove_bound(bound).await {
            let mut done = self.done.borrow_mut();
            if let Some(restored) = done.iter_mut().find(|restored| restored.service.worker == worker) {
                self.runner
                    .say(&report::put_back(&restored.service.key, &put_back, &restored.undone));
                restored.put_back = put_back;
            }
        }
    }

    fn back<'b>(&'b self, zone: Option<&'b Zone>, note: &'b dyn Fn(&str, Undone)) -> Back<'b> {
        let writer = &self.writer;
        Back { writer, zone, note }
    }

    fn undone(&self, worker: &str, undone: Undone) {
        let (mut current, mut done) = (self.current.borrow_mut(), self.done.borrow_mut());
        let mut all = current.iter_mut().chain(done.iter_mut());
        if let Some(restored) = all.find(|restored| restored.service.worker == worker) {
            restored.undone.push(undone);
        }
    }

    /// What the Worker's tags remember of the run that is undone. It is told, and decides nothing: without an answer the
    /// rollback goes on.
    async fn given_up(&self, service: &Service) -> Vec<String> {
        let BackTo::BeforeRun { run, .. } = self.back_to else {
            return Vec::new();
        };
        let settings = self.writer.reader().settings(&service.worker).await;
        let tags = settings
            .ok()
            .flatten()
            .map(|settings| settings.tags)
            .unwrap_or_default();
        let gone = claims::given_up_by(&tags, run).into_iter();
        gone.map(str::to_owned).collect()
    }

    /// Whether a version is of the run that is undone.
    fn is_ours(&self, version: &Version) -> bool {
        match self.back_to {
            BackTo::BeforeRun { run, .. } => record::is_of_run(version.message(), run),
            BackTo::Versions(_) => false,
        }
    }

    /// Who would keep which new Workers from being removed.
    async fn held<'b>(
        &self,
        histories: impl Iterator<Item = &'b (&'b Service, anyhow::Result<History>)>,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let (mut going, mut letting_go) = (BTreeMap::new(), BTreeSet::new());
        for (service, history) in histories {
            let Ok(history) = history else { continue };
            let worker = service.worker.clone();
            match self.decision(service, history) {
                Decision::Remove => {
                    let dependents = self.writer.reader().dependents(&worker).await;
                    going.insert(worker, dependents.unwrap_or_default());
                }
                Decision::Deploy(_) => {
                    letting_go.insert(worker);
                }
                _ => {}
            }
        }
        held(going, &letting_go)
    }

    /// What is to be done, as far as the history tells.
    fn decision(&self, service: &Service, history: &History) -> Decision {
        let decision = choice::decide(self.back_to, &service.key, history, self.inputs);
        match decide::all_are(&history.versions, |version| self.is_ours(version)) {
            Err(why) if decision == Decision::Remove => Decision::Leave(report::not_removed(&why)),
            _ => decision,
        }
    }

    async fn one(
        &self,
        service: &Service,
        history: &History,
        mark: &str,
        held: &BTreeMap<String, BTreeSet<String>>,
    ) -> PutBack {
        let decision = self.decision(service, history);
        if self.inputs.dry_run {
            let by = held.get(&service.worker).map(report::still_bound);
            return by.map_or_else(|| report::planned(&decision), PutBack::Failed);
        }
        let zone = match self.zone(&decision).await {
            Ok(zone) => zone,
            Err(error) => return PutBack::failed(error),
        };
        let note = |worker: &str, undone| self.undone(worker, undone);
        let back = self.back(zone.as_ref(), &note);
        // Which routes a run that has ended took from others is not known.
        back.carry_out(&service.worker, decision, mark, &[], |version| self.is_ours(version))
            .await
    }

    /// The zone, where a Worker is to be removed: what leads to it goes first.
    async fn zone(&self, decision: &Decision) -> Result<Option<Zone>, actions_core::cloudflare::Error> {
        let name = &self.inputs.environment.zone;
        if *decision != Decision::Remove || name.is_empty() {
            return Ok(None);
        }
        self.writer.reader().zone(name, self.zone_id).await.map(Some)
    }

    /// Writes the outputs: the services as they come up, those first that others need.
    fn outputs(&self, error: Option<&anyhow::Error>) -> anyhow::Result<reports::DeployWorkers> {
        let mut all: Vec<Restored<'_>> = self.done.borrow().clone();
        all.extend(self.current.borrow().clone());
        all.reverse();
        let chosen = self
            .inputs
            .chosen
            .iter()
            .filter_map(|key| self.inputs.environment.service(key));
        for service in chosen {
            // A cancelled run has not come to them.
            if !all.iter().any(|restored| restored.service.key == service.key) {
                all.push(Restored {
                    service,
                    before: None,
                    put_back: PutBack::Left(report::NOT_COME_TO.to_owned()),
                    undone: Vec::new(),
                    given_up: Vec::new(),
                });
            }
        }
        let json = report::restored(self.inputs, &all, self.started.elapsed().as_secs_f64(), error);
        let of = |is: fn(&PutBack) -> bool| -> Vec<&str> {
            let found = all.iter().filter(|restored| is(&restored.put_back));
            found.map(|restored| restored.service.key.as_str()).collect()
        };
        let back = report::Back {
            put_back: of(|it| matches!(it, PutBack::Back(_) | PutBack::Removed)),
            not_put_back: of(|it| !matches!(it, PutBack::Back(_) | PutBack::Removed | PutBack::Nothing)),
        };
        report::outputs(self.runner, &json, &back)?;
        Ok(json)
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
                also: Vec::new(),
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
    gate::wait(inputs, &services, asked, schedule, runner, |_, _| {}).await
}
