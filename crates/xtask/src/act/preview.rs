//! `preview.yml` and `cleanup.yml`, as a team calls them.

use std::thread;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};

use super::Story;
use super::shop::{SUPPORT_EMAIL, Shop};
use crate::demo::verify::{Inventory, values};
use crate::demo::world::ACCOUNT;

const PREVIEW: &str = "preview.yml";
const CLEANUP: &str = "cleanup.yml";
const SWEEP: &str = "sweep.yml";
const CALLERS: &[(&str, &str)] = &[
    (
        PREVIEW,
        include_str!("../../../../action-tests/workflows/callers/preview.yml"),
    ),
    (
        CLEANUP,
        include_str!("../../../../action-tests/workflows/callers/cleanup.yml"),
    ),
    (
        SWEEP,
        include_str!("../../../../action-tests/workflows/callers/sweep.yml"),
    ),
];
/// The jobs of a preview that was made.
pub(super) const ALL: [(&str, &str); 6] = [
    ("start", "success"),
    ("build", "success"),
    ("prepare", "success"),
    ("migrate", "success"),
    ("deploy", "success"),
    ("report", "success"),
];

pub(super) const STORIES: [Story; 7] = [
    Story {
        name: "preview",
        what: "a pull request: opened, pushed to, closed, and nothing is left",
        always: true,
        callers: CALLERS,
        play: life,
    },
    Story {
        name: "preview-fork",
        what: "a fork's pull request gets no secret and no preview; by hand only the commit that was looked at",
        always: true,
        callers: CALLERS,
        play: fork,
    },
    Story {
        name: "preview-manifest",
        what: "a wrong manifest is told before anything is made",
        always: true,
        callers: CALLERS,
        play: wrong_manifest,
    },
    Story {
        name: "preview-migration",
        what: "a migration that fails: nothing is deployed, and the comment says why",
        always: false,
        callers: CALLERS,
        play: failing_migration,
    },
    Story {
        name: "preview-twice",
        what: "two pushes at once: one environment, one comment",
        always: false,
        callers: CALLERS,
        play: twice,
    },
    Story {
        name: "cleanup-again",
        what: "a close whose deletions fail, then again",
        always: false,
        callers: CALLERS,
        play: cleanup_again,
    },
    Story {
        name: "sweep",
        what: "a close that started no run: the first night only tells, by hand it goes, and nothing is left",
        always: false,
        callers: CALLERS,
        play: sweep,
    },
];

fn life(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    support_email(shop)?;
    shop.consumer.push("Checkout: somebody to ask")?;
    shop.run(&shop.pull_request(PREVIEW, "opened"))?.ended(true, &ALL)?;
    let comment = shop.comment()?;
    tells(
        &comment,
        &["codex-preview-42", "api-preview-42", &shop.consumer.head_sha[..7]],
    )?;
    ensure!(workers(shop, &before)? == 5, "not five Workers");
    // The repository's variable, which no caller names.
    has_support_email(shop, SUPPORT_EMAIL)?;
    ensure!(deployments(shop)? == ["success"], "{:?}", deployments(shop)?);
    let page = shop
        .cloud
        .visit("GET", "codex-preview-42.revelations.localhost", "/", None)?;
    ensure!(
        page.status == 200 && page.body.contains(&shop.consumer.offers),
        "the page is not the commit's: {} {}",
        page.status,
        page.body
    );

    shop.consumer.push("Checkout: pay later")?;
    shop.run(&shop.pull_request(PREVIEW, "synchronize"))?
        .ended(true, &ALL)?;
    tells(&shop.comment()?, &[&shop.consumer.head_sha[..7]])?;
    let page = shop
        .cloud
        .visit("GET", "codex-preview-42.revelations.localhost", "/", None)?;
    ensure!(page.body.contains("pay later"), "{}", page.body);

    let closed = shop.run(&shop.pull_request(CLEANUP, "closed"))?;
    closed.ended(true, &[("deploy-ended", "success"), ("cleanup", "success")])?;
    nothing_left(shop, &before)?;
    ensure!(deployments(shop)?.is_empty(), "{:?}", deployments(shop)?);
    tells(&shop.comment()?, &["emoved"])
}

