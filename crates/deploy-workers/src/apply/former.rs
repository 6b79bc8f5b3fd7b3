//! Gives up the hostnames that the manifest no longer gives a service, once every wave is healthy.

use actions_core::runner::command;

use crate::apply::Work;
use crate::apply::outcome::Did;
use crate::plan::hostnames::Step;
use crate::plan::{ServicePlan, claims};
use crate::report;

impl Work<'_> {
    /// Each service's former hostnames, then what its tags remember of them. What serves is sound by now, so a hostname that
    /// cannot be given up is told and left to the next run: the code of before would be no better off.
    pub(crate) async fn former(&self) -> anyhow::Result<()> {
        for service in self.plan.services.values().filter(|it| !it.former.is_empty()) {
            self.stop.check()?;
            let mut gone = Vec::new();
            let mut failed = None;
            for step in &service.former {
                match self.step(service, step).await {
                    Ok(changed) => {
                        gone.extend(step.takes_away());
                        if changed {
                            self.did(service, Did::Step(step.clone()));
                        }
                    }
                    Err(error) => failed = failed.or(Some((step, error))),
                }
            }
            if failed.is_none() {
                failed = self
                    .forget(service, &gone)
                    .await
                    .err()
                    .and_then(|error| Some((service.former.first()?, error)));
            }
            self.tell_former(service, failed);
        }
        Ok(())
    }

    /// Whose hostnames they were is remembered for a rollback, which does not bring them back.
    async fn forget(&self, service: &ServicePlan, gone: &[&str]) -> anyhow::Result<()> {
        if self.inputs.environment.pull_request.is_some() {
            return Ok(());
        }
        // wrangler and others may have written tags since the plan.
        let settings = self.writer().reader().settings(&service.worker).await?;
        let present = settings.map(|settings| settings.tags).unwrap_or_default();
        let run = self.inputs.origin.run_id().unwrap_or("unknown");
        let tags = claims::given_up(&present, gone, run);
        if claims::same(&tags, &present) {
            return Ok(());
        }
        self.tag(&service.worker, &tags).await?;
        self.did(service, Did::Tags);
        Ok(())
    }

    fn tell_former(&self, service: &ServicePlan, failed: Option<(&Step, anyhow::Error)>) {
        if let Some((step, error)) = failed {
            let text = report::not_given_up(step, error);
            command::warning(self.runner.action, &format!("{}: {text}", service.key));
            self.note(service, |outcome| outcome.warnings.push(text));
        }
        let journal = self.journal.borrow();
        let outcome = journal.services.get(&service.key);
        if let Some(told) = outcome.and_then(|outcome| report::given_up(service, outcome)) {
            self.runner.say(&format!("  {}: {told}", service.key));
        }
    }
}
