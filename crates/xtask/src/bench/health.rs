//! `health-check` on many endpoints, and how late it sees that one became ready.

use std::fmt;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::LATENCY_MS;
use super::uses::Uses;
use crate::workspace::Workspace;

const ENDPOINTS: usize = 200;
/// Endpoints that become ready one after the other, this far apart, from one second on.
const LATE: u64 = 20;
const APART: Duration = Duration::from_millis(190);

/// The figures of `health-check`.
pub(super) struct Figures {
    /// Milliseconds until all endpoints were seen healthy, from start to end of the process; sorted.
    all_ms: Vec<f64>,
    /// The largest memory that was seen, in KiB.
    peak_kib: u64,
    /// Milliseconds from ready to seen; sorted.
    lag_ms: Vec<f64>,
}

pub(super) fn figures(workspace: &Workspace, scratch: &Path, runs: usize) -> Result<Figures> {
    let address = serve(|_| Duration::ZERO)?;
    let urls: Vec<String> = (0..ENDPOINTS).map(|at| format!("http://{address}/{at}")).collect();
    let (mut all_ms, mut peak_kib) = (Vec::new(), 0);
    for _ in 0..runs {
        let run = ask(workspace, scratch, &urls.join("\n"))?;
        all_ms.push(run.took.as_secs_f64() * 1000.0);
        peak_kib = peak_kib.max(run.peak_kib);
    }
    all_ms.sort_by(f64::total_cmp);
    Ok(Figures {
        all_ms,
        peak_kib,
        lag_ms: lags(workspace, scratch)?,
    })
}

/// From ready to seen, for endpoints that become ready at different times.
fn lags(workspace: &Workspace, scratch: &Path) -> Result<Vec<f64>> {
    let ready = |at: u64| Duration::from_secs(1) + APART * u32::try_from(at).unwrap_or(u32::MAX);
    let address = serve(ready)?;
    let urls: Vec<String> = (0..LATE).map(|at| format!("http://{address}/{at}")).collect();
    let report = ask(workspace, scratch, &urls.join("\n"))?.report;
    let endpoints = report["endpoints"].as_array().context("the report has no endpoints")?;
    ensure!(
        endpoints.len() == urls.len(),
        "the report has {} endpoints",
        endpoints.len()
    );
    let mut lags: Vec<f64> = (0..LATE)
        .zip(endpoints)
        .map(|(at, endpoint)| {
            let seen = endpoint["seconds"].as_f64().unwrap_or(f64::NAN);
            (seen - ready(at).as_secs_f64()) * 1000.0
        })
        .collect();
    lags.sort_by(f64::total_cmp);
    Ok(lags)
}

struct Run {
    took: Duration,
    peak_kib: u64,
    report: Value,
}

fn ask(workspace: &Workspace, scratch: &Path, urls: &str) -> Result<Run> {
    let uses = Uses::new(workspace, "health-check", scratch)?.with("urls", urls);
    let (mut command, files) = uses.command()?;
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().context("could not start `health-check`")?;
    let peak_kib = watch(&mut child)?;
    let took = start.elapsed();
    let healthy = child.wait()?.success();
    let outputs = uses.outputs(&files)?;
    let report = outputs.get("report").context("health-check wrote no report")?;
    ensure!(healthy, "health-check failed:\n{report}");
    Ok(Run {
        took,
        peak_kib,
        report: serde_json::from_str(report)?,
    })
}

/// The child's peak memory until it ends, read from `/proc` every millisecond.
pub(super) fn watch(child: &mut Child) -> Result<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line
            .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or(0);
        peak = peak.max(kib);
        thread::sleep(Duration::from_millis(1));
    }
    Ok(peak)
}

/// A server that answers each request after the latency of an API: 503 until the endpoint of this number (its path)
/// is ready, counted from the server's first connection.
fn serve(ready: impl Fn(u64) -> Duration + Copy + Send + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut first = None;
        for stream in listener.incoming().flatten() {
            let since = *first.get_or_insert_with(Instant::now);
            // A client that has left is not waited for.
            thread::spawn(move || drop(answer(stream, since, ready)));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, since: Instant, ready: impl Fn(u64) -> Duration) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let read = stream.read(&mut request)?;
    let text = String::from_utf8_lossy(&request[..read]);
    let path = text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let number = path.parse().unwrap_or(0);
    thread::sleep(Duration::from_millis(LATENCY_MS));
    let status = if since.elapsed() < ready(number) {
        "503 x"
    } else {
        "200 OK"
    };
    stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn last(sorted: &[f64]) -> f64 {
    sorted.last().copied().unwrap_or(f64::NAN)
}

impl Figures {
    pub(super) fn json(&self) -> Value {
        json!({
            "job": format!("{ENDPOINTS} endpoints"), "action": "health-check", "latency_ms": LATENCY_MS,
            "median_ms": median(&self.all_ms).round(), "peak_kib": self.peak_kib,
            "ready_to_seen_median_ms": median(&self.lag_ms).round(), "ready_to_seen_max_ms": last(&self.lag_ms).round(),
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mib, tenth) = (self.peak_kib / 1024, self.peak_kib % 1024 * 10 / 1024);
        let first = self.all_ms.first().copied().unwrap_or(f64::NAN);
        write!(
            f,
            "health-check: {ENDPOINTS} healthy endpoints in {:.0} ms ({first:.0}–{:.0}), at most {mib}.{tenth} MiB; \
             {LATE} that became ready later were seen after {:.0} ms (median), {:.0} ms at the most",
            median(&self.all_ms),
            last(&self.all_ms),
            median(&self.lag_ms),
            last(&self.lag_ms),
        )
    }
}
