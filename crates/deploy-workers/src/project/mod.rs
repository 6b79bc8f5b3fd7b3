//! What lies in the repository: configurations, checked, and bundles, made with no token in sight.

pub(crate) mod bundled;
pub(crate) mod by_wrangler;
pub(crate) mod check;
pub(crate) mod names;
pub(crate) mod refused;
pub(crate) mod render;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use actions_core::cloudflare::Module;
use actions_core::environment::{Environment, Service};
use actions_core::error::fault;
use actions_core::manifest::Uploader;
use actions_core::runner::{Problems, Runner};
use actions_core::wrangler::{Bundle, Config, Files, Form, Resource, ResourceKind, Sandbox, Settings, Tool};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use self::by_wrangler::Handed;
use crate::inputs::Inputs;
use crate::plan::fingerprint::SOURCE_MAP;
use crate::report;

/// The environment whose resources no other one may use unasked.
const PRODUCTION: &str = "production";
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
    /// The wrangler that bundled it; `None` for one that was built already.
    pub(crate) bundled_by: Option<Tool>,
    /// For a service that wrangler uploads, too.
    pub(crate) handed: Option<Handed>,
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
    pub(crate) fn binding(&self, name: &str) -> Option<&Value> {
        self.bindings().find(|binding| binding["name"] == name)
    }

    /// Of names by binding, those for which it has a binding.
    pub(crate) fn bound<'a>(
        &'a self,
        names: &'a IndexMap<String, String>,
    ) -> impl Iterator<Item = (&'a String, &'a String)> {
        names.iter().filter(|(binding, _)| self.binding(binding).is_some())
    }

    /// Whether it implements Durable Objects: such a Worker's versions have no URLs of their own (Cloudflare).
    pub(crate) fn has_durable_objects(&self) -> bool {
        let own =
            |binding: &Value| binding["type"] == "durable_object_namespace" && binding.get("script_name").is_none();
        !self.migrations.is_empty() || self.bindings().any(own)
    }
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

/// Runs the build commands of the chosen services, as many at once as there are cores; returns those that failed. They
/// come before everything else: a build may write the configuration, too.
pub(crate) async fn build(inputs: &Inputs, sandbox: &Sandbox, runner: &Runner) -> IndexMap<String, anyhow::Error> {
    let chosen = inputs.environment.services.iter();
    let builds = chosen
        .filter(|service| inputs.chosen.contains(&service.key))
        .filter_map(|service| Some((service, service.build.as_ref()?)));
    let results: Vec<_> = stream::iter(builds)
        .map(|(service, command)| async move {
            let started = Instant::now();
            let folder = inputs.environment.root.join(&service.path);
            let result = sandbox.build(command, &folder).await;
            if result.is_ok() {
                runner.say(&report::built(&service.key, command, started.elapsed()));
            }
            (service.key.clone(), result)
        })
        .buffered(at_once())
        .collect()
        .await;
    let failed = results
        .into_iter()
        .filter_map(|(key, result)| Some((key, result.err()?)));
    failed.map(|(key, failed)| (key, failed.into())).collect()
}

fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// The configurations of all services.
pub(crate) struct Project {
    configs: IndexMap<String, Config>,
    wrangler_env: Option<String>,
    root: PathBuf,
}

impl Project {
    /// Reads every service's configuration, those that are not to be deployed too: bindings may name them. What is
    /// wrong with them is recorded.
    pub(crate) fn read(inputs: &Inputs, not_built: &IndexMap<String, anyhow::Error>, problems: &mut Problems) -> Self {
        let environment = &inputs.environment;
        let mut configs = IndexMap::new();
        for service in &environment.services {
            let input = format!("services.{}", service.key);
            match Config::find(&environment.root.join(&service.path)) {
                // A configuration that a failed build was to write is no problem of its own.
                Err(_) if not_built.contains_key(&service.key) => {}
                Err(problem) => problems.add(&input, problem),
                Ok(config) => match config.settings(environment.wrangler_env.as_deref()) {
                    Err(problem) => problems.add(&input, problem),
                    Ok(_) => {
                        configs.insert(service.key.clone(), config);
                    }
                },
            }
        }
        let project = Self {
            configs,
            wrangler_env: environment.wrangler_env.clone(),
            root: environment.root.clone(),
        };
        let production = project.production_settings(inputs).unwrap_or_default();
        for service in environment
            .services
            .iter()
            .filter(|service| inputs.chosen.contains(&service.key))
        {
            let Some(settings) = project.settings(&service.key) else {
                continue;
            };
            let production = production.get(service.key.as_str());
            for problem in refused::refused(inputs, service, &settings, production) {
                problems.add(&format!("services.{}", service.key), problem);
            }
        }
        project
    }