fn fork(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    let opened = shop.run(&shop.pull_request_of_fork(PREVIEW, "opened"))?;
    opened.ended(true, &[("start", "success")])?;
    tells(
        &opened.summary,
        &["comes from a fork: no secrets, so no preview", &shop.consumer.head_sha],
    )?;
    ensure!(opened.log.contains("::notice"), "no annotation\n{}", opened.log);
    let writes: Vec<_> = shop
        .cloud
        .requests()?
        .into_iter()
        .filter(|request| request["write"] == true)
        .collect();
    ensure!(writes.is_empty(), "a fork's run wrote: {writes:#?}");

    // Somebody looked at the commit before; meanwhile the fork was pushed to.
    let looked_at = shop.consumer.head_sha.clone();
    shop.consumer.push("Checkout: something else")?;
    shop.see(&shop.pull_request_of_fork(PREVIEW, "synchronize"))?;
    let inputs = |sha: &str| json!({"pull-request": "42", "head-sha": sha});
    let moved = shop.run(&shop.dispatch(PREVIEW, &inputs(&looked_at)))?;
    moved.ended(false, &[("start", "failure")])?;
    tells(&moved.log, &["was pushed to since you looked", &shop.consumer.head_sha])?;
    nothing_left(shop, &before)
}

fn wrong_manifest(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    shop.replace("codex.toml", "needs = [\"identity-api\"]", "neds = [\"identity-api\"]")?;
    shop.consumer.push("Checkout: a typo")?;
    let run = shop.run(&shop.pull_request(PREVIEW, "opened"))?;
    run.ended(
        false,
        &[
            ("start", "success"),
            ("build", "failure"),
            ("prepare", "failure"),
            ("report", "success"),
        ],
    )?;
    tells(&run.log, &["codex.toml", "neds", "needs"])?;
    tells(&shop.comment()?, &["neds"])?;
    nothing_left(shop, &before)
}

fn failing_migration(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    shop.consumer
        .migration("ALTER TABLE no_such_table ADD COLUMN total integer;\n")?;
    shop.consumer.push("Checkout: totals")?;
    let run = shop.run(&shop.pull_request(PREVIEW, "opened"))?;
    run.ended(
        false,
        &[
            ("start", "success"),
            ("build", "success"),
            ("prepare", "success"),
            ("migrate", "failure"),
            ("report", "success"),
        ],
    )?;
    // drizzle-kit keeps what Postgres said to itself.
    ensure!(
        run.log
            .contains("the command ended with exit status 1, on branch `preview-pr-42` itself"),
        "the log does not tell how the migration ended\n{}",
        run.log
    );
    ensure!(workers(shop, &before)? == 0, "something was deployed");
    tells(
        &shop.comment()?,
        &["exit status 1, on branch `preview-pr-42` itself", "Preview failed"],
    )
}

fn twice(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    let first = shop.pull_request(PREVIEW, "opened");
    shop.consumer.push("Checkout: pay later")?;
    let second = shop.pull_request(PREVIEW, "synchronize");
    let shop = &*shop;
    // GitHub would let the second wait; act has no `concurrency`, so this is the worse case.
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| shop.run(&first));
        let second = shop.run(&second);
        (first.join(), second)
    });
    let first = first.map_err(|_| anyhow!("the first run panicked"))??;
    let second = second?;
    ensure!(
        first.succeeded || second.succeeded,
        "both runs failed\n{}\n{}",
        first.log,
        second.log
    );
    ensure!(workers(shop, &before)? == 5, "not five Workers");
    let state = shop.state()?;
    let branches = state["neon"]["projects"][0]["branches"]
        .as_array()
        .into_iter()
        .flatten();
    let ours = branches.filter(|branch| branch["name"] == "preview-pr-42").count();
    ensure!(ours == 1, "{ours} database branches");
    shop.comment().map(drop)
}

fn cleanup_again(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    shop.run(&shop.pull_request(PREVIEW, "opened"))?.ended(true, &ALL)?;
    shop.fault(&json!({
        "provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/*", "status": 403,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null},
    }))?;
    let failed = shop.run(&shop.pull_request(CLEANUP, "closed"))?;
    failed.ended(false, &[("deploy-ended", "success"), ("cleanup", "failure")])?;
    let comment = shop.comment()?;
    tells(&comment, &["10000"])?;
    ensure!(!comment.contains("Nothing is left"), "{comment}");

    shop.cloud.forget_faults()?;
    let again = shop.run(&shop.pull_request(CLEANUP, "closed"))?;
    again.ended(true, &[("deploy-ended", "success"), ("cleanup", "success")])?;
    nothing_left(shop, &before)
}

