//! Neon's API: one module per resource, pure decisions on [`model::Project`] behind [`door`].

mod at;
mod branch;
mod connection;
mod create;
mod databases;
mod diff;
mod door;
mod endpoints;
mod expiry;
mod history;
mod hosts;
mod limits;
mod list;
mod model;
mod operation;
mod operations;
mod physical;
mod projects;
mod proxy;
mod refusal;
mod render;
mod restore;
mod roles;
mod schedule;
mod schema;
mod seed;
mod settings;
mod state;
mod world;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, middleware};

pub(crate) use self::proxy::Front;
pub(crate) use self::state::Neon;

use crate::face::Face;
use crate::log::Provider;
use crate::unknown;

/// How the gate answers in Neon's name.
pub(crate) fn face() -> Face {
    Face {
        provider: Provider::Neon,
        base: "/api/v2",
        error: refusal::usual,
        stamp: Box::new(|_, _| ()),
    }
}

pub(crate) fn router(cloud: Arc<Neon>) -> Router {
    const BRANCH: &str = "/projects/{project}/branches/{branch}";
    const ENDPOINT: &str = "/projects/{project}/endpoints/{endpoint}";
    let branch = Router::new()
        .route("/", get(branch::get).patch(branch::update).delete(branch::delete))
        .route("/restore", post(restore::restore))
        .route("/set_as_default", post(branch::set_as_default))
        .route("/schema", get(schema::get))
        .route("/compare_schema", get(schema::compare))
        .route("/endpoints", get(endpoints::list_of_branch))
        .route("/databases", get(databases::list).post(databases::create))
        .route(
            "/databases/{database}",
            get(databases::get).patch(databases::update).delete(databases::delete),
        )
        .route("/roles", get(roles::list).post(roles::create))
        .route("/roles/{role}", get(roles::get).delete(roles::delete))
        .route("/roles/{role}/reveal_password", get(roles::reveal_password))
        .route("/roles/{role}/reset_password", post(roles::reset_password));
    let endpoint = Router::new()
        .route(
            "/",
            get(endpoints::get).patch(endpoints::update).delete(endpoints::delete),
        )
        .route("/start", post(endpoints::start))
        .route("/suspend", post(endpoints::suspend))
        .route("/restart", post(endpoints::restart));
    // Beside the ids of projects.
    unknown::literals(Router::new(), &["/projects/recoverable"])
        .route("/auth", get(projects::auth))
        .route("/users/me", get(projects::me))
        .route("/users/me/organizations", get(projects::organizations))
        .route("/projects", get(projects::list))
        .route("/projects/shared", get(projects::shared))
        .route("/projects/{project}", get(projects::get))
        .route("/projects/{project}/operations", get(operations::list))
        .route("/projects/{project}/operations/{operation}", get(operations::get))
        .route("/projects/{project}/connection_uri", get(connection::get))
        .route("/projects/{project}/branches", get(list::list).post(create::create))
        .route("/projects/{project}/branches/count", get(list::count))
        .nest(BRANCH, branch)
        .route(
            "/projects/{project}/endpoints",
            get(endpoints::list).post(endpoints::create),
        )
        .nest(ENDPOINT, endpoint)
        .fallback(unknown::answer)
        .method_not_allowed_fallback(unknown::answer)
        .layer(middleware::from_fn(door::envelope))
        .with_state(cloud)
}
