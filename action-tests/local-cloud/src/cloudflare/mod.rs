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
mod subdomain;
mod triggers;
mod upload;
mod versions;
mod workflows;
mod zones;

use std::sync::Arc;

use axum::{Router, middleware};

use crate::cloud::Cloud;
use crate::unknown;

pub(crate) use auth::stamp;
pub(crate) use live::{Choice, Place, Target, choose, find, vars, version};
pub(crate) use model::State;
pub(crate) use resolve::dns_query;
pub(crate) use seeds::seed;
pub(crate) use set::{Desired, Set, desired, revision, wanted};

/// State of every handler.
type Shared = Arc<Cloud>;
/// A query as pairs in order, since some keys hold dots and some may repeat.
type Query = axum::extract::Query<Vec<(String, String)>>;

pub(crate) fn router(cloud: Shared) -> Router {
    Router::new()
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
