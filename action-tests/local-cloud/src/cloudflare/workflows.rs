//! Workflows, without their instances: `/accounts/{account}/workflows`.
//!
//! A workflow has a name in the account and points at a class of a Worker. wrangler makes it after the
//! Worker was uploaded; whoever puts a name last has it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::envelope::{Answer, Paging, Refusal, Reply, parse, pick};
use super::model::Account;
use super::shared::{Query as Pairs, Shared};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// "Invalid body".
const BAD_BODY: u32 = 10002;
const PER_PAGE: (usize, usize) = (10, 100);
/// What the API counts instances by.
const STATUSES: [&str; 9] = [
    "complete",
    "errored",
    "paused",
    "queued",
    "running",
    "terminated",
    "unknown",
    "waiting",
    "waitingForPause",
];

#[derive(Clone, Debug, Serialize)]
pub(super) struct Workflow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) class_name: String,
    pub(super) script_name: String,
    pub(super) created_on: String,
    pub(super) modified_on: String,
    /// `limits`, `concurrency`, `schedules` and the like, as the last request gave them.
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
    /// Newest first.
    pub(super) versions: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    pub(super) class_name: String,
    pub(super) script_name: String,
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/workflows", get(list))
        .route("/accounts/{account}/workflows/{name}", get(one).put(put).delete(remove))
        .route("/accounts/{account}/workflows/{name}/versions", get(versions))
}

fn no_workflow() -> Refusal {
    Refusal::new(404, 10200, "workflows.api.error.workflow.not_found")
}

fn find<'a>(account: &'a Account, name: &str) -> Result<&'a Workflow, Refusal> {
    account
        .workflows
        .iter()
        .find(|it| it.name == name)
        .ok_or_else(no_workflow)
}

/// A Worker's deletion leaves its workflows behind, and they say so.
fn view(account: &Account, workflow: &Workflow) -> Value {
    let mut view = serde_json::to_value(workflow).unwrap_or_default();
    if let Some(fields) = view.as_object_mut() {
        fields.remove("versions");
    }
    view["instances"] = STATUSES.iter().map(|status| ((*status).to_owned(), json!(0))).collect();
    view["triggered_on"] = Value::Null;
    view["script_deleted"] = json!(!account.workers.contains_key(&workflow.script_name));
    view
}

/// Makes a workflow, or a new version of it; also what belonged to another Worker goes over.
pub(super) fn set(account: &mut Account, cloud: &Cloudflare, name: &str, wanted: Wanted) -> Result<Value, Refusal> {
    let now = cloud.ground.clock.text();
    let known = account.workflows.iter().position(|it| it.name == name);
    let at = known.unwrap_or_else(|| {
        account.workflows.push(Workflow {
            id: cloud.ground.ids.uuid(),
            name: name.into(),
            class_name: String::new(),
            script_name: String::new(),
            created_on: now.clone(),
            modified_on: String::new(),
            more: wanted.more.clone(),
            versions: Vec::new(),
        });
        account.workflows.len() - 1
    });
    let workflow = &mut account.workflows[at];
    let jurisdiction = workflow.more.get("jurisdiction").cloned();
    if wanted
        .more
        .get("jurisdiction")
        .is_some_and(|it| Some(it) != jurisdiction.as_ref())
    {
        return Err(Refusal::new(
            400,
            10209,
            "workflows.api.error.workflow.jurisdiction_immutable",
        ));
    }
    workflow.class_name = wanted.class_name;
    workflow.script_name = wanted.script_name;
    workflow.more = wanted.more;
    if let Some(jurisdiction) = jurisdiction {
        workflow.more.insert("jurisdiction".into(), jurisdiction);
    }
    workflow.modified_on.clone_from(&now);
    let version = cloud.ground.ids.uuid();
    let entry = json!({
        "id": version,
        "workflow_id": workflow.id,
        "class_name": workflow.class_name,
        "created_on": now,
        "modified_on": now,
        "has_dag": false,
        "language": "javascript",
    });
    workflow.versions.insert(0, entry);
    Ok(json!({
        "id": workflow.id,
        "name": workflow.name,
        "class_name": workflow.class_name,
        "script_name": workflow.script_name,
        "created_on": workflow.created_on,
        "modified_on": workflow.modified_on,
        "triggered_on": null,
        "version_id": version,
        "is_deleted": 0,
        "terminator_running": 0,
    }))
}

async fn list(State(cloud): State<Shared>, Path(account): Path<String>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let found: Vec<Value> = account
        .workflows
        .iter()
        .filter(|it| pick(&query, "search").is_none_or(|part| it.name.contains(part)))
        .map(|it| view(account, it))
        .collect();
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(&found))
}

async fn one(State(cloud): State<Shared>, Path((account, name)): Path<(String, String)>) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    Ok(Reply::of(view(account, find(account, &name)?)))
}

async fn versions(
    State(cloud): State<Shared>,
    Path((account, name)): Path<(String, String)>,
    Query(query): Pairs,
) -> Answer {
    let state = lock(&cloud.state);
    let versions = &find(state.account(&account)?, &name)?.versions;
    Ok(Paging::read(&query, PER_PAGE.0, PER_PAGE.1).reply(versions))
}

async fn put(State(cloud): State<Shared>, Path((account, name)): Path<(String, String)>, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, BAD_BODY)?;
    let mut state = lock(&cloud.state);
    state.worker(&account, &wanted.script_name)?;
    set(state.account_mut(&account)?, &cloud, &name, wanted).map(Reply::of)
}

async fn remove(State(cloud): State<Shared>, Path((account, name)): Path<(String, String)>) -> Answer {
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    find(account, &name)?;
    account.workflows.retain(|it| it.name != name);
    Ok(Reply::of(json!({"status": "ok", "success": true})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_over_and_its_jurisdiction_stays() {
        let cloud = Cloudflare::default();
        let mut account = Account::default();
        let wanted = |script: &str, more: Value| Wanted {
            class_name: "Ship".into(),
            script_name: script.into(),
            more: more.as_object().unwrap().clone(),
        };
        let mut set = |script, more| set(&mut account, &cloud, "orders", wanted(script, more));
        let first = set("web", json!({"jurisdiction": "eu", "limits": {"steps": 9}})).unwrap();
        let second = set("api", json!({})).unwrap();
        assert_eq!(first["id"], second["id"]);
        assert_ne!(first["version_id"], second["version_id"]);
        assert_eq!(second["script_name"], "api");
        assert_eq!(set("api", json!({"jurisdiction": "us"})).unwrap_err().code, 10209);
        assert_eq!(account.workflows.len(), 1);
        let view = view(&account, &account.workflows[0]);
        assert_eq!(
            (&view["jurisdiction"], &view["script_deleted"]),
            (&json!("eu"), &json!(true))
        );
        assert_eq!(view["limits"], Value::Null);
    }
}
