//! A service, bundled.

use std::io::Write as _;
use std::time::Duration;

use actions_core::cloudflare::Module;
use flate2::Compression;
use flate2::write::GzEncoder;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::by_wrangler::Handed;
use super::durable;
use crate::{Files, Tool, Version};

/// The content type of a source map, which no runtime reads.
pub const SOURCE_MAP: &str = "application/source-map";

/// A service, bundled.
#[derive(Debug, Default)]
pub struct Built {
    /// As wrangler would send it.
    pub metadata: Map<String, Value>,
    /// Secrets that the configuration declares.
    pub declared: Vec<String>,
    pub modules: Vec<Module>,
    pub assets: Option<Files>,
    /// No code at all.
    pub assets_only: bool,
    pub crons: Option<Vec<String>>,
    /// The patterns of the configuration's routes.
    pub routes: Vec<String>,
    /// Whether the Worker is at workers.dev, and whether its versions have URLs of their own there; `None` where the
    /// configuration does not say.
    pub workers_dev: Option<bool>,
    pub preview_urls: Option<bool>,
    /// What the configuration says in vain, and what else is told of it, each a sentence.
    pub told: Vec<String>,
    /// Durable Object migrations, oldest first.
    pub migrations: Vec<Value>,
    pub warnings: Vec<String>,
    pub took: Duration,
    pub size: Size,
    /// Keys that stand at the top level only, though environments do not inherit them and the manifest has no word.
    pub not_inherited: Vec<String>,
    /// `None` for one that was built already.
    pub bundled_by: Option<BundledBy>,
    /// For a service that wrangler uploads, too.
    pub handed: Option<Handed>,
}

/// The wrangler that bundled it, and the Node that ran that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundledBy {
    pub wrangler: Version,
    pub node: Version,
}

impl From<&Tool> for BundledBy {
    fn from(tool: &Tool) -> Self {
        Self {
            wrangler: tool.version,
            node: tool.node.version,
        }
    }
}

impl Built {
    fn bindings(&self) -> impl Iterator<Item = &Value> {
        self.metadata
            .get("bindings")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// The binding of this name, as it was bundled.
    pub fn binding(&self, name: &str) -> Option<&Value> {
        self.bindings().find(|binding| binding["name"] == name)
    }

    /// Of names by binding, those for which it has a binding.
    pub fn bound<'a>(&'a self, names: &'a IndexMap<String, String>) -> impl Iterator<Item = (&'a String, &'a String)> {
        names.iter().filter(|(binding, _)| self.binding(binding).is_some())
    }

    /// The buckets that it is bound to, by binding: those of `named`, else of its configuration. One of a jurisdiction is
    /// found by another address than the rest, and left out.
    pub fn buckets<'a>(&'a self, named: &'a IndexMap<String, String>) -> Vec<(&'a str, &'a str)> {
        let text = |binding: &'a Value, key: &str| binding[key].as_str();
        let bound = self.bindings().filter(|binding| binding["jurisdiction"].is_null());
        let buckets = bound.filter_map(|binding| {
            let name = text(binding, "name")?;
            let own = named.get(name).map(String::as_str);
            let configured = text(binding, "bucket_name").filter(|_| binding["type"] == "r2_bucket");
            Some((name, own.or(configured)?))
        });
        buckets.collect()
    }

    /// Whether its configuration names KV namespaces by id.
    pub fn names_kv(&self) -> bool {
        self.bindings().any(|binding| binding["type"] == "kv_namespace")
    }

    /// Whether it is bound to D1 databases.
    pub fn has_d1(&self) -> bool {
        self.bindings().any(|binding| binding["type"] == "d1")
    }

    /// Whether it implements Durable Objects: such a Worker's versions have no URLs of their own (Cloudflare).
    pub fn has_durable_objects(&self) -> bool {
        let own =
            |binding: &Value| binding["type"] == "durable_object_namespace" && binding.get("script_name").is_none();
        !durable::classes(&self.migrations).is_empty()
            || durable::exported(self.metadata.get("exports")).any(|(_, state)| durable::is_live(state))
            || self.bindings().any(own)
    }
}

/// Bytes of all modules but source maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    pub raw: u64,
    pub gzip: u64,
}

impl Size {
    pub(crate) fn of(modules: &[Module]) -> Self {
        let mut raw = 0;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        for module in modules.iter().filter(|module| module.content_type != SOURCE_MAP) {
            raw += module.content.len() as u64;
            // Writing to a Vec cannot fail.
            let _ = encoder.write_all(&module.content);
        }
        let gzip = encoder.finish().map_or(0, |bytes| bytes.len() as u64);
        Self { raw, gzip }
    }
}
