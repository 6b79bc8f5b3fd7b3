//! Puts Workers back to what served before: after a wave that failed, a run that was cancelled, or on command.
//!
//! Versions are always named. What a version does not hold is not put back: hostnames, schedules, data.

use actions_core::cloudflare::dependents::has_dependents;
use actions_core::cloudflare::versions::secrets_changed;
use actions_core::cloudflare::{Error, Route, Share, Version, Writer, Zone};
use futures_util::{StreamExt as _, stream};

use crate::apply::decide::{self, Decision, Touched};
use crate::apply::look::{self, Found};
use crate::apply::outcome::{Code, Outcome};
use crate::apply::{AT_ONCE, Work, record};
use crate::plan::ServicePlan;
use crate::plan::hostnames::Step;
use crate::report;

pub(crate) use super::undone::{PutBack, Undone};

/// Puts Workers back, and removes new ones with what leads to them.
pub(crate) struct Back<'a> {
    pub(crate) writer: &'a Writer,
    pub(crate) zone: Option<&'a Zone>,
    /// Is told what leads to which Worker no longer, as soon as it is so.
    pub(crate) note: &'a dyn Fn(&str, Undone),
}

impl Back<'_> {
    /// Carries a decision out. A Worker is deleted only when every version that it ever had `is_ours`; of the routes that
    /// lead to it, those of `moved` go back to the Workers that they name.
    pub(crate) async fn carry_out(
        &self,
        worker: &str,
        decision: Decision,
        message: &str,
        moved: &[Route],
        is_ours: impl Fn(&Version) -> bool,
    ) -> PutBack {
        match decision {
            Decision::Nothing => PutBack::Nothing,
            Decision::Leave(why) => PutBack::Left(why),
            Decision::Fail(why) => PutBack::Failed(why),
            Decision::Deploy(shares) => match deploy(self.writer, worker, &shares, message).await {
                Ok(()) => PutBack::Back(shares.into_iter().map(|share| share.version_id).collect()),
                Err(error) => PutBack::failed(error),
            },
            Decision::Remove => {
                let versions = self.writer.reader().versions(worker).await;
                match versions.map(|versions| decide::all_are(&versions, is_ours)) {
                    Err(error) => PutBack::failed(error),
                    Ok(Err(why)) => PutBack::Left(report::not_removed(&why)),
                    Ok(Ok(())) => self.remove(worker, moved).await.unwrap_or_else(PutBack::failed),
                }
            }
        }
    }

    /// Removes a Worker that nobody binds to. Only then it loses what leads to it: one that stays is to be reached as
    /// before.
    async fn remove(&self, worker: &str, moved: &[Route]) -> Result<PutBack, Error> {
        match self.writer.reader().dependents(worker).await {
            Some(others) if !others.is_empty() => Ok(PutBack::Bound(report::still_bound(&others))),
            // A hostname that pointed to nothing would answer with an error.
            Some(_) => {
                self.detach(worker, moved).await?;
                self.delete(worker).await
            }
            None => {
                let put_back = self.delete(worker).await?;
                if put_back == PutBack::Removed {
                    self.detach(worker, moved).await?;
                }
                Ok(put_back)
            }
        }
    }

    /// Not by force: a Worker that others bind to is still in use.
    async fn delete(&self, worker: &str) -> Result<PutBack, Error> {
        match self.writer.delete_worker(worker, false).await {
            Ok(_) => Ok(PutBack::Removed),
            Err(error) if has_dependents(&error) => Ok(PutBack::Bound(actions_core::error::render(&error.into()))),
            Err(error) => Err(error),
        }
    }

    /// Removes Workers that others were bound to when they were to be removed, by now perhaps no longer; each with the
    /// routes that were moved to it. Of those that bind only each other none can go first, so they go by force: nobody is
    /// left who would miss them.
    pub(crate) async fn remove_bound(&self, mut waiting: Vec<(String, Vec<Route>)>) -> Vec<(String, PutBack)> {
        let mut ended = Vec::new();
        loop {
            let before = waiting.len();
            let mut still = Vec::new();
            for (worker, moved) in std::mem::take(&mut waiting) {
                match self.remove(&worker, &moved).await {
                    Ok(PutBack::Bound(why)) => still.push((worker, moved, why)),
                    Ok(put_back) => ended.push((worker, put_back)),
                    Err(error) => ended.push((worker, PutBack::failed(error))),
                }
            }
            if still.len() < before {
                waiting = still.into_iter().map(|(worker, moved, _)| (worker, moved)).collect();
                continue;
            }
            let names: Vec<String> = still.iter().map(|(worker, ..)| worker.clone()).collect();
            let circle = self.writer.reader().bound_by_each_other(&names).await;
            for (worker, moved, why) in still {
                let put_back = if circle.contains(&worker) {
                    let removed = self.remove_by_force(&worker, &moved).await;
                    removed.map_or_else(PutBack::failed, |()| PutBack::Removed)
                } else {
                    PutBack::Failed(why)
                };
                ended.push((worker, put_back));
            }
            return ended;
        }
    }

    async fn remove_by_force(&self, worker: &str, moved: &[Route]) -> Result<(), Error> {
        self.detach(worker, moved).await?;
        self.writer.delete_worker(worker, true).await?;
        Ok(())
    }

    /// Takes away what leads to a Worker.
    async fn detach(&self, worker: &str, moved: &[Route]) -> Result<(), Error> {
        let Some(zone) = self.zone else { return Ok(()) };
        let reader = self.writer.reader();
        for route in reader.routes(zone).await? {
            if route.script.as_deref() != Some(worker) {
                continue;
            }
            let moved = moved.iter().find(|moved| moved.id == route.id);
            if let Some(before) = moved.and_then(|moved| moved.script.clone()) {
                self.writer.move_route(zone, &route, &before).await?;
                (self.note)(worker, Undone::MovedBack(route.pattern, before));
            } else if self.writer.delete_route(zone, &route).await? {
                (self.note)(worker, Undone::Deleted(route.pattern));
            }
        }
        for domain in reader.custom_domains(zone).await? {
            if domain.service == worker {
                let detached = self.writer.detach_domain(zone, &domain).await?;
                if let Some(error) = detached.certificate_stays {
                    tracing::warn!("the certificate of `{}` stays: {error}", domain.hostname);
                }
                if detached.was_there {
                    (self.note)(worker, Undone::Detached(domain.hostname));
                }
            }
        }
        Ok(())
    }
}

