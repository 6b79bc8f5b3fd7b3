//! Workflows in many shapes, and what is told of them.

mod giving;
mod leaving;
mod proof;
mod rights;
mod shape;
mod shipped;

use std::path::PathBuf;

use actions_core::environment::Environment;
use actions_core::manifest::Manifest;
use actions_core::owner::Repository as Owned;

use super::read::Repository;
use super::{Facts, uses};
use crate::checks::testing::SHOP as MANIFEST;
use crate::finding::Finding;

/// What is found in these files: workflows by their name, others by their path.
fn found(manifest: Option<&str>, files: &[(&str, &str)]) -> Vec<Finding> {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| {
            let path = if name.contains('/') {
                (*name).to_owned()
            } else {
                format!(".github/workflows/{name}")
            };
            (path, (*text).to_owned())
        })
        .collect();
    let is_workflow = |file: &&(String, String)| file.0.starts_with(".github/workflows/");
    let workflows = files.iter().filter(is_workflow).cloned().collect();
    let repository = Repository::of(workflows, &mut |path| {
        files.iter().find(|(file, _)| file == path).cloned()
    });
    let manifest = manifest.map(|text| Manifest::parse(text, "codex.toml", PathBuf::new()).unwrap());
    let environments: Vec<Environment> = manifest
        .iter()
        .flat_map(|manifest| {
            let names = manifest.environments.iter();
            names.map(|(name, spec)| {
                let number = spec.is_per_pull_request().then_some(1);
                Environment::resolve(manifest, name, number, &Owned::default()).unwrap()
            })
        })
        .collect();
    Facts {
        uses: uses::all(&repository),
        repository: &repository,
        manifest: manifest.as_ref(),
        environments: &environments,
    }
    .findings()
}

/// Kind and place of each finding, `kind file:line:column`, the folder left out.
fn places(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let place = finding.place.as_ref().unwrap().to_string();
        format!("{} {}", finding.kind.name, place.replace(".github/workflows/", ""))
    };
    findings.iter().map(line).collect()
}

/// Of one kind alone: a table's case need not be without fault in everything else.
fn of_kind(kind: &str, manifest: Option<&str>, files: &[(&str, &str)]) -> Vec<String> {
    let mut found = found(manifest, files);
    found.retain(|finding| finding.kind.name == kind);
    places(&found)
        .into_iter()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

/// Each case: the workflow `w.yml`, and the places at which the kind is found in it.
fn table(kind: &str, manifest: Option<&str>, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(
            of_kind(kind, manifest, &[("w.yml", text)]),
            *expected,
            "{kind} in\n{text}"
        );
    }
}
