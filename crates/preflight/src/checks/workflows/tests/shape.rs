//! Files that are YAML and no workflow that runs.

use super::super::read::Repository;
use super::super::shape;
use crate::checks::testing::lines;

fn told(files: &[(&str, &str)]) -> String {
    let files = files
        .iter()
        .map(|(name, text)| (format!(".github/workflows/{name}"), (*text).to_owned()));
    lines(&shape::findings(&Repository::of(files.collect(), &mut |_| None)))
}

#[test]
fn what_github_cannot_run_is_told_at_its_place() {
    let files = [
        ("a-list.yml", "- x\n"),
        ("b-text.yml", "hello\n"),
        ("c-null.yml", "---\n~\n"),
        ("d-neither.yml", "name: mine\n"),
        ("d-no-jobs.yml", "on: push\n"),
        ("d-no-on.yml", "jobs:\n  a:\n    steps: [{ run: x }]\n"),
        ("e-no-event.yml", "on:\njobs:\n  a:\n    steps: [{ run: x }]\n"),
        ("f-no-events.yml", "on: []\njobs:\n  a:\n    steps: [{ run: x }]\n"),
        ("g-jobs-null.yml", "on: push\njobs:\n"),
        ("h-jobs-list.yml", "on: push\njobs:\n  - a\n"),
        (
            "i-jobs.yml",
            "on: push\njobs:\n  a:\n  b:\n    steps:\n  c:\n    runs-on: x\n  d:\n    steps: []\n  e: text\n  f:\n    steps: { run: x }\n",
        ),
        (
            "j-calls.yml",
            "on: push\njobs:\n  a:\n    uses: ./.github/workflows/none.yml\n  b:\n    uses: ./.github/workflows/z-good.yml@main\n  c:\n    uses: ./.github/workflows/z-good.yml\n",
        ),
        (
            "z-good.yml",
            "on: [push, workflow_call]\njobs:\n  a:\n    steps: [{ run: x }]\n",
        ),
    ];
    let told = told(&files);
    assert!(told.lines().all(|line| line.contains(" workflow-invalid ")));
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_odd_and_runs_is_not_told() {
    const JOBS: &str = "jobs: { a: { runs-on: x, steps: [{ run: x }] } }\n";
    for on in [
        "on: push",
        "on: [push, pull_request]",
        "on: { push: }",
        "on:\n  workflow_call:",
        "on:\n  schedule:\n    - cron: '0 4 * * *'",
        "'on': push",
        "true: { push: }",
        "\u{feff}on: push",
        "---\non: push",
    ] {
        assert_eq!(told(&[("a.yml", &format!("{on}\n{JOBS}"))]), "", "{on}");
    }
    for job in [
        "{ uses: acme/other/.github/workflows/x.yml@v1 }",
        "{ uses: ./.github/workflows/broken.yml }",
        "{ uses: $/.github/workflows/a.yml }",
        "{ runs-on: x, steps: [{ parallel: [{ run: x }] }] }",
        "{ runs-on: x, steps: [{ uses: ./none }] }",
    ] {
        let text = format!("on: push\njobs:\n  a: {job}\n");
        let files = [("a.yml", text.as_str()), ("broken.yml", "on: [\n")];
        assert_eq!(told(&files), "", "{job}");
    }
    // An anchor stands for what it names.
    let anchored = "on: push\njobs:\n  a: &a\n    steps: &s\n      - run: x\n  b: *a\n  c:\n    steps: *s\n";
    assert_eq!(told(&[("a.yml", anchored)]), "");
}
