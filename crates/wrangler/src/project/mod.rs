//! What lies in a repository: configurations, checked, and bundles, made with no token in sight.

pub mod builds;
mod built;
pub mod by_wrangler;
pub mod check;
pub mod declared;
pub mod durable;
mod expected;
pub mod foreseen;
pub mod isolation;
mod lanes;
pub mod names;
mod outside;
pub mod problem;
pub mod refused;
pub mod remarks;
pub mod render;
mod routes;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::{Bundle, Config, Files, Form, Sandbox, Settings, Tool};
use actions_core::environment::{Environment, Service};
use actions_core::error::fault;
use actions_core::manifest::{Manifest, Uploader};
use actions_core::runner::Problems;
use indexmap::IndexMap;

pub use self::builds::{NotBuilt, build};
pub use self::built::{Built, BundledBy, SOURCE_MAP, Size};
use self::by_wrangler::Handed;
use self::isolation::Foreign;
use self::lanes::{lanes, run};

/// The environment whose resources no other one may use unasked, whatever it is like.
const PRODUCTION: &str = "production";

/// What of a project is looked at, and on whose behalf.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub environment: &'a Environment,
    /// Absent when one Worker is looked at without a manifest.
    pub manifest: Option<&'a Manifest>,
    /// Keys of the services that are meant, in the manifest's order.
    pub chosen: &'a [String],
    /// Production's resources that may be used on purpose: `BINDING` or `service.BINDING`.
    pub shared: &'a [String],
    /// The Cloudflare account's id, where it is known.
    pub account: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// The services that are meant.
    pub fn services(self) -> impl Iterator<Item = &'a Service> {
        let services = self.environment.services.iter();
        services.filter(move |service| self.chosen.contains(&service.key))
    }

    /// Whether what another environment has too may be used on purpose.
    fn shares(self, service: &Service, name: &str) -> bool {
        let full = format!("{}.{name}", service.key);
        self.shared.iter().any(|shared| shared == name || *shared == full)
    }
}

/// Something that takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work<'a> {
    /// The project's own build command.
    Project { command: &'a str },
    /// The build command of these services.
    Services { keys: &'a [&'a str], command: &'a str },
    /// wrangler bundles a service.
    Bundle { key: &'a str },
}

/// What goes on.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    Begins(Work<'a>),
    /// However it ended.
    Ends(Work<'a>),
    /// A build command ended well.
    Built {
        work: Work<'a>,
        took: Duration,
    },
    /// A build command ended well and left what its framework generates as it was, which is as it should be.
    Kept {
        keys: &'a [&'a str],
        command: &'a str,
        pointer: &'a str,
    },
    /// A service was bundled, or read as it is built already.
    Bundled {
        key: &'a str,
        built: &'a Built,
    },
}

