//! The workflows that call ours, for this repository: the callers that our documents show, without what it does not need.

use std::path::Path;

use crate::document::{Document, Node};
use crate::write::block::Style;
use crate::write::facts::Facts;
use crate::write::files::{Part, Wanted};
use crate::write::trunk;

const PREVIEW: &str = include_str!("../../../../../action-tests/workflows/callers/preview.yml");
const CLEANUP: &str = include_str!("../../../../../action-tests/workflows/callers/cleanup.yml");
const SWEEP: &str = include_str!("../../../../../action-tests/workflows/callers/sweep.yml");
const PRODUCTION: &str = include_str!("../../../../../action-tests/workflows/callers/production.yml");
const TESTING: &str = include_str!("../../../../../action-tests/workflows/callers/testing.yml");

const FOLDER: &str = ".github/workflows";

pub(super) fn all(facts: &Facts<'_>) -> Vec<Wanted> {
    let mut callers: Vec<(String, String)> = Vec::new();
    if let Some(previews) = facts.previews() {
        let with = [("environment", previews.name.as_str(), "preview")];
        callers.push(("preview.yml".to_owned(), caller(facts, PREVIEW, &with)));
        callers.push(("cleanup.yml".to_owned(), caller(facts, CLEANUP, &with)));
        callers.push(("sweep.yml".to_owned(), caller(facts, SWEEP, &[])));
    }
    for environment in facts.permanent() {
        let name = environment.name.as_str();
        // One that is no production is deployed by hand, until somebody says when.
        let text = if name == "production" {
            let file = format!("{FOLDER}/production.yml");
            let branch = trunk::of(&facts.world.workspace, &file);
            PRODUCTION.replace("branches: [main]", &format!("branches: [{}]", scalar(&branch)))
        } else {
            let text = PRODUCTION.replace("push: { branches: [main] }, ", "");
            ["name: production", "group: production", "  production:"]
                .iter()
                .fold(text, |text, part| text.replace(part, &part.replace("production", name)))
        };
        let secret = !facts.variables(environment).is_empty();
        let mut with = vec![("environment", name, "production")];
        with.extend(secret.then_some(("github-environment", name, "")));
        callers.push((format!("{name}.yml"), caller(facts, &text, &with)));
    }
    callers.extend(testing(facts).map(|text| ("testing.yml".to_owned(), text)));
    let wanted = callers.into_iter().map(|(name, text)| Wanted {
        file: format!("{FOLDER}/{name}"),
        part: part(facts, &name, text),
    });
    wanted.collect()
}

/// A branch's name (or a pattern of some) as YAML.
fn scalar(branch: &str) -> String {
    if branch
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || "._/-".contains(char))
    {
        branch.to_owned()
    } else {
        format!("'{}'", branch.replace('\'', "''"))
    }
}

/// The tests that the top package has a script for.
fn testing(facts: &Facts<'_>) -> Option<String> {
    let package = Document::read(&facts.world.workspace, "package.json").ok().flatten()?;
    let has = |script: &str| package.get(&["scripts", script]).is_some();
    let run = package_manager(facts, &package);
    let has_playwright = ["dependencies", "devDependencies"]
        .iter()
        .any(|kind| package.get(&[kind, "@playwright/test"]).is_some());
    let first = |scripts: &[&'static str]| scripts.iter().copied().find(|script| has(script));
    let commands = [
        (
            "static",
            first(&["lint", "check", "typecheck"]).map(|script| format!("{run} run {script}")),
        ),
        ("unit", first(&["test"]).map(|script| format!("{run} run {script}"))),
        (
            "e2e",
            first(&["test:e2e", "e2e"])
                .filter(|_| has_playwright)
                .map(|script| format!("npx playwright install --with-deps chromium && {run} run {script}")),
        ),
    ];
    let (before, rest) = TESTING.split_once("    with:\n")?;
    let (_, secrets) = rest.split_once("    secrets:\n")?;
    let lines = commands
        .iter()
        .filter_map(|(input, command)| Some(format!("      {input}: {}\n", command.as_ref()?)));
    let lines: String = lines.collect();
    let secrets = if facts.has_database() {
        format!("    secrets:\n{secrets}")
    } else {
        String::new()
    };
    (!lines.is_empty()).then(|| format!("{before}    with:\n{lines}{secrets}"))
}

fn package_manager(facts: &Facts<'_>, package: &Document) -> &'static str {
    let named = package
        .get(&["packageManager"])
        .and_then(|name| name.text())
        .unwrap_or_default();
    let is = |manager: &str, locks: &[&str]| {
        named.starts_with(manager) || locks.iter().any(|lock| facts.world.workspace.join(lock).exists())
    };
    if is("pnpm", &["pnpm-lock.yaml"]) {
        "pnpm"
    } else if is("yarn", &["yarn.lock"]) {
        "yarn"
    } else if is("bun", &["bun.lock", "bun.lockb"]) {
        "bun"
    } else {
        "npm"
    }
}

/// A caller with what this repository has, and with inputs that differ from their defaults.
fn caller(facts: &Facts<'_>, text: &str, with: &[(&str, &str, &str)]) -> String {
    let secrets = facts
        .environments
        .iter()
        .any(|environment| !facts.variables(environment).is_empty());
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| facts.has_database() || !line.contains("NEON_API_KEY"))
        .filter(|line| secrets || !line.contains("WORKER_SECRETS"))
        .map(str::to_owned)
        .collect();
    let mut more: Vec<String> = with
        .iter()
        .filter(|(_, value, default)| value != default)
        .map(|(input, value, _)| format!("{input}: {value}"))
        .collect();
    if facts.world.manifest_file != "codex.toml" {
        more.push(format!("manifest: {}", facts.world.manifest_file));
    }
    if !more.is_empty() {
        let more = more.join(", ");
        if let Some(line) = lines.iter_mut().find(|line| line.trim_start().starts_with("with: { ")) {
            *line = line.replace("with: { ", &format!("with: {{ {more}, "));
        } else if let Some(at) = lines.iter().position(|line| line.trim_start().starts_with("uses: ")) {
            lines.insert(at + 1, format!("    with: {{ {more} }}"));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn is_workflow(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|ending| ending == "yml" || ending == "yaml")
}

/// A workflow that calls the same one of ours already is the team's own.
fn part(facts: &Facts<'_>, name: &str, text: String) -> Part {
    let uses = text.lines().find_map(|line| line.trim().strip_prefix("uses: "));
    let called = uses.and_then(|uses| uses.split('@').next()?.rsplit('/').next());
    let folder = std::fs::read_dir(facts.world.workspace.join(FOLDER));
    let mut files: Vec<String> = folder
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|file| file != name && is_workflow(file))
        .collect();
    files.sort();
    let calls = |file: &&String| {
        let document = Document::read(&facts.world.workspace, &format!("{FOLDER}/{file}"))
            .ok()
            .flatten();
        let jobs = document.as_ref().and_then(|document| document.get(&["jobs"]));
        let mut uses = jobs
            .into_iter()
            .flat_map(Node::entries)
            .filter_map(|(_, job)| job.get("uses")?.text());
        // Two permanent environments call one and the same workflow, each its own file.
        let is_ours = |uses: &str| {
            let path = uses.split('@').next().unwrap_or_default();
            path.contains("/.github/workflows/") && path.rsplit('/').next() == called
        };
        called != Some("production.yml") && uses.any(is_ours)
    };
    match files.iter().find(calls) {
        Some(file) => Part::Left(format!("`{FOLDER}/{file}` calls the same workflow already")),
        None => Part::Block {
            style: Style::Hash,
            text,
        },
    }
}
