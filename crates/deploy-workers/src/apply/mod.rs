//! Carries a plan out, one wave after another; tells what was done even when a later wave fails.

pub(crate) mod attach;
pub(crate) mod gate;
pub(crate) mod rollback;
pub(crate) mod rollout;
pub(crate) mod upload;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actions_core::cloudflare::Writer;
use actions_core::runner::Runner;
use actions_core::wrangler::Sandbox;
use futures_util::{StreamExt as _, future, stream};
use indexmap::IndexMap;

use self::gate::{Asked, Awaited};
use self::rollback::PutBack;
use crate::facts::Facts;
use crate::inputs::Inputs;
use crate::plan::{Plan, ServicePlan, Upload};
use crate::project::Built;
use crate::project::render::Rendered;
use crate::report;

/// Uploads at once: a wave of many services stays below Cloudflare's burst limit.
const AT_ONCE: usize = 4;

/// What became of one service.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The version that serves now, when this run knows it.
    pub(crate) version: Option<String>,
    /// Code was sent: from then on another version may serve than before.
    pub(crate) uploaded: bool,
    /// Code or hostname differ from before.
    pub(crate) changed: bool,
    /// Why it failed, as a person reads it.
    pub(crate) failed: Option<String>,
    /// What the rollback made of it.
    pub(crate) put_back: Option<PutBack>,
    pub(crate) took: Duration,
    /// Where a new Worker's versions have URLs of their own; of others the plan knows.
    pub(crate) version_urls: Option<String>,
}

/// What was done.
#[derive(Default)]
pub(crate) struct Done {
    /// Services that were come to, by key.
    pub(crate) services: IndexMap<String, Outcome>,
    /// KV namespaces that were made.
    pub(crate) kv: Vec<String>,
    /// Why the run ended early.
    pub(crate) error: Option<anyhow::Error>,
}

impl Done {
    pub(crate) fn changed(&self) -> bool {
        !self.kv.is_empty() || self.services.values().any(|outcome| outcome.changed)
    }
}

/// What is carried out, and with what.
pub(crate) struct Work<'a> {
    pub(crate) writer: Writer,
    pub(crate) inputs: &'a Inputs,
    pub(crate) plan: &'a Plan,
    pub(crate) facts: &'a Facts,
    pub(crate) built: &'a IndexMap<String, Built>,
    /// Where wrangler runs, for services that it uploads.
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) runner: &'a Runner,
    /// Kept up to date while it is carried out, so that a cancelled run knows how far it came.
    pub(crate) journal: RefCell<IndexMap<String, Outcome>>,
}

/// Makes the KV namespaces that are missing; returns their ids by title. `made` are those that are new, also when it
/// fails.
pub(crate) async fn kv(
    writer: &Writer,
    titles: &[String],
    made: &mut Vec<String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut ids = BTreeMap::new();
    let mut namespaces = stream::iter(titles)
        .map(|title| writer.create_kv_namespace(title))
        .buffer_unordered(AT_ONCE);
    let mut failed = None;
    // To the end: of two that are asked for at once, one may be refused and the other made.
    while let Some(written) = namespaces.next().await {
        match written {
            Ok(written) => {
                if written.changed() {
                    made.push(written.get().title.clone());
                }
                let namespace = written.into_inner();
                ids.insert(namespace.title, namespace.id);
            }
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(ids),
    }
}

impl Work<'_> {
    /// Deploys wave after wave. A wave that fails, or does not become healthy, is the last.
    pub(crate) async fn waves(&self, rendered: &BTreeMap<String, Rendered>) -> anyhow::Result<()> {
        let waves = self.plan.waves.len();
        for (number, wave) in self.plan.waves.iter().enumerate() {
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
            report::wave_ended(number + 1, waves, &self.journal.borrow())?;
            self.roll_out(wave).await?;
            let (healthy, ()) = future::join(self.gate(wave, Asked::Serving), self.new_version_urls(wave)).await;
            healthy?;
        }
        Ok(())
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
                let outcome = journal.get(key)?;
                let url = outcome
                    .version
                    .as_deref()
                    .and_then(|version| plan.version_url(version, outcome.version_urls.as_deref()));
                Some(Awaited {
                    service,
                    version: outcome.version.clone(),
                    replaced: plan.upload == Upload::Again,
                    version_url: url,
                })
            })
            .collect();
        let sick = |key: &str, why: &str| {
            let mut journal = self.journal.borrow_mut();
            journal.entry(key.to_owned()).or_default().failed = Some(report::not_healthy(why));
        };
        gate::wait(&self.inputs.environment, &services, asked, schedule, self.runner, sick).await
    }

    pub(crate) fn note(&self, service: &ServicePlan, change: impl FnOnce(&mut Outcome)) {
        change(self.journal.borrow_mut().entry(service.key.clone()).or_default());
    }

    async fn service(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) {
        let started = Instant::now();
        self.note(service, |outcome| outcome.version.clone_from(&service.previous));
        let done = self.carry_out(service, built, rendered).await;
        self.note(service, |outcome| {
            outcome.failed = done.err().map(|error| actions_core::error::render(&error));
            outcome.took = started.elapsed();
        });
        if let Some(outcome) = self.journal.borrow().get(&service.key) {
            self.runner.say(&report::service(service, outcome));
        }
    }

    /// The code first; then what leads to it, all at once; the tags last.
    async fn carry_out(&self, service: &ServicePlan, built: &Built, rendered: &Rendered) -> anyhow::Result<()> {
        if service.upload != Upload::No {
            self.upload(service, built, rendered).await?;
        }
        let settings = async {
            // An upload of a version has brought them.
            if service.upload == Upload::No || service.migrations.is_some() {
                self.settings(service).await?;
            }
            Ok(())
        };
        // Each to its end: a failure of one is no reason to leave another half-done.
        let (steps, workers_dev, crons, settings) = future::join4(
            self.steps(service),
            self.workers_dev(service, built),
            self.crons(service),
            settings,
        )
        .await;
        steps.and(workers_dev).and(crons).and(settings)?;
        if let Some(tags) = &service.tags {
            self.tag(&service.worker, tags).await?;
            self.changed(service);
        }
        Ok(())
    }

    pub(crate) fn changed(&self, service: &ServicePlan) {
        self.note(service, |outcome| outcome.changed = true);
    }
}
