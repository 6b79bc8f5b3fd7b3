//! A consumer's workflow with all six actions, run by act against the local cloud: first a refused DNS change, which
//! fails the job and is told in the comment; then the same push again, which succeeds; then the close.

mod run;

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use self::run::{Act, Outcome};
use crate::demo::cloud::Cloud;
use crate::demo::consumer::Consumer;
use crate::demo::verify::{self, Inventory};
use crate::demo::world::PULL_REQUEST;
use crate::git::commit_all;
use crate::release::tree;
use crate::test::Passed;
use crate::workspace::Workspace;

pub(crate) fn step(workspace: &Workspace) -> Result<Passed> {
    let scratch = workspace.scratch("act")?;
    let folder = |name: &str| -> Result<_> {
        let path = scratch.path().join(name);
        fs::create_dir(&path)?;
        Ok(path)
    };
    let release = folder("release")?;
    tree::write(workspace, &release, &tree::Options::unreleased())?;
    for (name, content) in [("checkout", CHECKOUT), ("setup-node", SETUP_NODE)] {
        let stub = folder(name)?;
        fs::write(stub.join("action.yml"), content)?;
        commit_all(&stub, "Stand in for an action of somebody else")?;
    }

    let cloud = Cloud::start(workspace)?;
    let mut consumer = Consumer::create(workspace, &scratch.path().join("app"), cloud.edge_port())?;
    consumer.branch_off()?;
    let act = Act {
        workspace,
        cloud: &cloud,
        consumer: &consumer,
        release,
        stubs: scratch.path(),
        home: folder("home")?,
    };
    let told = story(&act).map_err(|error| {
        let log = cloud.log();
        if log.trim().is_empty() {
            error
        } else {
            error.context(format!("local-cloud said:\n{log}"))
        }
    });
    let told = told?;
    cloud.stop()?;
    Ok(Passed::Ran(told))
}

/// What stands in for `actions/checkout`: the scratch repository at the commit that the workflow names.
const CHECKOUT: &str = r#"name: checkout
description: checks the scratch repository out
inputs:
  ref:
    description: commit
  persist-credentials:
    description: without meaning here
runs:
  using: composite
  steps:
    - shell: bash
      run: git clone --quiet "$SCRATCH_REPOSITORY" . && git checkout --quiet "$REF"
      env:
        REF: ${{ inputs.ref }}
"#;

/// What stands in for `actions/setup-node`: Node is here already.
const SETUP_NODE: &str = r"name: setup-node
description: does nothing
inputs:
  node-version:
    description: without meaning here
runs:
  using: composite
  steps:
    - shell: bash
      run: node --version
";

fn story(act: &Act<'_>) -> Result<String> {
    let cloud = act.cloud;
    let before = Inventory::of(&cloud.state()?);

    let fault = json!({
        "provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "status": 403,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null},
    });
    cloud.post("faults", &fault)?;
    let refused = act.run("opened")?;
    check(&refused, &[("preview-dns", false)], false).context("with a refused DNS change")?;
    ensure!(
        refused.log.contains("::error") && refused.log.contains("10000"),
        "the log does not tell why DNS failed\n{}",
        refused.log
    );
    comment(cloud, |body| body.contains("10000")).context("after a refused DNS change")?;
    cloud.forget_faults()?;

    let succeeded = act.run("synchronize")?;
    let all = [
        "neon-branch",
        "preview-dns",
        "deploy-workers",
        "health-check",
        "pr-comment",
    ]
    .map(|action| (action, true));
    check(&succeeded, &all, true).context("after the refusal was lifted")?;
    comment(cloud, |body| !body.contains("10000")).context("after a good run")?;
    let state = cloud.state()?;
    let workers = Inventory::of(&state)
        .left_over(&before)
        .iter()
        .filter(|name| name.starts_with("worker"))
        .count();
    ensure!(workers == 5, "{workers} Workers were deployed, not 5");

    let closed = act.run("closed")?;
    check(&closed, &[("cleanup", true)], true).context("on close")?;
    let left = Inventory::of(&cloud.state()?).left_over(&before);
    ensure!(left.is_empty(), "left over after the close: {}", left.join(", "));
    comment(cloud, |_| true).context("on close")?;

    let unknown = verify::unknown(&cloud.requests()?);
    ensure!(
        unknown.is_empty(),
        "the local cloud does not know {}",
        unknown.join(", ")
    );
    Ok(format!("{}\n{}\n{}", refused.log, succeeded.log, closed.log))
}

/// Each of these steps ended as it should, so did the job, and nothing secret was printed.
fn check(outcome: &Outcome, steps: &[(&str, bool)], succeeds: bool) -> Result<()> {
    let expected = |well: bool| if well { "success" } else { "failure" };
    for (step, well) in steps {
        let found = outcome.steps.get(*step).map(String::as_str);
        ensure!(
            found == Some(expected(*well)),
            "step `{step}` ended with {found:?}\n{}",
            outcome.log
        );
    }
    ensure!(
        outcome.succeeded == succeeds,
        "act's exit status tells the other result\n{}",
        outcome.log
    );
    ensure!(outcome.leaks.is_empty(), "printed: {}", outcome.leaks.join(", "));
    Ok(())
}

/// There is one comment of ours, and its text is as it should be.
fn comment(cloud: &Cloud, is_right: impl Fn(&str) -> bool) -> Result<()> {
    let state = cloud.state()?;
    let comments: Vec<&Value> = verify::own_comments(&state, PULL_REQUEST);
    ensure!(comments.len() == 1, "{} comments of ours", comments.len());
    let body = comments[0]["body"].as_str().unwrap_or_default();
    ensure!(is_right(body), "the comment does not tell what happened:\n{body}");
    Ok(())
}
