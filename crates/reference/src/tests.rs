//! Each document is what it should be; `UPDATE_DOCS=1` writes those that are not.

use std::path::Path;

use super::*;

/// Compares the file at `path` with what `should` makes of it.
fn is_current(path: &str, should: impl FnOnce(&str) -> String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let stands = std::fs::read_to_string(&file).unwrap_or_default();
    let should = should(&stands);
    if std::env::var_os("UPDATE_DOCS").is_some() && stands != should {
        std::fs::write(&file, &should).unwrap();
    }
    let stands = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stands == should, "`{path}` is not current: run `cargo xtask docs`");
}

fn part_is_current(path: &str, part: &str, content: &str) {
    is_current(path, |stands| {
        with_part(stands, part, content).unwrap_or_else(|| panic!("`{path}` has no place for `{part}`"))
    });
}

#[test]
fn every_action_is_known_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut there: Vec<String> = entries
        .filter(|entry| entry.path().join("action.yml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut known = ACTIONS.to_vec();
    known.sort_unstable();
    assert_eq!(there, known);
}

#[test]
fn manifest_md_is_current() {
    is_current(".github/docs/manifest.md", |_| manifest::document());
}

#[test]
fn hosts_md_is_current() {
    is_current(".github/docs/hosts.md", |_| hosts::document());
    part_is_current("SECURITY.md", "hosts", &hosts::summary());
}

#[test]
fn permissions_of_the_readmes_are_current() {
    for action in ACTIONS {
        part_is_current(
            &format!("actions/{action}/README.md"),
            "permissions",
            &grants::table(action),
        );
    }
}

#[test]
fn the_top_readme_is_current() {
    let comment = readme::comment(&read(readme::COMMENT)).expect("the test that shows a preview's comment");
    part_is_current("README.md", "comment", &comment);
    let table = readme::comparison(&read(readme::BEFORE), &read(readme::CALLERS), &read(readme::MANIFEST));
    part_is_current("README.md", "comparison", &table.expect("a caller of each workflow"));
}

#[test]
fn failures_md_is_current() {
    let catalogue = failures::Catalogue::read();
    assert!(
        catalogue.missing.is_empty(),
        "nobody says what to do about these; give them a hint, a line in the README's table, or one in told.txt:\n{}",
        catalogue.missing.iter().cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(
        catalogue.untrue.is_empty(),
        "the sources do not say this (any more):\n{}",
        catalogue.untrue.join("\n")
    );
    is_current(".github/docs/failures.md", |_| failures::document(&catalogue));
}
