//! `preview.yml` with what a caller may say besides, and with what is wrong in the project: a Worker that is ill, a secret
//! that is missing.

use anyhow::{Result, ensure};

use super::Story;
use super::preview::{ALL, deployments, has_support_email, nothing_left, support_email, tells, workers};
use super::shop::Shop;
use crate::demo::verify::Inventory;

const UNWELL: &str = "unwell.yml";
/// All that a caller may say besides: who is ill is ill after half a minute, too.
const UNWELL_TEXT: &str = "\
on: pull_request
permissions: {}
jobs:
  preview:
    uses: codex/actions/.github/workflows/preview.yml@v1
    permissions: { contents: read, deployments: write, pull-requests: write }
    secrets: inherit
    with: { preflight: error, health-timeout: 30s, step-vars: 'SUPPORT_EMAIL=preview@example.com' }
";

pub(super) const STORIES: [Story; 2] = [
    Story {
        name: "preview-unhealthy",
        what: "a Worker that is ill: the run fails, comment and Deployment tell it; the next push is well",
        always: false,
        callers: &[(UNWELL, UNWELL_TEXT)],
        play: unhealthy,
    },
    Story {
        name: "preview-preflight",
        what: "what preflight finds is in the comment, and nothing is made",
        always: false,
        callers: &[(UNWELL, UNWELL_TEXT)],
        play: missing_secret,
    },
];

fn unhealthy(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    let file = "packages/health/src/index.ts";
    let (well, ill) = ("status === 'ok')", "status === 'ok' && service !== 'content-api')");
    shop.replace(file, well, ill)?;
    support_email(shop)?;
    shop.consumer.push("Checkout: ill")?;
    let run = shop.run(&shop.pull_request(UNWELL, "opened"))?;
    let mut jobs = ALL;
    jobs[4] = ("deploy", "failure");
    run.ended(false, &jobs)?;
    tells(&shop.comment()?, &["content-api", "healthy"])?;
    ensure!(deployments(shop)? == ["failure"], "{:?}", deployments(shop)?);

    shop.replace(file, ill, well)?;
    shop.consumer.push("Checkout: well again")?;
    shop.run(&shop.pull_request(UNWELL, "synchronize"))?.ended(true, &ALL)?;
    ensure!(workers(shop, &before)? == 5, "not five Workers");
    has_support_email(shop, "preview@example.com")?;
    let stand = deployments(shop)?;
    ensure!(stand.last().is_some_and(|last| last == "success"), "{stand:?}");
    Ok(())
}

fn missing_secret(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    shop.replace(
        "codex.toml",
        "\"SESSION_SECRET\", \"BETTER_AUTH_SECRET\"]",
        "\"SESSION_SECRET\", \"BETTER_AUTH_SECRET\", \"MAIL_KEY\"]",
    )?;
    shop.consumer.push("Checkout: mails")?;
    let run = shop.run(&shop.pull_request(UNWELL, "opened"))?;
    let jobs = [
        ("start", "success"),
        ("build", "success"),
        ("prepare", "failure"),
        ("report", "success"),
    ];
    run.ended(false, &jobs)?;
    ensure!(
        run.step("prepare", "preflight") == Some("failure") && run.step("prepare", "branch").is_none(),
        "preflight was not the first of the job\n{}",
        run.log
    );
    tells(&shop.comment()?, &["MAIL_KEY"])?;
    nothing_left(shop, &before)
}
