//! What Cloudflare knows: accounts with Workers, domains and what these use; zones with records and routes.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::auth::Token;
use super::d1::Database;
use super::dns::Record;
use super::envelope::Refusal;
use super::queues::Queue;
use super::r2::Bucket;
use super::workflows::Workflow;

pub(super) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

/// The whole of Cloudflare.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    /// Tokens with limits; any other non-empty token may do everything.
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) zones: BTreeMap<String, Zone>,
    pub(super) settings: Settings,
    pub(super) window: Window,
    /// Moves with each change that the edge must see.
    pub(super) revision: u64,
}

/// What of the platform's behaviour a test may choose.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    /// Does deleting a Worker detach its custom domains? Not documented; false is the worst case.
    pub(super) delete_detaches_domains: bool,
    /// Requests per token in five minutes; none: counted down from 1200, never enforced.
    pub(super) rate_limit: Option<u32>,
    /// How long the limit's window is, in seconds.
    pub(super) rate_window: i64,
    /// Largest Worker, all modules but source maps, uncompressed.
    pub(super) script_limit_bytes: usize,
    /// 81058 today; 81057 is the older code for the same refusal.
    pub(super) duplicate_record_code: u32,
    /// 100146, or 10071, which has been seen as well.
    pub(super) unknown_version_code: u32,
    /// Replaces the record quota of the zone's plan.
    pub(super) record_quota: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            delete_detaches_domains: false,
            rate_limit: None,
            rate_window: 300,
            script_limit_bytes: 64 << 20,
            duplicate_record_code: 81058,
            unknown_version_code: 100_146,
            record_quota: None,
        }
    }
}

/// The current rate-limit window of each token.
#[derive(Debug, Default, Serialize)]
pub(super) struct Window {
    /// Seconds since the epoch.
    pub(super) started: i64,
    pub(super) used: BTreeMap<String, u32>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: String,
    /// The label before `.workers.dev`.
    pub(super) subdomain: Option<String>,
    pub(super) workers: BTreeMap<String, Worker>,
    pub(super) domains: Vec<Domain>,
    pub(super) kv: Vec<Namespace>,
    pub(super) r2: Vec<Bucket>,
    pub(super) d1: Vec<Database>,
    pub(super) queues: Vec<Queue>,
    pub(super) workflows: Vec<Workflow>,
    /// Contents of static assets by hash.
    pub(super) assets: BTreeMap<String, Blob>,
    #[serde(skip)]
    pub(super) asset_sessions: BTreeMap<String, AssetSession>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Namespace {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) supports_url_encoding: bool,
}

/// A custom domain.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Domain {
    pub(super) id: String,
    pub(super) hostname: String,
    pub(super) service: String,
    pub(super) zone_id: String,
    pub(super) zone_name: String,
    pub(super) environment: String,
    pub(super) cert_id: String,
    pub(super) enabled: bool,
    pub(super) previews_enabled: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) account_id: String,
    pub(super) status: String,
    pub(super) paused: bool,
    pub(super) plan: Plan,
    pub(super) created_on: String,
    pub(super) records: Vec<Record>,
    pub(super) routes: Vec<Route>,
    /// Stay behind when their custom domain is removed.
    pub(super) certificate_packs: Vec<CertificatePack>,
}

/// What a zone pays for decides its quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Plan {
    Free,
    Pro,
    Business,
    Enterprise,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Route {
    pub(super) id: String,
    pub(super) pattern: String,
    /// None: requests matching it reach no Worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) script: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CertificatePack {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) hosts: Vec<String>,
    pub(super) status: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Worker {
    pub(super) name: String,
    /// Its id, 32 hexadecimal digits.
    pub(super) tag: String,
    pub(super) created_on: String,
    pub(super) modified_on: String,
    pub(super) last_deployed_from: String,
    pub(super) migration_tag: Option<String>,
    /// Serve it at `<name>.<subdomain>.workers.dev`?
    pub(super) workers_dev: bool,
    /// Serve its versions at `<version>-<name>.<subdomain>.workers.dev`?
    pub(super) previews_enabled: bool,
    pub(super) settings: ScriptSettings,
    pub(super) schedules: Vec<Value>,
    pub(super) tails: Vec<Value>,
    /// Oldest first.
    pub(super) versions: Vec<Version>,
    /// Newest first; the first is live.
    pub(super) deployments: Vec<Deployment>,
}

/// What belongs to a Worker and not to one of its versions.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ScriptSettings {
    pub(super) logpush: bool,
    pub(super) tags: Vec<String>,
    pub(super) tail_consumers: Vec<Value>,
    pub(super) observability: Value,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) number: u64,
    pub(super) created_on: String,
    /// `wrangler` or `api`.
    pub(super) source: String,
    pub(super) annotations: Map<String, Value>,
    pub(super) content: Content,
}

/// What an upload brought.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Content {
    /// None for a Worker of static assets alone.
    pub(super) main_module: Option<String>,
    pub(super) compatibility_date: String,
    pub(super) compatibility_flags: Vec<String>,
    pub(super) modules: Vec<Module>,
    /// Cloudflare's own shapes, values of secrets included.
    pub(super) bindings: Vec<Value>,
    pub(super) assets: Option<Assets>,
    /// Hash over the modules.
    pub(super) etag: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) content_type: String,
    #[serde(rename = "size", serialize_with = "size")]
    pub(super) content: Bytes,
    /// SHA-256 of the content.
    #[serde(skip)]
    pub(super) digest: [u8; 32],
}

