//! Certificate packs: `/zones/{zone}/ssl/certificate_packs`. A custom domain orders one, and it
//! stays behind when the domain is removed.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde_json::json;

use super::envelope::{Answer, Paging, Refusal, Reply};
use super::shared::{Query as Pairs, Shared};
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/zones/{zone}/ssl/certificate_packs", get(list))
        .route("/zones/{zone}/ssl/certificate_packs/{id}", get(one).delete(remove))
}

fn no_pack() -> Refusal {
    Refusal::new(404, 1408, "The certificate pack does not exist.")
}

async fn list(State(cloud): State<Shared>, Path(zone): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    Ok(Paging::read(&query, 20, 50).reply(&state.zone(&zone)?.certificate_packs))
}

async fn one(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let pack = state.zone(&zone)?.certificate_packs.iter().find(|pack| pack.id == id);
    pack.map(Reply::of).ok_or_else(no_pack)
}

async fn remove(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let packs = &mut state.zone_mut(&zone)?.certificate_packs;
    let at = packs.iter().position(|pack| pack.id == id).ok_or_else(no_pack)?;
    packs.remove(at);
    Ok(Reply::of(json!({"id": id})))
}
