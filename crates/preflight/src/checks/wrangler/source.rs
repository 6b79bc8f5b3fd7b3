//! The Workers' sources: whether they fetch what a variable holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::checks::turbo::reads::{files, is_test};
use crate::finding::Place;
use crate::world::from;

/// Bytes; larger files are bundles.
const LARGEST: u64 = 512 * 1024;

/// What a folder's sources say of some variables.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Where a variable stands in a `fetch(…)` of one line.
    pub(super) fetched: BTreeMap<String, Place>,
    /// Variables that stand anywhere.
    named: BTreeSet<String>,
    /// Whether anything is fetched by the global `fetch`.
    fetches: bool,
}

impl Source {
    /// Reads a Worker's own sources, without tests, without its `assets`, which browsers run, and without what git ignores.
    pub(super) fn of(workspace: &Path, folder: &Path, assets: Option<&Path>, names: &[&str]) -> Self {
        let mut source = Self::default();
        let paths = if names.is_empty() { Vec::new() } else { files(folder) };
        let is_asset = |path: &Path| assets.is_some_and(|assets| path.starts_with(assets));
        for path in paths.into_iter().filter(|path| !is_asset(path)) {
            let inside = from(folder, &path);
            let is_small = path.metadata().is_ok_and(|data| data.len() <= LARGEST);
            let text = (is_small && !is_test(&inside)).then(|| std::fs::read_to_string(&path).ok());
            for (at, line) in text.flatten().unwrap_or_default().lines().enumerate() {
                source.line(line, names, |column| Place {
                    file: from(workspace, &path),
                    line: at + 1,
                    column,
                });
            }
        }
        source
    }

    fn line(&mut self, line: &str, names: &[&str], place: impl Fn(usize) -> Place) {
        // A comment does nothing, and a handler of this name is no call.
        if line.trim_start().starts_with("//") || is_handler(line) {
            return;
        }
        let calls: Vec<&str> = fetches(line).collect();
        self.fetches |= !calls.is_empty();
        for name in names {
            if let Some(at) = word(line, name) {
                self.named.insert((*name).to_owned());
                if calls.iter().any(|call| word(call, name).is_some()) {
                    let column = line[..at].chars().count() + 1;
                    let fetched = self.fetched.entry((*name).to_owned());
                    fetched.or_insert_with(|| place(column));
                }
            }
        }
    }

    /// Whether the variable may be fetched somewhere: it is named, and something is fetched.
    pub(super) fn may_fetch(&self, name: &str) -> bool {
        self.fetches && self.named.contains(name)
    }
}

/// `async fetch(request, env) {`: a Worker's own.
fn is_handler(line: &str) -> bool {
    let line = line.trim();
    let name = line.strip_prefix("async ").unwrap_or(line);
    name.starts_with("fetch(") && line.ends_with('{')
}

/// What stands behind each call of the global `fetch`: a binding's is called by a dot.
fn fetches(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("fetch(").filter_map(|(at, call)| {
        let before = line[..at].chars().next_back();
        let is_global = before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '$')))
            || line[..at].ends_with("globalThis.");
        is_global.then_some(&line[at + call.len()..])
    })
}

/// Where a whole word stands.
fn word(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut found = text.match_indices(word).map(|(at, _)| at);
    found.find(|at| !is_part(text[..*at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_global_fetch_of_the_variable_counts() {
        for (line, is) in [
            ("const r = await fetch(`${env.API_URL}/users`);", true),
            ("return fetch(new URL('/x', env.API_URL), init)", true),
            ("await globalThis.fetch(env.API_URL)", true),
            ("await env.API.fetch(`${env.API_URL}/users`)", false),
            ("await prefetch(env.API_URL)", false),
            ("await fetch(env.API_URL_OLD)", false),
            ("// await fetch(env.API_URL)", false),
            ("const url = env.API_URL;", false),
            ("  async fetch(request, { API_URL }) {", false),
        ] {
            let mut source = Source::default();
            source.line(line, &["API_URL"], |_| Place::of_file("x"));
            assert_eq!(!source.fetched.is_empty(), is, "{line}");
        }
        let mut source = Source::default();
        for line in ["const url = env.API_URL;", "await fetch(url)"] {
            source.line(line, &["API_URL"], |_| Place::of_file("x"));
        }
        assert!(source.may_fetch("API_URL") && !source.may_fetch("AUTH_URL"));
    }
}
