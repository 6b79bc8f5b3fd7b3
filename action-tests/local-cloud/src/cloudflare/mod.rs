//! Cloudflare's API v4, as far as deploying Workers and their DNS needs it.

mod accounts;
mod assets;
mod auth;
mod bindings;
mod certificates;
mod d1;
mod deployments;
mod dns;
mod domains;
mod envelope;
mod fields;
mod kv;
mod live;
mod model;
mod queues;
mod r2;
mod resolve;
mod resource;
mod resource_seeds;
mod routes;
mod scripts;
mod secrets;
mod seeds;
mod set;
mod settings;
mod shared;
mod subdomain;
mod triggers;
mod upload;
mod versions;
mod workflows;
mod zones;

use std::sync::Arc;

use axum::{Router, middleware};

use crate::face::Face;
use crate::log::Provider;
use crate::unknown;

pub(crate) use live::{Choice, Place, Target, choose, find, vars, version};
pub(crate) use resolve::router as resolver;
pub(crate) use set::{Desired, Set, desired, revision, wanted};
pub(crate) use shared::Cloudflare;
pub(crate) use triggers::{TAILS, tail_router};

/// How the gate answers in Cloudflare's name.
pub(crate) fn face(cloud: &Arc<Cloudflare>) -> Face {
    let cloud = cloud.clone();
    Face {
        provider: Provider::Cloudflare,
        base: "/client/v4",
        error: envelope::usual,
        stamp: Box::new(move |token, headers| auth::stamp(&cloud, token, headers)),
    }
}

/// What Cloudflare has beside the ids of records and certificate packs.
const LITERALS: [&str; 6] = [
    "/zones/{zone}/dns_records/export",
    "/zones/{zone}/dns_records/import",
    "/zones/{zone}/dns_records/scan",
    "/zones/{zone}/dns_records/usage",
    "/zones/{zone}/ssl/certificate_packs/order",
    "/zones/{zone}/ssl/certificate_packs/quota",
];

pub(crate) fn router(cloud: Arc<Cloudflare>) -> Router {
    unknown::literals(Router::new(), &LITERALS)
        .merge(accounts::router())
        .merge(assets::router())
        .merge(certificates::router())
        .merge(d1::router())
        .merge(deployments::router())
        .merge(dns::router())
        .merge(domains::router())
        .merge(kv::router())
        .merge(queues::router())
        .merge(r2::router())
        .merge(resource::router())
        .merge(routes::router())
        .merge(scripts::router())
        .merge(secrets::router())
        .merge(settings::router())
        .merge(subdomain::router())
        .merge(triggers::router())
        .merge(versions::router())
        .merge(workflows::router())
        .merge(zones::router())
        .fallback(unknown::answer)
        .method_not_allowed_fallback(unknown::answer)
        .layer(middleware::from_fn_with_state(cloud.clone(), auth::guard))
        .with_state(cloud)
}
