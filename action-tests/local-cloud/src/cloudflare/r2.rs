//! R2 buckets, without what is in them: `/accounts/{account}/r2/buckets`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::envelope::{Answer, Refusal, Reply, parse, pick};
use super::model::Account;
use super::shared::{Query as Pairs, Shared};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// Buckets of one name may exist in several jurisdictions; this header tells which is meant.
const JURISDICTION: &str = "cf-r2-jurisdiction";
const DEFAULT_JURISDICTION: &str = "default";
/// Default and largest `per_page`.
const PER_PAGE: (usize, usize) = (20, 1000);

#[derive(Clone, Debug, Serialize)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) creation_date: String,
    pub(super) location: String,
    pub(super) storage_class: String,
    pub(super) jurisdiction: String,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    pub(super) name: String,
    #[serde(rename = "locationHint")]
    pub(super) location: Option<String>,
    #[serde(rename = "storageClass")]
    pub(super) storage_class: Option<String>,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts/{account}/r2/buckets", get(list).post(create))
        .route("/accounts/{account}/r2/buckets/{name}", get(one).delete(remove))
}

fn no_bucket() -> Refusal {
    Refusal::new(404, 10006, "The specified bucket does not exist.")
}

fn jurisdiction(headers: &HeaderMap) -> &str {
    headers
        .get(JURISDICTION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or(DEFAULT_JURISDICTION)
}

/// Where a bucket is in the account's list.
fn position(account: &Account, name: &str, jurisdiction: &str) -> Result<usize, Refusal> {
    account
        .r2
        .iter()
        .position(|it| it.name == name && it.jurisdiction == jurisdiction)
        .ok_or_else(no_bucket)
}

/// Is there a bucket for a binding that names a jurisdiction or none?
pub(super) fn exists(account: &Account, name: &str, jurisdiction: Option<&str>) -> bool {
    position(account, name, jurisdiction.unwrap_or(DEFAULT_JURISDICTION)).is_ok()
}

/// 3 to 63 lower-case letters, digits and hyphens, none of these at an end.
fn is_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Adds a bucket; `None` is the jurisdiction that needs no header.
pub(super) fn add(
    account: &mut Account,
    cloud: &Cloudflare,
    wanted: Wanted,
    jurisdiction: Option<&str>,
) -> Result<Bucket, Refusal> {
    let jurisdiction = jurisdiction.unwrap_or(DEFAULT_JURISDICTION);
    if !is_name(&wanted.name) {
        return Err(Refusal::new(400, 10005, "The specified bucket name is not valid."));
    }
    if position(account, &wanted.name, jurisdiction).is_ok() {
        return Err(Refusal::new(
            409,
            10004,
            "The bucket you tried to create already exists, and you own it.",
        ));
    }
    let bucket = Bucket {
        name: wanted.name,
        creation_date: cloud.ground.clock.text(),
        location: wanted.location.unwrap_or_else(|| "WEUR".into()),
        storage_class: wanted.storage_class.unwrap_or_else(|| "Standard".into()),
        jurisdiction: jurisdiction.into(),
    };
    account.r2.push(bucket.clone());
    Ok(bucket)
}

/// Pages by cursor: here, the name of the last bucket that was shown.
async fn list(
    State(cloud): State<Shared>,
    Path(account): Path<String>,
    Query(query): Pairs,
    headers: HeaderMap,
) -> Answer {
    let state = lock(&cloud.state);
    let backwards = pick(&query, "direction") == Some("desc");
    let after = pick(&query, "cursor").or_else(|| pick(&query, "start_after"));
    let mut found: Vec<&Bucket> = state
        .account(&account)?
        .r2
        .iter()
        .filter(|it| it.jurisdiction == jurisdiction(&headers))
        .filter(|it| pick(&query, "name_contains").is_none_or(|part| it.name.contains(part)))
        .filter(|it| after.is_none_or(|after| (it.name.as_str() < after) == backwards && it.name != after))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if backwards {
        found.reverse();
    }
    let per_page = pick(&query, "per_page").and_then(|text| text.parse().ok());
    let per_page = per_page.unwrap_or(PER_PAGE.0).clamp(1, PER_PAGE.1);
    let rest = found.len() > per_page;
    found.truncate(per_page);
    let mut info = json!({"per_page": per_page});
    if let Some(last) = found.last().filter(|_| rest) {
        info["cursor"] = json!(last.name);
    }
    Ok(Reply::of(found).within("buckets").info(info))
}

async fn create(State(cloud): State<Shared>, Path(account): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    let wanted: Wanted = parse(&body, 10040)?;
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    add(account, &cloud, wanted, Some(jurisdiction(&headers))).map(Reply::of)
}

async fn one(State(cloud): State<Shared>, Path((account, name)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let state = lock(&cloud.state);
    let account = state.account(&account)?;
    let at = position(account, &name, jurisdiction(&headers))?;
    Ok(Reply::of(&account.r2[at]))
}

async fn remove(
    State(cloud): State<Shared>,
    Path((account, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    let at = position(account, &name, jurisdiction(&headers))?;
    account.r2.remove(at);
    Ok(Reply::of(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_a_host_label_is() {
        for good in ["abc", "my-files-2"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["ab", "-ab", "ab-", "Files", "a_b", "a.b", &"a".repeat(64)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
