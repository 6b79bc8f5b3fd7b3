//! Versions of a Worker and their deployments: what was uploaded, and what serves.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use uuid::Uuid;

use super::upload::Upload;
use super::workers::some;
use super::{Call, Error, Reader, Writer};
use crate::retry::{Doubt, Repeat};

/// The annotation that says what a version holds; at most 100 bytes (Cloudflare).
pub const TAG: &str = "workers/tag";
/// The annotation that says why a version or deployment was made; at most 1,000 bytes (Cloudflare).
pub const MESSAGE: &str = "workers/message";

/// No such version.
const NO_VERSION: u32 = 100_146;
/// A service binding leads to a Worker that is not there.
const NO_CALLEE: u32 = 10144;
/// The secrets of a version differ from those that are deployed now.
const SECRETS_CHANGED: u32 = 10220;

/// What a version says about itself.
pub type Annotations = BTreeMap<String, Value>;

fn annotation<'a>(annotations: &'a Annotations, name: &str) -> &'a str {
    annotations.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A version. The list tells no resources.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Version {
    pub id: String,
    #[serde(default)]
    pub number: u64,
    #[serde(default)]
    pub annotations: Option<Annotations>,
    #[serde(default)]
    pub metadata: VersionMetadata,
    #[serde(default)]
    pub resources: Resources,
}

/// When and how a version came about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct VersionMetadata {
    /// RFC 3339.
    pub created_on: String,
    /// `wrangler`, `api`, `dash` …
    pub source: String,
}

/// What a version is made of.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// As the API names them, secrets without their values.
    pub bindings: Vec<Value>,
}

impl Version {
    /// The tag that it was uploaded with, or "".
    pub fn tag(&self) -> &str {
        self.annotations.as_ref().map_or("", |all| annotation(all, TAG))
    }

    /// The message that it was uploaded with, or "".
    pub fn message(&self) -> &str {
        self.annotations.as_ref().map_or("", |all| annotation(all, MESSAGE))
    }
}

/// What serves, or served: one version, or two that share the traffic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Deployment {
    pub id: String,
    /// RFC 3339.
    #[serde(default)]
    pub created_on: String,
    pub versions: Vec<Share>,
    #[serde(default)]
    pub annotations: Option<Annotations>,
}

/// A version's share of the traffic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Share {
    pub version_id: String,
    /// 0 to 100.
    pub percentage: f64,
}

impl Share {
    /// All of the traffic.
    pub fn all(version: &str) -> Self {
        Self {
            version_id: version.to_owned(),
            percentage: 100.0,
        }
    }
}

impl Deployment {
    /// The version that has all of the traffic; `None` while two share it.
    pub fn only_version(&self) -> Option<&str> {
        match &self.versions[..] {
            [one] => Some(&one.version_id),
            shares => shares
                .iter()
                .find(|share| share.percentage >= 100.0)
                .map(|share| share.version_id.as_str()),
        }
    }

    /// The message that it was made with, or "".
    pub fn message(&self) -> &str {
        self.annotations.as_ref().map_or("", |all| annotation(all, MESSAGE))
    }

    /// Whether exactly these versions serve, with these shares.
    pub fn serves(&self, shares: &[Share]) -> bool {
        let of = |shares: &[Share]| {
            let mut all: Vec<(String, i64)> = shares
                .iter()
                .map(|share| {
                    #[expect(clippy::cast_possible_truncation, reason = "0 to 100 in hundredths")]
                    let hundredths = (share.percentage * 100.0).round() as i64;
                    (share.version_id.clone(), hundredths)
                })
                .collect();
            all.sort();
            all
        };
        of(&self.versions) == of(shares)
    }
}

impl Reader {
    /// The Worker's deployments, the one that serves first; `None` when there is no such Worker.
    pub async fn deployments(&self, worker: &str) -> Result<Option<Vec<Deployment>>, Error> {
        #[derive(Deserialize)]
        struct Found {
            deployments: Vec<Deployment>,
        }
        let call = Call::get(
            self.script_path(worker, "/deployments"),
            format!("read what serves as Worker `{worker}`"),
        );
        let found: Option<Found> = some(self.ask(call.needs(self.workers_read())).await)?;
        Ok(found.map(|found| found.deployments))
    }

