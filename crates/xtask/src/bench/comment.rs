//! The comment on a pull request: `pr-comment` beside a Node script on GitHub's own client, as most actions are made.

use std::fmt;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::health::watch;
use super::measure::{Measured, once};
use super::uses::Uses;
use super::{LATENCY_MS, Row};
use crate::child;
use crate::demo::cloud::Cloud;
use crate::demo::world::REPOSITORY;
use crate::workspace::Workspace;

const TOKEN: &str = "gh-token-for-tests";
/// Others' comments that stand before ours, so that one page does not do.
const BEFORE: usize = 120;

/// What a row does not tell.
pub(super) struct Figures {
    /// The largest memory that was seen, in KiB.
    peak_kib: u64,
    /// Milliseconds from the start of the process to its first connection, sorted.
    before_ms: Vec<f64>,
}

pub(super) fn figures(workspace: &Workspace, cloud: &Cloud, scratch: &Path, runs: usize) -> Result<(Row, Figures)> {
    cloud.post("reset", &json!({}))?;
    let comments = json!([{"body": "LGTM", "times": BEFORE}]);
    cloud.post(
        "seed",
        &json!({"latency_ms": LATENCY_MS, "github": {"comments": comments}}),
    )?;
    let (mut ours, mut theirs, mut peak_kib) = (Vec::new(), Vec::new(), 0);
    // The first of each makes the comment; what is measured brings it up to date.
    for at in 0..=runs {
        let text = format!("size: {at} kB");
        let action = uses(workspace, &cloud.github, scratch, &text)?.once(cloud)?;
        let script = once(cloud, &mut script(workspace, &cloud.github, &text))?;
        if at > 0 {
            ours.push(action);
            theirs.push(script);
        }
        ensure!(written(cloud, &text)? == 2, "the comments do not say `{text}`");
    }
    for at in 0..runs {
        let (mut command, _files) = uses(workspace, &cloud.github, scratch, &format!("peak {at}"))?.command()?;
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        peak_kib = peak_kib.max(watch(&mut child)?);
    }
    let row = Row {
        job: format!("bring the comment behind {BEFORE} others up to date"),
        action: "pr-comment",
        ours: Measured::of(ours),
        other_way: "a Node script on `@octokit/rest`",
        theirs: Measured::of(theirs),
    };
    let before_ms = before(workspace, scratch, runs)?;
    Ok((row, Figures { peak_kib, before_ms }))
}

fn uses(workspace: &Workspace, api: &str, scratch: &Path, text: &str) -> Result<Uses> {
    Ok(Uses::new(workspace, "pr-comment", scratch)?
        .with("pull-request", "42")
        .with("key", "bench")
        .with("body", text)
        .with("github-token", TOKEN)
        .with("github-api-url", api))
}

/// Outside of the scratch folder, since Node finds packages beside the script.
fn script(workspace: &Workspace, api: &str, text: &str) -> Command {
    let mut command = Command::new("node");
    child::scrub(&mut command);
    command
        .arg(workspace.path("action-tests/clients/comment_by_octokit.mjs"))
        .args([api, REPOSITORY, "42", text])
        .env("GITHUB_TOKEN", TOKEN);
    command
}

/// How many comments say this.
fn written(cloud: &Cloud, text: &str) -> Result<usize> {
    let state = cloud.state()?;
    let comments = state["github"]["repositories"][0]["comments"].as_array();
    let says = |comment: &&Value| comment["body"].as_str().is_some_and(|body| body.contains(text));
    Ok(comments.map_or(0, |comments| comments.iter().filter(says).count()))
}

/// From the start of the process to its first connection.
fn before(workspace: &Workspace, scratch: &Path, runs: usize) -> Result<Vec<f64>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let api = format!("http://{}", listener.local_addr()?);
    let mut times = Vec::new();
    for _ in 0..runs {
        let (mut command, _files) = uses(workspace, &api, scratch, "hello")?.command()?;
        let start = Instant::now();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let connection = listener.accept().context("`pr-comment` did not connect")?;
        times.push(start.elapsed());
        child.kill()?;
        child.wait()?;
        drop(connection);
        // A second connection of the one that was ended.
        listener.set_nonblocking(true)?;
        while listener.accept().is_ok() {}
        listener.set_nonblocking(false)?;
    }
    let mut times: Vec<f64> = times
        .iter()
        .map(|time: &Duration| time.as_secs_f64() * 1000.0)
        .collect();
    times.sort_by(f64::total_cmp);
    Ok(times)
}

impl Figures {
    fn median_ms(&self) -> f64 {
        self.before_ms
            .get(self.before_ms.len() / 2)
            .copied()
            .unwrap_or(f64::NAN)
    }

    pub(super) fn json(&self) -> Value {
        json!({"job": "comment", "action": "pr-comment", "peak_kib": self.peak_kib,
            "before_first_request_ms": (self.median_ms() * 10.0).round() / 10.0})
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mib, tenth) = (self.peak_kib / 1024, self.peak_kib % 1024 * 10 / 1024);
        let last = self.before_ms.last().copied().unwrap_or(f64::NAN);
        write!(
            f,
            "pr-comment: at most {mib}.{tenth} MiB; {:.1} ms before the first request (median), {last:.1} ms at the most",
            self.median_ms()
        )
    }
}
