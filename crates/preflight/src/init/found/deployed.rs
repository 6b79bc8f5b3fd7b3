//! Which Workers of a repository nobody deploys. Pure.

use std::collections::BTreeSet;

use wrangler::ResourceKind;

use super::{LeftOut, Worker};
use crate::init::proposal::PRODUCTION;

/// Takes out the Workers without a section for production where most others have one, and that none of the others
/// binds: helpers of development. A preview or a production of them would open them to everybody.
pub(super) fn without_helpers(workers: Vec<Worker>, left_out: &mut Vec<LeftOut>) -> Vec<Worker> {
    let has_production = |worker: &Worker| {
        worker
            .config
            .environments()
            .iter()
            .any(|name| PRODUCTION.contains(name))
    };
    let with = workers.iter().filter(|worker| has_production(worker)).count();
    if with * 2 <= workers.len() {
        return workers;
    }
    let mut bound = BTreeSet::new();
    for worker in &workers {
        for section in std::iter::once(None).chain(worker.config.environments().into_iter().map(Some)) {
            let settings = worker.config.settings(section).ok();
            let bindings = settings.iter().flat_map(wrangler::Settings::bound);
            let of_workers = bindings.filter(|(_, resource)| resource.kind == ResourceKind::Worker);
            bound.extend(of_workers.map(|(_, resource)| resource.id));
        }
    }
    let is_deployed = |worker: &Worker| {
        let settings = worker.config.settings(None).ok();
        let has_route = settings.is_some_and(|settings| !settings.routes().is_empty());
        has_production(worker) || has_route || worker.config.names().iter().any(|name| bound.contains(name))
    };
    let (deployed, helpers): (Vec<Worker>, Vec<Worker>) = workers.into_iter().partition(is_deployed);
    left_out.extend(helpers.into_iter().map(|worker| LeftOut {
        file: worker.file,
        why: "has no section for production, as the others have, no route, and nobody binds it".to_owned(),
    }));
    deployed
}
