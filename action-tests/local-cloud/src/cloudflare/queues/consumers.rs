//! Consumers of queues: `/accounts/{account}/queues/{queue}/consumers`. A queue has one at most, a
//! Worker or something that pulls over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::envelope::{Answer, Paging, Refusal, Reply, parse};
use super::super::model::{Account, Content, Module};
use super::super::shared::Shared;
use super::{BAD_BODY, PER_PAGE, Queue, find, find_mut};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// What a consumer may be set to, inclusive; from the documentation of Queues.
const RANGES: [(&str, i64, i64); 6] = [
    ("batch_size", 1, 100),
    ("max_retries", 0, 100),
    ("max_wait_time_ms", 0, 60_000),
    ("max_concurrency", 1, 250),
    ("retry_delay", 0, 86_400),
    ("visibility_timeout_ms", 1, 43_200_000),
];

/// Also the state's view of it, in which a Worker is `script` alone.
#[derive(Clone, Debug, Serialize)]
pub(in super::super) struct Consumer {
    #[serde(rename = "consumer_id")]
    pub(in super::super) id: String,
    pub(in super::super) created_on: String,
    #[serde(rename = "type")]
    pub(in super::super) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) script: Option<String>,
    /// Empty without one.
    pub(in super::super) dead_letter_queue: String,
    pub(in super::super) settings: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Kind {
    #[default]
    Worker,
    HttpPull,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Wanted {
    #[serde(rename = "type")]
    pub(in super::super) kind: Kind,
    pub(in super::super) script_name: Option<String>,
    pub(in super::super) dead_letter_queue: Option<String>,
    pub(in super::super) settings: Map<String, Value>,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/queues/{queue}/consumers", get(list).post(create))
        .route(
            "/accounts/{account}/queues/{queue}/consumers/{consumer}",
            get(one).put(replace).delete(remove),
        )
        .route(
            "/accounts/{account}/workers/scripts/{script}/queue-consumers",
            get(of_script),
        )
}

impl Consumer {
    /// The Worker under both its names: wrangler reads `script`, the SDK knows `script_name`.
    pub(super) fn view(&self, queue: &Queue) -> Value {
        let mut view = serde_json::to_value(self).unwrap_or_default();
        view["queue_name"] = json!(queue.name);
        view["queue_id"] = json!(queue.id);
        if let Some(script) = &self.script {
            view["script_name"] = json!(script);
        }
        view
    }

    fn new(wanted: Wanted, id: String, created_on: String) -> Result<Self, Refusal> {
        let defaults = match wanted.kind {
            Kind::Worker => {
                json!({"batch_size": 10, "max_retries": 3, "max_wait_time_ms": 5000, "max_concurrency": null, "retry_delay": 0})
            }
            Kind::HttpPull => {
                json!({"batch_size": 5, "max_retries": 3, "visibility_timeout_ms": 30_000, "retry_delay": 0})
            }
        };
        check_settings(&wanted.settings)?;
        let mut settings = defaults.as_object().cloned().unwrap_or_default();
        settings.extend(wanted.settings);
        Ok(Self {
            id,
            created_on,
            kind: wanted.kind,
            script: wanted.script_name.filter(|_| wanted.kind == Kind::Worker),
            dead_letter_queue: wanted.dead_letter_queue.unwrap_or_default(),
            settings,
        })
    }
}

fn check_settings(settings: &Map<String, Value>) -> Result<(), Refusal> {
    let bad = RANGES.iter().any(|(name, least, most)| match settings.get(*name) {
        None | Some(Value::Null) => false,
        Some(value) => value.as_i64().is_none_or(|it| !(*least..=*most).contains(&it)),
    });
    if bad {
        return Err(Refusal::new(
            400,
            100_127,
            "The specified consumer settings are invalid.",
        ));
    }
    Ok(())
}

/// Does the code handle messages? Nothing runs here at upload, so the word `queue` decides: a Worker
/// that does not even have it has no handler of that name.
pub(in super::super) fn handled(modules: &[Module]) -> Result<(), Refusal> {
    let word = |text: &str| {
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
            .any(|word| word == "queue")
    };
    let code = |it: &&Module| it.content_type.contains("javascript") || it.content_type.contains("python");
    if modules
        .iter()
        .filter(code)
        .any(|it| word(&String::from_utf8_lossy(&it.content)))
    {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        11001,
        "Queue handler is missing. Please see our docs for more information about creating handlers.",
    ))
}

/// A Worker can be made a consumer when it exists and handles messages.
fn check_worker(account: &Account, wanted: &Wanted) -> Result<(), Refusal> {
    if wanted.kind != Kind::Worker {
        return Ok(());
    }
    let worker = account.worker(wanted.script_name.as_deref().unwrap_or_default())?;
    let content: Option<&Content> = worker.latest().map(|version| &version.content);
    handled(content.map_or(&[][..], |content| &content.modules))
}

