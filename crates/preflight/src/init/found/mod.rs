//! What a repository has that a manifest is made of: its Workers' configurations, its packages, what its sources read.
//! Everything is read here, and in one order, so that two runs propose the same.

mod code;
mod deployed;
pub(super) mod packages;
pub(super) mod routes;
pub(crate) mod running;
pub(super) mod sources;
pub(super) mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};
use wrangler::Config;

use self::packages::{Manager, Package};
use self::sources::Sources;

/// In wrangler's order: of two in one folder the first one counts.
const CONFIGURATIONS: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// Folders whose Workers are shown or tested rather than deployed.
const NOT_DEPLOYED: [&str; 14] = [
    "__fixtures__",
    "__tests__",
    "benchmarks",
    "docs",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "playground",
    "playgrounds",
    "starters",
    "template",
    "templates",
    "tests",
];

/// Folders that hold what others made, whatever `.gitignore` says.
const NEVER: [&str; 1] = ["node_modules"];

/// A repository as far as a manifest is about it. Paths are from the manifest's folder, with `/`.
pub(super) struct Found {
    /// What the project is called where no package says it: the repository's name, else the folder's.
    pub(super) called: String,
    pub(super) manager: Manager,
    /// By folder, the manifest's own first.
    pub(super) packages: Vec<Package>,
    /// By folder.
    pub(super) workers: Vec<Worker>,
    pub(super) left_out: Vec<LeftOut>,
    /// Every file that is not ignored.
    pub(super) files: BTreeSet<String>,
    /// The file that names Neon, beside the dependencies.
    pub(super) neon: Option<String>,
    /// The kind of database that an ORM's configuration names, and that file.
    pub(super) postgres: Option<String>,
}

/// A Worker that a configuration describes.
pub(super) struct Worker {
    /// `.` is the manifest's folder.
    pub(super) folder: String,
    /// The configuration's path.
    pub(super) file: String,
    pub(super) config: Config,
    /// Its package, by its place in [`Found::packages`].
    pub(super) package: Option<usize>,
    pub(super) sources: Sources,
    /// Whether it is written in the service worker format, which our own client does not deploy.
    pub(super) listens: bool,
    /// Whether its code handles schedules, queues or the like, and no requests.
    pub(super) takes_no_requests: bool,
}

/// A configuration that becomes no service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) file: String,
    /// Why, in words that follow the file's name.
    pub(super) why: String,
}

impl Found {
    /// Reads what lies below `root`, the manifest's folder. `repository` is its name without the owner's, or empty.
    pub(super) fn read(root: &Path, repository: &str) -> Self {
        let files = files(root);
        let mut packages = packages::read(root, &files);
        let (mut workers, mut left_out) = (Vec::new(), Vec::new());
        for file in files.iter().filter(|file| configures(file)) {
            match configuration(root, file, &files) {
                Ok(config) => workers.push((folder_of(file).to_owned(), file.clone(), config)),
                Err(why) => left_out.push(LeftOut {
                    file: file.clone(),
                    why,
                }),
            }
        }
        let (workers, shown): (Vec<_>, Vec<_>) = workers.into_iter().partition(|(folder, ..)| shown(folder).is_none());
        // Where there is nothing else, they are what the repository is about.
        let (workers, shown) = if workers.is_empty() {
            (shown, Vec::new())
        } else {
            (workers, shown)
        };
        left_out.extend(shown.into_iter().map(|(folder, file, _)| LeftOut {
            why: format!(
                "is in `{}`, whose Workers are taken to be shown, not deployed",
                self::shown(&folder).unwrap_or_default()
            ),
            file,
        }));
        let of_workers: BTreeSet<String> = workers.iter().map(|(folder, ..)| folder.clone()).collect();
        for package in &mut packages {
            package.is_worker = of_workers.contains(&package.folder);
        }
        let needed = packages.iter().filter(|package| package.is_worker);
        let needed = needed.flat_map(|package| packages::needed(package, &packages));
        let mut wanted: BTreeSet<String> = needed.map(|package| package.folder.clone()).collect();
        wanted.extend(of_workers);
        let mut homes: BTreeSet<String> = packages.iter().map(|package| package.folder.clone()).collect();
        homes.extend(wanted.iter().cloned());
        let texts = text::Texts::read(root, &files, &homes, &wanted);
        let workers = workers.into_iter().map(|(folder, file, config)| {
            let package = packages.iter().position(|package| package.folder == folder);
            let sources = Sources::of(&folder, package, &packages, &texts);
            let main = config.settings(None).ok().and_then(|settings| settings.text("main"));
            let main = main.map(|main| root.join(joined(&folder, main)));
            Worker {
                listens: main.as_deref().is_some_and(running::is_service_worker),
                takes_no_requests: main.as_deref().is_some_and(running::takes_no_requests),
                folder,
                file,
                config,
                package,
                sources,
            }
        });
        let workers = deployed::without_helpers(workers.collect(), &mut left_out);
        left_out.sort_by(|a, b| a.file.cmp(&b.file));
        Self {
            called: if repository.is_empty() {
                name_of(root)
            } else {
                repository.to_owned()
            },
            manager: Manager::of(&packages, &files),
            neon: text::naming_neon(root, &files),
            postgres: text::naming_postgres(root, &files),
            packages,
            workers,
            left_out,
            files,
        }
    }

