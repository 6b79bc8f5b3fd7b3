//! Who is asking: accounts, the user, and the verification of tokens.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde_json::{Value, json};

use super::auth::{Kind, Status};
use super::envelope::{Answer, Paging, Refusal, Reply, pick};
use super::model::Account;
use super::shared::{Query as Pairs, Shared};
use crate::gate;
use crate::lock::lock;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts", get(list))
        .route("/accounts/{account}", get(one))
        .route("/accounts/{account}/tokens/verify", get(verify_account))
        .route("/accounts/{account}/tokens/{token}", get(token_of_account))
        .route("/user/tokens/verify", get(verify_user))
        .route("/user/tokens/{token}", get(token_of_user))
        .route("/user", get(user))
        .route("/memberships", get(memberships))
}

fn view(account: &Account) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "type": "standard",
        "settings": {"enforce_twofactor": false},
        "created_on": "2024-01-01T00:00:00.000000Z",
    })
}

async fn list(State(cloud): State<Shared>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let found: Vec<Value> = state
        .accounts
        .values()
        .filter(|account| pick(&query, "name").is_none_or(|name| account.name == name))
        .map(view)
        .collect();
    Ok(Paging::read(&query, 20, 50).reply(&found))
}

async fn one(State(cloud): State<Shared>, Path(account): Path<String>) -> Answer {
    let state = lock(&cloud.state);
    Ok(Reply::of(view(state.account(&account)?)))
}

async fn user(State(_): State<Shared>) -> Answer {
    Ok(Reply::of(json!({
        "id": "7c5dae5552338874e5053f2534d2767a",
        "email": "octocat@example.com",
        "first_name": "Mona",
        "last_name": "Octocat",
    })))
}

async fn memberships(State(cloud): State<Shared>, Query(query): Pairs) -> Answer {
    let state = lock(&cloud.state);
    let found: Vec<Value> = state
        .accounts
        .values()
        .map(|account| {
            json!({
                "id": format!("{:.31}m", account.id),
                "status": "accepted",
                "account": view(account),
                "roles": ["Administrator"],
            })
        })
        .collect();
    Ok(Paging::read(&query, 20, 50).reply(&found))
}

async fn verify_user(state: State<Shared>, headers: HeaderMap) -> Answer {
    verify(&state, &headers, Kind::User)
}

async fn verify_account(state: State<Shared>, Path(_): Path<String>, headers: HeaderMap) -> Answer {
    verify(&state, &headers, Kind::Account)
}

/// A token that was not seeded is good on both paths: its kind is not known.
fn verify(cloud: &Shared, headers: &HeaderMap, path: Kind) -> Answer {
    let value = gate::token(headers).unwrap_or_default();
    let state = lock(&cloud.state);
    let known = state.tokens.contains_key(&value);
    let token = state.token(&value);
    if token.status == Status::Invalid || (known && token.kind != path) {
        return Err(Refusal::new(401, 1000, "Invalid API Token"));
    }
    let mut result = json!({"id": token.id, "status": token.status});
    if let Some(expires_on) = &token.expires_on {
        result["expires_on"] = json!(expires_on);
    }
    let reply = Reply::of(result);
    Ok(if token.status == Status::Active {
        reply.message(10000, "This API Token is valid and active")
    } else {
        reply
    })
}

async fn token_of_user(state: State<Shared>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    itself(&state, &headers, Kind::User, &id)
}

async fn token_of_account(state: State<Shared>, Path((_, id)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    itself(&state, &headers, Kind::Account, &id)
}

/// What a token may do: of the one that asks, the only one whose id is told anywhere.
fn itself(cloud: &Shared, headers: &HeaderMap, path: Kind, id: &str) -> Answer {
    let value = gate::token(headers).unwrap_or_default();
    let state = lock(&cloud.state);
    let known = state.tokens.contains_key(&value);
    let token = state.token(&value);
    if token.id != id || (known && token.kind != path) {
        return Err(Refusal::new(404, 1001, "Invalid API Token"));
    }
    let groups: Vec<Value> = token
        .groups()
        .into_iter()
        .enumerate()
        .map(|(at, name)| json!({"id": format!("{:032x}", at + 1), "name": name}))
        .collect();
    Ok(Reply::of(json!({
        "id": token.id,
        "name": "deployments",
        "status": token.status,
        "issued_on": "2024-01-01T00:00:00Z",
        "modified_on": "2024-01-01T00:00:00Z",
        "policies": [{
            "id": "f267e341f3dd4697bd3b9f71dd96247f",
            "effect": "allow",
            "permission_groups": groups,
            "resources": {"com.cloudflare.api.account.*": "*"},
        }],
    })))
}
