//! Carries a plan out, one wave after another; tells what was done even when a later wave fails.

pub(crate) mod attach;
pub(crate) mod decide;
pub(crate) mod first;
mod former;
pub(crate) mod gate;
pub(crate) mod held;
pub(crate) mod look;
pub(crate) mod outcome;
pub(crate) mod record;
pub(crate) mod rollback;
pub(crate) mod rollout;
mod undone;
pub(crate) mod upload;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use actions_core::cloudflare::Writer;
use actions_core::runner::Runner;
use futures_util::{StreamExt as _, future, stream};
use indexmap::IndexMap;
use wrangler::Sandbox;

use self::gate::{Asked, Awaited};
use self::outcome::{Code, Did, Journal, Outcome};
use self::record::Before;
use crate::facts::Facts;
use crate::inputs::Inputs;
use crate::plan::{Plan, ServicePlan, Upload};
use crate::report;
use crate::stop::{Cancelled, Stop};
use wrangler::project::Built;
use wrangler::project::render::Rendered;

/// Uploads at once: a wave of many services stays below Cloudflare's burst limit.
pub(crate) const AT_ONCE: usize = 4;

/// What is carried out, and with what.
pub(crate) struct Work<'a> {
    pub(crate) hasty: Writer,
    /// For what must not stay half done: more patient than Cloudflare blocks a token for.
    pub(crate) patient: Writer,
    pub(crate) inputs: &'a Inputs,
    pub(crate) plan: &'a Plan,
    pub(crate) facts: &'a Facts,
    pub(crate) built: &'a IndexMap<String, Built>,
    /// Where wrangler runs, for services that it uploads.
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) runner: &'a Runner,
    pub(crate) stop: &'a Stop,
    /// Kept up to date while it is carried out, so that a cancelled run knows how far it came.
    pub(crate) journal: RefCell<Journal>,
}

