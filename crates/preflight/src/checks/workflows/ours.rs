//! These actions and workflows, as their own files say what they take and need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::levels::Level;
use super::read::{Repository, local};
use super::uses;
use crate::document::{Document, Node};

/// The names that stand for nothing else in a repository of another kind.
const DISTINCTIVE: [&str; 3] = ["neon-branch", "preview-dns", "deploy-workers"];
/// The name under which they are published.
const HOME: &str = "codex/actions";

/// An action, or a workflow to call.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) name: &'static str,
    pub(super) is_workflow: bool,
    /// Its inputs, and whether each is required.
    pub(super) inputs: BTreeMap<String, bool>,
    /// What a caller may pass as `secrets`.
    pub(super) secrets: BTreeSet<String>,
    /// What its jobs ask of the token together; an action asks for nothing by itself.
    pub(super) permissions: BTreeMap<String, Level>,
}

macro_rules! actions {
    ($($name:literal),*) => { [$(($name, include_str!(concat!("../../../../../actions/", $name, "/action.yml")))),*] };
}
macro_rules! workflows {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../../.github/workflows/", $name, ".yml")))),*]
    };
}

/// Their own files, so that what is said of them here cannot differ.
static ALL: LazyLock<Vec<Ours>> = LazyLock::new(|| {
    let actions = actions![
        "pull-request",
        "setup-project",
        "neon-branch",
        "preview-dns",
        "deploy-workers",
        "health-check",
        "pr-comment",
        "cleanup",
        "preflight"
    ];
    let workflows = workflows!["preview", "production", "cleanup", "sweep", "testing"];
    let actions = actions.into_iter().filter_map(|(name, text)| {
        let document = Document::parse("action.yml", text).ok()?;
        Some(Ours {
            name,
            is_workflow: false,
            inputs: inputs(document.get(&["inputs"])),
            secrets: BTreeSet::new(),
            permissions: BTreeMap::new(),
        })
    });
    let workflows = workflows.into_iter().filter_map(|(name, text)| {
        let document = Document::parse("workflow.yml", text).ok()?;
        let call = document.get(&["on", "workflow_call"])?;
        let secrets = call.get("secrets").into_iter().flat_map(Node::entries);
        Some(Ours {
            name,
            is_workflow: true,
            inputs: inputs(call.get("inputs")),
            secrets: secrets.map(|(key, _)| key.to_owned()).collect(),
            permissions: asked(&document),
        })
    });
    actions.chain(workflows).collect()
});

pub(super) fn action(name: &str) -> Option<&'static Ours> {
    ALL.iter().find(|ours| ours.name == name && !ours.is_workflow)
}

pub(super) fn workflow(name: &str) -> Option<&'static Ours> {
    ALL.iter().find(|ours| ours.name == name && ours.is_workflow)
}

fn inputs(node: Option<&Node>) -> BTreeMap<String, bool> {
    let entries = node.into_iter().flat_map(Node::entries);
    let is_required = |input: &Node| input.get("required").and_then(Node::flag) == Some(true);
    entries
        .map(|(key, input)| (key.to_owned(), is_required(input)))
        .collect()
}

/// The highest level of each scope that a job of the workflow asks for.
fn asked(document: &Document) -> BTreeMap<String, Level> {
    let mut asked = BTreeMap::new();
    for (_, job) in document.get(&["jobs"]).into_iter().flat_map(Node::entries) {
        for (scope, level) in job.get("permissions").into_iter().flat_map(Node::entries) {
            let level = Level::of(level.text().unwrap_or_default());
            let known = asked.entry(scope.to_owned()).or_insert(level);
            *known = level.max(*known);
        }
    }
    asked
}

/// What stands behind `uses`, when it is one of them.
pub(super) fn named(repository: &Repository, uses: &str) -> Option<&'static Ours> {
    let (home, path) = match local(uses) {
        Some(path) => ("", path),
        None => parts(uses).map(|(home, path, _)| (home, path))?,
    };
    if !repository.homes.contains(home) {
        return None;
    }
    match path.strip_prefix(".github/workflows/") {
        Some(file) => workflow(file.strip_suffix(".yml")?).filter(|_| !home.is_empty()),
        None => action(path.strip_prefix("actions/").unwrap_or(path)),
    }
}

/// Repository, path and ref of `owner/repository/path@ref`.
pub(super) fn parts(uses: &str) -> Option<(&str, &str, &str)> {
    let (name, reference) = uses.split_once('@')?;
    let owner = name.find('/')?;
    let end = name[owner + 1..].find('/').map_or(name.len(), |end| owner + 1 + end);
    Some((&name[..end], name[end..].trim_start_matches('/'), reference))
}

/// The repositories that hold these actions: by their published name, or since what is used of them is found nowhere
/// else. The empty name stands for this repository itself.
pub(super) fn homes(repository: &Repository) -> BTreeSet<String> {
    let mut homes = BTreeSet::from([HOME.to_owned()]);
    let documents = repository.workflows.iter().chain(repository.composites.values());
    for document in documents {
        for (uses, node) in uses::references(document) {
            let Some((home, path, _)) = parts(uses) else {
                continue;
            };
            let is_fork = home.ends_with("/actions");
            let action = path.strip_prefix("actions/").or_else(|| is_fork.then_some(path));
            let passes = |name| node.get("secrets").is_some_and(|secrets| secrets.get(name).is_some());
            let is_called = path.strip_prefix(".github/workflows/").is_some_and(|file| {
                let known = file.strip_suffix(".yml").and_then(workflow).is_some();
                known && (passes("CLOUDFLARE_API_TOKEN") || passes("NEON_API_KEY"))
            });
            if is_called || action.is_some_and(|name| DISTINCTIVE.contains(&name)) {
                homes.insert(home.to_owned());
            }
        }
    }
    let is_here = |name: &str| repository.composites.contains_key(&format!("actions/{name}"));
    if DISTINCTIVE.iter().any(|name| is_here(name)) {
        homes.insert(String::new());
    }
    homes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        let named = |is_workflow| {
            ALL.iter()
                .filter(move |ours| ours.is_workflow == is_workflow)
                .map(|ours| ours.name)
        };
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folders = std::fs::read_dir(root.join("actions"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let folders: BTreeSet<String> = folders
            .filter(|path| path.join("action.yml").is_file())
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(named(false).map(str::to_owned).collect::<BTreeSet<_>>(), folders);
        // Those that others may call.
        let files = std::fs::read_dir(root.join(".github/workflows"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let called: BTreeSet<String> = files
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("\n  workflow_call:"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(named(true).map(str::to_owned).collect::<BTreeSet<_>>(), called);
        let deploy = action("deploy-workers").unwrap();
        assert_eq!(deploy.inputs.get("command"), Some(&false));
        assert_eq!(action("neon-branch").unwrap().inputs.get("neon-api-key"), Some(&true));
        let preview = workflow("preview").unwrap();
        assert!(preview.secrets.contains("WORKER_SECRETS") && preview.inputs.contains_key("head-sha"));
        let permissions = [
            ("contents".to_owned(), Level::Read),
            ("deployments".to_owned(), Level::Write),
            ("pull-requests".to_owned(), Level::Write),
        ];
        assert_eq!(preview.permissions, BTreeMap::from(permissions));
    }

    #[test]
    fn the_parts_of_a_reference() {
        assert_eq!(parts("a/b@v1"), Some(("a/b", "", "v1")));
        assert_eq!(parts("a/b/c/d@v1"), Some(("a/b", "c/d", "v1")));
        assert_eq!(parts("./x"), None);
        assert_eq!(parts("docker://alpine:3"), None);
    }
}
