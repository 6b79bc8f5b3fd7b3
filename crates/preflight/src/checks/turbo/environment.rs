//! Variables: which reach tasks, and which the cache's key knows.

use actions_core::text::quoted_list;

use super::names::{self, Known};
use super::reads::{self, Read};
use super::tasks::{self, Task};
use super::workspace::Workspace;
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Place, Severity};

pub(super) const UNDECLARED: Kind = Kind {
    name: "turbo-env-undeclared",
    severity: Severity::Warning,
    what: "A task's script reads a variable that `turbo.json` declares nowhere.",
    why: "In strict mode, the default since Turborepo 2, the task does not see it. In loose mode it does, but the cache's key does not know it, and a result that was made with another value is taken from the cache.",
    mend: "Add it to `env` of the task, or to `passThroughEnv` when it changes no output.",
};

pub(super) const PLAYWRIGHT: Kind = Kind {
    name: "turbo-playwright-env",
    severity: Severity::Warning,
    what: "Playwright's tests run by Turborepo, which keeps `PLAYWRIGHT_*` from them.",
    why: "In strict mode `PLAYWRIGHT_BROWSERS_PATH` does not reach the tests, so that they look for the browsers elsewhere than they were installed, nor does a base URL or a worker count.",
    mend: "Add `\"globalPassThroughEnv\": [\"PLAYWRIGHT_*\"]` to the root `turbo.json`.",
};

pub(super) const DEPLOYMENT: Kind = Kind {
    name: "turbo-deployment-env",
    severity: Severity::Note,
    what: "Some tasks know an account or a project by a variable, and `globalEnv` does not.",
    why: "Only the tasks that name it miss the cache when another account or project is meant; the others take results that were made for the former one.",
    mend: "Add `CLOUDFLARE_ACCOUNT_ID` and `NEON_PROJECT_ID`, as far as they are used, to `globalEnv`.",
};

/// No secrets: a key in `globalEnv` would change with each rotation and miss every cache.
const IDS: [&str; 2] = ["CLOUDFLARE_ACCOUNT_ID", "NEON_PROJECT_ID"];

pub(super) fn findings(workspace: &Workspace, known: &Known) -> Vec<Finding> {
    let Some(root) = &workspace.root else {
        return Vec::new();
    };
    let tasks = tasks::all(workspace);
    let mut findings = undeclared(workspace, root, &tasks, known);
    findings.extend(playwright(workspace, root, &tasks));
    findings.extend(deployment(root, &tasks));
    findings
}

fn undeclared(workspace: &Workspace, root: &Document, tasks: &[Task<'_>], known: &Known) -> Vec<Finding> {
    let mut by_place: Vec<(&Task<'_>, Vec<Read>)> = Vec::new();
    // Development has its own files of variables.
    let is_run = |task: &&Task<'_>| {
        let is_development = ["dev", "start", "watch", "preview"]
            .iter()
            .any(|name| task.name.starts_with(name));
        !is_development && task.flag("persistent") != Some(true) && (task.is_strict(workspace) || task.is_cached())
    };
    for task in tasks.iter().filter(is_run) {
        let mut reads = reads::of(&workspace.checkout, task, known);
        reads.extend(by_wrangler(task).filter(|_| task.is_strict(workspace)));
        reads.retain(|read| !task.declares(root, &read.name) && !names::is_inferred(task.package, &read.name));
        if reads.is_empty() {
            continue;
        }
        match by_place.iter_mut().find(|(other, _)| other.place == task.place) {
            Some((_, all)) => all.extend(reads),
            None => by_place.push((task, reads)),
        }
    }
    let finding = |(task, mut reads): (&Task<'_>, Vec<Read>)| {
        reads.sort_by(|one, other| one.name.cmp(&other.name));
        reads.dedup_by(|one, other| one.name == other.name);
        let list: Vec<String> = reads
            .iter()
            .map(|read| format!("`{}` ({})", read.name, read.at))
            .collect();
        let names: Vec<&str> = reads.iter().map(|read| read.name.as_str()).collect();
        let what = if task.is_strict(workspace) {
            "does not see"
        } else {
            "has in no cache key"
        };
        let said = format!("task `{}` reads, and {what}, {}", task.key, list.join(", "));
        let remedy = format!(
            "add {} to its `env`, or to `passThroughEnv` what changes no output",
            quoted_list(&names)
        );
        let subject = format!("{}#{}", task.place.file, task.key);
        Finding::new(&UNDECLARED, subject, said, remedy).at(task.place.clone())
    };
    by_place.into_iter().map(finding).collect()
}

/// Wrangler takes its token from the environment, whatever the script says.
fn by_wrangler(task: &Task<'_>) -> Option<Read> {
    const COMMANDS: [&str; 6] = ["deploy", "versions", "secret", "d1", "kv", "r2"];
    let is_local = task.script.contains("--dry-run") || task.script.contains("--local");
    let mut calls = COMMANDS.iter().map(|command| format!("wrangler {command}"));
    let calls = !is_local && calls.any(|call| task.script.contains(&call));
    calls.then(|| Read {
        name: "CLOUDFLARE_API_TOKEN".to_owned(),
        at: format!("wrangler in the script `{}`", task.name),
    })
}

fn playwright(workspace: &Workspace, root: &Document, tasks: &[Task<'_>]) -> Option<Finding> {
    const VARIABLE: &str = "PLAYWRIGHT_BROWSERS_PATH";
    let task = tasks.iter().filter(|task| task.is_strict(workspace)).find(|task| {
        let is_its = task.package.dependencies.contains("@playwright/test") || task.script.contains("playwright test");
        is_its && task.script.contains("playwright") && !task.declares(root, VARIABLE)
    })?;
    let said = format!(
        "task `{}` of {} runs Playwright, and `PLAYWRIGHT_*` does not reach it",
        task.name,
        task.package.title()
    );
    let remedy = "add `\"globalPassThroughEnv\": [\"PLAYWRIGHT_*\"]`";
    let place = root.place(&["globalPassThroughEnv"]);
    Some(Finding::new(&PLAYWRIGHT, &root.file, said, remedy).at(place))
}

fn deployment(root: &Document, tasks: &[Task<'_>]) -> Option<Finding> {
    let global = root.get(&["globalEnv"]);
    let global: Vec<&str> = global
        .into_iter()
        .flat_map(Node::items)
        .filter_map(Node::text)
        .collect();
    let declares = |task: &Task<'_>, name: &str| {
        let lists = ["env", "passThroughEnv"].iter().filter_map(|key| task.list(key));
        lists.flatten().any(|pattern| pattern == name)
    };
    let of_task = |name: &str| -> Option<(String, Place)> {
        let task = tasks.iter().find(|task| declares(task, name))?;
        Some((task.key.clone(), task.place.clone()))
    };
    let missing = IDS.iter().filter(|name| !tasks::matches(&global, name));
    let missing: Vec<(&str, (String, Place))> = missing.filter_map(|name| Some((*name, of_task(name)?))).collect();
    let (_, (key, place)) = missing.first()?;
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let said = format!(
        "task `{key}` declares {}, and `globalEnv` does not",
        quoted_list(&names)
    );
    let remedy = format!("add {} to `globalEnv`", quoted_list(&names));
    Some(Finding::new(&DEPLOYMENT, &root.file, said, remedy).at(place.clone()))
}