/// The queues that a Worker consumes.
pub(in super::super) fn of_worker<'a>(account: &'a Account, script: &str) -> Vec<(&'a Queue, &'a Consumer)> {
    let consumers = account
        .queues
        .iter()
        .flat_map(|queue| queue.consumers.iter().map(move |it| (queue, it)));
    consumers
        .filter(|(_, it)| it.script.as_deref() == Some(script))
        .collect()
}

/// Takes a Worker off all queues.
pub(in super::super) fn detach(account: &mut Account, script: &str) {
    for queue in &mut account.queues {
        queue.consumers.retain(|it| it.script.as_deref() != Some(script));
    }
}

/// Adds the consumer of a queue that has none.
pub(in super::super) fn add(queue: &mut Queue, cloud: &Cloudflare, wanted: Wanted) -> Result<Consumer, Refusal> {
    if !queue.consumers.is_empty() {
        return Err(Refusal::new(
            400,
            11004,
            format!("Queue '{}' already has a consumer.", queue.name),
        ));
    }
    let consumer = Consumer::new(wanted, cloud.ground.ids.hex(32), cloud.ground.clock.text())?;
    queue.consumers.push(consumer.clone());
    Ok(consumer)
}

fn no_consumer() -> Refusal {
    Refusal::new(404, 11006, "Consumer does not exist.")
}

async fn list(
    State(cloud): State<Shared>,
    Path((account, queue)): Path<(String, String)>,
    axum::extract::Query(query): super::Pairs,
) -> Answer {
    let state = lock(&cloud.state);
    let queue = find(state.account(&account)?, &queue)?;
    let found: Vec<Value> = queue.consumers.iter().map(|it| it.view(queue)).collect();
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

/// The queues that a Worker consumes; not in the SDKs, but alchemy asks it.
async fn of_script(
    State(cloud): State<Shared>,
    Path((account, script)): Path<(String, String)>,
    axum::extract::Query(query): super::Pairs,
) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    account.worker(&script)?;
    let found: Vec<Value> = of_worker(account, &script)
        .into_iter()
        .map(|(queue, consumer)| consumer.view(queue))
        .collect();
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

async fn create(State(cloud): State<Shared>, Path((account, queue)): Path<(String, String)>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    find(account, &queue)?;
    check_worker(account, &wanted)?;
    let queue = find_mut(account, &queue)?;
    let consumer = add(queue, &cloud, wanted)?;
    Ok(Reply::of(consumer.view(queue)))
}

async fn one(State(cloud): State<Shared>, Path((account, queue, id)): Path<(String, String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let queue = find(state.account(&account)?, &queue)?;
    let found = queue.consumers.iter().find(|it| it.id == id);
    found.map(|it| Reply::of(it.view(queue))).ok_or_else(no_consumer)
}

/// What is not named goes back to its default.
async fn replace(
    State(cloud): State<Shared>,
    Path((account, queue, id)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    if !find(account, &queue)?.consumers.iter().any(|it| it.id == id) {
        return Err(no_consumer());
    }
    check_worker(account, &wanted)?;
    let queue = find_mut(account, &queue)?;
    let consumer = queue
        .consumers
        .iter_mut()
        .find(|it| it.id == id)
        .ok_or_else(no_consumer)?;
    *consumer = Consumer::new(wanted, id, consumer.created_on.clone())?;
    let consumer = consumer.clone();
    Ok(Reply::of(consumer.view(queue)))
}

async fn remove(State(cloud): State<Shared>, Path((account, queue, id)): Path<(String, String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let consumers = &mut find_mut(state.account_mut(&account)?, &queue)?.consumers;
    let at = consumers.iter().position(|it| it.id == id).ok_or_else(no_consumer)?;
    consumers.remove(at);
    Ok(Reply::null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(content_type: &str, text: &'static str) -> Module {
        Module::new("index.js", content_type, Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn code_that_never_says_queue_has_no_handler() {
        let esm = "application/javascript+module";
        for good in ["export default { async queue(batch) {} }", "class A{queue=(b)=>1}"] {
            assert!(handled(&[module(esm, good)]).is_ok(), "{good}");
        }
        for bad in [
            "export default { fetch() { env.QUEUE.send(1); dequeue(); my_queue() } }",
            "",
        ] {
            assert_eq!(handled(&[module(esm, bad)]).unwrap_err().code, 11001, "{bad}");
        }
        assert!(handled(&[module("text/plain", "queue")]).is_err());
    }

    #[test]
    fn settings_have_ranges() {
        let check = |settings: Value| check_settings(settings.as_object().unwrap());
        assert!(check(json!({"batch_size": 100, "max_concurrency": null, "max_wait_time_ms": 0})).is_ok());
        for bad in [
            json!({"batch_size": 101}),
            json!({"max_retries": -1}),
            json!({"retry_delay": "1"}),
        ] {
            assert_eq!(check(bad).unwrap_err().code, 100_127);
        }
    }
}
