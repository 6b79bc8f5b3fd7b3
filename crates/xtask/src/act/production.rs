//! `production.yml`: a first deployment; a migration that fails on the database itself; a Worker of the last wave that
//! Cloudflare refuses.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::Story;
use super::call::Call;
use super::log::Outcome;
use super::shop::Shop;
use super::testing::branches;
use crate::demo::consumer::ZONE;
use crate::demo::verify::values;
use crate::demo::world::ACCOUNT;
use crate::git::git;

const CALLER: &str = "production.yml";
const TEXT: &str = include_str!("../../../../action-tests/workflows/callers/production.yml");

pub(super) const STORIES: [Story; 3] = [
    Story {
        name: "production",
        what: "a push to the default branch is deployed; the same commit again changes nothing",
        always: true,
        callers: &[(CALLER, TEXT)],
        play,
    },
    Story {
        name: "production-last-wave",
        what: "a push whose last wave fails: the old code serves, an issue is open until the next success",
        always: false,
        callers: &[(CALLER, TEXT)],
        play: play_last_wave,
    },
    Story {
        name: "production-migration",
        what: "a migration passes on the copy and fails on the database: nothing is deployed, and it is put back",
        always: false,
        callers: &[(RESTORING, RESTORING_TEXT)],
        play: play_migration,
    },
];

const RESTORING: &str = "restoring.yml";
/// The command fails where it runs for the second time: on the database itself, after the copy.
const RESTORING_TEXT: &str = "\
on: push
permissions: {}
jobs:
  production:
    uses: codex/actions/.github/workflows/production.yml@v1
    permissions: { contents: read, deployments: write, issues: write, pull-requests: write }
    secrets: inherit
    with:
      migrate: npm run db:migrate && mkdir \"$RUNNER_TEMP/migrated\"
      restore-database: true
";

/// What was there before the first deployment: the commits, and the namespaces that the configurations name.
fn before(shop: &Shop) -> Result<()> {
    let (base, head) = (&shop.consumer.base_sha, &shop.consumer.head_sha);
    // act takes a push's commit from where the repository stands.
    git(&shop.consumer.folder, &["switch", "--quiet", "main"])?;
    shop.cloud.post(
        "seed",
        &json!({
            "github": {"history": [{"sha": base, "at": "2026-11-20T09:00:00Z"}, {"sha": head, "parents": [base], "at": "2026-11-21T09:00:00Z"}]},
            "cloudflare": {"kv": [
                {"title": "RATE_LIMIT_KV", "id": "f58218d9b41be52b14fd540b46efcc16"},
                {"title": "AUTH_SESSION_KV", "id": "34da83556eb71d3ee0a9099caaceaf18"},
            ]},
        }),
    )?;
    Ok(())
}

fn play(shop: &mut Shop) -> Result<()> {
    before(shop)?;
    let (page, live) = deployed(shop)?;

    // The same commit again: nothing is deployed twice.
    let again = shop.run(&shop.push_to_main(CALLER))?;
    ensure!(again.succeeded, "{}", again.log);
    ensure!(
        workers(&shop.state()?) == live,
        "the second run of a commit has deployed"
    );
    ensure!(visit(shop)? == page, "the page is not the one that served before");
    Ok(())
}

/// The first deployment: production's page, and the versions that serve.
fn deployed(shop: &Shop) -> Result<(String, Vec<(String, Value)>)> {
    let first = shop.run(&shop.push_to_main(CALLER))?;
    first.ended(true, &jobs(&[]))?;
    let all = [
        ("check", "dns"),
        ("check", "plan"),
        ("migrate", "rehearsal"),
        ("migrate", "restore-point"),
        ("migrate", "migration"),
        ("deploy", "workers"),
        ("deploy", "health"),
    ];
    for (job, step) in all {
        ended(&first, job, step, "success")?;
    }
    let page = visit(shop)?;
    let live = workers(&shop.state()?);
    ensure!(live.len() == 5, "{} Workers were deployed, not 5: {live:?}", live.len());
    let points = branches(&shop.state()?);
    ensure!(points == ["checkpoint/production/1000", "production"], "{points:?}");
    ensure!(alerts(&shop.state()?).is_empty(), "an issue was opened for a good run");
    Ok((page, live))
}