fn sweep(shop: &mut Shop) -> Result<()> {
    let before = Inventory::of(&shop.state()?);
    shop.run(&shop.pull_request(PREVIEW, "opened"))?.ended(true, &ALL)?;
    let swept = [("sweep", "success")];
    let alive = shop.run(&shop.schedule(SWEEP))?;
    alive.ended(true, &swept)?;
    tells(&alive.log, &["nothing to sweep"])?;

    // The pull request is closed, and no workflow ran.
    shop.see(&shop.pull_request(CLEANUP, "closed"))?;
    let told = shop.run(&shop.schedule(SWEEP))?;
    told.ended(true, &swept)?;
    tells(
        &told.summary,
        &[
            "preview 42",
            "Would remove 1 of 1",
            "no scheduled run of this workflow has succeeded before",
        ],
    )?;
    ensure!(workers(shop, &before)? == 5, "a first sweep removed something");

    let gone = shop.run(&shop.dispatch(SWEEP, &json!({"dry-run": "false"})))?;
    gone.ended(true, &swept)?;
    tells(&gone.summary, &["preview 42"])?;
    nothing_left(shop, &before)?;
    ensure!(deployments(shop)?.is_empty(), "{:?}", deployments(shop)?);
    tells(&shop.comment()?, &["emoved"])?;

    let again = shop.run(&shop.dispatch(SWEEP, &json!({"dry-run": "false"})))?;
    again.ended(true, &swept)?;
    tells(&again.log, &["nothing to sweep"])
}

/// A service asks for a variable of the step.
pub(super) fn support_email(shop: &Shop) -> Result<()> {
    let asks = "[services.web]\nstep-vars = [\"SUPPORT_EMAIL\"]\n";
    shop.replace("codex.toml", "[services.web]\n", asks)
}

/// The Worker of that service has it.
pub(super) fn has_support_email(shop: &Shop, value: &str) -> Result<()> {
    let state = shop.state()?;
    let worker = &state["cloudflare"]["accounts"][ACCOUNT]["workers"]["codex-web-preview-42"];
    let version = worker["deployments"][0]["versions"][0]["version_id"]
        .as_str()
        .unwrap_or_default();
    let versions = values(&worker["versions"]);
    let bindings = versions
        .filter(|one| one["id"] == version)
        .flat_map(|one| values(&one["content"]["bindings"]));
    let found: Vec<&Value> = bindings.filter(|one| one["name"] == "SUPPORT_EMAIL").collect();
    ensure!(
        matches!(&found[..], [one] if one["text"] == value),
        "`SUPPORT_EMAIL` of version `{version}` is {found:?}, not `{value}`: {worker}"
    );
    Ok(())
}

/// A text that people read has each of these in it.
pub(super) fn tells(text: &str, parts: &[&str]) -> Result<()> {
    for part in parts {
        ensure!(text.contains(part), "there is no `{part}` in:\n{text}");
    }
    Ok(())
}

pub(super) fn workers(shop: &Shop, before: &Inventory) -> Result<usize> {
    let new = Inventory::of(&shop.state()?).left_over(before);
    Ok(new.iter().filter(|name| name.starts_with("worker ")).count())
}

pub(super) fn nothing_left(shop: &Shop, before: &Inventory) -> Result<()> {
    let left = Inventory::of(&shop.state()?).left_over(before);
    ensure!(left.is_empty(), "left over: {}", left.join(", "));
    Ok(())
}

/// How the GitHub Deployments of the preview stand, oldest first.
pub(super) fn deployments(shop: &Shop) -> Result<Vec<String>> {
    let state = shop.state()?;
    let repositories = state["github"]["repositories"].as_array().into_iter().flatten();
    let all = repositories.flat_map(|repository| repository["deployments"].as_array().into_iter().flatten());
    let stands = |deployment: &Value| {
        let last = deployment["statuses"].as_array().and_then(|statuses| statuses.last());
        last.and_then(|status| status["state"].as_str())
            .unwrap_or("none")
            .to_owned()
    };
    Ok(all.map(stands).collect())
}
