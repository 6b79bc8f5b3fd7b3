//! The files: workflows, and the local actions that they may use.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;

use super::{ours, uses};
use crate::document::{Document, Node, Unreadable};

/// GitHub looks nowhere else.
const FOLDER: &str = ".github/workflows";

#[derive(Debug, Default)]
pub(super) struct Repository {
    /// By path, in its order.
    pub(super) workflows: Vec<Document>,
    /// Local composite actions by their folder.
    pub(super) composites: IndexMap<String, Document>,
    pub(super) unreadable: Vec<Unreadable>,
    /// Where these actions are taken from: `owner/repository`.
    pub(super) homes: BTreeSet<String>,
}

impl Repository {
    /// Reads what there is.
    pub(super) fn read(workspace: &Path) -> Self {
        let mut read = |file: &str| {
            let text = std::fs::read_to_string(workspace.join(file)).ok()?;
            Some((file.to_owned(), text))
        };
        let mut names: Vec<String> = std::fs::read_dir(workspace.join(FOLDER))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|name| is_yaml(name))
            .collect();
        names.sort();
        let workflows: Vec<(String, String)> = names
            .iter()
            .filter_map(|name| read(&format!("{FOLDER}/{name}")))
            .collect();
        Self::of(workflows, &mut read)
    }

    /// The same from texts; `local` gives a local action's file.
    pub(super) fn of(
        workflows: Vec<(String, String)>,
        local: &mut impl FnMut(&str) -> Option<(String, String)>,
    ) -> Self {
        let mut read = Self::default();
        for (file, text) in workflows {
            match Document::parse(&file, &text) {
                Ok(document) => read.workflows.push(document),
                Err(wrong) => read.unreadable.push(wrong),
            }
        }
        let mut wanted: Vec<String> = read.workflows.iter().flat_map(local_actions).collect();
        while let Some(folder) = wanted.pop() {
            if read.composites.contains_key(&folder) {
                continue;
            }
            let files = ["action.yml", "action.yaml"].map(|name| format!("{folder}/{name}"));
            let Some((file, text)) = files.iter().find_map(|file| local(file)) else {
                continue;
            };
            match Document::parse(&file, &text) {
                Ok(document) => {
                    wanted.extend(local_actions(&document));
                    read.composites.insert(folder, document);
                }
                Err(wrong) => read.unreadable.push(wrong),
            }
        }
        read.homes = ours::homes(&read);
        read
    }

    /// The workflow in this repository that a job calls.
    pub(super) fn called(&self, uses: &str) -> Option<&Document> {
        let file = local(uses)?;
        self.workflows.iter().find(|document| document.file == file)
    }

    /// Whether there is a workflow of this path, if only one that cannot be read.
    pub(super) fn has_file(&self, file: &str) -> bool {
        let unreadable = self.unreadable.iter().map(|wrong| &wrong.place.file);
        let mut files = self.workflows.iter().map(|document| &document.file).chain(unreadable);
        files.any(|there| there == file)
    }

    /// The local action that a step uses.
    pub(super) fn composite(&self, uses: &str) -> Option<&Document> {
        self.composites.get(local(uses)?.trim_end_matches('/'))
    }
}

/// The path in this repository that `uses` names.
pub(super) fn local(uses: &str) -> Option<&str> {
    uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"))
}

fn is_yaml(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "yml" || ending == "yaml")
}

/// Folders of the local actions that a document uses.
fn local_actions(document: &Document) -> Vec<String> {
    let folder = |step: &Node| Some(local(step.get("uses")?.text()?)?.trim_end_matches('/').to_owned());
    let jobs = document.get(&["jobs"]).into_iter().flat_map(Node::entries);
    let of_jobs = jobs.flat_map(|(_, job)| uses::steps(job)).filter_map(folder);
    let own = document.get(&["runs"]).into_iter().flat_map(uses::steps);
    of_jobs.chain(own.filter_map(folder)).collect()
}