    fn settings(&self, key: &str) -> Option<Settings<'_>> {
        self.configs.get(key)?.settings(self.wrangler_env.as_deref()).ok()
    }

    /// Every service's settings in production; `None` when this is production, or nobody says what that is.
    fn production_settings(&self, inputs: &Inputs) -> Option<BTreeMap<&str, Settings<'_>>> {
        // Without a manifest nobody says what production is.
        let manifest = inputs
            .manifest
            .as_ref()
            .filter(|_| inputs.environment.name != PRODUCTION)?;
        let production = manifest.environments.get(PRODUCTION);
        let wrangler_env = production.and_then(|production| production.wrangler_env.as_deref());
        let all = self.configs.iter();
        Some(
            all.filter_map(|(key, config)| Some((key.as_str(), config.settings(wrangler_env).ok()?)))
                .collect(),
        )
    }

    /// Whether every service's configuration could be read.
    pub(crate) fn is_whole(&self, inputs: &Inputs) -> bool {
        self.configs.len() == inputs.environment.services.len()
    }

    /// Every name that each service's Worker has in some wrangler environment.
    pub(crate) fn names(&self) -> BTreeMap<String, Vec<String>> {
        self.configs
            .iter()
            .map(|(key, config)| (key.clone(), config.names()))
            .collect()
    }

    /// Everything outside the Workers that production uses, by its configurations and by the manifest's `r2` and `d1`;
    /// `None` when this is production.
    pub(crate) fn production(&self, inputs: &Inputs) -> Option<BTreeSet<Resource>> {
        let settings = self.production_settings(inputs)?;
        let mut found: BTreeSet<Resource> = settings.values().flat_map(Settings::resources).collect();
        let manifest = inputs.manifest.as_ref()?;
        if let Ok(production) =
            Environment::resolve(manifest, PRODUCTION, None, &actions_core::owner::Repository::default())
        {
            let named = production.services.iter().flat_map(|service| {
                let buckets = service.r2.values().map(|name| (ResourceKind::R2, name));
                buckets.chain(service.d1.values().map(|name| (ResourceKind::D1, name)))
            });
            found.extend(named.map(|(kind, id)| Resource { kind, id: id.clone() }));
        }
        Some(found)
    }

    /// Bundles the chosen services, as many at once as there are cores; failures come beside what went well.
    pub(crate) async fn bundle(
        &self,
        inputs: &Inputs,
        not_built: &IndexMap<String, anyhow::Error>,
        sandbox: &Sandbox,
        runner: &Runner,
    ) -> (IndexMap<String, Built>, Vec<(String, anyhow::Error)>) {
        let ready = |service: &&Service| {
            let key = &service.key;
            inputs.chosen.contains(key) && self.configs.contains_key(key) && !not_built.contains_key(key)
        };
        let chosen = inputs.environment.services.iter().filter(ready);
        let results: Vec<(String, anyhow::Result<Built>)> = stream::iter(chosen)
            .map(|service| async {
                let built = self.bundle_one(service, sandbox).await;
                if let Ok(built) = &built {
                    runner.say(&report::bundled(&service.key, built));
                }
                (service.key.clone(), built)
            })
            .buffered(at_once())
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
        (all, failed)
    }

    async fn bundle_one(&self, service: &Service, sandbox: &Sandbox) -> anyhow::Result<Built> {
        let folder = self.root.join(&service.path);
        let wrangler_env = self.wrangler_env.as_deref();
        let started = Instant::now();
        let prebuilt = match self.configs.get(&service.key) {
            Some(config) => Form::prebuilt(config, &config.settings(wrangler_env).map_err(fault)?).map_err(fault)?,
            None => None,
        };
        let by_wrangler = service.uploader == Uploader::Wrangler;
        let tool = if by_wrangler || prebuilt.is_none() {
            Some(Tool::find(&folder, sandbox).await?)
        } else {
            None
        };
        if let Some(tool) = tool.as_ref().filter(|_| by_wrangler) {
            tool.can_upload()?;
        }
        let (form, warnings, bundled_by) = match (prebuilt, &tool) {
            (Some(form), _) => (form, Vec::new(), None),
            (None, Some(tool)) => {
                let bundle = Bundle::make(tool, sandbox, &folder, wrangler_env).await?;
                (bundle.form, bundle.warnings, Some(tool.clone()))
            }
            (None, None) => return Err(fault("there is no wrangler to bundle it").into()),
        };
        // wrangler's own build command may have written the configuration and the assets.
        let config = Config::find(&folder).map_err(fault)?;
        let settings = config.settings(wrangler_env).map_err(fault)?;
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
            bundled_by,
            handed: tool.filter(|_| by_wrangler).map(|tool| Handed {
                tool,
                folder,
                uncompared: by_wrangler::uncompared(&settings),
                config: config.clone(),
                wrangler_env: self.wrangler_env.clone(),
            }),
        })
    }
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
