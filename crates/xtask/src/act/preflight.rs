//! `preflight` as its README shows it: a repository in which nothing is missing, then one with a preview that would write
//! to production's bucket.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Story;
use super::shop::Shop;

pub(super) const STORY: Story = Story {
    name: "preflight",
    what: "the README's step: nothing is missing; then a finding, at its line, which ends the job",
    always: true,
    // Written by the story, from the README.
    callers: &[],
    play,
};

const CALLER: &str = "preflight.yml";
const README: &str = include_str!("../../../../actions/preflight/README.md");

/// The README's step in a job: with the services' secrets as one, the vendors of this machine, a SARIF file, and steps
/// that use its outputs.
fn workflow() -> Result<String> {
    let (_, rest) = README.split_once("```yaml\n").context("the README shows no step")?;
    let (step, _) = rest.split_once("```").context("the README's step does not end")?;
    ensure!(
        step.starts_with("- uses: codex/actions/preflight@v1\n  with:\n"),
        "the README's first step is another one:\n{step}"
    );
    let step = step.replacen("- uses:", "- id: preflight\n  uses:", 1);
    let with = "  with:\n    sarif: preflight.sarif\n    worker-secrets: ${{ secrets.WORKER_SECRETS }}\n    \
        cloudflare-api-url: ${{ vars.CLOUDFLARE_API_URL }}\n    neon-api-url: ${{ vars.NEON_API_URL }}\n";
    let step = step.replacen("  with:\n", with, 1);
    let step: String = step.lines().map(|line| format!("      {line}\n")).collect();
    Ok(format!(
        "\
on: pull_request
permissions: {{}}
jobs:
  preflight:
    runs-on: ubuntu-latest
    permissions: {{ contents: read }}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: {{ persist-credentials: false }}
{step}      - name: Tell
        run: echo \"errors=$ERRORS warnings=$WARNINGS\"
        env:
          ERRORS: ${{{{ steps.preflight.outputs.errors }}}}
          WARNINGS: ${{{{ steps.preflight.outputs.warnings }}}}
      - name: Tell what would fail
        if: failure()
        run: echo \"would fail=$ERRORS\"
        env:
          ERRORS: ${{{{ steps.preflight.outputs.errors }}}}
      - if: always()
        uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1
        with:
          name: sarif
          path: ${{{{ steps.preflight.outputs.sarif }}}}
          if-no-files-found: error
"
    ))
}

fn play(shop: &mut Shop) -> Result<()> {
    shop.write(&format!(".github/workflows/{CALLER}"), &workflow()?)?;
    shop.consumer.push("Look before anything is made")?;
    let good = shop.run(&shop.pull_request(CALLER, "opened"))?;
    good.ended(true, &[("preflight", "success")])?;
    ensure!(!good.log.contains("would fail="), "{}", good.log);
    ensure!(good.log.contains("errors=0 warnings="), "{}", good.log);
    ensure!(!good.log.contains("not looked at: cloudflare"), "{}", good.log);
    ensure!(good.summary.contains("preflight: 10 warnings"), "{}", good.summary);
    let reads = shop.cloud.requests()?.len();
    ensure!(reads > 0, "no vendor was asked");
    let worse = results(shop, 0)?.into_iter().filter(|result| result["level"] != "note");
    // The zone of these stories lies on this machine.
    let others: Vec<Value> = worse
        .filter(|result| result["ruleId"] != "variable-of-localhost")
        .collect();
    ensure!(others.is_empty(), "found where nothing is wrong: {others:#?}");

    // A bucket that is not there, and is production's: in the configuration's top level, which previews have.
    let file = "workers/auth/wrangler.jsonc";
    let bucket = r#""r2_buckets": [{ "binding": "FILES", "bucket_name": "codex-files" }],"#;
    for list in [
        "    { \"binding\": \"AUTH_SESSION_KV\" }\n  ],\n",
        "34da83556eb71d3ee0a9099caaceaf18\" }\n      ],\n",
    ] {
        shop.replace(file, list, &format!("{list}  {bucket}\n"))?;
    }
    shop.consumer.push("Files")?;
    let failed = shop.run(&shop.pull_request(CALLER, "synchronize"))?;
    failed.ended(false, &[("preflight", "failure")])?;
    ensure!(
        failed.step("preflight", "preflight") == Some("failure"),
        "{}",
        failed.log
    );
    ensure!(!failed.log.contains("errors=2 warnings="), "{}", failed.log);
    for told in [
        "::error file=workers/auth/wrangler.jsonc,line=22,",
        "is production's R2 bucket `codex-files`",
        "would fail=2",
        "exit status 1",
    ] {
        ensure!(
            failed.log.contains(told),
            "the log does not tell `{told}`\n{}",
            failed.log
        );
    }
    ensure!(failed.summary.contains("codex-files"), "{}", failed.summary);
    let results = results(shop, 1)?;
    let error = results.iter().find(|result| result["ruleId"] == "binding-reaches-out");
    let error = error.context("the SARIF file does not tell what reaches out")?;
    let place = &error["locations"][0]["physicalLocation"];
    ensure!(
        error["level"] == "error" && place["artifactLocation"]["uri"] == file && place["region"]["startLine"] == 22,
        "{error}"
    );
    let requests = shop.cloud.requests()?;
    let writes: Vec<&Value> = requests.iter().filter(|request| request["write"] == true).collect();
    ensure!(writes.is_empty(), "something was changed: {writes:#?}");
    ensure!(requests.len() > reads, "no vendor was asked again");
    Ok(())
}

/// The results in the SARIF file that a run has left.
fn results(shop: &Shop, run: u64) -> Result<Vec<Value>> {
    let sarif: Value = serde_json::from_str(&shop.artifact(run, "sarif/preflight.sarif")?)?;
    ensure!(sarif["version"] == "2.1.0", "{sarif}");
    let results = sarif["runs"][0]["results"].as_array();
    Ok(results.context("the SARIF file has no results")?.clone())
}
