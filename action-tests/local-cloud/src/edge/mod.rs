//! The edge: serves deployed Workers by Host header, as a client on the internet would find them.

mod proxy;
mod served;
mod swap;

use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cloudflare::{self, Choice, Cloudflare, Place, Target};
use crate::face::Face;
use crate::gate;
use crate::lock::lock;
use crate::log::Provider;
use crate::wire::Scissors;

use served::Served;

/// Pins versions of the live deployment: `api="<version id>"`.
const OVERRIDES: &str = "cloudflare-workers-version-overrides";
/// Any text; the same text leads to the same version.
const KEY: &str = "cloudflare-workers-version-key";

/// The edge: Cloudflare's other side.
pub(crate) struct Edge {
    cloudflare: Arc<Cloudflare>,
    pub(crate) served: Served,
}

impl Edge {
    pub(crate) fn new(cloudflare: Arc<Cloudflare>) -> Self {
        Self {
            cloudflare,
            served: Served::default(),
        }
    }
}

/// How the gate answers in the edge's name.
pub(crate) fn face() -> Face {
    Face {
        provider: Provider::Edge,
        base: "",
        error: |status, _| Value::String(format!("error code: {status}")),
        stamp: Box::new(|_, _| ()),
    }
}

/// Answers any request by the Worker of its host.
pub(crate) async fn serve(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let ray = format!("{}-LHR", edge.cloudflare.ground.ids.hex(16));
    let mut response = answer(&edge, request, &ray).await;
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("cloudflare"));
    if let Ok(ray) = HeaderValue::from_str(&ray) {
        headers.insert("cf-ray", ray);
    }
    response
}

async fn answer(edge: &Arc<Edge>, mut request: Request, ray: &str) -> Response {
    let Some(host) = gate::host(&request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Some((status, body)) = edge.served.fault(&host) {
        let body = body.unwrap_or_else(|| format!("error code: {status}"));
        return plain(status, body);
    }
    let (place, choice) = match decide(edge, &host, &request) {
        Ok(found) => found,
        Err(response) => return *response,
    };
    match &edge.cloudflare.ground.runtime {
        None => Json(document(edge, &place, &choice)).into_response(),
        Some(runtime) => {
            let connection = request.extensions().get::<ConnectInfo<Scissors>>();
            if connection.is_some_and(|ConnectInfo(connection)| connection.is_secure()) {
                let headers = request.headers_mut();
                headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
            }
            if let Err(error) = edge.ready(&choice.internal).await {
                return plain(503, format!("local-cloud could not start the Workers: {error}\n"));
            }
            proxy::forward(&runtime.workerd, &choice.internal, ray, request)
                .await
                .unwrap_or_else(|error| plain(502, format!("local-cloud could not reach workerd: {error:#}\n")))
        }
    }
}

/// Which version of which Worker answers, or what the edge answers by itself.
fn decide(edge: &Edge, host: &str, request: &Request) -> Result<(Place, Choice), Box<Response>> {
    let state = lock(&edge.cloudflare.state);
    let (place, choice) = match cloudflare::find(&state, host, request.uri().path()) {
        // Without a record a client finds no address at all; this stands in for NXDOMAIN.
        Target::Nowhere => return Err(Box::new(error(530, 1016))),
        Target::Origin => return Err(Box::new(error(522, 522))),
        Target::Version(place, version) => {
            edge.served.keep(&version);
            let choice = cloudflare::version(&state, &place, &version);
            (place, choice)
        }
        Target::Worker(place) => {
            let pinned = pinned(request.headers(), &place.worker);
            let draw = draw(edge, request.headers());
            let choice = cloudflare::choose(&state, &place, pinned.as_deref(), draw);
            (place, choice)
        }
    };
    match choice {
        Some(choice) => Ok((place, choice)),
        None => Err(Box::new(plain(404, "There is nothing here yet".to_owned()))),
    }
}

/// The version that `Cloudflare-Workers-Version-Overrides` pins for a Worker.
fn pinned(headers: &HeaderMap, worker: &str) -> Option<String> {
    let header = headers.get(OVERRIDES)?.to_str().ok()?;
    header.split(',').find_map(|part| {
        let (name, version) = part.split_once('=')?;
        (name.trim().trim_matches('"') == worker).then(|| version.trim().trim_matches('"').to_owned())
    })
}

/// A number below 100 that decides between versions: from the request's key, or evenly spread.
fn draw(edge: &Edge, headers: &HeaderMap) -> f64 {
    match headers.get(KEY) {
        Some(key) => {
            let digest = Sha256::digest(key.as_bytes());
            f64::from(u16::from_be_bytes([digest[0], digest[1]])) / 655.36
        }
        None => edge.served.draw(),
    }
}

/// What a Worker answers where no runtime runs it: what is deployed, and nothing that it checked.
fn document(edge: &Edge, place: &Place, choice: &Choice) -> Value {
    let vars = cloudflare::vars(&lock(&edge.cloudflare.state), place, &choice.version);
    let service = ["SERVICE", "SERVICE_NAME"].iter().find_map(|name| vars.get(*name));
    json!({
        "status": "healthy",
        "service": service.unwrap_or(&choice.worker),
        "environment": vars.get("ENVIRONMENT"),
        "checks": {},
        "worker": choice.worker,
        "version": choice.version,
    })
}

/// Cloudflare's plain text for clients that do not ask for HTML.
fn error(status: u16, code: u16) -> Response {
    plain(status, format!("error code: {code}"))
}

fn plain(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_for_its_worker_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(OVERRIDES, HeaderValue::from_static(r#"api="v-1", web="v-2""#));
        assert_eq!(pinned(&headers, "web").as_deref(), Some("v-2"));
        assert_eq!(pinned(&headers, "api").as_deref(), Some("v-1"));
        assert_eq!(pinned(&headers, "auth"), None);
    }
}
