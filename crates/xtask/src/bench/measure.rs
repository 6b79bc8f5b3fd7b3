//! Times a child process and counts the requests that it made.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::demo::cloud::Cloud;

/// Several runs of one thing.
pub(super) struct Measured {
    /// Milliseconds, sorted.
    times: Vec<f64>,
    /// The most that any run made.
    requests: usize,
}

impl Measured {
    /// Of pairs of milliseconds and requests.
    pub(super) fn of(runs: Vec<(f64, usize)>) -> Self {
        let requests = runs.iter().map(|(_, requests)| *requests).max().unwrap_or_default();
        let mut times: Vec<f64> = runs.into_iter().map(|(time, _)| time).collect();
        times.sort_by(f64::total_cmp);
        Self { times, requests }
    }

    pub(super) fn median_ms(&self) -> f64 {
        self.times.get(self.times.len() / 2).copied().unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        json!({"median_ms": self.median_ms().round(), "times_ms": self.times.iter().map(|time| time.round()).collect::<Vec<_>>(), "requests": self.requests})
    }
}

/// `150 ms (140–200), 2 requests`
impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |time: Option<&f64>| time.copied().unwrap_or_default();
        write!(
            f,
            "{:.0} ms ({:.0}–{:.0}), {} requests",
            self.median_ms(),
            end(self.times.first()),
            end(self.times.last()),
            self.requests
        )
    }
}

/// Runs a command once: milliseconds from start to end, and the requests that the cloud saw.
pub(super) fn once(cloud: &Cloud, command: &mut Command) -> Result<(f64, usize)> {
    let before = cloud.requests()?.len();
    let start = Instant::now();
    let done = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start `{}`", command.get_program().display()))?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    if !done.status.success() {
        bail!(
            "`{}` ended with {}\n{}{}",
            command.get_program().display(),
            done.status,
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
    Ok((time, cloud.requests()?.len() - before))
}
