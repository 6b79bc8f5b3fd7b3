//! The reference of `codex.toml`: each key of [`keys`], what it holds, and which actions read it.

use actions_core::manifest::keys::{self, Key, Kind};
use actions_core::naming::PLACEHOLDERS;

use crate::cell;

/// One manifest that uses every key.
pub const EXAMPLE: &str = include_str!("example.toml");

/// What names its own tables: how the reference calls them, and their place in a key's path here.
const NAMED: [(&str, &str); 2] = [("environments", "<environment>"), ("services", "<service>")];

const PLACES: &[&str] = &["cleanup", "deploy-workers", "health-check", "preview-dns"];
const DEPLOY: &[&str] = &["deploy-workers"];
const BRANCH: &[&str] = &["neon-branch"];

/// Which actions read which key: of those that are not here, what is in them is.
const READERS: &[(&str, &[&str])] = &[
    (
        "project.name",
        &["cleanup", "deploy-workers", "neon-branch", "pr-comment", "preview-dns"],
    ),
    ("project.zone", PLACES),
    ("project.workers-dev", &["deploy-workers", "health-check"]),
    ("project.url", &["deploy-workers", "health-check"]),
    ("project.front", &["pr-comment"]),
    ("project.build", DEPLOY),
    ("project.parallel-builds", DEPLOY),
    ("project.front", &["pr-comment"]),
    ("database.parent", &["cleanup", "neon-branch"]),
    ("database.role", BRANCH),
    ("database.name", BRANCH),
    ("database.migrate", BRANCH),
    ("database.variables", BRANCH),
    ("environments.hostname", PLACES),
    ("environments.worker", PLACES),
    ("environments.branch", &["cleanup", "neon-branch"]),
    (
        "environments.routing",
        &["deploy-workers", "health-check", "preview-dns"],
    ),
    ("environments.wrangler-env", DEPLOY),
    ("environments.expires", &["cleanup", "neon-branch"]),
    ("environments.grace", &["health-check"]),
    ("environments.limit", &["cleanup", "neon-branch"]),
    ("environments.on-limit", &["cleanup", "neon-branch"]),
    ("environments.secrets", DEPLOY),
    ("environments.step-vars", DEPLOY),
    ("environments.vars", DEPLOY),
    ("environments.crons", DEPLOY),
    ("environments.r2", DEPLOY),
    ("environments.d1", DEPLOY),
    ("environments.shared", DEPLOY),
    ("environments.wildcard", &["preview-dns"]),
    ("environments.records", &["preview-dns"]),
    ("environments.services.hostnames", PLACES),
    ("environments.services.wrangler-env", DEPLOY),
    ("services.path", DEPLOY),
    ("services.worker", PLACES),
    ("services.subdomain", PLACES),
    ("services.hostnames", PLACES),
    ("services.needs", &["cleanup", "deploy-workers"]),
    ("services.build", DEPLOY),
    ("services.uploader", DEPLOY),
    ("services.secrets", DEPLOY),
    ("services.step-vars", DEPLOY),
    ("services.kv", &["cleanup", "deploy-workers"]),
    ("services.vars", DEPLOY),
    ("services.health", &["deploy-workers", "health-check"]),
    ("services.checks", &["health-check"]),
    ("preflight.silence", &["preflight"]),
];

/// A table of the manifest, and its keys.
struct Section {
    /// Its name in [`READERS`] and in [`EXAMPLE`]: `environments.records`.
    path: String,
    /// As one writes it: `[[environments.<environment>.records]]`.
    heading: String,
    doc: &'static str,
    keys: &'static [Key],
}

/// The document.
pub fn document() -> String {
    let names = PLACEHOLDERS.map(|name| format!("`{{{name}}}`")).join(", ");
    let mut text = INTRODUCTION.replace("PLACEHOLDERS", &names);
    for section in sections() {
        text += &format!("\n## `{}`\n\n{}\n\n", section.heading, section.doc);
        text += "| key | holds | what it does | default | read by |\n|---|---|---|---|---|\n";
        for key in section.keys.iter().filter(|key| tables(key).is_none()) {
            text += &row(key, &readers(&format!("{}.{}", section.path, key.name)));
        }
        let example = example(&section.path);
        if !example.is_empty() {
            text += &format!("\n```toml\n{example}```\n");
        }
    }
    text
}

const INTRODUCTION: &str = "\
# The manifest

`codex.toml` at the top of your repository (another place: the input `manifest`). Every action reads the same file; \
`read by` says which keys change what an action does. What is wrong in it is told all at once, with line and column, \
before anything is touched; an unknown key is told with the nearest known one.

Editors know the keys from [`codex.schema.json`](codex.schema.json). A duration is a text such as \
`90s`, `30m`, `7d`. Templates fill in PLACEHOLDERS; values of \
`vars` and records also `{<service>.url}` and `{<service>.hostname}`. `{{` and `}}` stand for braces. An \
environment whose names have `{pr}` is one per pull request.

This page is written by `cargo xtask docs` from the list of keys by which the actions check manifests. Its examples \
are one manifest, which a test reads.
";

fn sections() -> Vec<Section> {
    let mut found = Vec::new();
    collect("", "", keys::MANIFEST, &mut found);
    found
}