/// Is told of progress.
pub type Say<'a> = &'a (dyn Fn(Progress<'_>) + Sync);

/// The configurations of all services.
pub struct Project {
    configs: IndexMap<String, Config>,
    /// The environment of each service's configuration, by key; their top level when absent.
    wrangler_envs: BTreeMap<String, String>,
    root: PathBuf,
    /// Services that wrangler would not bundle: why is told already.
    refused: BTreeSet<String>,
}

impl Project {
    /// Reads every service's configuration, those that are not to be deployed too: bindings may name them. What is
    /// wrong with them is recorded.
    pub fn read(scope: Scope<'_>, not_built: &NotBuilt, problems: &mut Problems) -> Self {
        let environment = scope.environment;
        let mut configs = IndexMap::new();
        for service in &environment.services {
            let input = format!("services.{}", service.key);
            let folder = environment.root.join(&service.path);
            let elsewhere = not_built.elsewhere;
            let not_built = not_built.has(&service.key);
            // What a build has left counts for what is deployed; of the others the names are asked, and what they
            // use in production.
            let config = if scope.chosen.contains(&service.key) && !not_built && !elsewhere {
                Config::find(&folder)
            } else {
                Config::of_user(&folder)
            };
            match config {
                // A configuration that a failed build was to write is no problem of its own.
                Err(_) if not_built => {}
                Err(problem) => problems.add(&input, problem),
                Ok(config) => match config.settings(service.wrangler_env.as_deref()) {
                    Err(problem) => problems.add(&input, problem),
                    Ok(_) => {
                        configs.insert(service.key.clone(), config);
                    }
                },
            }
        }
        let mut project = Self::of(environment, configs);
        let foreign = project.foreign(scope);
        for (key, problem) in foreign.iter().flat_map(Foreign::unread) {
            problems.add(&format!("services.{key}"), problem);
        }
        for service in scope.services() {
            let Some(settings) = project.settings(&service.key) else {
                continue;
            };
            let names = project.configs[&service.key].names();
            for problem in refused::refused(scope, service, &settings, &names, foreign.as_ref()) {
                problems.add(&format!("services.{}", service.key), problem.text);
            }
        }
        for service in scope.services() {
            let Some(config) = project.configs.get(&service.key) else {
                continue;
            };
            let wrong = project
                .settings(&service.key)
                .map(|settings| routes::refused(config, &settings));
            let wrong = wrong.unwrap_or_default();
            if !wrong.is_empty() {
                project.refused.insert(service.key.clone());
            }
            for problem in wrong {
                problems.add(&format!("services.{}", service.key), problem);
            }
        }
        project
    }

    fn of(environment: &Environment, configs: IndexMap<String, Config>) -> Self {
        let sections = environment.services.iter();
        let sections = sections.filter_map(|service| Some((service.key.clone(), service.wrangler_env.clone()?)));
        Self {
            configs,
            wrangler_envs: sections.collect(),
            root: environment.root.clone(),
            refused: BTreeSet::new(),
        }
    }

    /// What a bundle would have told of services that were not bundled, as far as their configurations tell it.
    pub fn unbundled(&self, scope: Scope<'_>, bundled: &IndexMap<String, Built>, problems: &mut Problems) {
        for service in scope.services().filter(|service| !bundled.contains_key(&service.key)) {
            let Some(settings) = self.settings(&service.key) else {
                continue;
            };
            for problem in routes::without_ids(service, &settings) {
                problems.add(&format!("services.{}", service.key), problem);
            }
        }
    }

    fn settings(&self, key: &str) -> Option<Settings<'_>> {
        self.configs.get(key)?.settings(self.wrangler_env(key)).ok()
    }

    fn wrangler_env(&self, key: &str) -> Option<&str> {
        self.wrangler_envs.get(key).map(String::as_str)
    }

    /// Whether every service's configuration could be read.
    pub fn is_whole(&self, scope: Scope<'_>) -> bool {
        self.configs.len() == scope.environment.services.len()
    }

    /// Every name that each service's Worker has in some wrangler environment.
    pub fn names(&self) -> BTreeMap<String, Vec<String>> {
        self.configs
            .iter()
            .map(|(key, config)| (key.clone(), config.names()))
            .collect()
    }

    /// What belongs to other environments; `None` when this is production.
    pub fn foreign(&self, scope: Scope<'_>) -> Option<Foreign> {
        Foreign::of(self, scope)
    }

    /// Bundles the chosen services, as many at once as there are cores; failures come beside what went well. Those for
    /// which wrangler runs a build command are builds, too.
    pub async fn bundle(
        &self,
        scope: Scope<'_>,
        not_built: &NotBuilt,
        sandbox: &Sandbox,
        say: Say<'_>,
    ) -> (IndexMap<String, Built>, Vec<(String, anyhow::Error)>) {
        let ready = |service: &&Service| {
            let key = &service.key;
            self.configs.contains_key(key) && !not_built.has(key) && !self.refused.contains(key)
        };
        let lanes = lanes(scope.services().filter(ready), |service| {
            let settings = self.settings(&service.key)?;
            let builds = settings.get("build")?.get("command").is_some();
            builds.then(|| scope.lane(&self.root.join(&service.path)))?
        });
        let results = run(lanes, |service| async move {
            let work = Work::Bundle { key: &service.key };
            say(Progress::Begins(work));
            let built = self.bundle_one(service, sandbox).await;
            say(Progress::Ends(work));
            if let Ok(built) = &built {
                say(Progress::Bundled {
                    key: &service.key,
                    built,
                });
            }
            (&service.key, built)
        });
        let mut results: BTreeMap<&String, anyhow::Result<Built>> = results.await.into_iter().collect();
        let mut all = IndexMap::new();
        let mut failed = Vec::new();
        for service in scope.services() {
            match results.remove(&service.key) {
                Some(Ok(built)) => {
                    all.insert(service.key.clone(), built);
                }
                Some(Err(error)) => failed.push((service.key.clone(), error)),
                None => {}
            }
        }
        (all, failed)
    }

    async fn bundle_one(&self, service: &Service, sandbox: &Sandbox) -> anyhow::Result<Built> {
        let folder = self.root.join(&service.path);
        let wrangler_env = self.wrangler_env(&service.key);
        let started = Instant::now();
        let config = self
            .configs
            .get(&service.key)
            .ok_or_else(|| fault("its configuration was not read"))?;
        let settings = config.settings(wrangler_env).map_err(fault)?;
        let prebuilt = Form::prebuilt(config, &settings).map_err(fault)?;
        let by_wrangler = service.uploader == Uploader::Wrangler;
        let tool = if by_wrangler || prebuilt.is_none() {
            Some(Tool::find(&folder, sandbox).await?)
        } else {
            None
        };
        if let Some(tool) = tool.as_ref().filter(|_| by_wrangler) {
            tool.can_upload()?;
        }
        let (form, mut warnings, bundled_by) = match (prebuilt, &tool) {
            (Some(form), _) => (form, Vec::new(), None),
            (None, Some(tool)) => {
                let bundle = Bundle::make(tool, sandbox, &folder, config, wrangler_env, &service.worker).await?;
                (bundle.form, bundle.warnings, Some(BundledBy::from(tool)))
            }
            (None, None) => return Err(fault("there is no wrangler to bundle it").into()),
        };
        warnings.extend(config.differs(wrangler_env));
        // The build command of the configuration, which wrangler runs, may have written them. The configuration itself
        // was read before that, by wrangler too.
        let assets = Files::read(config, &settings).map_err(fault)?;
        let (modules, mut metadata) = (form.modules, form.metadata);
        let declared = declared::take(&mut metadata, settings.declared_secrets());
        let assets_only = assets.is_some() && settings.text("main").is_none();
        let switch = |key: &str| settings.get(key).and_then(serde_json::Value::as_bool);
        Ok(Built {
            declared,
            size: Size::of(&modules),
            assets_only,
            routes: told::routes(&settings),
            workers_dev: switch("workers_dev"),
            preview_urls: switch("preview_urls"),
            told: told::told(&settings, assets_only),
            metadata,
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
                wrangler_env: wrangler_env.map(str::to_owned),
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
