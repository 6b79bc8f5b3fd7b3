//! `/_cloud`: what tests look at and turn.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::lock::lock;
use crate::{cloudflare, unknown};

/// A refusal by the admin API: 400 and the reason.
struct Refused(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({"message": format!("{:#}", self.0)});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

type Answer = Result<Json<Value>, Refused>;

pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    let resolver = cloudflare::resolver(cloud.cloudflare.clone());
    Router::new()
        .route("/state", get(state))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/reset", post(reset))
        .route("/seed", post(seed))
        .route("/clock", get(now).post(advance))
        .route("/ca.pem", get(ca))
        .fallback(unknown::answer)
        .method_not_allowed_fallback(unknown::answer)
        .with_state(cloud)
        .merge(resolver)
}

async fn state(State(cloud): State<Arc<Cloud>>) -> Answer {
    Ok(Json(cloud.state()?))
}

async fn requests(State(cloud): State<Arc<Cloud>>) -> Answer {
    Ok(Json(serde_json::to_value(cloud.ground.log.all())?))
}

async fn ca(State(cloud): State<Arc<Cloud>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (kind, cloud.ground.origins().ca.clone()).into_response()
}

async fn clear_requests(State(cloud): State<Arc<Cloud>>) -> Answer {
    cloud.ground.log.clear();
    Ok(Json(json!([])))
}

async fn faults(State(cloud): State<Arc<Cloud>>) -> Answer {
    Ok(Json(serde_json::to_value(lock(&cloud.ground.faults).all())?))
}

async fn add_faults(State(cloud): State<Arc<Cloud>>, Json(rules): Json<Value>) -> Answer {
    lock(&cloud.ground.faults).add(&rules)?;
    faults(State(cloud)).await
}

async fn clear_faults(State(cloud): State<Arc<Cloud>>) -> Answer {
    lock(&cloud.ground.faults).clear();
    Ok(Json(json!([])))
}

async fn reset(State(cloud): State<Arc<Cloud>>) -> Answer {
    cloud.reset();
    cloud.settle().await?;
    Ok(Json(json!({})))
}

async fn seed(State(cloud): State<Arc<Cloud>>, Json(document): Json<Value>) -> Answer {
    cloud.seed(&document)?;
    cloud.settle().await?;
    Ok(Json(json!({})))
}

async fn now(State(cloud): State<Arc<Cloud>>) -> Answer {
    Ok(Json(json!({"now": cloud.ground.clock.text()})))
}

/// Body of `POST /_cloud/clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

async fn advance(State(cloud): State<Arc<Cloud>>, Json(body): Json<Advance>) -> Answer {
    cloud.ground.clock.advance(body.advance_seconds);
    cloud.settle().await?;
    now(State(cloud)).await
}