fn collect(path: &str, written: &str, keys: &'static [Key], found: &mut Vec<Section>) {
    for key in keys {
        let Some(inside) = tables(key) else { continue };
        let join = |before: &str, name: &str| match before {
            "" => name.to_owned(),
            _ => format!("{before}.{name}"),
        };
        let path = join(path, key.name);
        let mut written = join(written, key.name);
        if matches!(key.kind, Kind::Tables(_))
            && let Some((_, named)) = NAMED.iter().find(|(name, _)| *name == key.name)
        {
            written = format!("{written}.{named}");
        }
        let heading = match key.kind {
            Kind::TableList(_) => format!("[[{written}]]"),
            _ => format!("[{written}]"),
        };
        found.push(Section {
            path: path.clone(),
            heading,
            doc: key.doc,
            keys: inside,
        });
        collect(&path, &written, inside, found);
    }
}

fn tables(key: &Key) -> Option<&'static [Key]> {
    match key.kind {
        Kind::Table(keys) | Kind::Tables(keys) | Kind::TableList(keys) => Some(keys),
        _ => None,
    }
}

fn row(key: &Key, readers: &[&str]) -> String {
    let (meaning, default) = match key.doc.rsplit_once("Default: ") {
        Some((meaning, default)) => (meaning, default.trim_end_matches('.')),
        None if key.required => (key.doc, "required"),
        None => (key.doc, ""),
    };
    let readers: Vec<String> = readers.iter().map(|action| format!("`{action}`")).collect();
    format!(
        "| `{}` | {} | {} | {} | {} |\n",
        key.name,
        cell(&holds(key.kind)),
        cell(meaning),
        cell(default),
        readers.join(", ")
    )
}

fn holds(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Number => "whole number".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::OneOf(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        }
        Kind::TextList => "list of texts".to_owned(),
        Kind::TextMap => "table of texts".to_owned(),
        Kind::ValueMap => "table of values".to_owned(),
        Kind::Table(_) | Kind::Tables(_) => "table".to_owned(),
        Kind::TableList(_) => "list of tables".to_owned(),
        Kind::Any => "anything".to_owned(),
    }
}

/// Who reads a key: what is said of it, or of the nearest table around it.
fn readers(path: &str) -> Vec<&'static str> {
    let mut path = path;
    loop {
        if let Some((_, readers)) = READERS.iter().find(|(known, _)| *known == path) {
            return readers.to_vec();
        }
        match path.rsplit_once('.') {
            Some((around, _)) => path = around,
            None => return Vec::new(),
        }
    }
}

/// The parts of [`EXAMPLE`] that are about this table.
fn example(path: &str) -> String {
    let parts: Vec<String> = EXAMPLE
        .split("\n\n")
        .filter_map(|part| {
            let (at, header) = part.lines().enumerate().find(|(_, line)| line.starts_with('['))?;
            (table_of(header) == path).then(|| part.lines().skip(at).map(|line| format!("{line}\n")).collect())
        })
        .collect();
    parts.join("\n")
}

/// `[[environments.preview.records]]` is `environments.records`: without the names that the user gives.
fn table_of(header: &str) -> String {
    let header = header.trim_matches(['[', ']']);
    let mut names = Vec::new();
    let mut parts = header.split('.');
    while let Some(part) = parts.next() {
        names.push(part);
        if NAMED.iter().any(|(table, _)| *table == part) {
            parts.next();
        }
    }
    names.join(".")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use actions_core::manifest::Manifest;

    use super::*;

    #[test]
    fn the_example_is_a_manifest_that_uses_every_key() {
        Manifest::parse(EXAMPLE, "codex.toml", PathBuf::new()).unwrap_or_else(|wrong| panic!("{wrong}"));
        let mut unused = Vec::new();
        for section in sections() {
            let shown = example(&section.path);
            let missing = section.keys.iter().filter(|key| {
                tables(key).is_none()
                    && !shown.lines().any(|line| {
                        line.strip_prefix(key.name)
                            .is_some_and(|rest| rest.trim_start().starts_with('='))
                    })
            });
            // `cors = {…}` stands in its check.
            if !shown.is_empty() {
                unused.extend(missing.map(|key| format!("{}.{}", section.path, key.name)));
            }
        }
        assert_eq!(unused, [""; 0], "put these into example.toml");
    }

    #[test]
    fn every_key_has_readers_and_no_other() {
        let mut all: Vec<String> = Vec::new();
        for section in sections() {
            all.push(section.path.clone());
            let keys = section.keys.iter();
            all.extend(keys.map(|key| format!("{}.{}", section.path, key.name)));
        }
        let of_none = all
            .iter()
            .filter(|path| path.contains('.') && readers(path).is_empty())
            .filter(|path| !all.iter().any(|inner| inner.starts_with(&format!("{path}."))));
        assert_eq!(of_none.collect::<Vec<_>>(), [""; 0], "say in READERS who reads these");
        let gone = READERS
            .iter()
            .filter(|(path, _)| !all.iter().any(|known| known == path));
        assert_eq!(gone.map(|(path, _)| *path).collect::<Vec<_>>(), [""; 0]);
        let readers = READERS.iter().flat_map(|(_, readers)| *readers);
        assert!(readers.clone().all(|reader| crate::ACTIONS.contains(reader)));
    }
}
