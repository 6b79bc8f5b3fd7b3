//! The workspace that Turborepo sees: its packages, their scripts, every `turbo.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use serde_json::Value;

use crate::document::{Document, Node, Unreadable};
use crate::world::from;

/// Either name; `turbo.json` where both are there, which Turborepo refuses.
const NAMES: [&str; 2] = ["turbo.json", "turbo.jsonc"];
/// What no package's own code is in, whatever `.gitignore` says.
pub(super) const NOT_CODE: [&str; 5] = ["node_modules", "dist", "build", "coverage", ".turbo"];

pub(super) struct Workspace {
    /// The folder of the checkout, which places are told from.
    pub(super) checkout: PathBuf,
    /// The folder of the root `turbo.json`.
    pub(super) folder: PathBuf,
    /// The root `turbo.json`; `None` where it cannot be read.
    pub(super) root: Option<Document>,
    pub(super) unreadable: Vec<Unreadable>,
    /// The root package first.
    pub(super) packages: Vec<Package>,
    /// The major version of turbo that the root asks for.
    pub(super) version: Option<u64>,
    /// Whether a script or a workflow runs it with `--env-mode=loose`.
    pub(super) runs_loose: bool,
}

pub(super) struct Package {
    pub(super) folder: PathBuf,
    /// From the checkout; empty for the checkout itself.
    pub(super) path: String,
    pub(super) name: String,
    pub(super) is_root: bool,
    pub(super) scripts: BTreeMap<String, String>,
    pub(super) dependencies: BTreeSet<String>,
    /// Its own `turbo.json`, unless it is the root.
    pub(super) turbo: Option<Document>,
    /// Whether it is a Worker: what its sources read of `env` comes from bindings, at run time.
    pub(super) is_worker: bool,
}

impl Workspace {
    /// The workspace that `inside` is in; `None` where no `turbo.json` is there.
    pub(super) fn read(checkout: &Path, inside: &Path) -> Option<Self> {
        let folder = inside
            .ancestors()
            .take_while(|folder| folder.starts_with(checkout))
            .find(|folder| {
                let has = |name: &&str| folder.join(name).is_file();
                NAMES.iter().any(has) && !extends(checkout, folder)
            })?
            .to_owned();
        let mut unreadable = Vec::new();
        let mut turbo = |folder: &Path| match document(checkout, folder) {
            Ok(document) => document,
            Err(wrong) => {
                unreadable.push(wrong);
                None
            }
        };
        let root = turbo(&folder);
        let mut packages = Vec::new();
        for (at, found) in package_files(&folder).into_iter().enumerate() {
            let Some(package) = Package::read(checkout, &found, at == 0, &mut turbo) else {
                continue;
            };
            packages.push(package);
        }
        let version = version(&folder);
        let runs_loose = packages
            .iter()
            .flat_map(|package| package.scripts.values())
            .any(|script| is_loose(script))
            || workflows(checkout).iter().any(|text| is_loose(text));
        Some(Self {
            checkout: checkout.to_owned(),
            folder,
            root,
            unreadable,
            packages,
            version,
            runs_loose,
        })
    }

    /// The form of version 1.
    pub(super) fn is_first_form(&self) -> bool {
        self.root.as_ref().is_some_and(|root| root.get(&["pipeline"]).is_some())
    }

    /// Whether undeclared variables are kept from tasks; version 1 does so for single tasks, too.
    pub(super) fn is_strict(&self) -> bool {
        let Some(root) = &self.root else { return false };
        let mode = root.get(&["envMode"]).and_then(Node::text);
        let globally = ["globalPassThroughEnv", "experimentalGlobalPassThroughEnv"];
        let is_default = !self.is_first_form() || globally.iter().any(|key| root.get(&[*key]).is_some());
        !self.runs_loose && mode != Some("loose") && is_default
    }
}

fn document(checkout: &Path, folder: &Path) -> Result<Option<Document>, Unreadable> {
    for name in NAMES {
        if let Some(document) = Document::read(checkout, &from(checkout, &folder.join(name)))? {
            return Ok(Some(document));
        }
    }
    Ok(None)
}

/// Whether the file is a package's, which only changes the root's.
fn extends(checkout: &Path, folder: &Path) -> bool {
    matches!(document(checkout, folder), Ok(Some(document)) if document.get(&["extends"]).is_some())
}

