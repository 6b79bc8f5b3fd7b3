//! First versions of Workers that bind each other. Nobody is sent to them, so nobody asks whether they are healthy.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};

use crate::apply::outcome::Did;
use crate::apply::{AT_ONCE, Work};
use crate::plan::ServicePlan;
use crate::plan::first::First;
use crate::report;
use wrangler::project::Built;
use wrangler::project::render::Rendered;

impl Work<'_> {
    /// Makes the first versions that the next wave binds to.
    pub(crate) async fn first_versions(
        &self,
        keys: &[String],
        rendered: &BTreeMap<String, Rendered>,
    ) -> anyhow::Result<()> {
        let services = keys.iter().filter_map(|key| {
            let service = self.plan.services.get(key)?;
            Some((
                service,
                service.first.as_ref()?,
                self.built.get(key)?,
                rendered.get(key)?,
            ))
        });
        stream::iter(services)
            .map(|(service, first, built, rendered)| async move {
                let started = Instant::now();
                let done = self.first_version(service, first, built, rendered).await;
                self.ended(service, started, done);
            })
            .buffer_unordered(AT_ONCE)
            .collect::<()>()
            .await;
        self.stop.check()?;
        report::wave_ended(1, 1, &self.journal.borrow().services)
    }

    pub(crate) async fn first_version(
        &self,
        service: &ServicePlan,
        first: &First,
        built: &Built,
        whole: &Rendered,
    ) -> anyhow::Result<()> {
        self.stop.check()?;
        self.upload_as(service, built, &first.rendered(whole)).await?;
        self.note(service, |outcome| outcome.first.clone_from(&outcome.new));
        if let Some(version) = self
            .journal
            .borrow()
            .services
            .get(&service.key)
            .and_then(|it| it.new.as_ref())
        {
            self.runner.say(&report::first_version(service, first, version));
        }
        Ok(())
    }

    /// Gives a Worker the log takers that its first version lacks, which are there by now. Before its real version: a
    /// run that is killed in between leaves a difference that the next one sees.
    pub(crate) async fn log_lists(&self, service: &ServicePlan, first: &First, whole: &Rendered) -> anyhow::Result<()> {
        let lists = first.log_lists(whole);
        if !lists.is_empty() {
            self.stop.check()?;
            self.writer().patch_settings(&service.worker, &lists).await?;
            self.did(service, Did::Settings);
        }
        Ok(())
    }
}