    /// One version in full; `None` when it is not there.
    pub async fn version(&self, worker: &str, id: &str) -> Result<Option<Version>, Error> {
        let call = Call::get(
            self.script_path(worker, &format!("/versions/{id}")),
            format!("read version `{id}` of Worker `{worker}`"),
        );
        match self.ask(call.needs(self.workers_read())).await {
            Err(error) if error.has(NO_VERSION) => Ok(None),
            other => some(other),
        }
    }

    /// The versions that can be deployed, at most 100, the newest first.
    pub async fn versions(&self, worker: &str) -> Result<Vec<Version>, Error> {
        #[derive(Deserialize)]
        struct Found {
            items: Vec<Version>,
        }
        let call = Call::get(
            self.script_path(worker, "/versions"),
            format!("list the versions of Worker `{worker}`"),
        )
        .query("deployable", "true");
        let found: Option<Found> = some(self.ask(call.needs(self.workers_read())).await)?;
        Ok(found.map(|found| found.items).unwrap_or_default())
    }

    /// The version that serves, when it is the one that was uploaded with this tag and message.
    pub async fn serving(&self, worker: &str, tag: &str, message: &str) -> Result<Option<String>, Error> {
        let deployments = self.deployments(worker).await?.unwrap_or_default();
        let Some(id) = deployments.first().and_then(Deployment::only_version) else {
            return Ok(None);
        };
        let version = self.version(worker, id).await?;
        Ok(version
            .filter(|version| version.tag() == tag && version.message() == message)
            .map(|version| version.id))
    }

    /// The version that an upload made, when it arrived: its tag says what it holds, its message who made it and when.
    async fn version_of(&self, worker: &str, upload: &Upload) -> Result<Option<Version>, Error> {
        let same = |version: &Version| version.tag() == upload.tag() && version.message() == upload.message();
        Ok(self.versions(worker).await?.into_iter().find(same))
    }
}

/// What a failed upload or deployment leaves open. 409 is told of uploads that meet another one of the same Worker.
fn doubt(error: &Error) -> Doubt {
    match error.status() {
        Some(409) => Doubt::Unclear,
        _ => error.doubt(&[]),
    }
}

impl Writer {
    /// Uploads a Worker and lets the upload serve at once: how a Worker begins, and the only way to migrate Durable
    /// Objects. Returns the version that serves. An unclear answer is settled by the upload's tag before another try.
    pub async fn upload_worker(&self, worker: &str, upload: &Upload) -> Result<String, Error> {
        let reader = self.reader();
        let call = Call::put(reader.script_path(worker, ""), format!("upload Worker `{worker}`"))
            .repeat(Repeat::Unsafe)
            .query("bindings_inherit", "strict")
            .needs(reader.workers_edit())
            .body(upload.body());
        let serving = async || reader.serving(worker, upload.tag(), upload.message()).await;
        let look = async || Ok(serving().await?.map(Some));
        let told = self
            .create(&call, |told: Uploaded| told.version(), doubt, look)
            .await?
            .into_inner();
        let version = match told {
            Some(version) => Some(version),
            None => serving().await?,
        };
        version.ok_or_else(|| {
            Error::unfit(
                format!("upload Worker `{worker}`"),
                "Cloudflare took the upload, but another version serves",
                "another run deploys the same Worker: run again, one after the other (a `concurrency` group)",
            )
        })
    }