fn json(file: &Path) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()
}

/// `package.json` of the root, and of what its workspaces name.
fn package_files(folder: &Path) -> Vec<PathBuf> {
    let root = folder.join("package.json");
    let (wanted, unwanted) = globs(folder);
    let mut found = vec![root.clone()];
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false)
        .filter_entry(|entry| !NOT_CODE.iter().any(|name| entry.file_name() == *name));
    for entry in walk.build().filter_map(Result::ok) {
        let path = entry.path();
        let Some(package) = path.parent().and_then(|parent| parent.strip_prefix(folder).ok()) else {
            continue;
        };
        let is_package = entry.file_name() == "package.json" && path != root;
        if is_package && wanted.is_match(package) && !unwanted.is_match(package) {
            found.push(path.to_owned());
        }
    }
    found[1..].sort();
    found
}

/// The workspaces of `package.json` or `pnpm-workspace.yaml`: what they name, and what they leave out.
fn globs(folder: &Path) -> (GlobSet, GlobSet) {
    let listed = json(&folder.join("package.json"))
        .map(|root| match &root["workspaces"] {
            Value::Array(_) => root["workspaces"].clone(),
            workspaces => workspaces["packages"].clone(),
        })
        .unwrap_or_default();
    let mut patterns: Vec<String> = serde_json::from_value(listed).unwrap_or_default();
    if let Ok(Some(pnpm)) = Document::read(folder, "pnpm-workspace.yaml") {
        let packages = pnpm.get(&["packages"]).into_iter().flat_map(Node::items);
        patterns.extend(packages.filter_map(Node::text).map(str::to_owned));
    }
    let (mut wanted, mut unwanted) = (GlobSetBuilder::new(), GlobSetBuilder::new());
    for pattern in patterns {
        let (set, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (&mut unwanted, pattern),
            None => (&mut wanted, pattern.as_str()),
        };
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    let built = |set: GlobSetBuilder| set.build().unwrap_or_else(|_| GlobSet::empty());
    (built(wanted), built(unwanted))
}

impl Package {
    fn read(
        checkout: &Path,
        file: &Path,
        is_root: bool,
        turbo: &mut impl FnMut(&Path) -> Option<Document>,
    ) -> Option<Self> {
        let folder = file.parent()?.to_owned();
        let package = json(file)?;
        let texts = |value: &Value| -> BTreeMap<String, String> {
            let entries = value.as_object().into_iter().flatten();
            entries
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect()
        };
        let dependencies = [
            "dependencies",
            "devDependencies",
            "peerDependencies",
            "optionalDependencies",
        ];
        let dependencies = dependencies.iter().flat_map(|key| texts(&package[*key]).into_keys());
        Some(Self {
            path: from(checkout, &folder),
            name: package["name"].as_str().unwrap_or_default().to_owned(),
            is_root,
            scripts: texts(&package["scripts"]),
            dependencies: dependencies.collect(),
            turbo: if is_root { None } else { turbo(&folder) },
            is_worker: ["wrangler.jsonc", "wrangler.json", "wrangler.toml"]
                .iter()
                .any(|name| folder.join(name).is_file()),
            folder,
        })
    }

    /// As a sentence names it.
    pub(super) fn title(&self) -> &str {
        if self.path.is_empty() { "the root" } else { &self.path }
    }
}

/// The major version that `package.json` asks for; a tag such as `latest` stands for the newest.
fn version(folder: &Path) -> Option<u64> {
    let package = json(&folder.join("package.json"))?;
    let asked = ["devDependencies", "dependencies"]
        .iter()
        .find_map(|key| package[*key]["turbo"].as_str())?;
    if ["latest", "canary"].contains(&asked) {
        return Some(2);
    }
    let digits = asked.trim_start_matches(['^', '~', '=', 'v', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    // A range of several may be either.
    digits[..end].parse().ok().filter(|_| !asked.contains("||"))
}

fn is_loose(text: &str) -> bool {
    let words = [
        "--env-mode=loose",
        "--env-mode loose",
        "TURBO_ENV_MODE=loose",
        "TURBO_ENV_MODE: loose",
    ];
    words.iter().any(|word| text.contains(word))
}

fn workflows(checkout: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(checkout.join(".github/workflows"));
    let files = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()));
    files.filter_map(|file| std::fs::read_to_string(file).ok()).collect()
}
