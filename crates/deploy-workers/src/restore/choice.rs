//! What each Worker goes back to, and in which order, out of their histories. Pure.

use actions_core::cloudflare::Share;
use actions_core::environment::Service;

use crate::apply::decide::{self, Decision};
use crate::apply::look::Found;
use crate::history::History;
use crate::inputs::{BackTo, Inputs};
use crate::plan::order::{self, Wave};

/// The run that is to be undone, when it has left no trace: another one is meant. Where a Worker is gone, a trace may
/// have gone with it.
pub(super) fn mistaken<'b>(back_to: &'b BackTo, histories: &[(&Service, anyhow::Result<History>)]) -> Option<&'b str> {
    let BackTo::BeforeRun { run, is_known: true } = back_to else {
        return None;
    };
    let is_untouched = |(_, history): &(&Service, anyhow::Result<History>)| {
        history.as_ref().is_ok_and(|history| {
            history.found != Found::Absent && !decide::is_touched(history.deployments(), &history.versions, run)
        })
    };
    histories.iter().all(is_untouched).then_some(run)
}

/// The order in which the services come up: by the manifest, and by who calls whom now.
pub(super) fn order(inputs: &Inputs, histories: &[(&Service, anyhow::Result<History>)]) -> Vec<String> {
    let services = &inputs.environment.services;
    let key = |worker: &String| {
        let callee = services.iter().find(|service| service.worker == *worker);
        callee.map(|service| service.key.clone())
    };
    let calls = histories.iter().filter_map(|(service, history)| {
        let calls = history.as_ref().ok()?.calls.iter().filter_map(key);
        Some((service.key.clone(), calls.collect()))
    });
    let needs = services
        .iter()
        .map(|service| (service.key.clone(), service.needs.clone()));
    // Of Workers that bind each other, each is there.
    let waves = order::waves(&needs.collect(), &calls.collect(), |_| true);
    let keys = |waves: Vec<Wave>| waves.into_iter().flat_map(|wave| wave.services).collect();
    waves.map_or_else(|_| inputs.chosen.clone(), keys)
}

pub(super) fn decide(back_to: &BackTo, key: &str, history: &History, inputs: &Inputs) -> Decision {
    match back_to {
        BackTo::BeforeRun { run, .. } => {
            decide::decide_by_run(history.deployments(), &history.versions, run, inputs.new_workers)
        }
        BackTo::Versions(versions) => {
            let Some(version) = versions.get(key) else {
                return Decision::Nothing;
            };
            // A deployment's own id stands for what it served, two versions perhaps.
            let named = history
                .deployments()
                .iter()
                .find(|deployment| deployment.id == *version);
            let shares = named.map_or_else(|| vec![Share::all(version)], |named| named.versions.clone());
            match history.live() {
                None => Decision::Fail("the Worker is not deployed".to_owned()),
                Some(live) if live.serves(&shares) => Decision::Nothing,
                Some(_) => Decision::Deploy(shares),
            }
        }
    }
}