    /// The package of the manifest's folder.
    pub(super) fn root_package(&self) -> Option<&Package> {
        self.packages.iter().find(|package| package.folder == ".")
    }
}

impl Worker {
    pub(super) fn package<'a>(&self, found: &'a Found) -> Option<&'a Package> {
        found.packages.get(self.package?)
    }

    /// The part of its folder by which it is taken to be shown rather than deployed: there is no other Worker then.
    pub(super) fn shown_in(&self) -> Option<&str> {
        shown(&self.folder)
    }

    /// A path of its configuration, from the manifest's folder.
    pub(super) fn path(&self, path: &str) -> String {
        joined(&self.folder, path)
    }
}

/// Every file that is not ignored, by its path: the same whatever a machine's own git configuration says.
fn files(root: &Path) -> BTreeSet<String> {
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false)
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .follow_links(false)
        .filter_entry(is_looked_at);
    let files = walk.build().filter_map(Result::ok);
    let files = files.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    files
        .filter_map(|entry| Some(crate::world::from(root, entry.path())).filter(|path| !path.is_empty()))
        .collect()
}

/// Hidden folders hold tools' own things, but for the workflows.
fn is_looked_at(entry: &DirEntry) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    let name = entry.file_name().to_string_lossy();
    let hidden = name.starts_with('.') && name != "." && name != ".github";
    !is_folder || entry.depth() == 0 || !(hidden || NEVER.contains(&name.as_ref()))
}

/// Whether a file's name is that of a Worker's configuration, or of one that wrangler reads only when it is told to.
fn configures(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let ending = name.rsplit('.').next().unwrap_or_default();
    name.starts_with("wrangler.") && matches!(ending, "json" | "jsonc" | "toml")
}

/// The configuration in a file, or why it is none of a service.
fn configuration(root: &Path, file: &str, files: &BTreeSet<String>) -> Result<Config, String> {
    let folder = folder_of(file);
    let name = file.rsplit('/').next().unwrap_or(file);
    if !CONFIGURATIONS.contains(&name) {
        return Err("is not read: a service's configuration is `wrangler.jsonc`, `wrangler.json` or `wrangler.toml` in its folder".to_owned());
    }
    let first = CONFIGURATIONS
        .iter()
        .map(|name| joined(folder, name))
        .find(|file| files.contains(file));
    if first.as_deref() != Some(file) {
        return Err(format!(
            "is not read: wrangler takes `{}` before it",
            first.unwrap_or_default()
        ));
    }
    let config = Config::of_user(&root.join(folder)).map_err(|problem| {
        let shown = format!("{}/", root.display());
        format!("cannot be read: {}", problem.replace(&shown, ""))
    })?;
    if config.is_generated() {
        return Err("is what a build has written".to_owned());
    }
    if config
        .settings(None)
        .is_ok_and(|settings| settings.has("pages_build_output_dir"))
    {
        return Err("describes a Pages project, and not a Worker: `wrangler pages deploy` deploys it".to_owned());
    }
    Ok(config)
}

/// The folder's part by which its Workers are taken not to be deployed.
fn shown(folder: &str) -> Option<&str> {
    folder.split('/').find(|part| NOT_DEPLOYED.contains(part))
}

/// `.` for a file that lies at the top.
pub(super) fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// A path below a folder, without `./` and the way up and down again.
pub(super) fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

/// What a folder is called, wherever the process stands.
fn name_of(root: &Path) -> String {
    let whole: PathBuf = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    whole
        .file_name()
        .map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}
