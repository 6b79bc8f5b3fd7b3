//! What is kept of a task, and what makes it run again.

use globset::GlobBuilder;
use ignore::gitignore::GitignoreBuilder;

use super::tasks::{self, Task};
use super::workspace::Workspace;
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Severity};
use crate::world::from;

pub(super) const TASK: Kind = Kind {
    name: "turbo-task-cached",
    severity: Severity::Warning,
    what: "A task that deploys or migrates is cached.",
    why: "With unchanged files Turborepo does not run it a second time: it prints the former log, and nothing is deployed or migrated.",
    mend: "Add `\"cache\": false` to the task.",
};

pub(super) const OUTPUTS: Kind = Kind {
    name: "turbo-build-outputs",
    severity: Severity::Warning,
    what: "The build is cached and has no `outputs`.",
    why: "Without them Turborepo keeps the log alone: at the next hit in a fresh checkout nothing is built and nothing is restored, and the deployment finds no `dist`.",
    mend: "Name what the build writes: `\"outputs\": [\"dist/**\"]`, for SvelteKit `.svelte-kit/**` as well.",
};

pub(super) const INPUTS: Kind = Kind {
    name: "turbo-build-inputs",
    severity: Severity::Note,
    what: "The build has no `inputs`.",
    why: "Every file of a package counts then, so that a changed test builds it anew, and with it all that depend on it.",
    mend: "Leave out what no build reads: `\"inputs\": [\"$TURBO_DEFAULT$\", \"!**/*.test.ts\"]`.",
};

pub(super) const DOTENV: Kind = Kind {
    name: "turbo-dotenv-inputs",
    severity: Severity::Note,
    what: "A package has a `.env` file that Git ignores, and the build's cache does not know it.",
    why: "By default the files in source control count; a build after a change of `.env` takes the former result from the cache, with the former values in it.",
    mend: "Add `.env*` to `inputs` of the build, behind `$TURBO_DEFAULT$`.",
};

pub(super) fn findings(workspace: &Workspace) -> Vec<Finding> {
    let Some(root) = &workspace.root else {
        return Vec::new();
    };
    let tasks = tasks::all(workspace);
    let mut findings: Vec<Finding> = tasks.iter().filter_map(cached).collect();
    let builds: Vec<&Task<'_>> = tasks
        .iter()
        .filter(|task| task.name == "build" && task.is_cached())
        .collect();
    findings.extend(builds.iter().filter_map(|task| outputs(task)));
    // One is enough to think of it.
    findings.extend(builds.iter().find_map(|task| inputs(task)));
    findings.extend(builds.iter().filter_map(|task| dotenv(workspace, root, task)));
    // What the root says of a task is said once for all packages.
    let mut once: Vec<Finding> = Vec::new();
    for finding in findings {
        if !once
            .iter()
            .any(|other| other.kind == finding.kind && other.place == finding.place)
        {
            once.push(finding);
        }
    }
    once
}

fn finding(task: &Task<'_>, kind: &'static Kind, said: String, remedy: &str) -> Finding {
    let subject = format!("{}#{}", task.place.file, task.key);
    Finding::new(kind, subject, said, remedy).at(task.place.clone())
}

fn cached(task: &Task<'_>) -> Option<Finding> {
    const COMMANDS: [&str; 8] = [
        "wrangler deploy",
        "wrangler publish",
        "wrangler versions upload",
        "wrangler d1 migrations apply",
        "drizzle-kit migrate",
        "drizzle-kit push",
        "prisma migrate deploy",
        "prisma db push",
    ];
    let is_dry = task.script.contains("--dry-run");
    let command = COMMANDS
        .iter()
        .find(|command| task.script.contains(*command))
        .filter(|_| !is_dry)?;
    if !task.is_cached() {
        return None;
    }
    let said = format!(
        "task `{}` of {} runs `{command}`, and is cached",
        task.key,
        task.package.title()
    );
    Some(finding(task, &TASK, said, "add `\"cache\": false`"))
}

fn outputs(task: &Task<'_>) -> Option<Finding> {
    // An empty list is somebody's decision; what only checks writes nothing.
    let writes = !["--noEmit", "--no-emit", "--dry-run"]
        .iter()
        .any(|flag| task.script.contains(flag))
        || task.script.contains("--outdir");
    let says = task.list("outputs").is_some();
    if says || !writes {
        return None;
    }
    let said = format!(
        "task `{}` has no `outputs`, so nothing of what {} builds is restored from the cache",
        task.key,
        task.package.title()
    );
    Some(finding(
        task,
        &OUTPUTS,
        said,
        "name what is built, such as `\"outputs\": [\"dist/**\"]`",
    ))
}

fn inputs(task: &Task<'_>) -> Option<Finding> {
    if task.list("inputs").is_some() {
        return None;
    }
    let said = format!("task `{}` has no `inputs`, so a changed test builds anew", task.key);
    let remedy = "add `\"inputs\": [\"$TURBO_DEFAULT$\", \"!**/*.test.ts\"]`";
    Some(finding(task, &INPUTS, said, remedy))
}

/// The files that builds read, by Vite's and Next's rules.
const DOTENVS: [&str; 4] = [".env", ".env.local", ".env.production", ".env.production.local"];

fn dotenv(workspace: &Workspace, root: &Document, task: &Task<'_>) -> Option<Finding> {
    let folder = &task.package.folder;
    let name = DOTENVS.iter().find(|name| {
        let file = folder.join(name);
        file.is_file() && !is_input(workspace, root, task, name)
    })?;
    let file = from(&workspace.checkout, &folder.join(name));
    let said = format!("the build may read `{file}`, and task `{}` does not know it", task.key);
    let remedy = "add it to `inputs`: `[\"$TURBO_DEFAULT$\", \".env*\"]`";
    Some(finding(task, &DOTENV, said, remedy))
}

fn is_input(workspace: &Workspace, root: &Document, task: &Task<'_>, name: &str) -> bool {
    let folder = &task.package.folder;
    let from_root = from(&workspace.folder, &folder.join(name));
    let is = |pattern: &str, path: &str| {
        let glob = GlobBuilder::new(pattern.trim_start_matches("./"))
            .literal_separator(true)
            .build();
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
    };
    // Version 1 had keys of its own for them.
    let global = ["globalDependencies", "globalDotEnv"]
        .iter()
        .filter_map(|key| root.get(&[*key]));
    let mut global = global.flat_map(Node::items).filter_map(Node::text);
    let own = [task.list("inputs"), task.list("dotEnv")];
    let mut own = own.iter().flatten().flatten();
    let by_pattern = global.any(|pattern| is(pattern, &from_root))
        || own.any(|pattern| match pattern.strip_prefix("$TURBO_ROOT$/") {
            Some(pattern) => is(pattern, &from_root),
            None => is(pattern, name),
        });
    let by_default = task
        .list("inputs")
        .is_none_or(|inputs| inputs.contains(&"$TURBO_DEFAULT$"));
    by_pattern || by_default && !is_ignored(workspace, task, name)
}

fn is_ignored(workspace: &Workspace, task: &Task<'_>, name: &str) -> bool {
    let file = task.package.folder.join(name);
    let folders = file
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(&workspace.checkout));
    folders.into_iter().any(|folder| {
        let mut builder = GitignoreBuilder::new(folder);
        builder.add(folder.join(".gitignore"));
        let ignore = builder.build();
        ignore.is_ok_and(|ignore| ignore.matched_path_or_any_parents(&file, false).is_ignore())
    })
}