    /// Uploads a version that serves nothing yet; returns its id. An unclear answer is settled by the upload's tag
    /// before another try, so that no version is made twice.
    pub async fn upload_version(&self, worker: &str, upload: &Upload) -> Result<String, Error> {
        let reader = self.reader();
        let call = Call::post(
            reader.script_path(worker, "/versions"),
            format!("upload a version of Worker `{worker}`"),
        )
        .query("bindings_inherit", "strict")
        .needs(reader.workers_edit())
        .body(upload.body());
        let look = async || reader.version_of(worker, upload).await;
        let version = self.create(&call, |version: Version| version, doubt, look).await?;
        Ok(version.into_inner().id)
    }

    /// Lets versions serve, by their shares (together 100). `force` accepts that the secrets of a version differ from
    /// those that serve now; without it Cloudflare refuses (10220, see [`secrets_changed`]).
    pub async fn deploy(&self, worker: &str, shares: &[Share], message: &str, force: bool) -> Result<(), Error> {
        let reader = self.reader();
        let versions: Vec<Value> = shares
            .iter()
            .map(|share| json!({"version_id": share.version_id, "percentage": share.percentage}))
            .collect();
        let mut call = Call::post(
            reader.script_path(worker, "/deployments"),
            format!("let the new version serve as Worker `{worker}`"),
        )
        .needs(reader.workers_edit())
        .young()
        .json(json!({"strategy": "percentage", "versions": versions, "annotations": {MESSAGE: message}}));
        if force {
            call = call.query("force", "true");
        }
        let look = async || {
            let live = reader.deployments(worker).await?.unwrap_or_default();
            Ok(live.first().filter(|live| live.serves(shares)).map(|_| ()))
        };
        self.create(&call, |_: IgnoredAny| (), doubt, look).await?;
        Ok(())
    }
}

/// What an upload that serves at once answers.
#[derive(Deserialize)]
struct Uploaded {
    #[serde(default)]
    deployment_id: Option<String>,
}

impl Uploaded {
    /// The version: what the answer calls a deployment is its id without hyphens (so wrangler reads it, too; contract
    /// sheet of wrangler, section 2). `None`: it has to be looked for.
    fn version(&self) -> Option<String> {
        let id = Uuid::try_parse(self.deployment_id.as_ref()?).ok()?;
        Some(id.to_string())
    }
}

/// Whether an upload was refused because a service binding leads to a Worker that is not there.
pub fn binds_to_nothing(error: &Error) -> bool {
    error.has(NO_CALLEE)
}

/// Whether a deployment was refused because the version's secrets differ from those that serve now.
pub fn secrets_changed(error: &Error) -> bool {
    error.has(SECRETS_CHANGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(shares: &[(&str, f64)]) -> Deployment {
        let share = |(id, percentage): &(&str, f64)| Share {
            version_id: (*id).to_owned(),
            percentage: *percentage,
        };
        Deployment {
            id: "d".to_owned(),
            created_on: String::new(),
            versions: shares.iter().map(share).collect(),
            annotations: None,
        }
    }

    #[test]
    fn a_version_serves_alone_or_shares() {
        assert_eq!(deployment(&[("a", 100.0)]).only_version(), Some("a"));
        assert_eq!(deployment(&[("a", 0.0), ("b", 100.0)]).only_version(), Some("b"));
        assert_eq!(deployment(&[("a", 10.0), ("b", 90.0)]).only_version(), None);
    }

    #[test]
    fn an_upload_tells_its_version() {
        let of = |id: Option<&str>| {
            let deployment_id = id.map(str::to_owned);
            Uploaded { deployment_id }.version()
        };
        assert_eq!(
            of(Some("996445bca0df4656b3568f9baf681df5")).as_deref(),
            Some("996445bc-a0df-4656-b356-8f9baf681df5")
        );
        assert_eq!(of(Some("deploy-1")), None);
        assert_eq!(of(None), None);
    }

    #[test]
    fn the_order_of_shares_does_not_matter() {
        let live = deployment(&[("a", 10.0), ("b", 90.0)]);
        assert!(live.serves(&deployment(&[("b", 90.0), ("a", 10.0)]).versions));
        assert!(!live.serves(&deployment(&[("b", 10.0), ("a", 90.0)]).versions));
    }
}
