//! Which environments a manifest is to have, and the section of each Worker's configuration that stands for one. Pure.

use crate::init::found::{Found, Worker};

/// What people call production, the usual word first.
pub(in crate::init) const PRODUCTION: [&str; 5] = ["production", "prod", "prd", "live", "main"];
/// What people call the environment of pull requests.
const PREVIEW: [&str; 5] = ["preview", "previews", "pr", "pull-request", "pull_request"];
/// Environments that nobody deploys, or only by hand.
const LOCAL: [&str; 9] = [
    "ci",
    "dev",
    "development",
    "e2e",
    "local",
    "localhost",
    "test",
    "testing",
    "unit",
];

/// An environment of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Of each Worker's configuration, in the Workers' order; `None` is the top level.
    pub(super) sections: Vec<Option<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One per pull request.
    Preview,
    /// Beside production.
    Once,
    Production,
}

impl Stage {
    /// The section that most Workers have, which the environment names; the others are said one by one.
    pub(super) fn usual(&self) -> Option<&str> {
        let named: Vec<&str> = self.sections.iter().flatten().map(String::as_str).collect();
        let count = |name: &str| named.iter().filter(|other| **other == name).count();
        // Of as many the first.
        named.iter().rev().copied().max_by_key(|name| count(name))
    }

    /// Whether a Worker's section is its own, and not the top level.
    pub(super) fn has_section(&self, worker: usize) -> bool {
        self.sections.get(worker).is_some_and(Option::is_some)
    }
}

/// The environments, pull requests' first and production last, and those of the configurations that are left out.
pub(super) fn stages(found: &Found) -> (Vec<Stage>, Vec<String>) {
    let of_kind = |name: &str, kind: Kind, words: &[&str]| Stage {
        name: name.to_owned(),
        kind,
        sections: found.workers.iter().map(|worker| section(worker, words)).collect(),
    };
    let mut others: Vec<&str> = Vec::new();
    for name in found.workers.iter().flat_map(|worker| worker.config.environments()) {
        let known = PRODUCTION.contains(&name) || PREVIEW.contains(&name) || others.contains(&name);
        if !known {
            others.push(name);
        }
    }
    // One that few Workers have would deploy the others' top level, which is for development.
    let is_fews = |name: &str| {
        let has = found
            .workers
            .iter()
            .filter(|worker| worker.config.environments().contains(&name));
        has.count() * 2 < found.workers.len()
    };
    let (local, once): (Vec<&str>, Vec<&str>) = others
        .into_iter()
        .partition(|name| LOCAL.contains(name) || is_fews(name));
    let mut stages = vec![of_kind("preview", Kind::Preview, &PREVIEW)];
    stages.extend(once.iter().map(|name| of_kind(name, Kind::Once, &[name])));
    stages.push(of_kind("production", Kind::Production, &PRODUCTION));
    (stages, local.into_iter().map(str::to_owned).collect())
}

/// The first of the words that a Worker has a section for.
fn section(worker: &Worker, words: &[&str]) -> Option<String> {
    let has = worker.config.environments();
    words
        .iter()
        .find(|word| has.contains(word))
        .map(|word| (*word).to_owned())
}
