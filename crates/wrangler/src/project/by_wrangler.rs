//! A service that the project's own wrangler uploads (`uploader: wrangler`): what it is given.

use std::path::PathBuf;

use crate::{Config, Settings, Tool};
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use serde_json::{Map, Value};

use super::render::Rendered;

/// What an upload by wrangler takes beside the rendered metadata.
#[derive(Debug)]
pub struct Handed {
    pub tool: Tool,
    /// The service's folder.
    pub folder: PathBuf,
    pub config: Config,
    pub wrangler_env: Option<String>,
    /// What it deploys and no hash of ours covers: contents of images and of Workers Sites.
    pub uncompared: Option<&'static str>,
}

/// What only wrangler deploys by a key of the configuration, and by its content, which no hash of ours covers: the key,
/// how our own client refuses it, and what cannot be compared.
pub const BY_CONTENT: [(&str, &str, &str); 3] = [
    ("containers", "does not deploy containers", "the image of its container"),
    (
        "cloudchamber",
        "does not deploy containers",
        "the image of its container",
    ),
    (
        "site",
        "does not deploy Workers Sites (use `assets`)",
        "the content of its Workers Site",
    ),
];

/// The first thing that cannot be compared.
pub fn uncompared(settings: &Settings<'_>) -> Option<&'static str> {
    let found = BY_CONTENT.into_iter().find(|(key, ..)| settings.has(key));
    found.map(|(.., what)| what)
}

impl Handed {
    /// The whole configuration for this environment. Hostnames are attached by us, so workers.dev is off unless the
    /// Worker has no other address or asks for it; a preview is never there.
    pub fn configuration(
        &self,
        environment: &Environment,
        service: &Service,
        rendered: &Rendered,
    ) -> Map<String, Value> {
        // The environment was found when the configuration was read.
        let Ok(settings) = self.config.settings(self.wrangler_env.as_deref()) else {
            return Map::new();
        };
        let mut config = settings.for_upload(&rendered.metadata);
        if !rendered.migrations.is_empty() {
            config.insert("migrations".to_owned(), rendered.migrations.clone().into());
        }
        config.insert("name".to_owned(), service.worker.as_str().into());
        let asked = config.get("workers_dev").and_then(Value::as_bool);
        let workers_dev = environment.routing == Routing::WorkersDev
            || environment.pull_request.is_none() && asked.unwrap_or(service.hostname.is_empty());
        config.insert("workers_dev".to_owned(), workers_dev.into());
        config
    }
}
