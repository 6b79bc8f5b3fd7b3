//! What may run at the same time: builds in one workspace may all build a package that they share, and one of two that
//! do so at once reads what the other is about to write.

use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

/// Files that mark the root of a workspace, whose packages build each other.
const MARKS: [&str; 5] = [
    "lerna.json",
    "nx.json",
    "pnpm-workspace.yaml",
    "rush.json",
    "turbo.json",
];

pub(super) fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// The root of the workspace that a folder is in: the outermost one in its repository.
pub(super) fn workspace(folder: &Path) -> Option<PathBuf> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let mut found = None;
    for above in folder.ancestors() {
        if MARKS.iter().any(|mark| above.join(mark).is_file()) || has_workspaces(above) {
            found = Some(above.to_path_buf());
        }
        if above.join(".git").exists() {
            break;
        }
    }
    found
}

/// npm, Yarn and Bun have a key in `package.json`.
fn has_workspaces(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join("package.json")).unwrap_or_default();
    serde_json::from_str::<Value>(&text).is_ok_and(|package| package.get("workspaces").is_some())
}

/// Items that share a lane run one after another; those without one, alone.
pub(super) fn lanes<T>(items: impl IntoIterator<Item = T>, lane_of: impl Fn(&T) -> Option<PathBuf>) -> Vec<Vec<T>> {
    let mut lanes: Vec<(Option<PathBuf>, Vec<T>)> = Vec::new();
    for item in items {
        let lane = lane_of(&item);
        match lanes.iter_mut().find(|(known, _)| known.is_some() && *known == lane) {
            Some((_, items)) => items.push(item),
            None => lanes.push((lane, vec![item])),
        }
    }
    lanes.into_iter().map(|(_, items)| items).collect()
}

/// Runs all, as many lanes at once as there are cores.
pub(super) async fn run<T, R, F: Future<Output = R>>(lanes: Vec<Vec<T>>, each: impl Fn(T) -> F) -> Vec<R> {
    let each = &each;
    let done = stream::iter(lanes).map(|lane| async move {
        let mut done = Vec::with_capacity(lane.len());
        for item in lane {
            done.push(each(item).await);
        }
        done
    });
    let done: Vec<Vec<R>> = done.buffered(at_once()).collect().await;
    done.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_known_by_its_root() {
        let root = tempfile::tempdir().unwrap();
        let repository = root.path().join("repository");
        let at = |path: &str| repository.join(path);
        for folder in [".git", "one/apps/web", "two/apps/web", "three/apps/web", "alone"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        // Above the repository nobody looks.
        std::fs::write(root.path().join("turbo.json"), "{}").unwrap();
        std::fs::write(at("one/pnpm-workspace.yaml"), "").unwrap();
        std::fs::write(at("one/apps/web/turbo.json"), "{}").unwrap();
        std::fs::write(at("two/package.json"), r#"{"workspaces":["apps/*"]}"#).unwrap();
        std::fs::write(at("three/package.json"), r#"{"name":"three"}"#).unwrap();
        let root_of = |path: &str| {
            let found = workspace(&at(path))?;
            Some(found.file_name().unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(root_of("one/apps/web").as_deref(), Some("one"));
        assert_eq!(root_of("two/apps/web").as_deref(), Some("two"));
        assert_eq!(
            (root_of("three/apps/web"), root_of("alone"), root_of("nowhere")),
            (None, None, None)
        );
    }

    #[test]
    fn what_shares_a_lane_waits_for_each_other() {
        let lane = |item: &&str| item.split_once('/').map(|(lane, _)| PathBuf::from(lane));
        let lanes = lanes(["a/1", "alone", "b/1", "a/2", "apart"], lane);
        assert_eq!(lanes, [vec!["a/1", "a/2"], vec!["alone"], vec!["b/1"], vec!["apart"]]);
    }
}
