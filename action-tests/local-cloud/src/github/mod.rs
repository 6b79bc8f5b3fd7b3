//! GitHub's API: one module per resource, behind [`door`].

mod account;
mod actions;
mod checks;
mod comments;
mod commits;
mod compare;
mod deployment_statuses;
mod deployments;
mod door;
mod envelope;
mod environments;
mod graphql;
mod issues;
mod labels;
mod media;
mod model;
mod page;
mod pulls;
mod reaction_counts;
mod reactions;
mod refusal;
mod repos;
mod runs;
mod secondary;
mod seed;
mod seed_actions;
mod seed_deployed;
mod state;
mod threads;
mod world;

use std::sync::Arc;

use axum::routing::{delete, get, post};
use axum::{Router, middleware};

use crate::face::Face;
use crate::log::Provider;
use crate::unknown;

pub(crate) use self::state::Github;

/// How the gate answers in GitHub's name.
pub(crate) fn face() -> Face {
    Face {
        provider: Provider::Github,
        base: "/github",
        error: refusal::usual,
        stamp: Box::new(|_, _| ()),
    }
}

/// What GitHub has beside the numbers of issues and pull requests.
const LITERALS: [&str; 3] = ["/issues/comments", "/issues/events", "/pulls/comments"];

/// Everything below a repository.
fn repository() -> Router<Arc<Github>> {
    unknown::literals(Router::new(), &LITERALS)
        .route("/", get(repos::get))
        .route("/contents/{*path}", get(repos::contents))
        .route("/issues", get(issues::list).post(issues::create))
        .route("/issues/{number}", get(issues::get).patch(issues::update))
        .route("/issues/{number}/comments", get(comments::list).post(comments::create))
        .route("/issues/{number}/labels", post(labels::add))
        .route(
            "/issues/comments/{id}",
            get(comments::get).patch(comments::update).delete(comments::delete),
        )
        .route(
            "/issues/{number}/reactions",
            get(reactions::list).post(reactions::create),
        )
        .route("/issues/{number}/reactions/{reaction}", delete(reactions::delete))
        .route(
            "/issues/comments/{id}/reactions",
            get(reactions::list).post(reactions::create),
        )
        .route("/issues/comments/{id}/reactions/{reaction}", delete(reactions::delete))
        .route("/labels", get(labels::list).post(labels::create))
        .route("/pulls", get(pulls::list))
        .route("/pulls/{number}", get(pulls::get).patch(pulls::update))
        .route("/commits/{sha}/pulls", get(pulls::of_commit))
        .route("/commits/{sha}/status", get(commits::combined))
        .route("/compare/{range}", get(compare::compare))
        .route("/commits/{sha}/check-runs", get(checks::of_commit))
        .route("/statuses/{sha}", post(commits::create))
        .route("/check-runs", post(checks::create))
        .route("/check-runs/{id}", get(checks::get).patch(checks::update))
        .route("/deployments", get(deployments::list).post(deployments::create))
        .route("/deployments/{id}", get(deployments::get).delete(deployments::delete))
        .route(
            "/deployments/{id}/statuses",
            get(deployment_statuses::list).post(deployment_statuses::create),
        )
        .route("/deployments/{id}/statuses/{status}", get(deployment_statuses::get))
        .route("/environments", get(environments::list))
        .route(
            "/environments/{environment}",
            get(environments::get)
                .put(environments::put)
                .delete(environments::delete),
        )
        .route("/environments/{environment}/secrets", get(environments::secrets))
        .route("/actions/artifacts", get(actions::artifacts))
        .route(
            "/actions/artifacts/{id}",
            get(actions::artifact).delete(actions::delete_artifact),
        )
        .route("/actions/artifacts/{id}/zip", get(actions::download))
        .route("/actions/runs", get(runs::list))
        .route("/actions/runs/{run}", get(runs::get))
        .route("/actions/workflows/{workflow}/runs", get(runs::list))
        .route("/actions/runs/{run}/artifacts", get(actions::artifacts))
        .route("/actions/secrets", get(actions::secrets))
        .route("/actions/organization-secrets", get(actions::organization_secrets))
        .route("/actions/variables", get(actions::variables))
}

pub(crate) fn router(cloud: Arc<Github>) -> Router {
    Router::new()
        .nest("/repos/{owner}/{repo}", repository())
        // How GitHub's links to other pages name a repository.
        .nest("/repositories/{repository_id}", repository())
        .route("/user", get(repos::user))
        .route("/rate_limit", get(envelope::rate_limit))
        .route("/graphql", post(graphql::answer))
        .fallback(unknown::answer)
        .method_not_allowed_fallback(unknown::answer)
        .layer(middleware::from_fn_with_state(cloud.clone(), envelope::wrap))
        .with_state(cloud)
}