/// The routes that a service takes from others, as they were. By the plan: a step whose answer was lost is taken, too, and
/// only a route that leads to the Worker now is moved back.
fn moved(service: &ServicePlan) -> Vec<Route> {
    let moved = service.steps.iter().filter_map(|step| match step {
        Step::MoveRoute(route) => Some(route.clone()),
        _ => None,
    });
    moved.collect()
}

/// Cloudflare asks back when the secrets of the old version are not those of the new one (10220). Putting back means
/// the old secrets too: they belong to the old code.
async fn deploy(writer: &Writer, worker: &str, shares: &[Share], message: &str) -> Result<(), Error> {
    match writer.deploy(worker, shares, message, false).await {
        Err(error) if secrets_changed(&error) => {
            tracing::info!("the secrets of Worker `{worker}` have changed since; the old version gets its own back");
            writer.deploy(worker, shares, message, true).await
        }
        other => other,
    }
}

impl Work<'_> {
    /// The services whose code may serve, by waves, the last one first.
    fn touched(&self) -> Vec<Vec<&ServicePlan>> {
        let journal = self.journal.borrow();
        let may_serve = |key: &&String| journal.services.get(*key).is_some_and(Outcome::may_serve);
        let waves = self.plan.waves.iter().rev().map(|wave| {
            let keys = wave.services.iter().rev().filter(may_serve);
            keys.filter_map(|key| self.plan.services.get(key)).collect()
        });
        waves.filter(|wave: &Vec<_>| !wave.is_empty()).collect()
    }

    /// Puts back every Worker whose code this run has touched, the last wave first; all at once where there is little
    /// time. A service that has no `put_back` afterwards was not come to.
    pub(crate) async fn put_back(&self) {
        let mut waves = self.touched();
        if waves.is_empty() {
            return;
        }
        self.runner.say(&report::putting_back(self.inputs.new_workers));
        let (mut at_once, cancelled) = (AT_ONCE, self.stop.check().is_err());
        if cancelled {
            waves = vec![waves.concat()];
            at_once = usize::MAX;
        }
        for wave in waves {
            stream::iter(wave)
                .map(|service| self.put_one_back(service))
                .buffer_unordered(at_once)
                .collect::<()>()
                .await;
        }
        self.put_back_bound().await;
    }

    /// Those again that others were still bound to.
    async fn put_back_bound(&self) {
        let is_bound = |outcome: &Outcome| matches!(outcome.put_back, Some(PutBack::Bound(_)));
        let touched = self.touched().concat();
        let bound: Vec<&ServicePlan> = {
            let journal = self.journal.borrow();
            let is_bound = |service: &&ServicePlan| journal.services.get(&service.key).is_some_and(is_bound);
            touched.into_iter().filter(is_bound).collect()
        };
        let workers = bound.iter().map(|service| (service.worker.clone(), moved(service)));
        let (writer, note) = (self.writer(), |worker: &str, undone| self.undone(worker, undone));
        let back = self.back(writer, &note);
        for (worker, put_back) in back.remove_bound(workers.collect()).await {
            if let Some(service) = bound.iter().find(|service| service.worker == worker) {
                self.end(service, put_back);
            }
        }
    }

    /// Tells of each Worker that was to be put back, and was not come to in time.
    pub(crate) fn out_of_time(&self) {
        if !self.inputs.put_back {
            return;
        }
        for service in self.touched().concat() {
            self.note(service, |outcome| {
                let put_back = outcome.put_back.get_or_insert(PutBack::Unanswered);
                if *put_back == PutBack::Unanswered {
                    self.runner
                        .say(&report::put_back(&service.key, put_back, &outcome.undone));
                }
            });
        }
    }

    async fn put_one_back(&self, service: &ServicePlan) {
        let put_back = match look::found(self.writer().reader(), &service.worker).await {
            Err(error) => PutBack::failed(error),
            Ok(now) => {
                self.settle(service, &now).await;
                let decision = self.decision(service, &now);
                let run = self.inputs.origin.run_id().unwrap_or("unknown");
                let mark = record::mark(run, &record::origin(&self.inputs.origin));
                let message = self.message(service);
                let is_ours = |version: &Version| version.message() == message;
                let note = |worker: &str, undone| self.undone(worker, undone);
                let back = self.back(self.writer(), &note);
                back.carry_out(&service.worker, decision, &mark, &moved(service), is_ours)
                    .await
            }
        };
        self.end(service, put_back);
    }

    fn back<'a>(&'a self, writer: &'a Writer, note: &'a dyn Fn(&str, Undone)) -> Back<'a> {
        let zone = self.facts.zone.as_ref();
        Back { writer, zone, note }
    }

    fn undone(&self, worker: &str, undone: Undone) {
        let service = self.plan.services.values().find(|service| service.worker == worker);
        if let Some(service) = service {
            self.note(service, |outcome| outcome.undone.push(undone));
        }
    }

    fn end(&self, service: &ServicePlan, put_back: PutBack) {
        self.note(service, |outcome| {
            self.runner
                .say(&report::put_back(&service.key, &put_back, &outcome.undone));
            match put_back {
                PutBack::Back(_) => outcome.version.clone_from(&service.previous),
                PutBack::Removed => outcome.version = None,
                _ => {}
            }
            outcome.put_back = Some(put_back);
        });
    }

    fn decision(&self, service: &ServicePlan, now: &Found) -> Decision {
        let (journal, live) = (self.journal.borrow(), self.facts.live.get(&service.key));
        let outcome = journal.services.get(&service.key);
        let touched = Touched {
            before: live.and_then(|live| live.deployment.as_ref()),
            was_absent: live.is_some_and(|live| live.absent),
            ours: outcome.and_then(|outcome| outcome.new.as_deref()),
            message: &self.message(service),
            taken: outcome.is_some_and(|outcome| outcome.code == Code::Serves),
        };
        match decide::decide(&touched, now, self.inputs.new_workers) {
            // Its last request has no answer, so what is seen now need not last.
            Decision::Nothing if outcome.is_some_and(|outcome| outcome.on_its_way) => {
                Decision::Fail(report::STILL_ON_ITS_WAY.to_owned())
            }
            decision => decision,
        }
    }

    /// Notes of a service whose code was sent what became of it, by what serves.
    pub(crate) async fn settle(&self, service: &ServicePlan, now: &Found) {
        let now = match now {
            Found::There(deployments) => deployments.first(),
            Found::Absent => None,
        };
        let live = self.facts.live.get(&service.key);
        let before = live.and_then(|live| live.deployment.as_ref());
        let same = match (before, now) {
            (Some(before), Some(now)) => now.serves(&before.versions),
            (None, None) => true,
            _ => false,
        };
        let serves = now.and_then(|now| now.only_version()).map(str::to_owned);
        let unknown = |outcome: &Outcome| !same && outcome.new.is_none();
        let unknown = self.journal.borrow().services.get(&service.key).is_some_and(unknown);
        let mut new = None;
        if let (true, Some(id)) = (unknown, &serves) {
            let version = self.writer().reader().version(&service.worker, id).await;
            let message = self.message(service);
            new = version.ok().flatten().filter(|version| version.message() == message);
        }
        self.note(service, |outcome| {
            outcome.version = serves;
            if let Some(new) = new {
                outcome.new = Some(new.id);
            }
            if outcome.code == Code::Unclear && !outcome.on_its_way {
                outcome.code = if same { Code::Kept } else { Code::Serves };
            }
        });
    }

    fn is_unclear(&self, service: &ServicePlan) -> bool {
        let journal = self.journal.borrow();
        let outcome = journal.services.get(&service.key);
        outcome.is_some_and(|outcome| outcome.code == Code::Unclear)
    }

    /// The same of all of them, where nothing is put back.
    pub(crate) async fn settle_all(&self) {
        for service in self.touched().concat() {
            if self.is_unclear(service)
                && let Ok(now) = look::found(self.writer().reader(), &service.worker).await
            {
                self.settle(service, &now).await;
            }
        }
    }
}