impl Work<'_> {
    /// Once something is other than before, giving up would leave it half done.
    pub(crate) fn writer(&self) -> &Writer {
        if self.journal.borrow().changed() {
            &self.patient
        } else {
            &self.hasty
        }
    }

    /// What the versions and deployments of this run say.
    pub(crate) fn message(&self, service: &ServicePlan) -> String {
        let live = self.facts.live.get(&service.key);
        let before = live.and_then(|live| match &live.deployment {
            Some(deployment) => Some(record::of(deployment)),
            None => live.absent.then_some(Before::Nothing),
        });
        record::message(&self.inputs.origin, before.as_ref())
    }

    /// Makes the KV namespaces that are missing, each to its end: of two that are asked for at once, one may be refused
    /// and the other made. Returns their ids by title.
    pub(crate) async fn kv(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let results: Vec<anyhow::Result<(String, String)>> = stream::iter(&self.plan.kv)
            .map(|title| async {
                self.stop.check()?;
                self.journal.borrow_mut().kv_open.insert(title.clone());
                let written = self.writer().create_kv_namespace(title).await;
                // Until it is known, it may have been made: when the answer is lost, or the run ends before it comes.
                if !written
                    .as_ref()
                    .is_err_and(actions_core::cloudflare::Error::may_be_done)
                {
                    self.journal.borrow_mut().kv_open.remove(title);
                }
                let written = written?;
                let changed = written.changed();
                let namespace = written.into_inner();
                if changed {
                    self.journal.borrow_mut().kv.push(namespace.title.clone());
                }
                Ok((namespace.title, namespace.id))
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        results.into_iter().collect()
    }

    /// Deploys wave after wave. A wave that fails, or does not become healthy, is the last. Former hostnames go after all
    /// of them.
    pub(crate) async fn waves(&self, rendered: &BTreeMap<String, Rendered>) -> anyhow::Result<()> {
        let waves = self.plan.waves.len();
        for (number, wave) in self.plan.waves.iter().enumerate() {
            self.stop.check()?;
            self.first_versions(&wave.first, rendered).await?;
            let wave = &wave.services;
            if waves > 1 {
                self.runner.say(&report::wave(number + 1, waves, wave));
            }
            let services = wave
                .iter()
                .filter_map(|key| Some((self.plan.services.get(key)?, self.built.get(key)?, rendered.get(key)?)));
            stream::iter(services)
                .map(|(service, built, rendered)| self.service(service, built, rendered))
                .buffer_unordered(AT_ONCE)
                .collect::<()>()
                .await;
            self.stop.check()?;
            report::wave_ended(number + 1, waves, &self.journal.borrow().services)?;
            self.roll_out(wave).await?;
            let (healthy, ()) = future::join(self.gate(wave, Asked::Serving), self.new_version_urls(wave)).await;
            healthy?;
        }
        self.former().await?;
        Ok(self.stop.check()?)
    }

    pub(crate) async fn gate(&self, wave: &[String], asked: Asked) -> anyhow::Result<()> {
        let Some(schedule) = &self.inputs.health else {
            return Ok(());
        };
        let services: Vec<_> = wave
            .iter()
            .filter_map(|key| {
                let service = self.inputs.environment.service(key)?;
                let plan = self.plan.services.get(key)?;
                let journal = self.journal.borrow();
                let outcome = journal.services.get(key)?;
                let version = outcome.new.clone().or_else(|| outcome.version.clone());
                let url = version
                    .as_deref()
                    .and_then(|version| plan.version_url(version, outcome.version_urls.as_deref()));
                Some(Awaited {
                    service,
                    version,
                    also: self.named_by_the_commit(plan),
                    replaced: plan.upload == Upload::Again || outcome.first.is_some(),
                    version_url: url,
                })
            })
            .collect();
        let sick = |key: &str, why: &str| {
            let mut journal = self.journal.borrow_mut();
            journal.services.entry(key.to_owned()).or_default().failed = Some(report::not_healthy(why));
        };
        let healthy = gate::wait(self.inputs, &services, asked, schedule, self.runner, sick);
        self.stop.unless(healthy).await
    }

    /// Names of the commit that is deployed, where documents tell it (`health-version`). Of one that is deployed again
    /// nothing is proven by it: the version before tells the same.
    fn named_by_the_commit(&self, service: &ServicePlan) -> Vec<String> {
        let before = self.facts.live.get(&service.key).and_then(|live| live.version.as_ref());
        if !self.inputs.commit_is_version
            || before.is_some_and(|before| record::is_of_commit(before.message(), &self.inputs.origin))
        {
            return Vec::new();
        }
        let tag = self
            .inputs
            .origin
            .tag
            .iter()
            .flat_map(|tag| [tag.clone(), tag.trim_start_matches('v').to_owned()]);
        self.inputs.origin.sha.iter().cloned().chain(tag).collect()
    }

    pub(crate) fn note(&self, service: &ServicePlan, change: impl FnOnce(&mut Outcome)) {
        let mut journal = self.journal.borrow_mut();
        change(journal.services.entry(service.key.clone()).or_default());
    }

    pub(crate) fn did(&self, service: &ServicePlan, what: Did) {
        self.note(service, |outcome| outcome.did.push(what));
    }

    /// Sends code that serves at once. Whatever goes wrong with it: whether it serves is asked before anything is said.
    pub(crate) async fn sending<T, E>(
        &self,
        service: &ServicePlan,
        sending: impl Future<Output = Result<T, E>>,
    ) -> anyhow::Result<T>
    where
        anyhow::Error: From<E>,
    {
        self.stop.check()?;
        self.note(service, |outcome| {
            if outcome.code != Code::Serves {
                outcome.code = Code::Unclear;
            }
            outcome.on_its_way = true;
        });
        let sent = sending.await;
        self.note(service, |outcome| {
            outcome.on_its_way = false;
            if sent.is_ok() {
                outcome.code = Code::Serves;
            }
        });
        Ok(sent?)
    }

    async fn service(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) {
        if self.stop.check().is_err() {
            return;
        }
        let started = Instant::now();
        self.note(service, |outcome| {
            if outcome.first.is_none() {
                outcome.version.clone_from(&service.previous);
            }
        });
        let done = self.carry_out(service, built, rendered).await;
        self.ended(service, started, done);
        if let Some(outcome) = self.journal.borrow().services.get(&service.key) {
            self.runner.say(&report::service(service, outcome));
        }
    }

    /// Notes how a service's turn has ended.
    fn ended(&self, service: &ServicePlan, started: Instant, done: anyhow::Result<()>) {
        self.note(service, |outcome| {
            outcome.took += started.elapsed();
            match done {
                Err(error) if error.is::<Cancelled>() => outcome.cut = true,
                done => outcome.failed = done.err().map(|error| actions_core::error::render(&error)),
            }
        });
    }

    /// The code first; then what leads to it, all at once; the tags last.
    async fn carry_out(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) -> anyhow::Result<()> {
        if service.upload != Upload::No {
            self.upload(service, built, rendered).await?;
        }
        let settings = async {
            if !service.brings_settings {
                self.settings(service).await?;
            }
            Ok(())
        };
        // Each to its end: a failure of one is no reason to leave another half-done.
        let (steps, workers_dev, crons, settings) = future::join4(
            self.steps(service),
            async {
                self.workers_dev(service, built).await?;
                self.addresses(service).await
            },
            self.crons(service),
            settings,
        )
        .await;
        steps.and(workers_dev).and(crons).and(settings)?;
        if let Some(tags) = &service.tags {
            self.stop.check()?;
            self.tag(&service.worker, tags).await?;
            self.did(service, Did::Tags);
        }
        Ok(())
    }
}
