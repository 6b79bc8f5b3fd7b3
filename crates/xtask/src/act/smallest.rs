//! The smallest workflow with all six actions, spelled out: the README's. First a refused DNS change, which fails the job
//! and is told in the comment; then the same push again, which succeeds; then the close.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::Story;
use super::log::Outcome;
use super::shop::Shop;
use crate::demo::verify::Inventory;

pub(super) const STORY: Story = Story {
    name: "smallest",
    what: "the README's workflow with all six actions: DNS refused, good, closed",
    always: true,
    callers: &[(CALLER, include_str!("../../../../action-tests/workflows/smallest.yml"))],
    play,
};

const CALLER: &str = "preview.yml";

fn play(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);

    shop.fault(&json!({
        "provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "status": 403,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null},
    }))?;
    let refused = shop.run(&shop.pull_request(CALLER, "opened"))?;
    refused
        .ended(false, &[("preview", "failure")])
        .context("with a refused DNS change")?;
    steps(&refused, "preview", &[("preview-dns", "failure")])?;
    ensure!(
        refused.log.contains("::error") && refused.log.contains("10000"),
        "the log does not tell why DNS failed\n{}",
        refused.log
    );
    ensure!(shop.comment()?.contains("10000"), "{}", shop.comment()?);
    shop.cloud.forget_faults()?;

    let succeeded = shop.run(&shop.pull_request(CALLER, "synchronize"))?;
    succeeded
        .ended(true, &[("preview", "success")])
        .context("after the refusal was lifted")?;
    let all = [
        "neon-branch",
        "preview-dns",
        "deploy-workers",
        "health-check",
        "pr-comment",
    ]
    .map(|action| (action, "success"));
    steps(&succeeded, "preview", &all)?;
    ensure!(!shop.comment()?.contains("10000"), "{}", shop.comment()?);
    let workers = Inventory::of(&shop.state()?)
        .left_over(&before)
        .iter()
        .filter(|name| name.starts_with("worker"))
        .count();
    ensure!(workers == 5, "{workers} Workers were deployed, not 5");

    let closed = shop.run(&shop.pull_request(CALLER, "closed"))?;
    closed.ended(true, &[("close", "success")]).context("on close")?;
    let left = Inventory::of(&shop.state()?).left_over(&before);
    ensure!(left.is_empty(), "left over after the close: {}", left.join(", "));
    shop.comment().map(drop).context("on close")
}

/// Each of these steps ended so.
fn steps(outcome: &Outcome, job: &str, steps: &[(&str, &str)]) -> Result<()> {
    for (step, result) in steps {
        let found = outcome.step(job, step);
        ensure!(
            found == Some(result),
            "step `{step}` ended with {found:?}\n{}",
            outcome.log
        );
    }
    Ok(())
}
