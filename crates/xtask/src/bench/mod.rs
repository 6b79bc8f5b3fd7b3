//! `cargo xtask bench`: the actions beside the shell scripts that they replace.
//!
//! Both run against the same local cloud, in turns, with the latency that an API call has from a hosted runner. Each
//! row is one job that both do; the number of requests is counted by the cloud, not by us.

mod dns;
mod health;
mod measure;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use self::measure::Measured;
use crate::demo::cloud::Cloud;
use crate::say;
use crate::workspace::Workspace;

/// What every API call takes on top of the work itself.
const LATENCY_MS: u64 = 50;

#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// How often each is run.
    pub(crate) runs: usize,
    /// Print the figures as JSON.
    pub(crate) json: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { runs: 5, json: false }
    }
}

/// One job, done in both ways.
struct Row {
    job: String,
    /// What the action's way is called.
    action: &'static str,
    ours: Measured,
    script: Measured,
}

pub(crate) fn run(workspace: &Workspace, options: Options) -> Result<()> {
    if options.runs == 0 {
        bail!("`--runs` is to be 1 or more");
    }
    crate::test::build_binaries(workspace)?;
    let cloud = Cloud::start_without_runtime(workspace)?;
    let scratch = workspace.scratch("bench")?;
    let rows = dns::rows(workspace, &cloud, scratch.path(), options.runs)?;
    cloud.stop()?;
    let health = health::figures(workspace, scratch.path(), options.runs)?;
    if options.json {
        let all: Vec<Value> = rows.iter().map(Row::json).chain([health.json()]).collect();
        say!("{}", serde_json::to_string(&all)?);
    } else {
        say!("{}\n{health}", table(&rows, options.runs));
    }
    Ok(())
}

impl Row {
    fn json(&self) -> Value {
        json!({"job": self.job, "action": self.action, "latency_ms": LATENCY_MS, "ours": self.ours.json(), "script": self.script.json()})
    }
}

/// The rows as a Markdown table.
fn table(rows: &[Row], runs: usize) -> String {
    let line = |row: &Row| {
        let factor = row.script.median_ms() / row.ours.median_ms();
        format!(
            "| {} | {} | {} | {} | {factor:.1} x |\n",
            row.job, row.action, row.ours, row.script
        )
    };
    format!(
        "Median of {runs} runs (fastest to slowest), {LATENCY_MS} ms a request, dev build, everything on this machine.\n\n\
         | job | action | the action | curl, as the old script called it | faster |\n|---|---|---|---|---|\n{}",
        rows.iter().map(line).collect::<Vec<_>>().concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_times_requests_and_factor() {
        let row = Row {
            job: "create 9 records".to_owned(),
            action: "preview-dns",
            ours: Measured::of(vec![(150.0, 2), (140.0, 2), (200.0, 2)]),
            script: Measured::of(vec![(600.0, 10)]),
        };
        let table = table(&[row], 3);
        assert!(
            table.ends_with("| create 9 records | preview-dns | 150 ms (140–200), 2 requests | 600 ms (600–600), 10 requests | 4.0 x |\n"),
            "{table}"
        );
    }
}
