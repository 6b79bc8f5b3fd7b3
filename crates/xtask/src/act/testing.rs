//! `testing.yml`: a suite that fails, and branches that are deleted all the same, or named; paths in which nothing has
//! changed.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Story;
use super::shop::Shop;
use crate::demo::verify::values;
use crate::demo::world::NEON_PROJECT;

const CALLER: &str = "testing.yml";
const TEXT: &str = "\
on: pull_request
permissions: {}
jobs:
  testing:
    uses: codex/actions/.github/workflows/testing.yml@v1
    permissions: { contents: read, pull-requests: read }
    secrets: inherit
    with:
      static: test -f codex.toml
      unit: npm run db:seed
      e2e: npm run db:seed && mkdir test-results && echo \"$PLAYWRIGHT_BASE_URL\" >test-results/seen.txt && exit 7
      variables: PLAYWRIGHT_BASE_URL=https://preview.example.com/?a=b
";

const FILTERED: &str = "filtered.yml";
const FILTERED_TEXT: &str = "\
on: pull_request
permissions: {}
jobs:
  testing:
    uses: codex/actions/.github/workflows/testing.yml@v1
    permissions: { contents: read, pull-requests: read }
    secrets: inherit
    with: { static: 'false', unit: 'false', paths: docs }
";

pub(super) const STORY: Story = Story {
    name: "testing",
    what: "a suite fails: branches are deleted, results kept; a branch that cannot be deleted is named; paths are heeded",
    always: true,
    callers: &[(CALLER, TEXT), (FILTERED, FILTERED_TEXT)],
    play,
};

fn play(shop: &mut Shop) -> Result<()> {
    // Nothing below `docs` has changed: neither of the commands, which would fail, has run.
    let filtered = shop.run(&shop.pull_request(FILTERED, "opened"))?;
    filtered.ended(true, &[("changes", "success")])?;
    ensure!(filtered.summary.contains("Nothing was tested"), "{}", filtered.summary);

    let failed = shop.run(&shop.pull_request(CALLER, "opened"))?;
    let jobs = [
        ("changes", "success"),
        ("static", "success"),
        ("database", "success"),
        ("unit", "success"),
        ("e2e", "failure"),
        ("branches", "success"),
    ];
    failed.ended(false, &jobs)?;
    let left = branches(&shop.state()?);
    ensure!(left == ["production"], "left: {left:?}");
    let seen = shop.artifact(1, "test-e2e-1001-1/test-results/seen.txt")?;
    ensure!(seen.trim() == "https://preview.example.com/?a=b", "{seen}");

    // One that cannot be deleted is named, and what was made from nothing else goes.
    shop.fault(
        &json!({"provider": "neon", "method": "DELETE", "path": "/projects/*/branches/*", "status": 403, "times": 1,
        "body": {"code": "", "message": "not allowed"}}),
    )?;
    let left_over = shop.run(&shop.pull_request(CALLER, "synchronize"))?;
    let jobs = jobs.map(|(job, result)| (job, if job == "branches" { "failure" } else { result }));
    left_over.ended(false, &jobs)?;
    let told = "Test branches that are left in Neon, or may be: test/1002-1/unit test/1002-1.";
    ensure!(left_over.summary.contains(told), "{}", left_over.summary);
    let left = branches(&shop.state()?);
    ensure!(
        left == ["production", "test/1002-1", "test/1002-1/unit"],
        "left: {left:?}"
    );
    Ok(())
}

/// The names of Neon's branches.
pub(super) fn branches(state: &Value) -> Vec<String> {
    let project = values(&state["neon"]["projects"]).find(|project| project["id"] == NEON_PROJECT);
    let branches = project.into_iter().flat_map(|project| values(&project["branches"]));
    let mut names: Vec<String> = branches
        .filter_map(|branch| branch["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}
