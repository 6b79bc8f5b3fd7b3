//! Static assets: the upload session asks only for contents that Cloudflare does not hold yet.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::upload::Form;
use super::{Body, Call, Error, Reader, Writer};
use crate::retry::Repeat;

/// One file of a Worker's assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// From the assets' root, with a leading slash: `/index.html`.
    pub path: String,
    /// 32 hexadecimal digits that name content and type.
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// Absent: served without one.
    pub content_type: Option<&'static str>,
}

/// How an upload session began.
#[derive(Debug, Clone, Deserialize)]
struct Session {
    #[serde(default)]
    jwt: Option<String>,
    #[serde(default)]
    buckets: Option<Vec<Vec<String>>>,
}

impl Writer {
    /// Brings a Worker's assets to Cloudflare, those that it does not hold yet, and returns the token that stands for
    /// all of them in the upload, and how many files were sent. `read` gives a file's content.
    pub async fn upload_assets(
        &self,
        worker: &str,
        assets: &[Asset],
        read: impl Fn(&Asset) -> std::io::Result<Bytes>,
    ) -> Result<(SecretString, usize), Error> {
        let doing = format!("upload the static assets of Worker `{worker}`");
        let session = self.session(worker, assets, &doing).await?;
        let by_hash: BTreeMap<&str, &Asset> = assets.iter().map(|asset| (asset.hash.as_str(), asset)).collect();
        let unreadable =
            |problem: String| Error::unfit(&doing, problem, "do not change the assets while they are uploaded");
        let missing = || unreadable("Cloudflare gave no token for the assets".to_owned());
        let mut token = session.jwt.ok_or_else(missing)?;
        let upload = SecretString::from(token.clone());
        let mut sent = 0;
        for bucket in session
            .buckets
            .unwrap_or_default()
            .iter()
            .filter(|bucket| !bucket.is_empty())
        {
            let mut form = Form::new();
            for hash in bucket {
                let Some(asset) = by_hash.get(hash.as_str()) else {
                    return Err(unreadable(format!(
                        "Cloudflare asks for asset `{hash}`, which is not ours"
                    )));
                };
                let content = read(asset).map_err(|error| unreadable(format!("`{}`: {error}", asset.path)))?;
                // `application/null` stands for: no content type.
                let kind = asset.content_type.unwrap_or("application/null");
                form.part(
                    hash,
                    Some(hash),
                    Some(kind),
                    BASE64_STANDARD.encode(&content).as_bytes(),
                );
            }
            sent += bucket.len();
            let (content_type, bytes) = form.finish();
            let call = Call::post(self.reader().account_path("/workers/assets/upload"), &doing)
                .query("base64", "true")
                .token(upload.clone())
                .body(Body::Raw { content_type, bytes })
                // Contents are named by their hashes: sending one twice changes nothing.
                .repeat(Repeat::Safe);
            let answer: Option<Session> = self.ask(call).await?;
            // Only the last bucket's answer has the token for the whole.
            if let Some(jwt) = answer.and_then(|answer| answer.jwt) {
                token = jwt;
            }
        }
        Ok((SecretString::from(token), sent))
    }

    async fn session(&self, worker: &str, assets: &[Asset], doing: &str) -> Result<Session, Error> {
        let reader: &Reader = self.reader();
        let manifest: BTreeMap<&str, Value> = assets
            .iter()
            .map(|asset| (asset.path.as_str(), json!({"hash": asset.hash, "size": asset.size})))
            .collect();
        let call = Call::post(reader.script_path(worker, "/assets-upload-session"), doing)
            .needs(reader.workers_edit())
            .repeat(Repeat::Safe)
            .json(json!({ "manifest": manifest }));
        self.ask(call).await
    }
}
