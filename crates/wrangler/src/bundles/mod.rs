//! Bundles as a folder: what a job without any secret has built, for a job that runs no code of the project.
//!
//! `<folder>/<environment>/bundles.json` says what they are of and what each service is made of; contents lie beside it
//! in `files`, each under the SHA-256 of what it holds. So a name in the manifest can lead nowhere else, and a file that
//! is not what it was is known by its own name.

mod read;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

pub use read::{Taken, take};
pub use write::leave;

/// Raised when a reader of before would misunderstand.
const FORMAT: u32 = 1;
const MANIFEST: &str = "bundles.json";
const FILES: &str = "files";

/// What bundles are of: they are deployed as nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    pub project: String,
    pub environment: String,
    pub pull_request: Option<u64>,
    /// In full.
    pub commit: String,
}

impl Source {
    /// The environment, with its pull request.
    fn title(&self) -> String {
        match self.pull_request {
            Some(number) => format!("{} {number}", self.environment),
            None => self.environment.clone(),
        }
    }

    /// The folder of this environment's bundles: its name, as far as that is one of a folder.
    fn folder(&self) -> String {
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        self.environment
            .chars()
            .map(|c| if harmless(c) { c } else { '-' })
            .collect()
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Manifest {
    format: u32,
    of: Source,
    services: IndexMap<String, Service>,
}

/// Only to tell another format from a broken one.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Service {
    /// As wrangler would send it: no secret is in it, those come when it is rendered.
    metadata: Map<String, Value>,
    modules: Vec<Module>,
    assets: Option<Assets>,
    assets_only: bool,
    crons: Option<Vec<String>>,
    routes: Vec<String>,
    workers_dev: Option<bool>,
    preview_urls: Option<bool>,
    told: Vec<String>,
    migrations: Vec<Value>,
    warnings: Vec<String>,
    not_inherited: Vec<String>,
    /// wrangler's version, and that of its Node.
    bundled_by: Option<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Module {
    name: String,
    content_type: String,
    sha256: Hash,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Assets {
    config: Map<String, Value>,
    /// By the path that they are served at.
    files: BTreeMap<String, Hash>,
}

impl Manifest {
    /// Every content that it names.
    fn hashes(&self) -> impl Iterator<Item = &Hash> {
        self.services.values().flat_map(|service| {
            let modules = service.modules.iter().map(|module| &module.sha256);
            let assets = service.assets.iter().flat_map(|assets| assets.files.values());
            modules.chain(assets)
        })
    }
}

/// A SHA-256 in 64 lower-case hexadecimal digits: a file's name that holds no path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Hash(String);

impl Hash {
    fn of(content: &[u8]) -> Self {
        Self(actions_core::owner::hex(&Sha256::digest(content), 64))
    }
}

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() == 64 && text.chars().all(digit) {
            Ok(Self(text))
        } else {
            Err(format!("`{}` is no SHA-256", actions_core::text::shorten(&text, 80)))
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
