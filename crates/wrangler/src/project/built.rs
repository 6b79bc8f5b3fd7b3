//! A service, bundled.

use std::io::Write as _;
use std::time::Duration;

use actions_core::cloudflare::Module;
use flate2::Compression;
use flate2::write::GzEncoder;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::by_wrangler::Handed;
use crate::{Files, Tool};

/// The content type of a source map, which no runtime reads.
pub const SOURCE_MAP: &str = "application/source-map";

/// A service, bundled.
#[derive(Debug)]
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
    /// Durable Object migrations, oldest first.
    pub migrations: Vec<Value>,
    pub warnings: Vec<String>,
    pub took: Duration,
    pub size: Size,
    /// Keys that stand at the top level only, though environments do not inherit them and the manifest has no word.
    pub not_inherited: Vec<String>,
    /// The wrangler that bundled it; `None` for one that was built already.
    pub bundled_by: Option<Tool>,
    /// For a service that wrangler uploads, too.
    pub handed: Option<Handed>,
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

    /// Whether it implements Durable Objects: such a Worker's versions have no URLs of their own (Cloudflare).
    pub fn has_durable_objects(&self) -> bool {
        let own =
            |binding: &Value| binding["type"] == "durable_object_namespace" && binding.get("script_name").is_none();
        !self.migrations.is_empty() || self.bindings().any(own)
    }
}

/// Bytes of all modules but source maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    pub raw: u64,
    pub gzip: u64,
}

impl Size {
    pub(super) fn of(modules: &[Module]) -> Self {
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
