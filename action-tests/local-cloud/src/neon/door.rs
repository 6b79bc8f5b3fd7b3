//! The way into Neon's state: who asks, which project, whether it is locked, and the envelope of the
//! answer.

use std::error::Error;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::at::At;
use super::hosts::Hosts;
use super::model::Project;
use super::physical::Physical;
use super::refusal::Refusal;
use super::settings::Settings;
use super::state::State;
use crate::gate;
use crate::ids::Ids;
use crate::lock::lock;
use crate::neon::state::Neon;

/// What a handler gives back.
pub(super) type Answer = Result<(StatusCode, Json<Value>), Refusal>;

pub(super) fn ok(body: Value) -> (StatusCode, Json<Value>) {
    (StatusCode::OK, Json(body))
}

pub(super) fn created(body: Value) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(body))
}

/// What decisions need besides the project.
pub(crate) struct Ctx<'a> {
    pub(crate) now: At,
    pub(crate) ids: &'a Ids,
    pub(crate) hosts: &'a Hosts,
    pub(crate) settings: &'a Settings,
}

impl Ctx<'_> {
    /// An id as Neon makes them: `br-quiet-sun-a1b2c3d4`. Three parts after the prefix: with fewer,
    /// its CLI takes an id for a name.
    pub(crate) fn id(&self, prefix: &str) -> String {
        const FIRST: [&str; 8] = ["bold", "calm", "damp", "late", "old", "round", "sweet", "wispy"];
        const SECOND: [&str; 8] = ["base", "cloud", "dawn", "field", "lake", "moon", "recipe", "water"];
        format!(
            "{prefix}-{}-{}-{}",
            FIRST[self.ids.pick(FIRST.len())],
            SECOND[self.ids.pick(SECOND.len())],
            self.ids.alphanumeric(8)
        )
    }

    pub(crate) fn password(&self) -> String {
        format!("npg_{}", self.ids.alphanumeric(12))
    }
}

/// A caller whose key is known.
pub(super) struct Caller {
    cloud: Arc<Neon>,
    /// Set for project-scoped keys: the only project they open.
    pub(super) scope: Option<String>,
    pub(super) organization: bool,
}

impl FromRequestParts<Arc<Neon>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, cloud: &Arc<Neon>) -> Result<Self, Self::Rejection> {
        let key = gate::token(&parts.headers).ok_or_else(Refusal::unauthenticated)?;
        let state = lock(&cloud.state);
        let known = state.keys.iter().find(|known| known.key == key);
        if known.is_some_and(|known| !known.valid) {
            return Err(Refusal::unauthenticated());
        }
        Ok(Self {
            cloud: cloud.clone(),
            scope: known.and_then(|known| known.project.clone()),
            organization: known.is_some_and(|known| known.organization),
        })
    }
}

impl Caller {
    pub(super) fn cloud(&self) -> &Arc<Neon> {
        &self.cloud
    }

    /// Runs `with` on the whole state, as it is now.
    pub(super) fn world<T>(&self, with: impl FnOnce(&Ctx, &mut Vec<Project>) -> T) -> T {
        enter(&self.cloud, with)
    }

    /// Runs a read of one project.
    pub(super) fn read<T>(
        &self,
        project: &str,
        with: impl FnOnce(&Ctx, &mut Project) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        // A project-scoped key does not learn which other projects exist.
        if self.scope.as_deref().is_some_and(|scope| scope != project) {
            return Err(Refusal::missing("project"));
        }
        enter(&self.cloud, |ctx, projects| {
            let project = projects
                .iter_mut()
                .find(|known| known.id == project)
                .ok_or_else(|| Refusal::missing("project"))?;
            with(ctx, project)
        })
    }

    /// Runs a mutation of one project: refused while operations run in it, followed by the work on
    /// real databases.
    ///
    /// Neon locks out the scheduling of operations; which mutations schedule none is not documented,
    /// so all of them are locked out.
    pub(super) fn write<T>(
        &self,
        project: &str,
        with: impl FnOnce(&Ctx, &mut Project) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let result = self.read(project, |ctx, project| {
            if ctx.settings.lock && project.is_busy() {
                return Err(Refusal::locked());
            }
            with(ctx, project)
        });
        if result.is_ok() {
            Physical::catch_up(&self.cloud);
        }
        result
    }
}

/// Locks the state, brings it to the present, and runs `with` on it.
pub(super) fn enter<T>(cloud: &Neon, with: impl FnOnce(&Ctx, &mut Vec<Project>) -> T) -> T {
    let now = At(cloud.ground.clock.now());
    let mut guard = lock(&cloud.state);
    let State { settings, projects, .. } = &mut *guard;
    for project in projects.iter_mut() {
        project.advance(now, &|database| cloud.physical.presence(database));
        super::expiry::sweep(project, now);
        super::endpoints::suspend_idle(project, now);
    }
    let ctx = Ctx {
        now,
        ids: &cloud.ground.ids,
        hosts: &cloud.physical.hosts,
        settings,
    };
    with(&ctx, projects)
}

/// A query, read as Neon reads it: every defect is a 400 with this beginning.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| Refusal::bad(format!("invalid request: decode params: query: {}", reason(&error))))
    }
}

/// What is wrong, without the web framework's own words.
fn reason(error: &dyn Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// Reads a JSON body as Neon does: every defect is a 400 with this beginning.
pub(super) fn decode<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("invalid request: decode application/json: {error}")))
}

/// Adds the request's id to the answer, and the body to a refusal.
pub(super) async fn envelope(request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("unknown"))
    });
    let mut response = next.run(request).await;
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let body = json!({
            "request_id": id.to_str().unwrap_or_default(),
            "code": refusal.code,
            "message": refusal.message,
        });
        response = (refusal.status, Json(body)).into_response();
    }
    response.headers_mut().insert("x-neon-ret-request-id", id);
    response
}
