//! What lies in the repository: configurations, checked, and bundles, made with no token in sight.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use actions_core::cloudflare::Module;
use actions_core::environment::{Environment, Service};
use actions_core::error::fault;
use actions_core::runner::{Problems, Runner};
use actions_core::wrangler::{Bundle, Config, Files, Form, Resource, Sandbox, Settings, Tool};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::fingerprint::SOURCE_MAP;
use crate::inputs::Inputs;
use crate::report;

/// The environment whose resources no other one may use unasked.
const PRODUCTION: &str = "production";
/// What a deployment would need beside our uploads, by the key of the configuration.
const NOT_OURS: &[(&str, &str)] = &[
    ("containers", "containers"),
    ("cloudchamber", "containers"),
    ("site", "Workers Sites (use `assets`)"),
];

/// A service, bundled.
pub(crate) struct Built {
    /// As wrangler would send it.
    pub(crate) metadata: Map<String, Value>,
    pub(crate) modules: Vec<Module>,
    pub(crate) assets: Option<Files>,
    /// No code at all.
    pub(crate) assets_only: bool,
    pub(crate) crons: Option<Vec<String>>,
    /// Durable Object migrations, oldest first.
    pub(crate) migrations: Vec<Value>,
    pub(crate) warnings: Vec<String>,
    pub(crate) took: Duration,
    pub(crate) size: Size,
    /// Keys that stand at the top level only, though environments do not inherit them and the manifest has no word.
    pub(crate) not_inherited: Vec<String>,
}

/// Bytes of all modules but source maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) raw: u64,
    pub(crate) gzip: u64,
}

