//! What `turbo.json` says of one package's task, after what its own `turbo.json` changes.

use globset::GlobBuilder;

use super::workspace::{Package, Workspace};
use crate::document::{Document, Node};
use crate::finding::Place;

/// Stands for what the root says, in front of what a package adds.
const EXTENDS: &str = "$TURBO_EXTENDS$";

/// A task of a package that has a script for it.
pub(super) struct Task<'a> {
    pub(super) package: &'a Package,
    /// The script's name.
    pub(super) name: &'a str,
    pub(super) script: &'a str,
    /// Where it is configured: the package's own file, or the root's.
    pub(super) place: Place,
    /// Its key there: `build`, `web#build`.
    pub(super) key: String,
    layers: Vec<&'a Node>,
}

/// Every task that Turborepo would run, package by package.
pub(super) fn all(workspace: &Workspace) -> Vec<Task<'_>> {
    let Some(root) = &workspace.root else {
        return Vec::new();
    };
    let packages = workspace.packages.iter();
    packages
        .flat_map(|package| {
            let scripts = package.scripts.iter();
            scripts.filter_map(|(name, script)| Task::of(root, package, name, script))
        })
        .collect()
}

/// Tasks are `tasks` since version 2, and `pipeline` before.
pub(super) fn list(document: &Document) -> Option<&Node> {
    document.get(&["tasks"]).or_else(|| document.get(&["pipeline"]))
}

impl<'a> Task<'a> {
    fn of(root: &'a Document, package: &'a Package, name: &'a str, script: &'a str) -> Option<Self> {
        let in_root = |key: &str| list(root).and_then(|list| list.get(key));
        // A task of one package takes the place of the one for all, which gives it nothing.
        let own = if package.is_root {
            format!("//#{name}")
        } else {
            format!("{}#{name}", package.name)
        };
        let shared = if package.is_root && !is_alone(package) {
            None
        } else {
            in_root(name)
        };
        let (mut key, base) = match in_root(&own) {
            Some(node) => (own, Some(node)),
            None => (name.to_owned(), shared),
        };
        let mut layers = Vec::new();
        let mut place = None;
        if let Some(base) = base {
            layers.push(base);
            place = Some(root.place_of(base));
        }
        if let Some(document) = &package.turbo {
            // What another package than the root gives is not known here.
            if document
                .get(&["extends"])
                .into_iter()
                .flat_map(Node::items)
                .any(|from| from.text() != Some("//"))
            {
                return None;
            }
            if let Some(node) = list(document).and_then(|list| list.get(name)) {
                if node.get("extends").and_then(Node::flag) == Some(false) {
                    layers.clear();
                }
                layers.push(node);
                place = Some(document.place_of(node));
                name.clone_into(&mut key);
            }
        }
        Some(Self {
            package,
            name,
            script,
            place: place?,
            key,
            layers,
        })
    }

    /// A list of the task: a package's takes the place of the root's, unless it extends it.
    pub(super) fn list(&self, key: &str) -> Option<Vec<&'a str>> {
        let mut list: Option<Vec<&str>> = None;
        for layer in &self.layers {
            let Some(node) = layer.get(key) else { continue };
            let own = node.items().filter_map(Node::text);
            let (marks, own): (Vec<&str>, Vec<&str>) = own.partition(|item| *item == EXTENDS);
            let inherited = if marks.is_empty() {
                Vec::new()
            } else {
                list.unwrap_or_default()
            };
            list = Some(inherited.into_iter().chain(own).collect());
        }
        list
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.layers.iter().rev().find_map(|layer| layer.get(key)?.flag())
    }

    /// Whether undeclared variables are kept from it: in version 1 one that passes any through sees no others (1.13.4).
    pub(super) fn is_strict(&self, workspace: &Workspace) -> bool {
        let passes = ["passThroughEnv", "experimentalPassThroughEnv"];
        let by_itself = workspace.is_first_form() && passes.iter().any(|key| self.list(key).is_some());
        workspace.is_strict() || by_itself && !workspace.runs_loose
    }

    pub(super) fn is_cached(&self) -> bool {
        self.flag("cache") != Some(false)
    }

    /// Whether a variable reaches the task and, when it is no mere passing through, its cache's key.
    pub(super) fn declares(&self, root: &Document, name: &str) -> bool {
        let global = ["globalEnv", "globalPassThroughEnv", "experimentalGlobalPassThroughEnv"];
        let global = global.iter().filter_map(|key| root.get(&[*key]));
        let own = ["env", "passThroughEnv", "experimentalPassThroughEnv"];
        let own = own.iter().filter_map(|key| self.list(key));
        let global = global.map(|node| node.items().filter_map(Node::text).collect::<Vec<_>>());
        global.chain(own).any(|patterns| matches(&patterns, name))
    }
}

/// A workspace of one package has no others: its tasks are the root's own.
fn is_alone(package: &Package) -> bool {
    let is_there = |name: &str| package.folder.join(name).is_file();
    let package_json = std::fs::read_to_string(package.folder.join("package.json")).unwrap_or_default();
    !is_there("pnpm-workspace.yaml") && !package_json.contains("\"workspaces\"")
}

/// Whether one list of `env` patterns takes a name: in any order, `!` wins.
pub(super) fn matches(patterns: &[&str], name: &str) -> bool {
    let is = |pattern: &str| {
        let glob = GlobBuilder::new(pattern).build();
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(name))
    };
    let (without, with): (Vec<&str>, Vec<&str>) = patterns.iter().partition(|pattern| pattern.starts_with('!'));
    with.iter().any(|pattern| is(pattern)) && !without.iter().any(|pattern| is(&pattern[1..]))
}
