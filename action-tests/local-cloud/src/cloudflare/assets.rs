//! Static assets: an upload session says which contents are missing, uploads bring them, and the
//! token of the last one goes into the upload of the Worker.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::envelope::{Answer, Refusal, Reply, flag, parse};
use super::model::{Account, AssetSession, Blob};
use super::shared::{Query as Pairs, Shared};
use crate::gate;
use crate::ids::Ids;
use crate::lock::lock;

/// Files that are asked for in one upload.
const BUCKET: usize = 10;
/// Files of one Worker.
const FILES: usize = 20_000;
/// Size of one file in bytes.
const FILE_SIZE: u64 = 25 << 20;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/accounts/{account}/workers/scripts/{script}/assets-upload-session",
            post(open),
        )
        .route("/accounts/{account}/workers/assets/upload", post(upload))
}

#[derive(Deserialize)]
struct Manifest {
    manifest: BTreeMap<String, File>,
}

#[derive(Deserialize)]
struct File {
    hash: String,
    size: u64,
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, 10304, message)
}

/// A token that looks like the API's: clients read its payload.
fn token(ids: &Ids, purpose: &str, script: &str, expires: i64) -> String {
    let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(json!({"alg": "HS256", "typ": "JWT"})),
        part(json!({"session": ids.hex(32), "purpose": purpose, "script": script, "exp": expires})),
        BASE64_URL_SAFE_NO_PAD.encode(ids.hex(32)),
    )
}

/// Hashes of a session that the account does not hold yet.
fn missing(account: &Account, session: &AssetSession) -> Vec<String> {
    let wanted: BTreeSet<&String> = session.manifest.values().map(|(hash, _)| hash).collect();
    wanted
        .into_iter()
        .filter(|hash| !account.assets.contains_key(*hash))
        .cloned()
        .collect()
}

/// The Worker itself need not exist yet.
async fn open(State(cloud): State<Shared>, Path((account, script)): Path<(String, String)>, body: Bytes) -> Answer {
    let wanted: Manifest = parse(&body, 10304)?;
    if wanted.manifest.len() > FILES {
        return Err(invalid(format!("a Worker has at most {FILES} assets")));
    }
    for (path, file) in &wanted.manifest {
        if !path.starts_with('/') || file.hash.len() != 32 || file.size > FILE_SIZE {
            return Err(invalid(format!("the manifest's entry `{path}` is not valid")));
        }
    }
    let expires = cloud.ground.clock.now().as_second() + 3600;
    let session = AssetSession {
        completion: token(&cloud.ground.ids, "completion", &script, expires),
        script: script.clone(),
        manifest: wanted
            .manifest
            .into_iter()
            .map(|(path, file)| (path, (file.hash, file.size)))
            .collect(),
    };
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    let missing = missing(account, &session);
    let buckets: Vec<&[String]> = missing.chunks(BUCKET).collect();
    // With nothing to upload, the session's token is the completion token.
    let jwt = if buckets.is_empty() {
        session.completion.clone()
    } else {
        token(&cloud.ground.ids, "upload", &script, expires)
    };
    let reply = Reply::of(json!({"jwt": jwt, "buckets": buckets}));
    account.asset_sessions.insert(jwt, session);
    Ok(reply)
}

/// One bucket: parts named by hash, their contents in base64. The last one of a session answers
/// 201 with the completion token.
async fn upload(
    State(cloud): State<Shared>,
    Path(account): Path<String>,
    Query(query): Pairs,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let jwt = gate::token(&headers).unwrap_or_default();
    let session = lock(&cloud.state)
        .account(&account)?
        .asset_sessions
        .get(&jwt)
        .cloned()
        .ok_or_else(|| Refusal::new(401, 10000, "Authentication error"))?;
    if !flag(&query, "base64") {
        return Err(invalid("`base64=true` is required"));
    }
    let files = read(&headers, body).await?;
    let sizes: BTreeMap<&String, u64> = session.manifest.values().map(|(hash, size)| (hash, *size)).collect();
    for (hash, blob) in &files {
        match sizes.get(hash) {
            None => return Err(invalid(format!("`{hash}` is not in the manifest"))),
            Some(size) if *size != blob.content.len() as u64 => {
                return Err(invalid(format!(
                    "`{hash}` does not have the size that the manifest says"
                )));
            }
            Some(_) => {}
        }
    }
    let mut state = lock(&cloud.state);
    let account = state.account_mut(&account)?;
    account.assets.extend(files);
    Ok(if missing(account, &session).is_empty() {
        Reply::of(json!({"jwt": session.completion})).status(StatusCode::CREATED)
    } else {
        Reply::of(json!({"jwt": null})).status(StatusCode::ACCEPTED)
    })
}

async fn read(headers: &HeaderMap, body: Bytes) -> Result<Vec<(String, Blob)>, Refusal> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let boundary = multer::parse_boundary(kind)
        .map_err(|_| Refusal::new(400, 10001, "Content-Type must be `multipart/form-data`"))?;
    let broken = |error: &dyn std::fmt::Display| invalid(format!("could not read the upload: {error}"));
    let mut parts = multer::Multipart::new(stream::iter([Ok::<_, std::io::Error>(body)]), boundary);
    let mut files = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        let hash = part.name().unwrap_or_default().to_owned();
        // `application/null` stands for: send no content type.
        let content_type = part
            .content_type()
            .map(ToString::to_string)
            .filter(|kind| kind != "application/null");
        let text = part.bytes().await.map_err(|error| broken(&error))?;
        let content = BASE64_STANDARD.decode(&text).map_err(|error| broken(&error))?;
        files.push((
            hash,
            Blob {
                content_type,
                digest: Sha256::digest(&content).into(),
                content: content.into(),
            },
        ));
    }
    Ok(files)
}