impl Module {
    pub(super) fn new(name: impl Into<String>, content_type: impl Into<String>, content: Bytes) -> Self {
        Self {
            name: name.into(),
            content_type: content_type.into(),
            digest: Sha256::digest(&content).into(),
            content,
        }
    }
}

/// Static assets of a version.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Assets {
    /// Path to hash.
    pub(super) files: BTreeMap<String, String>,
    pub(super) config: Value,
}

/// Content of one static asset.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Blob {
    pub(super) content_type: Option<String>,
    #[serde(rename = "size", serialize_with = "size")]
    pub(super) content: Bytes,
    /// SHA-256 of the content: the hash that the client names is of its own making.
    #[serde(skip)]
    pub(super) digest: [u8; 32],
}

/// An upload of static assets under way.
#[derive(Clone, Debug)]
pub(super) struct AssetSession {
    pub(super) script: String,
    /// Path to hash and size.
    pub(super) manifest: BTreeMap<String, (String, u64)>,
    /// The token that the upload of the Worker must name.
    pub(super) completion: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) created_on: String,
    pub(super) source: String,
    pub(super) strategy: String,
    pub(super) author_email: String,
    pub(super) annotations: Map<String, Value>,
    pub(super) versions: Vec<Share>,
}

/// A version's part of the traffic, in percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Share {
    pub(super) version_id: String,
    pub(super) percentage: f64,
}

fn size<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(bytes.len() as u64)
}

impl Default for State {
    /// The default world: account `Acme`, zones `example.com` and `revelations.localhost`.
    fn default() -> Self {
        let account = Account {
            id: ACCOUNT.into(),
            name: "Acme".into(),
            subdomain: Some("acme".into()),
            ..Account::default()
        };
        let zones = [
            Zone::new("023e105f4ecef8ad9ca31a8372d0c353", "example.com", ACCOUNT),
            Zone::new("9a7806061c88ada191ed06f989cc3dac", "revelations.localhost", ACCOUNT),
        ];
        Self {
            tokens: BTreeMap::new(),
            accounts: BTreeMap::from([(account.id.clone(), account)]),
            zones: zones.into_iter().map(|zone| (zone.id.clone(), zone)).collect(),
            settings: Settings::default(),
            window: Window::default(),
            revision: 0,
        }
    }
}

impl State {
    /// Back to the default world; the edge must still notice.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            revision: self.revision + 1,
            ..Self::default()
        };
    }

    pub(super) fn account(&self, id: &str) -> Result<&Account, Refusal> {
        self.accounts.get(id).ok_or_else(|| Refusal::no_route(id))
    }

    /// For changing: also tells the edge to look again.
    pub(super) fn account_mut(&mut self, id: &str) -> Result<&mut Account, Refusal> {
        self.revision += 1;
        self.accounts.get_mut(id).ok_or_else(|| Refusal::no_route(id))
    }

    pub(super) fn zone(&self, id: &str) -> Result<&Zone, Refusal> {
        self.zones.get(id).ok_or_else(|| Refusal::no_route(id))
    }

    pub(super) fn zone_mut(&mut self, id: &str) -> Result<&mut Zone, Refusal> {
        self.revision += 1;
        self.zones.get_mut(id).ok_or_else(|| Refusal::no_route(id))
    }

    pub(super) fn worker(&self, account: &str, name: &str) -> Result<&Worker, Refusal> {
        self.account(account)?.worker(name)
    }

    pub(super) fn worker_mut(&mut self, account: &str, name: &str) -> Result<&mut Worker, Refusal> {
        self.account_mut(account)?.workers.get_mut(name).ok_or_else(no_worker)
    }

    /// The zone that a host name belongs to: the longest name that it ends in.
    pub(super) fn zone_of(&self, host: &str) -> Option<&Zone> {
        self.zones
            .values()
            .filter(|zone| within(host, &zone.name))
            .max_by_key(|zone| zone.name.len())
    }
}

impl Account {
    pub(super) fn worker(&self, name: &str) -> Result<&Worker, Refusal> {
        self.workers.get(name).ok_or_else(no_worker)
    }
}

impl Zone {
    pub(super) fn new(id: &str, name: &str, account: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            account_id: account.into(),
            status: "active".into(),
            paused: false,
            plan: Plan::Free,
            created_on: "2024-01-01T00:00:00.000000Z".into(),
            records: Vec::new(),
            routes: Vec::new(),
            certificate_packs: Vec::new(),
        }
    }
}

impl Worker {
    /// The version that was uploaded last, deployed or not.
    pub(super) fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The live deployment.
    pub(super) fn live(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// Does one version serve all traffic, and is it this one?
    pub(super) fn serves_all(&self, version: &str) -> bool {
        self.live()
            .is_some_and(|live| live.versions.len() == 1 && live.versions[0].version_id == version)
    }
}

/// The name of a binding.
pub(super) fn binding_name(binding: &Value) -> &str {
    binding["name"].as_str().unwrap_or_default()
}

/// The type of a binding.
pub(super) fn binding_type(binding: &Value) -> &str {
    binding["type"].as_str().unwrap_or_default()
}

/// A binding as the API shows it: without the value of a secret.
pub(super) fn shown(binding: &Value) -> Value {
    let mut binding = binding.clone();
    if let (true, Some(fields)) = (binding_type(&binding) == "secret_text", binding.as_object_mut()) {
        fields.remove("text");
    }
    binding
}

pub(super) fn no_worker() -> Refusal {
    Refusal::new(404, 10007, "This Worker does not exist on your account.")
}

/// Is `host` the zone's apex or below it?
pub(super) fn within(host: &str, zone: &str) -> bool {
    host == zone || host.strip_suffix(zone).is_some_and(|head| head.ends_with('.'))
}
