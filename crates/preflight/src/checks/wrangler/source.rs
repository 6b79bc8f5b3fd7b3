//! The Workers' sources: whether a line fetches what a variable holds.

use std::collections::BTreeMap;
use std::path::Path;

use ignore::WalkBuilder;

use crate::finding::Place;
use crate::world::from;

/// What Workers are written in.
const ENDINGS: [&str; 8] = ["ts", "tsx", "js", "jsx", "mts", "mjs", "svelte", "vue"];
/// Bytes; larger files are bundles.
const LARGEST: u64 = 512 * 1024;

/// Where one of these variables stands in a `fetch(…)` of one line, by variable. What git ignores is built, and left out.
pub(super) fn fetches(workspace: &Path, folder: &Path, names: &[&str]) -> BTreeMap<String, Place> {
    let mut found = BTreeMap::new();
    if names.is_empty() {
        return found;
    }
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false)
        .filter_entry(|entry| entry.file_name() != "node_modules")
        .sort_by_file_path(Ord::cmp);
    for entry in walk.build().filter_map(Result::ok) {
        let path = entry.path();
        let is_source = path
            .extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| ENDINGS.contains(&ending));
        let is_small = entry
            .metadata()
            .is_ok_and(|data| data.is_file() && data.len() <= LARGEST);
        if !is_source || !is_small || is_test(path) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            for name in names.iter().filter(|name| fetches_it(line, name)) {
                let column = line.find(name).map_or(1, |at| line[..at].chars().count() + 1);
                found.entry((*name).to_owned()).or_insert_with(|| Place {
                    file: from(workspace, path),
                    line: at + 1,
                    column,
                });
            }
        }
    }
    found
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.contains(".test.") || name.contains(".spec.")
}

/// `fetch(…NAME…)`, the global one: a binding's is called by a dot.
fn fetches_it(line: &str, name: &str) -> bool {
    let code = line.split("//").next().filter(|_| line.trim_start().starts_with("//"));
    let line = code.unwrap_or(line);
    let mut calls = line.match_indices("fetch(");
    calls.any(|(at, call)| {
        let before = line[..at].chars().next_back();
        let is_global = before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '$')))
            || line[..at].ends_with("globalThis.");
        let rest = &line[at + call.len()..];
        is_global && rest.match_indices(name).any(|(at, name)| is_word(rest, at, name.len()))
    })
}

fn is_word(text: &str, at: usize, len: usize) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !is_part(text[..at].chars().next_back()) && !is_part(text[at + len..].chars().next())
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
        ] {
            assert_eq!(fetches_it(line, "API_URL"), is, "{line}");
        }
    }
}
