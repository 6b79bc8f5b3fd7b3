//! `cargo xtask bench`: the actions beside what they replace, shell scripts and wrangler.
//!
//! Both run against the same local cloud, in turns, with the latency that an API call has from a hosted runner. Each
//! row is one job that both do; the number of requests is counted by the cloud, not by us.

mod binaries;
mod comment;
mod deploy;
mod dns;
mod health;
mod measure;
mod uses;

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
    /// Measure release builds in place of dev builds.
    pub(crate) release: bool,
    /// Build the release's binaries first, for their own figures; else those that are there are measured.
    pub(crate) release_binaries: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            runs: 5,
            json: false,
            release: false,
            release_binaries: false,
        }
    }
}

/// One job, done in both ways.
struct Row {
    job: String,
    /// What the action's way is called.
    action: &'static str,
    ours: Measured,
    /// What it is compared with.
    other_way: &'static str,
    theirs: Measured,
}

pub(crate) fn run(workspace: &Workspace, options: Options) -> Result<()> {
    if options.runs == 0 {
        bail!("`--runs` is to be 1 or more");
    }
    if options.release_binaries {
        crate::release::build::build_here(workspace)?;
    }
    let workspace = &built(workspace, options.release)?;
    let cloud = Cloud::start_without_runtime(workspace)?;
    let scratch = workspace.scratch("bench")?;
    let mut rows = dns::rows(workspace, &cloud, scratch.path(), options.runs)?;
    rows.extend(deploy::rows(workspace, &cloud, scratch.path(), options.runs)?);
    let (row, comment) = comment::figures(workspace, &cloud, scratch.path(), options.runs)?;
    rows.push(row);
    cloud.stop()?;
    let health = health::figures(workspace, scratch.path(), options.runs)?;
    let binaries = binaries::rows(workspace, scratch.path())?;
    if options.json {
        let binaries = binaries.iter().flatten().map(binaries::Binary::json);
        let all: Vec<Value> = rows
            .iter()
            .map(Row::json)
            .chain([comment.json(), health.json()])
            .chain(binaries)
            .collect();
        say!("{}", serde_json::to_string(&all)?);
    } else {
        let binaries = binaries.map_or_else(
            || "There is no release build to measure; `--release-binaries` makes one.\n".to_owned(),
            |binaries| binaries::table(&binaries),
        );
        say!(
            "{}\n{comment}\n\n{health}\n\n{}",
            table(&rows, options),
            binaries.trim_end()
        );
    }
    Ok(())
}

/// Builds what is measured; answers the workspace with that build's folder.
fn built(workspace: &Workspace, release: bool) -> Result<Workspace> {
    if release {
        crate::test::build_release_binaries(workspace)?;
        // Cargo's folder of a profile is beside the others.
        let bin = workspace.bin.with_file_name("release");
        let actions = bin.clone();
        Ok(Workspace {
            bin,
            actions,
            ..workspace.clone()
        })
    } else {
        crate::test::build_binaries(workspace)?;
        let bin = workspace.bin.with_file_name("debug");
        let actions = bin.clone();
        Ok(Workspace {
            bin,
            actions,
            ..workspace.clone()
        })
    }
}

impl Row {
    /// Our time over theirs.
    fn ratio(&self) -> f64 {
        self.ours.median_ms() / self.theirs.median_ms()
    }

    fn json(&self) -> Value {
        json!({
            "job": self.job, "action": self.action, "latency_ms": LATENCY_MS, "ours": self.ours.json(),
            "other_way": self.other_way, "theirs": self.theirs.json(), "ratio": (self.ratio() * 1000.0).round() / 1000.0,
        })
    }
}

/// The rows as a Markdown table.
fn table(rows: &[Row], options: Options) -> String {
    let line = |row: &Row| {
        let (job, action, other_way) = (&row.job, row.action, row.other_way);
        let (ours, theirs, ratio) = (&row.ours, &row.theirs, row.ratio());
        format!("| {job} | {action} | {ours} | {other_way} | {theirs} | {ratio:.2} |\n")
    };
    let (runs, build) = (options.runs, if options.release { "release" } else { "dev" });
    format!(
        "Median of {runs} runs (fastest to slowest), {LATENCY_MS} ms a request, {build} build, everything on this machine.\n\n\
         | job | action | its time | compared with | that one's time | ratio |\n|---|---|---|---|---|---|\n{}",
        rows.iter().map(line).collect::<Vec<_>>().concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            job: "create 9 records".to_owned(),
            action: "preview-dns",
            ours: Measured::of(vec![(150.0, 2), (140.0, 2), (200.0, 2)]),
            other_way: "`curl`",
            theirs: Measured::of(vec![(600.0, 10)]),
        }
    }

    #[test]
    fn a_row_names_what_it_is_compared_with_and_tells_times_requests_and_ratio() {
        let table = table(&[row()], Options::default());
        assert!(
            table.ends_with(
                "| create 9 records | preview-dns | 150 ms (140–200), 2 requests | `curl` | 600 ms (600–600), 10 requests | 0.25 |\n"
            ),
            "{table}"
        );
    }

    #[test]
    fn json_tells_the_same() {
        let json = row().json();
        assert_eq!(
            (&json["other_way"], &json["ratio"], &json["theirs"]["requests"]),
            (&json!("`curl`"), &json!(0.25), &json!(10))
        );
    }
}
