//! Every kind of finding: what silences may name, SARIF's rules, the documentation.

use crate::checks;
use crate::finding::Kind;

/// All kinds, area by area, in the order in which documents name them.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static Kind)> {
    checks::AREAS
        .iter()
        .flat_map(|(area, kinds)| kinds.iter().map(move |kind| (*area, *kind)))
}

/// `.github/docs/findings.md`.
#[cfg(test)]
pub(crate) fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for (area, kinds) in checks::AREAS {
        text += &format!("\n## {area}\n");
        for kind in kinds {
            text += &format!(
                "\n### {}\n\n*{}* {}\n\n{}\n\n**To mend it:** {}\n",
                kind.name, kind.severity, kind.what, kind.why, kind.mend
            );
        }
    }
    text
}

#[cfg(test)]
const INTRODUCTION: &str = "\
# Findings

What [`preflight`](../../actions/preflight/README.md) may find, area by area: what it has seen, what happens if nothing \
is done, and how to mend it. This page is written by `cargo xtask docs` from the catalogue that the action itself has.

An *error* would make a run fail or harm an environment, a *warning* will hurt, a *note* is worth knowing. `fail-on` \
says from which on a finding fails the run.

What is meant so is silenced in `codex.toml` by the finding's name, for one subject alone by `name:subject` (the \
subject stands in the report), with the reason:

```toml
[preflight]
silence = { \"compatibility-date-old\" = \"pinned until the next release\" }
```

It is counted and listed with its reason, and fails nothing. A silence that silences nothing is told.
";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn names_are_unique_and_texts_whole() {
        let mut names = BTreeSet::new();
        for (_, kind) in all() {
            assert!(names.insert(kind.name), "`{}` stands twice", kind.name);
            let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(kind.name.chars().all(valid), "`{}`", kind.name);
            for text in [kind.what, kind.why, kind.mend] {
                assert!(text.ends_with('.'), "`{}`: `{text}`", kind.name);
            }
        }
    }

    #[test]
    fn findings_md_is_current() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.github/docs/findings.md");
        let should = document();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&file, &should).unwrap();
        }
        let stands = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(stands == should, "`findings.md` is not current: run `cargo xtask docs`");
    }

    /// What tests say and expect, of an area or of the silences.
    fn tests_of(area: &str) -> String {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let of_area = source.join("checks").join(area);
        let mut text = String::new();
        for start in [of_area.with_extension("rs"), of_area, source.join("silence.rs")] {
            let own = area == "silences" || !start.ends_with("silence.rs");
            let files = if start.is_file() { vec![start] } else { files(&start) };
            for file in files.into_iter().filter(|_| own) {
                let all = std::fs::read_to_string(&file).unwrap();
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                let is_test = name.contains("test")
                    || file.extension().is_some_and(|ending| ending == "snap")
                    || file.to_string_lossy().contains("/tests/");
                // A kind's own definition is no test of it.
                text += if is_test {
                    &all
                } else {
                    all.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
                };
            }
        }
        text
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .flat_map(|entry| match entry.path() {
                path if path.is_dir() => files(&path),
                path => vec![path],
            })
            .collect()
    }

    #[test]
    fn every_kind_is_named_in_a_test_beside_its_check() {
        let mut untested = Vec::new();
        for (area, kinds) in checks::AREAS {
            let tests = tests_of(area);
            // By name, or as a part of a test's name.
            let is_named = |kind: &&&Kind| tests.contains(kind.name) || tests.contains(&kind.name.replace('-', "_"));
            untested.extend(kinds.iter().filter(|kind| !is_named(kind)).map(|kind| kind.name));
        }
        assert_eq!(untested, [""; 0], "give these a good and a bad case");
    }
}
