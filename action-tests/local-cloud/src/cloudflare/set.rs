//! The set of Workers that the runtime is to serve: each version of a live deployment, and those asked for by their
//! own URLs. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::live::internal;
use super::model::{Account, Content, State, Version, Worker, binding_type};
use crate::text::hex;

/// The set by the names that the runtime knows, without what the Workers weigh: of each Worker, a digest of itself and
/// of all that it can reach by its bindings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Set(BTreeMap<String, String>);

impl Set {
    /// Whether a request to `name` is answered alike by both sets.
    pub(crate) fn agrees(&self, other: &Self, name: &str) -> bool {
        self.0.get(name) == other.0.get(name)
    }
}

/// The set as the runtime takes it, and the files that its description names.
pub(crate) struct Desired {
    pub(crate) description: Value,
    pub(crate) files: BTreeMap<PathBuf, Bytes>,
}

/// Moves with each change that may change the set.
pub(crate) fn revision(state: &State) -> u64 {
    state.revision
}

/// What is to be served; `previewed` are versions asked for by their own URLs.
pub(crate) fn wanted(state: &State, previewed: &BTreeSet<String>) -> Set {
    let own: BTreeMap<String, (String, Vec<&str>)> = versions(state, previewed)
        .map(|(account, worker, version)| {
            // Files are named by what they hold: the description says it all.
            let description = described(account, worker, version, &mut Files::new(Path::new("")));
            (internal(worker, version), (digest(&description), targets(version)))
        })
        .collect();
    let set = own.keys().map(|name| {
        let reached = reach(name, &own).into_iter();
        let keys: Vec<_> = reached.map(|name| own.get(name).map(|(key, _)| key)).collect();
        (name.clone(), digest(&json!(keys)))
    });
    Set(set.collect())
}

/// The same for the runtime, which finds the files in `folder`.
pub(crate) fn desired(state: &State, previewed: &BTreeSet<String>, folder: &Path) -> Desired {
    let mut files = Files::new(folder);
    let workers: Vec<Value> = versions(state, previewed)
        .map(|(account, worker, version)| described(account, worker, version, &mut files))
        .collect();
    Desired {
        // The edge decides by itself and names the Worker, so the runtime needs no routes, and a
        // changed route is no new set.
        description: json!({"workers": workers, "routes": []}),
        files: files.named,
    }
}

/// Files in a folder, by the digest of their content.
struct Files<'a> {
    folder: &'a Path,
    named: BTreeMap<PathBuf, Bytes>,
}

impl<'a> Files<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            named: BTreeMap::new(),
        }
    }

    fn name(&mut self, hash: &str, content: &Bytes) -> PathBuf {
        let path = self.folder.join(hash);
        self.named.insert(path.clone(), content.clone());
        path
    }
}

fn versions<'a>(
    state: &'a State,
    previewed: &'a BTreeSet<String>,
) -> impl Iterator<Item = (&'a Account, &'a Worker, &'a Version)> {
    state.accounts.values().flat_map(move |account| {
        account.workers.values().flat_map(move |worker| {
            let live = worker.live().into_iter().flat_map(|it| &it.versions);
            let shown: BTreeSet<&str> = live
                .map(|share| share.version_id.as_str())
                .chain(previewed.iter().map(String::as_str))
                .collect();
            shown
                .into_iter()
                .filter_map(move |id| Some((account, worker, worker.version(id)?)))
        })
    })
}

/// All names that a request to `name` can get to, itself included, in one order.
fn reach<'a>(name: &'a str, all: &BTreeMap<String, (String, Vec<&'a str>)>) -> BTreeSet<&'a str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![name]);
    while let Some(name) = next.pop() {
        if reached.insert(name) {
            next.extend(all.get(name).into_iter().flat_map(|(_, targets)| targets));
        }
    }
    reached
}

