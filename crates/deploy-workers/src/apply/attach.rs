//! What no version holds: routes, custom domains, workers.dev, schedules, settings, and the tags that remember them.

use actions_core::cloudflare::workers::schedules_used_up;
use actions_core::cloudflare::{Attached, WorkersDev};
use actions_core::error::fault;
use actions_core::runner::command;
use futures_util::future;
use serde_json::{Map, json};

use crate::apply::Work;
use crate::apply::outcome::Did;
use crate::plan::hostnames::Step;
use crate::plan::{self, ServicePlan, Upload};
use crate::report;
use wrangler::project::Built;

impl Work<'_> {
    pub(crate) async fn steps(&self, service: &ServicePlan) -> anyhow::Result<()> {
        for step in &service.steps {
            self.stop.check()?;
            if self.step(service, step).await? {
                self.did(service, Did::Step(step.clone()));
            }
        }
        Ok(())
    }

    pub(crate) async fn crons(&self, service: &ServicePlan) -> anyhow::Result<()> {
        if let Some(crons) = &service.crons {
            self.stop.check()?;
            match self.writer().set_schedules(&service.worker, crons).await {
                Ok(()) => self.did(service, Did::Schedules),
                // Sound code is no reason to go back because the account has no more room.
                Err(error) if schedules_used_up(&error) => {
                    let text = report::no_schedules(error);
                    command::warning(self.runner.action, &format!("{}: {text}", service.key));
                    self.note(service, |outcome| outcome.warnings.push(text));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub(crate) async fn settings(&self, service: &ServicePlan) -> anyhow::Result<()> {
        if let Some(settings) = &service.settings {
            self.stop.check()?;
            self.writer().patch_settings(&service.worker, settings).await?;
            self.did(service, Did::Settings);
        }
        Ok(())
    }

    /// Last of all: a hostname is claimed once it is attached, and no longer once it is detached. What a killed run has
    /// left out, the next one sees and does.
    pub(crate) async fn tag(&self, worker: &str, tags: &[String]) -> anyhow::Result<()> {
        let mut settings = Map::new();
        settings.insert("tags".to_owned(), json!(tags));
        Ok(self.writer().patch_settings(worker, &settings).await?)
    }

    /// Takes one step; whether anything is other than before then: somebody else may have taken it meanwhile.
    async fn step(&self, service: &ServicePlan, step: &Step) -> anyhow::Result<bool> {
        let worker = &service.worker;
        let no_zone = || {
            fault(format!(
                "could not attach a hostname to Worker `{worker}`: its zone is not known"
            ))
        };
        let zone = self.facts.zone.as_ref().ok_or_else(no_zone)?;
        let taken = |owner: String| {
            fault(format!("could not attach `{}` to Worker `{worker}`", service.hostname))
                .because(fault(format!("it became {owner} meanwhile")))
        };
        match step {
            Step::CreateRoute(pattern) => match self.writer().create_route(zone, pattern, worker).await? {
                Attached::Done(route) => return Ok(route.changed()),
                Attached::Taken(owner) => return Err(taken(owner).into()),
            },
            Step::MoveRoute(route) => self.writer().move_route(zone, route, worker).await?,
            Step::DeleteRoute(route) => return Ok(self.writer().delete_route(zone, route).await?),
            Step::AttachDomain(hostname) => match self.writer().attach_domain(zone, hostname, worker).await? {
                Attached::Done(_) => {}
                Attached::Taken(owner) => {
                    let fault = taken(owner).hint("a custom domain makes its own DNS record: delete the one that is there, or use `routing = \"route\"`");
                    return Err(fault.into());
                }
            },
            Step::DetachDomain(domain) => {
                let detached = self.writer().detach_domain(zone, domain).await?;
                if let Some(error) = detached.certificate_stays {
                    tracing::warn!("the certificate of `{}` stays: {error}", domain.hostname);
                }
                return Ok(detached.was_there);
            }
        }
        Ok(true)
    }

    /// A preview is reached by its hostname only; whether a new Worker is at workers.dev depends on the account.
    pub(crate) async fn workers_dev(&self, service: &ServicePlan, built: &Built) -> anyhow::Result<()> {
        let new_preview = service.upload == Upload::First && self.inputs.environment.pull_request.is_some();
        if !new_preview && !service.workers_dev_off {
            return Ok(());
        }
        self.stop.check()?;
        let at = self.writer().set_workers_dev(&service.worker, false).await?;
        self.did(service, Did::WorkersDevOff);
        if new_preview {
            self.versions_answer_at(service, built, at);
        }
        Ok(())
    }

    /// What the configuration says of where the Worker answers beside its hostnames.
    pub(crate) async fn addresses(&self, service: &ServicePlan) -> anyhow::Result<()> {
        if let Some(at) = service.addresses {
            self.stop.check()?;
            self.writer().set_addresses(&service.worker, at).await?;
            self.did(service, Did::Addresses(at));
        }
        Ok(())
    }

    /// Notes where the versions of a Worker that this run made have URLs of their own.
    fn versions_answer_at(&self, service: &ServicePlan, built: &Built, at: Option<WorkersDev>) {
        let subject = self.inputs.environment.service(&service.key);
        let account = self.facts.workers_dev.as_deref();
        let urls = subject.and_then(|subject| plan::version_urls(subject, built, at, account));
        self.note(service, |outcome| outcome.version_urls = urls);
    }

    /// The same of new Workers that are no previews. Only the report needs it, so it is asked beside the gate.
    pub(crate) async fn new_version_urls(&self, wave: &[String]) {
        if self.inputs.environment.pull_request.is_some() || self.inputs.health.is_none() {
            return;
        }
        let new = wave.iter().filter_map(|key| {
            let service = self.plan.services.get(key)?;
            Some((service, self.built.get(key)?)).filter(|_| service.upload == Upload::First)
        });
        let asked = new.map(|(service, built)| async move {
            if let Ok(at) = self.writer().reader().workers_dev(&service.worker).await {
                self.versions_answer_at(service, built, at);
            }
        });
        future::join_all(asked).await;
    }
}
