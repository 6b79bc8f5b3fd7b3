//! Queues, without their messages: `/accounts/{account}/queues`.

mod consumers;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, parse};
use super::model::{Account, binding_type};
use super::shared::{Query as Pairs, Shared};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

pub(super) use consumers::{Consumer, Wanted as WantedConsumer, add as add_consumer, detach, handled, of_worker};

/// "Invalid request body", of queues and consumers alike.
const BAD_BODY: u32 = 10026;
const PER_PAGE: (usize, usize) = (100, 1000);

#[derive(Clone, Debug, Serialize)]
pub(super) struct Queue {
    #[serde(rename = "queue_id")]
    pub(super) id: String,
    #[serde(rename = "queue_name")]
    pub(super) name: String,
    pub(super) created_on: String,
    pub(super) modified_on: String,
    pub(super) settings: Map<String, Value>,
    /// One at most, see `consumers`.
    pub(super) consumers: Vec<Consumer>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) queue_name: Option<String>,
    pub(super) settings: Map<String, Value>,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/queues", get(list).post(create))
        .route(
            "/accounts/{account}/queues/{queue}",
            get(one).patch(change).delete(remove),
        )
        .merge(consumers::router())
}

fn no_queue() -> Refusal {
    Refusal::new(404, 11000, "Queue does not exist.")
}

fn find<'a>(account: &'a Account, id: &str) -> Result<&'a Queue, Refusal> {
    account.queues.iter().find(|it| it.id == id).ok_or_else(no_queue)
}

fn find_mut<'a>(account: &'a mut Account, id: &str) -> Result<&'a mut Queue, Refusal> {
    account.queues.iter_mut().find(|it| it.id == id).ok_or_else(no_queue)
}

/// Workers whose live deployment sends to the queue.
fn producers(account: &Account, queue: &str) -> Vec<Value> {
    let sends = |binding: &Value| binding_type(binding) == "queue" && binding["queue_name"] == queue;
    account
        .workers
        .values()
        .filter(|worker| {
            let live = worker.live().into_iter().flat_map(|it| &it.versions);
            live.filter_map(|share| worker.version(&share.version_id))
                .any(|version| version.content.bindings.iter().any(sends))
        })
        .map(|worker| json!({"type": "worker", "script": worker.name}))
        .collect()
}

fn view(account: &Account, queue: &Queue) -> Value {
    let producers = producers(account, &queue.name);
    let consumers: Vec<Value> = queue.consumers.iter().map(|it| it.view(queue)).collect();
    json!({
        "queue_id": queue.id,
        "queue_name": queue.name,
        "created_on": queue.created_on,
        "modified_on": queue.modified_on,
        "settings": queue.settings,
        "producers_total_count": producers.len(),
        "producers": producers,
        "consumers_total_count": consumers.len(),
        "consumers": consumers,
    })
}

/// A name that the API takes and that no other queue has.
fn check_name(account: &Account, name: &str, own: Option<&str>) -> Result<(), Refusal> {
    let good = (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !good || name.starts_with('-') || name.ends_with('-') {
        return Err(Refusal::new(400, 11003, format!("Queue name '{name}' is not valid.")));
    }
    let taken = |it: &Queue| it.name == name && Some(it.id.as_str()) != own;
    if account.queues.iter().any(taken) {
        return Err(Refusal::new(
            400,
            11009,
            format!("Queue name '{name}' is already taken. Please use a different name and try again."),
        ));
    }
    Ok(())
}

/// Adds a queue without consumers.
pub(super) fn add<'a>(
    account: &'a mut Account,
    cloud: &Cloudflare,
    wanted: Wanted,
    id: Option<String>,
) -> Result<&'a mut Queue, Refusal> {
    let name = wanted.queue_name.unwrap_or_default();
    check_name(account, &name, None)?;
    let mut settings = Map::from_iter([
        ("delivery_delay".to_owned(), json!(0)),
        ("delivery_paused".to_owned(), json!(false)),
        ("message_retention_period".to_owned(), json!(345_600)),
    ]);
    settings.extend(wanted.settings);
    let now = cloud.ground.clock.text();
    let id = id.unwrap_or_else(|| cloud.ground.ids.hex(32));
    account.queues.push(Queue {
        id: id.clone(),
        name,
        created_on: now.clone(),
        modified_on: now,
        settings,
        consumers: Vec::new(),
    });
    find_mut(account, &id)
}

/// `name` may be given several times, and each is one queue's whole name: wrangler takes the first
/// answer for the queue that it asked for.
async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let names: Vec<&str> = query
        .iter()
        .filter(|(key, _)| key == "name")
        .map(|(_, name)| name.as_str())
        .collect();
    let found: Vec<Value> = account
        .queues
        .iter()
        .filter(|it| names.is_empty() || names.contains(&it.name.as_str()))
        .map(|it| view(account, it))
        .collect();
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

async fn create(State(cloud): State<Shared>, Path(account): Path<String>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    let queue = add(account, &cloud, wanted, None)?.clone();
    Ok(Reply::of(view(account, &queue)))
}

async fn one(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    Ok(Reply::of(view(account, find(account, &id)?)))
}

/// What is not named stays.
async fn change(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    find(account, &id)?;
    if let Some(name) = &wanted.queue_name {
        check_name(account, name, Some(&id))?;
    }
    let queue = find_mut(account, &id)?;
    if let Some(name) = wanted.queue_name {
        queue.name = name;
    }
    queue.settings.extend(wanted.settings);
    queue.modified_on = cloud.ground.clock.text();
    Ok(Reply::of(view(account, find(account, &id)?)))
}

/// A queue goes with its consumer, but not while another queue's consumer gives up its messages to it.
async fn remove(State(cloud): State<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    let name = &find(account, &id)?.name;
    let others = account.queues.iter().filter(|it| it.id != id);
    if others
        .flat_map(|it| &it.consumers)
        .any(|it| &it.dead_letter_queue == name)
    {
        return Err(Refusal::new(
            400,
            11005,
            format!("Cannot delete queue '{name}' that serves as dead letter queue for consumers"),
        ));
    }
    account.queues.retain(|it| it.id != id);
    Ok(Reply::null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_a_host_label_is() {
        let account = Account::default();
        for good in ["jobs", "Jobs-2", "a"] {
            assert!(check_name(&account, good, None).is_ok(), "{good}");
        }
        for bad in ["", "-jobs", "jobs-", "a_b", "a b", &"a".repeat(64)] {
            assert_eq!(check_name(&account, bad, None).unwrap_err().code, 11003, "{bad}");
        }
    }
}
