//! The project's own build command, and those of its services.

use std::path::{Path, PathBuf};
use std::time::Instant;

use actions_core::environment::Service;
use actions_core::error::fault;
use indexmap::IndexMap;

use super::lanes::{lanes, run, workspace};
use super::{Progress, Say, Scope, Work};
use crate::config::generated::{POINTER, Written};
use crate::{Config, Sandbox};

/// What could not be built.
#[derive(Debug, Default)]
pub struct NotBuilt {
    /// The project's own command failed: nothing after it was begun.
    pub project: Option<anyhow::Error>,
    pub services: IndexMap<String, anyhow::Error>,
    /// Nothing is built here: configurations are as they stand in the repository.
    pub elsewhere: bool,
}

impl NotBuilt {
    /// Whether a service is not built.
    pub fn has(&self, key: &str) -> bool {
        self.project.is_some() || self.services.contains_key(key)
    }
}

/// A command, and the services that it builds.
struct Build<'a> {
    keys: Vec<&'a str>,
    command: &'a str,
    folder: PathBuf,
    /// The environment of their configuration.
    wrangler_env: Option<&'a str>,
}

/// Runs the project's build command, then those of the chosen services; returns what failed. They come before everything
/// else: a build may write the configuration, too. The same command in the same folder runs once, and those in one
/// workspace run one after another unless the manifest says `parallel-builds`.
pub async fn build(scope: Scope<'_>, sandbox: &Sandbox, say: Say<'_>) -> NotBuilt {
    let project = scope.manifest.map(|manifest| &manifest.project);
    let wrangler_env = scope.environment.wrangler_env.as_deref();
    if let Some(command) = project.and_then(|project| project.build.as_deref()) {
        let work = Work::Project { command };
        let built = async { Ok(sandbox.build(command, &scope.environment.root, wrangler_env).await?) };
        if let Err(failed) = said(say, work, built).await {
            return NotBuilt {
                project: Some(failed),
                ..NotBuilt::default()
            };
        }
    }
    let lanes = lanes(builds(scope), |build| scope.lane(&build.folder));
    let results = run(lanes, |build| async move {
        let work = Work::Services {
            keys: &build.keys,
            command: build.command,
        };
        let built = async {
            let before = Written::of(&build.folder);
            sandbox.build(build.command, &build.folder, build.wrangler_env).await?;
            renewed(say, before.as_ref(), &build)
        };
        let result = said(say, work, built).await;
        (build, result)
    });
    let mut services = IndexMap::new();
    for (build, result) in results.await {
        if let Err(failed) = result {
            // One command, one failure.
            let (first, others) = (build.keys[0], &build.keys[1..]);
            services.insert(first.to_owned(), failed);
            for other in others {
                let same = fault(format!("it is built together with `{first}`, which failed"));
                services.insert((*other).to_owned(), same.into());
            }
        }
    }
    NotBuilt {
        services,
        ..NotBuilt::default()
    }
}

/// A build that leaves an earlier one's configuration as it was has that deployed, whatever it did itself: right where a
/// build cache (Turborepo's, Nx's) found everything in place, which is told; refused where the configuration is not the
/// one that would be written now.
fn renewed(say: Say<'_>, before: Option<&Written>, build: &Build<'_>) -> anyhow::Result<()> {
    let (command, environment) = (build.command, build.wrangler_env);
    if before.is_none() || before != Written::of(&build.folder).as_ref() {
        return Ok(());
    }
    let is_right = |config: &Config| config.settings(environment).is_ok() && config.differs(environment).is_none();
    if Config::find(&build.folder).is_ok_and(|config| is_right(&config)) {
        say(Progress::Kept {
            keys: &build.keys,
            command,
            pointer: POINTER,
        });
        return Ok(());
    }
    Err(fault(format!(
        "`{command}` ended well and did not write `{POINTER}`, which is there from an earlier build and leads wrangler to what that one made"
    ))
    .hint("delete it before this step; or leave `build` out of the manifest, if an earlier step builds the service")
    .into())
}

/// Tells of a command's begin, of its end, and how long it took when it ended well.
async fn said(say: Say<'_>, work: Work<'_>, command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let started = Instant::now();
    say(Progress::Begins(work));
    let result = command.await;
    say(Progress::Ends(work));
    if result.is_ok() {
        let took = started.elapsed();
        say(Progress::Built { work, took });
    }
    result
}

fn builds(scope: Scope<'_>) -> Vec<Build<'_>> {
    let mut builds: Vec<Build<'_>> = Vec::new();
    for service in scope.services() {
        let Some(command) = service.build.as_deref() else {
            continue;
        };
        let folder = scope.environment.root.join(&service.path);
        let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
        let wrangler_env = service.wrangler_env.as_deref();
        match builds
            .iter_mut()
            .find(|build| build.command == command && build.folder == folder && build.wrangler_env == wrangler_env)
        {
            Some(build) => build.keys.push(&service.key),
            None => builds.push(Build {
                keys: vec![&service.key],
                command,
                folder,
                wrangler_env,
            }),
        }
    }
    builds
}

impl Scope<'_> {
    /// What a build in this folder must not run beside.
    pub(super) fn lane(self, folder: &Path) -> Option<PathBuf> {
        let parallel = self.manifest.is_some_and(|manifest| manifest.project.parallel_builds);
        if parallel { None } else { workspace(folder) }
    }
}

/// The chosen services that some command builds: the manifest's, or their configuration's own.
pub fn built_by_commands(scope: Scope<'_>) -> Vec<String> {
    let by_wrangler = |service: &Service| {
        let config = Config::of_user(&scope.environment.root.join(&service.path)).ok();
        let settings = config
            .as_ref()
            .and_then(|config| config.settings(service.wrangler_env.as_deref()).ok());
        settings.is_some_and(|settings| settings.has("build"))
    };
    let of_project = scope.manifest.is_some_and(|manifest| manifest.project.build.is_some());
    let built = scope
        .services()
        .filter(|service| of_project || service.build.is_some() || by_wrangler(service));
    built.map(|service| service.key.clone()).collect()
}
