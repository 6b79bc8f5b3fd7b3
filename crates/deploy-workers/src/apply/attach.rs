//! What no version holds: routes, custom domains, workers.dev, schedules, settings, and the tags that remember them.

use std::time::Duration;

use actions_core::cloudflare::domains::HAS_RECORDS;
use actions_core::cloudflare::workers::schedules_used_up;
use actions_core::cloudflare::{Attached, Beside, CustomDomain, WorkersDev, Zone};
use actions_core::error::fault;
use actions_core::runner::command;
use futures_util::future;
use serde_json::{Map, json};

use crate::apply::Work;
use crate::apply::outcome::Did;
use crate::plan::hostnames::{Attachment, Step};
use crate::plan::{self, ServicePlan, Upload};
use crate::report;
use wrangler::project::Built;

/// New routes and domains reach the edge within seconds (sheet of Cloudflare, section 3), and nothing tells when: what led
/// to the hostname before stays so long.
const TO_THE_EDGE: Duration = Duration::from_secs(5);

impl Work<'_> {
    pub(crate) async fn steps(&self, service: &ServicePlan) -> anyhow::Result<()> {
        for step in &service.steps {
            self.stop.check()?;
            if step.takes_away().is_some() {
                let waited = async {
                    tokio::time::sleep(TO_THE_EDGE).await;
                    anyhow::Ok(())
                };
                self.stop.unless(waited).await?;
            }
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
    pub(crate) async fn step(&self, service: &ServicePlan, step: &Step) -> anyhow::Result<bool> {
        let worker = &service.worker;
        let no_zone = || {
            fault(format!(
                "could not attach a hostname to Worker `{worker}`: its zone is not known"
            ))
        };
        let zone = self.facts.zone.as_ref().ok_or_else(no_zone)?;
        match step {
            Step::CreateRoute { pattern, worker } => match self.writer().create_route(zone, pattern, worker).await? {
                Attached::Done(route) => return Ok(route.changed()),
                Attached::Taken(owner) => return Err(report::route_taken(pattern, worker, &owner).into()),
            },
            Step::MoveRoute(route) => self.writer().move_route(zone, route, worker).await?,
            Step::DeleteRoute(route) => return Ok(self.writer().delete_route(zone, route).await?),
            Step::AttachDomain(attachment) => self.attach(zone, service, attachment).await?,
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

    /// Where the name has a record of ours and a route, the route answers until the domain has its own record.
    async fn attach(&self, zone: &Zone, service: &ServicePlan, attachment: &Attachment) -> anyhow::Result<()> {
        let Attachment {
            hostname,
            instead_of,
            has_stand_in,
        } = attachment;
        let worker = &service.worker;
        let beside = if instead_of.is_empty() {
            Beside::Nothing
        } else {
            Beside::OurRecord
        };
        let attach = async |beside| -> Result<Attached<CustomDomain>, actions_core::cloudflare::Error> {
            self.writer().attach_domain(zone, hostname, worker, beside).await
        };
        let mut attached = attach(beside).await?;
        if matches!(&attached, Attached::Taken(what) if what == HAS_RECORDS) && beside == Beside::OurRecord {
            if !has_stand_in {
                return Err(report::not_replaced(zone, hostname, worker).into());
            }
            // The wildcard record answers for the name meanwhile.
            for record in instead_of {
                self.writer().delete_dns_record(zone, &record.id, &record.name).await?;
                self.did(service, Did::Record(record.name.clone()));
            }
            attached = attach(Beside::Nothing).await?;
        }
        match attached {
            Attached::Done(_) => Ok(()),
            Attached::Taken(owner) => Err(report::domain_taken(hostname, worker, &owner).into()),
        }
    }

    /// A preview is reached by its hostname only; whether a new Worker is at workers.dev depends on the account.
    pub(crate) async fn workers_dev(&self, service: &ServicePlan, built: &Built) -> anyhow::Result<()> {
        let new_preview = service.upload == Upload::First && plan::is_hidden(&self.inputs.environment);
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
        let urls = subject.and_then(|subject| plan::addresses::version_urls(subject, built, at, account));
        self.note(service, |outcome| outcome.version_urls = urls);
    }

    /// The same of new Workers that are no previews, or are there. Only the report needs it, so it is asked beside the gate.
    pub(crate) async fn new_version_urls(&self, wave: &[String]) {
        if plan::is_hidden(&self.inputs.environment) || self.inputs.health.is_none() {
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
