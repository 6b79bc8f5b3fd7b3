//! D1 databases, without what is in them: `/accounts/{account}/d1/database`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::envelope::{Answer, Paging, Refusal, Reply, parse, pick};
use super::model::Account;
use super::shared::{Query as Pairs, Shared};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// A property that the API does not take.
const BAD_PROPERTY: u32 = 7400;
/// Default and largest `per_page`.
const PER_PAGE: (usize, usize) = (1000, 10_000);

#[derive(Clone, Debug, Serialize)]
pub(super) struct Database {
    pub(super) uuid: String,
    pub(super) name: String,
    /// The backend's generation; all databases of today are `production`.
    pub(super) version: &'static str,
    pub(super) created_at: String,
    pub(super) num_tables: u32,
    pub(super) file_size: u64,
    pub(super) jurisdiction: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    pub(super) name: String,
    pub(super) jurisdiction: Option<String>,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/d1/database", get(list).post(create))
        .route("/accounts/{account}/d1/database/{id}", get(one).delete(remove))
}

fn no_database(id: &str) -> Refusal {
    Refusal::new(404, 7404, format!("The database {id} could not be found"))
}

/// Adds a database. Names are unique within an account.
pub(super) fn add(
    account: &mut Account,
    cloud: &Cloudflare,
    wanted: Wanted,
    uuid: Option<String>,
) -> Result<Database, Refusal> {
    if wanted.name.is_empty() {
        return Err(Refusal::new(400, BAD_PROPERTY, "Invalid property: name => Required"));
    }
    if account.d1.iter().any(|it| it.name == wanted.name) {
        return Err(Refusal::new(
            400,
            7502,
            format!("Database with name '{}' already exists", wanted.name),
        ));
    }
    let database = Database {
        uuid: uuid.unwrap_or_else(|| cloud.ground.ids.uuid()),
        name: wanted.name,
        version: "production",
        created_at: cloud.ground.clock.text(),
        num_tables: 0,
        file_size: 0,
        jurisdiction: wanted.jurisdiction,
    };
    account.d1.push(database.clone());
    Ok(database)
}

/// `name` is a search: whoever wants one database has to compare the names of what comes back.
async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let found: Vec<&Database> = state
        .account(&account)?
        .d1
        .iter()
        .filter(|it| pick(&query, "name").is_none_or(|part| it.name.contains(part)))
        .collect();
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

async fn create(State(cloud): State<Shared>, Path(account): Path<String>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_PROPERTY)?;
    let mut state = lock(&cloud.state);
    add(state.account_mut(&account)?, &cloud, wanted, None).map(Reply::of)
}

/// By id, or by name: wrangler asks for either.
async fn one(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let d1 = &state.account(&account)?.d1;
    let found = d1.iter().find(|it| it.uuid == id || it.name == id);
    found.map(Reply::of).ok_or_else(|| no_database(&id))
}

async fn remove(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let d1 = &mut state.account_mut(&account)?.d1;
    let at = d1.iter().position(|it| it.uuid == id).ok_or_else(|| no_database(&id))?;
    d1.remove(at);
    Ok(Reply::null())
}
