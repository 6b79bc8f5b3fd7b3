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
mod world;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, middleware};
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::physical::Physical;
pub(crate) use self::proxy::Front;
pub(crate) use self::refusal::LOCKED;

use self::at::At;
use self::door::Ctx;
use self::model::Project;
use self::seed::ApiKey;
use self::settings::Settings;
use crate::cloud::{Cloud, lock};
use crate::unknown;

/// What Neon knows.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    settings: Settings,
    keys: Vec<ApiKey>,
    projects: Vec<Project>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            keys: Vec::new(),
            projects: world::default_projects(),
        }
    }
}

pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
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
    Router::new()
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

/// Merges a seed into the state.
pub(crate) fn seed(cloud: &Cloud, document: &Value) -> anyhow::Result<()> {
    let mut guard = lock(&cloud.neon);
    let State {
        settings,
        keys,
        projects,
    } = &mut *guard;
    // Decisions read the settings as they were; a seed changes them for what comes after.
    let before = settings.clone();
    let ctx = Ctx {
        now: At(cloud.clock.now()),
        ids: &cloud.ids,
        hosts: &cloud.physical.hosts,
        settings: &before,
    };
    seed::seed(&ctx, projects, keys, settings, document)
}

/// Brings what lies outside the state (databases, proxies, expired branches) in line with it. Called
/// at the start and after each reset, seed and move of the clock.
pub(crate) async fn settle(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    Physical::settle(cloud).await
}
