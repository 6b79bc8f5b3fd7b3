//! What is looked at, read once: the manifest, its environments, the wrangler configurations.

use std::path::{Path, PathBuf};

use actions_core::environment::Environment;
use actions_core::manifest::{EnvironmentSpec, Manifest, Wrong};
use actions_core::runner::Env;
use indexmap::IndexMap;
use wrangler::Config;

use crate::document::{Document, Unreadable};
use crate::finding::{Finding, Place};
use crate::inputs::Inputs;

/// The repository as it is checked out, and the step's variables.
pub(crate) struct World {
    pub(crate) workspace: PathBuf,
    /// The variables of the step, where secrets are looked for.
    pub(crate) env: Env,
    /// The manifest's path from the workspace.
    pub(crate) manifest_file: String,
    pub(crate) manifest: Result<Manifest, Wrong>,
    /// The manifest with its places; `None` where there is none, or it is no TOML.
    pub(crate) document: Option<Document>,
    /// The environments to look at. One per pull request is resolved for the event's, else for [`STAND_IN`].
    pub(crate) environments: Vec<Environment>,
    /// Those that cannot be resolved, by name, and why.
    pub(crate) unresolved: Vec<(String, String)>,
    /// The Cloudflare account, where it is given.
    pub(crate) account: Option<String>,
    /// By service: its wrangler configuration, as people wrote it.
    pub(crate) services: IndexMap<String, WranglerFile>,
}

/// The number that stands for a pull request where none is known: names are checked with it.
pub(crate) const STAND_IN: u64 = 1;

/// A service's wrangler configuration.
pub(crate) struct WranglerFile {
    /// The folder from the workspace.
    pub(crate) folder: String,
    /// What wrangler makes of it.
    pub(crate) config: Result<Config, String>,
    /// The same file with places; `None` where there is none.
    pub(crate) document: Result<Option<Document>, Unreadable>,
}

impl World {
    /// Reads what is there. What cannot be read is a finding, not an error.
    pub(crate) fn read(inputs: &Inputs, env: &Env) -> Self {
        let manifest_file = from(&inputs.workspace, &inputs.manifest);
        let document = Document::read(&inputs.workspace, &manifest_file).ok().flatten();
        Self::of(Manifest::load(&inputs.manifest), document, inputs, env)
    }

    /// The same with a manifest that is not written yet.
    pub(crate) fn of_text(text: &str, inputs: &Inputs, env: &Env) -> Self {
        let file = from(&inputs.workspace, &inputs.manifest);
        let root = inputs.manifest.parent().unwrap_or(Path::new("")).to_path_buf();
        let manifest = Manifest::parse(text, &file, root);
        Self::of(manifest, Document::parse(&file, text).ok(), inputs, env)
    }

    fn of(manifest: Result<Manifest, Wrong>, document: Option<Document>, inputs: &Inputs, env: &Env) -> Self {
        let workspace = inputs.workspace.clone();
        let manifest_file = from(&workspace, &inputs.manifest);
        let (mut environments, mut unresolved, mut services) = (Vec::new(), Vec::new(), IndexMap::new());
        if let Ok(manifest) = &manifest {
            let all = manifest.environments.keys().cloned().collect();
            let chosen = if inputs.environments.is_empty() {
                all
            } else {
                inputs.environments.clone()
            };
            for name in chosen {
                let spec = manifest.environments.get(&name);
                let number = Some(inputs.pull_request.unwrap_or(STAND_IN));
                let number = number.filter(|_| spec.is_some_and(EnvironmentSpec::is_per_pull_request));
                match Environment::resolve(manifest, &name, number, &inputs.repository) {
                    Ok(environment) => environments.push(environment),
                    Err(wrong) => {
                        unresolved.extend(wrong.0.into_iter().map(|(_, problem)| (name.clone(), problem)));
                    }
                }
            }
            for (key, service) in &manifest.services {
                services.insert(
                    key.clone(),
                    WranglerFile::read(&workspace, &manifest.root.join(&service.path)),
                );
            }
        }
        Self {
            workspace,
            env: env.clone(),
            manifest_file,
            manifest,
            account: inputs.cloudflare.as_ref().map(|access| access.account_id.clone()),
            document,
            environments,
            unresolved,
            services,
        }
    }
}

impl World {
    /// The finding, at what the manifest says of it, as deep as it says anything.
    pub(crate) fn in_manifest(&self, finding: Finding, path: &[&str]) -> Finding {
        match &self.document {
            Some(document) => finding.at(document.place(path)),
            None => finding.at(Place::of_file(self.manifest_file.clone())),
        }
    }
}

impl WranglerFile {
    fn read(workspace: &Path, folder: &Path) -> Self {
        let config = Config::of_user(folder);
        let file = match &config {
            Ok(config) => Some(config.file.clone()),
            Err(_) => Config::file_in(folder).ok().flatten(),
        };
        let document = file.map(|file| Document::read(workspace, &from(workspace, &file)));
        Self {
            folder: from(workspace, folder),
            config,
            document: document.unwrap_or(Ok(None)),
        }
    }
}

/// A path from the workspace, with `/`.
pub(crate) fn from(workspace: &Path, path: &Path) -> String {
    let path = path.strip_prefix(workspace).unwrap_or(path);
    let parts = path
        .components()
        .filter(|part| !matches!(part, std::path::Component::CurDir));
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    // Outside of the workspace a path keeps its root, which is a part of its own.
    parts.join("/").replacen("//", "/", 1)
}
