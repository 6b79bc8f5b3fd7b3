//! Puts Workers back to what served before: after a wave that failed, a run that was cancelled, or on command.
//!
//! Versions are always named. What a version does not hold is not put back: hostnames, schedules, data.

use actions_core::cloudflare::versions::secrets_changed;
use actions_core::cloudflare::{Deployment, Share, Writer};

use crate::apply::upload::message;
use crate::apply::{Done, Work};
use crate::inputs::NewWorkers;
use crate::plan::{ServicePlan, Upload};
use crate::report;

/// Begins the message of each deployment that puts something back.
const MARK: &str = "rollback of run ";

/// What became of a Worker that was to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PutBack {
    /// It serves these versions again.
    Back(Vec<String>),
    /// It was new, and is gone again.
    Removed,
    /// It serves what it did: nothing to put back.
    Nothing,
    /// It was left as it is, and why.
    Left(String),
    /// It could not be put back, and why.
    Failed(String),
}

/// What to do about one Worker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    Deploy(Vec<Share>),
    Remove,
    Nothing,
    Leave(String),
}

/// Decides about a Worker that a run of ours has touched: `before` served when the run began, `now` serves now;
/// `ours` is the version that the run uploaded, `message` what its deployments say.
pub(crate) fn decide(
    before: Option<&Deployment>,
    now: Option<&Deployment>,
    ours: Option<&str>,
    message: &str,
    new_workers: NewWorkers,
) -> Decision {
    let Some(now) = now else {
        return Decision::Nothing;
    };
    if before.is_some_and(|before| now.serves(&before.versions)) {
        return Decision::Nothing;
    }
    let is_ours = now.message() == message || now.versions.iter().any(|share| Some(share.version_id.as_str()) == ours);
    match (is_ours, before) {
        (false, _) => Decision::Leave("another run deployed it meanwhile".to_owned()),
        (true, Some(before)) => Decision::Deploy(before.versions.clone()),
        (true, None) => new(new_workers),
    }
}

fn new(new_workers: NewWorkers) -> Decision {
    match new_workers {
        NewWorkers::Remove => Decision::Remove,
        NewWorkers::Keep => Decision::Leave(
            "it is new, so there is no version before; `new-workers: remove` would delete it".to_owned(),
        ),
    }
}

/// Decides about a Worker from its deployments, the newest first: back to before `run` (a run's id, its attempts all
/// together). Does nothing the second time.
pub(crate) fn decide_by_run(deployments: &[Deployment], run: &str, new_workers: NewWorkers) -> Decision {
    let Some(live) = deployments.first() else {
        return Decision::Nothing;
    };
    if live.message().split(',').next() == Some(format!("{MARK}{run}").as_str()) {
        return Decision::Nothing;
    }
    let of_run = |deployment: &&Deployment| is_of_run(deployment.message(), run);
    if !deployments.iter().any(|deployment| of_run(&deployment)) {
        return Decision::Nothing;
    }
    if !of_run(&live) {
        return Decision::Leave(format!("a later deployment than that of run {run} serves"));
    }
    match deployments.iter().find(|deployment| !of_run(deployment)) {
        Some(before) => Decision::Deploy(before.versions.clone()),
        None => new(new_workers),
    }
}

/// Whether a message of ours names this run, whichever attempt.
fn is_of_run(message: &str, run: &str) -> bool {
    !message.starts_with(MARK)
        && message
            .split(", ")
            .filter_map(|part| part.strip_prefix("run "))
            .any(|id| id == run || id.split_once('.').is_some_and(|(id, _)| id == run))
}

/// The message of a deployment that puts a run's Workers back.
pub(crate) fn mark(run: &str, by: &str) -> String {
    format!("{MARK}{run}, {by}")
}

/// Carries a decision out.
pub(crate) async fn carry_out(writer: &Writer, worker: &str, decision: Decision, message: &str) -> PutBack {
    match decision {
        Decision::Nothing => PutBack::Nothing,
        Decision::Leave(why) => PutBack::Left(why),
        Decision::Deploy(shares) => match deploy(writer, worker, &shares, message).await {
            Ok(()) => PutBack::Back(shares.into_iter().map(|share| share.version_id).collect()),
            Err(error) => PutBack::Failed(actions_core::error::render(&error.into())),
        },
        // Never by force: a Worker that others bind to is still in use.
        Decision::Remove => match writer.delete_worker(worker, false).await {
            Ok(_) => PutBack::Removed,
            Err(error) => PutBack::Failed(actions_core::error::render(&error.into())),
        },
    }
}

/// Cloudflare asks back when the secrets of the old version are not those of the new one (10220). Putting back means
/// the old secrets too: they belong to the old code.
async fn deploy(
    writer: &Writer,
    worker: &str,
    shares: &[Share],
    message: &str,
) -> Result<(), actions_core::cloudflare::Error> {
    match writer.deploy(worker, shares, message, false).await {
        Err(error) if secrets_changed(&error) => {
            tracing::info!("the secrets of Worker `{worker}` have changed since; the old version gets its own back");
            writer.deploy(worker, shares, message, true).await
        }
        other => other,
    }
}

