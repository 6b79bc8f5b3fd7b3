//! DNS records of a zone: `/zones/{zone}/dns_records`.

mod batch;
mod check;
mod edit;
mod filter;
mod record;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, parse};
use super::model::{Plan, Settings, Zone};
use super::shared::{Query as Pairs, Shared};
use crate::ids::Ids;
use crate::lock::lock;

pub(super) use edit::{Editor, record_exists};
pub(super) use record::Record;

/// "Request body is invalid".
const BAD_BODY: u32 = 9207;
/// Default and largest `per_page` of the list.
const PER_PAGE: (usize, usize) = (100, 5_000_000);

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/zones/{zone}/dns_records", get(list).post(create))
        .route(
            "/zones/{zone}/dns_records/{id}",
            get(one).put(replace).patch(change).delete(remove),
        )
        .route("/zones/{zone}/dns_records/batch", post(batch::run))
}

/// What a plan allows in a zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) records: usize,
    pub(super) tags: usize,
    pub(super) comment: usize,
    pub(super) batch: usize,
    /// Lowest TTL in seconds besides 1, which is automatic.
    pub(super) ttl: u32,
    /// Code for an identical record.
    pub(super) duplicate_code: u32,
}

impl Limits {
    pub(super) fn of(zone: &Zone, settings: &Settings) -> Self {
        let free = zone.plan == Plan::Free;
        Self {
            records: settings.record_quota.unwrap_or(if free { 200 } else { 3500 }),
            tags: if free { 0 } else { 20 },
            comment: if free { 100 } else { 500 },
            batch: if free { 200 } else { 3500 },
            ttl: if zone.plan == Plan::Enterprise { 30 } else { 60 },
            duplicate_code: settings.duplicate_record_code,
        }
    }
}

/// Runs changes on a copy of the zone's records and keeps them only when all succeed.
fn transact<T>(
    cloud: &Shared,
    zone: &str,
    work: impl FnOnce(&mut Editor<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let now = cloud.ground.clock.text();
    let mut state = lock(&cloud.state);
    let settings = state.settings.clone();
    let zone = state.zone_mut(zone)?;
    let mut editor = Editor::new(zone, &settings, &cloud.ground.ids, &now);
    let done = work(&mut editor)?;
    zone.records = editor.into_records();
    Ok(done)
}

async fn list(State(cloud): State<Shared>, Path(zone): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let zone = state.zone(&zone)?;
    let found = filter::apply(&zone.records, &query);
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

async fn one(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let record = state.zone(&zone)?.records.iter().find(|it| it.id == id);
    record.map(Reply::of).ok_or_else(edit::no_record)
}

async fn create(State(cloud): State<Shared>, Path(zone): Path<String>, body: Bytes) -> Answer {
    let fields: Map<String, Value> = parse(&body, BAD_BODY)?;
    transact(&cloud, &zone, |editor| editor.create(&fields)).map(Reply::of)
}

async fn replace(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let fields: Map<String, Value> = parse(&body, BAD_BODY)?;
    transact(&cloud, &zone, |editor| editor.replace(&id, &fields)).map(Reply::of)
}

async fn change(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let fields: Map<String, Value> = parse(&body, BAD_BODY)?;
    transact(&cloud, &zone, |editor| editor.change(&id, &fields)).map(Reply::of)
}

async fn remove(State(cloud): State<Shared>, Path((zone, id)): Path<(String, String)>) -> Answer {
    transact(&cloud, &zone, |editor| editor.remove(&id))?;
    Ok(Reply::of(json!({"id": id})))
}

/// Adds the record that a custom domain brings with it, and returns its id.
pub(super) fn add_managed(zone: &mut Zone, ids: &Ids, now: &str, hostname: &str, origin: &str) {
    zone.records.push(Record {
        id: ids.hex(32),
        name: hostname.into(),
        kind: "AAAA".into(),
        content: "100::".into(),
        proxiable: true,
        proxied: true,
        ttl: 1,
        settings: Map::new(),
        meta: Map::from_iter([
            ("origin_worker_id".to_owned(), json!(origin)),
            ("read_only".to_owned(), json!(true)),
        ]),
        comment: None,
        tags: Vec::new(),
        created_on: now.into(),
        modified_on: now.into(),
        comment_modified_on: None,
        tags_modified_on: None,
        priority: None,
        data: None,
    });
}

/// Removes what [`add_managed`] added.
pub(super) fn remove_managed(zone: &mut Zone, hostname: &str) {
    zone.records.retain(|it| !(it.read_only() && it.name == hostname));
}
