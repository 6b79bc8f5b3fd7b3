//! Layers: a provider imports neither the runner nor another provider, and no modules import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;

/// A package whose modules stand above each other.
pub(super) struct Package {
    folder: &'static str,
    /// Modules for one vendor each.
    providers: &'static [&'static str],
}

pub(super) const PACKAGES: [Package; 4] = [
    Package {
        folder: "crates/core/src/",
        providers: &["cloudflare", "github", "neon"],
    },
    Package {
        folder: "crates/cleanup/src/",
        providers: &[],
    },
    Package {
        folder: "crates/wrangler/src/",
        providers: &[],
    },
    Package {
        folder: "action-tests/local-cloud/src/",
        providers: &["cloudflare", "github", "neon"],
    },
];

/// What only a provider's caller may know.
const RUNNER: &str = "runner";

/// Where a module first imports another: path and line.
type Imports = BTreeMap<(String, String), (String, usize)>;

/// Checks the package's files, each with its path and text.
pub(super) fn check(package: &Package, files: &[(String, String)]) -> Vec<Problem> {
    let mut imports = Imports::new();
    for (path, text) in files {
        let Some(inside) = path.strip_prefix(package.folder) else {
            continue;
        };
        let Some(module) = module(inside) else { continue };
        for (line, target) in imported(text, module.len()) {
            let edge = (module[0].to_owned(), target);
            if edge.0 != edge.1 {
                imports.entry(edge).or_insert_with(|| (path.clone(), line));
            }
        }
    }
    let mut problems = Vec::new();
    for ((from, to), (path, line)) in &imports {
        let is_provider = |name: &String| package.providers.contains(&name.as_str());
        if is_provider(from) && (to == RUNNER || is_provider(to)) {
            problems.push(Problem::new(
                path,
                *line,
                format!("provider `{from}` imports `{to}`; a provider knows neither the runner nor another provider"),
            ));
        }
    }
    problems.extend(circles(&imports));
    problems
}

/// The path of a file's module below the root; `None` for the root itself and for tests.
fn module(inside: &str) -> Option<Vec<&str>> {
    let path = inside.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let module: Vec<&str> = path.split('/').collect();
    let is_test = |name: &&str| *name == "tests" || name.ends_with("_tests");
    if matches!(path, "lib" | "main") || module.iter().any(is_test) {
        None
    } else {
        Some(module)
    }
}

/// The modules at the top that a file at this depth names outside of comments and tests, with their lines.
fn imported(text: &str, depth: usize) -> Vec<(usize, String)> {
    let code = code(text);
    let to_root = "super::".repeat(depth);
    let mut found = Vec::new();
    for root in ["crate::", &to_root] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            // `actions_crate::`, `super::super::` from deeper inside.
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let names = names(&code[at + root.len()..]);
            found.extend(names.into_iter().map(|name| (line, name)));
        }
    }
    // `super::super::x` in a file of depth 1 would not compile; `super::x` at depth 2 is found as its own module.
    found.retain(|(_, name)| name != "super" && name != "self");
    found
}

/// The text without comments and tests; every line stays where it is.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            while lines.peek().is_some_and(|next| next.starts_with("#[")) {
                lines.next();
                kept.push('\n');
            }
            // `mod tests;` stands anywhere, `mod tests {` at the end.
            if lines.next().is_none_or(|item| !item.ends_with(';')) {
                break;
            }
            kept.push_str("\n\n");
            continue;
        }
        let code = line.split("//").next().unwrap_or_default();
        kept.push_str(code);
        kept.push('\n');
    }
    kept
}

/// The first names of a path, or of each path in a group: `a::b` has `a`, `{a::{b, c}, d}` has `a` and `d`.
fn names(path: &str) -> Vec<String> {
    let ident = |text: &str| -> String {
        let text = text.trim_start();
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![ident(path)];
    };
    let (mut depth, mut item, mut found) = (0_usize, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => found.push(ident(&std::mem::take(&mut item))),
            _ => {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth - 1,
                    _ => depth,
                };
                item.push(c);
            }
        }
    }
    found.push(ident(&item));
    found.retain(|name| !name.is_empty());
    found
}

/// Each circle once, told at its first import.
fn circles(imports: &Imports) -> Vec<Problem> {
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for ((from, to), (path, line)) in imports {
        let Some(back) = way(imports, to, from) else { continue };
        let members: BTreeSet<&str> = back.iter().copied().collect();
        if told.insert(members) {
            let circle = [&[from.as_str()], &back[..]].concat().join(" → ");
            problems.push(Problem::new(
                path,
                *line,
                format!("modules import each other: {circle}"),
            ));
        }
    }
    problems
}

/// The shortest way along imports, both ends included.
fn way<'a>(imports: &'a Imports, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut ways = std::collections::VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::from([from]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().copied().unwrap_or_default();
        if last == to {
            return Some(way);
        }
        for (_, next) in imports.keys().filter(|(module, _)| module == last) {
            if seen.insert(next) {
                ways.push_back([&way[..], &[next.as_str()]].concat());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const SMALL: Package = Package {
        folder: "p/src/",
        providers: &["neon", "github"],
    };

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, String)> = files
            .iter()
            .map(|(path, text)| (format!("p/src/{path}"), (*text).to_owned()))
            .collect();
        check(&SMALL, &files).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_provider_knows_neither_the_runner_nor_another() {
        assert_eq!(
            problems(&[("neon/api.rs", "use crate::http;\n\nfn f() { crate::runner::print() }\n")]),
            [
                "p/src/neon/api.rs:3: provider `neon` imports `runner`; a provider knows neither the runner nor another provider"
            ]
        );
        let grouped = "use crate::{\n    http::{self, Client},\n    github,\n};\n";
        assert_eq!(problems(&[("neon.rs", grouped)]).len(), 1);
        assert_eq!(
            problems(&[("neon/a/b.rs", "use super::super::super::runner;\n")]).len(),
            1
        );
        assert_eq!(
            problems(&[("neon/a.rs", "use super::runner::x;\nuse super::super::http;\n")]).len(),
            0
        );
    }

    #[test]
    fn circles_are_found_however_long() {
        let files = [
            ("a.rs", "use crate::b;\n"),
            ("b/mod.rs", "mod deep;\n"),
            ("b/deep.rs", "use super::super::c::X;\n"),
            ("c.rs", "use crate::{a, d};\n"),
            ("d.rs", "use crate::e;\n"),
        ];
        assert_eq!(
            problems(&files),
            ["p/src/a.rs:1: modules import each other: a → b → c → a"]
        );
        assert_eq!(problems(&files[1..]), [""; 0]);
    }

    #[test]
    fn comments_and_tests_may_name_anything() {
        let text = "//! [`crate::runner`]\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;\nuse crate::http; // crate::github\n\n#[cfg(test)]\nmod more {\n    use crate::runner;\n}\n";
        assert_eq!(imported(text, 1), [(5, "http".to_owned())]);
        assert_eq!(problems(&[("neon/tests.rs", "use crate::runner;\n")]), [""; 0]);
    }

    /// The files of a package in this workspace.
    fn files(package: &Package) -> Vec<(String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders = vec![root.join(package.folder)];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                    found.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn this_workspace_has_layers() {
        for package in &PACKAGES {
            let files = files(package);
            let modules: Vec<_> = files
                .iter()
                .filter_map(|(path, _)| module(path.strip_prefix(package.folder)?))
                .collect();
            assert!(modules.len() > 5, "{} was not read", package.folder);
            let problems: Vec<String> = check(package, &files).iter().map(Problem::to_string).collect();
            assert_eq!(problems, [""; 0]);
        }
    }
}