impl Work<'_> {
    /// Puts back every Worker whose code this run has touched, the last one first.
    pub(crate) async fn put_back(&self, done: &mut Done) {
        let touched: Vec<&ServicePlan> = self
            .plan
            .waves
            .iter()
            .flatten()
            .rev()
            .filter(|key| done.services.get(*key).is_some_and(|outcome| outcome.uploaded))
            .filter_map(|key| self.plan.services.get(key))
            .filter(|service| service.upload != Upload::No)
            .collect();
        if touched.is_empty() {
            return;
        }
        self.runner.say(report::PUTTING_BACK);
        let by = message(&self.inputs.origin);
        let run = self.inputs.origin.run_id().unwrap_or("unknown").to_owned();
        for service in touched {
            let Some(outcome) = done.services.get_mut(&service.key) else {
                continue;
            };
            let before = self
                .facts
                .live
                .get(&service.key)
                .and_then(|live| live.deployment.as_ref());
            let put_back = match self.writer.reader().deployments(&service.worker).await {
                Err(error) => PutBack::Failed(actions_core::error::render(&error.into())),
                Ok(now) => {
                    let now = now.unwrap_or_default();
                    let decision = decide(
                        before,
                        now.first(),
                        outcome.version.as_deref(),
                        &by,
                        self.inputs.new_workers,
                    );
                    self.detach_before_removal(service, &decision).await;
                    carry_out(&self.writer, &service.worker, decision, &mark(&run, &by)).await
                }
            };
            if let PutBack::Back(_) | PutBack::Nothing = put_back {
                outcome.version.clone_from(&service.previous);
            }
            self.runner.say(&report::put_back(&service.key, &put_back));
            outcome.put_back = Some(put_back);
        }
    }

    /// A hostname that pointed to nothing would answer with an error: what this run attached goes first.
    async fn detach_before_removal(&self, service: &ServicePlan, decision: &Decision) {
        if *decision != Decision::Remove {
            return;
        }
        let Some(zone) = &self.facts.zone else { return };
        if let Ok(routes) = self.writer.reader().routes(zone).await {
            for route in routes
                .iter()
                .filter(|route| route.script.as_deref() == Some(&service.worker))
            {
                // The deletion of the Worker tells what is wrong.
                let _ = self.writer.delete_route(zone, route).await;
            }
        }
        if let Ok(domains) = self.writer.reader().custom_domains(zone).await {
            for domain in domains.iter().filter(|domain| domain.service == service.worker) {
                let _ = self.writer.detach_domain(zone, domain).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(version: &str, message: &str) -> Deployment {
        serde_json::from_value(json!({
            "id": "d",
            "versions": [{"version_id": version, "percentage": 100}],
            "annotations": {"workers/message": message},
        }))
        .unwrap()
    }

    const RUN: &str = "abc, pull request #42, run 1001.1, by octocat";
    const OTHER: &str = "def, run 1000.1, by octocat";

    #[test]
    fn only_what_this_run_deployed_is_put_back() {
        let (old, new, foreign) = (deployment("old", OTHER), deployment("new", RUN), deployment("x", OTHER));
        let put = |before, now, keep| decide(before, now, Some("new"), RUN, keep);
        let keep = NewWorkers::Keep;
        assert_eq!(
            put(Some(&old), Some(&new), keep),
            Decision::Deploy(old.versions.clone())
        );
        assert_eq!(put(Some(&old), Some(&old), keep), Decision::Nothing);
        assert!(matches!(put(Some(&old), Some(&foreign), keep), Decision::Leave(_)));
        assert!(matches!(put(None, Some(&new), keep), Decision::Leave(_)));
        assert_eq!(put(None, Some(&new), NewWorkers::Remove), Decision::Remove);
        assert_eq!(put(None, None, NewWorkers::Remove), Decision::Nothing);
        assert!(matches!(
            put(None, Some(&foreign), NewWorkers::Remove),
            Decision::Leave(_)
        ));
    }

    #[test]
    fn a_run_is_put_back_once() {
        let keep = NewWorkers::Keep;
        let (old, first, second) = (
            deployment("old", OTHER),
            deployment("n1", RUN),
            deployment("n2", "abc, run 1001.2, by octocat"),
        );
        let both = [second.clone(), first.clone(), old.clone()];
        assert_eq!(
            decide_by_run(&both, "1001", keep),
            Decision::Deploy(old.versions.clone())
        );
        let back = deployment("old", &mark("1001", "abc, run 1002.1, by octocat"));
        assert_eq!(
            decide_by_run(&[back, second, first.clone(), old.clone()], "1001", keep),
            Decision::Nothing
        );
        assert_eq!(
            decide_by_run(std::slice::from_ref(&old), "1001", keep),
            Decision::Nothing
        );
        let later = deployment("n3", "abc, run 1003.1, by octocat");
        assert!(matches!(
            decide_by_run(&[later, first.clone(), old], "1001", keep),
            Decision::Leave(_)
        ));
        assert!(matches!(
            decide_by_run(std::slice::from_ref(&first), "1001", keep),
            Decision::Leave(_)
        ));
        assert_eq!(decide_by_run(&[first], "100", keep), Decision::Nothing);
    }
}