impl Size {
    fn of(modules: &[Module]) -> Self {
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

/// The configurations of all services.
pub(crate) struct Project {
    configs: IndexMap<String, Config>,
    wrangler_env: Option<String>,
    root: PathBuf,
}

impl Project {
    /// Reads every service's configuration, those that are not to be deployed too: bindings may name them.
    pub(crate) fn read(inputs: &Inputs) -> anyhow::Result<Self> {
        let environment = &inputs.environment;
        let mut problems = Problems::default();
        let mut configs = IndexMap::new();
        for service in &environment.services {
            let input = format!("services.{}", service.key);
            match Config::find(&environment.root.join(&service.path)) {
                Err(problem) => problems.add(&input, problem),
                Ok(config) => {
                    match config.settings(environment.wrangler_env.as_deref()) {
                        Err(problem) => problems.add(&input, problem),
                        Ok(settings) if inputs.chosen.contains(&service.key) => {
                            for problem in refused(inputs, &settings) {
                                problems.add(&input, problem);
                            }
                        }
                        Ok(_) => {}
                    }
                    configs.insert(service.key.clone(), config);
                }
            }
        }
        problems.finish()?;
        Ok(Self {
            configs,
            wrangler_env: environment.wrangler_env.clone(),
            root: environment.root.clone(),
        })
    }

    /// Every name that each service's Worker has in some wrangler environment.
    pub(crate) fn names(&self) -> BTreeMap<String, Vec<String>> {
        self.configs
            .iter()
            .map(|(key, config)| (key.clone(), config.names()))
            .collect()
    }

    /// Everything outside the Workers that production's configurations name; `None` when this is production.
    pub(crate) fn production(&self, inputs: &Inputs) -> Option<BTreeSet<Resource>> {
        // Without a manifest nobody says what production is.
        let manifest = inputs
            .manifest
            .as_ref()
            .filter(|_| inputs.environment.name != PRODUCTION)?;
        let wrangler_env = manifest
            .environments
            .get(PRODUCTION)
            .and_then(|production| production.wrangler_env.as_deref());
        let resources = self.configs.values().filter_map(|config| {
            let settings = config.settings(wrangler_env).ok()?;
            Some(settings.resources())
        });
        Some(resources.flatten().collect())
    }

    /// Bundles the chosen services, as many at once as there are cores; all failures are told together.
    pub(crate) async fn bundle(
        &self,
        inputs: &Inputs,
        sandbox: &Sandbox,
        runner: &Runner,
    ) -> anyhow::Result<IndexMap<String, Built>> {
        let at_once = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let chosen = inputs
            .environment
            .services
            .iter()
            .filter(|service| inputs.chosen.contains(&service.key));
        let results: Vec<(String, anyhow::Result<Built>)> = stream::iter(chosen)
            .map(|service| async {
                let built = self.bundle_one(&inputs.environment, service, sandbox).await;
                if let Ok(built) = &built {
                    runner.say(&report::bundled(&service.key, built));
                }
                (service.key.clone(), built)
            })
            .buffered(at_once)
            .collect()
            .await;
        let mut all = IndexMap::new();
        let mut failed = Vec::new();
        for (key, result) in results {
            match result {
                Ok(built) => {
                    all.insert(key, built);
                }
                Err(error) => failed.push((key, error)),
            }
        }
        match failed.len() {
            0 => Ok(all),
            _ => Err(report::bundling_failed(runner, failed)),
        }
    }

    async fn bundle_one(
        &self,
        environment: &Environment,
        service: &Service,
        sandbox: &Sandbox,
    ) -> anyhow::Result<Built> {
        let folder = self.root.join(&service.path);
        let wrangler_env = self.wrangler_env.as_deref();
        let started = Instant::now();
        let prebuilt = match self.configs.get(&service.key) {
            Some(config) => Form::prebuilt(config, &config.settings(wrangler_env).map_err(fault)?).map_err(fault)?,
            None => None,
        };
        let (form, warnings) = if let Some(form) = prebuilt {
            (form, Vec::new())
        } else {
            let tool = Tool::find(&folder, sandbox).await?;
            let bundle = Bundle::make(&tool, sandbox, &folder, wrangler_env).await?;
            (bundle.form, bundle.warnings)
        };
        // A build may have written the configuration and the assets only now.
        let config = Config::find(&folder).map_err(fault)?;
        let settings = config.settings(environment.wrangler_env.as_deref()).map_err(fault)?;
        let assets = Files::read(&config, &settings).map_err(fault)?;
        let modules = form.modules;
        Ok(Built {
            size: Size::of(&modules),
            assets_only: assets.is_some() && settings.text("main").is_none(),
            metadata: form.metadata,
            modules,
            assets,
            crons: settings.crons(),
            migrations: settings.migrations().to_vec(),
            not_inherited: not_inherited(service, &settings),
            warnings,
            took: started.elapsed(),
        })
    }
}

/// What our uploads cannot do, by name; and an account that is not the one that was given.
fn refused(inputs: &Inputs, settings: &Settings<'_>) -> Vec<String> {
    let mut problems: Vec<String> = NOT_OURS
        .iter()
        .filter(|(key, _)| settings.has(key))
        .map(|(key, what)| format!("`{key}` in the wrangler configuration: this action does not deploy {what}"))
        .collect();
    if settings
        .get("queues")
        .and_then(|queues| queues.get("consumers")?.as_array())
        .is_some_and(|list| !list.is_empty())
    {
        problems.push(
            "`queues.consumers` in the wrangler configuration: this action does not attach queue consumers".to_owned(),
        );
    }
    let own_workflows = settings
        .get("workflows")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    if own_workflows
        .filter(|workflow| workflow.get("script_name").is_none())
        .count()
        > 0
    {
        problems.push("`workflows` in the wrangler configuration: this action does not register workflows".to_owned());
    }
    if let (Some(configured), Some(access)) = (settings.text("account_id"), &inputs.cloudflare)
        && configured != access.account_id
    {
        problems.push(format!(
            "the wrangler configuration names account `{configured}`, and `cloudflare-account-id` another one; make them agree"
        ));
    }
    problems
}

/// What an environment probably lacks: bindings that its top level has. The manifest's `kv` and `vars` make up for theirs.
fn not_inherited(service: &Service, settings: &Settings<'_>) -> Vec<String> {
    let made_up =
        |key: &str| key == "kv_namespaces" && !service.kv.is_empty() || key == "vars" && !service.vars.is_empty();
    settings
        .lost()
        .into_iter()
        .filter(|key| !made_up(key))
        .map(str::to_owned)
        .collect()
}
