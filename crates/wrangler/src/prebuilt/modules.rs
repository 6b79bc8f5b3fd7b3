//! The modules of a Worker that is built already: which files, by wrangler's rules.

use std::path::{Path, PathBuf};

use gix_ignore::glob::wildmatch;
use gix_ignore::glob::wildmatch::Mode;
use serde_json::Value;

use crate::config::{Config, Settings};
use actions_core::cloudflare::Module;

/// wrangler's own rules, after the configuration's.
const DEFAULT_RULES: &[(&str, &[&str])] = &[
    ("Text", &["**/*.txt", "**/*.html", "**/*.sql"]),
    ("Data", &["**/*.bin"]),
    ("CompiledWasm", &["**/*.wasm", "**/*.wasm?module"]),
];
/// Of so many files wrangler is not the slow part any more.
const MOST_FILES: usize = 5_000;

/// The modules below `root` but for the main one; `None` when wrangler has to look.
///
/// # Errors
/// A file cannot be read.
pub(super) fn find(
    config: &Config,
    settings: &Settings<'_>,
    root: &Path,
    main: &str,
) -> Result<Option<Vec<Module>>, String> {
    let unreadable = |path: &Path, error: &std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let Some(rules) = rules(settings) else { return Ok(None) };
    let files = files(config, root).map_err(|(path, error)| unreadable(&path, &error))?;
    let Some(files) = files else { return Ok(None) };
    let mut modules = Vec::new();
    for path in files {
        let Some(name) = name(root, &path) else { return Ok(None) };
        if name == main {
            continue;
        }
        let Some((kind, _)) = rules
            .iter()
            .find(|(_, globs)| globs.iter().any(|glob| matches(glob, &name)))
        else {
            continue;
        };
        modules.push(Module {
            name,
            content_type: (*kind).to_owned(),
            content: std::fs::read(&path).map_err(|error| unreadable(&path, &error))?.into(),
        });
    }
    Ok(Some(modules))
}

/// A module's name: its way from the root.
pub(super) fn name(root: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

/// The content types of modules, by rules that are asked in order; `None` for rules that are not understood.
fn rules(settings: &Settings<'_>) -> Option<Vec<(&'static str, Vec<String>)>> {
    let mut rules = Vec::new();
    let mut closed: Vec<&str> = Vec::new();
    for rule in settings.get("rules").and_then(Value::as_array).into_iter().flatten() {
        let rule = rule.as_object()?;
        if rule
            .keys()
            .any(|key| !["type", "globs", "fallthrough"].contains(&key.as_str()))
        {
            return None;
        }
        let kind = rule.get("type")?.as_str()?;
        let patterns: Option<Vec<&str>> = rule.get("globs")?.as_array()?.iter().map(Value::as_str).collect();
        if closed.contains(&kind) {
            continue;
        }
        let patterns = patterns.filter(|patterns| patterns.iter().all(|pattern| is_plain(pattern)))?;
        rules.push((content_type(kind)?, globs(&patterns)));
        // A rule ends the search for its type unless it says otherwise.
        if rule.get("fallthrough").and_then(Value::as_bool) != Some(true) {
            closed.push(kind);
        }
    }
    for (kind, patterns) in DEFAULT_RULES.iter().filter(|(kind, _)| !closed.contains(kind)) {
        rules.push((content_type(kind)?, globs(patterns)));
    }
    Some(rules)
}

fn content_type(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "ESModule" => "application/javascript+module",
        "CommonJS" => "application/javascript",
        "Text" => "text/plain",
        "Data" => "application/octet-stream",
        "CompiledWasm" => "application/wasm",
        _ => return None,
    })
}

/// Whether a pattern means the same to wrangler's globs and ours: letters, digits, `_-.`, `*` within a name, and `**` as
/// a whole folder. (Braces and brackets, for two, are plain characters to wrangler.)
fn is_plain(pattern: &str) -> bool {
    let part = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "_-.*".contains(c);
        !part.is_empty() && part != "." && part.chars().all(known) && (part == "**" || !part.contains("**"))
    };
    pattern.split('/').all(part)
}

fn globs(patterns: &[&str]) -> Vec<String> {
    // In wrangler's globs a `?`, as in `.wasm?module`, is meant as it stands.
    patterns.iter().map(|pattern| pattern.replace('?', "\\?")).collect()
}

fn matches(glob: &str, name: &str) -> bool {
    wildmatch(glob.into(), name.into(), Mode::NO_MATCH_SLASH_LITERAL)
}

/// The files that may be modules: all below the root, packages and hidden folders too, but for the configuration and
/// wrangler's own folder. `None` for links, which wrangler follows in its own way, and for too many.
fn files(config: &Config, root: &Path) -> Result<Option<Vec<PathBuf>>, (PathBuf, std::io::Error)> {
    let not_looked_at = config.folder().join(".wrangler");
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| (folder.clone(), error))?;
        for entry in entries {
            let entry = entry.map_err(|error| (folder.clone(), error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| (path.clone(), error))?;
            if kind.is_dir() {
                folders.extend((path != not_looked_at).then_some(path));
            } else if !kind.is_file() {
                return Ok(None);
            } else if path != config.file {
                found.push(path);
            }
        }
        if found.len() > MOST_FILES {
            return Ok(None);
        }
    }
    found.sort();
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_what_wranglers_match() {
        let cases = [
            ("**/*.js", "a.js", true),
            ("**/*.js", "b/c/a.js", true),
            ("**/*.js", "b/.c/.js", true),
            ("**/*.js", "a.JS", false),
            ("*.md", "a.md", true),
            ("*.md", "b/a.md", false),
            ("b/**", "b/c/a", true),
            ("b/**", "b", false),
            ("**", "b/a", true),
            ("lazy/**/*.mjs", "lazy/a.mjs", true),
            ("lazy/**/*.mjs", "lazy/b/c/a.mjs", true),
            ("**/*.wasm?module", "b/a.wasm?module", true),
            ("**/*.wasm?module", "b/a.wasm-module", false),
        ];
        for (pattern, name, matched) in cases {
            assert_eq!(matches(&globs(&[pattern])[0], name), matched, "{pattern} of {name}");
        }
    }

    #[test]
    fn patterns_that_mean_something_else_to_wrangler_are_left_to_it() {
        for pattern in ["**/*.js", "*.md", "a/**", "**", "lazy/**/*.mjs", "a_b-1/c.*.js"] {
            assert!(is_plain(pattern), "{pattern}");
        }
        for pattern in [
            "",
            "**/*.{js,mjs}",
            "[ab].js",
            "a?.js",
            "!a.js",
            "./a.js",
            "/a.js",
            "a**b",
            "a//b",
            "***",
            "+(a)",
        ] {
            assert!(!is_plain(pattern), "{pattern}");
        }
    }
}