/// The Workers that a version can call by a binding.
fn targets(version: &Version) -> Vec<&str> {
    let bound = version.content.bindings.iter().filter_map(|binding| {
        let target = match binding_type(binding) {
            "service" => &binding["service"],
            "durable_object_namespace" => &binding["script_name"],
            _ => return None,
        };
        target.as_str()
    });
    bound.collect()
}

fn digest(value: &Value) -> String {
    hex(&Sha256::digest(value.to_string().as_bytes()))
}

fn described(account: &Account, worker: &Worker, version: &Version, files: &mut Files<'_>) -> Value {
    let content = &version.content;
    let modules: Vec<Value> = content
        .modules
        .iter()
        .map(|module| (module, module_type(&module.content_type)))
        .filter(|(_, kind)| *kind != "sourcemap")
        .map(|(module, kind)| {
            json!({
                "name": module.name,
                "type": kind,
                "file": files.name(&hex(&module.digest), &module.content),
            })
        })
        .collect();
    json!({
        "name": internal(worker, version),
        "version": version.id,
        "version_tag": version.annotations.get("workers/tag").and_then(Value::as_str).unwrap_or_default(),
        "version_timestamp": version.created_on,
        "main_module": content.main_module,
        "modules": modules,
        "compatibility_date": content.compatibility_date,
        "compatibility_flags": content.compatibility_flags,
        "bindings": content.bindings,
        "assets": assets(account, content, files),
    })
}

fn assets(account: &Account, content: &Content, files: &mut Files<'_>) -> Value {
    let Some(assets) = &content.assets else {
        return Value::Null;
    };
    let named: serde_json::Map<String, Value> = assets
        .files
        .iter()
        .filter_map(|(path, hash)| {
            let blob = account.assets.get(hash)?;
            let file = json!({
                "file": files.name(&hex(&blob.digest), &blob.content),
                "content_type": blob.content_type,
            });
            Some((path.clone(), file))
        })
        .collect();
    json!({"files": named, "config": assets.config})
}

fn module_type(content_type: &str) -> &'static str {
    match content_type {
        "application/javascript+module" => "esm",
        "application/javascript" | "text/javascript" => "commonjs",
        "application/wasm" => "wasm",
        "application/source-map" => "sourcemap",
        "text/x-python" => "python",
        kind if kind.starts_with("text/") => "text",
        _ => "data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudflare::shared::Cloudflare;
    use crate::lock::lock;

    fn platform() -> Cloudflare {
        let cloud = Cloudflare::default();
        let document = json!({"workers": [
            {"name": "api", "services": {"AUTH": "auth"}},
            {"name": "auth", "services": {"API": "api"}},
            {"name": "web", "module": "export default {1}"},
            {"name": "front", "services": {"WEB": "web"}},
        ]});
        cloud.seed(&document).unwrap();
        cloud
    }

    #[test]
    fn a_change_concerns_the_worker_and_whoever_calls_it() {
        let cloud = platform();
        let set = || wanted(&lock(&cloud.state), &BTreeSet::new());
        let before = set();
        assert_eq!(before, set());
        let changed = json!({"workers": [{"name": "web", "module": "export default {2}"}]});
        cloud.seed(&changed).unwrap();
        for (name, alike) in [("api", true), ("auth", true), ("web", false), ("front", false)] {
            assert_eq!(before.agrees(&set(), name), alike, "{name}");
        }
        assert!(!before.agrees(&Set::default(), "api"));
    }

    #[test]
    fn what_workers_hold_is_in_files() {
        let cloud = platform();
        let desired = desired(&lock(&cloud.state), &BTreeSet::new(), Path::new("/files"));
        let web = &desired.description["workers"][3];
        assert_eq!(web["name"], "web");
        let file = PathBuf::from(web["modules"][0]["file"].as_str().unwrap());
        assert_eq!(desired.files[&file], "export default {1}");
        // Three Workers are alike.
        assert_eq!(desired.files.len(), 2);
    }
}
