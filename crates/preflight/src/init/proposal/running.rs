//! How a Worker is built and how it says that it is healthy. Pure.

use super::Plan;
use crate::init::found::{Found, Worker};

/// Folders that builds write, whether or not they are there.
const BUILT: [&str; 8] = [
    ".next",
    ".open-next",
    ".output",
    ".svelte-kit",
    ".vercel",
    "build",
    "dist",
    "out",
];

/// A path for the health check, and how it was found where that says too little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) path: String,
    pub(super) guessed: Option<&'static str>,
}

pub(super) fn health(worker: &Worker) -> Health {
    let sure = |path: &str| Health {
        path: path.to_owned(),
        guessed: None,
    };
    if let Some((path, _)) = &worker.sources.health {
        return sure(path);
    }
    if is_assets_only(worker) {
        return sure("/");
    }
    let guessed = if worker.takes_no_requests {
        "Look here: its code has no `fetch`, so that it answers no health check: it needs one that does, or is no service"
    } else if is_page(worker) {
        "guessed: its page, since its sources have no `/health`"
    } else {
        "guessed: its sources have no `/health`; it has to be a path that answers with a status of 200 to 299"
    };
    Health {
        path: "/".to_owned(),
        guessed: Some(guessed),
    }
}

/// Whether a Worker has assets, and no code.
pub(super) fn is_assets_only(worker: &Worker) -> bool {
    let settings = worker.config.settings(None);
    settings.is_ok_and(|settings| settings.has("assets") && settings.text("main").is_none())
}

/// Whether people open a Worker: it has assets.
fn is_page(worker: &Worker) -> bool {
    worker
        .config
        .settings(None)
        .is_ok_and(|settings| settings.has("assets") || settings.has("site"))
}

/// The service that people open, when it is clear.
pub(super) fn front(found: &Found) -> Option<usize> {
    let pages: Vec<usize> = (0..found.workers.len())
        .filter(|at| is_page(&found.workers[*at]))
        .collect();
    match pages[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// Whether a Worker has what only the project's wrangler deploys.
pub(super) fn needs_wrangler(plan: &Plan<'_>, worker: usize) -> bool {
    let config = &plan.found.workers[worker].config;
    let names = config.names();
    let mut sections = plan
        .stages
        .iter()
        .filter_map(|stage| config.settings(stage.sections[worker].as_deref()).ok());
    sections.any(|settings| wrangler::project::refused::needs_wrangler(&settings, &names))
}

/// What builds the Workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Builds {
    /// Of the whole project.
    pub(super) project: Option<String>,
    /// Of services, in the Workers' order.
    pub(super) services: Vec<Option<String>>,
    /// Services that have to be built, and no script says how.
    pub(super) unknown: Vec<usize>,
}

pub(super) fn builds(plan: &Plan<'_>) -> Builds {
    let found = plan.found;
    let mut builds = Builds {
        services: vec![None; found.workers.len()],
        ..Builds::default()
    };
    let several = found.workers.len() > 1;
    let root_builds = root_builds(found);
    for (at, worker) in found
        .workers
        .iter()
        .enumerate()
        .filter(|(_, worker)| needs_build(found, worker))
    {
        let own = worker
            .package(found)
            .filter(|package| package.scripts.contains_key("build"));
        if is_open_next(worker) && !own.is_some_and(|package| package.scripts["build"].contains(OPEN_NEXT)) {
            builds.services[at] = Some(found.manager.execute_in(".", &format!("{OPEN_NEXT} build")));
            continue;
        }
        // Cloudflare's plugin builds for one environment, which only a service's own command is told.
        if worker.folder != "." && several && root_builds && !has_plugin(found, worker) {
            builds.project = Some(found.manager.run("build"));
        } else if own.is_some() {
            builds.services[at] = Some(found.manager.run("build"));
        } else {
            builds.unknown.push(at);
        }
    }
    builds
}

/// Whether the root's package has a script that builds.
pub(super) fn root_builds(found: &Found) -> bool {
    found
        .root_package()
        .is_some_and(|package| package.scripts.contains_key("build"))
}

/// The adapter of Next.js for Workers. Its command runs the package's script `build`, which is Next's own, and makes the
/// Worker of that (create-cloudflare's template has it in `deploy` alone).
const OPEN_NEXT: &str = "opennextjs-cloudflare";

fn is_open_next(worker: &Worker) -> bool {
    let settings = worker.config.settings(None).ok();
    let main = settings.and_then(|settings| settings.text("main"));
    main.is_some_and(|main| main.split('/').any(|part| part == ".open-next"))
}

fn has_plugin(found: &Found, worker: &Worker) -> bool {
    let package = worker.package(found).or_else(|| found.root_package());
    package.is_some_and(|package| package.dependencies.contains("@cloudflare/vite-plugin"))
}

/// Whether what the configuration names is made by a build that wrangler does not run itself.
fn needs_build(found: &Found, worker: &Worker) -> bool {
    let Ok(settings) = worker.config.settings(None) else {
        return false;
    };
    if settings
        .get("build")
        .is_some_and(|build| build.get("command").is_some())
    {
        return false;
    }
    let assets = settings
        .get("assets")
        .and_then(|assets| assets.get("directory")?.as_str());
    let is_made = |path: &str| {
        let path = worker.path(path);
        let is_there =
            found.files.contains(&path) || found.files.iter().any(|file| file.starts_with(&format!("{path}/")));
        !is_there || path.split('/').any(|part| BUILT.contains(&part))
    };
    has_plugin(found, worker) || settings.text("main").is_some_and(is_made) || assets.is_some_and(is_made)
}
