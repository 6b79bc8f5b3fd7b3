//! The wrangler configurations, in every chosen environment: what a deployment would refuse, and what would hurt later.
//! No wrangler runs, and nothing is built.

mod calls;
mod file;
mod health;
mod look;
mod names;
mod refused;
mod remarks;
mod routes;
mod settings;
mod source;
mod told;
mod urls;
mod vars;

use wrangler::project::check;

use self::look::Look;
use crate::finding::{Finding, Kind};
use crate::world::World;

pub(super) const KINDS: &[&Kind] = &[
    &file::MISSING,
    &file::UNREADABLE,
    &file::NOT_BUILT,
    &file::NO_ENVIRONMENT,
    &refused::REFUSED,
    &refused::ACCOUNT,
    &refused::CUSTOM_DOMAIN,
    &refused::ISOLATION,
    &refused::CLASH,
    &refused::WITHOUT_ID,
    &refused::WITHOUT_CODE,
    &refused::DATE,
    &refused::NOT_INHERITED,
    &refused::UNREAD,
    &refused::UNUSED,
    &remarks::LACKS,
    &vars::MISSING,
    &vars::LOCAL,
    &vars::FOREIGN,
    &vars::SECRET,
    &health::UNSEEN,
    &calls::FETCHED,
    &calls::NAMED,
    &routes::HIDDEN,
    &routes::TENANTS,
    &routes::UNATTACHED,
    &settings::UNOBSERVED,
    &settings::OLD_DATE,
    &settings::OPEN,
    &remarks::OPENED,
    &settings::NO_MAIN,
    &settings::NO_MIGRATION,
    &settings::CRONS,
    &names::WORKER,
    &names::FOLDER,
    &names::PORT,
    &names::TYPO,
    &names::UNKNOWN,
];

pub(super) fn findings(world: &World) -> Vec<Finding> {
    let Some(look) = Look::of(world, check::today()) else {
        return Vec::new();
    };
    let (files, broken) = file::told(&look);
    let mut all = files;
    let refused = refused::told(&look, &broken);
    let keys = names::keys(&look, &refused);
    all.extend(refused);
    all.extend(remarks::told(&look));
    let subjects = look.subjects();
    all.extend(health::told(&look, &subjects));
    for subject in &subjects {
        all.extend(refused::of_source(subject));
        all.extend(vars::told(&look, subject));
        all.extend(calls::told(&look, subject));
        all.extend(settings::told(&look, subject));
        all.extend(names::worker(subject));
        all.extend(routes::unattached(&look, subject));
    }
    all.extend(names::folders(&look));
    all.extend(names::ports(&look));
    all.extend(keys);
    let mut findings = told::gathered(all);
    findings.extend(refused::unused(&look));
    findings.extend(routes::under_wildcards(&look));
    findings
}

#[cfg(test)]
mod tests;
