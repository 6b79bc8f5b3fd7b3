//! The traffic that local-cloud wrote down, one JSON object a line.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{known, table};

/// One request and its answer; `src/traffic.rs` says what each field holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    pub(super) provider: String,
    pub(super) method: String,
    pub(super) route: Option<String>,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) agent: Option<String>,
    pub(super) kind: String,
    pub(super) request: Value,
    pub(super) status: u16,
    pub(super) fault: bool,
    pub(super) answer_kind: String,
    pub(super) answer: Value,
}

impl Line {
    /// The table's name of the operation; none when it is not modelled.
    pub(super) fn operation(&self) -> Option<String> {
        // A path with routes may lack this method; nothing else is answered so, but for faults.
        let is_unknown = self.status == 501 && !self.fault;
        let route = self.route.as_deref().filter(|_| !is_unknown)?;
        table::operation(&self.provider, &self.method, route)
    }

    /// Whether one of our binaries asked.
    pub(super) fn is_ours(&self) -> bool {
        self.agent
            .as_deref()
            .is_some_and(|agent| agent.starts_with("codex-actions/"))
    }

    /// The client that nobody here wrote, when one asked.
    pub(super) fn client(&self) -> Option<&'static str> {
        known::client(self.agent.as_deref()?)
    }

    /// Whether the answer is of the kind that schemas describe: a diff or a page of HTML is not.
    pub(super) fn is_json(&self) -> bool {
        self.answer_kind.is_empty() || self.answer_kind.contains("json")
    }

    pub(super) fn request_key(&self) -> impl Hash {
        let body = self.request.to_string();
        (
            0,
            self.provider.clone(),
            self.method.clone(),
            self.route.clone(),
            self.query.clone(),
            body,
        )
    }

    pub(super) fn answer_key(&self) -> impl Hash {
        let body = self.answer.to_string();
        (
            self.status,
            self.provider.clone(),
            self.method.clone(),
            self.route.clone(),
            String::new(),
            body,
        )
    }
}

/// What was judged before: most requests are asked again and again, in the same words.
#[derive(Default)]
pub(super) struct Seen(HashSet<u64>);

impl Seen {
    pub(super) fn is_new(&mut self, key: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}

pub(super) fn read(folder: &Path) -> Vec<Line> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let texts = entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    texts
        .flat_map(|text| {
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}