fn play_last_wave(shop: &mut Shop) -> Result<()> {
    before(shop)?;
    let (page, live) = deployed(shop)?;
    // The next commit's page is in the last wave.
    shop.fault(&json!({
        "provider": "cloudflare", "method": "POST", "path": "/accounts/*/workers/scripts/codex-web-production/versions",
        "status": 400, "times": null,
        "body": {"success": false, "errors": [{"code": 10021, "message": "Uncaught ReferenceError: x is not defined"}], "messages": [], "result": null},
    }))?;
    let merged = merge(shop)?;
    let failed = shop.run(&merged)?;
    failed.ended(false, &jobs(&[("deploy", "failure")]))?;
    ended(&failed, "migrate", "migration", "success")?;
    ended(&failed, "deploy", "workers", "failure")?;
    ensure!(visit(shop)? == page, "the page is not the one that served before");
    let state = shop.state()?;
    ensure!(workers(&state) == live, "{:?} serve, not {live:?}", workers(&state));
    let points = branches(&state);
    ensure!(points.contains(&"checkpoint/production/1001".to_owned()), "{points:?}");
    let alert = alert(&state)?;
    for told in [
        "checkpoint/production/1001",
        "Every Worker serves the code that it served before",
        "10021",
    ] {
        ensure!(alert.contains(told), "the issue does not tell `{told}`:\n{alert}");
    }
    ensure!(failed.summary.contains("10021"), "{}", failed.summary);

    // Once it is mended, the issue is closed.
    shop.cloud.forget_faults()?;
    let mended = shop.run(&merged)?;
    ensure!(mended.succeeded, "{}", mended.log);
    ensure!(visit(shop)? != page, "the page is still the former one");
    ensure!(alerts(&shop.state()?).is_empty(), "the issue is still open");
    Ok(())
}

fn play_migration(shop: &mut Shop) -> Result<()> {
    before(shop)?;
    let failed = shop.run(&shop.push_to_main(RESTORING))?;
    let mut expected = jobs(&[("migrate", "failure")]).to_vec();
    expected.retain(|(job, _)| *job != "deploy");
    failed.ended(false, &expected)?;
    for (step, result) in [
        ("rehearsal", "success"),
        ("restore-point", "success"),
        ("restorable", "success"),
        ("migration", "failure"),
        ("restore", "success"),
    ] {
        ended(&failed, "migrate", step, result)?;
    }
    let state = shop.state()?;
    ensure!(workers(&state).is_empty(), "deployed: {:?}", workers(&state));
    let all = branches(&state);
    ensure!(
        all == [
            "checkpoint/production/1000",
            "production",
            "production-before-restore-1000-1"
        ],
        "{all:?}"
    );
    let alert = alert(&state)?;
    for told in ["checkpoint/production/1000", "production-before-restore-1000-1"] {
        ensure!(alert.contains(told), "the issue does not tell `{told}`:\n{alert}");
    }
    Ok(())
}

/// All jobs, which end well except for these.
fn jobs(but: &[(&'static str, &'static str)]) -> [(&'static str, &'static str); 6] {
    ["start", "build", "check", "migrate", "deploy", "outcome"].map(|job| {
        let other = but.iter().find(|(name, _)| *name == job);
        (job, other.map_or("success", |(_, result)| result))
    })
}

fn ended(run: &Outcome, job: &str, step: &str, result: &str) -> Result<()> {
    let found = run.step(job, step);
    ensure!(
        found == Some(result),
        "step `{step}` of job `{job}` ended with {found:?}\n{}",
        run.log
    );
    Ok(())
}

/// The default branch moves to the pull request's last commit.
fn merge(shop: &Shop) -> Result<Call> {
    git(
        &shop.consumer.folder,
        &["merge", "--quiet", "--ff-only", shop.consumer.head_ref],
    )?;
    let mut call = shop.push_to_main(CALLER);
    let head = shop.consumer.head_sha.clone();
    call.payload["before"] = json!(shop.consumer.base_sha);
    call.payload["after"] = json!(head);
    call.payload["head_commit"]["id"] = json!(head);
    call.sha = head;
    "merged".clone_into(&mut call.name);
    Ok(call)
}

/// The page of the web app, as production serves it.
fn visit(shop: &Shop) -> Result<String> {
    let answer = shop.cloud.visit("GET", &format!("codex.{ZONE}"), "/", None)?;
    ensure!(
        answer.status == 200,
        "production answers {}: {}",
        answer.status,
        answer.body
    );
    Ok(answer.body)
}

/// Production's Workers and the version that serves of each.
fn workers(state: &Value) -> Vec<(String, Value)> {
    let all = state["cloudflare"]["accounts"][ACCOUNT]["workers"].as_object();
    let mut live: Vec<(String, Value)> = all
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.ends_with("-production"))
        .map(|(name, worker)| (name.clone(), worker["deployments"][0]["versions"].clone()))
        .collect();
    live.sort_by(|a, b| a.0.cmp(&b.0));
    live
}

/// The texts of the open issues that are no pull requests.
fn alerts(state: &Value) -> Vec<String> {
    let issues = values(&state["github"]["repositories"]).flat_map(|repository| values(&repository["threads"]));
    let open = issues.filter(|issue| issue["pull"].is_null() && issue["state"] == "open");
    open.map(|issue| issue["body"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn alert(state: &Value) -> Result<String> {
    let mut open = alerts(state);
    ensure!(open.len() == 1, "{} issues are open", open.len());
    open.pop().context("no issue is open")
}
